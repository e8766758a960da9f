//! What the script does to the register itself: paper, clock, storage, another cashier. No family's words.

use super::faults::{Action, ClockChange};
use super::register::books::{BookedDocument, Kind};
use super::register::clock::Clock;
use super::register::{Denied, Register};
use crate::contract::{Money, VatRate};

/// Does it; `Ok(false)` for an action that is not the world's but the line's.
pub(crate) fn act(register: &mut Register, action: &Action) -> Result<bool, Denied> {
    let money = |minor: i64| Money::from_minor(minor);
    match *action {
        Action::Paper(paper) => register.alter(|state| state.printer.paper = paper)?,
        Action::PaperEndsInNext => register.alter(|state| state.printer.ends_in_next = true)?,
        Action::Cover(open) => register.alter(|state| state.printer.cover_open = open)?,
        Action::Cutter(works) => register.alter(|state| {
            state.printer.cutter_works = works;
            state.printer.failed = false;
        })?,
        Action::Busy(polls) => register.alter(|state| state.printer.busy_polls = polls)?,
        Action::PrintTime(time) => register.alter(|state| state.printer.takes_ms = time.as_millis() as u64)?,
        Action::ShiftExpire => register.alter(|state| state.shift.aged = state.shift.opened_at.is_some())?,
        Action::Clock(change) => move_clock(register, change)?,
        Action::Drawer(minor) => register.alter(|state| state.counters.drawer = money(minor))?,
        Action::WrongTotal(minor) => register.alter(|state| match &mut state.receipt {
            Some(receipt) => receipt.skew = minor,
            None => state.next_skew = minor,
        })?,
        Action::Buffer(lines) => register.alter(|state| state.settings.max_lines = lines)?,
        Action::TaxSystems(mask) => register.alter(|state| state.storage.tax_systems = mask)?,
        Action::Vat(row, rate) => set_rate(register, row, rate)?,
        Action::StorageFull(full) => register.alter(|state| state.storage.full = full)?,
        Action::SwapStorage => register.swap_storage().map(drop)?,
        Action::AutoOpen(on) => register.alter(|state| state.settings.opens_shift_itself = on)?,
        Action::ForeignSale(minor) => register.foreign_sale(money(minor)).map(drop)?,
        Action::ForeignOpen(minor) => register.foreign_receipt(money(minor))?,
        Action::ForeignCashIn(minor) => register.cash_in(money(minor), 1).map(drop)?,
        Action::LoseAnswer { .. }
        | Action::Silence(_)
        | Action::Refuse(_)
        | Action::Nak
        | Action::NoAck
        | Action::BadLrc
        | Action::HalfAnswer
        | Action::Delay(_)
        | Action::PowerOff(_)
        | Action::PowerOn
        | Action::Byte(..)
        | Action::Noise(_)
        | Action::Mode(_)
        | Action::Books
        | Action::Help => return Ok(false),
    }
    Ok(true)
}

fn move_clock(register: &mut Register, change: ClockChange) -> Result<(), Denied> {
    let now = register.now();
    match change {
        ClockChange::Shift(seconds) => register.alter(|state| state.clock.shift_s(seconds)),
        ClockChange::Set(moment) => register.set_clock(moment),
        ClockChange::Stop => register.alter(|state| state.clock = Clock::Fixed { at: now }),
        ClockChange::System => register.alter(|state| state.clock = Clock::System { offset_s: 0 }),
    }
}

fn set_rate(register: &mut Register, row: u8, basis_points: u32) -> Result<(), Denied> {
    let place = usize::from(row).checked_sub(1).ok_or(Denied::NoSuchTax)?;
    if register.state().settings.taxes.get(place).is_none() {
        return Err(Denied::NoSuchTax);
    }
    register.alter(|state| {
        let row = &mut state.settings.taxes[place];
        row.rate = match row.rate {
            VatRate::Exempt => VatRate::Exempt,
            VatRate::Rate(_) => VatRate::Rate(basis_points),
            VatRate::Calculated(_) => VatRate::Calculated(basis_points),
        };
        row.name = format!("НДС {}", row.rate);
    })
}

/// The books for people, one document a line.
pub(crate) fn list(documents: &[BookedDocument]) -> String {
    documents.iter().map(entry).collect::<Vec<_>>().join("\n")
}

fn entry(document: &BookedDocument) -> String {
    let what = match document.kind {
        Kind::Registration => "registration",
        Kind::ShiftOpened => "shift opened",
        Kind::Receipt => "receipt",
        Kind::ShiftClosed => "shift closed",
        Kind::Correction => "correction",
        Kind::Settlement => "settlement",
        Kind::CashIn => "cash in",
        Kind::CashOut => "cash out",
        Kind::XReport => "x report",
    };
    let operation = document.operation.map(|operation| format!(" {operation:?}")).unwrap_or_default();
    let mark = document.tag_text(1192);
    format!(
        "{} FD {} {what}{operation} {} shift {} {} {mark}",
        document.seq, document.number, document.total, document.shift, document.time
    )
}
