//! The words in which the daemon and the device families speak: documents in, outcomes out.
//!
//! This module knows no family, no port and nothing of the daemon.
//!
//! | room | holds |
//! |---|---|
//! | [`money`] | minor units, millionths, rounding |
//! | [`tax`] | rates and systems as data |
//! | [`receipt`] | a receipt that adds up |
//! | [`pieces`] | a line that a device multiplies to our total |
//! | [`document`] | the operations |
//! | [`marker`] | how ours is known in a register's memory |
//! | [`outcome`] | how an attempt ends, and why |
//! | [`evidence`] | from the device's facts to a verdict |
//! | [`driver`] | what every device can be asked |

pub mod document;
pub mod driver;
pub mod evidence;
pub mod marker;
pub mod money;
pub mod outcome;
pub mod pieces;
pub mod receipt;
pub mod tax;

pub use document::{Body, Correction, CorrectionBasis, Document, Operation, Trace};
pub use driver::{Capabilities, Driver, Shift, Status, StorageLife, Witness};
pub use evidence::{CashCounters, Facts, Found, FoundMarker, Identity, Mark, OpenReceipt, Puzzle, Verdict, judge};
pub use marker::Marker;
pub use money::{Money, Quantity};
pub use outcome::{Fault, FaultKind, Lasting, Outcome, Paper, Proof, Reason, Refusal};
pub use receipt::{
    Cashier, Line, LineDraft, Payments, Receipt, ReceiptDraft, ReceiptError, Settlement, Subject, SumsNote, SumsPolicy,
};
pub use tax::{TaxSystem, VatRate};
