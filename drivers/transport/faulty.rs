//! A port that spoils one byte, so that tests can spoil every byte in turn.
//!
//! Bytes are counted in each direction over all openings of the port, from 0; a fault strikes once, at its byte.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Opener, Port, PortError};

/// Direction of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From us to the device.
    ToDevice,
    /// From the device to us.
    FromDevice,
}

/// What is done to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It is lost.
    Drop,
    /// It is lost together with the bytes that follow it, so many in all.
    Lose(u64),
    /// These bits are turned over.
    Flip(u8),
    /// The byte and all after it come this much later.
    Stall(Duration),
    /// The connection breaks before it.
    Disconnect,
    /// It comes twice.
    Duplicate,
    /// This byte comes before it.
    Insert(u8),
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Direction.
    pub way: Way,
    /// Number of the byte in that direction, from 0.
    pub at: u64,
    /// What happens to it.
    pub harm: Harm,
}

#[derive(Debug, Default)]
struct State {
    spot: Option<Spot>,
    sent: u64,
    received: u64,
}

/// The plan of the fault and the counts of bytes; shared by all openings.
#[derive(Clone, Debug, Default)]
pub struct Plan(Arc<Mutex<State>>);

impl Plan {
    /// No fault: counts only.
    pub fn harmless() -> Self {
        Self::default()
    }

    /// One fault.
    pub fn with(spot: Spot) -> Self {
        Self(Arc::new(Mutex::new(State { spot: Some(spot), ..State::default() })))
    }

    /// Bytes sent and received so far.
    pub fn counts(&self) -> (u64, u64) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.sent, state.received)
    }

    /// Counts bytes of one direction and spoils the one that is to be spoiled.
    fn pass(&self, way: Way, bytes: &[u8]) -> Spoiled {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spoiled = Spoiled::default();
        for &byte in bytes {
            let count = match way {
                Way::ToDevice => &mut state.sent,
                Way::FromDevice => &mut state.received,
            };
            let at = *count;
            *count += 1;
            let hit = state.spot.filter(|s| s.way == way && at >= s.at);
            match hit.map(|s| (s.harm, at - s.at)) {
                Some((Harm::Lose(many), past)) if past < many => {}
                Some((Harm::Drop, 0)) => {}
                Some((Harm::Flip(mask), 0)) => spoiled.bytes.push(byte ^ mask),
                Some((Harm::Duplicate, 0)) => spoiled.bytes.extend([byte, byte]),
                Some((Harm::Insert(extra), 0)) => spoiled.bytes.extend([extra, byte]),
                Some((Harm::Disconnect, 0)) => {
                    spoiled.broken = true;
                    return spoiled;
                }
                Some((Harm::Stall(time), 0)) => {
                    spoiled.before_stall = Some(spoiled.bytes.len());
                    spoiled.stall = time;
                    spoiled.bytes.push(byte);
                }
                _ => spoiled.bytes.push(byte),
            }
        }
        spoiled
    }
}

#[derive(Default)]
struct Spoiled {
    bytes: Vec<u8>,
    before_stall: Option<usize>,
    stall: Duration,
    broken: bool,
}

/// An opener whose ports spoil a byte.
pub struct FaultyOpener<O> {
    inner: O,
    plan: Plan,
}

impl<O: Opener> FaultyOpener<O> {
    /// Ports of `inner` with the fault of `plan`.
    pub fn new(inner: O, plan: Plan) -> Self {
        Self { inner, plan }
    }
}

impl<O: Opener> Opener for FaultyOpener<O> {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let inner = self.inner.open()?;
        Ok(Box::new(Faulty { inner, plan: self.plan.clone(), late: Vec::new(), held: None, broken: false }))
    }

    fn name(&self) -> String {
        self.inner.name()
    }
}

/// A port that spoils a byte.
struct Faulty {
    inner: Box<dyn Port>,
    plan: Plan,
    /// Received, and not given away yet.
    late: Vec<u8>,
    /// Until when what was received is held back.
    held: Option<Duration>,
    broken: bool,
}

impl Faulty {
    fn check(&self) -> Result<(), PortError> {
        if self.broken { Err(PortError::Gone("the connection was cut".to_owned())) } else { Ok(()) }
    }

    /// Gives away what was kept, unless it is still held back; true when the caller has its answer.
    fn give(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        if let Some(until) = self.held {
            let left = until.saturating_sub(self.inner.now());
            self.inner.pause(left.min(within));
            if left > within {
                return Some(0);
            }
            self.held = None;
        }
        if self.late.is_empty() {
            return None;
        }
        let n = self.late.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.late[..n]);
        self.late.drain(..n);
        Some(n)
    }
}

impl Port for Faulty {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        self.check()?;
        let spoiled = self.plan.pass(Way::ToDevice, bytes);
        let cut = spoiled.before_stall.unwrap_or(0);
        self.inner.write(&spoiled.bytes[..cut], within)?;
        if spoiled.before_stall.is_some() {
            self.inner.pause(spoiled.stall);
        }
        self.inner.write(&spoiled.bytes[cut..], within)?;
        self.broken = spoiled.broken;
        self.check()
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        self.check()?;
        let until = self.inner.now() + within;
        loop {
            let left = until.saturating_sub(self.inner.now());
            if let Some(n) = self.give(buffer, left) {
                return Ok(n);
            }
            let n = self.inner.read(buffer, left)?;
            if n == 0 {
                return Ok(0);
            }
            let spoiled = self.plan.pass(Way::FromDevice, &buffer[..n]);
            self.broken = spoiled.broken;
            let ready = spoiled.before_stall.unwrap_or(spoiled.bytes.len());
            if spoiled.before_stall.is_some() {
                self.held = Some(self.inner.now() + spoiled.stall);
            }
            if ready > 0 && ready <= buffer.len() {
                buffer[..ready].copy_from_slice(&spoiled.bytes[..ready]);
                self.late.extend(&spoiled.bytes[ready..]);
                return Ok(ready);
            }
            self.late.extend(&spoiled.bytes);
            if self.broken && self.late.is_empty() {
                self.check()?;
            }
        }
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        self.check()?;
        if self.held.is_none() {
            self.late.clear();
        }
        self.inner.discard_input()
    }

    fn pause(&mut self, time: Duration) {
        self.inner.pause(time);
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }
}
