//! What a person asks of a register besides documents.

use super::Shtrih;
use super::command::print::{Copy, Drawer};
use super::command::status::{Beep, ConfirmDate, SetDate, SetTime};
use super::command::table::{Place, ReadField, WriteField};
use super::link::Failure;
use crate::contract::{Fault, Paper};

/// A moment on the register's clock, local and without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Year, 2000..2099.
    pub year: u16,
    /// Month, 1..12.
    pub month: u8,
    /// Day, 1..31.
    pub day: u8,
    /// Hour, 0..23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
}

impl Shtrih {
    /// 8Ch: prints a copy of the last receipt; registers nothing.
    pub fn print_copy(&mut self) -> Result<Paper, Fault> {
        self.link.wait_idle_and_continue().map_err(Failure::fault)?;
        self.link.run_patiently(&Copy).map_err(Failure::fault)?;
        Ok(self.paper_of_last())
    }

    /// 28h: opens the cash drawer.
    pub fn open_drawer(&mut self) -> Result<(), Fault> {
        self.link.run_patiently(&Drawer(0)).map_err(Failure::fault)
    }

    /// 13h: makes itself heard, so that a person knows which register it is.
    pub fn beep(&mut self) -> Result<(), Fault> {
        self.link.run_patiently(&Beep).map_err(Failure::fault)
    }

    /// 1Fh: a field of the settings as the register keeps it; numbers are little endian.
    pub fn read_field(&mut self, place: Place) -> Result<Vec<u8>, Fault> {
        self.link.run_patiently(&ReadField(place)).map_err(Failure::fault)
    }

    /// 1Eh: writes a field of the settings. What was read of them before is forgotten.
    pub fn write_field(&mut self, place: Place, value: &[u8]) -> Result<(), Fault> {
        self.about = None;
        self.link.run_patiently(&WriteField(place, value.to_vec())).map_err(Failure::fault)
    }

    /// 21h, 22h, 23h: sets the clock; the shift must be closed. After 22h the register waits for the same date again.
    pub fn set_clock(&mut self, clock: Clock) -> Result<(), Fault> {
        let date = [clock.day, clock.month, (clock.year % 100) as u8];
        self.link.run_patiently(&SetTime([clock.hour, clock.minute, clock.second])).map_err(Failure::fault)?;
        self.link.run_patiently(&SetDate(date)).map_err(Failure::fault)?;
        self.link.run_patiently(&ConfirmDate(date)).map_err(Failure::fault)
    }
}
