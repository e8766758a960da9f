//! Registers of Shtrih-M and those that speak its "KKT protocol" (Elves, Retail, RR-Electro): firmware with a fiscal
//! storage and tax format 1.05 or later. Sections named in this family are those of the vendor's document, version 2.0.
//!
//! | file | holds |
//! |---|---|
//! | [`frame`] | bytes to frames and back, no port |
//! | [`exchange`] | one command, one answer: what may be sent again and what may not |
//! | [`packet`], [`numbered`] | the same over numbered packets, where the model has them |
//! | [`command`] | the commands |
//! | [`codes`] | errors and modes, and what is done about each |
//! | `link` | the open port, retries of questions, waiting for the printer |
//! | [`tax`], `about` | what the register is set up for |
//! | `text` | any title in the register's letters |
//! | `plan`, `sale` | a receipt, encoded whole, then sent |
//! | `operations` | shifts, cash, corrections, slips |
//! | `state` | status, identity, mark |
//! | `memory` | documents in the storage, and the verdict |
//! | `moment` | the device's times as seconds |
//! | [`service`] | copy, drawer, clock |
//! | [`discover`] | which port a register is at |
//!
//! # What registers
//!
//! FF45 registers a receipt (85h on models that say they lack FF46), FF4A a correction, E0h and 41h a shift's opening and closing; 50h and 51h move cash. Before
//! each the witness is told, and none is sent again on silence: after a lost answer the storage is asked. A receipt that
//! was not closed leaves no document: 88h cancels it and registers nothing.
//!
//! # How ours is known
//!
//! The storage numbers its documents without gaps (FD, FF01). The mark holds the number of the last one; each receipt
//! carries our marker in tag 1192. After a doubt every document since the mark is read back (FF0A, FF3A, FF3B).

mod about;
pub mod codes;
pub mod command;
pub mod discover;
pub mod exchange;
pub mod frame;
mod link;
mod memory;
mod moment;
pub mod numbered;
mod operations;
pub mod packet;
mod plan;
mod sale;
pub mod service;
mod state;
pub mod tax;
mod text;

use std::time::Duration;

use crate::contract::{
    Body, Capabilities, Document, Driver, Fault, Found, Identity, Mark, Operation, Outcome, Paper, Status, StorageLife,
    Verdict, Witness,
};
use crate::spoil::{self, Spoil};
use crate::transport::Opener;

use about::About;
use exchange::Timing;
use link::Link;
use tax::Profile;

/// How a register is spoken to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Password of the operator, a number; 30 is the factory's system administrator, who may do everything needed here.
    pub password: u32,
    /// Department of every line, 1..16.
    pub department: u8,
    /// The low level.
    pub level: Level,
    /// Its times.
    pub timing: Timing,
    /// Pause after every opening of the port: over TCP, bytes of a broken connection may still be under way.
    pub settle: Duration,
    /// How long it may print before it counts as stuck.
    pub busy_limit: Duration,
    /// Greatest number of lines in a receipt, where the model is known to have one.
    pub max_lines: Option<u32>,
    /// Tax groups of the model.
    pub profile: Profile,
    /// Place of settlement (tag 1187) where it is another than that of the registration.
    pub place: Option<String>,
    /// Opens the drawer (28h) after a receipt that took or gave cash. Registers with a drawer of their own setting
    /// (table 1 field 6) do so by themselves, and are not told to.
    pub drawer: bool,
}

impl Settings {
    /// For a serial line.
    pub fn serial() -> Self {
        Self {
            password: 30,
            department: 1,
            level: Level::Standard,
            timing: Timing::SERIAL,
            settle: Duration::ZERO,
            busy_limit: Duration::from_secs(60),
            max_lines: None,
            profile: Profile::Standard,
            place: None,
            drawer: false,
        }
    }

    /// For a socket.
    pub fn tcp() -> Self {
        Self { timing: Timing::TCP, settle: Duration::from_secs(2), ..Self::serial() }
    }
}

/// Low levels (sections 2 and 3). A device speaks the one that it hears first after power-on, until power goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// ENQ and ACK: every model has it, and every program of the vendor's speaks it.
    #[default]
    Standard,
    /// Numbered packets, which need fewer turns of the line; the standard level where the device does not answer them.
    /// Other programs that know only the standard level find no device until it was switched off and on.
    Numbered,
}

impl Level {
    /// All, with the names of the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("standard", Self::Standard), ("numbered", Self::Numbered)];

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, level)| *level)
    }
}

/// A register on a port.
pub struct Shtrih {
    link: Link,
    settings: Settings,
    about: Option<About>,
    /// Answers to commands of the current attempt that were found on the line later.
    evidence: Vec<Vec<u8>>,
    /// Number of the shift as it was last heard.
    last_shift: u32,
    /// Serial number at the last mark.
    last_serial: String,
    /// What the last status found, for the mark right after it.
    seen: Option<state::Seen>,
}

impl Shtrih {
    /// A register behind `opener`; nothing is sent yet.
    pub fn new(opener: Box<dyn Opener>, settings: Settings) -> Self {
        let link = Link::new(opener, &settings);
        Self {
            link,
            settings,
            about: None,
            evidence: Vec::new(),
            last_shift: 0,
            last_serial: String::new(),
            seen: None,
        }
    }

    fn mark_with(&mut self, cash: bool) -> Result<Mark, Fault> {
        self.link.take_stray();
        self.evidence.clear();
        let mark = self.read_mark(cash)?;
        if mark.serial != self.last_serial {
            // Another register at this port has settings of its own.
            self.about = None;
            self.last_serial.clone_from(&mark.serial);
        }
        Ok(mark)
    }

    fn execute_once(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        match &document.body {
            Body::Sale(receipt) => self.sell(document.marker, receipt, Operation::Sale, witness),
            Body::Return(receipt) => self.sell(document.marker, receipt, Operation::Return, witness),
            Body::Correction(correction) => self.correct(document.marker, correction, witness),
            Body::OpenShift(cashier) => self.open_shift(cashier.as_ref(), witness),
            Body::CloseShift(cashier) => self.close_shift(cashier.as_ref(), witness),
            Body::XReport => self.x_report(),
            Body::CashIn(sum) => self.move_cash(true, *sum, witness),
            Body::CashOut(sum) => self.move_cash(false, *sum, witness),
            Body::Slip(text) => self.slip(text),
        }
    }
}

/// True for what leaves no document and is judged by the register's counters of cash.
fn moves_cash(body: &Body) -> bool {
    match body {
        Body::CashIn(_) | Body::CashOut(_) => true,
        Body::Sale(_)
        | Body::Return(_)
        | Body::Correction(_)
        | Body::OpenShift(_)
        | Body::CloseShift(_)
        | Body::XReport
        | Body::Slip(_) => false,
    }
}

impl Driver for Shtrih {
    fn identity(&mut self) -> Result<Identity, Fault> {
        self.read_identity()
    }

    fn status(&mut self) -> Result<Status, Fault> {
        self.read_status()
    }

    fn capabilities(&mut self) -> Result<Capabilities, Fault> {
        self.read_capabilities()
    }

    fn mark(&mut self) -> Result<Mark, Fault> {
        self.mark_with(true)
    }

    fn mark_for(&mut self, body: &Body) -> Result<Mark, Fault> {
        self.mark_with(moves_cash(body))
    }

    fn execute(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        let outcome = self.execute_once(document, witness);
        if spoil::is(Spoil::BlindResend) && matches!(outcome, Outcome::Doubtful(_)) {
            return self.execute_once(document, witness);
        }
        outcome
    }

    fn verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        self.read_verdict(document, since)
    }

    fn cancel_open(&mut self) -> Result<(), Fault> {
        self.cancel()
    }

    fn found_since(&mut self, since: u64) -> Result<Option<Vec<Found>>, Fault> {
        self.read_found_since(since).map(Some)
    }

    fn resume_paper(&mut self) -> Result<Paper, Fault> {
        self.continue_paper()
    }

    fn shift_age(&mut self) -> Result<Option<Duration>, Fault> {
        self.read_shift_age()
    }

    fn storage_life(&mut self) -> Result<Option<StorageLife>, Fault> {
        self.read_storage_life()
    }

    fn port(&self) -> Option<String> {
        self.link.open_port()
    }

    fn copy_receipt(&mut self) -> Result<(), Fault> {
        self.print_copy().map(|_| ())
    }
}

#[cfg(all(test, feature = "simulators"))]
mod tests;
