//! Every command that was read, in order, with what was wrong with it: the strict view of what a host sends. A test takes
//! it as a white list; `commands.txt` in the books' directory has it for people, one command a line.
//!
//! ```text
//! ESC @        1B 40
//! text         12 bytes
//! GS v 0       1D 76 30 00 30 00 18 00 00 00 00 00 ... 1160 bytes
//! DLE EOT 1    10 04 01
//! unknown      1B 07  ! an unknown command: 1B 07
//! ```
//! Characters that follow each other are one entry. Real-time commands stand where they were received, the others where
//! they were read from the buffer.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};

use super::command::{CAN, CR, DLE, ESC, FF, FS, GS, HT, LF};

/// Name of the file in the books' directory.
pub const COMMANDS: &str = "commands.txt";
/// Commands that are remembered; older ones are only in the file.
const REMEMBERED: usize = 100_000;
/// Bytes of a command that are remembered.
const HEAD: usize = 12;
const TEXT: &str = "text";

/// A command as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `ESC @`, `GS ( k 49 80`, `LF`, `text`, `DLE EOT 1`, `unknown`: with the numbers that make it another command, without
    /// its parameters.
    pub name: String,
    /// Its first bytes, at most 12; of text the first one.
    pub head: Vec<u8>,
    /// How many bytes it has.
    pub length: usize,
    /// What is wrong with it; empty: nothing.
    pub wrong: Vec<String>,
}

impl Seen {
    fn new(bytes: &[u8], known: bool, wrong: Vec<String>) -> Self {
        let name = if known { name(bytes) } else { "unknown".to_owned() };
        Self { name, head: bytes[..bytes.len().min(HEAD)].to_vec(), length: bytes.len(), wrong }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<12}", self.name)?;
        if self.name == TEXT {
            write!(f, " {} bytes", self.length)?;
        } else {
            self.head.iter().try_for_each(|byte| write!(f, " {byte:02X}"))?;
            if self.length > HEAD {
                write!(f, " ... {} bytes", self.length)?;
            }
        }
        self.wrong.iter().try_for_each(|wrong| write!(f, "  ! {wrong}"))
    }
}

/// Name of a whole command.
fn name(bytes: &[u8]) -> String {
    let (group, rest) = match *bytes {
        [ESC, ref rest @ ..] => ("ESC", rest),
        [FS, ref rest @ ..] => ("FS", rest),
        [GS, ref rest @ ..] => ("GS", rest),
        [DLE, 4, n, ..] => return format!("DLE EOT {n}"),
        [DLE, 5, n, ..] => return format!("DLE ENQ {n}"),
        [DLE, 20, n, ..] => return format!("DLE DC4 {n}"),
        [HT] => return "HT".to_owned(),
        [LF] => return "LF".to_owned(),
        [FF] => return "FF".to_owned(),
        [CR] => return "CR".to_owned(),
        [CAN] => return "CAN".to_owned(),
        [0] => return "NUL".to_owned(),
        _ => return TEXT.to_owned(),
    };
    match *rest {
        [b'(', letter, _, _, kind, function, ..] if matches!(letter, b'k' | b'L') => {
            format!("{group} ( {} {kind} {function}", char::from(letter))
        }
        [b'(', letter, _, _, function, ..] => format!("{group} ( {} {function}", char::from(letter)),
        [b'8', b'L', _, _, _, _, kind, function, ..] => format!("{group} 8 L {kind} {function}"),
        [code @ (b'v' | b'g' | b'c'), second, ..] if code != b'c' || group == "ESC" => {
            format!("{group} {} {}", char::from(code), char::from(second))
        }
        [b' ', ..] => format!("{group} SP"),
        [code, ..] => format!("{group} {}", char::from(code)),
        [] => group.to_owned(),
    }
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    seen: VecDeque<Seen>,
    file: Option<File>,
    /// The last entry is text that may go on, and is not in the file yet.
    pending: bool,
    failure: Option<io::Error>,
}

impl Trace {
    /// One that also writes to the end of a file.
    pub(crate) fn in_file(file: Option<File>) -> Self {
        Self { file, ..Self::default() }
    }

    /// A command; `known`: its bytes are one, whatever is wrong with its parameters.
    pub(crate) fn add(&mut self, bytes: &[u8], known: bool, wrong: Vec<String>) {
        if let (true, [0x20..=0xFF], Some(last)) = (self.pending, bytes, self.seen.back_mut()) {
            last.length += bytes.len();
            last.wrong.extend(wrong);
            return;
        }
        let seen = Seen::new(bytes, known, wrong);
        self.settle();
        self.pending = seen.name == TEXT;
        self.seen.push_back(seen);
        if self.seen.len() > REMEMBERED {
            self.seen.pop_front();
        }
        if !self.pending {
            self.write_last();
        }
    }

    /// Text ends here.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.write_last();
        }
    }

    fn write_last(&mut self) {
        if let (Some(file), Some(last)) = (&mut self.file, self.seen.back())
            && let Err(error) = file.write_all(format!("{last}\n").as_bytes())
        {
            self.failure = Some(error);
        }
    }

    /// Those that are remembered.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter()
    }

    /// Begins a new list.
    pub(crate) fn forget(&mut self) {
        self.settle();
        self.seen.clear();
    }

    /// The failure of its file, once.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_by_what_makes_it_another_one() {
        assert_eq!(name(b"\x1B@"), "ESC @");
        assert_eq!(name(b"\x1B \x03"), "ESC SP");
        assert_eq!(name(b"\x1D(k\x04\x001A2\0"), "GS ( k 49 65");
        assert_eq!(name(b"\x1D(H\x06\x0000abcd"), "GS ( H 48");
        assert_eq!(name(b"\x1Dv0\0\x01\0\x01\0\xFF"), "GS v 0");
        assert_eq!(name(b"\x1Dg2\0\x14\0"), "GS g 2");
        assert_eq!(name(b"\x1Bc5\x01"), "ESC c 5");
        assert_eq!(name(b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"), "DLE DC4 8");
        assert_eq!(name(b"\n"), "LF");
        assert_eq!(name(b"A"), "text");
    }

    #[test]
    fn text_that_follows_text_is_one_entry() {
        let mut trace = Trace::default();
        b"abc\n".iter().for_each(|byte| trace.add(&[*byte], true, Vec::new()));
        trace.add(b"\x1B\x07", false, vec!["an unknown command".to_owned()]);
        let lines: Vec<String> = trace.seen().map(ToString::to_string).collect();
        assert_eq!(lines, ["text         3 bytes", "LF           0A", "unknown      1B 07  ! an unknown command"]);
    }
}
