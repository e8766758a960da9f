//! What an attempt ends in, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::money::Money;
use super::tax::VatRate;

/// How an attempt ended. The variant says what state the world is in, and so what may happen next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Registered. Report success; never repeat.
    Done(Proof, Paper),
    /// The device said no, its counter says that nothing was registered, and no receipt is open.
    /// Report the error, or wait for the cause to go, within the give-up time.
    Refused(Refusal),
    /// We failed before the point of no return and nothing is open. Repeat freely within the give-up time.
    Untouched(Fault),
    /// Failed at or after that point, or something may be open. Never repeat: ask [`super::Driver::verdict`].
    Doubtful(Fault),
}

/// Evidence that a document is registered: the device's own numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Number of the fiscal document in the storage (FD); 0 for an operation that leaves none, as a cash-in.
    pub document_number: u64,
    /// Fiscal sign of the document (FP), decimal; empty where the device makes none.
    pub sign: String,
    /// Serial number of the fiscal storage.
    pub storage: String,
    /// Total that the device registered, when it said so.
    pub total: Option<Money>,
    /// The device's own time of the document, `YYYY-MM-DDThh:mm`, without a zone.
    pub device_time: Option<String>,
}

/// What became of the paper: a fact apart from the registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// Printed.
    Delivered,
    /// Registered, but the paper ran out or the cover is open; the device prints when a person has helped.
    Pending,
    /// No paper was asked for.
    Suppressed,
    /// All of it was sent to a printer that cannot confirm; the shop chose to take that for printed.
    Sent,
    /// Nobody knows.
    Unknown,
}

/// A definite no of the device, with nothing registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why, in the terms of this program.
    pub reason: Reason,
    /// The device's own code, as its manual writes it (`4Eh`).
    pub device_code: Option<String>,
}

impl Refusal {
    /// A refusal that no device code stands behind.
    pub fn of(reason: Reason) -> Self {
        Self { reason, device_code: None }
    }
}

/// Whether a cause can go away while the cashier waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// The same document will be refused again: report the error at once.
    Yes,
    /// A person or the device can remove it (paper, cover, a report that prints): hold within the give-up time.
    No,
}

/// Why a device refuses, over all families. Each has a message with its way out in the daemon's catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No paper.
    PaperOut,
    /// The cover or the head lever is open.
    CoverOpen,
    /// The cutter or another part of the printer fails.
    PrinterFailed,
    /// The shift is older than 24 hours and has to be closed.
    ShiftExpired,
    /// The shift is closed and may not be opened by policy.
    ShiftClosed,
    /// The device is printing or working and did not come to an end.
    Busy,
    /// The device waits for something that only a person can do at its keys (date, reset, tax inspector).
    NeedsService,
    /// The fiscal storage is full, expired, missing or broken.
    StorageUnusable,
    /// The device's clock is refused by its storage, or differs too much from this machine's.
    ClockWrong,
    /// The operator password is wrong.
    PasswordWrong,
    /// The device does not know this rate.
    VatUnsupported(VatRate),
    /// The device is not registered for this tax system.
    TaxSystemUnsupported,
    /// The drawer holds less cash than a return needs.
    NotEnoughCash,
    /// The receipt has more lines than the device holds.
    ReceiptTooLarge,
    /// A sum or quantity is larger than the device's field.
    SumTooLarge,
    /// The device came to another total; the receipt was cancelled.
    TotalsDiffer {
        /// Ours.
        ours: Money,
        /// The device's.
        device: Money,
    },
    /// A receipt that this program did not open is open in the device.
    ForeignReceiptOpen,
    /// The device cannot do this operation.
    Unsupported,
    /// Any other refusal: the device's text.
    Other(String),
}

impl Reason {
    /// Whether waiting can help.
    pub fn lasting(&self) -> Lasting {
        match self {
            Self::PaperOut
            | Self::CoverOpen
            | Self::PrinterFailed
            | Self::Busy
            | Self::ShiftExpired
            | Self::ForeignReceiptOpen => Lasting::No,
            Self::ShiftClosed
            | Self::NeedsService
            | Self::StorageUnusable
            | Self::ClockWrong
            | Self::PasswordWrong
            | Self::VatUnsupported(_)
            | Self::TaxSystemUnsupported
            | Self::NotEnoughCash
            | Self::ReceiptTooLarge
            | Self::SumTooLarge
            | Self::TotalsDiffer { .. }
            | Self::Unsupported
            | Self::Other(_) => Lasting::Yes,
        }
    }
}

/// A failure of the conversation, not an answer of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{during}: {kind}")]
pub struct Fault {
    /// What was being done: the command's name.
    pub during: String,
    /// What happened.
    pub kind: FaultKind,
}

/// Kinds of failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The port cannot be opened: text of the system with path and way out.
    Unreachable(String),
    /// The port went away.
    Disconnected(String),
    /// No answer in time.
    Silent,
    /// Bytes that are no answer.
    Garbled,
    /// The device answered a query with an error: its code.
    Answered(String),
    /// The journal could not be written; nothing more may be sent.
    Journal(String),
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "cannot be reached: {why}"),
            Self::Disconnected(why) => write!(f, "the connection broke: {why}"),
            Self::Silent => f.write_str("no answer in time"),
            Self::Garbled => f.write_str("the answer is garbled"),
            Self::Answered(code) => write!(f, "refused with {code}"),
            Self::Journal(why) => write!(f, "the journal cannot be written: {why}"),
        }
    }
}

impl Fault {
    /// A failure during the command called `during`.
    pub fn new(during: impl Into<String>, kind: FaultKind) -> Self {
        Self { during: during.into(), kind }
    }
}
