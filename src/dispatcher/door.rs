//! A lane as the rest of the daemon sees it: a bell, an estimate, a tray for errands, a pulse. Documents go by the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kkm_drivers::pulse::Pulse;

use super::errand::Errands;
use super::missed::Missed;
use crate::bell::Bell;

/// What others hold of a lane.
#[derive(Clone, Debug, Default)]
pub struct LaneDoor {
    /// Wakes it.
    pub bell: Arc<Bell>,
    /// How long a receipt takes at present.
    pub receipt_time: Arc<ReceiptTime>,
    /// Small questions to its device.
    pub errands: Arc<Errands>,
    /// Whether it is alive.
    pub pulse: Arc<Pulse>,
    /// A closing of the shift whose time has passed.
    pub missed: Arc<Missed>,
    /// Where its device is connected.
    pub place: Arc<Place>,
}

/// Where a lane's device is, and why it cannot be spoken to if so; for people.
#[derive(Debug, Default)]
pub struct Place(Mutex<(Option<String>, Option<String>)>);

impl Place {
    /// The port that was open at the end of the last step.
    pub fn port(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// What went wrong at the last look, when a look did not reach the device.
    pub fn trouble(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    pub(super) fn set_port(&self, port: Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = port;
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = trouble;
    }
}

/// How long a receipt takes at present, shared with intake.
#[derive(Debug)]
pub struct ReceiptTime(AtomicU64);

impl Default for ReceiptTime {
    /// Until one was seen: 4 s, a short receipt on a slow printer.
    fn default() -> Self {
        Self(AtomicU64::new(4000))
    }
}

impl ReceiptTime {
    /// The present estimate.
    pub fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// One took so long; the estimate follows it slowly.
    pub(super) fn seen(&self, ms: u64) {
        let before = self.0.load(Ordering::Relaxed);
        self.0.store((before * 3 + ms) / 4, Ordering::Relaxed);
    }
}
