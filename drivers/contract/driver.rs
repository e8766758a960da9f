//! What every device can be asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::document::{Body, Document};
use super::evidence::{Found, Identity, Mark, OpenReceipt, Verdict};
use super::outcome::{Fault, FaultKind, Outcome, Paper, Reason};
use super::tax::{TaxSystem, VatRate};

/// A register or printer on a port. Blocking: one thread owns one device, for equipment is half-duplex and slow.
///
/// A driver opens its port when it must and drops it after a failure; the next call opens it again.
pub trait Driver: Send {
    /// Who is there.
    fn identity(&mut self) -> Result<Identity, Fault>;

    /// How it is. Never changes anything; may continue an interrupted print.
    fn status(&mut self) -> Result<Status, Fault>;

    /// What it can do: asked once after opening and kept.
    fn capabilities(&mut self) -> Result<Capabilities, Fault>;

    /// The evidence base. Read when the device is idle and no receipt is open.
    fn mark(&mut self) -> Result<Mark, Fault>;

    /// The evidence base for one document: what its verdict will not look at need not be read.
    fn mark_for(&mut self, body: &Body) -> Result<Mark, Fault> {
        let _ = body;
        self.mark()
    }

    /// Carries a document out, once. `witness` is told durably before the one command that registers; if it fails,
    /// that command is not sent. Ends with no receipt open unless the outcome is [`Outcome::Doubtful`].
    fn execute(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome;

    /// What became of an attempt that began at `since`. Sends no command that registers or cancels. A query without an
    /// answer is a fault: silence is not a no.
    fn verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault>;

    /// Cancels the open receipt, where cancelling registers nothing. Called only after the intent was journalled.
    fn cancel_open(&mut self) -> Result<(), Fault>;

    /// Documents after number `since`, in order; `None` for a device without a memory.
    fn found_since(&mut self, since: u64) -> Result<Option<Vec<Found>>, Fault>;

    /// Lets an interrupted print go on, and says where the paper is.
    fn resume_paper(&mut self) -> Result<Paper, Fault>;

    /// How long ago the open shift was opened; `None` when the device does not tell.
    fn shift_age(&mut self) -> Result<Option<Duration>, Fault> {
        Ok(None)
    }

    /// How long the fiscal storage lasts; `None` where there is none, or where it does not say. Changes nothing.
    fn storage_life(&mut self) -> Result<Option<StorageLife>, Fault> {
        Ok(None)
    }

    /// The port that is open at present, by the name under which it was opened; `None` while none is.
    fn port(&self) -> Option<String> {
        None
    }

    /// Prints the last receipt again, marked as a copy by the device; registers nothing.
    fn copy_receipt(&mut self) -> Result<(), Fault> {
        Err(Fault::new("copy of a receipt", FaultKind::Answered("not offered by this device".into())))
    }
}

/// Who must know before a driver passes a point.
pub trait Witness {
    /// Called once, before the command that registers. After an error that command must not be sent.
    fn closing(&mut self) -> Result<(), Fault>;
}

/// State of the shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// Closed; the number of the last one.
    Closed(u32),
    /// Open and younger than 24 hours.
    Open(u32),
    /// Open and too old to sell.
    Expired(u32),
    /// The device knows no shifts.
    None,
}

/// State of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Shift.
    pub shift: Shift,
    /// A receipt that is open.
    pub open_receipt: Option<OpenReceipt>,
    /// Why nothing can be sold now, if so.
    pub hindrance: Option<Reason>,
    /// Where the paper of the last document is.
    pub paper: Paper,
    /// The device's clock, `YYYY-MM-DDThh:mm:ss`, without a zone.
    pub clock: Option<String>,
    /// What a person should know although it hinders nothing yet: storage nearly full, operator unreachable.
    pub warnings: Vec<String>,
}

/// How long a fiscal storage lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageLife {
    /// Last day of its key, `YYYY-MM-DD`.
    pub until: String,
    /// Changes of the registration that are left.
    pub registrations_left: u8,
    /// Documents that still fit, where the storage says so.
    pub documents_left: Option<u32>,
    /// Documents that the operator of fiscal data has not confirmed.
    pub unsent: u32,
    /// When the oldest of them was made, `YYYY-MM-DDThh:mm`.
    pub unsent_since: Option<String>,
}

/// What a device can do; kept by the daemon so that intake refuses what the device would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Rates that the device has; empty when it takes any.
    pub vat_rates: Vec<VatRate>,
    /// Tax systems of the registration; empty when the device does not say.
    pub tax_systems: Vec<TaxSystem>,
    /// Greatest number of lines; `None` when not known.
    pub max_lines: Option<u32>,
    /// Takes lines of sum zero.
    pub zero_lines: bool,
    /// Can leave the paper out.
    pub electronic_only: bool,
    /// Stores our marker in a document.
    pub stores_marker: bool,
    /// Can take a smaller cash sum and round the total down by up to 99 minor units.
    pub cash_rounding: bool,
}

impl Capabilities {
    /// The first thing in a receipt that this device cannot do.
    pub fn hinder(&self, body: &Body) -> Option<Reason> {
        let receipt = body.receipt()?;
        for line in receipt.lines() {
            let known = self.vat_rates.is_empty() || self.vat_rates.contains(&line.vat());
            if !line.total().is_zero() && !known {
                return Some(Reason::VatUnsupported(line.vat()));
            }
        }
        let system = receipt.tax_system();
        if system != TaxSystem::DEFAULT && !self.tax_systems.is_empty() && !self.tax_systems.contains(&system) {
            return Some(Reason::TaxSystemUnsupported);
        }
        if self.max_lines.is_some_and(|max| receipt.lines().len() > max as usize) {
            return Some(Reason::ReceiptTooLarge);
        }
        if !receipt.rounding().is_zero() && !self.cash_rounding {
            return Some(Reason::Unsupported);
        }
        None
    }
}
