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
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

pub use faults::{Fault, FaultError};
pub use link::Link;
pub use memory::MemoryLink;
pub use register::books;
pub use register::clock::{Clock, Moment};
pub use register::{Register, StateError};
pub use shtrih::{Device, Manner};

use self::link::End;
use self::server::{Shared, serve};

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
pub struct Simulator {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<io::Result<()>>>,
    name: String,
}

impl Simulator {
    /// Starts it; the port exists when this returns.
    pub fn start(options: &Options) -> Result<Self, SimulatorError> {
        let paper: Box<dyn Write + Send> = match &options.paper {
            PaperTo::Nowhere => Box::new(io::sink()),
            PaperTo::Stdout => Box::new(io::stdout()),
            PaperTo::File(path) => {
                Box::new(OpenOptions::new().create(true).append(true).open(path).map_err(SimulatorError::Paper)?)
            }
        };
        let register = match &options.books {
            Some(books) => Register::open(books, options.durable, options.clock, paper)?,
            None => Register::in_memory(options.clock, paper),
        };
        let (shared, bell) = Shared::new(Device::new(register, options.manner)).map_err(SimulatorError::Port)?;
        let end = End::open(&options.link).map_err(SimulatorError::Port)?;
        let name = end.name();
        let (worker, asked) = (Arc::clone(&shared), options.link.clone());
        let thread = std::thread::Builder::new()
            .name("simulated-register".to_owned())
            .spawn(move || serve(&worker, bell, end, &asked))
            .map_err(SimulatorError::Port)?;
        let simulator = Self { shared, thread: Some(thread), name };
        for line in &options.faults {
            simulator.inject(line)?;
        }
        Ok(simulator)
    }

    /// Where it is reached: the path of the pseudo terminal's link, or the bound address.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A line of the fault script; gives what a person should read.
    pub fn inject(&self, line: &str) -> Result<String, FaultError> {
        let fault: Fault = line.parse()?;
        let (mut device, now) = self.shared.device();
        let said = device.inject(fault, now);
        drop(device);
        self.shared.ring();
        Ok(said)
    }

    /// Looks at the device, or works on it.
    pub fn device<T>(&self, work: impl FnOnce(&mut Device) -> T) -> T {
        work(&mut self.shared.device().0)
    }

    /// Stops it and takes the port away.
    pub fn stop(mut self) -> Result<(), SimulatorError> {
        self.shared.stop();
        self.wait()
    }

    fn wait(&mut self) -> Result<(), SimulatorError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let ended = thread.join().unwrap_or_else(|_| Err(io::Error::other("the serving thread panicked")));
        ended.map_err(SimulatorError::Port)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.stop();
        // A failure of the thread has no one left to be told to.
        let _ = self.wait();
    }
}

/// Runs a register until the process ends: the ready line on standard output once the port exists, then the script
/// from standard input where that is wanted.
pub fn run(options: &Options) -> Result<(), SimulatorError> {
    let mut simulator = Simulator::start(options)?;
    let serial = simulator.device(|device| device.register().state().identity.serial.clone());
    say(&format!("register {serial} ready on {}", simulator.name()));
    if options.script_on_stdin {
        for line in io::stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
            say(&simulator.inject(&line).unwrap_or_else(|error| error.to_string()));
        }
    }
    simulator.wait()
}

fn say(text: &str) {
    // Without a reader of its output the register goes on.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
