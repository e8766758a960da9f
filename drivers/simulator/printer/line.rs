//! The line buffer: what was sent since the last line feed, at its place across the paper.

use super::bitmap::Bitmap;
use super::books::Line;

/// Where a line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

impl Align {
    /// Dots to the left of something `taken` wide in `room`.
    pub(crate) fn indent(self, taken: usize, room: usize) -> usize {
        let free = room.saturating_sub(taken);
        match self {
            Self::Left => 0,
            Self::Centre => free / 2,
            Self::Right => free,
        }
    }
}

/// Something in a line.
#[derive(Clone, Debug)]
struct Piece {
    x: usize,
    picture: Bitmap,
    /// A character and the width of its cell, dots.
    letter: Option<(char, usize)>,
}

/// A line that is not printed yet; places are dots from the left margin.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineBuffer {
    pieces: Vec<Piece>,
    /// The next place.
    pub(crate) x: usize,
    /// How it will look to the books.
    pub(crate) look: Line,
}

impl LineBuffer {
    /// True when nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds a character with `gap` dots to its right.
    pub(crate) fn letter(&mut self, char: char, picture: Bitmap, gap: usize) {
        let cell = picture.width().max(1);
        let x = self.x;
        self.x += picture.width() + gap;
        self.pieces.push(Piece { x, picture, letter: Some((char, cell)) });
    }

    /// Adds a picture.
    pub(crate) fn picture(&mut self, picture: Bitmap) {
        let x = self.x;
        self.x += picture.width();
        self.pieces.push(Piece { x, picture, letter: None });
    }

    /// Dots from the left margin to the last piece's end.
    fn width(&self) -> usize {
        self.pieces.iter().map(|piece| piece.x + piece.picture.width()).max().unwrap_or(0)
    }

    /// Pictures without a character in the line, over each other's places.
    pub(crate) fn has_picture(&self) -> bool {
        self.pieces.iter().any(|piece| piece.letter.is_none())
    }

    /// The line and its dots, `area` wide; letters stand on a common base.
    pub(crate) fn compose(mut self, align: Align, area: usize) -> (Line, Bitmap) {
        let indent = align.indent(self.width(), area);
        let height = self.pieces.iter().map(|piece| piece.picture.height()).max().unwrap_or(0);
        let mut dots = Bitmap::new(area, height);
        for piece in &self.pieces {
            dots.draw(&piece.picture, indent + piece.x, height - piece.picture.height());
        }
        // A host may go back and print over what is there: people read from left to right.
        self.pieces.sort_by_key(|piece| piece.x);
        let (mut text, mut cursor) = (String::new(), 0);
        for piece in &self.pieces {
            let Some((char, cell)) = piece.letter else { continue };
            let x = indent + piece.x;
            let spaces = (x.saturating_sub(cursor) + cell / 2) / cell;
            text.extend(std::iter::repeat_n(' ', spaces));
            text.push(char);
            cursor = x + cell;
        }
        text.truncate(text.trim_end_matches(' ').len());
        if self.look.upside_down {
            dots = dots.upside_down();
        }
        (Line { text, ..self.look }, dots)
    }
}
