//! A simulated fiscal register: a process of its own, with books of its own, that outlives whoever talks to it.
//!
//! ```text
//!   pty / tcp --> server --bytes, time--> shtrih::Device --calls--> register --> books, state, paper
//!   memory  ----------------------------^        ^
//!   script (words) ------------------------------+  faults of line, paper, clock, storage, other cashiers
//! ```
//! | room | holds |
//! |---|---|
//! | [`register`] | the brain, in no family's words, and its durable [`register::books`] |
//! | [`paper`] | what comes out of the printer |
//! | [`shtrih`] | the Shtrih-M front-end: line, commands, tables |
//! | [`faults`] | the script |
//! | [`memory`] | a line in memory on simulated time |
//! | [`printer`] | not a register: a receipt printer, with paper and books of its own |
//!
//! For training, demonstrations and tests; it fiscalizes nothing and must not be used as a cash register.

pub mod faults;
mod link;
pub mod memory;
pub mod paper;
pub mod printer;
pub mod register;
mod server;
pub mod shtrih;
#[cfg(test)]
mod tests;
mod wires;
pub(crate) mod world;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

pub use faults::{Fault, FaultError};
pub use link::Link;
pub use memory::MemoryLink;
pub use register::books;
pub use register::clock::{Clock, Moment};
pub use register::{Register, StateError};
pub use server::Appliance;
pub use shtrih::{Device, Manner};

use self::server::Running;

/// Where paper goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaperTo {
    /// To nobody.
    Nowhere,
    /// To the terminal.
    Stdout,
    /// To the end of a file.
    File(PathBuf),
}

impl PaperTo {
    fn open(&self) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Nowhere => Box::new(io::sink()),
            Self::Stdout => Box::new(io::stdout()),
            Self::File(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        })
    }
}

/// How a simulated register is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Directory of the books; without one they end with the process.
    pub books: Option<PathBuf>,
    /// Every registration waits for the disk before it is answered.
    pub durable: bool,
    /// Where it is reached.
    pub link: Link,
    /// Lines of the fault script, from the start.
    pub faults: Vec<String>,
    /// Where paper goes.
    pub paper: PaperTo,
    /// Its clock, when the books are new.
    pub clock: Clock,
    /// Manner of its line.
    pub manner: Manner,
    /// Further lines of the script come from standard input.
    pub script_on_stdin: bool,
}

impl Options {
    /// A durable register on this link, as fast as it can be, with paper for nobody.
    pub fn new(link: Link, books: impl Into<PathBuf>) -> Self {
        Self {
            books: Some(books.into()),
            durable: true,
            link,
            faults: Vec::new(),
            paper: PaperTo::Nowhere,
            clock: Clock::System { offset_s: 0 },
            manner: Manner::default(),
            script_on_stdin: false,
        }
    }
}

/// Why a simulated register does not run.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// Books or state cannot be used.
    #[error("the books cannot be used")]
    Books(#[from] StateError),
    /// The port cannot be made, or failed.
    #[error("the port failed")]
    Port(#[source] io::Error),
    /// The paper cannot be written to.
    #[error("the paper cannot be written to")]
    Paper(#[source] io::Error),
    /// A line of the script.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

/// A simulated register that runs in a thread of this process.
pub struct Simulator(Running<Device>);

impl Simulator {
    /// Starts it; the port exists when this returns.
    pub fn start(options: &Options) -> Result<Self, SimulatorError> {
        let paper = options.paper.open().map_err(SimulatorError::Paper)?;
        let register = match &options.books {
            Some(books) => Register::open(books, options.durable, options.clock, paper)?,
            None => Register::in_memory(options.clock, paper),
        };
        // Its own bytes are paced; those of the host come as fast as the port brings them.
        let device = Device::new(register, options.manner);
        let running = Running::start("simulated-register", device, Duration::ZERO, &options.link);
        let simulator = Self(running.map_err(SimulatorError::Port)?);
        for line in &options.faults {
            simulator.inject(line)?;
        }
        Ok(simulator)
    }

    /// Where it is reached: the path of the pseudo terminal's link, or the bound address.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// A line of the fault script; gives what a person should read.
    pub fn inject(&self, line: &str) -> Result<String, FaultError> {
        self.0.tell(line)
    }

    /// Looks at the device, or works on it.
    pub fn device<T>(&self, work: impl FnOnce(&mut Device) -> T) -> T {
        self.0.work(|device, _| work(device))
    }

    /// Stops it and takes the port away.
    pub fn stop(self) -> Result<(), SimulatorError> {
        self.0.stop().map_err(SimulatorError::Port)
    }
}

/// Runs a register until the process ends: the ready line on standard output once the port exists, then the script
/// from standard input where that is wanted.
pub fn run(options: &Options) -> Result<(), SimulatorError> {
    let simulator = Simulator::start(options)?;
    let serial = simulator.device(|device| device.register().state().identity.serial.clone());
    let ended = simulator.0.converse(&format!("register {serial}"), options.script_on_stdin);
    ended.map_err(SimulatorError::Port)
}

impl Appliance for Device {
    type NotUnderstood = FaultError;

    fn tell(&mut self, line: &str, now: Duration) -> Result<String, FaultError> {
        Ok(self.inject(line.parse()?, now))
    }
    fn byte_time(&self) -> Duration {
        self.manner().baud.map_or(Duration::ZERO, |baud| Duration::from_secs(10) / baud.max(1))
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
        self.power_cuts()
    }
    fn room(&self) -> usize {
        usize::MAX
    }
    fn greet(&mut self) {
        self.reconnect();
    }
    fn has_waiting(&self) -> bool {
        false
    }
    fn take_failure(&mut self) -> Option<io::Error> {
        None
    }
}
