//! Finds a register by its serial number on the ports that may be searched.
//!
//! Only `FCh` and 11h are asked, which change nothing. A line that sends our own bytes back is no device: the answer must
//! carry an error byte that the question has not, and a register's type.

use super::command::status::{DeviceType, LongStatus};
use super::{Settings, Shtrih};
use crate::contract::Fault;
use crate::transport::{Opener, Port, PortError};

/// A register that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Name of the port.
    pub port: String,
    /// Serial number.
    pub serial: String,
    /// Model as it names itself.
    pub model: String,
}

/// Asks who is at a port.
pub fn probe(opener: Box<dyn Opener>, settings: &Settings) -> Result<Seen, Fault> {
    let port = opener.name();
    let mut register = Shtrih::new(opener, settings.clone());
    let model = register.link.run(&DeviceType).map_err(super::link::Failure::fault)?;
    let long = register.link.run(&LongStatus).map_err(super::link::Failure::fault)?;
    Ok(Seen { port, serial: long.serial.map(|n| n.to_string()).unwrap_or_default(), model: model.name })
}

/// True for one number written with and without leading zeros.
pub fn same_serial(a: &str, b: &str) -> bool {
    a.trim().trim_start_matches('0') == b.trim().trim_start_matches('0')
}

/// Opens the port at which the register with a serial number is, wherever it is plugged in today.
pub struct FindingOpener<F> {
    serial: String,
    settings: Settings,
    candidates: F,
    found: Option<String>,
}

impl<F, O> FindingOpener<F>
where
    F: FnMut() -> Vec<O> + Send,
    O: Opener + 'static,
{
    /// `candidates` lists the ports that may be searched, best first.
    pub fn new(serial: impl Into<String>, settings: Settings, candidates: F) -> Self {
        Self { serial: serial.into(), settings, candidates, found: None }
    }
}

impl<F, O> Opener for FindingOpener<F>
where
    F: FnMut() -> Vec<O> + Send,
    O: Opener + 'static,
{
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let mut tried = Vec::new();
        let names: Vec<String> = (self.candidates)().iter().map(Opener::name).collect();
        for name in names {
            // Each port is listed anew, for a probe takes its opener and the line must be free again after it.
            let pick = |list: Vec<O>| list.into_iter().find(|o| o.name() == name);
            let Some(opener) = pick((self.candidates)()) else { continue };
            match probe(Box::new(opener), &self.settings) {
                Ok(seen) if same_serial(&seen.serial, &self.serial) => {
                    let Some(mut opener) = pick((self.candidates)()) else { continue };
                    self.found = Some(name);
                    return opener.open();
                }
                Ok(seen) => tried.push(format!("{name}: serial {}", seen.serial)),
                Err(fault) => tried.push(format!("{name}: {fault}")),
            }
        }
        self.found = None;
        Err(PortError::Unreachable(format!("no register with serial {} ({})", self.serial, tried.join("; "))))
    }

    fn name(&self) -> String {
        self.found.clone().unwrap_or_else(|| format!("register {}", self.serial))
    }
}
