//! Letters as dots, for text that no code page of the printer has.
//!
//! The font is GNU Unifont (glyphs of 8x16 and 16x16 dots, the whole Basic Multilingual Plane), stretched by one half to
//! the printer's cell of 12x24 dots. Arabic letters are joined ([`joined`]), and text that runs from right to left is
//! drawn so, on paper whose columns run from left to right (Unicode Standard Annex 9, paragraph level 0).

use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;
use unifont::{Glyph, get_glyph, i18n::preprocess_text};

use super::bitmap::Bitmap;
use super::letters::{Ink, graphemes};

/// Ends the influence of a text from right to left on what follows; not drawn.
pub const LEFT_TO_RIGHT: char = '\u{200E}';

/// Dots of a cell across: font A of ESC/POS printers.
pub const CELL_WIDTH: usize = 12;
/// Dots of a cell down.
pub const CELL_HEIGHT: usize = 24;

const GLYPH_HEIGHT: usize = 16;

/// True when the font has the character. The five letters after 63Ah have no joined forms, and joining loses them.
pub fn has(c: char) -> bool {
    !('\u{63B}'..='\u{63F}').contains(&c) && get_glyph(c).is_some()
}

/// The text with Arabic letters in the forms that they have beside each other.
pub fn joined(text: &str) -> String {
    preprocess_text(text)
}

/// True when the text runs from right to left somewhere.
pub fn turns(text: &str) -> bool {
    !text.is_ascii() && BidiInfo::new(text, Some(Level::ltr())).has_rtl()
}

/// The line in the order in which it stands on paper, from the left.
fn in_order(line: &str) -> String {
    if line.is_ascii() {
        return line.to_owned();
    }
    let text = BidiInfo::new(line, Some(Level::ltr()));
    let Some(paragraph) = text.paragraphs.first().filter(|_| text.has_rtl()) else { return line.to_owned() };
    let (levels, runs) = text.visual_runs(paragraph, paragraph.range.clone());
    let mut ordered = String::with_capacity(line.len());
    for run in runs {
        if levels[run.start].is_rtl() {
            for grapheme in line[run].graphemes(true).rev() {
                ordered.extend(grapheme.chars().map(mirrored));
            }
        } else {
            ordered.push_str(&line[run]);
        }
    }
    ordered
}

/// What opens on the left closes on the right.
fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»')];
    let turned = PAIRS.iter().find_map(|&(open, close)| match c {
        c if c == open => Some(close),
        c if c == close => Some(open),
        _ => None,
    });
    turned.unwrap_or(c)
}

/// One line of text, so many cells wide and `scale` times as large.
pub fn draw(text: &str, columns: usize, scale: usize, bold: bool) -> Bitmap {
    let mut picture = Bitmap::new(columns * CELL_WIDTH, CELL_HEIGHT * scale);
    let ordered = in_order(text).replace(LEFT_TO_RIGHT, "");
    let mut left = 0;
    for (grapheme, cells) in graphemes(&ordered, Ink::Drawn) {
        let width = cells.max(1) * CELL_WIDTH * scale;
        for glyph in grapheme.chars().filter_map(get_glyph) {
            put(&mut picture, glyph, left, width, CELL_HEIGHT * scale, bold);
        }
        left += cells * CELL_WIDTH * scale;
    }
    picture
}

fn put(picture: &mut Bitmap, glyph: &Glyph, left: usize, width: usize, height: usize, bold: bool) {
    for y in 0..height {
        for x in 0..width {
            if glyph.get_pixel(x * glyph.get_width() / width, y * GLYPH_HEIGHT / height) {
                picture.blacken(left + x, y);
                if bold {
                    picture.blacken(left + x + 1, y);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(text: &str) -> Vec<String> {
        let drawn = draw(text, 1, 1, false);
        (0..CELL_HEIGHT)
            .map(|y| (0..CELL_WIDTH).map(|x| if drawn.is_black(x, y) { '#' } else { '.' }).collect())
            .collect()
    }

    #[test]
    fn a_letter_fills_its_cell_and_no_more() {
        let rows = picture("I");
        assert!(rows.iter().any(|row| row.contains('#')));
        assert!(rows.iter().all(|row| row.len() == CELL_WIDTH));
        assert_eq!(draw("ქართული", 10, 1, false).width(), 120);
    }

    #[test]
    fn a_wide_letter_takes_two_cells() {
        let drawn = draw("剪a", 3, 1, false);
        let black_in = |from: usize, to: usize| (from..to).any(|x| (0..CELL_HEIGHT).any(|y| drawn.is_black(x, y)));
        assert!(black_in(0, 12) && black_in(12, 24) && black_in(24, 36));
    }

    #[test]
    fn hebrew_and_arabic_stand_from_right_to_left_and_the_amount_stays_on_the_right() {
        assert_eq!(in_order("שלום (1)"), "(1) םולש");
        assert_eq!(in_order("шампунь של 250"), "шампунь 250 לש");
        assert_eq!(in_order(&format!("שלום 3{LEFT_TO_RIGHT}   1999.99")), format!("3 םולש{LEFT_TO_RIGHT}   1999.99"));
        assert_eq!(joined("قص"), "ﻗﺺ");
        assert_eq!(in_order(&joined("قص")), "ﺺﻗ");
    }

    #[test]
    fn a_mark_stands_on_its_letter() {
        let (bare, marked) = (draw("ก", 2, 1, false), draw("กิ", 2, 1, false));
        let count = |b: &Bitmap| b.bytes().iter().map(|byte| byte.count_ones()).sum::<u32>();
        assert!(count(&marked) > count(&bare));
        assert!((12..24).all(|x| (0..24).all(|y| !marked.is_black(x, y))));
    }
}
