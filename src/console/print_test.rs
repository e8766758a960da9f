//! A page that finds a receipt printer's settings out, and the lines for the configuration.
//!
//! The printer is spoken to by this command itself, not through the service: the service may not even start with
//! settings that are not known yet. Its port is locked as always, so a receipt and the page never mix.

use std::process::ExitCode;

use clap::Args;
use kkm_drivers::open::receipt_printer;

use super::fail;
use crate::config::Settings;

/// A receipt printer and what to try on it.
#[derive(Args, Debug)]
pub(super) struct PrintTest {
    /// The printer, by its name in the configuration; may be left out where there is one device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Leave the cash drawer shut
    #[arg(long)]
    no_drawer: bool,
}

impl PrintTest {
    pub(super) fn run(&self, settings: &Settings) -> ExitCode {
        match self.try_run(settings) {
            Ok(report) => {
                print!("{report}");
                ExitCode::SUCCESS
            }
            Err(why) => fail(&why, 1),
        }
    }

    fn try_run(&self, settings: &Settings) -> Result<String, String> {
        let known = || settings.devices.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (name, device) = match &self.device {
            Some(name) => settings
                .devices
                .get_key_value(name)
                .ok_or_else(|| format!("there is no device \"{name}\"; known: {}", known()))?,
            None if settings.devices.len() == 1 => settings.devices.iter().next().ok_or("no device is configured")?,
            None => return Err(format!("name one device with --device; known: {}", known())),
        };
        let mut printer = receipt_printer(&device.driver).map_err(|error| format!("devices.{name}.driver: {error}"))?;
        println!("Printing a test page on {name} ({}).", device.driver.port);
        let trial = printer.trial(!self.no_drawer).map_err(|fault| {
            format!("{fault}\nNothing is known about the page. If the service prints just now, wait or stop it first.")
        })?;
        Ok(trial.report(name))
    }
}
