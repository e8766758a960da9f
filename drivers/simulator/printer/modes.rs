//! What `ESC @` brings back: looks of characters, margins, spacing, tabs, bar code settings, stored symbols.

use super::line::Align;
use super::symbol::Symbols;

/// Dots from line to line, where nothing else is said: a sixth of an inch.
pub(crate) const SPACING: usize = 30;

/// The modes.
#[derive(Clone, Debug)]
pub(crate) struct Modes {
    pub(crate) align: Align,
    pub(crate) bold: bool,
    pub(crate) double_strike: bool,
    pub(crate) underline: usize,
    pub(crate) font_b: bool,
    pub(crate) wide: usize,
    pub(crate) tall: usize,
    pub(crate) reverse: bool,
    pub(crate) upside_down: bool,
    pub(crate) turned: bool,
    pub(crate) gap: usize,
    pub(crate) spacing: usize,
    pub(crate) margin: usize,
    /// Dots; `None`: all that the margin leaves.
    pub(crate) width: Option<usize>,
    /// Columns of font A.
    pub(crate) tabs: Vec<usize>,
    pub(crate) barcode_height: usize,
    pub(crate) barcode_module: usize,
    /// Bit 0 above, bit 1 below.
    pub(crate) barcode_text: u8,
    pub(crate) symbols: Symbols,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            align: Align::Left,
            bold: false,
            double_strike: false,
            underline: 0,
            font_b: false,
            wide: 1,
            tall: 1,
            reverse: false,
            upside_down: false,
            turned: false,
            gap: 0,
            spacing: SPACING,
            margin: 0,
            width: None,
            tabs: (1..=32).map(|place| place * 8).collect(),
            barcode_height: 162,
            barcode_module: 3,
            barcode_text: 0,
            symbols: Symbols::default(),
        }
    }
}

impl Modes {
    /// Dots of the print area on paper of `paper` dots.
    pub(crate) fn area(&self, paper: usize) -> usize {
        let left = paper.saturating_sub(self.margin);
        self.width.unwrap_or(left).min(left)
    }
}
