//! How people act on a running daemon: one request and one answer, JSON lines over a unix socket in the state directory.
//!
//! Whoever may open the socket may do everything it offers; it is made for the owner and the group of the daemon. The
//! console is its client; without a daemon the same [`Desk`] works on the journal, whose lock it then takes.

mod desk;
mod serve;

use serde::{Deserialize, Serialize};

use kkm_drivers::contract::{Correction, Money};

use crate::dispatcher::MissedClosing;
use crate::dispatcher::errand::{Errand, ErrandTold};
use crate::journal::Row;
use crate::journal::views::{Details, Happened, Summary};

pub use desk::Desk;
pub use serve::{ask, bind, serve};

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// Everything that is not at its end.
    Queue,
    /// The newest documents.
    Newest {
        /// How many at most.
        limit: u32,
    },
    /// A document by row, id or sales document.
    Show {
        /// One of these.
        name: String,
    },
    /// The history, newest first.
    History {
        /// How many at most.
        limit: u32,
    },
    /// The devices and their fences.
    Devices,
    /// A person says how an attempt ended.
    Decide {
        /// Document.
        row: Row,
        /// The attempt that was looked at.
        attempt: u16,
        /// Number and sign on the receipt; `None`: it was not registered.
        registered: Option<Numbers>,
    },
    /// The next receipt for this sale is no twin.
    Allow {
        /// Altegio's sales document.
        document_id: i64,
        /// Device; may be left out where there is one.
        device: Option<String>,
    },
    /// A person takes a fenced device as it is.
    Agree {
        /// Device.
        device: String,
    },
    /// Parked reports are sent again.
    Retry {
        /// Of one document, or all.
        row: Option<Row>,
    },
    /// An operation of our own; the answer comes at its end.
    Operate {
        /// Device; may be left out where there is one.
        device: Option<String>,
        /// Which.
        operate: Operate,
    },
    /// A small question to a device.
    Errand {
        /// Device; may be left out where there is one.
        device: Option<String>,
        /// Which.
        errand: Errand,
    },
}

/// Operations of our own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operate {
    /// Open the shift.
    OpenShift,
    /// Close the shift with a Z report.
    CloseShift,
    /// X report.
    XReport,
    /// Cash into the drawer.
    CashIn(Money),
    /// Cash out of the drawer.
    CashOut(Money),
    /// Correction.
    Correction(Box<Correction>),
}

/// What stands on a receipt; zero and empty for a receipt printer, which has no numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Numbers {
    /// Number of the fiscal document (ФД).
    pub number: u64,
    /// Fiscal sign (ФП).
    pub sign: String,
}

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    /// Lines of the queue.
    Documents(Vec<Summary>),
    /// One document.
    Document(Option<Box<Details>>),
    /// The history.
    History(Vec<Happened>),
    /// The devices.
    Devices(Vec<DeviceView>),
    /// What a device said.
    Errand(ErrandTold),
    /// Done; a sentence for people.
    Done(String),
    /// Not done; why.
    Refused(String),
}

/// A device for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    /// Name.
    pub name: String,
    /// Serial number; empty before the first contact.
    pub serial: String,
    /// Fiscal storage.
    pub storage: String,
    /// The last document number that was seen.
    pub last_document: u64,
    /// The port that the running service holds.
    pub port: Option<String>,
    /// Why nothing is dispatched, JSON.
    pub fence: Option<serde_json::Value>,
    /// The shift should have been closed and was not.
    #[serde(default)]
    pub missed_closing: Option<MissedClosing>,
}
