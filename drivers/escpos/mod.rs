//! Receipt printers that speak ESC/POS: Epson TM and the compatible world. They print and remember nothing.
//!
//! | file | holds |
//! |---|---|
//! | [`command`] | commands as bytes |
//! | [`emit`] | a laid out document as bytes, whole before the first one leaves |
//! | [`answer`] | what the printer says, as pieces; no port |
//! | [`codes`] | status bits, and what each means |
//! | [`config`] | from a shop's configuration to a printer |
//! | [`profile`] | what a model can do: data, `config/printers/*.toml` |
//! | `link` | the open port, questions with deadlines |
//! | `look` | how the printer is, who it is, what it has counted |
//! | `print` | one document and its evidence |
//! | `verdict` | what became of an attempt in doubt |
//! | [`trial`], [`test_page`] | questions, and a page, that find a printer's settings out |
//!
//! # What counts as printed
//!
//! No registration takes place here: the question is whether this piece of paper came out. `write()` that returned
//! proves nothing, and a real-time status overtakes the data and proves nothing either. So, by `confirm`:
//!
//! - `answer`: the printer's answer in its turn, behind the last byte; with four characters of ours where the model has
//!   GS ( H, else to GS r 1.
//! - `counter`: the printer's own count of cuts is up by one. Survives a restart; for a printer of ours alone.
//! - `write`: all bytes were written. Only by a shop's explicit choice, and then the paper is [`Paper::Sent`].
//!
//! One attempt is one transmission. A second one is made only as a new attempt after a person's decision; it carries
//! COPY and opens no drawer.

pub mod answer;
pub mod codes;
pub mod command;
pub mod config;
pub mod emit;
mod link;
mod look;
mod print;
pub mod profile;
pub mod test_page;
pub mod trial;
mod verdict;

use crate::contract::{
    Capabilities, Document, Driver, Fault, Found, Identity, Mark, Marker, Outcome, Paper, Shift, Status, Verdict,
    Witness,
};
use crate::layout::Shop;
use crate::transport::Opener;

use link::Link;
pub use link::Speed;
use profile::{Confirm, Profile};

/// How a printer is spoken to, and what a shop puts on its paper.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the model can do.
    pub profile: Profile,
    /// What stands on each document.
    pub shop: Shop,
    /// Further slips of each receipt, marked as copies.
    pub copies: u8,
    /// How fast bytes go.
    pub speed: Speed,
    /// Stands for the serial number of a printer that tells none; the port's name when absent.
    pub serial: Option<String>,
}

/// A printer on a port.
pub struct EscPos {
    link: Link,
    settings: Settings,
    /// The last attempt, when it certainly left no byte and none before it did.
    left_nothing: Option<Marker>,
    /// Verdicts without an answer in a row.
    in_vain: u8,
    /// The last document that was printed.
    last: Option<Document>,
}

impl EscPos {
    /// A printer behind `opener`; nothing is sent yet.
    pub fn new(opener: Box<dyn Opener>, settings: Settings) -> Self {
        let link = Link::new(opener, settings.speed);
        Self { link, settings, left_nothing: None, in_vain: 0, last: None }
    }
}

/// GS I 65.
const FIRMWARE: u8 = 65;
/// GS I 67.
const MODEL: u8 = 67;
/// GS I 68.
const SERIAL: u8 = 68;

impl Driver for EscPos {
    fn identity(&mut self) -> Result<Identity, Fault> {
        if !self.settings.profile.identity {
            let serial = self.settings.serial.clone().unwrap_or_else(|| self.link.name());
            let model = self.settings.profile.name.clone();
            return Ok(Identity { serial, model, ..Identity::default() });
        }
        Ok(Identity {
            model: self.ask_text("GS I model", MODEL)?,
            serial: self.ask_text("GS I serial number", SERIAL)?,
            firmware: self.ask_text("GS I firmware", FIRMWARE)?,
            storage: String::new(),
        })
    }

    fn status(&mut self) -> Result<Status, Fault> {
        let condition = self.look()?;
        let hindrance = condition.and_then(|c| c.hindrance());
        let low = condition.is_some_and(|c| c.paper_is_low());
        Ok(Status {
            shift: Shift::None,
            open_receipt: None,
            paper: if hindrance.is_some() { Paper::Pending } else { Paper::Unknown },
            hindrance,
            clock: None,
            warnings: if low { vec!["the paper is nearly used up".into()] } else { Vec::new() },
        })
    }

    fn capabilities(&mut self) -> Result<Capabilities, Fault> {
        Ok(Capabilities {
            vat_rates: Vec::new(),
            tax_systems: Vec::new(),
            max_lines: None,
            zero_lines: true,
            electronic_only: true,
            stores_marker: false,
            cash_rounding: true,
        })
    }

    fn mark(&mut self) -> Result<Mark, Fault> {
        let identity = self.identity()?;
        let counts = self.settings.profile.confirm == Confirm::Counter;
        let last_document = if counts { self.read_counter()? } else { 0 };
        Ok(Mark { serial: identity.serial, storage: identity.storage, shift: 0, last_document, cash: None })
    }

    fn execute(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        self.print(document, witness)
    }

    fn verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        self.read_verdict(document, since)
    }

    /// A printer has no open receipt.
    fn cancel_open(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn found_since(&mut self, _since: u64) -> Result<Option<Vec<Found>>, Fault> {
        Ok(None)
    }

    /// A printer goes on by itself when a person has helped.
    fn resume_paper(&mut self) -> Result<Paper, Fault> {
        self.status().map(|status| status.paper)
    }

    /// The last document that this process printed.
    fn copy_receipt(&mut self) -> Result<(), Fault> {
        self.print_copy()
    }
}

#[cfg(test)]
mod tests;
