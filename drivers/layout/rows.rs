//! A layout as rows of a paper's width.
//!
//! Text is settled first ([`super::letters`]), for what stands for a letter may be longer than it; then wrapped between
//! words, by what people see as one letter. A word that is wider than the paper is split. Alignment is made of spaces,
//! so that it looks the same on every printer.

use super::barcode::Barcode;
use super::bitmap::Bitmap;
use super::letters::{Ink, Letters, PLACEHOLDER, cells, graphemes};
use super::{Align, Block, Layout, Style, glyphs};
use crate::wording::clean::{clean, clean_lines};

/// Paper, and what a printer can put on it.
#[derive(Clone, Copy, Debug)]
pub struct Paper<'a> {
    /// Letters in a line.
    pub columns: usize,
    /// Dots in a line.
    pub dots: usize,
    /// What it can write.
    pub letters: Letters<'a>,
    /// Draws CODE128.
    pub code128: bool,
    /// Draws QR codes.
    pub qr: bool,
}

/// A row of text, at most as wide as the paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// Only characters that `ink` has.
    pub text: String,
    /// How it is put on paper.
    pub ink: Ink,
    /// How the letters look.
    pub style: Style,
}

/// A row of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Text.
    Text(TextRow),
    /// A QR code; at most [`QR_MAX`] bytes of printable ASCII.
    Qr(String),
    /// A bar code that fits.
    Barcode(Barcode),
    /// A picture that fits.
    Image(Bitmap),
    /// So many empty lines.
    Feed(u8),
    /// Cut.
    Cut,
    /// Open the drawer.
    Drawer,
}

/// Bytes of a QR code: version 15 with level M, 77 modules, which fit 58 mm paper at 4 dots a module.
pub const QR_MAX: usize = 412;

/// The rows of a layout.
pub fn rows(layout: &Layout, paper: &Paper<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for block in &layout.blocks {
        match block {
            Block::Text { text, align, style } => text_rows(&mut rows, text, *align, *style, paper),
            Block::Columns { left, right, style } => column_rows(&mut rows, left, right, *style, paper),
            Block::Rule => {
                let text = "-".repeat(paper.columns);
                let ink = paper.letters.settle(&text).ink;
                rows.push(Row::Text(TextRow { text, ink, style: Style::Plain }));
            }
            Block::Qr(text) => {
                let fits = text.len() <= QR_MAX && text.bytes().all(|b| (0x20..0x7F).contains(&b));
                if paper.qr && fits && !text.is_empty() {
                    rows.push(Row::Qr(text.clone()));
                } else {
                    text_rows(&mut rows, text, Align::Centre, Style::Plain, paper);
                }
            }
            Block::Barcode(text) => match Barcode::choose(text, paper.dots, paper.code128) {
                Some(barcode) => rows.push(Row::Barcode(barcode)),
                None => text_rows(&mut rows, text, Align::Left, Style::Plain, paper),
            },
            Block::Image(picture) => {
                if paper.letters.draws && picture.width() <= paper.dots {
                    rows.push(Row::Image(picture.clone()));
                }
            }
            Block::Feed(lines) => rows.push(Row::Feed(*lines)),
            Block::Cut => rows.push(Row::Cut),
            Block::Drawer => rows.push(Row::Drawer),
        }
    }
    rows
}

fn text_rows(rows: &mut Vec<Row>, text: &str, align: Align, style: Style, paper: &Paper<'_>) {
    let width = (paper.columns / style.scale()).max(1);
    for line in clean_lines(text) {
        let settled = paper.letters.settle(&line);
        for line in wrap(&settled.text, settled.ink, width) {
            let pad = match align {
                Align::Left => 0,
                Align::Centre => width.saturating_sub(cells(&line, settled.ink)) / 2,
            };
            rows.push(Row::Text(TextRow { text: " ".repeat(pad) + &line, ink: settled.ink, style }));
        }
    }
}

fn column_rows(rows: &mut Vec<Row>, left: &str, right: &str, style: Style, paper: &Paper<'_>) {
    let width = (paper.columns / style.scale()).max(1);
    let settled = paper.letters.settle(left);
    let right: String = clean(right).chars().map(|c| if c.is_ascii() { c } else { PLACEHOLDER }).collect();
    let mut lines = wrap(&settled.text, settled.ink, width);
    let beside = lines.last().is_some_and(|last| cells(last, settled.ink) + 1 + right.len() <= width);
    let last = if beside { lines.pop().unwrap_or_default() } else { String::new() };
    let mut push = |text| rows.push(Row::Text(TextRow { text, ink: settled.ink, style }));
    lines.into_iter().for_each(&mut push);
    if right.len() > width {
        // Wider than the whole paper: no amount of money is.
        wrap(&right, settled.ink, width).into_iter().for_each(&mut push);
        return;
    }
    let mut gap = " ".repeat(width.saturating_sub(cells(&last, settled.ink) + right.len()));
    if settled.ink == Ink::Drawn && glyphs::turns(&last) {
        gap.insert(0, glyphs::LEFT_TO_RIGHT);
    }
    push(last + &gap + &right);
}

/// Lines of at most `width` cells, without spaces at their ends; an empty text is one empty line. Spaces at the
/// beginning of the text stay.
pub fn wrap(text: &str, ink: Ink, width: usize) -> Vec<String> {
    let indent = text.chars().take_while(|&c| c == ' ').count().min(width / 2);
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent);
    let mut used = indent;
    let mut fresh = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let wide = cells(word, ink);
        if !fresh && used + 1 + wide <= width {
            line.push(' ');
            used += 1;
        } else if !fresh {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used + wide <= width {
            line.push_str(word);
            used += wide;
            fresh = false;
            continue;
        }
        for (grapheme, cells) in graphemes(word, ink) {
            if used > 0 && used + cells > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(grapheme);
            used += cells;
        }
        fresh = false;
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
