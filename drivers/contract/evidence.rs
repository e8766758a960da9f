//! From the device's facts to a verdict: the one place where "was it registered?" is decided.
//!
//! Drivers of devices with a memory gather [`Facts`]; [`judge`] decides, and it is pure. The device's clock decides
//! nothing, sums alone decide nothing, silence decides nothing.

use serde::{Deserialize, Serialize};

use super::document::{Body, Document, Operation, Trace};
use super::marker::Marker;
use super::money::Money;
use super::outcome::{Paper, Proof};
use super::pieces::pieces;
use crate::spoil::{self, Spoil};

/// Which device and which storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Serial number of the device.
    pub serial: String,
    /// Serial number of its fiscal storage; empty where it has none.
    pub storage: String,
    /// Model as the device names itself.
    pub model: String,
    /// Firmware version, for people.
    pub firmware: String,
}

/// Words by which simulated devices name themselves; no vendor's model carries one.
const SIMULATED: [&str; 2] = ["ИМИТАТОР", "SIMULATOR"];
/// How serial numbers of simulated printers begin, which must give a real model's name.
const SIMULATED_SERIAL: &str = "SIM";

impl Identity {
    /// True when the device itself says that it is simulated.
    pub fn is_simulated(&self) -> bool {
        let model = self.model.to_uppercase();
        SIMULATED.iter().any(|word| model.contains(word)) || self.serial.starts_with(SIMULATED_SERIAL)
    }
}

/// The evidence base: read after preflight, stored durably before the first byte of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Serial number of the device.
    pub serial: String,
    /// Serial number of the fiscal storage.
    pub storage: String,
    /// Number of the shift.
    pub shift: u32,
    /// Number of the last document in the storage.
    pub last_document: u64,
    /// Counters of the cash drawer's operations, which leave no fiscal document.
    pub cash: Option<CashCounters>,
}

/// How often and how much cash was put in and taken out, as the device counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashCounters {
    /// Number of the last cash-in.
    pub in_count: u32,
    /// Cash put in during the shift.
    pub in_sum: Money,
    /// Number of the last cash-out.
    pub out_count: u32,
    /// Cash taken out during the shift.
    pub out_sum: Money,
}

/// A document found in the device's memory after the mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its number in the storage.
    pub number: u64,
    /// What it is.
    pub trace: Trace,
    /// Which marker it carries.
    pub marker: FoundMarker,
    /// Its numbers.
    pub proof: Proof,
}

/// What stands in a found document where our marker would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundMarker {
    /// A marker of ours, of this or another attempt or journal.
    Ours(Marker),
    /// No marker, or another program's text.
    None,
    /// The device could not read the document back.
    Unreadable,
}

/// A receipt that is open in the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenReceipt {
    /// Its direction; `None` for a kind that we never open.
    pub operation: Option<Operation>,
    /// Sum of the lines so far, when the device tells.
    pub subtotal: Option<Money>,
}

/// All that a device says after the line has been quieted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Serial number of the device now.
    pub serial: String,
    /// Serial number of the storage now.
    pub storage: String,
    /// A receipt that is open.
    pub open: Option<OpenReceipt>,
    /// Number of the last document, read twice and equal.
    pub last_document: u64,
    /// Every document after the mark, in order.
    pub found: Vec<Found>,
    /// Counters of the cash drawer, when the device has them.
    pub cash: Option<CashCounters>,
    /// Where the paper of the last document is.
    pub paper: Paper,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Registered.
    Happened(Proof, Paper),
    /// Certainly not registered, nothing open.
    DidNot,
    /// Our receipt is open and unregistered: journal the intent to cancel, cancel, and ask again.
    OursIsOpen,
    /// The facts do not decide: a person must.
    CannotTell(Puzzle),
}

/// Why the facts do not decide; shown to the person who must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Puzzle {
    /// Another device or storage than at the mark.
    IdentityChanged {
        /// Storage at the mark.
        expected: String,
        /// Storage now.
        found: String,
    },
    /// A receipt is open that we did not open.
    ForeignReceiptOpen(OpenReceipt),
    /// A document of our kind without a marker was registered after the mark.
    Unmarked {
        /// Its number.
        number: u64,
        /// Its total, when it is a receipt.
        total: Option<Money>,
    },
    /// A document after the mark could not be read back.
    Unreadable {
        /// Its number.
        number: u64,
    },
    /// The counter went back: the storage was reset.
    CounterWentBack {
        /// At the mark.
        expected: u64,
        /// Now.
        found: u64,
    },
    /// More than one document carries our marker.
    Doubled {
        /// First number.
        first: u64,
        /// Second number.
        second: u64,
    },
    /// The drawer's counters moved by something else than this operation.
    CashCountersMoved,
    /// Our receipt stays open although it was cancelled.
    StaysOpen,
    /// The device keeps no memory that could answer.
    NoMemory,
}

/// Decides what became of `document`, whose attempt began at `mark`.
pub fn judge(document: &Document, mark: &Mark, facts: &Facts) -> Verdict {
    if facts.serial != mark.serial || facts.storage != mark.storage {
        return Verdict::CannotTell(Puzzle::IdentityChanged {
            expected: format!("{} / {}", mark.serial, mark.storage),
            found: format!("{} / {}", facts.serial, facts.storage),
        });
    }
    if facts.last_document < mark.last_document {
        return Verdict::CannotTell(Puzzle::CounterWentBack {
            expected: mark.last_document,
            found: facts.last_document,
        });
    }
    let mut with_our_marker = facts.found.iter().filter(|f| f.marker == FoundMarker::Ours(document.marker));
    if let Some(first) = with_our_marker.next() {
        if let Some(second) = with_our_marker.next() {
            return Verdict::CannotTell(Puzzle::Doubled { first: first.number, second: second.number });
        }
        return Verdict::Happened(first.proof.clone(), facts.paper);
    }
    if spoil::is(Spoil::AmountOnlyMatch)
        && let Some(found) = facts.found.iter().find(|f| Some(f.trace) == document.body.trace())
    {
        return Verdict::Happened(found.proof.clone(), facts.paper);
    }
    if let Some(open) = facts.open {
        return if is_ours(document, &open) {
            Verdict::OursIsOpen
        } else {
            Verdict::CannotTell(Puzzle::ForeignReceiptOpen(open))
        };
    }
    if let Some(puzzle) = facts.found.iter().find_map(|f| puzzle_of(document, f)) {
        return Verdict::CannotTell(puzzle);
    }
    match document.body {
        Body::CashIn(sum) => judge_cash(mark, facts, |c| (c.in_count, c.in_sum), sum),
        Body::CashOut(sum) => judge_cash(mark, facts, |c| (c.out_count, c.out_sum), sum),
        Body::Sale(_)
        | Body::Return(_)
        | Body::Correction(_)
        | Body::OpenShift(_)
        | Body::CloseShift(_)
        | Body::XReport
        | Body::Slip(_) => Verdict::DidNot,
    }
}

/// A cash operation happened when its counter went up by one and its sum by ours.
fn judge_cash(mark: &Mark, facts: &Facts, pick: impl Fn(CashCounters) -> (u32, Money), sum: Money) -> Verdict {
    let (Some(before), Some(now)) = (mark.cash.map(&pick), facts.cash.map(&pick)) else {
        return Verdict::CannotTell(Puzzle::NoMemory);
    };
    if before.0 == now.0 {
        return Verdict::DidNot;
    }
    if now.0 == before.0 + 1 && Some(now.1) == before.1.checked_add(sum) {
        let proof = Proof {
            document_number: 0,
            sign: String::new(),
            storage: facts.storage.clone(),
            total: Some(sum),
            device_time: None,
        };
        return Verdict::Happened(proof, facts.paper);
    }
    Verdict::CannotTell(Puzzle::CashCountersMoved)
}

/// A found document that is neither ours nor certainly another's.
fn puzzle_of(document: &Document, found: &Found) -> Option<Puzzle> {
    match found.marker {
        FoundMarker::Ours(_) => None,
        FoundMarker::Unreadable => Some(Puzzle::Unreadable { number: found.number }),
        FoundMarker::None => same_kind(document, found.trace).then_some(Puzzle::Unmarked {
            number: found.number,
            total: match found.trace {
                Trace::Receipt { total, .. } | Trace::Correction { total } => Some(total),
                Trace::ShiftOpened | Trace::ShiftClosed | Trace::Other => None,
            },
        }),
    }
}

/// Whether a document in the storage could be ours by its kind; sums do not count, for a device may round.
fn same_kind(document: &Document, trace: Trace) -> bool {
    match (document.body.trace(), trace) {
        (Some(Trace::Receipt { operation: ours, .. }), Trace::Receipt { operation, .. }) => ours == operation,
        (Some(ours), theirs) => std::mem::discriminant(&ours) == std::mem::discriminant(&theirs),
        (None, _) => false,
    }
}

/// An open receipt is ours when its direction is ours and its subtotal is one that our lines pass through: the mark was
/// taken with no receipt open.
fn is_ours(document: &Document, open: &OpenReceipt) -> bool {
    let Some(receipt) = document.body.receipt() else { return false };
    let Some(Trace::Receipt { operation, .. }) = document.body.trace() else { return false };
    if open.operation != Some(operation) {
        return false;
    }
    let Some(subtotal) = open.subtotal else { return false };
    let mut sum = 0;
    subtotal.is_zero()
        || receipt.lines().iter().flat_map(|line| pieces(line.quantity(), line.total())).any(|piece| {
            sum += piece.total.minor();
            sum == subtotal.minor()
        })
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
