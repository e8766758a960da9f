//! Status, identity and registers (manual, "status, identity, service").

use super::Call;
use crate::contract::Money;
use crate::simulator::register::books::Operation;
use crate::simulator::register::counters::place;
use crate::simulator::register::printer::Printing;
use crate::simulator::register::{Register, ShiftPhase};
use crate::simulator::shtrih::codes::{self, Code};
use crate::simulator::shtrih::wire::{Answer, cp1251};

/// Order of the operations in registers, modes and command 8Dh.
pub(crate) const BY_TYPE: [Operation; 4] =
    [Operation::Sale, Operation::Buy, Operation::SaleReturn, Operation::BuyReturn];

/// 10h.
pub(super) fn short(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let (flags, submode) = (flags(call.register), submode(call.register));
    let mode = call.session.mode.unwrap_or_else(|| mode(call.register));
    call.register.poll_busy();
    let lines = call.register.state().receipt.as_ref().map_or(0, |receipt| receipt.lines.len());
    let answer = call.operator().uint(u64::from(flags), 2).u8(mode).u8(submode).u8(lines as u8);
    // Battery, supply, storage errors; then the high byte of the line count, three spare bytes, the last print.
    Ok(answer.bytes(&[0, 0, 0, 0]).u8((lines >> 8) as u8).bytes(&[0, 0, 0]).u8(last_print(call.register)))
}

/// 11h.
pub(super) fn long(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let (flags, submode) = (flags(call.register), submode(call.register));
    let mode = call.session.mode.unwrap_or_else(|| mode(call.register));
    call.register.poll_busy();
    let state = call.register.state();
    let serial = state.identity.serial.parse::<u64>().unwrap_or(0);
    let closed_shift = state.shift.number.saturating_sub(u32::from(state.shift.opened_at.is_some()));
    let now = call.register.now();
    Ok(call
        .operator()
        .bytes(b"20")
        .uint(1001, 2)
        .bytes(&[1, 2, 26])
        .u8(1)
        .uint(u64::from(state.counters.running_number), 2)
        .uint(u64::from(flags), 2)
        .u8(mode)
        .u8(submode)
        .u8(0)
        .bytes(b"10")
        .uint(1, 2)
        .bytes(&[1, 2, 26])
        .date(now)
        .time(now)
        .u8(0)
        .uint(serial, 4)
        .uint(u64::from(closed_shift), 2)
        .uint(2000, 2)
        .bytes(&[1, 29])
        .uint(state.identity.inn.parse::<u64>().unwrap_or(0), 6)
        .bytes(&[0, 0])
        .uint(serial >> 32, 2))
}

/// Bits 4 (two decimals), 7 (paper), 9 (head lever), 10 (cover).
fn flags(register: &Register) -> u16 {
    let printer = &register.state().printer;
    (1 << 4) | (1 << 9) | (u16::from(printer.paper) << 7) | (u16::from(printer.cover_open) << 10)
}

/// Low nibble: mode; high nibble: type of the open receipt.
fn mode(register: &Register) -> u8 {
    let state = register.state();
    if let Some(receipt) = &state.receipt {
        let kind = BY_TYPE.iter().position(|operation| *operation == receipt.operation).unwrap_or(0);
        return 8 | ((kind as u8) << 4);
    }
    if state.unconfirmed_date.is_some() {
        return 6;
    }
    match register.shift_phase() {
        ShiftPhase::Open => 2,
        ShiftPhase::Expired => 3,
        ShiftPhase::Closed => 4,
    }
}

fn submode(register: &Register) -> u8 {
    match register.printing() {
        Printing::Ready => 0,
        Printing::NoPaper => 1,
        Printing::PaperAwaited => 2,
        Printing::PrintAwaited => 3,
        Printing::Busy => 5,
    }
}

/// 0 well, 1 paper was cut off, 2 printer failed, 5 prints.
fn last_print(register: &Register) -> u8 {
    let printer = &register.state().printer;
    match register.printing() {
        Printing::PaperAwaited | Printing::PrintAwaited => 1,
        Printing::Busy => 5,
        Printing::Ready | Printing::NoPaper => u8::from(printer.failed) * 2,
    }
}

/// `FCh`: a register, protocol 1.27 as its authors count, model 250, Russian.
pub(super) fn device_type(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let name = cp1251(&call.register.state().identity.model);
    Ok(Answer::default().bytes(&[0, 0, 1, 0x1B, 0xFA, 0]).bytes(&name))
}

/// F7h, type 1: abilities of the model.
pub(super) fn model(call: &mut Call<'_>) -> Result<Answer, Code> {
    if call.fields.u8()? != 1 {
        return Err(Code::BAD_PARAMETERS);
    }
    call.fields.end()?;
    // Widths of fonts 1 and 2, first graphic line, digits of the taxpayer's and of the registration number, of their
    // long forms; default passwords; numbers of Bluetooth table and tax field; longest command; width of graphics.
    // Bits 0 to 20: every sensor of the flags is real; bit 28: the numbered low level.
    let answer = Answer::default().uint(0x101F_FFFF, 8).bytes(&[48, 24, 1, 12, 16, 0, 0]);
    Ok(answer.uint(0, 4).uint(30, 4).bytes(&[0, 14]).uint(255, 2).u8(72))
}

/// 6Bh: text of an error.
pub(super) fn error_name(call: &mut Call<'_>) -> Result<Answer, Code> {
    let code = call.fields.u8()?;
    call.fields.end()?;
    Ok(Answer::default().bytes(&cp1251(codes::text(code))))
}

/// 1Ah: a money register, six bytes.
pub(super) fn money_register(call: &mut Call<'_>) -> Result<Answer, Code> {
    let number = register_number(call)?;
    let value = money(call.register, number);
    Ok(call.operator().uint(value.minor() as u64, 6))
}

/// 1Bh: an operation register, two bytes.
pub(super) fn operation_register(call: &mut Call<'_>) -> Result<Answer, Code> {
    let number = register_number(call)?;
    let value = operations(call.register, number);
    Ok(call.operator().uint(u64::from(value), 2))
}

/// One byte, or two on newer models.
fn register_number(call: &mut Call<'_>) -> Result<u16, Code> {
    let number = if call.fields.0.len() == 2 { call.fields.u16()? } else { u16::from(call.fields.u8()?) };
    call.fields.end()?;
    Ok(number)
}

fn money(register: &Register, number: u16) -> Money {
    let counters = &register.state().counters;
    let shift = &counters.shift;
    let by_type = |first: u16, sums: &[Money; 4]| sums[place(BY_TYPE[usize::from(number - first) % 4])];
    match number {
        193..=196 => by_type(193, &shift.cash),
        197..=208 => by_type(197, &shift.cashless[usize::from(number - 197) / 4]),
        241 => counters.drawer,
        242 => shift.cash_in,
        243 => shift.cash_out,
        249..=252 => by_type(249, &shift.cancelled),
        _ => Money::ZERO,
    }
}

fn operations(register: &Register, number: u16) -> u32 {
    let counters = &register.state().counters;
    let shift = &counters.shift;
    let by_type = |first: u16, counts: &[u32; 4]| counts[place(BY_TYPE[usize::from(number - first) % 4])];
    match number {
        144..=147 => by_type(144, &shift.receipts),
        148..=151 => by_type(148, &counters.receipt_numbers),
        152 | 185 => counters.running_number & 0xFFFF,
        153 => shift.cash_in_count,
        154 => shift.cash_out_count,
        155 => counters.cash_in_number,
        156 => counters.cash_out_number,
        157 | 166 => shift.cancelled_count,
        158 => counters.x_number,
        186 => counters.running_number >> 16,
        _ => 0,
    }
}
