//! Bytes into commands, byte by byte. The stream has no frames: where a command ends follows from its own bytes, so a
//! wrong length makes everything after it something else, as on a printer.
//!
//! What is no command is given back with the reason; the bytes after the point where the printer gives up are
//! read again as normal data.

use super::barcode::System;
use super::command::{CAN, CR, Command, DLE, ESC, FF, FS, GS, HT, LF};
use super::realtime;

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// The command; `None`: the bytes are none.
    pub(crate) command: Option<Command>,
    /// Something that should not have come.
    pub(crate) wrong: Option<String>,
}

/// Bytes of graphics that a printer has memory for.
const MOST_GRAPHICS: usize = 1 << 20;

/// What the bytes so far are.
enum Parsed {
    /// Not enough: so many bytes are needed before it can be looked at again.
    More(usize),
    /// A command.
    Done(Command),
    /// None, for this reason; from this place on the bytes are read again.
    Broken(String, usize),
}

/// Holds the beginning of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    held: Vec<u8>,
    wanted: usize,
}

impl Reader {
    /// Forgets a beginning.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// True between two commands.
    pub(crate) fn is_idle(&self) -> bool {
        self.held.is_empty()
    }

    /// One byte more.
    pub(crate) fn push(&mut self, byte: u8) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut waiting = vec![byte];
        // Bytes to be read again are on a stack, the next one last.
        while let Some(byte) = waiting.pop() {
            self.held.push(byte);
            if self.held.len() < self.wanted {
                continue;
            }
            match parse(&self.held) {
                Parsed::More(wanted) => self.wanted = wanted,
                Parsed::Done(command) => {
                    let inside = command != Command::RealTime && realtime::is_inside(&self.held);
                    let wrong = inside.then(|| format!("real-time bytes inside {}", head(&self.held)));
                    tokens.push(Token { bytes: std::mem::take(&mut self.held), command: Some(command), wrong });
                    self.reset();
                }
                Parsed::Broken(why, again) => {
                    let wrong = Some(format!("{why}: {}", head(&self.held)));
                    let mut bytes = std::mem::take(&mut self.held);
                    waiting.extend(bytes.split_off(again.max(1)).into_iter().rev());
                    tokens.push(Token { bytes, command: None, wrong });
                    self.reset();
                }
            }
        }
        tokens
    }
}

/// The first bytes, in hexadecimal.
fn head(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02X}")).collect();
    format!("{}{}", shown.join(" "), if bytes.len() > 8 { " ..." } else { "" })
}

fn word(low: u8, high: u8) -> u16 {
    u16::from_le_bytes([low, high])
}

/// A command of two bytes and this many parameters.
fn fixed(bytes: &[u8], parameters: usize, make: impl FnOnce(&[u8]) -> Command) -> Parsed {
    if bytes.len() < 2 + parameters { Parsed::More(2 + parameters) } else { Parsed::Done(make(&bytes[2..])) }
}

fn parse(bytes: &[u8]) -> Parsed {
    match *bytes {
        [] => Parsed::More(1),
        [ESC | FS | GS | DLE] => Parsed::More(2),
        [ESC, code, ..] => esc(code, bytes),
        [FS, code, ..] => fs(code, bytes),
        [GS, code, ..] => gs(code, bytes),
        [DLE, ..] => dle(bytes),
        [HT, ..] => Parsed::Done(Command::Tab),
        [LF, ..] => Parsed::Done(Command::Line),
        // Without automatic line feed CR does nothing; FF and CAN belong to page mode.
        [CR, ..] => Parsed::Done(Command::NoEffect("CR")),
        [FF, ..] => Parsed::Done(Command::NoEffect("FF")),
        [CAN, ..] => Parsed::Done(Command::NoEffect("CAN")),
        [0, ..] => Parsed::Done(Command::NoEffect("NUL")),
        [byte @ 0x20..=0xFF, ..] => Parsed::Done(Command::Text(byte)),
        [_, ..] => Parsed::Broken("an unknown control code".to_owned(), 1),
    }
}

fn unknown() -> Parsed {
    Parsed::Broken("an unknown command".to_owned(), 1)
}

fn esc(code: u8, b: &[u8]) -> Parsed {
    match code {
        b'@' => Parsed::Done(Command::Initialise),
        b'=' => fixed(b, 1, |p| Command::Select(p[0])),
        b'd' => fixed(b, 1, |p| Command::FeedLines(p[0])),
        b'J' => fixed(b, 1, |p| Command::FeedDots(p[0])),
        b'2' => Parsed::Done(Command::Spacing(None)),
        b'3' => fixed(b, 1, |p| Command::Spacing(Some(p[0]))),
        b'a' => fixed(b, 1, |p| Command::Align(p[0])),
        b'E' => fixed(b, 1, |p| Command::Bold(p[0])),
        b'G' => fixed(b, 1, |p| Command::DoubleStrike(p[0])),
        b'-' => fixed(b, 1, |p| Command::Underline(p[0])),
        b'M' => fixed(b, 1, |p| Command::Font(p[0])),
        b'!' => fixed(b, 1, |p| Command::Mode(p[0])),
        b'{' => fixed(b, 1, |p| Command::UpsideDown(p[0])),
        b'V' => fixed(b, 1, |p| Command::Turn(p[0])),
        b' ' => fixed(b, 1, |p| Command::CharacterSpacing(p[0])),
        b'$' => fixed(b, 2, |p| Command::MoveTo(word(p[0], p[1]))),
        b'\\' => fixed(b, 2, |p| Command::MoveBy(word(p[0], p[1]).cast_signed())),
        b'R' => fixed(b, 1, |p| Command::International(p[0])),
        b't' => fixed(b, 1, |p| Command::CodePage(p[0])),
        b'p' => fixed(b, 3, |p| Command::Pulse { m: p[0], on: p[1], off: p[2] }),
        b'*' => columns(b),
        b'D' => tabs(b),
        b'B' => fixed(b, 2, |_| Command::NoEffect("beeper")),
        b'(' => with_length(b, |letter, _| match letter {
            b'A' => Ok(Command::NoEffect("beeper")),
            _ => Err("an unknown function of ESC ("),
        }),
        b'c' => fixed(b, 2, |_| Command::NoEffect("sensors and buttons")),
        b'r' => fixed(b, 1, |_| Command::NoEffect("colour")),
        b'S' => Parsed::Done(Command::NoEffect("standard mode")),
        b'U' => fixed(b, 1, |_| Command::NoEffect("one direction")),
        _ => unknown(),
    }
}

fn fs(code: u8, b: &[u8]) -> Parsed {
    match code {
        b'.' => Parsed::Done(Command::Chinese(false)),
        b'&' => Parsed::Done(Command::Chinese(true)),
        b'p' => fixed(b, 2, |p| Command::Logo { number: p[0] }),
        b'!' | b'-' | b'C' | b'W' => fixed(b, 1, |_| Command::NoEffect("double-byte characters")),
        b'S' => fixed(b, 2, |_| Command::NoEffect("double-byte characters")),
        b'(' => with_length(b, |letter, _| match letter {
            b'A' | b'C' => Ok(Command::NoEffect("double-byte characters")),
            _ => Err("an unknown function of FS ("),
        }),
        _ => unknown(),
    }
}

fn gs(code: u8, b: &[u8]) -> Parsed {
    match code {
        b'!' => fixed(b, 1, |p| Command::Size(p[0])),
        b'B' => fixed(b, 1, |p| Command::Reverse(p[0])),
        b'L' => fixed(b, 2, |p| Command::LeftMargin(word(p[0], p[1]))),
        b'W' => fixed(b, 2, |p| Command::PrintWidth(word(p[0], p[1]))),
        b'P' => fixed(b, 2, |_| Command::NoEffect("motion units")),
        b'V' => cut(b),
        b'h' => fixed(b, 1, |p| Command::BarcodeHeight(p[0])),
        b'w' => fixed(b, 1, |p| Command::BarcodeModule(p[0])),
        b'H' => fixed(b, 1, |p| Command::BarcodeText(p[0])),
        b'f' => fixed(b, 1, |_| Command::NoEffect("font of bar code text")),
        b'b' => fixed(b, 1, |_| Command::NoEffect("smoothing")),
        b'k' => barcode(b),
        b'v' => raster(b),
        b'I' => fixed(b, 1, |p| Command::Identify(p[0])),
        b'r' => fixed(b, 1, |p| Command::TransmitStatus(p[0])),
        b'a' => fixed(b, 1, |p| Command::AutomaticStatus(p[0])),
        b'g' => counter(b),
        b'(' => with_length(b, parenthesis),
        b'8' => long_graphics(b),
        _ => unknown(),
    }
}

/// Real-time commands also lie in the buffer; in their turn they are passed over.
fn dle(b: &[u8]) -> Parsed {
    match realtime::length(b) {
        realtime::Length::Whole => Parsed::Done(Command::RealTime),
        realtime::Length::More(total) => Parsed::More(total),
        realtime::Length::Other => unknown(),
    }
}

/// GS V: m, or m and n.
fn cut(b: &[u8]) -> Parsed {
    match b.get(2) {
        None => Parsed::More(3),
        Some(0 | 1 | 48 | 49) => fixed(b, 1, |p| Command::Cut { m: p[0], feed: None }),
        Some(65 | 66 | 97 | 98 | 103 | 104) => fixed(b, 2, |p| Command::Cut { m: p[0], feed: Some(p[1]) }),
        Some(_) => Parsed::Broken("an unknown way to cut".to_owned(), 3),
    }
}

/// GS g 0 and GS g 2: m (0), counter.
fn counter(b: &[u8]) -> Parsed {
    match b.get(2) {
        None => Parsed::More(3),
        Some(b'0') => fixed(b, 4, |p| Command::ResetCounter(word(p[2], p[3]))),
        Some(b'2') => fixed(b, 4, |p| Command::ReadCounter(word(p[2], p[3]))),
        Some(_) => unknown(),
    }
}

/// ESC D: columns that grow, up to 32, then NUL.
fn tabs(b: &[u8]) -> Parsed {
    let columns = &b[2..];
    match columns.split_last() {
        Some((0, columns)) => Parsed::Done(Command::Tabs(columns.to_vec())),
        Some((last, before)) if before.len() >= 32 || before.last().is_some_and(|b| b >= last) => {
            Parsed::Broken("tab positions that do not grow".to_owned(), b.len() - 1)
        }
        Some(_) | None => Parsed::More(b.len() + 1),
    }
}

/// ESC * m nL nH: one byte a column for 8 dots, three for 24.
fn columns(b: &[u8]) -> Parsed {
    let &[_, _, m, low, high, ref data @ ..] = b else { return Parsed::More(5) };
    let bytes_per_column = match m {
        0 | 1 => 1,
        32 | 33 => 3,
        _ => return Parsed::Broken("an unknown kind of ESC *".to_owned(), 3),
    };
    let length = usize::from(word(low, high)) * bytes_per_column;
    if data.len() < length {
        Parsed::More(5 + length)
    } else {
        Parsed::Done(Command::Columns { m, data: data.to_vec() })
    }
}

/// GS v 0 m xL xH yL yH.
fn raster(b: &[u8]) -> Parsed {
    match *b {
        [_, _, b'0', m, x_low, x_high, y_low, y_high, ref data @ ..] => {
            let across = word(x_low, x_high);
            let length = usize::from(across) * usize::from(word(y_low, y_high));
            match m {
                0..=3 | 48..=51 if length > 0 && data.len() < length => Parsed::More(8 + length),
                0..=3 | 48..=51 if length > 0 => {
                    Parsed::Done(Command::Raster { m: m & 3, across, data: data.to_vec() })
                }
                _ => Parsed::Broken("a raster of no size or kind".to_owned(), 8),
            }
        }
        [_, _, b'0', ..] => Parsed::More(8),
        [_, _] => Parsed::More(3),
        _ => unknown(),
    }
}

/// GS k m ... NUL and GS k m n ...
fn barcode(b: &[u8]) -> Parsed {
    let Some(&m) = b.get(2) else { return Parsed::More(3) };
    let bad_byte = |system: System, place: usize| format!("a byte at {place} that {} does not take", system.name());
    let bad_length = |system: System, length: usize| format!("{length} bytes are no {}", system.name());
    if let Some(system) = System::of_form_a(m) {
        let Some((last, data)) = b[3..].split_last() else { return Parsed::More(4) };
        return match last {
            0 if system.takes(data.len()) => Parsed::Done(Command::Barcode { system, data: data.to_vec() }),
            0 => Parsed::Broken(bad_length(system, data.len()), b.len()),
            byte if system.takes_byte(data.len(), *byte) && data.len() < 255 => Parsed::More(b.len() + 1),
            _ => Parsed::Broken(bad_byte(system, data.len()), b.len() - 1),
        };
    }
    let Some(system) = System::of_form_b(m) else { return Parsed::Broken("an unknown bar code".to_owned(), 3) };
    let Some(&length) = b.get(3) else { return Parsed::More(4) };
    let length = usize::from(length);
    if !system.takes(length) {
        return Parsed::Broken(bad_length(system, length), 4);
    }
    let data = &b[4..];
    match data.iter().enumerate().position(|(place, byte)| !system.takes_byte(place, *byte)) {
        Some(place) => Parsed::Broken(bad_byte(system, place), 4 + place),
        None if data.len() < length => Parsed::More(4 + length),
        None => Parsed::Done(Command::Barcode { system, data: data.to_vec() }),
    }
}

/// `( letter pL pH` and so many bytes.
fn with_length(b: &[u8], make: impl FnOnce(u8, &[u8]) -> Result<Command, &'static str>) -> Parsed {
    let &[_, _, letter, low, high, ref data @ ..] = b else { return Parsed::More(5) };
    let length = usize::from(word(low, high));
    if data.len() < length {
        return Parsed::More(5 + length);
    }
    match make(letter, data) {
        Ok(command) => Parsed::Done(command),
        Err(why) => Parsed::Broken(why.to_owned(), b.len()),
    }
}

fn parenthesis(letter: u8, data: &[u8]) -> Result<Command, &'static str> {
    match (letter, data) {
        (b'k', &[kind, function, ref data @ ..]) => Ok(Command::Symbol { kind, function, data: data.to_vec() }),
        (b'L', &[48, function, ref data @ ..]) => Ok(Command::Graphics { function, data: data.to_vec() }),
        (b'H', &[48, 48, a, b, c, d]) => Ok(Command::ProcessId([a, b, c, d])),
        (b'H', _) => Err("GS ( H takes 48 48 and four bytes"),
        (b'D', &[20, ref data @ ..]) => Ok(Command::RealTimeSwitches(data.to_vec())),
        (b'A' | b'C' | b'E' | b'K' | b'M' | b'N' | b'P' | b'Q' | b'V', _) => Ok(Command::NoEffect("settings")),
        _ => Err("an unknown function of GS ("),
    }
}

/// GS 8 L p1..p4: as GS ( L, for more than 65535 bytes.
fn long_graphics(b: &[u8]) -> Parsed {
    match *b {
        [_, _, b'L', p1, p2, p3, p4, ref data @ ..] => {
            let length = u32::from_le_bytes([p1, p2, p3, p4]) as usize;
            match *data {
                // A printer has no memory for more; without a bound one wrong byte would swallow everything.
                _ if length > MOST_GRAPHICS => Parsed::Broken("more graphics than a printer holds".to_owned(), 7),
                _ if data.len() < length => Parsed::More(7 + length),
                [48, function, ref rest @ ..] => Parsed::Done(Command::Graphics { function, data: rest.to_vec() }),
                _ => Parsed::Broken("GS 8 L of another kind".to_owned(), b.len()),
            }
        }
        [_, _, b'L', ..] => Parsed::More(7),
        [_, _] => Parsed::More(3),
        _ => unknown(),
    }
}
