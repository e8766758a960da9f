//! From the register's no to the contract's reason.

use crate::contract::{Reason, Refusal};
use crate::simulator::register::printer::Printing;
use crate::simulator::register::{Denied, Register, State};

/// The refusal of a step.
pub(super) fn refusal(denied: &Denied, register: &Register) -> Refusal {
    Refusal::of(reason(denied, register.state()))
}

fn reason(denied: &Denied, state: &State) -> Reason {
    match denied {
        Denied::ShiftExpired => Reason::ShiftExpired,
        Denied::ShiftClosed => Reason::ShiftClosed,
        Denied::DrawerShort => Reason::NotEnoughCash,
        Denied::ReceiptFull => Reason::ReceiptTooLarge,
        Denied::StorageFull => Reason::StorageUnusable,
        Denied::ClockWrong => Reason::ClockWrong,
        Denied::TaxSystemOutside => Reason::TaxSystemUnsupported,
        Denied::OutOfRange => Reason::SumTooLarge,
        Denied::NoPaper | Denied::PaperAwaited | Denied::PrintAwaited if state.printer.cover_open => Reason::CoverOpen,
        Denied::NoPaper | Denied::PaperAwaited | Denied::PrintAwaited => Reason::PaperOut,
        Denied::CutterFailed => Reason::PrinterFailed,
        Denied::WrongMode
        | Denied::ShiftOpen
        | Denied::ReceiptOpen
        | Denied::Underpaid
        | Denied::CashlessAboveTotal
        | Denied::SumOff
        | Denied::ZeroReceipt
        | Denied::NegativeTotal
        | Denied::NoSuchTax
        | Denied::BadTag
        | Denied::NoData
        | Denied::Books(_) => Reason::Other(denied.to_string()),
    }
}

/// Why nothing can be sold now.
pub(super) fn hindrance(register: &Register) -> Option<Reason> {
    let state = register.state();
    match register.printing() {
        Printing::NoPaper | Printing::PaperAwaited if state.printer.cover_open => Some(Reason::CoverOpen),
        Printing::NoPaper | Printing::PaperAwaited => Some(Reason::PaperOut),
        Printing::PrintAwaited | Printing::Busy => Some(Reason::Busy),
        Printing::Ready if !state.printer.cutter_works => Some(Reason::PrinterFailed),
        Printing::Ready if state.storage.full => Some(Reason::StorageUnusable),
        Printing::Ready => None,
    }
}
