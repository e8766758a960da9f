//! Commands as they stand in the stream, parameters not judged yet but for those that say how long a command is.

use super::barcode::System;

pub(crate) const HT: u8 = 9;
pub(crate) const LF: u8 = 10;
pub(crate) const FF: u8 = 12;
pub(crate) const CR: u8 = 13;
pub(crate) const DLE: u8 = 16;
pub(crate) const CAN: u8 = 24;
pub(crate) const ESC: u8 = 27;
pub(crate) const FS: u8 = 28;
pub(crate) const GS: u8 = 29;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// A byte from 20h on: a character, or half of one.
    Text(u8),
    /// LF.
    Line,
    /// HT.
    Tab,
    /// ESC @.
    Initialise,
    /// ESC = n.
    Select(u8),
    /// ESC d n.
    FeedLines(u8),
    /// ESC J n.
    FeedDots(u8),
    /// ESC 2, ESC 3 n, dots; `None`: the usual.
    Spacing(Option<u8>),
    /// ESC a n.
    Align(u8),
    /// ESC E n.
    Bold(u8),
    /// ESC G n.
    DoubleStrike(u8),
    /// ESC - n.
    Underline(u8),
    /// ESC M n.
    Font(u8),
    /// ESC ! n.
    Mode(u8),
    /// GS ! n.
    Size(u8),
    /// GS B n.
    Reverse(u8),
    /// ESC { n.
    UpsideDown(u8),
    /// ESC V n.
    Turn(u8),
    /// ESC SP n, dots.
    CharacterSpacing(u8),
    /// ESC $, dots from the left margin.
    MoveTo(u16),
    /// ESC \, dots from here.
    MoveBy(i16),
    /// GS L, dots.
    LeftMargin(u16),
    /// GS W, dots.
    PrintWidth(u16),
    /// ESC D, columns.
    Tabs(Vec<u8>),
    /// ESC R n.
    International(u8),
    /// ESC t n.
    CodePage(u8),
    /// FS & and FS .
    Chinese(bool),
    /// `GS V m` and `GS V m n`.
    Cut { m: u8, feed: Option<u8> },
    /// ESC p m t1 t2, times in units of 2 ms.
    Pulse { m: u8, on: u8, off: u8 },
    /// GS h n, dots.
    BarcodeHeight(u8),
    /// GS w n, dots.
    BarcodeModule(u8),
    /// GS H n.
    BarcodeText(u8),
    /// GS k.
    Barcode { system: System, data: Vec<u8> },
    /// GS ( k: kind of symbol, function, and what follows it.
    Symbol { kind: u8, function: u8, data: Vec<u8> },
    /// GS v 0: bytes across, dots down.
    Raster { m: u8, across: u16, data: Vec<u8> },
    /// ESC *.
    Columns { m: u8, data: Vec<u8> },
    /// GS ( L and GS 8 L: function and what follows it.
    Graphics { function: u8, data: Vec<u8> },
    /// FS p n m.
    Logo { number: u8 },
    /// GS I n.
    Identify(u8),
    /// GS r n.
    TransmitStatus(u8),
    /// GS a n.
    AutomaticStatus(u8),
    /// GS ( H with function 48.
    ProcessId([u8; 4]),
    /// GS g 0 m n.
    ResetCounter(u16),
    /// GS g 2 m n.
    ReadCounter(u16),
    /// GS ( D with function 20: pairs of a real-time command and its switch.
    RealTimeSwitches(Vec<u8>),
    /// A real-time command: carried out when it was received.
    RealTime,
    /// Known, and without effect on this paper: its name.
    NoEffect(&'static str),
}
