//! Questions to a printer: how it is, who it is, what it has counted.
//!
//! Answers in real time (DLE EOT) overtake the data: they say how the printer is, never what it has printed.

use std::time::Duration;

use super::answer::Answer;
use super::codes::{Condition, is_offline};
use super::profile::Confirm;
use super::{EscPos, command};
use crate::contract::{Fault, FaultKind};

/// An answer in real time.
pub(super) const STATUS_WITHIN: Duration = Duration::from_secs(1);
/// An answer in its turn of a printer that has nothing else to do.
pub(super) const TURN_WITHIN: Duration = Duration::from_secs(5);
/// After the first answer to GS r 1: time in which answers to older questions would come.
pub(super) const STRAGGLERS: Duration = Duration::from_millis(300);

impl EscPos {
    /// How the printer is; `None` where it does not say.
    pub(super) fn look(&mut self) -> Result<Option<Condition>, Fault> {
        if !self.settings.profile.status {
            return Ok(None);
        }
        match self.condition() {
            Ok(condition) => Ok(Some(condition)),
            Err(Fault { kind: FaultKind::Silent | FaultKind::Garbled, .. })
                if self.settings.profile.confirm == Confirm::Write =>
            {
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// DLE EOT. All answers look alike, so the first question is asked again at the end: if answers lag behind, the two
    /// differ whenever it would matter, for a printer that stands still is offline.
    fn condition(&mut self) -> Result<Condition, Fault> {
        const DURING: &str = "DLE EOT status";
        for _ in 0..2 {
            let printer = self.ask_status(1)?;
            let mut condition = Condition { printer, ..Condition::default() };
            if is_offline(printer) {
                condition.offline = Some(self.ask_status(2)?);
                condition.error = Some(self.ask_status(3)?);
            }
            condition.paper = self.ask_status(4)?;
            if self.ask_status(1)? == printer {
                return Ok(condition);
            }
            self.link.settle(DURING, STRAGGLERS)?;
        }
        Err(Fault::new(DURING, FaultKind::Garbled))
    }

    pub(super) fn ask_status(&mut self, n: u8) -> Result<u8, Fault> {
        self.link.ask("DLE EOT status", &command::real_time_status(n), STATUS_WITHIN, |answer| match answer {
            Answer::RealTime(byte) => Some(*byte),
            Answer::Automatic(_) | Answer::ProcessId(_) | Answer::Text(_) | Answer::Queued(_) => None,
        })
    }

    /// The printer's counter of cuts.
    pub(super) fn read_counter(&mut self) -> Result<u64, Fault> {
        const DURING: &str = "GS g maintenance counter";
        let number = self.settings.profile.counter.unwrap_or_default();
        let text = self.link.ask(DURING, &command::counter(number), TURN_WITHIN, text)?;
        text.parse().map_err(|_| Fault::new(DURING, FaultKind::Garbled))
    }

    pub(super) fn ask_text(&mut self, during: &str, n: u8) -> Result<String, Fault> {
        self.link.ask(during, &command::identity(n), TURN_WITHIN, text)
    }
}

/// An answer to GS r.
pub(super) fn queued(answer: &Answer) -> Option<()> {
    matches!(answer, Answer::Queued(_)).then_some(())
}

fn text(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Text(text) => Some(text.clone()),
        Answer::RealTime(_) | Answer::Automatic(_) | Answer::ProcessId(_) | Answer::Queued(_) => None,
    }
}
