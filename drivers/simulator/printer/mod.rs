//! A simulated receipt printer: an interpreter of ESC/POS that was written from the protocol's text alone, so that it
//! shares no mistake with a driver. A process of its own, with paper and books that outlive whoever prints on it.
//!
//! ```text
//!   pty / tcp / fifo --> server --bytes, time--> device --bytes--> reader --commands--> interpreter
//!   memory ------------------------------^         ^  |                                     |
//!   script (words) --------------------------------+  +--> answers      books <-- paper <---+
//! ```
//! | room | holds |
//! |---|---|
//! | [`device`] | the printer: incoming bytes, buffer, mechanism, power, script |
//! | `reader`, `command`, `realtime` | bytes into commands, strictly by the lengths that they say |
//! | `interpreter`, `modes`, `line`, `text`, `picture`, `symbol`, `barcode` | commands into dots and text |
//! | [`trace`] | every command that was read, with what is wrong with it |
//! | [`books`], `slip` | what came out: text, codes, pictures, cuts, drawer pulses, incidents |
//! | [`status`], `answers` | what the host is told, and when not |
//! | [`profile`] | what differs between printers |
//! | [`faults`] | the script |
//!
//! A printer remembers no documents. All that a host can learn is what it answers: status at once, and after what was
//! printed `GS r`, a process id, or a counter; and what a host believed can be compared with the books.
//!
//! # In a test
//!
//! A driver and the printer in one thread, on simulated time; [`MemoryLink`] is an [`Opener`](crate::transport::Opener),
//! which [`FaultyOpener`](crate::transport::faulty::FaultyOpener) wraps to hurt any byte in either direction:
//!
//! ```
//! use std::time::Duration;
//! use kkm_drivers::simulator::printer::{Device, MemoryLink, profile};
//! use kkm_drivers::transport::Opener;
//!
//! let mut line = MemoryLink::new(Device::in_memory(profile::EPSON, 48)).at_baud(115_200);
//! let mut port = line.open()?;
//! line.inject("paper out after 1 line")?;
//! port.write(b"\x1B@Tea   1.50\nTotal 1.50\n\x1DVB\0\x1D(H\x06\0000001", Duration::from_secs(5))?;
//! let mut answer = [0; 64];
//! assert_eq!(port.read(&mut answer, Duration::from_secs(30))?, 0, "no id: no paper");
//! line.inject("paper in")?;
//! assert_eq!(port.read(&mut answer, Duration::from_secs(30))?, 7);
//! assert_eq!(&answer[..7], b"7\"0001\0");
//! let slips = line.device(|printer| printer.slips());
//! assert_eq!(slips[0].text(), "Tea   1.50\nTotal 1.50");
//! assert!(slips[0].cut().is_some() && slips[0].incidents().is_empty());
//! let allowed = ["ESC @", "text", "LF", "GS V", "GS ( H 48"];
//! assert_eq!(line.device(|printer| printer.foreign_commands(&allowed)), []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! A real port: [`Printer::start`] with [`Options`] on [`Link::Pty`], [`Link::Tcp`] or [`Link::File`]; then
//! [`Printer::inject`] takes the same lines of the script ([`faults::HELP`] has them all: paper, cover, cutter, power,
//! answers, bytes, link, buffer), [`Printer::device`] looks at the printer, [`books::read`] reads its books.
//!
//! | to see | ask |
//! |---|---|
//! | text, codes, pictures, cuts, pulses | [`Device::slips`], [`Slip`] |
//! | the same slip printed again | [`Slip::copy`] |
//! | dots | [`Device::sheet`], [`Device::cut_sheet`], [`Bitmap::png`], [`Bitmap::qr_codes`] |
//! | unknown, malformed, misplaced commands | [`Slip::incidents`], [`Device::commands`], [`Device::foreign_commands`] |
//! | that nothing is under way any more | [`Device::is_idle`] |
//!
//! What is not there: page mode, stored logos, macros, the drawing of PDF417, Micro QR and GS1 `DataBar` (content is
//! kept, its place drawn as a frame). When power goes, the port goes too, as a USB or network printer's does.

mod answers;
mod barcode;
mod bitmap;
pub mod books;
mod command;
pub mod device;
pub mod faults;
mod font;
mod interpreter;
mod line;
mod modes;
mod pages;
mod picture;
pub mod profile;
mod reader;
mod realtime;
mod slip;
pub mod status;
mod symbol;
#[cfg(test)]
mod tests;
mod text;
pub mod trace;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use bitmap::Bitmap;
pub use books::{Counter, Cut, Item, Slip};
pub use device::Device;
pub use faults::{Fault, FaultError, Question};
pub use pages::Page;
pub use profile::{Known, Profile};
pub use trace::Seen;

use self::books::Books;
use super::PaperTo;
pub use super::link::Link;
use super::server::{Appliance, Running};

/// A line in memory with a printer at its end.
pub type MemoryLink = super::memory::MemoryLink<Device>;

/// How a simulated printer is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What it is.
    pub profile: Profile,
    /// Columns of font A: 32 and 48 are usual.
    pub columns: u16,
    /// Directory of the books; without one they end with the process.
    pub books: Option<PathBuf>,
    /// Each slip also becomes a picture in the books' directory.
    pub pictures: bool,
    /// Where it is reached.
    pub link: Link,
    /// Speed of the line, bits a second; `None`: as fast as it can be.
    pub baud: Option<u32>,
    /// It never answers: a link without a way back.
    pub mute: bool,
    /// Lines of the fault script, from the start.
    pub faults: Vec<String>,
    /// Where the text of cut slips goes.
    pub paper: PaperTo,
    /// Further lines of the script come from standard input.
    pub script_on_stdin: bool,
}

impl Options {
    /// A printer of this kind on this link, with paper for nobody.
    pub fn new(profile: Profile, link: Link, books: impl Into<PathBuf>) -> Self {
        Self {
            profile,
            columns: profile.columns,
            books: Some(books.into()),
            pictures: false,
            link,
            baud: None,
            mute: false,
            faults: Vec::new(),
            paper: PaperTo::Nowhere,
            script_on_stdin: false,
        }
    }
}

/// Why a simulated printer does not run.
#[derive(Debug, thiserror::Error)]
pub enum PrinterError {
    /// The books cannot be used.
    #[error("the books cannot be used")]
    Books(#[source] io::Error),
    /// The link cannot be made.
    #[error("it cannot be reached there")]
    Link(#[source] io::Error),
    /// The link or the books failed while it worked.
    #[error("the link or the books failed")]
    Serving(#[source] io::Error),
    /// The paper cannot be written to.
    #[error("the paper cannot be written to")]
    Paper(#[source] io::Error),
    /// A line of the script.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

/// A simulated printer that runs in a thread of this process.
pub struct Printer(Running<Device>);

impl Printer {
    /// Starts it; the link exists when this returns.
    pub fn start(options: &Options) -> Result<Self, PrinterError> {
        let width = profile::dots_of(options.columns);
        let paper = options.paper.open().map_err(PrinterError::Paper)?;
        let books = match &options.books {
            Some(books) => Books::open(books, width, options.pictures).map_err(PrinterError::Books)?,
            None => Books::in_memory(width),
        };
        let mut device = Device::new(options.profile, width, books, paper);
        if options.mute {
            device.mute();
        }
        for line in &options.faults {
            device.inject(line.parse()?, Duration::ZERO);
        }
        let byte_time = options.baud.map_or(Duration::ZERO, |baud| Duration::from_secs(10) / baud.max(1));
        let running = Running::start("simulated-printer", device, byte_time, &options.link);
        running.map(Self).map_err(PrinterError::Link)
    }

    /// Where it is reached: the path, or the bound address.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// A line of the fault script; gives what a person should read.
    pub fn inject(&self, line: &str) -> Result<String, FaultError> {
        self.0.tell(line)
    }

    /// Looks at the printer, or works on it.
    pub fn device<T>(&self, work: impl FnOnce(&mut Device) -> T) -> T {
        self.0.work(|device, _| work(device))
    }

    /// Stops it and takes the link away.
    pub fn stop(self) -> Result<(), PrinterError> {
        self.0.stop().map_err(PrinterError::Serving)
    }
}

/// Runs a printer until the process ends, or to the end of a regular file: the ready line on standard output once the
/// link exists, then the script from standard input where that is wanted.
pub fn run(options: &Options) -> Result<(), PrinterError> {
    let ended = Printer::start(options)?.0.converse("printer", options.script_on_stdin);
    ended.map_err(PrinterError::Serving)
}

impl Appliance for Device {
    type NotUnderstood = FaultError;

    fn tell(&mut self, line: &str, now: Duration) -> Result<String, FaultError> {
        Ok(self.inject(line.parse()?, now))
    }
    fn byte_time(&self) -> Duration {
        Duration::ZERO
    }
    fn feed(&mut self, bytes: &[u8], now: Duration) {
        self.feed(bytes, now);
    }
    fn pass(&mut self, now: Duration) {
        self.pass(now);
    }
    fn poll(&mut self, now: Duration) -> Vec<u8> {
        self.poll(now)
    }
    fn wake_at(&self) -> Option<Duration> {
        self.wake_at()
    }
    fn powered(&self) -> bool {
        self.powered()
    }
    fn breaks(&self) -> u32 {
        self.breaks()
    }
    fn room(&self) -> usize {
        self.room()
    }
    fn greet(&mut self) {}
    fn has_waiting(&self) -> bool {
        self.has_waiting()
    }
    fn take_failure(&mut self) -> Option<io::Error> {
        self.take_failure()
    }
}
