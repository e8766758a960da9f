//! The shift: closed, open, or open and older than 24 hours of the register's own clock.

use super::books::Kind;
use super::state::Begun;
use super::{Booked, Denied, Register};

/// Longest life of a shift, seconds.
const SHIFT_S: i64 = 24 * 3600;

/// Phase of the shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftPhase {
    /// Closed.
    Closed,
    /// Open.
    Open,
    /// Open and too old to sell.
    Expired,
}

impl Register {
    /// Phase of the shift now.
    pub fn shift_phase(&self) -> ShiftPhase {
        match self.state.shift.opened_at {
            None => ShiftPhase::Closed,
            Some(_) if self.state.shift.aged => ShiftPhase::Expired,
            Some(opened) if self.now().since_s(opened) >= SHIFT_S => ShiftPhase::Expired,
            Some(_) => ShiftPhase::Open,
        }
    }

    /// Opens the shift.
    pub fn open_shift(&mut self, operator: u8) -> Result<Booked, Denied> {
        self.no_receipt()?;
        if self.state.shift.opened_at.is_some() {
            return Err(Denied::ShiftOpen);
        }
        let mut document = self.blank(Kind::ShiftOpened, operator);
        document.shift = self.state.shift.number + 1;
        document.tags = self.begun_tags(Begun::ShiftOpening);
        self.check_paper(document.on_paper)?;
        self.book(document)
    }

    /// Closes the shift.
    pub fn close_shift(&mut self, operator: u8) -> Result<Booked, Denied> {
        self.no_receipt()?;
        if self.state.shift.opened_at.is_none() {
            return Err(Denied::ShiftClosed);
        }
        let mut document = self.blank(Kind::ShiftClosed, operator);
        document.tags = self.begun_tags(Begun::ShiftClosing);
        self.check_paper(document.on_paper)?;
        self.book(document)
    }

    /// Reports without closing.
    pub fn x_report(&mut self, operator: u8) -> Result<Booked, Denied> {
        self.no_receipt()?;
        let mut document = self.blank(Kind::XReport, operator);
        document.on_paper = true;
        self.check_paper(true)?;
        self.book(document)
    }

    pub(super) fn no_receipt(&self) -> Result<(), Denied> {
        if self.state.receipt.is_some() { Err(Denied::ReceiptOpen) } else { Ok(()) }
    }

    /// What will be printed needs paper now; what was interrupted comes first in any case.
    pub(super) fn check_paper(&self, on_paper: bool) -> Result<(), Denied> {
        if on_paper || self.state.printer.held.is_some() { self.state.printer.check() } else { Ok(()) }
    }
}
