//! Section 6.4: text, and the parts that move.

use super::super::exchange::{Repeat, Request};
use super::{Command, MEDIUM, SHORT, plain, put_padded, request};

/// On the receipt's paper (bit 1 of the flags).
const RECEIPT: u8 = 2;

/// 17h print a line: at most 40 bytes of CP1251.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// Longest line, bytes.
    pub const MAX: usize = 40;
}

impl Command for Text {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("17h print line", &[0x17], password, MEDIUM, Repeat::IfUnheard);
        r.body.push(RECEIPT);
        put_padded(&mut r.body, &self.0, Self::MAX);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// 29h feed: lines.
#[derive(Clone, Copy, Debug)]
pub struct Feed(pub u8);

impl Command for Feed {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("29h feed", &[0x29], password, MEDIUM, Repeat::IfUnheard);
        r.body.extend([RECEIPT, self.0]);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// 25h cut, full or partial.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// True leaves a bridge.
    pub partial: bool,
}

impl Command for Cut {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("25h cut", &[0x25], password, MEDIUM, Repeat::IfUnheard);
        r.body.push(self.partial.into());
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// 28h open the drawer: 0 or 1.
#[derive(Clone, Copy, Debug)]
pub struct Drawer(pub u8);

impl Command for Drawer {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("28h open drawer", &[0x28], password, SHORT, Repeat::IfUnheard);
        r.body.push(self.0);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

plain!(
    /// 8Ch copy of the last receipt: paper only.
    Copy, "8Ch repeat document", [0x8C], MEDIUM, Repeat::IfUnheard
);

/// `DDh` load a block of 64 bytes for a two-dimensional code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBlock {
    /// Number of the block, from 0.
    pub block: u8,
    /// At most 64 bytes; padded.
    pub bytes: Vec<u8>,
}

impl LoadBlock {
    /// Bytes in a block.
    pub const SIZE: usize = 64;
}

impl Command for LoadBlock {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("DDh load block", &[0xDD], password, MEDIUM, Repeat::Freely);
        r.body.extend([0, self.block]);
        put_padded(&mut r.body, &self.bytes, Self::SIZE);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// `DEh` print the loaded blocks as a QR code in the middle of the paper.
#[derive(Clone, Copy, Debug)]
pub struct PrintQr {
    /// Bytes of its text.
    pub length: u16,
}

impl Command for PrintQr {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("DEh print QR code", &[0xDE], password, MEDIUM, Repeat::IfUnheard);
        r.body.push(3);
        r.body.extend(self.length.to_le_bytes());
        // First block; version by itself, -, dot of 5, -, correction M; in the middle.
        r.body.extend([0, 0, 0, 5, 0, 1, 1]);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}
