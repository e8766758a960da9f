//! Port, clock, paper feed, cut, reset (manual, "status, identity, service").

use std::time::Duration;

use super::Call;
use crate::simulator::register::ShiftPhase;
use crate::simulator::register::clock::{Moment, Parts};
use crate::simulator::shtrih::codes::Code;
use crate::simulator::shtrih::wire::Answer;

/// 115200 bits a second, 100 ms: what a device is delivered with.
const PORT: (u8, u8) = (6, 100);

/// 13h: heard by people only.
pub(super) fn beep(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(call.operator())
}

/// 28h: drawer 0 or 1.
pub(super) fn drawer(call: &mut Call<'_>) -> Result<Answer, Code> {
    let drawer = call.fields.u8()?;
    call.fields.end()?;
    if drawer > 1 { Err(Code::BAD_PARAMETERS) } else { Ok(call.operator()) }
}

/// 14h: speed and byte time-out.
pub(super) fn set_port(call: &mut Call<'_>) -> Result<Answer, Code> {
    let _port = call.fields.u8()?;
    let (speed, timeout) = (call.fields.u8()?, call.fields.u8()?);
    call.fields.end()?;
    if speed > 9 {
        return Err(Code::BAD_PARAMETERS);
    }
    call.session.port = Some((speed, timeout));
    call.session.byte_timeout = Some(byte_timeout(timeout));
    Ok(Answer::default())
}

/// 15h.
pub(super) fn port(call: &mut Call<'_>) -> Result<Answer, Code> {
    let _port = call.fields.u8()?;
    call.fields.end()?;
    let (speed, timeout) = call.session.port.unwrap_or(PORT);
    Ok(Answer::default().u8(speed).u8(timeout))
}

/// 0 to 150 ms as they are, to 249 in steps of 150 ms, above in steps of 15 s.
fn byte_timeout(code: u8) -> Duration {
    Duration::from_millis(match u64::from(code) {
        ms @ 0..=150 => ms,
        step @ 151..=249 => (step - 149) * 150,
        step => (step - 248) * 15_000,
    })
}

/// 16h: only where memory was lost, which this register does not do.
pub(super) fn reset(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Err(Code::WRONG_MODE)
}

/// 2Bh: there is no test to stop, and the device does not mind.
pub(super) fn stop_test(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(call.operator())
}

/// 21h: HH MM SS.
pub(super) fn set_time(call: &mut Call<'_>) -> Result<Answer, Code> {
    let (hour, minute, second) = (call.fields.u8()?, call.fields.u8()?, call.fields.u8()?);
    call.fields.end()?;
    let today = call.register.now().parts();
    let moment = Moment::from_parts(Parts { hour, minute, second, ..today }).ok_or(Code::BAD_DATE)?;
    call.register.set_clock(moment)?;
    Ok(Answer::default())
}

/// 22h: DD MM YY; the device then waits for 23h with the same date.
pub(super) fn set_date(call: &mut Call<'_>) -> Result<Answer, Code> {
    if call.register.shift_phase() != ShiftPhase::Closed {
        return Err(Code::WRONG_MODE);
    }
    let date = date(call)?;
    call.register.alter(|state| state.unconfirmed_date = Some(date))?;
    Ok(Answer::default())
}

/// 23h.
pub(super) fn confirm_date(call: &mut Call<'_>) -> Result<Answer, Code> {
    let set = call.register.state().unconfirmed_date.ok_or(Code::WRONG_MODE)?;
    let confirmed = date(call)?.parts();
    let same = set.parts();
    if (confirmed.year, confirmed.month, confirmed.day) != (same.year, same.month, same.day) {
        return Err(Code::BAD_DATE);
    }
    let time = call.register.now().parts();
    let (year, month, day) = (same.year, same.month, same.day);
    let moment = Moment::from_parts(Parts { year, month, day, ..time }).ok_or(Code::BAD_DATE)?;
    call.register.alter(|state| state.unconfirmed_date = None)?;
    call.register.set_clock(moment)?;
    Ok(Answer::default())
}

fn date(call: &mut Call<'_>) -> Result<Moment, Code> {
    let (day, month, year) = (call.fields.u8()?, call.fields.u8()?, call.fields.u8()?);
    call.fields.end()?;
    let parts = Parts { year: 2000 + i64::from(year), month, day, hour: 0, minute: 0, second: 0 };
    Moment::from_parts(parts).ok_or(Code::BAD_DATE)
}

/// 25h: 0 whole, 1 part of the width.
pub(super) fn cut(call: &mut Call<'_>) -> Result<Answer, Code> {
    let kind = call.fields.u8()?;
    call.fields.end()?;
    if kind > 1 {
        return Err(Code::BAD_PARAMETERS);
    }
    call.register.print_text("- - - - - - - - - - - - - - - - - - - - - - - -")?;
    Ok(call.operator())
}

/// 29h: flags, number of lines.
pub(super) fn feed(call: &mut Call<'_>) -> Result<Answer, Code> {
    let _flags = call.fields.u8()?;
    let lines = call.fields.u8()?;
    call.fields.end()?;
    call.register.print_text(&"\n".repeat(usize::from(lines).saturating_sub(1)))?;
    Ok(call.operator())
}

/// B0h: prints on what was interrupted.
pub(super) fn print_on(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.print_on()?;
    Ok(call.operator())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_out_code_is_in_three_ranges() {
        for (code, ms) in [(100, 100), (150, 150), (151, 300), (249, 15_000), (250, 30_000), (255, 105_000)] {
            assert_eq!(byte_timeout(code), Duration::from_millis(ms), "{code}");
        }
    }
}
