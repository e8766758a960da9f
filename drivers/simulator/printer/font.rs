//! Glyphs of fonts A (12x24) and B (9x17): the free fixed fonts of X11, Latin, Cyrillic and Greek, in the middle of the
//! cell; lines and blocks, which fill it, are drawn here.
//!
//! A character that they lack is drawn as a frame; the text of the slip has it all the same.

use std::collections::HashMap;

use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::{
    MonoFont, iso_8859_1, iso_8859_2, iso_8859_5, iso_8859_7, iso_8859_9, iso_8859_13, iso_8859_15,
};
use embedded_graphics::pixelcolor::BinaryColor;

use super::bitmap::Bitmap;

/// Width and height of a cell, dots.
pub(crate) fn cell(font_b: bool) -> (usize, usize) {
    if font_b { (9, 17) } else { (12, 24) }
}

/// Glyphs that were drawn already: a slip has few different ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Glyphs(HashMap<(char, bool, usize), Bitmap>);

impl Glyphs {
    /// As [`glyph`] draws it.
    pub(crate) fn get(&mut self, char: char, font_b: bool, width: usize) -> Bitmap {
        self.0.entry((char, font_b, width)).or_insert_with(|| glyph(char, font_b, width)).clone()
    }
}

const FONT_A: [&MonoFont<'_>; 7] = [
    &iso_8859_1::FONT_10X20,
    &iso_8859_5::FONT_10X20,
    &iso_8859_2::FONT_10X20,
    &iso_8859_7::FONT_10X20,
    &iso_8859_9::FONT_10X20,
    &iso_8859_13::FONT_10X20,
    &iso_8859_15::FONT_10X20,
];
const FONT_B: [&MonoFont<'_>; 7] = [
    &iso_8859_1::FONT_9X15,
    &iso_8859_5::FONT_9X15,
    &iso_8859_2::FONT_9X15,
    &iso_8859_7::FONT_9X15,
    &iso_8859_9::FONT_9X15,
    &iso_8859_13::FONT_9X15,
    &iso_8859_15::FONT_9X15,
];

/// The glyph of a character that takes `width` dots.
pub(crate) fn glyph(char: char, font_b: bool, width: usize) -> Bitmap {
    let (_, height) = cell(font_b);
    if let Some(drawn) = lines_and_blocks(char, width, height) {
        return drawn;
    }
    // The fonts have one dash, the long one of Greek.
    let char = if matches!(char, '–' | '—') { '―' } else { char };
    let fonts = if font_b { FONT_B } else { FONT_A };
    let place = |font: &MonoFont<'_>, char| font.glyph_mapping.index(char);
    let known = |font: &&&MonoFont<'_>| char == '?' || place(font, char) != place(font, '?');
    match fonts.iter().find(known) {
        Some(font) => from_sheet(font, place(font, char), width, height),
        None => Bitmap::drawn(width, height, |x, y| {
            let (right, low) = (width - 2, height - 3);
            (1..=right).contains(&x) && (2..=low).contains(&y) && (x == 1 || x == right || y == 2 || y == low)
        }),
    }
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// Ways on which a line leaves the middle of its cell, single and double lines alike.
fn arms(char: char) -> Option<u8> {
    Some(match char {
        '─' | '═' => LEFT | RIGHT,
        '│' | '║' => UP | DOWN,
        '┌' | '╔' | '╒' | '╓' | '╭' => DOWN | RIGHT,
        '┐' | '╗' | '╕' | '╖' | '╮' => DOWN | LEFT,
        '└' | '╚' | '╘' | '╙' | '╰' => UP | RIGHT,
        '┘' | '╝' | '╛' | '╜' | '╯' => UP | LEFT,
        '├' | '╠' | '╞' | '╟' => UP | DOWN | RIGHT,
        '┤' | '╣' | '╡' | '╢' => UP | DOWN | LEFT,
        '┬' | '╦' | '╤' | '╥' => DOWN | LEFT | RIGHT,
        '┴' | '╩' | '╧' | '╨' => UP | LEFT | RIGHT,
        '┼' | '╬' | '╪' | '╫' => UP | DOWN | LEFT | RIGHT,
        _ => return None,
    })
}

fn lines_and_blocks(char: char, width: usize, height: usize) -> Option<Bitmap> {
    let (middle_x, middle_y) = (width / 2 - 1, height / 2 - 1);
    let drawn = |black: &dyn Fn(usize, usize) -> bool| Some(Bitmap::drawn(width, height, black));
    match char {
        '█' => drawn(&|_, _| true),
        '▀' => drawn(&|_, y| y <= middle_y),
        '▄' => drawn(&|_, y| y > middle_y),
        '▌' => drawn(&|x, _| x <= middle_x),
        '▐' => drawn(&|x, _| x > middle_x),
        '░' => drawn(&|x, y| x % 2 == 0 && y % 2 == 0),
        '▒' => drawn(&|x, y| (x + y) % 2 == 0),
        '▓' => drawn(&|x, y| x % 2 == 0 || y % 2 == 0),
        '■' => drawn(&|x, y| (1..width - 1).contains(&x) && y.abs_diff(middle_y) < width / 2),
        other => {
            let arms = arms(other)?;
            drawn(&|x, y| {
                let (on_row, on_column) =
                    ((middle_y..middle_y + 2).contains(&y), (middle_x..middle_x + 2).contains(&x));
                (on_row && (x <= middle_x && arms & LEFT != 0 || x > middle_x && arms & RIGHT != 0))
                    || (on_column && (y <= middle_y && arms & UP != 0 || y > middle_y && arms & DOWN != 0))
            })
        }
    }
}

fn from_sheet(font: &MonoFont<'_>, index: usize, width: usize, height: usize) -> Bitmap {
    let (own_width, own_height) = (font.character_size.width as usize, font.character_size.height as usize);
    let across = (font.image.size().width as usize / own_width).max(1);
    let (left, top) = (index % across * own_width, index / across * own_height);
    let (indent, lower) = (width.saturating_sub(own_width) / 2, height.saturating_sub(own_height) / 2);
    Bitmap::drawn(width, height, |x, y| {
        let inside = (indent..indent + own_width).contains(&x) && (lower..lower + own_height).contains(&y);
        let point = || Point::new((left + x - indent) as i32, (top + y - lower) as i32);
        inside && font.image.pixel(point()) == Some(BinaryColor::On)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn black(picture: &Bitmap) -> usize {
        (0..picture.height()).map(|y| (0..picture.width()).filter(|x| picture.get(*x, y)).count()).sum()
    }

    #[test]
    fn latin_and_cyrillic_letters_have_shapes_of_their_own() {
        let frame = glyph('語', false, 24);
        assert_eq!((frame.width(), frame.height()), (24, 24));
        for font_b in [false, true] {
            let (width, height) = cell(font_b);
            let shapes: Vec<Bitmap> = "AЖфю№?éłΩş€—─┼█".chars().map(|c| glyph(c, font_b, width)).collect();
            for (place, shape) in shapes.iter().enumerate() {
                assert!(black(shape) > 8 && shape.height() == height, "{place}");
                assert!(shapes[..place].iter().all(|other| other != shape), "{place}");
            }
            assert_eq!(black(&glyph(' ', font_b, width)), 0);
        }
    }
}
