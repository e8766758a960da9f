//! Signs of life of a thread that works on a device.
//!
//! Work on a device may take long honestly: a receipt of many lines, a register whose memory holds thousands of new
//! documents. What no honest work does is to call no port at all for a long time, for a port's call ends in the time it is
//! given. So the ports [`beat`] for the thread they are called from, and a watcher compares counts.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

thread_local! {
    static MINE: RefCell<Option<Arc<Pulse>>> = const { RefCell::new(None) };
}

/// The pulse of one thread.
#[derive(Debug, Default)]
pub struct Pulse {
    working: AtomicBool,
    beats: AtomicU64,
}

impl Pulse {
    /// Makes it the pulse of the calling thread, in the place of another.
    pub fn adopt(self: &Arc<Self>) {
        MINE.with(|mine| *mine.borrow_mut() = Some(self.clone()));
    }

    /// Work begins.
    pub fn begin(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
        self.working.store(true, Ordering::Release);
    }

    /// Work is over; the thread waits to be woken.
    pub fn rest(&self) {
        self.working.store(false, Ordering::Release);
    }

    /// While work goes on: a count that changes as long as there is life. `None`: nothing is worked on.
    pub fn beats(&self) -> Option<u64> {
        self.working.load(Ordering::Acquire).then(|| self.beats.load(Ordering::Relaxed))
    }
}

/// A sign of life of the calling thread; nothing where no pulse was adopted.
pub fn beat() {
    MINE.with(|mine| {
        if let Some(pulse) = &*mine.borrow() {
            pulse.beats.fetch_add(1, Ordering::Relaxed);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_counts_for_its_own_thread_while_it_works() {
        let pulse = Arc::new(Pulse::default());
        assert_eq!(pulse.beats(), None);
        pulse.begin();
        assert_eq!(pulse.beats(), Some(1));
        beat();
        assert_eq!(pulse.beats(), Some(1), "nobody's");
        let its = pulse.clone();
        std::thread::spawn(move || {
            its.adopt();
            beat();
        })
        .join()
        .unwrap();
        assert_eq!(pulse.beats(), Some(2));
        pulse.rest();
        assert_eq!(pulse.beats(), None);
    }
}
