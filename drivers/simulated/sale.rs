//! A sale or a return, step by step; until the close nothing is registered, and whatever was opened is cancelled.

use super::facts::tag;
use super::reasons::refusal;
use super::steps::Trouble;
use super::{OPERATOR, Simulated, answered};
use crate::contract::pieces::pieces;
use crate::contract::{
    Cashier, Fault, Line, Marker, Money, Outcome, Reason, Receipt, Refusal, Settlement, Subject, Witness,
};
use crate::simulator::books::Operation;
use crate::simulator::register::Register;
use crate::simulator::register::receipt::{Closing, LineDraft, PAYMENT_KINDS};
use crate::simulator::register::settings::PrintMode;

/// Longest cashier's name and customer's contact (FFD 1021, 1008), letters.
const NAME: usize = 64;

/// Why a receipt came to nothing before its close.
enum Stop {
    Trouble(&'static str, Trouble),
    Refused(Refusal),
    Witness(Fault),
}

/// Tags that say who works.
pub(super) fn people(cashier: Option<&Cashier>) -> Vec<(u16, String)> {
    let mut tags = Vec::new();
    if let Some(cashier) = cashier {
        tags.push((1021, cashier.title.chars().take(NAME).collect()));
        tags.extend(cashier.inn.clone().map(|inn| (1203, inn)));
    }
    tags
}

/// The tag that says whose document it is.
pub(super) fn ours(marker: Marker) -> (u16, String) {
    (1192, marker.to_string())
}

impl Simulated {
    pub(super) fn sell(
        &mut self,
        marker: Marker,
        operation: Operation,
        receipt: &Receipt,
        witness: &mut dyn Witness,
    ) -> Outcome {
        let drafts = match self.prepare(receipt) {
            Ok(drafts) => drafts,
            Err(stop) => return self.ended(stop),
        };
        if let Err(stop) = self.fill(marker, operation, receipt, drafts, witness) {
            return self.call_off(stop);
        }
        let closing = closing(receipt);
        match self.steps.step(0xFF45, |register| register.close_receipt(&closing)) {
            Ok(closed) => self.done(closed.booked),
            Err(Trouble::Failed(kind)) => Outcome::Doubtful(Fault::new("close", kind)),
            Err(refused @ (Trouble::Denied(_) | Trouble::Answered(_))) => {
                self.call_off(Stop::Trouble("close", refused))
            }
        }
    }

    /// Before anything is opened.
    fn prepare(&mut self, receipt: &Receipt) -> Result<Vec<Vec<LineDraft>>, Stop> {
        let open = self.steps.step(0x10, |register| Ok(register.state().receipt.is_some()));
        if open.map_err(|trouble| Stop::Trouble("status", trouble))? {
            return Err(Stop::Refused(Refusal::of(Reason::ForeignReceiptOpen)));
        }
        self.drafts(receipt).map_err(|reason| Stop::Refused(Refusal::of(reason)))
    }

    /// Everything up to the close, and the witness's word.
    fn fill(
        &mut self,
        marker: Marker,
        operation: Operation,
        receipt: &Receipt,
        drafts: Vec<Vec<LineDraft>>,
        witness: &mut dyn Witness,
    ) -> Result<(), Stop> {
        let at = |name: &'static str| move |trouble: Trouble| Stop::Trouble(name, trouble);
        if !receipt.print() {
            let skip = |register: &mut Register| register.alter(|state| state.settings.print = PrintMode::SkipOne);
            self.steps.step(0x1E, skip).map_err(at("print mode"))?;
        }
        self.steps.step(0x8D, |register| register.open_receipt(operation, OPERATOR)).map_err(at("open"))?;
        let mut tags = people(receipt.cashier());
        tags.push(ours(marker));
        tags.extend(receipt.contact().map(|contact| (1008, contact.to_owned())));
        for (number, text) in tags {
            self.steps.step(0xFF0C, |register| register.add_tag(tag(number, &text))).map_err(at("tag"))?;
        }
        for (line, drafts) in receipt.lines().iter().zip(drafts) {
            for draft in drafts {
                self.steps
                    .step(0xFF46, |register| register.add_line(operation, draft, OPERATOR))
                    .map_err(at("line"))?;
            }
            // Discount and barcode in print: the line itself holds what is paid.
            let discount = (!line.discount().is_zero()).then(|| format!("Скидка {}", line.discount()));
            for text in discount.into_iter().chain(line.barcode().map(str::to_owned)) {
                self.steps.step(0x17, |register| register.add_text(text)).map_err(at("text"))?;
            }
        }
        if let Some(text) = receipt.custom_text() {
            self.steps.step(0x17, |register| register.add_text(text.to_owned())).map_err(at("text"))?;
        }
        let device = self.steps.step(0x89, |register| register.subtotal()).map_err(at("subtotal"))?;
        if device != receipt.total() {
            let ours = receipt.total();
            return Err(Stop::Refused(Refusal::of(Reason::TotalsDiffer { ours, device })));
        }
        witness.closing().map_err(Stop::Witness)
    }

    /// The pieces of each line.
    fn drafts(&self, receipt: &Receipt) -> Result<Vec<Vec<LineDraft>>, Reason> {
        let taxes = &self.steps.register().state().settings.taxes;
        let mut drafts = Vec::new();
        for line in receipt.lines() {
            let row = taxes.iter().position(|row| row.rate == line.vat()).ok_or(Reason::VatUnsupported(line.vat()))?;
            let pieces = pieces(line.quantity(), line.total()).into_iter().map(|piece| LineDraft {
                title: line.title().to_owned(),
                quantity: piece.quantity,
                price: piece.price,
                sum: Some(piece.total),
                vat_group: row as u8 + 1,
                vat_tax: None,
                department: 1,
                method: method(line),
                subject: subject(line),
            });
            drafts.push(pieces.collect());
        }
        Ok(drafts)
    }

    /// Cancels what may be open. Only then is the end certain.
    fn call_off(&mut self, stop: Stop) -> Outcome {
        let left = |register: &mut Register| {
            let state = register.state();
            Ok((state.receipt.is_some(), state.settings.print == PrintMode::SkipOne))
        };
        let called_off = self.steps.step(0x10, left).and_then(|(open, electronic)| {
            if open {
                self.steps.step(0x88, Register::cancel_receipt)?;
            }
            if electronic {
                let print = |register: &mut Register| register.alter(|state| state.settings.print = PrintMode::All);
                self.steps.step(0x1E, print)?;
            }
            Ok(())
        });
        if let Err(trouble) = called_off {
            return Outcome::Doubtful(trouble.fault("cancel"));
        }
        self.ended(stop)
    }

    /// The outcome when nothing is open.
    fn ended(&self, stop: Stop) -> Outcome {
        match stop {
            Stop::Refused(refusal) => Outcome::Refused(refusal),
            Stop::Witness(fault) => Outcome::Untouched(fault),
            Stop::Trouble(_, Trouble::Denied(denied)) => Outcome::Refused(refusal(&denied, self.steps.register())),
            Stop::Trouble(_, Trouble::Answered(code)) => Outcome::Refused(answered(code)),
            Stop::Trouble(name, failed @ Trouble::Failed(_)) => Outcome::Untouched(failed.fault(name)),
        }
    }
}

fn closing(receipt: &Receipt) -> Closing {
    let mut paid = [Money::ZERO; PAYMENT_KINDS];
    let payments = receipt.payments();
    (paid[0], paid[1], paid[13]) = (payments.cash, payments.card, payments.prepaid);
    let (taxes, text) = (Vec::new(), String::new());
    Closing { paid, rounding: receipt.rounding(), taxes, tax_system: receipt.tax_system().mask(), text }
}

/// FFD tag 1214.
fn method(line: &Line) -> u8 {
    match line.settlement() {
        Settlement::FullPrepayment => 1,
        Settlement::PartPrepayment => 2,
        Settlement::Advance => 3,
        Settlement::Full => 4,
    }
}

/// FFD tag 1212.
fn subject(line: &Line) -> u8 {
    match line.subject() {
        Subject::Commodity => 1,
        Subject::Service => 4,
        Subject::Payment => 10,
    }
}
