//! The register's own books: what it registered, whatever the host believes.
//!
//! `documents.jsonl` in the books' directory holds one document a line, in order, and only grows. A line is written
//! and synced before the answer leaves the register. A last line without its end was never answered and is cut off.
//! Sums are whole minor units. Tests compare these books with the host's.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::clock::Moment;
use crate::contract::{Money, Quantity, VatRate};

/// Name of the file in the books' directory.
pub const DOCUMENTS: &str = "documents.jsonl";

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Registration of the register with its storage; the first document of every storage.
    Registration,
    /// Opening of a shift.
    ShiftOpened,
    /// Receipt.
    Receipt,
    /// Closing of a shift.
    ShiftClosed,
    /// Correction receipt.
    Correction,
    /// Report on the state of settlements.
    Settlement,
    /// Cash put in; leaves nothing in the fiscal storage.
    CashIn,
    /// Cash taken out; leaves nothing in the fiscal storage.
    CashOut,
    /// Report without closing; leaves nothing in the fiscal storage.
    XReport,
}

impl Kind {
    /// True when the fiscal storage keeps it under a number.
    pub fn is_fiscal(self) -> bool {
        match self {
            Self::Registration
            | Self::ShiftOpened
            | Self::Receipt
            | Self::ShiftClosed
            | Self::Correction
            | Self::Settlement => true,
            Self::CashIn | Self::CashOut | Self::XReport => false,
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
    SaleReturn,
    /// Purchase from a customer.
    Buy,
    /// Return of a purchase.
    BuyReturn,
}

impl Operation {
    /// All, in the order of FFD tag 1054.
    pub const ALL: [Self; 4] = [Self::Sale, Self::SaleReturn, Self::Buy, Self::BuyReturn];

    /// FFD tag 1054: 1 sale, 2 return of sale, 3 purchase, 4 return of purchase.
    pub fn code(self) -> u8 {
        match self {
            Self::Sale => 1,
            Self::SaleReturn => 2,
            Self::Buy => 3,
            Self::BuyReturn => 4,
        }
    }

    /// From FFD tag 1054.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.code() == code)
    }

    /// True when money goes from the drawer to the customer.
    pub fn pays_out(self) -> bool {
        match self {
            Self::SaleReturn | Self::Buy => true,
            Self::Sale | Self::BuyReturn => false,
        }
    }
}

/// Sums by kind of payment, as registered: cash without the change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSums {
    /// Cash, less the change (FFD tag 1031).
    pub cash: Money,
    /// Cashless, by the register's kind of payment 2, 3, ... (together FFD tag 1081).
    pub electronic: Vec<Money>,
    /// Advance used (FFD tag 1215).
    pub prepaid: Money,
    /// Credit (FFD tag 1216).
    pub credit: Money,
    /// Barter (FFD tag 1217).
    pub barter: Money,
}

impl PaymentSums {
    /// All cashless kinds together.
    pub fn electronic_total(&self) -> Money {
        sum(self.electronic.iter().copied())
    }

    /// Everything together.
    pub fn total(&self) -> Money {
        sum([self.cash, self.electronic_total(), self.prepaid, self.credit, self.barter])
    }
}

/// A sum that cannot leave 64 bits: every field is limited by the register.
pub(crate) fn sum(items: impl IntoIterator<Item = Money>) -> Money {
    Money::from_minor(items.into_iter().map(Money::minor).sum())
}

/// Turnover and tax of one tax group of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatSum {
    /// Rate of the group when the document was made.
    pub rate: VatRate,
    /// Sum of the lines, tax included.
    pub turnover: Money,
    /// Tax inside it.
    pub tax: Money,
}

/// A tag of the fiscal data format, as the host sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Number of the tag.
    pub tag: u16,
    /// The value's bytes as hexadecimal digits.
    pub hex: String,
    /// The value read as text in code page 866, where it is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A line of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Name of the goods.
    pub title: String,
    /// Amount in millionths.
    pub quantity: Quantity,
    /// Price of one.
    pub price: Money,
    /// Sum of the line; negative when it takes an earlier line back.
    pub sum: Money,
    /// Tax group, from 1.
    pub vat_group: u8,
    /// Tax inside the sum.
    pub vat_tax: Money,
    /// Department.
    pub department: u8,
    /// Method of settlement, FFD tag 1214; 0 when not said.
    pub method: u8,
    /// Subject of settlement, FFD tag 1212; 0 when not said.
    pub subject: u8,
    /// Tags of the line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A discount (negative) or charge on the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Sum added to the total.
    pub sum: Money,
    /// Tax group whose turnover it changes.
    pub vat_group: u8,
    /// Text on paper.
    pub text: String,
}

/// A text printed inside a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Printed after so many lines.
    pub after_line: usize,
    /// The text.
    pub text: String,
}

/// What a correction says beside its sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionKind {
    /// True when the tax authority ordered it.
    pub by_order: bool,
}

/// One document of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedDocument {
    /// Number of the line in the books, from 1, over all storages.
    pub seq: u64,
    /// What it is.
    pub kind: Kind,
    /// Serial number of the fiscal storage.
    pub storage: String,
    /// Number in the storage (FD), from 1; 0 when the storage keeps none.
    pub number: u32,
    /// Fiscal sign (FP); 0 when there is none.
    pub sign: u32,
    /// The register's own time.
    pub time: Moment,
    /// Number of the shift.
    pub shift: u32,
    /// Number of the receipt in the shift; 0 for other documents.
    pub receipt_number: u32,
    /// Running number over all documents, also of those without a number in the storage.
    pub running_number: u32,
    /// Direction of a receipt or correction.
    pub operation: Option<Operation>,
    /// What was registered: lines and adjustments less the rounding; the sum of a cash-in or cash-out.
    pub total: Money,
    /// Minor units dropped from the total.
    pub rounding: Money,
    /// By kind of payment.
    pub payments: PaymentSums,
    /// Cash given back.
    pub change: Money,
    /// By tax group, from 1.
    pub vat: BTreeMap<u8, VatSum>,
    /// Lines.
    pub lines: Vec<Line>,
    /// Discounts and charges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// Texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Tags of the document.
    pub tags: Vec<Tag>,
    /// Tax system, the mask of FFD tag 1055.
    pub tax_system: u8,
    /// Of a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<CorrectionKind>,
    /// Operator by password.
    pub operator: u8,
    /// Name of that operator.
    pub cashier: String,
    /// True when paper was wanted.
    pub on_paper: bool,
    /// True when the script keyed it by hand, as a stranger would.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

impl BookedDocument {
    /// The text of a document tag; empty when it has none.
    pub fn tag_text(&self, tag: u16) -> &str {
        self.tags.iter().find(|t| t.tag == tag).map_or("", |t| t.text.as_str())
    }
}

/// Reads the books of a directory: empty when there are none yet.
pub fn read(directory: &Path) -> io::Result<Vec<BookedDocument>> {
    let bytes = match std::fs::read(directory.join(DOCUMENTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    bytes[..whole_lines(&bytes)]
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).map_err(io::Error::from))
        .collect()
}

pub(super) fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)
}
