//! The alarm of a shift that should have been closed and was not: what `shift status` and `devices` show of it.
//!
//! It is raised when the time of a closing has passed by [`GRACE`] with the shift still open, and it falls when the
//! shift is seen closed, whoever closed it. A new process raises it again, for the journal knows since when the shift
//! is open.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::messages::Obstacle;

/// A closing that is late by less is not missed: a receipt ends, a roll is changed.
pub(super) const GRACE: Duration = Duration::from_secs(120);

/// A closing whose time has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedClosing {
    /// Number of the shift.
    pub shift: u32,
    /// When it should have been closed, Unix ms.
    pub due_ms: i64,
    /// When the register refuses to sell in it, Unix ms.
    pub ends_ms: i64,
    /// Why it cannot be closed now.
    pub why: Obstacle,
    /// All of it in the shop's language, with the way out.
    pub text: String,
}

/// Where a lane shows it to the rest of the daemon.
#[derive(Debug, Default)]
pub struct Missed(Mutex<Option<MissedClosing>>);

impl Missed {
    /// The alarm, if there is one.
    pub fn get(&self) -> Option<MissedClosing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Raises the alarm or lets it fall; true when this shift had none before.
    pub(super) fn set(&self, missed: Option<MissedClosing>) -> bool {
        let mut alarm = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = missed.as_ref().map(|m| m.shift) != alarm.as_ref().map(|m| m.shift);
        *alarm = missed;
        is_new
    }
}
