//! Lines, feeds, cuts, codes and pictures.

use super::{CUTTER_DISTANCE, Interpreter, Output};
use crate::simulator::printer::barcode::System;
use crate::simulator::printer::bitmap::Bitmap;
use crate::simulator::printer::books::{Cut, Item, Line};
use crate::simulator::printer::font;
use crate::simulator::printer::picture;
use crate::simulator::printer::profile::FONT_A_WIDTH;
use crate::simulator::printer::text::Letter;

impl Interpreter {
    pub(super) fn letter(&mut self, byte: u8) {
        let (char, double) = match self.text.decode(byte) {
            Letter::Half => return,
            Letter::Single(char) => (char, false),
            Letter::Double(char) => (char, true),
        };
        let modes = &self.modes;
        let cell = font::cell(modes.font_b).0 * if double { 2 } else { 1 };
        let glyph = picture::glyph(char, cell, modes, &mut self.glyphs);
        let gap = modes.gap * modes.wide;
        let area = modes.area(self.paper);
        if self.line.x + glyph.width() > area && !self.line.is_empty() {
            self.end_line();
        }
        let (modes, look) = (&self.modes, &mut self.line.look);
        look.bold |= modes.bold || modes.double_strike;
        look.underlined |= modes.underline > 0;
        look.reverse |= modes.reverse;
        look.upside_down |= modes.upside_down;
        look.wide = look.wide.max(modes.wide as u8);
        look.tall = look.tall.max(modes.tall as u8);
        self.line.letter(char, glyph, gap);
    }

    pub(super) fn tab(&mut self) {
        let here = self.line.x;
        match self.modes.tabs.iter().map(|column| column * FONT_A_WIDTH).find(|place| *place > here) {
            Some(place) if place < self.area() => self.line.x = place,
            _ => self.incident("HT without a tab position"),
        }
    }

    pub(super) fn move_to(&mut self, name: &str, dots: i32) {
        match usize::try_from(dots) {
            Ok(place) if place <= self.area() => self.line.x = place,
            _ => self.incident(format!("{name} leads out of the print area")),
        }
    }

    /// Prints the line and feeds.
    pub(super) fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let has_picture = line.has_picture();
        let (said, dots) = line.compose(self.modes.align, self.area());
        let rows = dots.height().max(self.modes.spacing);
        let mut paper = Bitmap::new(self.paper, rows);
        paper.draw(&dots, self.modes.margin, 0);
        if has_picture {
            let (width, height, hash) = (dots.width(), dots.height(), format!("{:016x}", dots.fingerprint()));
            self.out.push(Output::Paper(Item::Image { width, height, hash }, Bitmap::new(self.paper, 0)));
            if said.text.is_empty() {
                // The picture's own line feed is part of it.
                self.out.push(Output::Paper(Item::Feed { rows }, paper));
                return;
            }
        }
        self.out.push(Output::Paper(Item::Line(said), paper));
    }

    pub(super) fn feed_lines(&mut self, n: u8) {
        let mut left = n;
        if !self.line.is_empty() {
            self.end_line();
            left = left.saturating_sub(1);
        }
        for _ in 0..left {
            let item = Item::Line(Line::default());
            self.out.push(Output::Paper(item, Bitmap::new(self.paper, self.modes.spacing)));
        }
    }

    pub(super) fn feed_rows(&mut self, rows: usize) {
        if rows > 0 {
            self.out.push(Output::Paper(Item::Feed { rows }, Bitmap::new(self.paper, rows)));
        }
    }

    pub(super) fn cut(&mut self, m: u8, feed: Option<u8>) {
        if !self.line.is_empty() {
            self.incident("a cut in the middle of a line is ignored");
            return;
        }
        if let Some(more) = feed {
            self.feed_rows(CUTTER_DISTANCE + usize::from(more));
        }
        let full = matches!(m, 0 | 48 | 65 | 97 | 103);
        self.out.push(Output::Cut(if full { Cut::Full } else { Cut::Partial }));
    }

    /// Units of 2 ms.
    pub(super) fn pulse(&mut self, pin: u8, on: u8, off: u8) {
        self.out.push(Output::Pulse { pin, on_ms: u16::from(on) * 2, off_ms: u16::from(off) * 2 });
    }

    pub(super) fn barcode(&mut self, system: System, data: &[u8]) {
        let symbol = match system.symbol(data) {
            Ok(symbol) => symbol,
            Err(why) => {
                // The content is text then, as after a bad byte.
                self.incident(format!("{why}: {}", system.name()));
                for byte in data {
                    self.letter(*byte);
                }
                return;
            }
        };
        if let Some(doubt) = symbol.doubt {
            self.incident(format!("{doubt}: {} {}", system.name(), symbol.data));
        }
        let modes = &self.modes;
        let dots = picture::barcode(&symbol, modes);
        let item = Item::Barcode {
            system: system.name().to_owned(),
            module: modes.barcode_module as u8,
            readable: modes.barcode_text != 0,
            data: symbol.data,
        };
        self.place("a bar code", item, &dots);
    }

    /// Prints something that must begin a line and must fit into it.
    pub(super) fn place(&mut self, what: &str, item: Item, dots: &Bitmap) {
        if !self.line.is_empty() {
            self.incident(format!("{what} in the middle of a line is ignored"));
        } else if dots.width() > self.area() {
            let (wide, room) = (dots.width(), self.area());
            self.incident(format!("{what} of {wide} dots is wider than the {room} of the paper and is not printed"));
        } else {
            let mut paper = Bitmap::new(self.paper, dots.height());
            paper.draw(dots, self.modes.margin + self.modes.align.indent(dots.width(), self.area()), 0);
            self.out.push(Output::Paper(item, paper));
        }
    }

    pub(super) fn image(&mut self, name: &str, dots: &Bitmap) {
        let item =
            Item::Image { width: dots.width(), height: dots.height(), hash: format!("{:016x}", dots.fingerprint()) };
        if dots.width() <= self.area() {
            self.place(name, item, dots);
            return;
        }
        self.incident(format!("{name} of {} dots is cut off at {}", dots.width(), self.area()));
        let shown = Bitmap::drawn(self.area(), dots.height(), |x, y| dots.get(x, y));
        self.place(name, item, &shown);
    }

    /// GS ( L.
    pub(super) fn graphics(&mut self, function: u8, data: &[u8]) {
        match (function, data) {
            (112, _) => match picture::graphics(data) {
                Ok(dots) => self.graphics = Some(dots),
                Err(why) => self.incident(why),
            },
            (2 | 50, []) => match self.graphics.take() {
                Some(dots) => self.image("GS ( L", &dots),
                None => self.incident("GS ( L 50 without stored graphics"),
            },
            (69, _) => self.incident("no logo is stored under this key"),
            (0..=4 | 48 | 49 | 51 | 52, _) => {}
            _ => self.incident(format!("function {function} of GS ( L is not known here")),
        }
    }
}
