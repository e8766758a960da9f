//! One document as a tree of lines, and its ways to paper, text and picture. Knows no printer language.
//!
//! ```text
//!  Document --compose--> Layout --rows(columns, letters)--> Rows --+-- a family's own bytes
//!                                                                  +-- text()    tests, previews
//!                                                                  +-- picture() previews (PNG with feature `preview`)
//! ```
//! | file | holds |
//! |---|---|
//! | [`mod@compose`] | a document as a layout; [`words`] in two languages |
//! | [`mod@rows`] | a layout as rows of a paper's width: wrapping, alignment |
//! | [`letters`] | which letters a printer can write, and what is done about the rest |
//! | [`page`], [`glyphs`] | code pages; letters drawn |
//! | [`barcode`] | which bar code a text can be, and how wide it gets |
//! | [`bitmap`], [`picture`] | dots |
//!
//! Whatever a title holds, a row holds only characters that show something: no control byte and no mark of direction.
//! An amount is never cut: it stands whole and right-aligned on one row.

pub mod barcode;
pub mod bitmap;
pub mod compose;
pub mod glyphs;
pub mod letters;
pub mod page;
pub mod picture;
pub mod rows;
pub mod text;
pub mod words;

pub use bitmap::Bitmap;
pub use compose::{Shop, compose};
pub use letters::{Ink, Letters, Settled};
pub use page::Page;
pub use rows::{Row, TextRow, rows};
pub use words::Locale;

/// A document from top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Its parts.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Text, wrapped between words.
    Text {
        /// Any Unicode.
        text: String,
        /// Where its lines stand.
        align: Align,
        /// How its letters look.
        style: Style,
    },
    /// Text on the left, an amount on the right of its last line.
    Columns {
        /// Any Unicode.
        left: String,
        /// Digits and signs of ASCII; never cut.
        right: String,
        /// How the letters look.
        style: Style,
    },
    /// A line across the paper.
    Rule,
    /// A QR code of this text.
    Qr(String),
    /// A bar code of this text, or the text itself where it cannot be one.
    Barcode(String),
    /// A picture, centred.
    Image(Bitmap),
    /// So many empty lines.
    Feed(u8),
    /// The paper is cut here.
    Cut,
    /// The cash drawer is opened.
    Drawer,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    Left,
    /// In the middle.
    Centre,
}

/// How letters look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As they are.
    Plain,
    /// Bold.
    Bold,
    /// Bold, twice as wide and twice as high.
    Large,
}

impl Style {
    /// Columns of the paper that one cell takes.
    pub const fn scale(self) -> usize {
        match self {
            Self::Plain | Self::Bold => 1,
            Self::Large => 2,
        }
    }

    /// True where strokes are thick.
    pub const fn is_bold(self) -> bool {
        match self {
            Self::Plain => false,
            Self::Bold | Self::Large => true,
        }
    }
}

impl Layout {
    /// Text at the left edge.
    pub fn text(&mut self, text: impl Into<String>, style: Style) {
        self.blocks.push(Block::Text { text: text.into(), align: Align::Left, style });
    }

    /// Text in the middle.
    pub fn centred(&mut self, text: impl Into<String>, style: Style) {
        self.blocks.push(Block::Text { text: text.into(), align: Align::Centre, style });
    }

    /// Text with an amount.
    pub fn columns(&mut self, left: impl Into<String>, right: impl std::fmt::Display, style: Style) {
        self.blocks.push(Block::Columns { left: left.into(), right: right.to_string(), style });
    }
}
