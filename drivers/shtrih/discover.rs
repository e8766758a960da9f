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

/// Makes the opener of a named port.
type Make = Box<dyn Fn(&str) -> Box<dyn Opener> + Send>;

/// Opens the port at which the register with a serial number is, wherever it is plugged in today.
pub struct FindingOpener {
    serial: String,
    settings: Settings,
    names: Box<dyn FnMut() -> Vec<String> + Send>,
    make: Make,
    found: Option<String>,
}

impl FindingOpener {
    /// `names` lists the ports that may be searched, `make` opens one of them.
    pub fn new(
        serial: impl Into<String>,
        settings: Settings,
        names: impl FnMut() -> Vec<String> + Send + 'static,
        make: impl Fn(&str) -> Box<dyn Opener> + Send + 'static,
    ) -> Self {
        Self { serial: serial.into(), settings, names: Box::new(names), make: Box::new(make), found: None }
    }
}

impl Opener for FindingOpener {
    /// Tries the port of the last time first.
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let mut names = (self.names)();
        if let Some(last) = self.found.take() {
            names.retain(|name| *name != last);
            names.insert(0, last);
        }
        let mut tried = Vec::new();
        for name in names {
            match probe((self.make)(&name), &self.settings) {
                Ok(seen) if same_serial(&seen.serial, &self.serial) => {
                    let port = (self.make)(&name).open();
                    self.found = Some(name);
                    return port;
                }
                Ok(seen) => tried.push(format!("{name}: serial {}", seen.serial)),
                Err(fault) => tried.push(format!("{name}: {fault}")),
            }
        }
        Err(PortError::Unreachable(format!("no register with serial {} ({})", self.serial, tried.join("; "))))
    }

    fn name(&self) -> String {
        self.found.clone().unwrap_or_else(|| format!("register {}", self.serial))
    }
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
