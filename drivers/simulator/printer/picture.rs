//! Dots of glyphs, bar codes and pictures.

use super::barcode::Symbol;
use super::bitmap::Bitmap;
use super::font::{self, Glyphs};
use super::modes::Modes;

/// A character in a cell this wide, as the modes want it.
pub(crate) fn glyph(char: char, cell: usize, modes: &Modes, glyphs: &mut Glyphs) -> Bitmap {
    let mut dots = glyphs.get(char, modes.font_b, cell);
    if modes.turned {
        dots = dots.turned();
    }
    dots = dots.scaled(modes.wide, modes.tall);
    if modes.bold || modes.double_strike {
        let mut thick = dots.clone();
        thick.draw(&dots, 1, 0);
        dots = thick;
    }
    if modes.underline == 0 && !modes.reverse {
        return dots;
    }
    for line in 0..modes.underline {
        for x in 0..dots.width() {
            let y = dots.height() - 1 - line;
            dots.set(x, y);
        }
    }
    if modes.reverse { dots.inverted() } else { dots }
}

/// A bar code with its text.
pub(crate) fn barcode(symbol: &Symbol, modes: &Modes) -> Bitmap {
    let module = modes.barcode_module;
    let bars = Bitmap::drawn(symbol.modules.len() * module, modes.barcode_height, |x, _| symbol.modules[x / module]);
    let (cell_width, cell_height) = font::cell(false);
    let mut text = Bitmap::new(symbol.data.chars().count() * cell_width, cell_height);
    for (place, char) in symbol.data.chars().enumerate() {
        text.draw(&font::glyph(char, false, cell_width), place * cell_width, 0);
    }
    let indent = bars.width().saturating_sub(text.width()) / 2;
    let above = if modes.barcode_text & 1 != 0 { cell_height } else { 0 };
    let below = if modes.barcode_text & 2 != 0 { cell_height } else { 0 };
    let mut dots = Bitmap::new(bars.width(), above + bars.height() + below);
    dots.draw(&bars, 0, above);
    if above > 0 {
        dots.draw(&text, indent, 0);
    }
    if below > 0 {
        dots.draw(&text, indent, above + bars.height());
    }
    dots
}

/// `ESC *`: columns of 8 dots, each three high, or of 24; single density is twice as wide.
pub(crate) fn columns(m: u8, data: &[u8]) -> Bitmap {
    let tall = m >= 32;
    let bytes_per_column = if tall { 3 } else { 1 };
    let columns = Bitmap::drawn(data.len() / bytes_per_column, bytes_per_column * 8, |x, y| {
        data[x * bytes_per_column + y / 8] & (0x80 >> (y % 8)) != 0
    });
    columns.scaled(if m & 1 == 0 { 2 } else { 1 }, if tall { 1 } else { 3 })
}

/// Function 112 of `GS ( L`: tone, enlargements, colour, sides in dots, rows.
pub(crate) fn graphics(data: &[u8]) -> Result<Bitmap, &'static str> {
    let &[tone, across @ 1..=2, down @ 1..=2, colour, x_low, x_high, y_low, y_high, ref rows @ ..] = data else {
        return Err("graphics without a header");
    };
    if tone != 48 || colour != 49 {
        return Err("this printer has one colour and no tones");
    }
    let (width, height) =
        (usize::from(u16::from_le_bytes([x_low, x_high])), usize::from(u16::from_le_bytes([y_low, y_high])));
    if rows.len() != width.div_ceil(8) * height || rows.is_empty() {
        return Err("graphics of another length than its sides say");
    }
    let padded = Bitmap::from_rows(width.div_ceil(8), rows);
    let exact = Bitmap::drawn(width, height, |x, y| padded.get(x, y));
    Ok(exact.scaled(usize::from(across), usize::from(down)))
}
