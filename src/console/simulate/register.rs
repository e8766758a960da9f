//! A simulated fiscal register as a process of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use kkm_drivers::simulator::{self, Link, Options, PaperTo};

/// Protocols that the simulated register speaks.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    /// Shtrih-M
    Shtrih,
}

#[derive(Args, Debug)]
#[command(after_help = "Lines of the fault script may be typed while it runs; `help` lists them.")]
pub(in crate::console) struct Register {
    /// What it speaks
    #[arg(long, value_enum)]
    protocol: Protocol,
    /// Directory of its own books; kept between runs
    #[arg(long, value_name = "DIR")]
    books: PathBuf,
    /// Serve on a pseudo-terminal that is found under this name
    #[arg(long, value_name = "LINK", conflicts_with = "tcp", required_unless_present = "tcp")]
    pty: Option<PathBuf>,
    /// Serve on a TCP address, one client at a time
    #[arg(long, value_name = "ADDRESS")]
    tcp: Option<String>,
    /// A line of the fault script, from the start; may be repeated
    #[arg(long, value_name = "LINE")]
    fault: Vec<String>,
    /// Pace the line as one of this speed
    #[arg(long, value_name = "BAUD")]
    baud: Option<u32>,
    /// Print no receipts
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(register: Register) -> ExitCode {
    match register.protocol {
        Protocol::Shtrih => {}
    }
    let link = match (register.pty, register.tcp) {
        (Some(path), _) => Link::Pty(path),
        (None, Some(address)) => Link::Tcp(address),
        (None, None) => unreachable!("clap asks for one of the two"),
    };
    let mut options = Options::new(link, register.books);
    options.faults = register.fault;
    options.paper = if register.quiet { PaperTo::Nowhere } else { PaperTo::Stdout };
    options.manner.baud = register.baud;
    options.script_on_stdin = true;
    match simulator::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::failed("register", error),
    }
}
