//! One command and its answer over a port: section 2.1 of the protocol as rules.
//!
//! 1. ENQ until the device says NAK (idle). ACK instead means that it has an answer to an earlier command: it is read,
//!    acknowledged and kept as evidence, never thrown away.
//! 2. The frame. ACK, or the first byte of the answer: received. NAK: not received. Silence, or a NAK: ENQ asks again,
//!    and ACK means that the command was received after all.
//! 3. The answer, within the command's own time. A bad check sum: NAK, and ENQ makes the device repeat. Silence: ENQ;
//!    ACK means wait on, NAK means that the answer is gone.
//! 4. Bytes that are no control byte are noise where one is expected; everything before STX is noise where a frame is.
//!
//! **What is sent twice.** A frame goes out again only when the device is certain not to have it: it said NAK to the
//! frame, nothing followed, and to ENQ it says that it is idle. Silence after the frame and then "idle" is enough for a
//! command that may be repeated ([`Repeat::IfUnheard`]); a command that registers or moves money may have run before
//! the device lost power, so for it ([`Repeat::OnlyRefused`]) silence is doubt.

use std::collections::VecDeque;
use std::time::Duration;

use super::frame::{ACK, Decoder, ENQ, Event, NAK, STX, encode};
use crate::contract::FaultKind;
use crate::failpoint;
use crate::transport::{Port, PortError};

/// Times of the low level.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Wait for a control byte: a few of the device's byte time-outs (50..100 ms, section 1).
    pub control: Duration,
    /// Wait for the next byte inside a frame.
    pub byte: Duration,
    /// Wait for an answer that was pending before our command.
    pub pending: Duration,
    /// Time for handing one frame to the system.
    pub write: Duration,
}

impl Timing {
    /// For a serial line that is fast.
    pub const SERIAL: Self = Self {
        control: Duration::from_millis(500),
        byte: Duration::from_millis(300),
        pending: Duration::from_secs(10),
        write: Duration::from_secs(2),
    };
    /// For a serial line of this speed: a frame that was handed to the system is still under way for a while.
    pub fn serial(baud: u32) -> Self {
        let frame = Duration::from_millis(258 * 10 * 1000 / u64::from(baud.max(300)));
        Self { control: Self::SERIAL.control + frame, write: Self::SERIAL.write + frame, ..Self::SERIAL }
    }

    /// For a socket, where a lost segment costs a retransmission.
    pub const TCP: Self =
        Self { control: Duration::from_millis(1500), byte: Duration::from_millis(1500), ..Self::SERIAL };
}

/// ENQ is asked so often before "no connection".
const ENQ_TRIES: u32 = 5;
/// A refused frame goes out so often in all.
pub(super) const FRAME_TRIES: u32 = 3;
/// A spoiled answer is asked for so often.
const ANSWER_TRIES: u32 = 5;
/// The command's time may pass so often while the device says that it is still at work.
const WAIT_ROUNDS: u32 = 3;
/// Answers to earlier commands that are awaited: with [`Timing::pending`] as long as a Z report takes (section 2.3).
const PENDING_TRIES: u32 = 12;
/// Bytes after which a line that never falls silent is no longer waited for.
const MAX_NOISE: u32 = 1024;

/// When a command may go out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Always: it only asks.
    Freely,
    /// When the device has not heard it.
    IfUnheard,
    /// Only when the device refused the frame itself: the command registers, moves money, or would be an error the
    /// second time.
    OnlyRefused,
}

/// A command in its outer form.
#[derive(Clone, Debug)]
pub struct Request {
    /// For messages: `FF45 close receipt`.
    pub name: &'static str,
    /// Bytes of the command's code, which the answer echoes.
    pub code: Vec<u8>,
    /// Code and parameters.
    pub body: Vec<u8>,
    /// How long the answer may take (section 2.3).
    pub timeout: Duration,
    /// When it may go out again.
    pub repeat: Repeat,
    /// Point to pass when the last byte is written.
    pub sent_point: Option<&'static str>,
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// What happened.
    pub kind: FaultKind,
    /// Whether the device may have the command.
    pub reached: bool,
}

/// A conversation over an open port.
pub struct Exchange<'a> {
    port: &'a mut dyn Port,
    timing: Timing,
    inbox: VecDeque<u8>,
    /// Bodies of answers to earlier commands that were found on the line.
    stray: &'a mut Vec<Vec<u8>>,
}

/// What was heard where a control byte was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Ack,
    Nak,
    /// The answer begins: its ACK was lost.
    Stx,
    Silence,
}

/// What was read where a frame was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Read {
    Body(Vec<u8>),
    Bad,
    Silence,
}

impl<'a> Exchange<'a> {
    /// A conversation over `port`; answers found there go to `stray`.
    pub fn new(port: &'a mut dyn Port, timing: Timing, stray: &'a mut Vec<Vec<u8>>) -> Self {
        Self { port, timing, inbox: VecDeque::new(), stray }
    }

    /// Rule 1: on return the device is idle and the line is empty.
    pub fn quiet(&mut self) -> Result<(), FaultKind> {
        let mut asked = 0;
        let mut answers = 0;
        while asked < ENQ_TRIES && answers < PENDING_TRIES {
            self.discard()?;
            match self.enquire()? {
                Heard::Nak if asked == 0 => return Ok(()),
                Heard::Nak => {
                    // An answer to an earlier ENQ may be under way: it must not be taken for one to the frame.
                    self.port.pause(self.timing.control);
                    return self.discard();
                }
                Heard::Ack => {
                    answers += 1;
                    self.take_pending(Decoder::default())?;
                }
                Heard::Stx => {
                    answers += 1;
                    self.take_pending(Decoder::after_stx())?;
                }
                Heard::Silence => asked += 1,
            }
        }
        Err(FaultKind::Silent)
    }

    fn take_pending(&mut self, decoder: Decoder) -> Result<(), FaultKind> {
        match self.read_frame(decoder, self.timing.pending)? {
            Read::Body(body) => {
                self.put(&[ACK])?;
                self.stray.push(body);
                Ok(())
            }
            Read::Bad => self.reject(),
            Read::Silence => Ok(()),
        }
    }

    /// Sends a command and gives the body of its answer.
    pub fn ask(&mut self, request: &Request) -> Result<Vec<u8>, Lost> {
        let unsent = |kind| Lost { kind, reached: false };
        let doubt = |kind| Lost { kind, reached: true };
        let Some(frame) = encode(&request.body) else { return Err(unsent(FaultKind::Garbled)) };
        self.quiet().map_err(unsent)?;
        for _ in 0..FRAME_TRIES {
            self.discard().map_err(unsent)?;
            self.put(&frame).map_err(doubt)?;
            if let Some(point) = request.sent_point {
                failpoint::hit(point);
            }
            failpoint::hit_of("shtrih.sent", &request.code);
            match self.deliver(request.repeat).map_err(doubt)? {
                Delivery::Received(decoder) => {
                    let answer = self.answer(request, decoder).map_err(doubt)?;
                    failpoint::hit_of("shtrih.answered", &request.code);
                    return Ok(answer);
                }
                Delivery::NotReceived => {}
                Delivery::Unknown => return Err(doubt(FaultKind::Silent)),
            }
        }
        Err(unsent(FaultKind::Silent))
    }

    /// Rule 2 after the frame was written.
    fn deliver(&mut self, repeat: Repeat) -> Result<Delivery, FaultKind> {
        let mut refused = false;
        // After a NAK one more control byte is awaited: the NAK may be a late answer to ENQ.
        for _ in 0..2 {
            match self.control()? {
                Heard::Ack => return Ok(Delivery::Received(Decoder::default())),
                Heard::Stx => return Ok(Delivery::Received(Decoder::after_stx())),
                Heard::Nak => refused = true,
                Heard::Silence => break,
            }
        }
        for _ in 0..ENQ_TRIES {
            match self.enquire()? {
                Heard::Ack => return Ok(Delivery::Received(Decoder::default())),
                Heard::Stx => return Ok(Delivery::Received(Decoder::after_stx())),
                Heard::Nak if refused || repeat != Repeat::OnlyRefused => return Ok(Delivery::NotReceived),
                Heard::Nak => return Ok(Delivery::Unknown),
                Heard::Silence => {}
            }
        }
        Ok(Delivery::Unknown)
    }

    /// Rule 3.
    fn answer(&mut self, request: &Request, mut decoder: Decoder) -> Result<Vec<u8>, FaultKind> {
        let (mut spoiled, mut rounds) = (0, 0);
        loop {
            match self.read_frame(std::mem::take(&mut decoder), request.timeout)? {
                Read::Body(body) if body.starts_with(&request.code) => {
                    self.put(&[ACK])?;
                    return Ok(body);
                }
                Read::Body(body) => {
                    self.put(&[ACK])?;
                    self.stray.push(body);
                    spoiled += 1;
                }
                Read::Bad => {
                    spoiled += 1;
                    self.reject()?;
                    decoder = self.still_there()?;
                }
                Read::Silence => {
                    rounds += 1;
                    decoder = self.still_there()?;
                }
            }
            if spoiled >= ANSWER_TRIES {
                return Err(FaultKind::Garbled);
            }
            if rounds >= WAIT_ROUNDS {
                return Err(FaultKind::Silent);
            }
        }
    }

    /// Asks whether the device still has the answer; it repeats it then.
    fn still_there(&mut self) -> Result<Decoder, FaultKind> {
        for _ in 0..ENQ_TRIES {
            match self.enquire()? {
                Heard::Ack => return Ok(Decoder::default()),
                Heard::Stx => return Ok(Decoder::after_stx()),
                Heard::Nak => return Err(FaultKind::Silent),
                Heard::Silence => {}
            }
        }
        Err(FaultKind::Silent)
    }

    /// Refuses a spoiled answer, once the rest of it has passed.
    fn reject(&mut self) -> Result<(), FaultKind> {
        for _ in 0..MAX_NOISE {
            if self.next(self.timing.byte)?.is_none() {
                break;
            }
        }
        self.put(&[NAK])?;
        // The device does not repeat by itself; what comes now belongs to nothing.
        self.port.pause(self.timing.byte);
        self.discard()
    }

    fn enquire(&mut self) -> Result<Heard, FaultKind> {
        self.put(&[ENQ])?;
        self.control()
    }

    /// Rule 4 for control bytes.
    fn control(&mut self) -> Result<Heard, FaultKind> {
        let until = self.port.now() + self.timing.control;
        loop {
            match self.next(until.saturating_sub(self.port.now()))? {
                Some(ACK) => return Ok(Heard::Ack),
                Some(NAK) => return Ok(Heard::Nak),
                Some(STX) => return Ok(Heard::Stx),
                Some(_) if self.port.now() < until => {}
                Some(_) | None => return Ok(Heard::Silence),
            }
        }
    }

    /// Rule 4 for frames: `first` is the wait for STX.
    fn read_frame(&mut self, mut decoder: Decoder, first: Duration) -> Result<Read, FaultKind> {
        let until = self.port.now() + first;
        loop {
            let within = if decoder.is_inside() { self.timing.byte } else { until.saturating_sub(self.port.now()) };
            let Some(byte) = self.next(within)? else {
                return Ok(if decoder.is_inside() { Read::Bad } else { Read::Silence });
            };
            match decoder.push(byte) {
                Event::More if decoder.is_inside() || self.port.now() < until => {}
                Event::More => return Ok(Read::Silence),
                Event::Body(body) => return Ok(Read::Body(body)),
                Event::Bad => return Ok(Read::Bad),
            }
        }
    }

    fn next(&mut self, within: Duration) -> Result<Option<u8>, FaultKind> {
        if self.inbox.is_empty() {
            let mut buffer = [0; 300];
            let n = self.port.read(&mut buffer, within).map_err(port_fault)?;
            self.inbox.extend(&buffer[..n]);
        }
        Ok(self.inbox.pop_front())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), FaultKind> {
        self.port.write(bytes, self.timing.write).map_err(port_fault)
    }

    fn discard(&mut self) -> Result<(), FaultKind> {
        self.inbox.clear();
        self.port.discard_input().map_err(port_fault)
    }
}

enum Delivery {
    Received(Decoder),
    NotReceived,
    Unknown,
}

/// A port's failure in the contract's words.
pub fn port_fault(error: PortError) -> FaultKind {
    match error {
        PortError::Unreachable(why) => FaultKind::Unreachable(why),
        PortError::Gone(why) => FaultKind::Disconnected(why),
        PortError::Stuck => FaultKind::Disconnected("the device does not take bytes".to_owned()),
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
