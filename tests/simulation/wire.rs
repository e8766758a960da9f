//! The register's line as the daemon sees it, at any call of which the daemon may die.
//!
//! Time is the line's: whatever the line waits passes on the daemon's clock too. A death is a panic with a payload of
//! its own; who stepped the lane catches it, throws everything in memory away and opens the journal anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use kkm_bridge::clock::ManualClock;
use kkm_drivers::simulator::MemoryLink;
use kkm_drivers::transport::{Opener, Port, PortError};

/// The daemon died here.
pub struct Died;

/// The daemon dies.
pub fn die() -> ! {
    // Not by `panic!`: nobody is to be told.
    std::panic::resume_unwind(Box::new(Died))
}

/// One register's line and the clock that goes with it; clones are the same line.
#[derive(Clone)]
pub struct Wire {
    /// The line itself.
    pub link: MemoryLink,
    /// The daemon's clock.
    pub clock: ManualClock,
    told_ms: Arc<AtomicU64>,
    /// So many crossings from now the daemon dies; negative: never. A call is crossed twice, before and after its work.
    death: Arc<AtomicI64>,
}

impl Wire {
    /// A line at zero.
    pub fn new(link: MemoryLink, clock: ManualClock) -> Self {
        Self { link, clock, told_ms: Arc::default(), death: Arc::new(AtomicI64::new(-1)) }
    }

    /// Lets time pass on the line and on the clock.
    pub fn pass(&self, time: Duration) {
        self.link.advance(time);
        self.tell();
    }

    /// Brings the clock to the line's time.
    fn tell(&self) {
        let now = self.link.now().as_millis() as u64;
        let before = self.told_ms.swap(now, Ordering::Relaxed);
        if now > before {
            self.clock.advance(Duration::from_millis(now - before));
        }
    }

    /// The daemon will die at the `nth` crossing from now; `None`: it lives.
    pub fn die_at(&self, nth: Option<u32>) {
        self.death.store(nth.map_or(-1, i64::from), Ordering::Relaxed);
    }

    fn cross(&self) {
        self.tell();
        let left = self.death.load(Ordering::Relaxed);
        if left >= 0 {
            self.death.store(left - 1, Ordering::Relaxed);
            if left == 0 {
                die();
            }
        }
    }
}

impl Opener for Wire {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        self.cross();
        let port = self.link.open()?;
        self.cross();
        Ok(Box::new(Crossed { wire: self.clone(), port }))
    }

    fn name(&self) -> String {
        self.link.name()
    }
}

struct Crossed {
    wire: Wire,
    port: Box<dyn Port>,
}

impl Port for Crossed {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        self.wire.cross();
        let done = self.port.write(bytes, within);
        self.wire.cross();
        done
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        self.wire.cross();
        let done = self.port.read(buffer, within);
        self.wire.cross();
        done
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        self.wire.cross();
        self.port.discard_input()
    }

    fn pause(&mut self, time: Duration) {
        self.port.pause(time);
        self.wire.cross();
    }

    fn now(&self) -> Duration {
        self.port.now()
    }
}
