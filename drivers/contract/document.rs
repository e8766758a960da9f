//! What a device is asked to do.

use serde::{Deserialize, Serialize};

use super::marker::Marker;
use super::money::Money;
use super::outcome::Proof;
use super::receipt::{Cashier, Payments, Receipt};
use super::tax::{TaxSystem, VatRate};

/// One attempt of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// By which the attempt is recognised in the device's memory.
    pub marker: Marker,
    /// What to do.
    pub body: Body,
    /// For a return: the sale that it undoes, when the journal knows it.
    pub original: Option<Proof>,
}

/// The operations; matched without `_`, so that a new one is met everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Sale.
    Sale(Receipt),
    /// Return of a sale; sums are positive.
    Return(Receipt),
    /// Correction of what was not registered in time.
    Correction(Correction),
    /// Opening of the shift.
    OpenShift(Option<Cashier>),
    /// Closing of the shift with a Z report.
    CloseShift(Option<Cashier>),
    /// X report.
    XReport,
    /// Cash put into the drawer.
    CashIn(Money),
    /// Cash taken from the drawer.
    CashOut(Money),
    /// A text without fiscal meaning.
    Slip(String),
}

impl Body {
    /// The receipt of a sale or return.
    pub fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Sale(receipt) | Self::Return(receipt) => Some(receipt),
            Self::Correction(_)
            | Self::OpenShift(_)
            | Self::CloseShift(_)
            | Self::XReport
            | Self::CashIn(_)
            | Self::CashOut(_)
            | Self::Slip(_) => None,
        }
    }

    /// Kind of document that the fiscal storage will hold, and with which sum; `None` when it leaves no document there.
    pub fn trace(&self) -> Option<Trace> {
        match self {
            Self::Sale(r) => Some(Trace::Receipt { operation: Operation::Sale, total: r.total_due() }),
            Self::Return(r) => Some(Trace::Receipt { operation: Operation::Return, total: r.total_due() }),
            Self::Correction(c) => Some(Trace::Correction { total: c.total }),
            Self::OpenShift(_) => Some(Trace::ShiftOpened),
            Self::CloseShift(_) => Some(Trace::ShiftClosed),
            Self::XReport | Self::CashIn(_) | Self::CashOut(_) | Self::Slip(_) => None,
        }
    }
}

/// Direction of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Sale.
    Sale,
    /// Return of a sale.
    Return,
}

/// What a document leaves in the fiscal storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    /// A receipt of a sale or of its return.
    Receipt {
        /// Direction.
        operation: Operation,
        /// Total after rounding.
        total: Money,
    },
    /// A correction.
    Correction {
        /// Total.
        total: Money,
    },
    /// Report of the opening of a shift.
    ShiftOpened,
    /// Report of the closing of a shift.
    ShiftClosed,
    /// A document of no kind of ours: registration, settlement, a purchase.
    Other,
}

/// A correction receipt (FFD 1.05 and later).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Sale or return.
    pub operation: Operation,
    /// True when a tax authority ordered it.
    pub by_order: bool,
    /// Total.
    pub total: Money,
    /// Total by kind of payment; adds up to `total`.
    pub payments: Payments,
    /// Tax of the whole.
    pub vat: VatRate,
    /// Tax system.
    pub tax_system: TaxSystem,
    /// Basis: description, date `YYYY-MM-DD`, number of the order.
    pub basis: CorrectionBasis,
}

/// Why a correction is made: FFD tag 1174.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionBasis {
    /// Date of the corrected settlement, `YYYY-MM-DD` (tag 1178).
    pub date: String,
    /// Number of the order, or empty (tag 1179).
    pub number: String,
}

impl Receipt {
    /// What the register registers: the total less the cash rounding.
    pub fn total_due(&self) -> Money {
        Money::from_minor(self.total().minor() - self.rounding().minor())
    }
}
