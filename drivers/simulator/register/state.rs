//! All that a register remembers beside its books, in one file that is replaced as a whole.
//!
//! The books come first: a document that stands in the books and is not yet counted here (the process died between
//! the two writes) is counted at the next start. Without the file everything but the open receipt, the set-up and the
//! drawer's script is counted anew from the books.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::books::{BookedDocument, Kind, Tag};
use super::clock::{Clock, Moment};
use super::counters::Counters;
use super::printer::Printer;
use super::receipt::OpenReceipt;
use super::settings::Settings;

const STATE: &str = "state.json";

/// Numbers by which a register and its owner are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Serial number of the register, 16 digits.
    pub serial: String,
    /// Taxpayer's number.
    pub inn: String,
    /// Registration number of the register.
    pub rnm: String,
    /// Name of the model.
    pub model: String,
    /// Owner, as printed.
    pub user: String,
    /// Address, as printed.
    pub address: String,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            serial: "0000000000001234".to_owned(),
            inn: "7701234567".to_owned(),
            rnm: "0000000001012345".to_owned(),
            model: "ШТРИХ-ИМИТАТОР".to_owned(),
            user: "ООО \"ПРИМЕР\"".to_owned(),
            address: "г. Москва, ул. Примерная, д. 1".to_owned(),
        }
    }
}

/// The fiscal storage as the register sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Serial number, 16 digits.
    pub number: String,
    /// Number of the last document; 0 in a storage that was never registered.
    pub last: u32,
    /// Time of the last document.
    pub last_time: Option<Moment>,
    /// Takes no more documents.
    pub full: bool,
    /// Tax systems of the registration, the mask of FFD tag 1062.
    pub tax_systems: u8,
}

/// A document that the storage was told to expect, other than a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    /// Opening of a shift.
    ShiftOpening,
    /// Closing of a shift.
    ShiftClosing,
    /// Correction.
    Correction,
    /// Report on settlements.
    Settlement,
}

/// The shift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftState {
    /// Number of the open shift, or of the last one.
    pub number: u32,
    /// When it was opened; nothing while closed.
    pub opened_at: Option<Moment>,
    /// The script made it too old.
    pub aged: bool,
    /// Number of receipts in it.
    pub receipts: u32,
}

/// The state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Who it is.
    pub identity: Identity,
    /// Its storage.
    pub storage: Storage,
    /// Its shift.
    pub shift: ShiftState,
    /// The open receipt.
    pub receipt: Option<OpenReceipt>,
    /// A begun document that is no receipt, with its tags.
    pub begun: Option<(Begun, Vec<Tag>)>,
    /// Counters.
    pub counters: Counters,
    /// Printer.
    pub printer: Printer,
    /// Clock.
    pub clock: Clock,
    /// A date that was set and not yet confirmed.
    pub unconfirmed_date: Option<Moment>,
    /// Set-up.
    pub settings: Settings,
    /// Cells of a front-end's own tables, by its own names.
    pub cells: BTreeMap<String, Vec<u8>>,
    /// The totals of the next receipt are off by so many minor units.
    pub next_skew: i64,
    /// Number of the last line of the books that is counted here.
    pub counted: u64,
}

/// A state file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Read or write failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another register runs on these books.
    #[error("another simulated register runs on these books")]
    InUse,
    /// It is damaged.
    #[error("state.json is damaged; without that file the state is counted from the books: {0}")]
    Damaged(#[source] serde_json::Error),
}

impl State {
    /// A register that was never switched on.
    pub fn new(clock: Clock) -> Self {
        Self {
            identity: Identity::default(),
            storage: Storage {
                number: "9999078900000001".to_owned(),
                last: 0,
                last_time: None,
                full: false,
                tax_systems: 0x3F,
            },
            shift: ShiftState::default(),
            receipt: None,
            begun: None,
            counters: Counters::default(),
            printer: Printer::default(),
            clock,
            unconfirmed_date: None,
            settings: Settings::default(),
            cells: BTreeMap::new(),
            next_skew: 0,
            counted: 0,
        }
    }

    /// Reads the state of a directory; nothing when there is none.
    pub(crate) fn load(directory: &Path) -> Result<Option<Self>, StateError> {
        match fs::read(directory.join(STATE)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(StateError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the file.
    pub(crate) fn save(&self, directory: &Path, synced: bool) -> io::Result<()> {
        let path = directory.join(STATE);
        let new = directory.join("state.json.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        if synced {
            file.sync_data()?;
        }
        fs::rename(&new, &path)?;
        if synced {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    /// Counts a document of the books. The one place where a document changes the state.
    pub(crate) fn count(&mut self, document: &BookedDocument) {
        self.counted = document.seq;
        self.counters.count(document, self.settings.zero_cash_at_close);
        if document.kind.is_fiscal() {
            self.storage.number.clone_from(&document.storage);
            self.storage.last = document.number;
            self.storage.last_time = Some(document.time);
        }
        match document.kind {
            Kind::Registration => {
                self.shift = ShiftState::default();
                self.receipt = None;
                self.begun = None;
            }
            Kind::ShiftOpened => {
                let opened_at = Some(document.time);
                self.shift = ShiftState { number: document.shift, opened_at, aged: false, receipts: 0 };
                self.begun = None;
            }
            Kind::ShiftClosed => {
                self.shift.opened_at = None;
                self.shift.aged = false;
                self.begun = None;
            }
            Kind::Receipt | Kind::Correction => {
                self.shift.receipts = document.receipt_number;
                self.begun = None;
                self.receipt = None;
            }
            Kind::Settlement => self.begun = None,
            Kind::CashIn | Kind::CashOut | Kind::XReport => {}
        }
    }
}
