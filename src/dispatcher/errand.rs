//! Small questions to a device between documents: they register nothing.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use kkm_drivers::contract::{Capabilities, Driver, Fault, Identity, Paper, Status, StorageLife};
use serde::{Deserialize, Serialize};

use super::Lane;
use crate::journal::JournalError;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Who is there and how it is.
    Look,
    /// Everything that can be asked without changing anything.
    Inspect,
    /// Let an interrupted print go on.
    ContinuePaper,
    /// Print the last receipt again, marked as a copy by the device.
    CopyReceipt,
}

/// Everything that a device says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inspection {
    /// Who is there.
    pub identity: Identity,
    /// How it is.
    pub status: Status,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Seconds since the open shift was opened; `None` where it does not say.
    pub shift_age_s: Option<u64>,
    /// How long its storage lasts; `None` where it does not say.
    pub storage: Option<StorageLife>,
}

impl Inspection {
    /// Asks a device; nothing is changed.
    pub fn of(driver: &mut dyn Driver) -> Result<Self, Fault> {
        Ok(Self {
            identity: driver.identity()?,
            status: driver.status()?,
            capabilities: driver.capabilities()?,
            shift_age_s: driver.shift_age()?.map(|age| age.as_secs()),
            storage: driver.storage_life()?,
        })
    }
}

/// What came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrandTold {
    /// The device as it is.
    Looked(Box<(Identity, Status)>),
    /// Everything about it.
    Inspected(Box<Inspection>),
    /// Where the paper is.
    Paper(Paper),
    /// Printed.
    Copied,
    /// It did not work.
    Failed(String),
}

/// Errands that wait for a lane.
#[derive(Debug, Default)]
pub struct Errands(Mutex<Vec<(Errand, Sender<ErrandTold>)>>);

impl Errands {
    /// Leaves an errand; ring the lane's bell after it.
    pub fn leave(&self, errand: Errand) -> Receiver<ErrandTold> {
        let (told, hear) = channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((errand, told));
        hear
    }

    fn take(&self) -> Vec<(Errand, Sender<ErrandTold>)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lane {
    /// Runs what waits. Only between documents: while one is undecided the device is not touched for anything else.
    pub(super) fn run_errands(&mut self) -> Result<(), JournalError> {
        for (errand, told) in self.door.errands.take() {
            let answer = match errand {
                Errand::Look => self.look_only().map(|l| ErrandTold::Looked(Box::new(l))),
                Errand::Inspect => Inspection::of(&mut *self.driver).map(|i| ErrandTold::Inspected(Box::new(i))),
                Errand::ContinuePaper => self.driver.resume_paper().map(ErrandTold::Paper),
                Errand::CopyReceipt => {
                    self.journal.note(&self.name, "copy printed", "of the last receipt")?;
                    self.driver.copy_receipt().map(|()| ErrandTold::Copied)
                }
            };
            let failed = |fault: Fault| {
                let missed = self.door.missed.get().map(|missed| format!("\n{}", missed.text));
                ErrandTold::Failed(format!("{fault}{}", missed.unwrap_or_default()))
            };
            let _ = told.send(answer.unwrap_or_else(failed));
        }
        Ok(())
    }

    fn look_only(&mut self) -> Result<(Identity, Status), Fault> {
        let (identity, mut status) = (self.driver.identity()?, self.driver.status()?);
        status.warnings.extend(self.door.missed.get().map(|missed| missed.text));
        Ok((identity, status))
    }
}
