//! After a doubt: ask the device for evidence, and act on nothing else.

use kkm_drivers::contract::{Fault, Mark, Puzzle, Verdict};
use kkm_drivers::failpoint;
use kkm_drivers::spoil::{self, Spoil};

use super::{Lane, Pace};
use crate::journal::life::Flight;
use crate::journal::{Event, JournalError};

/// A receipt that is still open after so many cancels goes to a person.
const CANCELS: u8 = 3;

impl Lane {
    pub(super) fn reconcile(&mut self, flight: &Flight) -> Result<Pace, JournalError> {
        if spoil::is(Spoil::BlindResend) {
            self.journal.back(flight.row, Event::NotRegistered, None, "spoiled: not asked")?;
            return Ok(Pace::Again);
        }
        failpoint::hit("reconcile.begin");
        let verdict = match self.since(flight).and_then(|since| self.driver.verdict(&flight.document, &since)) {
            Ok(verdict) => verdict,
            Err(fault) => {
                tracing::warn!(document = flight.row, %fault, "the device does not say how it ended; asked again");
                return Ok(self.slower());
            }
        };
        failpoint::hit("reconcile.verdict");
        match verdict {
            Verdict::Happened(proof, paper) => {
                self.cancels = 0;
                self.done(flight.row, &flight.request_id, &flight.document.body, proof, paper)?;
                Ok(Pace::Again)
            }
            Verdict::DidNot => self.not_registered(flight, "the device's memory does not hold it"),
            Verdict::OursIsOpen => self.cancel(flight),
            Verdict::CannotTell(Puzzle::ForeignReceiptOpen(_)) if self.settings.cancel_foreign => self.cancel(flight),
            Verdict::CannotTell(puzzle) if flight.decided_not && flight.puzzle.as_ref() == Some(&puzzle) => {
                self.not_registered(flight, "a person said so, and the device says nothing against it")
            }
            Verdict::CannotTell(puzzle) => {
                tracing::error!(
                    document = flight.row,
                    ?puzzle,
                    "the evidence does not decide: look at the receipt and run `kkm-bridge decide {}`",
                    flight.row
                );
                self.journal.ask_operator(flight.row, puzzle)?;
                failpoint::hit("reconcile.asked");
                Ok(Pace::Again)
            }
        }
    }

    /// The evidence base: the stored mark, and nothing else.
    fn since(&mut self, flight: &Flight) -> Result<Mark, Fault> {
        if spoil::is(Spoil::NoMark) { self.driver.mark() } else { Ok(flight.mark.clone()) }
    }

    fn not_registered(&mut self, flight: &Flight, why: &str) -> Result<Pace, JournalError> {
        self.cancels = 0;
        tracing::info!(document = flight.row, why, "not registered; it may be tried again");
        self.journal.back(flight.row, Event::NotRegistered, None, why)?;
        failpoint::hit("reconcile.not-registered");
        Ok(Pace::Again)
    }

    /// Cancels the open receipt, the intent being durable first, and looks again.
    fn cancel(&mut self, flight: &Flight) -> Result<Pace, JournalError> {
        if self.cancels >= CANCELS {
            self.cancels = 0;
            self.journal.ask_operator(flight.row, Puzzle::StaysOpen)?;
            return Ok(Pace::Again);
        }
        self.cancels += 1;
        self.journal.arrow(flight.row, Event::Cancel, "our receipt is open and will be cancelled")?;
        failpoint::hit("reconcile.cancelling");
        let cancelled = self.driver.cancel_open();
        failpoint::hit("reconcile.cancelled");
        let detail = match &cancelled {
            Ok(()) => "cancelled; looking again".to_owned(),
            Err(fault) => fault.to_string(),
        };
        self.journal.arrow(flight.row, Event::Doubt, &detail)?;
        Ok(if cancelled.is_ok() { Pace::Again } else { self.slower() })
    }
}
