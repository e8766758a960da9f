//! When two documents are the same: hashes over their content in canonical form.
//!
//! Neither the order of keys, nor the spelling of a number, nor null against absent makes a difference, and neither does
//! the shop's configuration: what came is hashed, not what was made of it.

use kkm_drivers::contract::{Operation, Payments, Subject};
use sha2::{Digest, Sha256};

use super::people::{Customer, Who};
use super::position::Position;

/// Type, positions, payments, tax, customer, cashier; not the date.
pub(super) fn fiscal(
    kind: Operation,
    positions: &[Position],
    payments: &Payments,
    tax_slug: &str,
    customer: &Customer,
    who: &Who,
) -> [u8; 32] {
    let mut canon = Canon::new("fiscal 1");
    canon.text(kind_word(kind)).number(positions.len() as u64);
    for p in positions {
        canon.text(subject_word(p.line.subject)).text(&p.line.title);
        canon.number(p.line.price.minor()).number(p.line.quantity.millionths()).number(p.discount);
        canon.text(&p.vat_slug).number(u8::from(p.prepayment)).text(p.line.barcode.as_deref().unwrap_or(""));
    }
    canon.payments(payments).text(tax_slug);
    canon.text(&customer.email).text(&customer.phone);
    canon.text(&who.uid).text(&who.name).text(&who.position);
    canon.finish()
}

/// Sales document, type, line sums in any order, payments: equal for a sale and its repeat with a corrected e-mail.
pub(super) fn twin(document_id: i64, kind: Operation, positions: &[Position], payments: &Payments) -> [u8; 32] {
    let mut sums: Vec<i64> = positions.iter().filter(|p| !p.line.quantity.is_zero()).map(|p| p.net.minor()).collect();
    sums.sort_unstable();
    let mut canon = Canon::new("twin 1");
    canon.number(document_id).text(kind_word(kind)).number(sums.len() as u64);
    for sum in sums {
        canon.number(sum);
    }
    canon.payments(payments).finish()
}

fn kind_word(kind: Operation) -> &'static str {
    match kind {
        Operation::Sale => "sale",
        Operation::Return => "return",
    }
}

fn subject_word(subject: Subject) -> &'static str {
    match subject {
        Subject::Commodity => "commodity",
        Subject::Service => "service",
        Subject::Payment => "payment",
    }
}

/// Values one after another, each with its length, so that no two lists of values meet in one text.
struct Canon(Sha256);

impl Canon {
    fn new(purpose: &str) -> Self {
        let mut canon = Self(Sha256::new());
        canon.text(purpose);
        canon
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    fn number(&mut self, number: impl Into<i128>) -> &mut Self {
        let number: i128 = number.into();
        self.text(&number.to_string())
    }

    fn payments(&mut self, payments: &Payments) -> &mut Self {
        self.number(payments.cash.minor()).number(payments.card.minor()).number(payments.prepaid.minor())
    }

    fn finish(&mut self) -> [u8; 32] {
        self.0.finalize_reset().into()
    }
}
