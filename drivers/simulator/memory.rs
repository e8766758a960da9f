//! A line in memory on simulated time: a driver and the device in one thread, without a system call.
//!
//! Time passes when bytes travel and when somebody waits; a wait for twelve seconds takes microseconds. Byte faults
//! are those of the script, so a test can hurt each byte of a conversation in turn.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::faults::{Fault, FaultError};
use super::shtrih::Device;
use crate::transport::{Opener, Port, PortError};

/// What a failed opening costs, so that one who tries again gets on.
const FAILED_OPEN: Duration = Duration::from_millis(100);

struct World {
    device: Device,
    now: Duration,
}

/// One end of the line, to be opened by a driver; copies speak of the same line.
#[derive(Clone)]
pub struct MemoryLink(Arc<Mutex<World>>);

impl MemoryLink {
    /// A line with this device at its end.
    pub fn new(device: Device) -> Self {
        Self(Arc::new(Mutex::new(World { device, now: Duration::ZERO })))
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

    /// Looks at the device, or works on it.
    pub fn device<T>(&self, work: impl FnOnce(&mut Device) -> T) -> T {
        work(&mut self.world().device)
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let mut world = self.world();
        world.now += time;
        let now = world.now;
        // Bytes whose time came stay where they are: nobody reads.
        world.device.pass(now);
    }

    /// The line's time.
    pub fn now(&self) -> Duration {
        self.world().now
    }
}

impl Opener for MemoryLink {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        self.advance(Duration::ZERO);
        let powered = self.device(|device| device.powered());
        if !powered {
            self.advance(FAILED_OPEN);
            return Err(PortError::Unreachable("the simulated register has no power".to_owned()));
        }
        let cuts = self.device(|device| {
            device.reconnect();
            device.power_cuts()
        });
        Ok(Box::new(MemoryPort { line: self.clone(), cuts, received: VecDeque::new() }))
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }
}

struct MemoryPort {
    line: MemoryLink,
    cuts: u32,
    received: VecDeque<u8>,
}

impl MemoryPort {
    fn alive(&self, world: &World) -> Result<(), PortError> {
        if world.device.powered() && world.device.power_cuts() == self.cuts {
            Ok(())
        } else {
            Err(PortError::Gone("the simulated register lost power".to_owned()))
        }
    }
}

impl Port for MemoryPort {
    fn write(&mut self, bytes: &[u8], _within: Duration) -> Result<(), PortError> {
        let line = self.line.clone();
        let mut world = line.world();
        // Ten bits a byte.
        let byte_time = world.device.manner().baud.map_or(Duration::ZERO, |baud| Duration::from_secs(10) / baud.max(1));
        for byte in bytes {
            self.alive(&world)?;
            world.now += byte_time;
            let now = world.now;
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
            let bytes = world.device.poll(now);
            self.received.extend(bytes);
            if !self.received.is_empty() {
                break;
            }
            self.alive(&world)?;
            if now >= deadline {
                return Ok(0);
            }
            let next = world.device.wake_at().map_or(deadline, |at| at.max(now + Duration::from_nanos(1)));
            world.now = next.min(deadline);
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
