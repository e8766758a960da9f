//! The line to one printer: questions with deadlines, answers sorted, the document's bytes.
//!
//! A question is asked on a drained line, so that an answer to an earlier one is not taken for its own. The answer that
//! ends a document is remembered whenever it comes, also while the line is drained for something else.
//!
//! What broke off in the middle of a command makes the printer take what comes next for its data, up to whole documents.
//! So after a write that failed, after a question that stayed without an answer, and at the first contact (an earlier
//! process may have died in the middle) the line begins with bytes that end any command ([`command::END_OF_BROKEN`]).

use std::time::Duration;

use super::answer::{Answer, Parser};
use super::command;
use crate::contract::{Fault, FaultKind};
use crate::transport::{Opener, Port, PortError};

/// Added to the time that the bytes need.
const WRITE_MARGIN: Duration = Duration::from_secs(5);
/// After a question without an answer: silence that must be seen on the line before the next one.
const QUIET: Duration = Duration::from_secs(1);
/// How long that silence is waited for.
const QUIET_LIMIT: Duration = Duration::from_secs(5);
/// Bytes between two pauses of a paced line: fits the smallest usual receive buffer several times.
const PACE_CHUNK: usize = 256;

/// The answer that ends a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// To GS ( H, with these characters.
    ProcessId([u8; 4]),
    /// To GS r 1.
    PaperStatus,
}

impl Awaited {
    fn is(self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::ProcessId(ours), Answer::ProcessId(theirs)) => ours == *theirs,
            (Self::PaperStatus, Answer::Queued(_)) => true,
            (Self::ProcessId(_) | Self::PaperStatus, _) => false,
        }
    }
}

/// How fast bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Bytes a second that the line is trusted to take; deadlines are counted by it.
    pub bytes_per_s: u32,
    /// Bytes wait in this machine until the line has carried them: closing it would lose them.
    pub buffered_here: bool,
    /// Pauses so that no more bytes a second are written: for a printer that drops what its buffer does not hold.
    pub pace: Option<u32>,
}

impl Speed {
    fn time_of(self, bytes: usize) -> Duration {
        time_of(bytes, self.bytes_per_s)
    }
}

fn time_of(bytes: usize, per_second: u32) -> Duration {
    Duration::from_millis(bytes as u64 * 1000 / u64::from(per_second.max(1)))
}

/// How to reach a printer.
pub(super) struct Link {
    opener: Box<dyn Opener>,
    port: Option<Box<dyn Port>>,
    parser: Parser,
    speed: Speed,
    /// A question had no answer; one may still be under way.
    wary: bool,
    /// The printer may wait for the rest of a command.
    broken_off: bool,
    awaited: Option<Awaited>,
    arrived: Option<Answer>,
}

impl Link {
    pub(super) fn new(opener: Box<dyn Opener>, speed: Speed) -> Self {
        let parser = Parser::default();
        Self { opener, port: None, parser, speed, wary: false, broken_off: true, awaited: None, arrived: None }
    }

    /// The same line at another speed.
    #[cfg(test)]
    pub(super) fn at_speed(&mut self, speed: Speed) {
        self.speed = speed;
    }

    /// The port's name, for people.
    pub(super) fn name(&self) -> String {
        self.opener.name()
    }

    /// Lets the port go; the next question opens it again.
    pub(super) fn close(&mut self) {
        self.port = None;
        self.parser.reset();
        if self.awaited == Some(Awaited::PaperStatus) {
            // Its answer names no document: on another connection it proves nothing.
            self.await_nothing();
        }
    }

    /// From now on this answer is remembered.
    pub(super) fn await_answer(&mut self, awaited: Awaited) {
        self.awaited = Some(awaited);
        self.arrived = None;
    }

    /// No answer is outstanding any more.
    pub(super) fn await_nothing(&mut self) {
        self.awaited = None;
        self.arrived = None;
    }

    /// What is remembered, if anything.
    pub(super) fn awaited(&self) -> Option<Awaited> {
        self.awaited
    }

    /// Waits for the answer that ends the document; `None`: it did not come.
    pub(super) fn arrival(&mut self, within: Duration) -> Result<Option<Answer>, Fault> {
        if self.arrived.is_none() {
            let awaited = self.awaited;
            self.listen("answer after the last byte", within, |answer| awaited.filter(|a| a.is(answer)).map(|_| ()))?;
        }
        Ok(self.arrived.take())
    }

    /// Waits for a text, as GS g is answered with; `None`: it did not come.
    pub(super) fn text_within(&mut self, during: &str, within: Duration) -> Result<Option<String>, Fault> {
        self.listen(during, within, |answer| match answer {
            Answer::Text(text) => Some(text.clone()),
            Answer::RealTime(_) | Answer::Automatic(_) | Answer::ProcessId(_) | Answer::Queued(_) => None,
        })
    }

    /// The port's time.
    pub(super) fn now(&mut self) -> Result<Duration, Fault> {
        self.port("clock").map(|port| port.now())
    }

    /// Asks one question on a drained line.
    pub(super) fn ask<T>(
        &mut self,
        during: &str,
        question: &[u8],
        within: Duration,
        pick: impl Fn(&Answer) -> Option<T>,
    ) -> Result<T, Fault> {
        self.drain(during)?;
        self.write(during, question)?;
        match self.listen(during, within, pick)? {
            Some(answer) => Ok(answer),
            None => {
                self.close();
                self.wary = true;
                self.broken_off = true;
                Err(Fault::new(during, FaultKind::Silent))
            }
        }
    }

    /// Writes all bytes. After an error nobody knows how many left.
    pub(super) fn write(&mut self, during: &str, bytes: &[u8]) -> Result<(), Fault> {
        let speed = self.speed;
        let port = self.port(during)?;
        let within = WRITE_MARGIN + speed.time_of(bytes.len());
        let written = match speed.pace {
            None => port.write(bytes, within),
            Some(pace) => {
                let until = port.now() + within + time_of(bytes.len(), pace);
                bytes.chunks(PACE_CHUNK).try_for_each(|chunk| {
                    port.write(chunk, until.saturating_sub(port.now()))?;
                    port.pause(time_of(chunk.len(), pace));
                    Ok(())
                })
            }
        };
        written.map_err(|error| {
            self.broken_off = true;
            self.lost(during, error)
        })
    }

    /// Waits until bytes that wait in this machine have left it.
    pub(super) fn let_them_leave(&mut self, bytes: usize) {
        let time = self.speed.time_of(bytes);
        if self.speed.buffered_here
            && let Some(port) = &mut self.port
        {
            port.pause(time);
        }
    }

    /// How long so many bytes need on the line.
    pub(super) fn time_of(&self, bytes: usize) -> Duration {
        self.speed.time_of(bytes)
    }

    /// Takes what has already come, so that it is not read as an answer to what is asked next.
    pub(super) fn drain(&mut self, during: &str) -> Result<(), Fault> {
        self.port(during)?;
        while self.read(during, Duration::ZERO, &mut Vec::new())? {}
        self.parser.reset();
        Ok(())
    }

    /// Reads until nothing has come for `quiet`.
    pub(super) fn settle(&mut self, during: &str, quiet: Duration) -> Result<(), Fault> {
        let until = self.port(during)?.now() + QUIET_LIMIT;
        while self.read(during, quiet, &mut Vec::new())? && self.port(during)?.now() < until {}
        Ok(())
    }

    fn listen<T>(
        &mut self,
        during: &str,
        within: Duration,
        pick: impl Fn(&Answer) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let until = self.port(during)?.now() + within;
        loop {
            let left = until.saturating_sub(self.port(during)?.now());
            let mut answers = Vec::new();
            let came = self.read(during, left, &mut answers)?;
            if let Some(picked) = answers.iter().find_map(&pick) {
                return Ok(Some(picked));
            }
            if !came && self.port(during)?.now() >= until {
                return Ok(None);
            }
        }
    }

    /// Reads once; false: nothing came in time.
    fn read(&mut self, during: &str, within: Duration, answers: &mut Vec<Answer>) -> Result<bool, Fault> {
        let mut buffer = [0; 64];
        let port = self.port(during)?;
        let count = port.read(&mut buffer, within).map_err(|error| self.lost(during, error))?;
        for &byte in &buffer[..count] {
            let Some(answer) = self.parser.take(byte) else { continue };
            if self.awaited.is_some_and(|awaited| awaited.is(&answer)) {
                self.arrived = Some(answer.clone());
            }
            answers.push(answer);
        }
        Ok(count > 0)
    }

    fn port(&mut self, during: &str) -> Result<&mut Box<dyn Port>, Fault> {
        if self.port.is_none() {
            let mut port = self.opener.open().map_err(|error| fault(during, error))?;
            port.discard_input().map_err(|error| fault(during, error))?;
            self.port = Some(port);
            self.parser.reset();
            if std::mem::take(&mut self.broken_off) {
                self.write(during, &command::END_OF_BROKEN)?;
                // Behind it the first question would come too late on a slow line.
                self.let_them_leave(command::END_OF_BROKEN.len());
            }
            if std::mem::take(&mut self.wary) {
                self.settle(during, QUIET)?;
            }
        }
        self.port.as_mut().ok_or_else(|| Fault::new(during, FaultKind::Silent))
    }

    fn lost(&mut self, during: &str, error: PortError) -> Fault {
        self.close();
        fault(during, error)
    }
}

fn fault(during: &str, error: PortError) -> Fault {
    let kind = match error {
        PortError::Unreachable(why) => FaultKind::Unreachable(why),
        PortError::Gone(why) => FaultKind::Disconnected(why),
        PortError::Stuck => FaultKind::Disconnected("the printer takes no bytes".into()),
    };
    Fault::new(during, kind)
}
