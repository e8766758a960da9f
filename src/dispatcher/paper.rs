//! Paper that a register still holds back after its receipt was registered.
//!
//! A roll that ended after the close is success with a remark. When the roll is back, a register waits for the command
//! to print on: the lane gives it between documents, asking with a growing pause, and remembers it over a restart by
//! the journal's last receipt. Nothing is registered by it, and nothing is ever sent again for it.

use std::time::Duration;

use kkm_drivers::contract::Paper;

use super::{FIRST_WAIT, LONGEST_WAIT, Lane};
use crate::journal::{Journal, JournalError};

/// Documents among which the device's last receipt is looked for at the start.
const LOOK_BACK: u32 = 20;

/// The pause before the next question, while paper is held back.
pub(super) fn held_back(journal: &Journal, device: &str) -> Result<Option<Duration>, JournalError> {
    let newest = journal.newest(LOOK_BACK)?;
    let last = newest.iter().filter(|d| d.device == device).find_map(|d| d.paper.as_deref());
    Ok((last == Some("pending")).then_some(FIRST_WAIT))
}

impl Lane {
    /// What became of the paper of the last document.
    pub(super) fn saw_paper(&mut self, paper: Paper) {
        self.paper_wait = (paper == Paper::Pending).then_some(FIRST_WAIT);
    }

    /// Lets a print go on that waits for it; gives how long until the device is asked again.
    pub(super) fn paper_duty(&mut self) -> Option<Duration> {
        let wait = self.paper_wait?;
        match self.driver.resume_paper() {
            Ok(Paper::Delivered | Paper::Suppressed | Paper::Sent) => {
                tracing::info!("the paper that was held back is printed");
                self.paper_wait = None;
            }
            Ok(Paper::Pending | Paper::Unknown) | Err(_) => self.paper_wait = Some((wait * 2).min(LONGEST_WAIT)),
        }
        self.paper_wait.map(|_| wait)
    }
}
