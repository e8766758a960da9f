//! The interpreter: bytes in their turn to what happens on paper. No port and no clock; what concerns the rest of the
//! printer (status, counters, cutter, drawer) is handed out as [`Output`].
//!
//! Strict: a parameter out of range, a command in the middle of a line that must begin one, a symbol wider than the
//! paper and everything unknown is recorded as an incident.

use super::barcode::System;
use super::bitmap::Bitmap;
use super::books::{Counter, Cut, Item, Line};
use super::command::Command;
use super::font;
use super::line::{Align, LineBuffer};
use super::modes::Modes;
use super::picture;
use super::profile::{FONT_A_WIDTH, Profile};
use super::reader::{Reader, Token};
use super::symbol::Made;
use super::text::{Letter, Text};
use super::trace::Trace;

/// Rows from the print head to the cutter.
pub(crate) const CUTTER_DISTANCE: usize = 96;

/// Added to the number of a counter that can be set back: the same one that cannot.
const CUMULATIVE: u16 = 128;

impl Counter {
    /// By the manual's number.
    fn of(n: u16) -> Option<Self> {
        match n {
            20 | 148 => Some(Self::Lines),
            50 | 178 => Some(Self::Cuts),
            _ => None,
        }
    }
}

/// Something for the rest of the printer, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Paper comes out: the books' item, the dots.
    Paper(Item, Bitmap),
    /// The cutter moves.
    Cut(Cut),
    /// The drawer gets a pulse: pin, on and off in milliseconds.
    Pulse { pin: u8, on_ms: u16, off_ms: u16 },
    /// Bytes for the host.
    Answer(Vec<u8>),
    /// `GS r n`.
    Status(u8),
    /// `GS a n`.
    AutomaticStatus(u8),
    /// `GS g 0`.
    ResetCounter(Counter),
    /// `GS g 2`; `ever`: the one that is never set back.
    ReadCounter { counter: Counter, ever: bool },
    /// `GS ( D`: pairs of command and switch.
    RealTimeSwitches(Vec<u8>),
    /// Something that should not have come.
    Incident(String),
}

/// The interpreter of one printer.
#[derive(Clone, Debug)]
pub(crate) struct Interpreter {
    profile: Profile,
    /// Dots across the paper.
    paper: usize,
    reader: Reader,
    text: Text,
    pub(super) modes: Modes,
    line: LineBuffer,
    deselected: bool,
    graphics: Option<Bitmap>,
    out: Vec<Output>,
    /// What is wrong with the command that is being carried out.
    wrong: Vec<String>,
}

impl Interpreter {
    /// As after power-on.
    pub(crate) fn new(profile: Profile, paper: usize) -> Self {
        Self {
            profile,
            paper,
            reader: Reader::default(),
            text: Text::new(profile.chinese),
            modes: Modes::default(),
            line: LineBuffer::default(),
            deselected: false,
            graphics: None,
            out: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// One byte; what follows from it.
    pub(crate) fn feed(&mut self, byte: u8, trace: &mut Trace) -> Vec<Output> {
        for Token { bytes, command, wrong } in self.reader.push(byte) {
            if let Some(wrong) = wrong {
                self.incident(wrong);
            }
            let (known, in_trace) = (command.is_some(), command != Some(Command::RealTime));
            match command {
                Some(command) if !self.deselected || matches!(command, Command::Select(_)) => self.command(command),
                Some(_) | None => {}
            }
            let wrong = std::mem::take(&mut self.wrong);
            // A real-time command is in the list already, where it was received.
            if in_trace {
                trace.add(&bytes, known, wrong);
            }
        }
        std::mem::take(&mut self.out)
    }

    /// Forgets a begun command and the line that is not printed.
    pub(crate) fn clear(&mut self) {
        self.reader.reset();
        self.text.forget_half();
        self.line = LineBuffer::default();
    }

    /// True when nothing is begun: no command, no line.
    pub(crate) fn is_idle(&self) -> bool {
        self.reader.is_idle() && self.line.is_empty()
    }

    fn incident(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.wrong.push(what.clone());
        self.out.push(Output::Incident(what));
    }

    fn area(&self) -> usize {
        self.modes.area(self.paper)
    }

    fn command(&mut self, command: Command) {
        if !matches!(command, Command::Text(_)) && self.text.forget_half() {
            self.incident("half a double-byte character");
        }
        match command {
            Command::Text(byte) => self.letter(byte),
            Command::Line => self.end_line(),
            Command::Tab => self.tab(),
            Command::Initialise => {
                self.clear();
                self.modes = Modes::default();
                self.text = Text::new(self.profile.chinese);
                self.graphics = None;
            }
            Command::Select(n) => self.deselected = n & 1 == 0,
            Command::FeedLines(n) => self.feed_lines(n),
            Command::FeedDots(n) => {
                if !self.line.is_empty() {
                    self.end_line();
                }
                self.feed_rows(usize::from(n));
            }
            Command::Spacing(n) => self.modes.spacing = n.map_or(super::modes::SPACING, usize::from),
            Command::Align(n) => match n {
                _ if !self.line.is_empty() => self.incident("ESC a in the middle of a line"),
                0 | 48 => self.modes.align = Align::Left,
                1 | 49 => self.modes.align = Align::Centre,
                2 | 50 => self.modes.align = Align::Right,
                _ => self.out_of_range("ESC a", n),
            },
            Command::Bold(n) => self.modes.bold = n & 1 == 1,
            Command::DoubleStrike(n) => self.modes.double_strike = n & 1 == 1,
            Command::Underline(n) => match n {
                0..=2 => self.modes.underline = usize::from(n),
                48..=50 => self.modes.underline = usize::from(n - 48),
                _ => self.out_of_range("ESC -", n),
            },
            Command::Font(n) => match n {
                0 | 48 => self.modes.font_b = false,
                1 | 49 => self.modes.font_b = true,
                _ => self.out_of_range("ESC M", n),
            },
            Command::Mode(n) => {
                self.modes.font_b = n & 1 != 0;
                self.modes.bold = n & 8 != 0;
                self.modes.tall = if n & 16 != 0 { 2 } else { 1 };
                self.modes.wide = if n & 32 != 0 { 2 } else { 1 };
                self.modes.underline = usize::from(n >> 7);
            }
            Command::Size(n) if n & 0x88 != 0 => self.out_of_range("GS !", n),
            Command::Size(n) => {
                self.modes.wide = usize::from(n >> 4) + 1;
                self.modes.tall = usize::from(n & 7) + 1;
            }
            Command::Reverse(n) => self.modes.reverse = n & 1 == 1,
            Command::UpsideDown(_) if !self.line.is_empty() => self.incident("ESC { in the middle of a line"),
            Command::UpsideDown(n) => self.modes.upside_down = n & 1 == 1,
            Command::Turn(n) => match n {
                0 | 48 => self.modes.turned = false,
                1 | 2 | 49 | 50 => self.modes.turned = true,
                _ => self.out_of_range("ESC V", n),
            },
            Command::CharacterSpacing(n) => self.modes.gap = usize::from(n),
            Command::MoveTo(dots) => self.move_to("ESC $", i32::from(dots)),
            Command::MoveBy(dots) => self.move_to("ESC \\", self.line.x as i32 + i32::from(dots)),
            Command::LeftMargin(_) | Command::PrintWidth(_) if !self.line.is_empty() => {
                self.incident("a margin in the middle of a line");
            }
            Command::LeftMargin(dots) => self.modes.margin = usize::from(dots).min(self.paper),
            Command::PrintWidth(dots) => self.modes.width = Some(usize::from(dots)),
            Command::Tabs(columns) => self.modes.tabs = columns.into_iter().map(usize::from).collect(),
            Command::International(n) => {
                if !self.text.international(n) {
                    self.out_of_range("ESC R", n);
                }
            }
            Command::CodePage(n) => match self.profile.page(n) {
                Some(page) => self.text.page = page,
                None => self.incident(format!("code page {n} is not known here")),
            },
            Command::Chinese(on) => self.text.set_chinese(on),
            Command::Cut { m, feed } => self.cut(m, feed),
            Command::Pulse { m, on, off } => match m {
                0 | 48 => self.pulse(2, on, off),
                1 | 49 => self.pulse(5, on, off),
                _ => self.out_of_range("ESC p", m),
            },
            Command::BarcodeHeight(0) => self.out_of_range("GS h", 0),
            Command::BarcodeHeight(n) => self.modes.barcode_height = usize::from(n),
            Command::BarcodeModule(n @ 1..=6) => self.modes.barcode_module = usize::from(n),
            Command::BarcodeModule(n) => self.out_of_range("GS w", n),
            Command::BarcodeText(n) => match n {
                0..=3 => self.modes.barcode_text = n,
                48..=51 => self.modes.barcode_text = n - 48,
                _ => self.out_of_range("GS H", n),
            },
            Command::Barcode { system, data } => self.barcode(system, &data),
            Command::Symbol { kind, function, data } => match self.modes.symbols.function(kind, function, &data) {
                Ok(Made::Nothing) => {}
                Ok(Made::Symbol(item, dots)) => self.place("a symbol", item, &dots),
                Ok(Made::Answer(bytes)) => self.out.push(Output::Answer(bytes)),
                Err(why) => self.incident(why),
            },
            Command::Raster { m, across, data } => {
                let dots = Bitmap::from_rows(usize::from(across), &data);
                self.image("GS v 0", &dots.scaled(usize::from(m & 1) + 1, usize::from(m >> 1) + 1));
            }
            Command::Columns { m, data } => self.line.picture(picture::columns(m, &data)),
            Command::Graphics { function, data } => self.graphics(function, &data),
            Command::Logo { number } => self.incident(format!("no logo is stored under {number}")),
            Command::Identify(n) => self.identify(n),
            Command::TransmitStatus(n) => match n {
                1 | 2 | 49 | 50 => self.out.push(Output::Status(n)),
                _ => self.out_of_range("GS r", n),
            },
            Command::AutomaticStatus(n) => self.out.push(Output::AutomaticStatus(n)),
            Command::ProcessId(id) => self.process_id(id),
            Command::ResetCounter(_) | Command::ReadCounter(_) if !self.profile.counters => {
                self.incident("GS g is not known here");
            }
            Command::ResetCounter(n) => match Counter::of(n) {
                Some(counter) if n < CUMULATIVE => self.out.push(Output::ResetCounter(counter)),
                _ => self.incident(format!("counter {n} cannot be set back")),
            },
            Command::ReadCounter(n) => match Counter::of(n) {
                Some(counter) => self.out.push(Output::ReadCounter { counter, ever: n >= CUMULATIVE }),
                None => self.incident(format!("counter {n} is not known here")),
            },
            Command::RealTimeSwitches(pairs) => self.out.push(Output::RealTimeSwitches(pairs)),
            Command::RealTime | Command::NoEffect(_) => {}
        }
    }

    fn out_of_range(&mut self, name: &str, n: u8) {
        self.incident(format!("{name} {n} is out of range"));
    }

    fn letter(&mut self, byte: u8) {
        let (char, double) = match self.text.decode(byte) {
            Letter::Half => return,
            Letter::Single(char) => (char, false),
            Letter::Double(char) => (char, true),
        };
        let modes = &self.modes;
        let cell = font::cell(modes.font_b).0 * if double { 2 } else { 1 };
        let glyph = picture::glyph(char, cell, modes);
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

    fn tab(&mut self) {
        let here = self.line.x;
        match self.modes.tabs.iter().map(|column| column * FONT_A_WIDTH).find(|place| *place > here) {
            Some(place) if place < self.area() => self.line.x = place,
            _ => self.incident("HT without a tab position"),
        }
    }

    fn move_to(&mut self, name: &str, dots: i32) {
        match usize::try_from(dots) {
            Ok(place) if place <= self.area() => self.line.x = place,
            _ => self.incident(format!("{name} leads out of the print area")),
        }
    }

    /// Prints the line and feeds.
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let has_picture = line.has_picture();
        let (said, dots) = line.compose(self.modes.align, self.area());
        let rows = dots.height().max(self.modes.spacing);
        let mut paper = Bitmap::new(self.paper, 0);
        paper.extend(rows);
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

    fn feed_lines(&mut self, n: u8) {
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

    fn feed_rows(&mut self, rows: usize) {
        if rows > 0 {
            self.out.push(Output::Paper(Item::Feed { rows }, Bitmap::new(self.paper, rows)));
        }
    }

    fn cut(&mut self, m: u8, feed: Option<u8>) {
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
    fn pulse(&mut self, pin: u8, on: u8, off: u8) {
        self.out.push(Output::Pulse { pin, on_ms: u16::from(on) * 2, off_ms: u16::from(off) * 2 });
    }

    fn barcode(&mut self, system: System, data: &[u8]) {
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
    fn place(&mut self, what: &str, item: Item, dots: &Bitmap) {
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

    fn image(&mut self, name: &str, dots: &Bitmap) {
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
    fn graphics(&mut self, function: u8, data: &[u8]) {
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

    fn identify(&mut self, n: u8) {
        let profile = self.profile;
        let text = |text: &str| [b"_".as_slice(), text.as_bytes(), b"\0"].concat();
        let answer = match n {
            1 | 49 => vec![0x20],
            // A cutter, and double-byte characters where there are some.
            2 | 50 => vec![if profile.chinese { 0x03 } else { 0x02 }],
            3 | 51 => vec![0x01],
            65 => text("1.00"),
            66 => text(profile.maker),
            67 => text(profile.model),
            68 => text("SIM0000001"),
            69 => text(if profile.chinese { "CHINA GB18030" } else { "" }),
            _ => return self.out_of_range("GS I", n),
        };
        self.out.push(Output::Answer(answer));
    }

    fn process_id(&mut self, id: [u8; 4]) {
        if !self.profile.process_id {
            self.incident("GS ( H is not known here");
        } else if id.iter().all(|byte| (32..=126).contains(byte)) {
            self.out.push(Output::Answer([b"7\"".as_slice(), &id, b"\0"].concat()));
        } else {
            self.incident("GS ( H takes bytes 32..126");
        }
    }
}
