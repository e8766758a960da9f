//! What became of an attempt: by an answer that came late, or by the printer's counter; else a person must say.
//!
//! Nothing is sent that could print. A printer that stands still may hold the document in its buffer and prints it when a
//! person has helped, so it is waited for as long as it says so. One that cannot be asked is asked a few times: evidence
//! can come from nowhere else, so then a person must say.

use std::time::Duration;

use super::EscPos;
use super::link::Awaited;
use super::print::{nonce, proof, proves};
use super::profile::{Confirm, Question};
use crate::contract::{Document, Fault, FaultKind, Mark, Marker, Paper, Puzzle, Verdict};

/// The answer after the last byte, when asked later whether it has come.
const LATE_WITHIN: Duration = Duration::from_secs(5);
/// Verdicts without an answer after which a person is asked.
const VERDICTS_IN_VAIN: u8 = 5;

impl EscPos {
    pub(super) fn read_verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        if document.body.receipt().is_some_and(|receipt| !receipt.print()) {
            return Ok(Verdict::Happened(proof(0), Paper::Suppressed));
        }
        let told = match (self.settings.profile.confirm, self.settings.profile.question) {
            (Confirm::Write, _) => return Ok(Verdict::CannotTell(Puzzle::NoMemory)),
            (Confirm::Counter, _) => self.verdict_by_counter(document, since),
            (Confirm::Answer, Question::ProcessId) => self.verdict_by_answer(Some(document.marker)),
            (Confirm::Answer, Question::PaperStatus) => self.verdict_by_answer(None),
        };
        if told.is_err() && self.in_vain < VERDICTS_IN_VAIN {
            self.in_vain += 1;
            return told;
        }
        self.in_vain = 0;
        told.or(Ok(Verdict::CannotTell(Puzzle::NoMemory)))
    }

    fn verdict_by_answer(&mut self, marker: Option<Marker>) -> Result<Verdict, Fault> {
        match marker {
            // The four characters name the document, on whatever connection they come.
            Some(marker) => {
                let ours = Awaited::ProcessId(nonce(b'K', marker));
                if self.link.awaited() != Some(ours) {
                    self.link.await_answer(ours);
                }
            }
            // The answer names nothing: it counts only on the connection on which it was asked for.
            None if self.link.awaited().is_none() => return Ok(Verdict::CannotTell(Puzzle::NoMemory)),
            None => {}
        }
        if let Some(answer) = self.link.arrival(LATE_WITHIN)? {
            return Ok(if proves(&answer) { happened(0) } else { Verdict::CannotTell(Puzzle::NoMemory) });
        }
        self.not_standing_still()?;
        // It works, and it has said all it had to say.
        Ok(match self.link.arrival(Duration::ZERO)? {
            Some(answer) if proves(&answer) => happened(0),
            Some(_) | None => Verdict::CannotTell(Puzzle::NoMemory),
        })
    }

    fn verdict_by_counter(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        self.not_standing_still()?;
        let (before, now) = (since.last_document, self.read_counter()?);
        Ok(if now < before {
            Verdict::CannotTell(Puzzle::CounterWentBack { expected: before, found: now })
        } else if now == before + self.cuts(document) {
            happened(now)
        } else {
            // Unmoved proves nothing: a part may be on paper, and the counter may lag behind after a power cut.
            Verdict::CannotTell(Puzzle::NoMemory)
        })
    }

    fn not_standing_still(&mut self) -> Result<(), Fault> {
        match self.look()?.and_then(|condition| condition.hindrance()) {
            None => Ok(()),
            Some(reason) => {
                self.in_vain = 0;
                let why = format!("{reason:?}: the document is printed when that is put right");
                Err(Fault::new("verdict", FaultKind::Answered(why)))
            }
        }
    }
}

fn happened(number: u64) -> Verdict {
    Verdict::Happened(proof(number), Paper::Delivered)
}
