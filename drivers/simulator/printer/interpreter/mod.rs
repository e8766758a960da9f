//! The interpreter: bytes in their turn to what happens on paper. No port and no clock; what concerns the rest of the
//! printer (status, counters, cutter, drawer) is handed out as [`Output`].
//!
//! Strict: a parameter out of range, a command in the middle of a line that must begin one, a symbol wider than the
//! paper and everything unknown is recorded as an incident.

mod identity;
mod print;

use super::bitmap::Bitmap;
use super::books::{Counter, Cut, Item};
use super::command::Command;
use super::font::Glyphs;
use super::line::{Align, LineBuffer};
use super::modes::Modes;
use super::picture;
use super::profile::Profile;
use super::reader::{Reader, Token};
use super::symbol::Made;
use super::text::Text;
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
    pub(super) profile: Profile,
    /// Dots across the paper.
    paper: usize,
    reader: Reader,
    text: Text,
    pub(super) modes: Modes,
    line: LineBuffer,
    glyphs: Glyphs,
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
            glyphs: Glyphs::default(),
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
            Command::Identify(_) if !self.profile.answers.identity => self.incident("GS I is not known here"),
            Command::Identify(n) => self.identify(n),
            Command::TransmitStatus(n) => match n {
                _ if !self.profile.answers.queued => self.incident("GS r is not known here"),
                1 | 2 | 49 | 50 => self.out.push(Output::Status(n)),
                _ => self.out_of_range("GS r", n),
            },
            Command::AutomaticStatus(_) if !self.profile.answers.automatic => self.incident("GS a is not known here"),
            Command::AutomaticStatus(n) => self.out.push(Output::AutomaticStatus(n)),
            Command::ProcessId(id) => self.process_id(id),
            Command::ResetCounter(_) | Command::ReadCounter(_) if !self.profile.answers.counters => {
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
}
