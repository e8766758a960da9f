//! What a person asks of a register besides documents.

use super::Shtrih;
use super::command::print::{Copy, Drawer, LoadBlock, PrintQr};
use super::command::status::{Beep, ConfirmDate, ModelFlags, SetDate, SetTime};
use super::command::table::{Place, ReadField, WriteField};
use super::link::Failure;
use crate::contract::{Fault, Paper};

/// Longest text of a QR code, bytes.
pub const MAX_QR: usize = 512;
/// Bit 28 of F7h: the alternative low level.
const NUMBERED_LEVEL: u64 = 1 << 28;

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

    /// `DDh` and `DEh`: prints a text as a QR code, at most [`MAX_QR`] bytes; registers nothing.
    pub fn print_qr(&mut self, text: &str) -> Result<(), Fault> {
        let bytes = &text.as_bytes()[..text.len().min(MAX_QR)];
        for (block, bytes) in (0..).zip(bytes.chunks(LoadBlock::SIZE)) {
            self.link.run_patiently(&LoadBlock { block, bytes: bytes.to_vec() }).map_err(Failure::fault)?;
        }
        self.link.run_patiently(&PrintQr { length: bytes.len() as u16 }).map_err(Failure::fault)
    }

    /// F7h: whether the model knows numbered packets; a model that does not know the question does not.
    pub fn knows_numbered_level(&mut self) -> Result<bool, Fault> {
        match self.link.run(&ModelFlags) {
            Ok(flags) => Ok(flags & NUMBERED_LEVEL != 0),
            Err(Failure::Refused { .. }) => Ok(false),
            Err(Failure::Lost(fault)) => Err(fault),
        }
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
