//! A doorbell for a thread: rung when the journal holds something new for it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rings are not counted: one who wakes looks at the journal.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<bool>,
    waiter: Condvar,
}

impl Bell {
    /// Wakes the waiter, now or at its next wait.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.waiter.notify_one();
    }

    /// Waits for a ring, at most `time`; `None` waits for ever.
    pub fn wait(&self, time: Option<Duration>) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rung = match time {
            Some(time) => self.waiter.wait_timeout_while(rung, time, |r| !*r).unwrap_or_else(PoisonError::into_inner).0,
            None => self.waiter.wait_while(rung, |r| !*r).unwrap_or_else(PoisonError::into_inner),
        };
        *rung = false;
    }
}
