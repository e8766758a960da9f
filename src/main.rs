//! Arguments, log, exit code.

use std::process::ExitCode;

use clap::Parser;
use kkm_bridge::console::{self, Arguments};
use kkm_bridge::log;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start();
    console::run(arguments)
}
