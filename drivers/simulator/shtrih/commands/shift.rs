//! Shift, reports, cash (manual, "shift and reports").

use super::Call;
use crate::simulator::register::{Begun, Booked, Denied};
use crate::simulator::shtrih::codes::Code;
use crate::simulator::shtrih::wire::Answer;

/// The storage's own code for a state that does not fit.
const STORAGE_STATE: Code = Code(0x02);

/// E0h.
pub(super) fn open(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.open_shift(call.operator)?;
    Ok(call.operator())
}

/// 40h.
pub(super) fn x_report(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.x_report(call.operator)?;
    Ok(call.operator())
}

/// 41h.
pub(super) fn z_report(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.close_shift(call.operator)?;
    Ok(call.operator())
}

/// 50h: sum; answers the running number of the document.
pub(super) fn cash_in(call: &mut Call<'_>) -> Result<Answer, Code> {
    let sum = call.fields.money()?;
    call.fields.end()?;
    let booked = call.register.cash_in(sum, call.operator)?;
    Ok(call.operator().uint(u64::from(booked.running_number), 2))
}

/// 51h.
pub(super) fn cash_out(call: &mut Call<'_>) -> Result<Answer, Code> {
    let sum = call.fields.money()?;
    call.fields.end()?;
    let booked = call.register.cash_out(sum, call.operator)?;
    Ok(call.operator().uint(u64::from(booked.running_number), 2))
}

/// FF41.
pub(super) fn begin_opening(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.begin(Begun::ShiftOpening).map_err(storage_code)?;
    Ok(Answer::default())
}

/// FF42.
pub(super) fn begin_closing(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.begin(Begun::ShiftClosing).map_err(storage_code)?;
    Ok(Answer::default())
}

/// FF0B: opens without going through E0h.
pub(super) fn open_in_storage(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(numbers(call.register.open_shift(call.operator).map_err(storage_code)?))
}

/// FF43: closes without going through 41h.
pub(super) fn close_in_storage(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let booked = call.register.close_shift(call.operator).map_err(storage_code)?;
    Ok(numbers(booked).storage_time(booked.time))
}

fn numbers(booked: Booked) -> Answer {
    Answer::default().uint(u64::from(booked.shift), 2).uint(u64::from(booked.number), 4).uint(u64::from(booked.sign), 4)
}

fn storage_code(denied: Denied) -> Code {
    match denied {
        Denied::ShiftOpen | Denied::ShiftClosed | Denied::WrongMode => STORAGE_STATE,
        other => Code::from(other),
    }
}
