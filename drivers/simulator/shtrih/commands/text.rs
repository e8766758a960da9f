//! Text and graphics (manual, "text and graphics"): what a picture would be is written in brackets.

use super::Call;
use crate::simulator::shtrih::codes::Code;
use crate::simulator::shtrih::wire::{self, Answer};

/// Longest text that fits into a frame.
const TEXT: usize = 250;

/// 17h: flags, text.
pub(super) fn line(call: &mut Call<'_>) -> Result<Answer, Code> {
    let _flags = call.fields.u8()?;
    print(call)
}

/// 12h: the same in bold.
pub(super) fn bold_line(call: &mut Call<'_>) -> Result<Answer, Code> {
    line(call)
}

/// 2Fh: flags, font, text.
pub(super) fn line_in_font(call: &mut Call<'_>) -> Result<Answer, Code> {
    let _flags = call.fields.u8()?;
    if !(1..=9).contains(&call.fields.u8()?) {
        return Err(Code::BAD_PARAMETERS);
    }
    print(call)
}

fn print(call: &mut Call<'_>) -> Result<Answer, Code> {
    let text = call.fields.text(TEXT)?;
    call.register.add_text(text)?;
    Ok(call.operator())
}

/// 18h: title of 30 bytes, number.
pub(super) fn title(call: &mut Call<'_>) -> Result<Answer, Code> {
    let title = wire::text(call.fields.bytes(30)?);
    let number = call.fields.u16()?;
    call.fields.end()?;
    call.register.add_text(format!("{title} № {number}"))?;
    let running = call.register.state().counters.running_number;
    Ok(call.operator().uint(u64::from(running), 2))
}

/// 52h head, 53h end, 54h advertising.
pub(super) fn cliche(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.rest();
    let user = call.register.state().identity.user.clone();
    call.register.add_text(user)?;
    Ok(call.operator())
}

/// C0h line, 40 bytes; C4h line of two bytes, 40 bytes.
pub(super) fn load_graphics(call: &mut Call<'_>) -> Result<Answer, Code> {
    if !matches!(call.fields.rest().len(), 41 | 42) {
        return Err(Code::FRAME_LENGTH);
    }
    Ok(call.operator())
}

/// C1h, C3h loaded lines; C5h one line many times.
pub(super) fn print_graphics(call: &mut Call<'_>) -> Result<Answer, Code> {
    if call.fields.rest().len() < 2 {
        return Err(Code::FRAME_LENGTH);
    }
    call.register.add_text("[графика]".to_owned())?;
    Ok(call.operator())
}

/// C2h: a number of five bytes as EAN-13.
pub(super) fn ean13(call: &mut Call<'_>) -> Result<Answer, Code> {
    let number = call.fields.uint(5)?;
    call.fields.end()?;
    call.register.add_text(format!("[EAN-13 {number:012}]"))?;
    Ok(call.operator())
}

/// `DDh`: type 0, number of the block, 64 bytes.
pub(super) fn load_block(call: &mut Call<'_>) -> Result<Answer, Code> {
    let kind = call.fields.u8()?;
    let block = call.fields.u8()?;
    let bytes = call.fields.bytes(64)?.to_vec();
    call.fields.end()?;
    if kind != 0 {
        return Err(Code::BAD_PARAMETERS);
    }
    call.session.blocks.insert(block, bytes);
    Ok(call.operator())
}

/// `DEh`: kind, length, first block, five parameters, alignment.
pub(super) fn print_code(call: &mut Call<'_>) -> Result<Answer, Code> {
    let kind = call.fields.u8()?;
    let length = usize::from(call.fields.u16()?);
    let first = call.fields.u8()?;
    let _parameters = call.fields.bytes(6)?;
    call.fields.end()?;
    let name = match kind {
        0 => "PDF417",
        1 => "DataMatrix",
        2 => "Aztec",
        3 => "QR",
        _ => return Err(Code::BAD_PARAMETERS),
    };
    let mut data: Vec<u8> = call.session.blocks.range(first..).flat_map(|(_, block)| block).copied().collect();
    if data.len() < length {
        return Err(Code::NO_DATA);
    }
    data.truncate(length);
    call.register.add_text(format!("[{name} {}]", String::from_utf8_lossy(&data)))?;
    Ok(call.operator())
}
