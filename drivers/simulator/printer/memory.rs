//! A line in memory on simulated time: a driver and the printer in one thread, without a system call.
//!
//! Time passes when bytes travel and when somebody waits. A host that writes more than the printer takes waits as long
//! as it said, in simulated time, and is told that the printer does not take bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::device::Device;
use super::faults::{Fault, FaultError};
use crate::transport::{Opener, Port, PortError};

/// What a failed opening costs, so that one who tries again gets on.
const FAILED_OPEN: Duration = Duration::from_millis(100);

struct World {
    device: Device,
    now: Duration,
    /// Time of a byte on the line.
    byte_time: Duration,
}

impl World {
    fn move_to(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.device.pass(self.now);
    }
}

/// One end of the line, to be opened by a driver; copies speak of the same line.
#[derive(Clone)]
pub struct MemoryLink(Arc<Mutex<World>>);

impl MemoryLink {
    /// A line with this printer at its end, as fast as it can be.
    pub fn new(device: Device) -> Self {
        Self(Arc::new(Mutex::new(World { device, now: Duration::ZERO, byte_time: Duration::ZERO })))
    }

    /// The same line at a speed, ten bits a byte.
    #[must_use]
    pub fn at_baud(self, baud: u32) -> Self {
        self.world().byte_time = Duration::from_secs(10) / baud.max(1);
        self
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line of the fault script; gives what a person should read.
    pub fn inject(&self, line: &str) -> Result<String, FaultError> {
        let fault: Fault = line.parse()?;
        let mut world = self.world();
        let now = world.now;
        Ok(world.device.inject(fault, now))
    }

    /// Looks at the printer, or works on it.
    pub fn device<T>(&self, work: impl FnOnce(&mut Device) -> T) -> T {
        work(&mut self.world().device)
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let mut world = self.world();
        let now = world.now + time;
        // The printer works at its own times in between.
        while let Some(at) = world.device.wake_at().filter(|at| *at < now) {
            let step = at.max(world.now + Duration::from_nanos(1));
            world.move_to(step);
        }
        world.move_to(now);
    }

    /// The line's time.
    pub fn now(&self) -> Duration {
        self.world().now
    }
}

impl Opener for MemoryLink {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        self.advance(Duration::ZERO);
        if !self.device(|device| device.powered()) {
            self.advance(FAILED_OPEN);
            return Err(PortError::Unreachable("the simulated printer has no power".to_owned()));
        }
        let breaks = self.device(|device| device.breaks());
        Ok(Box::new(MemoryPort { line: self.clone(), breaks, received: VecDeque::new() }))
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }
}

struct MemoryPort {
    line: MemoryLink,
    breaks: u32,
    received: VecDeque<u8>,
}

impl MemoryPort {
    fn alive(&self, world: &World) -> Result<(), PortError> {
        if world.device.breaks() == self.breaks {
            Ok(())
        } else {
            Err(PortError::Gone("the simulated printer's link broke".to_owned()))
        }
    }
}

impl Port for MemoryPort {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        let line = self.line.clone();
        let mut world = line.world();
        let deadline = world.now + within;
        for byte in bytes {
            self.alive(&world)?;
            while world.device.room() == 0 {
                let next = world.device.wake_at().map_or(deadline, |at| at.max(world.now + Duration::from_nanos(1)));
                world.move_to(next.min(deadline));
                self.alive(&world)?;
                if world.now >= deadline && world.device.room() == 0 {
                    return Err(PortError::Stuck);
                }
            }
            let now = world.now + world.byte_time;
            if now > deadline && within > Duration::ZERO {
                return Err(PortError::Stuck);
            }
            world.now = now;
            world.device.feed(&[*byte], now);
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let line = self.line.clone();
        let mut world = line.world();
        let deadline = world.now + within;
        while self.received.is_empty() {
            let now = world.now;
            self.received.extend(world.device.poll(now));
            if !self.received.is_empty() {
                break;
            }
            self.alive(&world)?;
            if now >= deadline {
                return Ok(0);
            }
            let next = world.device.wake_at().map_or(deadline, |at| at.max(now + Duration::from_nanos(1)));
            world.move_to(next.min(deadline));
        }
        let count = buffer.len().min(self.received.len());
        for (place, byte) in buffer.iter_mut().zip(self.received.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        self.received.clear();
        let mut world = self.line.world();
        let now = world.now;
        world.device.poll(now);
        self.alive(&world)
    }

    fn pause(&mut self, time: Duration) {
        self.line.advance(time);
    }

    fn now(&self) -> Duration {
        self.line.now()
    }
}
