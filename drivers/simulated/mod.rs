//! The family `simulated`: a register without a line, for training, demonstrations and other people's tests.
//!
//! A [`Driver`] over the brain of the simulator in the same process, with the same durable books and the same fault
//! script. The script's commands are those of the steps that a Shtrih-M driver would take:
//!
//! | step | command |
//! |---|---|
//! | look at mode, storage, counters | `10` |
//! | open, tag, line, subtotal, close, cancel | `8D` `FF0C` `FF46` `89` `FF45` `88` |
//! | shift opened, closed, X report | `E0` `41` `40` |
//! | cash in, cash out, correction, text | `50` `51` `FF4A` `17` |
//! | find documents, print on, copy | `FF0A` `B0` `8C` |
//!
//! A line of the script may also be put into the file `script` in the books' directory while the program runs; it is
//! read, and removed, before the next step. Nothing is fiscalized: this is no cash register.

mod at;
mod facts;
mod reasons;
mod sale;
mod steps;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::Path;

pub use self::at::SimulatedAt;
use self::facts::{found, identity, open_receipt, paper, proof};
use self::reasons::{hindrance, refusal};
use self::steps::{Steps, Trouble};
use crate::contract::{
    Body, Capabilities, CashCounters, Correction, Document, Driver, Facts, Fault, FaultKind, Found, Identity, Mark,
    Marker, Outcome, Paper, Reason, Refusal, Shift, Status, TaxSystem, Verdict, Witness, judge,
};
use crate::simulator::books::{Operation, PaymentSums};
use crate::simulator::faults::{Fault as Line, FaultError};
use crate::simulator::register::end::CorrectionDraft;
use crate::simulator::register::settings::SYSTEM_ADMINISTRATOR;
use crate::simulator::register::{Begun, Booked, Register, ShiftPhase, State};
use crate::simulator::{Clock, StateError};

/// The operator of every step: the system administrator, as drivers do.
const OPERATOR: u8 = SYSTEM_ADMINISTRATOR;

/// A simulated register as a driver.
pub struct Simulated {
    steps: Steps,
}

impl Simulated {
    /// The register whose books lie in `directory`; begins them when there are none. `paper` gets what is printed.
    pub fn open(directory: &Path, durable: bool, paper: Box<dyn Write + Send>) -> Result<Self, StateError> {
        let register = Register::open(directory, durable, Clock::System { offset_s: 0 }, paper)?;
        Ok(Self { steps: Steps::new(register, Some(directory.join("script"))) })
    }

    /// Over a register that was made elsewhere, without a `script` file.
    pub fn over(register: Register) -> Self {
        Self { steps: Steps::new(register, None) }
    }

    /// A line of the fault script; gives what a person should read.
    pub fn inject(&mut self, line: &str) -> Result<String, FaultError> {
        let line: Line = line.parse()?;
        Ok(self.steps.inject(line))
    }

    /// The register itself: its books are the truth that a test compares with.
    pub fn register(&self) -> &Register {
        self.steps.register()
    }

    fn look<T>(&mut self, during: &'static str, look: impl FnOnce(&Register) -> T) -> Result<T, Fault> {
        self.query(during, 0x10, |register| Ok(look(register)))
    }

    fn query<T>(
        &mut self,
        during: &'static str,
        command: u16,
        step: impl FnOnce(&mut Register) -> Result<T, crate::simulator::register::Denied>,
    ) -> Result<T, Fault> {
        self.steps.step(command, step).map_err(|trouble| trouble.fault(during))
    }

    /// A document that is registered by one step; nothing is open before or after it.
    fn single(
        &mut self,
        name: &'static str,
        witness: &mut dyn Witness,
        command: u16,
        step: impl FnOnce(&mut Register) -> Result<Booked, crate::simulator::register::Denied>,
    ) -> Outcome {
        if let Err(fault) = witness.closing() {
            return Outcome::Untouched(fault);
        }
        match self.steps.step(command, step) {
            Ok(booked) => self.done(booked),
            Err(Trouble::Denied(denied)) => Outcome::Refused(refusal(&denied, self.steps.register())),
            Err(Trouble::Answered(code)) => Outcome::Refused(answered(code)),
            Err(Trouble::Failed(kind)) => Outcome::Doubtful(Fault::new(name, kind)),
        }
    }

    fn done(&self, booked: Booked) -> Outcome {
        let register = self.steps.register();
        let document = register.documents().iter().rev().find(|d| d.running_number == booked.running_number);
        match document {
            Some(document) => Outcome::Done(proof(document), paper(document, register)),
            None => Outcome::Doubtful(Fault::new("books", FaultKind::Garbled)),
        }
    }

    /// Begins a document of the storage other than a receipt, with its tags.
    fn begin(&mut self, begun: Begun, command: u16, tags: Vec<(u16, String)>) -> Result<(), Trouble> {
        self.steps.step(command, |register| register.begin(begun))?;
        for (tag, text) in tags {
            self.steps.step(0xFF0C, |register| register.add_tag(facts::tag(tag, &text)))?;
        }
        Ok(())
    }

    /// Nothing is registered yet: what was begun is forgotten, and the attempt may be repeated.
    fn unbegun(&mut self, name: &'static str, trouble: Trouble) -> Outcome {
        match (trouble, self.steps.step(0xFF08, Register::forget_begun)) {
            (Trouble::Denied(denied), Ok(())) => Outcome::Refused(refusal(&denied, self.steps.register())),
            (Trouble::Answered(code), Ok(())) => Outcome::Refused(answered(code)),
            (trouble, Ok(()) | Err(_)) => Outcome::Untouched(trouble.fault(name)),
        }
    }

    fn shift(
        &mut self,
        marker: Marker,
        begun: Begun,
        cashier: Option<&crate::contract::Cashier>,
        witness: &mut dyn Witness,
    ) -> Outcome {
        let mut tags = sale::people(cashier);
        // A shift that is opened or closed for a receipt is no document of the journal, which counts from 1.
        if marker.document() != 0 {
            tags.push(sale::ours(marker));
        }
        let (name, command) = match begun {
            Begun::ShiftOpening => ("open shift", 0xE0),
            Begun::ShiftClosing | Begun::Correction | Begun::Settlement => ("close shift", 0x41),
        };
        if let Err(trouble) = self.begin(begun, 0xFF41, tags) {
            return self.unbegun(name, trouble);
        }
        self.single(name, witness, command, |register| match begun {
            Begun::ShiftOpening => register.open_shift(OPERATOR),
            Begun::ShiftClosing | Begun::Correction | Begun::Settlement => register.close_shift(OPERATOR),
        })
    }

    fn correction(&mut self, marker: Marker, correction: &Correction, witness: &mut dyn Witness) -> Outcome {
        let taxes = &self.steps.register().state().settings.taxes;
        let Some(group) = taxes.iter().position(|row| row.rate == correction.vat) else {
            return Outcome::Refused(Refusal::of(Reason::VatUnsupported(correction.vat)));
        };
        let mut sums = vec![crate::contract::Money::ZERO; taxes.len()];
        sums[group] = correction.vat.basis_points().map_or(correction.total, |bp| correction.total.included_tax(bp));
        let draft = CorrectionDraft {
            operation: operation(correction.operation),
            by_order: correction.by_order,
            total: correction.total,
            payments: PaymentSums {
                cash: correction.payments.cash,
                electronic: vec![correction.payments.card],
                prepaid: correction.payments.prepaid,
                ..PaymentSums::default()
            },
            taxes: sums,
            tax_system: correction.tax_system.mask(),
        };
        let mut tags = vec![sale::ours(marker), (1178, correction.basis.date.clone())];
        if !correction.basis.number.is_empty() {
            tags.push((1179, correction.basis.number.clone()));
        }
        if let Err(trouble) = self.begin(Begun::Correction, 0xFF35, tags) {
            return self.unbegun("correction", trouble);
        }
        self.single("correction", witness, 0xFF4A, |register| register.correct(draft, OPERATOR))
    }

    fn slip(&mut self, text: &str) -> Outcome {
        match self.steps.step(0x17, |register| register.print_text(text)) {
            Ok(()) => Outcome::Done(facts::no_document(self.steps.register()), Paper::Delivered),
            Err(Trouble::Denied(denied)) => Outcome::Refused(refusal(&denied, self.steps.register())),
            Err(Trouble::Answered(code)) => Outcome::Refused(answered(code)),
            Err(Trouble::Failed(kind)) => Outcome::Doubtful(Fault::new("text", kind)),
        }
    }
}

/// A refusal by a code: 50h of a busy register, else the script's.
fn answered(code: u8) -> Refusal {
    let text = format!("{code:02X}h");
    let reason = if code == 0x50 { Reason::Busy } else { Reason::Other(format!("the script refuses with {text}")) };
    Refusal { reason, device_code: Some(text) }
}

fn operation(operation: crate::contract::Operation) -> Operation {
    match operation {
        crate::contract::Operation::Sale => Operation::Sale,
        crate::contract::Operation::Return => Operation::SaleReturn,
    }
}

fn cash(state: &State) -> CashCounters {
    let counters = &state.counters;
    CashCounters {
        in_count: counters.cash_in_number,
        in_sum: counters.shift.cash_in,
        out_count: counters.cash_out_number,
        out_sum: counters.shift.cash_out,
    }
}

impl Driver for Simulated {
    fn identity(&mut self) -> Result<Identity, Fault> {
        self.look("identity", |register| identity(register.state()))
    }

    fn status(&mut self) -> Result<Status, Fault> {
        let paper = self.resume_paper()?;
        self.look("status", |register| {
            let state = register.state();
            let number = state.shift.number;
            let full = state.storage.full.then(|| "the fiscal storage is full".to_owned());
            Status {
                shift: match register.shift_phase() {
                    ShiftPhase::Closed => Shift::Closed(number),
                    ShiftPhase::Open => Shift::Open(number),
                    ShiftPhase::Expired => Shift::Expired(number),
                },
                open_receipt: open_receipt(state),
                hindrance: hindrance(register),
                paper,
                clock: Some(register.now().to_string()),
                warnings: full.into_iter().collect(),
            }
        })
    }

    fn capabilities(&mut self) -> Result<Capabilities, Fault> {
        self.look("capabilities", |register| {
            let state = register.state();
            let registered = |bit: &u8| state.storage.tax_systems & (1 << bit) != 0;
            Capabilities {
                vat_rates: state.settings.taxes.iter().map(|row| row.rate).collect(),
                tax_systems: (0..6).filter(registered).filter_map(|bit| TaxSystem::from_mask(1 << bit)).collect(),
                max_lines: Some(state.settings.max_lines),
                zero_lines: true,
                electronic_only: true,
                stores_marker: true,
                cash_rounding: true,
            }
        })
    }

    fn mark(&mut self) -> Result<Mark, Fault> {
        self.look("mark", |register| {
            let state = register.state();
            Mark {
                serial: state.identity.serial.clone(),
                storage: state.storage.number.clone(),
                shift: state.shift.number,
                last_document: u64::from(state.storage.last),
                cash: Some(cash(state)),
            }
        })
    }

    fn execute(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        match &document.body {
            Body::Sale(receipt) => self.sell(document.marker, Operation::Sale, receipt, witness),
            Body::Return(receipt) => self.sell(document.marker, Operation::SaleReturn, receipt, witness),
            Body::Correction(correction) => self.correction(document.marker, correction, witness),
            Body::OpenShift(cashier) => self.shift(document.marker, Begun::ShiftOpening, cashier.as_ref(), witness),
            Body::CloseShift(cashier) => self.shift(document.marker, Begun::ShiftClosing, cashier.as_ref(), witness),
            Body::XReport => self.single("X report", witness, 0x40, |register| register.x_report(OPERATOR)),
            Body::CashIn(sum) => self.single("cash in", witness, 0x50, |register| register.cash_in(*sum, OPERATOR)),
            Body::CashOut(sum) => self.single("cash out", witness, 0x51, |register| register.cash_out(*sum, OPERATOR)),
            Body::Slip(text) => self.slip(text),
        }
    }

    fn verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        let paper = self.resume_paper()?;
        let found = self.query("find", 0xFF0A, |register| Ok(found(register, since.last_document)))?;
        self.look("verdict", |register| {
            let state = register.state();
            let facts = Facts {
                serial: state.identity.serial.clone(),
                storage: state.storage.number.clone(),
                open: open_receipt(state),
                last_document: u64::from(state.storage.last),
                found,
                cash: Some(cash(state)),
                paper,
            };
            judge(document, since, &facts)
        })
    }

    fn cancel_open(&mut self) -> Result<(), Fault> {
        if self.look("status", |register| register.state().receipt.is_none())? {
            return Ok(());
        }
        self.query("cancel", 0x88, Register::cancel_receipt)
    }

    fn found_since(&mut self, since: u64) -> Result<Option<Vec<Found>>, Fault> {
        self.query("find", 0xFF0A, |register| Ok(Some(found(register, since))))
    }

    fn copy_receipt(&mut self) -> Result<(), Fault> {
        self.query("copy", 0x8C, Register::print_copy)
    }

    fn resume_paper(&mut self) -> Result<Paper, Fault> {
        let waits = self.look("status", |register| {
            let printer = &register.state().printer;
            printer.held.is_some() && printer.can_feed()
        })?;
        if waits {
            self.query("print on", 0xB0, Register::print_on)?;
        }
        self.look("status", |register| register.documents().last().map_or(Paper::Unknown, |last| paper(last, register)))
    }
}
