//! Cash put into the drawer and taken out of it; the storage keeps no document of either.

use super::books::Kind;
use super::shift::ShiftPhase;
use super::{Booked, Denied, Register};
use crate::contract::Money;

impl Register {
    /// Puts cash in.
    pub fn cash_in(&mut self, sum: Money, operator: u8) -> Result<Booked, Denied> {
        self.move_cash(Kind::CashIn, sum, operator)
    }

    /// Takes cash out.
    pub fn cash_out(&mut self, sum: Money, operator: u8) -> Result<Booked, Denied> {
        if sum > self.state.counters.drawer {
            return Err(Denied::DrawerShort);
        }
        self.move_cash(Kind::CashOut, sum, operator)
    }

    fn move_cash(&mut self, kind: Kind, sum: Money, operator: u8) -> Result<Booked, Denied> {
        self.no_receipt()?;
        if self.shift_phase() == ShiftPhase::Expired {
            return Err(Denied::ShiftExpired);
        }
        if sum.is_negative() || sum.is_zero() || sum > Money::LIMIT {
            return Err(Denied::OutOfRange);
        }
        let mut document = self.blank(kind, operator);
        document.total = sum;
        document.on_paper = true;
        self.check_paper(true)?;
        self.book(document)
    }
}
