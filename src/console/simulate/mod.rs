//! Simulated devices and a stand-in for the cloud, each a process of its own.

mod cloud;
mod printer;
mod register;

use std::process::ExitCode;

use clap::Subcommand;

pub(in crate::console) use cloud::EXAMPLE;

#[derive(Debug, Subcommand)]
pub(super) enum Simulate {
    /// A fiscal register with books of its own, on a pseudo-terminal or TCP
    Register(register::Register),
    /// A receipt printer of the ESC/POS kind, with paper and books of its own
    Printer(printer::Printer),
    /// A stand-in for Altegio: sends a document, receives and prints callbacks
    Cloud(cloud::Cloud),
}

pub(super) fn run(simulate: Simulate) -> ExitCode {
    match simulate {
        Simulate::Register(register) => register::run(register),
        Simulate::Printer(printer) => printer::run(printer),
        Simulate::Cloud(cloud) => cloud::run(&cloud),
    }
}

/// Says why a device does not run, down to the system's own reason.
fn failed(device: &str, error: impl Into<anyhow::Error>) -> ExitCode {
    let error = error.into();
    eprintln!("kkm-bridge simulate {device}: {error:#}");
    ExitCode::FAILURE
}
