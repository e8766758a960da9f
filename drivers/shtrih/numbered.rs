//! One command and its answer over numbered packets: section 3 of the protocol as rules.
//!
//! What the protocol promises: a request is carried out if its number follows the device's last one, and every other
//! request is answered with the last answer under its own number. So an answer that carries our number says that the
//! command was carried out once. What it does not promise: that the device remembers numbers and answers when it loses
//! power.
//!
//! 1. The empty packet, which changes nothing, is asked first: number and answer that the device had last. The answer is
//!    evidence, as a pending one is on the standard level.
//! 2. The request under the next number. While nothing comes the device may be at work, or have heard nothing: the empty
//!    packet asks which. Our number: this is the answer. The number and the very answer from before: nothing was heard,
//!    and the request goes out again under the same number.
//! 3. Any other number, or our number without an answer, is a device that lost power in between: what it has done is not
//!    known by numbers, and the storage is asked (section 7).
//! 4. Rule 2 must not be met by chance. A command that registers never follows an empty answer, such as a device has
//!    after power-on, nor does it bear the first number: a question goes before it.

use std::collections::VecDeque;
use std::time::Duration;

use super::exchange::{FRAME_TRIES, Lost, Repeat, Request, Timing, port_fault};
use super::packet::{Decoder, Event, SYNC, encode};
use crate::contract::FaultKind;
use crate::failpoint;
use crate::transport::Port;

/// The empty packet is asked so often before the device counts as one without this level.
const GREETINGS: u32 = 3;
/// And so often for one answer.
const PROBES: u32 = 24;

/// What the device said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    number: u16,
    answer: Vec<u8>,
    /// Answers to questions of ours may still be under way.
    unsettled: bool,
}

/// A conversation over an open port.
pub struct Numbered<'a> {
    port: &'a mut dyn Port,
    timing: Timing,
    inbox: VecDeque<u8>,
}

/// Rule 1: what the device said last, and its answer if there is one; `None`: it does not speak this level.
pub fn greet(port: &mut dyn Port, timing: Timing, stray: &mut Vec<Vec<u8>>) -> Result<Option<Said>, FaultKind> {
    let mut line = Numbered { port, timing, inbox: VecDeque::new() };
    for tries in 1..=GREETINGS {
        line.discard()?;
        line.put(&SYNC)?;
        if let Some((number, answer)) = line.read(timing.control)? {
            if !answer.is_empty() {
                stray.push(answer.clone());
            }
            return Ok(Some(Said { number, answer, unsettled: tries > 1 }));
        }
    }
    Ok(None)
}

/// A question that changes nothing: device type.
fn question(timeout: Duration) -> Request {
    let code = vec![0xFC];
    Request { name: "FCh device type", body: code.clone(), code, timeout, repeat: Repeat::Freely, sent_point: None }
}

impl<'a> Numbered<'a> {
    /// A conversation over `port`.
    pub fn new(port: &'a mut dyn Port, timing: Timing) -> Self {
        Self { port, timing, inbox: VecDeque::new() }
    }

    /// Sends a command and gives the body of its answer; `said` is what the device said before it, and after.
    pub fn ask(&mut self, request: &Request, said: &mut Said) -> Result<Vec<u8>, Lost> {
        if request.repeat == Repeat::OnlyRefused && (said.answer.is_empty() || said.number == 0) {
            self.converse(&question(request.timeout), said).map_err(|lost| Lost { reached: false, ..lost })?;
        }
        self.converse(request, said)
    }

    /// Rules 2 and 3.
    fn converse(&mut self, request: &Request, said: &mut Said) -> Result<Vec<u8>, Lost> {
        let unsent = |kind| Lost { kind, reached: false };
        let doubt = |kind| Lost { kind, reached: true };
        let number = said.number.wrapping_add(1);
        let Some(packet) = encode(number, &request.body) else { return Err(unsent(FaultKind::Garbled)) };
        if said.unsettled {
            self.port.pause(self.timing.control);
        }
        self.discard().map_err(unsent)?;
        self.put(&packet).map_err(doubt)?;
        if let Some(point) = request.sent_point {
            failpoint::hit(point);
        }
        let until = self.port.now() + request.timeout;
        let (mut sent, mut probes, mut wait) = (1, 0, self.timing.control);
        loop {
            let left = until.saturating_sub(self.port.now());
            match self.read(wait.min(left)).map_err(doubt)? {
                Some((heard, answer)) if heard == number => {
                    *said = Said { number, answer: answer.clone(), unsettled: probes > 0 };
                    let ours = answer.starts_with(&request.code);
                    return if ours { Ok(answer) } else { Err(doubt(FaultKind::Garbled)) };
                }
                // Nobody asked for it since our request went out.
                Some(_) if probes == 0 => {}
                Some((heard, answer)) if heard == said.number && answer == said.answer => {
                    if sent == FRAME_TRIES {
                        return Err(unsent(FaultKind::Silent));
                    }
                    sent += 1;
                    wait = self.timing.control;
                    self.put(&packet).map_err(doubt)?;
                }
                Some((number, answer)) => {
                    *said = Said { number, answer, unsettled: true };
                    return Err(doubt(FaultKind::Garbled));
                }
                None if left.is_zero() || probes == PROBES => return Err(doubt(FaultKind::Silent)),
                None => {
                    probes += 1;
                    wait = if probes > 1 { wait * 2 } else { wait };
                    self.put(&SYNC).map_err(doubt)?;
                }
            }
        }
    }

    /// The next whole packet that begins within `first`; a spoiled one counts as silence, and the empty packet brings
    /// it again.
    fn read(&mut self, first: Duration) -> Result<Option<(u16, Vec<u8>)>, FaultKind> {
        let mut decoder = Decoder::default();
        let until = self.port.now() + first;
        loop {
            let within = if decoder.is_inside() { self.timing.byte } else { until.saturating_sub(self.port.now()) };
            if self.inbox.is_empty() {
                let mut buffer = [0; 300];
                let n = self.port.read(&mut buffer, within).map_err(port_fault)?;
                self.inbox.extend(&buffer[..n]);
            }
            let Some(byte) = self.inbox.pop_front() else { return Ok(None) };
            match decoder.push(byte) {
                Event::More if decoder.is_inside() || self.port.now() < until => {}
                Event::Packet(number, data) => return Ok(Some((number, data))),
                Event::More | Event::Bad => return Ok(None),
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), FaultKind> {
        self.port.write(bytes, self.timing.write).map_err(port_fault)
    }

    fn discard(&mut self) -> Result<(), FaultKind> {
        self.inbox.clear();
        self.port.discard_input().map_err(port_fault)
    }
}

#[cfg(test)]
#[path = "numbered_tests.rs"]
mod tests;
