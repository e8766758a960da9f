//! One document: one transmission, and the evidence that it was printed.
//!
//! Everything that can fail is tried before the point of no return: the document is turned into bytes, the printer is
//! asked how it is, and the question that will end the document is asked once in advance, so that a printer which cannot
//! answer it is found out before paper is spent. Then the witness is told, and the bytes leave, all of them, once.

use std::time::Duration;

use super::answer::Answer;
use super::codes::queued_paper_end;
use super::emit::{Job, emit};
use super::link::Awaited;
use super::look::{STRAGGLERS, TURN_WITHIN, queued};
use super::profile::{Confirm, Question};
use super::{EscPos, command};
use crate::contract::{Document, Fault, FaultKind, Marker, Outcome, Paper, Proof, Reason, Refusal, Witness};
use crate::layout::{Layout, compose};

/// The answer after the last byte: at least this, and more for each line.
const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// Time of a line on a slow printer (10 s for 100 lines).
const CONFIRM_A_LINE: Duration = Duration::from_millis(100);
const LAST_ANSWER: &str = "answer after the last byte";

/// What is known before the document.
struct Before {
    counter: u64,
}

impl EscPos {
    pub(super) fn print(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        let copy = !self.is_first_print(document.marker);
        let outcome = self.attempt(document, copy, witness);
        let left_nothing = matches!(outcome, Outcome::Untouched(_) | Outcome::Refused(_));
        self.left_nothing = (left_nothing && !copy).then_some(document.marker);
        self.in_vain = 0;
        if matches!(outcome, Outcome::Done(_, Paper::Delivered | Paper::Sent)) {
            self.last = Some(document.clone());
        }
        outcome
    }

    /// The last document of this process once more, marked as a copy.
    pub(super) fn print_copy(&mut self) -> Result<(), Fault> {
        const DURING: &str = "copy of a receipt";
        let refused = |why: String| Fault::new(DURING, FaultKind::Answered(why));
        let Some(document) = self.last.clone() else {
            return Err(refused("nothing was printed since the service started".into()));
        };
        let Some(layout) = compose(&document, &self.settings.shop, true) else {
            return Err(refused("this kind of document has no paper".into()));
        };
        match self.transmit(&layout, document.marker, &mut Nobody) {
            Outcome::Done(..) => Ok(()),
            Outcome::Refused(refusal) => Err(refused(format!("{:?}", refusal.reason))),
            Outcome::Untouched(fault) | Outcome::Doubtful(fault) => Err(fault),
        }
    }

    /// The first attempt, or one that follows attempts of which this very process knows that no byte left.
    fn is_first_print(&self, marker: Marker) -> bool {
        marker.attempt() <= 1
            || self.left_nothing.is_some_and(|last| {
                last.epoch() == marker.epoch()
                    && last.document() == marker.document()
                    && last.attempt() + 1 == marker.attempt()
            })
    }

    /// Slips of a document.
    pub(super) fn cuts(&self, document: &Document) -> u64 {
        1 + document.body.receipt().map_or(0, |_| u64::from(self.settings.copies))
    }

    fn attempt(&mut self, document: &Document, copy: bool, witness: &mut dyn Witness) -> Outcome {
        if document.body.receipt().is_some_and(|receipt| !receipt.print()) {
            return match witness.closing() {
                Ok(()) => Outcome::Done(proof(0), Paper::Suppressed),
                Err(fault) => Outcome::Untouched(fault),
            };
        }
        let Some(mut layout) = compose(document, &self.settings.shop, copy) else {
            return Outcome::Refused(Refusal::of(Reason::Unsupported));
        };
        let further = (1..self.cuts(document)).filter_map(|_| compose(document, &self.settings.shop, true));
        layout.blocks.extend(further.flat_map(|slip| slip.blocks));
        self.transmit(&layout, document.marker, witness)
    }

    fn transmit(&mut self, layout: &Layout, marker: Marker, witness: &mut dyn Witness) -> Outcome {
        let mut job = match emit(layout, &self.settings.profile) {
            Ok(job) => job,
            Err(error) => return Outcome::Refused(Refusal::of(Reason::Other(error.to_string()))),
        };
        let before = match self.ready(marker) {
            Ok(Ok(before)) => before,
            Ok(Err(reason)) => return Outcome::Refused(Refusal::of(reason)),
            Err(fault) => return Outcome::Untouched(fault),
        };
        if let Err(fault) = witness.closing() {
            return Outcome::Untouched(fault);
        }
        self.end_with_question(&mut job.bytes, marker);
        let outcome = match self.link.write("document", &job.bytes) {
            Ok(()) => self.evidence(&before, &job),
            Err(fault) => Outcome::Doubtful(fault),
        };
        if let Outcome::Done(..) = outcome {
            self.link.await_nothing();
            // A printer takes one client at a time; nothing of ours is under way any more.
            self.link.close();
        }
        outcome
    }

    /// Looks at the printer and asks the question that will end the document.
    fn ready(&mut self, marker: Marker) -> Result<Result<Before, Reason>, Fault> {
        self.link.await_nothing();
        if let Some(reason) = self.look()?.and_then(|condition| condition.hindrance()) {
            return Ok(Err(reason));
        }
        self.ask_in_advance(marker).map(Ok)
    }

    fn ask_in_advance(&mut self, marker: Marker) -> Result<Before, Fault> {
        let profile = &self.settings.profile;
        let counter = match (profile.confirm, profile.question) {
            (Confirm::Write, _) => 0,
            (Confirm::Counter, _) => self.read_counter()?,
            (Confirm::Answer, Question::ProcessId) => {
                let nonce = nonce(b'P', marker);
                self.link.ask("GS ( H process id", &command::process_id(nonce), TURN_WITHIN, |answer| {
                    (*answer == Answer::ProcessId(nonce)).then_some(())
                })?;
                0
            }
            (Confirm::Answer, Question::PaperStatus) => {
                self.link.ask("GS r paper status", &command::PAPER_STATUS, TURN_WITHIN, queued)?;
                self.link.settle("GS r paper status", STRAGGLERS)?;
                0
            }
        };
        Ok(Before { counter })
    }

    fn end_with_question(&mut self, job: &mut Vec<u8>, marker: Marker) {
        let profile = &self.settings.profile;
        match (profile.confirm, profile.question) {
            (Confirm::Write, _) => {}
            (Confirm::Counter, _) => job.extend(command::counter(profile.counter.unwrap_or_default())),
            (Confirm::Answer, Question::ProcessId) => {
                let nonce = nonce(b'K', marker);
                job.extend(command::process_id(nonce));
                self.link.await_answer(Awaited::ProcessId(nonce));
            }
            (Confirm::Answer, Question::PaperStatus) => {
                job.extend(command::PAPER_STATUS);
                self.link.await_answer(Awaited::PaperStatus);
            }
        }
    }

    fn evidence(&mut self, before: &Before, job: &Job) -> Outcome {
        let doubt = |kind| Outcome::Doubtful(Fault::new(LAST_ANSWER, kind));
        let within = CONFIRM_WITHIN + CONFIRM_A_LINE * job.lines + self.link.time_of(job.bytes.len());
        match self.settings.profile.confirm {
            Confirm::Write => {
                self.link.let_them_leave(job.bytes.len());
                Outcome::Done(proof(0), Paper::Sent)
            }
            Confirm::Counter => match self.link.text_within(LAST_ANSWER, within) {
                Ok(Some(text)) => match text.parse() {
                    Ok(now) if Some(now) == before.counter.checked_add(job.cuts.into()) => {
                        Outcome::Done(proof(now), Paper::Delivered)
                    }
                    Ok(now) => doubt(FaultKind::Answered(format!("cuts {} before, {now} after", before.counter))),
                    Err(_) => doubt(FaultKind::Garbled),
                },
                Ok(None) => doubt(FaultKind::Silent),
                Err(fault) => Outcome::Doubtful(fault),
            },
            Confirm::Answer => match self.link.arrival(within) {
                Ok(Some(answer)) if proves(&answer) && !self.contradicts(&answer) => {
                    Outcome::Done(proof(0), Paper::Delivered)
                }
                Ok(Some(_)) => doubt(FaultKind::Answered("paper is out".into())),
                Ok(None) => doubt(FaultKind::Silent),
                Err(fault) => Outcome::Doubtful(fault),
            },
        }
    }

    /// An answer without a name is one byte, and noise could be that byte: a printer that stands still contradicts it.
    fn contradicts(&mut self, answer: &Answer) -> bool {
        matches!(answer, Answer::Queued(_)) && matches!(self.look(), Ok(Some(now)) if now.hindrance().is_some())
    }
}

/// Nobody has to know before a copy.
struct Nobody;

impl Witness for Nobody {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// A printer without fiscal memory has no numbers of its own but its counter.
pub(super) fn proof(number: u64) -> Proof {
    Proof { document_number: number, sign: String::new(), storage: String::new(), total: None, device_time: None }
}

/// Whether the answer after the last byte says that the document is on paper.
pub(super) fn proves(answer: &Answer) -> bool {
    match answer {
        Answer::ProcessId(_) => true,
        Answer::Queued(byte) => !queued_paper_end(*byte),
        Answer::RealTime(_) | Answer::Automatic(_) | Answer::Text(_) => false,
    }
}

/// Four printable characters that name one attempt; `kind` tells the question in advance (P) from the last one (K).
pub(super) fn nonce(kind: u8, marker: Marker) -> [u8; 4] {
    const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-";
    // FNV-1a, 64 bits.
    let hash = marker
        .to_string()
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let letter = |place: u32| ALPHABET[(hash >> (place * 6 + 20)) as usize & 63];
    [kind, letter(0), letter(1), letter(2)]
}
