//! A line in memory on simulated time: a driver and the device in one thread, without a system call.
//!
//! Time passes when bytes travel and when somebody waits; a wait for twelve seconds takes microseconds. A host that
//! writes more than the device takes waits as long as it said and is told that the device does not take bytes. Byte faults
//! are those of the script, so a test can hurt each byte of a conversation in turn.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::server::Appliance;
use super::shtrih;
use crate::transport::{Opener, Port, PortError};

/// What a failed opening costs, so that one who tries again gets on.
const FAILED_OPEN: Duration = Duration::from_millis(100);

/// Bytes that an operating system takes over from a write whose time is up.
const SYSTEM_BUFFER: u32 = 4096;

struct World<D> {
    device: D,
    now: Duration,
    /// Time of a byte of the host; `None`: as the device's own line has it.
    byte_time: Option<Duration>,
}

impl<D: Appliance> World<D> {
    fn move_to(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.device.pass(self.now);
    }

    /// Waits for the device's own time, a moment at the least and to `deadline` at the most.
    fn wait(&mut self, deadline: Duration) {
        let next = self.device.wake_at().map_or(deadline, |at| at.max(self.now + Duration::from_nanos(1)));
        self.move_to(next.min(deadline));
    }
}

/// One end of the line, to be opened by a driver; copies speak of the same line.
pub struct MemoryLink<D = shtrih::Device>(Arc<Mutex<World<D>>>);

impl<D> Clone for MemoryLink<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Appliance> MemoryLink<D> {
    /// A line with this device at its end.
    pub fn new(device: D) -> Self {
        Self(Arc::new(Mutex::new(World { device, now: Duration::ZERO, byte_time: None })))
    }

    /// The same line at a speed, ten bits a byte of the host.
    #[must_use]
    pub fn at_baud(self, baud: u32) -> Self {
        self.world().byte_time = Some(Duration::from_secs(10) / baud.max(1));
        self
    }

    fn world(&self) -> MutexGuard<'_, World<D>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line of the fault script; gives what a person should read.
    pub fn inject(&self, line: &str) -> Result<String, D::NotUnderstood> {
        let mut world = self.world();
        let now = world.now;
        world.device.tell(line, now)
    }

    /// Looks at the device, or works on it.
    pub fn device<T>(&self, work: impl FnOnce(&mut D) -> T) -> T {
        work(&mut self.world().device)
    }

    /// Lets time pass. Bytes whose time came stay where they are: nobody reads.
    pub fn advance(&self, time: Duration) {
        let mut world = self.world();
        let end = world.now + time;
        // The device works at its own times in between.
        while world.device.wake_at().is_some_and(|at| at > world.now && at < end) {
            world.wait(end);
        }
        world.move_to(end);
    }

    /// The line's time.
    pub fn now(&self) -> Duration {
        self.world().now
    }
}

impl<D: Appliance> Opener for MemoryLink<D> {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        self.advance(Duration::ZERO);
        if !self.device(|device| device.powered()) {
            self.advance(FAILED_OPEN);
            return Err(PortError::Unreachable("the simulated device has no power".to_owned()));
        }
        let breaks = self.device(|device| {
            device.greet();
            device.breaks()
        });
        Ok(Box::new(MemoryPort { line: self.clone(), breaks, received: VecDeque::new() }))
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }
}

struct MemoryPort<D> {
    line: MemoryLink<D>,
    breaks: u32,
    received: VecDeque<u8>,
}

impl<D: Appliance> MemoryPort<D> {
    fn alive(&self, world: &World<D>) -> Result<(), PortError> {
        match (world.device.powered(), world.device.breaks() == self.breaks) {
            (true, true) => Ok(()),
            (false, _) => Err(PortError::Gone("the simulated device lost power".to_owned())),
            (true, false) => Err(PortError::Gone("the link to the simulated device broke".to_owned())),
        }
    }
}

impl<D: Appliance> Port for MemoryPort<D> {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        let line = self.line.clone();
        let mut world = line.world();
        let deadline = world.now + within;
        let byte_time = world.byte_time.unwrap_or_else(|| world.device.byte_time());
        for byte in bytes {
            self.alive(&world)?;
            while world.device.room() == 0 {
                if world.now >= deadline {
                    return Err(PortError::Stuck);
                }
                world.wait(deadline);
                self.alive(&world)?;
            }
            let now = world.now + byte_time;
            if now > deadline + byte_time * SYSTEM_BUFFER {
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
            let bytes = world.device.poll(now);
            self.received.extend(bytes);
            if !self.received.is_empty() {
                break;
            }
            self.alive(&world)?;
            if now >= deadline {
                return Ok(0);
            }
            world.wait(deadline);
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
