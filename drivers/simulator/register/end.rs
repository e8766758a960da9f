//! From an opened receipt to its end: registered or cancelled.

use super::books::{CorrectionKind, Kind, Note, Operation, PaymentSums, VatSum, sum};
use super::receipt::{Closing, LineDraft, OpenReceipt};
use super::shift::ShiftPhase;
use super::state::{Begun, State};
use super::{Booked, Denied, Register, counters};
use crate::contract::{Money, Quantity};

/// A correction as a host sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionDraft {
    /// Direction.
    pub operation: Operation,
    /// Ordered by the tax authority.
    pub by_order: bool,
    /// Total.
    pub total: Money,
    /// By kind; adds up to the total.
    pub payments: PaymentSums,
    /// Tax by group, group 1 first; none when all are zero.
    pub taxes: Vec<Money>,
    /// Mask of FFD tag 1055, or 0.
    pub tax_system: u8,
}

/// A receipt that was just registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Its numbers.
    pub booked: Booked,
    /// Cash to give back.
    pub change: Money,
}

impl Register {
    /// Opens a receipt; opens a closed shift first where the set-up says so.
    pub fn open_receipt(&mut self, operation: Operation, operator: u8) -> Result<(), Denied> {
        self.no_receipt()?;
        self.check_paper(self.state.settings.print == super::settings::PrintMode::All)?;
        match self.shift_phase() {
            ShiftPhase::Open => {}
            ShiftPhase::Expired => return Err(Denied::ShiftExpired),
            ShiftPhase::Closed if self.state.settings.opens_shift_itself => {
                self.open_shift(operator)?;
            }
            ShiftPhase::Closed => return Err(Denied::ShiftClosed),
        }
        let mut receipt = OpenReceipt::new(operation, operator);
        receipt.skew = std::mem::take(&mut self.state.next_skew);
        self.state.begun = None;
        self.state.receipt = Some(receipt);
        self.keep()
    }

    /// Opens the receipt that a first line opens by itself; refuses a line of another direction.
    fn receive_line(&mut self, operation: Operation, operator: u8) -> Result<(), Denied> {
        match &self.state.receipt {
            None => self.open_receipt(operation, operator),
            Some(open) if open.operation != operation => Err(Denied::WrongMode),
            Some(_) if self.shift_phase() == ShiftPhase::Expired => Err(Denied::ShiftExpired),
            Some(_) => Ok(()),
        }
    }

    /// Adds a line.
    pub fn add_line(&mut self, operation: Operation, draft: LineDraft, operator: u8) -> Result<(), Denied> {
        self.receive_line(operation, operator)?;
        let State { receipt, settings, .. } = &mut self.state;
        receipt.as_mut().ok_or(Denied::WrongMode)?.add(draft, settings)?;
        self.keep()
    }

    /// Takes an earlier line back.
    pub fn take_line_back(&mut self, draft: LineDraft) -> Result<(), Denied> {
        let State { receipt, settings, .. } = &mut self.state;
        receipt.as_mut().ok_or(Denied::WrongMode)?.take_back(draft, settings)?;
        self.keep()
    }

    /// Adds a discount (negative) or charge.
    pub fn adjust(&mut self, sum: Money, vat_group: u8, text: String) -> Result<(), Denied> {
        self.state.receipt.as_mut().ok_or(Denied::WrongMode)?.adjust(sum, vat_group, text)?;
        self.keep()
    }

    /// Adds a text: into the open receipt, or straight to paper.
    pub fn add_text(&mut self, text: String) -> Result<(), Denied> {
        let Some(receipt) = &mut self.state.receipt else { return self.print_text(&text) };
        let after_line = receipt.lines.len();
        receipt.notes.push(Note { after_line, text });
        self.keep()
    }

    /// Sum of the open receipt so far.
    pub fn subtotal(&self) -> Result<Money, Denied> {
        self.state.receipt.as_ref().map(OpenReceipt::subtotal).ok_or(Denied::WrongMode)
    }

    /// Cancels the open receipt: nothing of it is registered.
    pub fn cancel_receipt(&mut self) -> Result<(), Denied> {
        let receipt = self.state.receipt.take().ok_or(Denied::WrongMode)?;
        let shift = &mut self.state.counters.shift;
        let place = counters::place(receipt.operation);
        let cancelled = shift.cancelled[place].minor() + receipt.subtotal().minor();
        shift.cancelled[place] = Money::from_minor(cancelled);
        shift.cancelled_count += 1;
        if self.state.printer.check().is_ok() {
            self.print("ЧЕК АННУЛИРОВАН\n".to_owned());
        }
        self.keep()
    }

    /// Registers the open receipt.
    pub fn close_receipt(&mut self, closing: &Closing) -> Result<Closed, Denied> {
        let receipt = self.state.receipt.clone().ok_or(Denied::WrongMode)?;
        if self.shift_phase() == ShiftPhase::Expired {
            return Err(Denied::ShiftExpired);
        }
        let rounded = receipt.subtotal().minor() - closing.rounding.minor();
        if rounded < 0 || closing.rounding.minor() > 99 {
            return Err(Denied::OutOfRange);
        }
        let total = Money::from_minor(rounded);
        if total.is_zero() && self.state.settings.forbid_zero {
            return Err(Denied::ZeroReceipt);
        }
        let (payments, change) = settle(total, &closing.paid)?;
        if receipt.operation.pays_out() && payments.cash > self.state.counters.drawer {
            return Err(Denied::DrawerShort);
        }
        let mut document = self.blank(Kind::Receipt, receipt.operator);
        document.tax_system = self.tax_system(closing.tax_system)?;
        self.check_paper(document.on_paper)?;
        document.vat = receipt.vat(&self.state.settings);
        for (group, given) in (1..).zip(&closing.taxes) {
            if let (Some(entry), Some(given)) = (document.vat.get_mut(&group), given) {
                entry.tax = *given;
            }
        }
        document.receipt_number = self.state.shift.receipts + 1;
        document.operation = Some(receipt.operation);
        document.total = total;
        document.rounding = closing.rounding;
        document.payments = payments;
        document.change = change;
        document.lines = receipt.lines;
        document.adjustments = receipt.adjustments;
        document.notes = receipt.notes;
        if !closing.text.is_empty() {
            document.notes.push(Note { after_line: document.lines.len(), text: closing.text.clone() });
        }
        document.tags = receipt.tags;
        document.foreign = receipt.foreign;
        Ok(Closed { booked: self.book(document)?, change })
    }

    /// Registers a correction.
    pub fn correct(&mut self, draft: CorrectionDraft, operator: u8) -> Result<Booked, Denied> {
        self.no_receipt()?;
        match self.shift_phase() {
            ShiftPhase::Open => {}
            ShiftPhase::Expired => return Err(Denied::ShiftExpired),
            ShiftPhase::Closed => return Err(Denied::ShiftClosed),
        }
        if draft.total.is_zero() || draft.total > Money::LIMIT || draft.payments.total() != draft.total {
            return Err(Denied::OutOfRange);
        }
        if draft.operation.pays_out() && draft.payments.cash > self.state.counters.drawer {
            return Err(Denied::DrawerShort);
        }
        let mut document = self.blank(Kind::Correction, operator);
        document.tax_system = self.tax_system(draft.tax_system)?;
        self.check_paper(document.on_paper)?;
        for (group, tax) in (1..).zip(&draft.taxes) {
            if let (Some(row), false) = (self.state.settings.tax(group), tax.is_zero()) {
                document.vat.insert(group, VatSum { rate: row.rate, turnover: Money::ZERO, tax: *tax });
            }
        }
        document.receipt_number = self.state.shift.receipts + 1;
        document.operation = Some(draft.operation);
        document.total = draft.total;
        document.payments = draft.payments;
        document.correction = Some(CorrectionKind { by_order: draft.by_order });
        document.tags = self.begun_tags(Begun::Correction);
        self.book(document)
    }

    fn tax_system(&self, asked: u8) -> Result<u8, Denied> {
        let registered = self.state.storage.tax_systems;
        match asked {
            0 => Ok(registered & registered.wrapping_neg()),
            one if one.is_power_of_two() && registered & one != 0 => Ok(one),
            _ => Err(Denied::TaxSystemOutside),
        }
    }

    /// What somebody else keys in by hand: a whole sale for cash.
    pub fn foreign_sale(&mut self, total: Money) -> Result<Booked, Denied> {
        self.foreign_receipt(total)?;
        let mut paid = [Money::ZERO; super::receipt::PAYMENT_KINDS];
        paid[0] = total;
        let (taxes, text) = (Vec::new(), String::new());
        let closing = Closing { paid, rounding: Money::ZERO, taxes, tax_system: 0, text };
        self.close_receipt(&closing).map(|closed| closed.booked)
    }

    /// What somebody else leaves open: a sale with one line.
    pub fn foreign_receipt(&mut self, total: Money) -> Result<(), Denied> {
        self.open_receipt(Operation::Sale, 1)?;
        let draft = LineDraft {
            title: "ТОВАР".to_owned(),
            quantity: Quantity::ONE,
            price: total,
            sum: None,
            vat_group: 4,
            vat_tax: None,
            department: 1,
            method: 4,
            subject: 1,
        };
        self.add_line(Operation::Sale, draft, 1)?;
        self.alter(|state| {
            if let Some(receipt) = &mut state.receipt {
                receipt.foreign = true;
            }
        })
    }
}

/// Kinds of payment against the total: only cash may exceed it.
fn settle(total: Money, paid: &[Money; super::receipt::PAYMENT_KINDS]) -> Result<(PaymentSums, Money), Denied> {
    if paid.iter().any(|sum| *sum > Money::LIMIT) {
        return Err(Denied::OutOfRange);
    }
    let cashless = sum(paid[1..].iter().copied());
    if cashless > total {
        return Err(Denied::CashlessAboveTotal);
    }
    let change = paid[0].minor() + cashless.minor() - total.minor();
    if change < 0 {
        return Err(Denied::Underpaid);
    }
    let mut electronic = paid[1..13].to_vec();
    while electronic.last().is_some_and(|sum| sum.is_zero()) {
        electronic.pop();
    }
    let cash = Money::from_minor(paid[0].minor() - change);
    let payments = PaymentSums { cash, electronic, prepaid: paid[13], credit: paid[14], barter: paid[15] };
    Ok((payments, Money::from_minor(change)))
}
