//! A simulated register by its directory: opened by the first call that needs it, as every driver opens its port.

use std::io;
use std::path::PathBuf;

use super::Simulated;
use crate::contract::{
    Capabilities, Document, Driver, Fault, FaultKind, Found, Identity, Mark, Outcome, Paper, Status, Verdict, Witness,
};

/// A register that is opened when it must be; paper goes to nobody.
pub struct SimulatedAt {
    directory: PathBuf,
    open: Option<Simulated>,
}

impl SimulatedAt {
    /// The register of this directory; nothing is opened yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), open: None }
    }

    fn opened(&mut self) -> Result<&mut Simulated, Fault> {
        let open = match self.open.take() {
            Some(open) => open,
            None => Simulated::open(&self.directory, true, Box::new(io::sink())).map_err(|error| {
                let place = self.directory.display();
                Fault::new("open", FaultKind::Unreachable(format!("simulated register in {place}: {error}")))
            })?,
        };
        Ok(self.open.insert(open))
    }
}

impl Driver for SimulatedAt {
    fn identity(&mut self) -> Result<Identity, Fault> {
        self.opened()?.identity()
    }

    fn status(&mut self) -> Result<Status, Fault> {
        self.opened()?.status()
    }

    fn capabilities(&mut self) -> Result<Capabilities, Fault> {
        self.opened()?.capabilities()
    }

    fn mark(&mut self) -> Result<Mark, Fault> {
        self.opened()?.mark()
    }

    fn execute(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        match self.opened() {
            Ok(open) => open.execute(document, witness),
            Err(fault) => Outcome::Untouched(fault),
        }
    }

    fn verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        self.opened()?.verdict(document, since)
    }

    fn cancel_open(&mut self) -> Result<(), Fault> {
        self.opened()?.cancel_open()
    }

    fn found_since(&mut self, since: u64) -> Result<Option<Vec<Found>>, Fault> {
        self.opened()?.found_since(since)
    }

    fn copy_receipt(&mut self) -> Result<(), Fault> {
        self.opened()?.copy_receipt()
    }

    fn resume_paper(&mut self) -> Result<Paper, Fault> {
        self.opened()?.resume_paper()
    }
}
