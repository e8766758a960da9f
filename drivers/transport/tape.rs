//! A recorded conversation that is played to a driver.
//!
//! Lines `> 05` are what the driver must write, lines `< 15` what the device answers; bytes in hex, `#` begins a
//! comment. Bytes of the device become readable once everything written above them was written. Time stands still but
//! for waits that end without a byte, and pauses.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Port, PortError};

/// One step of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Host(Vec<u8>),
    Device(Vec<u8>),
}

/// A conversation that is being played.
#[derive(Clone, Debug)]
pub struct Tape {
    steps: VecDeque<Step>,
    /// Greatest number of bytes that one read gives.
    chunk: usize,
    now: Duration,
}

impl Tape {
    /// Parses a conversation; panics on a line that is none, for tapes are part of tests.
    pub fn parse(text: &str) -> Self {
        let steps = text.lines().filter_map(step).collect();
        Self { steps, chunk: usize::MAX, now: Duration::ZERO }
    }

    /// The same tape, giving at most `bytes` with one read.
    #[must_use]
    pub fn in_chunks_of(mut self, bytes: usize) -> Self {
        self.chunk = bytes.max(1);
        self
    }

    /// True when everything was said.
    pub fn is_over(&self) -> bool {
        self.steps.is_empty()
    }
}

fn step(line: &str) -> Option<Step> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let (side, hex) = (line.chars().next()?, &line[1..]);
    let bytes = hex.split_whitespace().map(|h| u8::from_str_radix(h, 16).unwrap_or_else(|_| panic!("no hex: {line}")));
    match side {
        '>' => Some(Step::Host(bytes.collect())),
        '<' => Some(Step::Device(bytes.collect())),
        _ => panic!("neither > nor <: {line}"),
    }
}

impl Port for Tape {
    fn write(&mut self, bytes: &[u8], _within: Duration) -> Result<(), PortError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(Step::Host(expected)) = self.steps.front_mut() else {
                return Err(PortError::Gone(format!("the tape does not expect {rest:02X?}")));
            };
            let n = expected.len().min(rest.len());
            if expected[..n] != rest[..n] {
                return Err(PortError::Gone(format!("the tape expects {expected:02X?}, not {rest:02X?}")));
            }
            expected.drain(..n);
            rest = &rest[n..];
            if expected.is_empty() {
                self.steps.pop_front();
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let Some(Step::Device(bytes)) = self.steps.front_mut() else {
            self.now += within;
            return Ok(0);
        };
        let n = bytes.len().min(buffer.len()).min(self.chunk);
        buffer[..n].copy_from_slice(&bytes[..n]);
        bytes.drain(..n);
        if bytes.is_empty() {
            self.steps.pop_front();
        }
        Ok(n)
    }

    /// Nothing: what the tape plays was answered to what was written.
    fn discard_input(&mut self) -> Result<(), PortError> {
        Ok(())
    }

    fn pause(&mut self, time: Duration) {
        self.now += time;
    }

    fn now(&self) -> Duration {
        self.now
    }
}
