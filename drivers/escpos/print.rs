//! One document: one transmission, and the evidence that it was printed.
//!
//! Everything that can fail is tried before the point of no return: the document is turned into bytes, the printer is
//! asked how it is, and the question that will end the document is asked once in advance, so that a printer which cannot
//! answer it is found out before paper is spent. Then the witness is told, and the bytes leave, all of them, once.
//!
//! After a doubt nothing is sent again. The answer to the question behind the last byte may still come (paper was out,
//! the cover was open), and is waited for as long as the printer says that it stands still.

use std::time::Duration;

use super::answer::Answer;
use super::codes::{Condition, is_offline, queued_paper_end};
use super::link::Awaited;
use super::profile::{Confirm, Question};
use super::{EscPos, command, emit};
use crate::contract::{
    Document, Fault, FaultKind, Mark, Marker, Outcome, Paper, Proof, Puzzle, Reason, Refusal, Verdict, Witness,
};
use crate::layout::compose;

/// An answer in real time.
const STATUS_WITHIN: Duration = Duration::from_secs(1);
/// An answer in its turn of a printer that has nothing else to do.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// After the first answer to GS r 1: time in which answers to older questions would come.
const STRAGGLERS: Duration = Duration::from_millis(300);
/// The answer after the last byte: at least this, and more for each line.
const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// Time of a line on a slow printer (10 s for 100 lines).
const CONFIRM_A_LINE: Duration = Duration::from_millis(100);
/// The answer after the last byte, when asked later whether it has come.
const LATE_WITHIN: Duration = Duration::from_secs(5);
/// Verdicts without an answer after which a person is asked: evidence can come from nowhere else.
const VERDICTS_IN_VAIN: u8 = 5;

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
        outcome
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

    fn attempt(&mut self, document: &Document, copy: bool, witness: &mut dyn Witness) -> Outcome {
        if document.body.receipt().is_some_and(|receipt| !receipt.print()) {
            return match witness.closing() {
                Ok(()) => Outcome::Done(proof(0), Paper::Suppressed),
                Err(fault) => Outcome::Untouched(fault),
            };
        }
        let Some(layout) = compose(document, &self.settings.shop, copy) else {
            return Outcome::Refused(Refusal::of(Reason::Unsupported));
        };
        let mut job = match emit::emit(&layout, &self.settings.profile) {
            Ok(job) => job,
            Err(error) => return Outcome::Refused(Refusal::of(Reason::Other(error.to_string()))),
        };
        let before = match self.ready(document.marker) {
            Ok(Ok(before)) => before,
            Ok(Err(reason)) => return Outcome::Refused(Refusal::of(reason)),
            Err(fault) => return Outcome::Untouched(fault),
        };
        if let Err(fault) = witness.closing() {
            return Outcome::Untouched(fault);
        }
        let within = self.confirm_within(&job);
        self.end_with_question(&mut job, document.marker);
        let outcome = match self.link.write("document", &job) {
            Ok(()) => self.evidence(&before, job.len(), within),
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
        Ok(Ok(Before { counter }))
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

    fn evidence(&mut self, before: &Before, bytes: usize, within: Duration) -> Outcome {
        const DURING: &str = "answer after the last byte";
        let doubt = |kind| Outcome::Doubtful(Fault::new(DURING, kind));
        match self.settings.profile.confirm {
            Confirm::Write => {
                self.link.let_them_leave(bytes);
                Outcome::Done(proof(0), Paper::Sent)
            }
            Confirm::Counter => match self.link.text_within(DURING, within) {
                Ok(Some(text)) => match text.parse() {
                    Ok(now) if Some(now) == before.counter.checked_add(1) => {
                        Outcome::Done(proof(now), Paper::Delivered)
                    }
                    Ok(now) => doubt(FaultKind::Answered(format!("cuts {} before, {now} after", before.counter))),
                    Err(_) => doubt(FaultKind::Garbled),
                },
                Ok(None) => doubt(FaultKind::Silent),
                Err(fault) => Outcome::Doubtful(fault),
            },
            Confirm::Answer => match self.link.arrival(within) {
                Ok(Some(answer)) if proves(&answer) => Outcome::Done(proof(0), Paper::Delivered),
                Ok(Some(_)) => doubt(FaultKind::Answered("paper is out".into())),
                Ok(None) => doubt(FaultKind::Silent),
                Err(fault) => Outcome::Doubtful(fault),
            },
        }
    }

    fn confirm_within(&self, job: &[u8]) -> Duration {
        let lines = job.iter().filter(|&&b| b == command::LINE_FEED).count() as u32;
        CONFIRM_WITHIN + CONFIRM_A_LINE * lines + self.link.time_of(job.len())
    }

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

    fn ask_status(&mut self, n: u8) -> Result<u8, Fault> {
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

    /// What became of an attempt: by an answer that came late, or by the counter; else a person must say.
    pub(super) fn read_verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        let told = match (self.settings.profile.confirm, self.settings.profile.question) {
            (Confirm::Write, _) => return Ok(Verdict::CannotTell(Puzzle::NoMemory)),
            (Confirm::Counter, _) => self.verdict_by_counter(since),
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

    fn verdict_by_counter(&mut self, since: &Mark) -> Result<Verdict, Fault> {
        self.not_standing_still()?;
        let (before, now) = (since.last_document, self.read_counter()?);
        Ok(if now < before {
            Verdict::CannotTell(Puzzle::CounterWentBack { expected: before, found: now })
        } else if now == before + 1 {
            happened(now)
        } else {
            // Unmoved proves nothing: a part may be on paper, and the counter may lag behind after a power cut.
            Verdict::CannotTell(Puzzle::NoMemory)
        })
    }

    /// A printer that stands still may hold the document in its buffer, and prints it when a person has helped.
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

/// A printer without fiscal memory has no numbers of its own but its counter.
fn proof(number: u64) -> Proof {
    Proof { document_number: number, sign: String::new(), storage: String::new(), total: None, device_time: None }
}

/// Whether the answer after the last byte says that the document is on paper.
fn proves(answer: &Answer) -> bool {
    match answer {
        Answer::ProcessId(_) => true,
        Answer::Queued(byte) => !queued_paper_end(*byte),
        Answer::RealTime(_) | Answer::Automatic(_) | Answer::Text(_) => false,
    }
}

fn queued(answer: &Answer) -> Option<()> {
    matches!(answer, Answer::Queued(_)).then_some(())
}

fn text(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Text(text) => Some(text.clone()),
        Answer::RealTime(_) | Answer::Automatic(_) | Answer::ProcessId(_) | Answer::Queued(_) => None,
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
