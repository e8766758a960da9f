//! Arguments, log, exit code.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use kkm_bridge::console::{self, Arguments};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("KKM_BRIDGE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Standard output belongs to what was asked for.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    console::run(arguments)
}
