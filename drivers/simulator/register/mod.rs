//! The brain of a simulated register, in no family's words: storage, shift, receipt, counters, drawer, printer.
//!
//! ```text
//!   front-end  --calls-->  Register  --append, sync-->  books      what is registered
//!                             |       --replace------>  state      what it remembers
//!                             +-------- prints ------>  paper      what a person sees
//! ```
//! A registration is: check everything, write the document to the books and sync, count it in the state, print. Only
//! then does the front-end answer. A process that dies anywhere in between has registered it, or not, but never half.

pub mod books;
pub mod clock;
pub mod counters;
mod denied;
mod drawer;
pub mod end;
mod ledger;
pub mod printer;
pub mod receipt;
pub mod settings;
mod shift;
mod state;
mod storage;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use denied::Denied;
pub use shift::ShiftPhase;
pub use state::{Begun, Identity, State, StateError, Storage};

use self::books::{BookedDocument, Kind, PaymentSums};
use self::clock::{Clock, Moment};
use self::ledger::Ledger;
use self::printer::Printing;
use super::paper;
use crate::contract::Money;

/// A simulated register.
pub struct Register {
    state: State,
    books: Ledger,
    directory: Option<PathBuf>,
    durable: bool,
    paper: Box<dyn Write + Send>,
    line_time: Duration,
    printing_until: Duration,
    /// Held as long as this register runs: two on the same books would number twice.
    _lock: Option<File>,
}

/// Numbers of a document that was just booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Number in the storage; 0 when it keeps none.
    pub number: u32,
    /// Fiscal sign.
    pub sign: u32,
    /// The register's time.
    pub time: Moment,
    /// Shift.
    pub shift: u32,
    /// Number of the receipt in the shift.
    pub receipt_number: u32,
    /// Running number.
    pub running_number: u32,
}

impl Register {
    /// A register without a disk: its books end with the process.
    pub fn in_memory(clock: Clock, paper: Box<dyn Write + Send>) -> Self {
        let (books, state) = (Ledger::in_memory(), State::new(clock));
        let mut register = Self {
            state,
            books,
            directory: None,
            durable: false,
            paper,
            line_time: Duration::ZERO,
            printing_until: Duration::ZERO,
            _lock: None,
        };
        // Books without a file take every document.
        let _ = register.register_storage();
        register
    }

    /// The register whose books lie in `directory`; begins them when there are none. `durable`: each registration
    /// waits for the disk.
    pub fn open(
        directory: &Path,
        durable: bool,
        clock: Clock,
        paper: Box<dyn Write + Send>,
    ) -> Result<Self, StateError> {
        std::fs::create_dir_all(directory)?;
        let lock = lock(directory)?;
        let books = Ledger::open(directory, durable)?;
        let mut state = State::load(directory)?.unwrap_or_else(|| State::new(clock));
        let counted = state.counted;
        let missed = books.documents().iter().filter(|document| document.seq > counted);
        missed.for_each(|document| state.count(document));
        let directory = Some(directory.to_path_buf());
        let mut register = Self {
            state,
            books,
            directory,
            durable,
            paper,
            line_time: Duration::ZERO,
            printing_until: Duration::ZERO,
            _lock: Some(lock),
        };
        if register.state.storage.last == 0 {
            register.register_storage().map_err(|denied| io::Error::other(denied.to_string()))?;
        }
        register.save(true)?;
        Ok(register)
    }

    /// What it remembers.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Changes what it remembers, as a service engineer or a script does.
    pub fn alter(&mut self, change: impl FnOnce(&mut State)) -> Result<(), Denied> {
        change(&mut self.state);
        self.keep()
    }

    /// All documents of its books.
    pub fn documents(&self) -> &[BookedDocument] {
        self.books.documents()
    }

    /// Turns the time of the line, for a clock that runs on it.
    pub fn turn(&mut self, line_time: Duration) {
        self.line_time = line_time;
    }

    /// What its clock shows.
    pub fn now(&self) -> Moment {
        self.state.clock.read(self.line_time)
    }

    /// Moves its clock to a moment.
    pub fn set_clock(&mut self, to: Moment) -> Result<(), Denied> {
        let line = self.line_time;
        self.alter(|state| state.clock.set(to, line))
    }

    /// One more query; true when it found the printer busy.
    pub fn poll_busy(&mut self) -> bool {
        self.state.printer.poll() || self.line_time < self.printing_until
    }

    /// What the printer is doing.
    pub fn printing(&self) -> Printing {
        match self.state.printer.printing() {
            Printing::Ready if self.line_time < self.printing_until => Printing::Busy,
            other => other,
        }
    }

    /// Prints on what was interrupted.
    pub fn print_on(&mut self) -> Result<(), Denied> {
        let text = self.state.printer.go_on()?;
        self.put_on_paper(&text);
        self.keep()
    }

    /// After power came back: an interrupted print goes on by itself when there is paper.
    pub fn power_on(&mut self) {
        // Without paper the text stays held, which is no failure.
        let _ = self.print_on();
    }

    /// Prints a text outside of documents.
    pub fn print_text(&mut self, text: &str) -> Result<(), Denied> {
        self.state.printer.check()?;
        self.print(format!("{text}\n"));
        self.keep()
    }

    /// Prints the last receipt once more.
    pub fn print_copy(&mut self) -> Result<(), Denied> {
        self.state.printer.check()?;
        let last = self.documents().iter().rev().find(|document| document.kind == Kind::Receipt);
        let text = last.map(|document| paper::render(document, &self.state)).ok_or(Denied::NoData)?;
        self.print(format!("КОПИЯ\n{text}"));
        self.keep()
    }

    fn print(&mut self, text: String) {
        let out = self.state.printer.print(text);
        self.printing_until = self.line_time + Duration::from_millis(self.state.printer.takes_ms);
        self.put_on_paper(&out);
    }

    fn put_on_paper(&mut self, text: &str) {
        // The paper is for people to look at; a closed pipe there is not the register's trouble.
        let _ = self.paper.write_all(text.as_bytes()).and_then(|()| self.paper.flush());
    }

    /// A document with nothing in it yet.
    fn blank(&self, kind: Kind, operator: u8) -> BookedDocument {
        BookedDocument {
            seq: self.state.counted + 1,
            kind,
            storage: self.state.storage.number.clone(),
            number: if kind.is_fiscal() { self.state.storage.last + 1 } else { 0 },
            sign: 0,
            time: self.now(),
            shift: self.state.shift.number,
            receipt_number: 0,
            running_number: self.state.counters.running_number + 1,
            operation: None,
            total: Money::ZERO,
            rounding: Money::ZERO,
            payments: PaymentSums::default(),
            change: Money::ZERO,
            vat: BTreeMap::new(),
            lines: Vec::new(),
            adjustments: Vec::new(),
            notes: Vec::new(),
            tags: Vec::new(),
            tax_system: 0,
            correction: None,
            operator,
            cashier: self.state.settings.operator_name(operator).to_owned(),
            on_paper: self.state.settings.print == settings::PrintMode::All,
            foreign: false,
        }
    }

    /// Books a document, counts it, prints it.
    fn book(&mut self, mut document: BookedDocument) -> Result<Booked, Denied> {
        if document.kind.is_fiscal() {
            if self.state.storage.full {
                return Err(Denied::StorageFull);
            }
            if self.state.storage.last_time.is_some_and(|last| document.time < last) {
                return Err(Denied::ClockWrong);
            }
            document.sign = storage::fiscal_sign(&document);
        }
        let booked = Booked {
            number: document.number,
            sign: document.sign,
            time: document.time,
            shift: document.shift,
            receipt_number: document.receipt_number,
            running_number: document.running_number,
        };
        let on_paper = document.on_paper;
        let text = on_paper.then(|| paper::render(&document, &self.state));
        let document = self.books.append(document).map_err(|error| Denied::Books(error.to_string()))?;
        crate::failpoint::hit("simulator.booked");
        self.state.count(document);
        if let Some(text) = text {
            self.print(text);
        }
        if !on_paper && self.state.settings.print == settings::PrintMode::SkipOne {
            self.state.settings.print = settings::PrintMode::All;
        }
        self.save(self.durable).map_err(|error| Denied::Books(error.to_string()))?;
        Ok(booked)
    }

    /// Writes down what is remembered; a lost write of this kind loses no document.
    fn keep(&mut self) -> Result<(), Denied> {
        self.save(false).map_err(|error| Denied::Books(error.to_string()))
    }

    fn save(&self, synced: bool) -> io::Result<()> {
        match &self.directory {
            Some(directory) => self.state.save(directory, synced && self.durable),
            None => Ok(()),
        }
    }
}

fn lock(directory: &Path) -> Result<File, StateError> {
    let lock = File::create(directory.join("lock"))?;
    match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StateError::InUse),
        Err(error) => Err(io::Error::from(error).into()),
    }
}
