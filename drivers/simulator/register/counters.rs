//! What a register counts: by operation and by kind of payment, for the shift and for ever.

use serde::{Deserialize, Serialize};

use super::books::{BookedDocument, Kind, Operation};
use crate::contract::Money;

/// Counters of the shift; zero after its closing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftCounters {
    /// Receipts, by operation in the order of [`Operation::ALL`].
    pub receipts: [u32; 4],
    /// Cash registered, by operation.
    pub cash: [Money; 4],
    /// Cashless sums of kinds 2, 3, 4, by operation.
    pub cashless: [[Money; 4]; 3],
    /// Everything registered, by operation.
    pub turnover: [Money; 4],
    /// Number of cash-ins.
    pub cash_in_count: u32,
    /// Sum of cash-ins.
    pub cash_in: Money,
    /// Number of cash-outs.
    pub cash_out_count: u32,
    /// Sum of cash-outs.
    pub cash_out: Money,
    /// Sums of cancelled receipts, by operation.
    pub cancelled: [Money; 4],
    /// Number of cancelled receipts.
    pub cancelled_count: u32,
}

/// All counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Of the open shift.
    pub shift: ShiftCounters,
    /// Number of the last receipt, by operation.
    pub receipt_numbers: [u32; 4],
    /// Number of the last document of any kind.
    pub running_number: u32,
    /// Number of the last cash-in.
    pub cash_in_number: u32,
    /// Number of the last cash-out.
    pub cash_out_number: u32,
    /// Number of the last report without closing.
    pub x_number: u32,
    /// Cash in the drawer.
    pub drawer: Money,
}

/// Place of an operation in the arrays.
pub(crate) fn place(operation: Operation) -> usize {
    usize::from(operation.code() - 1)
}

impl Counters {
    /// Counts a document that stands in the books.
    pub(crate) fn count(&mut self, document: &BookedDocument, zero_cash_at_close: bool) {
        self.running_number = document.running_number;
        match document.kind {
            Kind::Registration | Kind::Settlement => {}
            Kind::ShiftOpened => self.shift = ShiftCounters::default(),
            Kind::ShiftClosed => {
                self.shift = ShiftCounters::default();
                if zero_cash_at_close {
                    self.drawer = Money::ZERO;
                }
            }
            Kind::XReport => self.x_number += 1,
            Kind::CashIn => {
                self.cash_in_number += 1;
                self.shift.cash_in_count += 1;
                add(&mut self.shift.cash_in, document.total);
                add(&mut self.drawer, document.total);
            }
            Kind::CashOut => {
                self.cash_out_number += 1;
                self.shift.cash_out_count += 1;
                add(&mut self.shift.cash_out, document.total);
                add(&mut self.drawer, negative(document.total));
            }
            Kind::Receipt | Kind::Correction => self.count_receipt(document),
        }
    }

    fn count_receipt(&mut self, document: &BookedDocument) {
        let Some(operation) = document.operation else { return };
        let place = place(operation);
        self.receipt_numbers[place] += 1;
        self.shift.receipts[place] += 1;
        add(&mut self.shift.turnover[place], document.total);
        let cash = document.payments.cash;
        add(&mut self.shift.cash[place], cash);
        add(&mut self.drawer, if operation.pays_out() { negative(cash) } else { cash });
        for (kind, sum) in self.shift.cashless.iter_mut().zip(&document.payments.electronic) {
            add(&mut kind[place], *sum);
        }
    }
}

fn add(to: &mut Money, what: Money) {
    *to = Money::from_minor(to.minor() + what.minor());
}

fn negative(sum: Money) -> Money {
    Money::from_minor(-sum.minor())
}
