//! A sale or a return: section 8, from the first look at the register to the paper.
//!
//! Before FF45 every failure is undone: the receipt is cancelled and the storage's counter must be where it was. After
//! the witness was told, only a definite answer counts: a document's number is success, an error that left the counter
//! where it was is a refusal, everything else is doubt.

use std::time::Duration;

use super::Shtrih;
use super::about::About;
use super::codes::{self, Decision, Mode, Submode};
use super::command::Command;
use super::command::print::Drawer;
use super::command::receipt::{CancelReceipt, Closed, OpenReceipt, Subtotal};
use super::command::status::ContinuePrint;
use super::command::storage::{CancelDocument, FindDocument};
use super::link::Failure;
use super::plan::{Closing, Plan, Step, marker_attribute, marker_tag};
use super::state::{no_paper, paper};
use crate::contract::{
    Fault, FaultKind, Marker, Money, Operation, Outcome, Paper, Proof, Reason, Receipt, Refusal, Trace, Witness,
};
use crate::failpoint;

/// How long the paper of a registered document is waited for before it is called unknown.
const PAPER_PATIENCE: Duration = Duration::from_secs(15);
/// Section 9: the command is not supported.
const UNKNOWN_COMMAND: u8 = 0x37;
/// A close that the device put off is sent so often in all.
const CLOSE_TRIES: u32 = 5;

/// The register before an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    storage: String,
    last_document: u32,
}

/// Why an operation did not come to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Before anything was changed.
    AtOnce(Outcome),
    /// The device said no.
    Refused(Refusal),
    /// No answer.
    Fault(Fault),
    /// The model lacks FF46.
    OldModel,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure.refusal() {
            Ok(refusal) => Self::Refused(refusal),
            Err(fault) => Self::Fault(fault),
        }
    }
}

impl Shtrih {
    pub(super) fn sell(
        &mut self,
        marker: Marker,
        receipt: &Receipt,
        operation: Operation,
        witness: &mut dyn Witness,
    ) -> Outcome {
        let about = match self.about() {
            Ok(about) => about,
            Err(fault) => return Outcome::Untouched(fault),
        };
        let base = match self.ready(&[Mode::Open], receipt.print()) {
            Ok(base) => base,
            Err(stop) => return at_once(stop),
        };
        let plan = match Plan::new(receipt, operation, &about, &self.settings) {
            Ok(plan) => plan,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        match self.fill(&plan, marker, receipt.print(), &about) {
            Ok(()) => {}
            Err(Stop::OldModel) => return self.sell_as_old(&base, marker, receipt, operation, about, witness),
            Err(stop) => return self.undo(&base, stop, Some(&about)),
        }
        if let Err(fault) = witness.closing() {
            return self.undo(&base, Stop::Fault(fault), Some(&about));
        }
        if let Err(stop) = self.same_storage(&base) {
            return match stop {
                // What is open there may be another's.
                Stop::AtOnce(outcome) => outcome,
                Stop::Refused(_) | Stop::Fault(_) | Stop::OldModel => self.undo(&base, stop, Some(&about)),
            };
        }
        match self.close(&plan, &base) {
            // The storage counts without gaps: another number is an answer that was hurt on the way.
            Ok(closed) if !base.is_next(closed.document) => {
                Outcome::Doubtful(Fault::new("FF45 close receipt", FaultKind::Garbled))
            }
            Ok(closed) => {
                let shown = if receipt.print() { self.paper_of_last() } else { Paper::Suppressed };
                self.give_drawer(receipt, &about);
                Outcome::Done(proof(&base, closed, receipt), shown)
            }
            Err(Failure::Refused { code, of_storage, .. }) => {
                self.undo(&base, Stop::Refused(codes::refusal(code, of_storage)), Some(&about))
            }
            Err(Failure::Lost(fault)) => Outcome::Doubtful(fault),
        }
    }

    /// The receipt that was begun is cancelled, and begun again with the commands of old models.
    fn sell_as_old(
        &mut self,
        base: &Base,
        marker: Marker,
        receipt: &Receipt,
        operation: Operation,
        about: About,
        witness: &mut dyn Witness,
    ) -> Outcome {
        match self.undo(base, Stop::OldModel, Some(&about)) {
            Outcome::Refused(_) if !about.old => {
                tracing::info!("this model lacks FF46: receipts are made with the commands of old models");
                self.about = Some(About { old: true, ..about });
                self.sell(marker, receipt, operation, witness)
            }
            other => other,
        }
    }

    /// Looks at the register before an operation that needs one of `modes`, and takes the counter.
    pub(super) fn ready(&mut self, modes: &[Mode], with_paper: bool) -> Result<Base, Stop> {
        let untouched = |failure: Failure| Stop::AtOnce(Outcome::Untouched(failure.fault()));
        let refused = |reason| Stop::AtOnce(Outcome::Refused(Refusal::of(reason)));
        let short = self.link.wait_idle_and_continue().map_err(untouched)?;
        let mode = Mode::of(short.mode);
        if !modes.contains(&mode) {
            return Err(Stop::AtOnce(match mode {
                Mode::Receipt(_) => {
                    let kind = FaultKind::Answered(format!("a receipt is open (mode {:02X}h)", short.mode));
                    Outcome::Doubtful(Fault::new("10h short status", kind))
                }
                Mode::Expired => Outcome::Refused(Refusal::of(Reason::ShiftExpired)),
                Mode::Closed => Outcome::Refused(Refusal::of(Reason::ShiftClosed)),
                Mode::Open => Outcome::Refused(Refusal::of(Reason::Other("the shift is open already".to_owned()))),
                Mode::Working => Outcome::Refused(Refusal::of(Reason::Busy)),
                Mode::NeedsPerson => Outcome::Refused(Refusal::of(Reason::NeedsService)),
            }));
        }
        match Submode::of(short.submode) {
            Submode::NoPaper | Submode::PaperEnded if with_paper => return Err(refused(no_paper(short))),
            Submode::Idle | Submode::NoPaper | Submode::PaperEnded => {}
            Submode::AwaitsContinue | Submode::Printing => return Err(refused(Reason::Busy)),
            Submode::Unknown => return Err(refused(Reason::NeedsService)),
        }
        let storage = self.storage().map_err(|fault| Stop::AtOnce(Outcome::Untouched(fault)))?;
        if storage.current != 0 {
            // A document that was begun in the storage and never came; it has no number.
            self.link.run_patiently(&CancelDocument).map_err(untouched)?;
        }
        Ok(Base { storage: storage.number, last_document: storage.last_document })
    }

    /// Everything before the close.
    fn fill(&mut self, plan: &Plan, marker: Marker, print: bool, about: &About) -> Result<(), Stop> {
        match about.no_print {
            Some(place) if print => self.restore_paper(place)?,
            Some(place) => self.skip_paper_once(place)?,
            None if print => {}
            None => return Err(Stop::Refused(Refusal::of(Reason::Unsupported))),
        }
        self.link.run_patiently(&OpenReceipt(plan.operation))?;
        self.send_marker(marker)?;
        for tags in &plan.tags {
            self.send_if_accepted(tags)?;
        }
        for step in &plan.steps {
            match step {
                Step::Item(item) => {
                    match self.link.run_patiently(item) {
                        Err(failure) if failure.is(UNKNOWN_COMMAND) => return Err(Stop::OldModel),
                        other => other?,
                    }
                    failpoint::hit("shtrih.line-sent");
                }
                Step::OldItem(item) => {
                    self.link.run_patiently(item)?;
                    failpoint::hit("shtrih.line-sent");
                }
                Step::Text(text) => self.send_if_accepted(text)?,
            }
        }
        let device = self.link.run_patiently(&Subtotal)?;
        if device != plan.subtotal {
            return Err(Stop::Refused(Refusal::of(Reason::TotalsDiffer { ours: plan.subtotal, device })));
        }
        Ok(())
    }

    /// The last look before the close, whose total was just compared: the receipt goes into the storage that it was begun
    /// for, and nobody registered in between. The close names neither, so a storage that was changed with a stranger's
    /// receipt in it would take ours for the end of that.
    fn same_storage(&mut self, base: &Base) -> Result<(), Stop> {
        let now = self.storage().map_err(Stop::Fault)?;
        if now.number == base.storage && now.last_document == base.last_document {
            return Ok(());
        }
        let kind = FaultKind::Answered(format!("storage {}, document {}", now.number, now.last_document));
        Err(Stop::AtOnce(Outcome::Doubtful(Fault::new("FF01 before the close", kind))))
    }

    /// 28h once for a receipt with cash, where it is wanted and the register does not do so by itself. The receipt is
    /// registered whatever becomes of it.
    fn give_drawer(&mut self, receipt: &Receipt, about: &About) {
        if self.settings.drawer && !about.opens_drawer && !receipt.payments().cash.is_zero() {
            // Once: the outcome waits for nothing that is not paper.
            if let Err(failure) = self.link.run(&Drawer(0)) {
                tracing::warn!(fault = %failure.fault(), "the drawer was not opened");
            }
        }
    }

    /// Our marker in tag 1192, or in 1084 where the firmware does not take that.
    pub(super) fn send_marker(&mut self, marker: Marker) -> Result<(), Failure> {
        match self.link.run_patiently(&marker_tag(marker)) {
            Err(failure) if is_our_form(&failure) => self.link.run_patiently(&marker_attribute(marker)),
            other => other,
        }
    }

    /// What a receipt can do without: the device's objection to its form is logged and does not stop a sale.
    pub(super) fn send_if_accepted<C: Command<Answer = ()>>(&mut self, command: &C) -> Result<(), Failure> {
        match self.link.run_patiently(command) {
            Err(failure) if is_our_form(&failure) => {
                tracing::warn!(refused = ?failure, "left out of the receipt");
                Ok(())
            }
            other => other,
        }
    }

    /// FF45, or 85h and then the storage for the numbers that its answer lacks.
    fn register_close(&mut self, plan: &Plan, base: &Base) -> Result<Closed, Failure> {
        let close = match &plan.close {
            Closing::V2(close) => return self.register(close),
            Closing::Old(close) => close,
        };
        let change = self.register(close)?;
        // What is refused from here on is a question, and no answer to the close.
        let lost = |failure: Failure| Failure::Lost(failure.fault());
        self.link.wait_idle().map_err(lost)?;
        let found = self.link.run_patiently(&FindDocument(base.last_document.saturating_add(1))).map_err(lost)?;
        if found.trace == (Trace::Receipt { operation: plan.operation, total: plan.subtotal }) {
            return Ok(Closed { change, document: found.number, sign: found.sign, time: found.time });
        }
        let kind = FaultKind::Answered(format!("document {} is {:?}", found.number, found.trace));
        Err(Failure::Lost(Fault::new("FF0A find document", kind)))
    }

    /// The close. An answer "wait" is a definite no to this one command; it is sent again while the receipt is open.
    fn close(&mut self, plan: &Plan, base: &Base) -> Result<Closed, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.register_close(plan, base) {
                Ok(closed) => return Ok(closed),
                Err(failure) => failure,
            };
            let Failure::Refused { during, code, of_storage } = failure else { return Err(failure) };
            let decision = codes::entry(code, of_storage).map(|e| &e.decision);
            if !matches!(decision, Some(Decision::Wait | Decision::ContinuePrint)) || tries == CLOSE_TRIES {
                return Err(failure);
            }
            if decision == Some(&Decision::ContinuePrint) {
                drop(self.link.run(&ContinuePrint));
            }
            let doubt = |_| Failure::Lost(Fault::new(during, FaultKind::Answered(format!("{code:02X}h"))));
            let short = self.link.wait_idle().map_err(doubt)?;
            if !matches!(Mode::of(short.mode), Mode::Receipt(_)) {
                return Err(doubt(failure));
            }
        }
    }

    /// Sends a command that registers, past the points at which tests stop the process.
    pub(super) fn register<C: Command>(&mut self, command: &C) -> Result<C::Answer, Failure> {
        failpoint::hit("shtrih.before-registering");
        let result = self.link.run_through(command, "shtrih.registering-sent");
        if !matches!(result, Err(Failure::Lost(_))) {
            failpoint::hit("shtrih.registering-answered");
        }
        result
    }

    /// Where the paper of the document just registered is.
    pub(super) fn paper_of_last(&mut self) -> Paper {
        self.link.wait_idle_within(PAPER_PATIENCE).map_or(Paper::Unknown, |short| paper(short.submode))
    }

    /// After a failure before the end: cancels, looks, and says what the world is.
    pub(super) fn undo(&mut self, base: &Base, stop: Stop, about: Option<&About>) -> Outcome {
        let stop = self.named(stop);
        let back = self.back_out(base, about);
        match (stop, back) {
            (Stop::AtOnce(outcome), _) => outcome,
            (Stop::Refused(refusal), Ok(true)) => Outcome::Refused(refusal),
            (Stop::OldModel, Ok(true)) => Outcome::Refused(Refusal::of(Reason::Unsupported)),
            (Stop::Fault(fault), Ok(true)) => Outcome::Untouched(fault),
            (Stop::Refused(refusal), Ok(false)) => {
                let code = refusal.device_code.unwrap_or_default();
                Outcome::Doubtful(Fault::new("cancel after a refusal", FaultKind::Answered(code)))
            }
            (Stop::OldModel, Ok(false)) => Outcome::Doubtful(Fault::new("cancel", FaultKind::Garbled)),
            (Stop::Fault(fault), Ok(false)) | (_, Err(fault)) => Outcome::Doubtful(fault),
        }
    }

    /// 6Bh says "no paper" for an open cover too; the flags tell them apart.
    fn named(&mut self, stop: Stop) -> Stop {
        match stop {
            Stop::Refused(refusal) if refusal.reason == Reason::PaperOut => match self.link.wait_idle() {
                Ok(short) => Stop::Refused(Refusal { reason: no_paper(short), ..refusal }),
                Err(_) => Stop::Refused(refusal),
            },
            Stop::AtOnce(_) | Stop::Refused(_) | Stop::Fault(_) | Stop::OldModel => stop,
        }
    }

    /// True when nothing is open and the counter is where it was.
    fn back_out(&mut self, base: &Base, about: Option<&About>) -> Result<bool, Fault> {
        self.cancel()?;
        if let Some(place) = about.and_then(|a| a.no_print) {
            self.restore_paper(place).map_err(Failure::fault)?;
        }
        let (storage, _) = self.steady_counters()?;
        Ok(storage.last_document == base.last_document && storage.number == base.storage)
    }

    /// Cancels the open receipt and the document that the storage may be making; registers nothing.
    pub(super) fn cancel(&mut self) -> Result<(), Fault> {
        let short = self.link.wait_idle_and_continue().map_err(Failure::fault)?;
        if let Mode::Receipt(_) = Mode::of(short.mode) {
            self.link.run_patiently(&CancelReceipt).map_err(Failure::fault)?;
        }
        if self.storage()?.current != 0 {
            self.link.run_patiently(&CancelDocument).map_err(Failure::fault)?;
        }
        let short = self.link.wait_idle_and_continue().map_err(Failure::fault)?;
        if let Mode::Receipt(_) = Mode::of(short.mode) {
            return Err(Fault::new("88h cancel receipt", FaultKind::Answered(format!("mode {:02X}h", short.mode))));
        }
        Ok(())
    }
}

/// What a stop before any change amounts to.
pub(super) fn at_once(stop: Stop) -> Outcome {
    match stop {
        Stop::AtOnce(outcome) => outcome,
        Stop::Refused(refusal) => Outcome::Refused(refusal),
        Stop::Fault(fault) => Outcome::Untouched(fault),
        Stop::OldModel => Outcome::Refused(Refusal::of(Reason::Unsupported)),
    }
}

/// True when the device objects to the form of what was sent, not to its own state.
fn is_our_form(failure: &Failure) -> bool {
    let Failure::Refused { code, of_storage, .. } = failure else { return false };
    matches!(
        codes::entry(*code, *of_storage).map(|e| &e.decision),
        Some(Decision::CancelOurs | Decision::Refuse(Reason::Unsupported))
    )
}

fn proof(base: &Base, closed: Closed, receipt: &Receipt) -> Proof {
    if closed.change != receipt.change() {
        tracing::warn!(ours = %receipt.change(), device = %closed.change, "the register gave another change");
    }
    new_proof(base, closed.document, closed.sign, Some(receipt.total_due()), closed.time)
}

/// A proof from the storage's numbers.
pub(super) fn new_proof(base: &Base, document: u32, sign: u32, total: Option<Money>, time: Option<String>) -> Proof {
    Proof {
        document_number: document.into(),
        sign: sign.to_string(),
        storage: base.storage.clone(),
        total,
        device_time: time,
    }
}

impl Base {
    /// True for the number of the first document after this.
    pub(super) fn is_next(&self, document: u32) -> bool {
        self.last_document.checked_add(1) == Some(document)
    }

    /// Number of the last document before.
    pub(super) fn last_document(&self) -> u32 {
        self.last_document
    }
}
