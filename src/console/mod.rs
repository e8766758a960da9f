//! The commands.

mod answering;
mod bundle;
#[cfg(feature = "simulators")]
mod demo;
mod devices;
mod doctor;
mod machine;
mod operate;
mod papers;
mod person;
mod ports;
mod print;
mod print_test;
mod rig;
mod setup;
#[cfg(feature = "simulators")]
mod simulate;
mod tax;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Settings};
use crate::control::{self, Ask, Numbers, Tell};
use crate::daemon::{self, EXIT_CONFIG};
use crate::journal;

/// Brings Altegio's receipts to cash registers: each exactly once.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = first_steps()
)]
pub struct Arguments {
    /// The configuration.
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        default_value = "/etc/kkm-bridge/kkm-bridge.toml",
        env = "KKM_BRIDGE_CONFIG"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

fn first_steps() -> String {
    let demo = if cfg!(feature = "simulators") {
        "  kkm-bridge demo --once       see a receipt go all the way, nothing needed\n"
    } else {
        ""
    };
    format!(
        "First steps:\n{demo}  kkm-bridge setup             find the register, make tokens, write the configuration\n  \
         kkm-bridge check             look whether the configuration can be used\n  \
         kkm-bridge doctor            look whether everything else can\n  \
         kkm-bridge run               the service\n\n\
         Log on standard error; KKM_BRIDGE_LOG=debug says more."
    )
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until SIGTERM or Ctrl-C
    Run,
    /// Set a shop up: find the device, make tokens, write the configuration, try it out
    Setup(Box<setup::Setup>),
    /// Check the configuration and say what is wrong; exit code 78 if anything is
    Check,
    /// Look at everything that receipts depend on; name what is wrong and the way out
    Doctor(doctor::Doctor),
    /// Pack what a service person needs to see, without secrets and customers
    SupportBundle(bundle::Bundle),
    /// Run an acceptance and fault script against a device, and keep the evidence
    Rig(rig::Rig),
    /// Show a document going all the way: stand-in for Altegio, service, simulated register
    #[cfg(feature = "simulators")]
    Demo(demo::Demo),
    /// Show what is not at its end: waiting, in doubt, not yet reported
    Queue {
        /// Show the newest documents instead, also the ended ones
        #[arg(long, value_name = "COUNT")]
        newest: Option<u32>,
    },
    /// Show a document whole, with its history
    Show {
        /// Its number here, its id, or the number of Altegio's sales document
        id: String,
    },
    /// Show what happened, newest first
    History {
        /// How many entries
        #[arg(default_value_t = 30)]
        count: u32,
    },
    /// Show the devices, whether they are fenced, and who is at this machine's ports
    Devices(devices::Devices),
    /// Say how a document ended that the register cannot answer for
    ///
    /// Look at the receipt first: the number (ФД) and the sign (ФП) stand at its end. If you say "not registered", the
    /// register is asked once more; only without evidence against it your word counts, and the receipt may be made again.
    Decide(Decide),
    /// Let one more receipt through for a sale that is registered already
    Allow {
        /// Number of Altegio's sales document
        document_id: i64,
        /// Device, where there are several
        #[arg(long)]
        device: Option<String>,
    },
    /// Take a fenced device as it is now (another storage, receipts of another program)
    Agree {
        /// Device
        device: String,
    },
    /// Send parked reports again
    Retry {
        /// Number of the document here; default: all
        row: Option<i64>,
    },
    /// Open, close or show the shift
    Shift {
        #[command(subcommand)]
        shift: operate::Shift,
    },
    /// Print a report; x: totals so far, z: closes the shift
    Report {
        #[command(subcommand)]
        report: operate::Report,
    },
    /// Put cash into the drawer or take it out
    Cash {
        #[command(subcommand)]
        cash: operate::Cash,
    },
    /// Make a correction receipt
    Correction(operate::CorrectionOf),
    /// Print the last receipt again, marked as a copy
    Receipt {
        #[command(subcommand)]
        receipt: operate::Receipt,
    },
    /// Let an interrupted print go on after paper or cover
    Paper {
        #[command(subcommand)]
        paper: operate::Paper,
    },
    /// Print a page on a receipt printer that shows its settings, and the lines for the configuration
    PrintTest(print_test::PrintTest),
    /// Compare the tax table with the cloud's list
    Tax {
        #[command(subcommand)]
        tax: tax::Tax,
    },
    /// Copy the journal to a new file while work goes on
    Backup {
        /// New file
        to: PathBuf,
    },
    /// Put a copy in the place of the journal; the service must be stopped
    Restore {
        /// The copy
        from: PathBuf,
    },
    /// Write manual pages and shell completions, for who makes a package
    #[command(hide = true)]
    Papers(papers::Papers),
    /// Simulated devices and a stand-in for the cloud
    #[cfg(feature = "simulators")]
    #[command(subcommand)]
    Simulate(simulate::Simulate),
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("ended").required(true).args(["registered", "printed", "not_registered"]))]
struct Decide {
    /// Number of the document here (see `kkm-bridge queue`)
    row: i64,
    /// The attempt that you looked at (see `kkm-bridge show`)
    #[arg(long)]
    attempt: u16,
    /// It was registered: number (ФД) and sign (ФП) on the receipt
    #[arg(long, num_args = 2, value_names = ["NUMBER", "SIGN"])]
    registered: Option<Vec<String>>,
    /// Receipt printers: the whole receipt is on paper
    #[arg(long)]
    printed: bool,
    /// No receipt came out, and the register shows none
    #[arg(long)]
    not_registered: bool,
}

/// Runs a command.
pub fn run(arguments: Arguments) -> ExitCode {
    let config = arguments.config;
    let asked = match arguments.command {
        Command::Run => {
            return with(&config, |settings| match daemon::run(settings) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error, error.exit_code()),
            });
        }
        Command::Setup(setup) => return setup::run(&config, &setup),
        Command::Doctor(doctor) => return doctor::run(&config, &doctor),
        Command::SupportBundle(bundle) => return bundle::run(&config, &bundle),
        Command::Rig(rig) => return with(&config, |settings| rig::run(settings, &rig)),
        Command::Check => return with(&config, check),
        #[cfg(feature = "simulators")]
        Command::Demo(demo) => return demo::run(&demo),
        #[cfg(feature = "simulators")]
        Command::Simulate(simulate) => return simulate::run(simulate),
        Command::Papers(papers) => return papers::run(&papers),
        Command::PrintTest(test) => return with(&config, |settings| test.run(settings)),
        Command::Tax { tax } => return with(&config, |settings| tax::run(settings, &tax)),
        Command::Backup { to } => return with(&config, |settings| backup(settings, &to)),
        Command::Restore { from } => return with(&config, |settings| restore(settings, &from)),
        Command::Queue { newest: None } => Ask::Queue,
        Command::Queue { newest: Some(limit) } => Ask::Newest { limit },
        Command::Show { id } => Ask::Show { name: id },
        Command::History { count } => Ask::History { limit: count },
        Command::Devices(devices) => return with(&config, |settings| devices::run(settings, &devices)),
        Command::Decide(decide) => match decide.ask() {
            Ok(ask) => ask,
            Err(text) => return fail(&text, 2),
        },
        Command::Allow { document_id, device } => Ask::Allow { document_id, device },
        Command::Agree { device } => Ask::Agree { device },
        Command::Retry { row } => Ask::Retry { row },
        Command::Shift { shift } => shift.ask(),
        Command::Report { report } => report.ask(),
        Command::Cash { cash } => cash.ask(),
        Command::Correction(correction) => correction.ask(),
        Command::Receipt { receipt } => receipt.ask(),
        Command::Paper { paper } => paper.ask(),
    };
    with(&config, |settings| answer(settings, &asked))
}

impl Decide {
    fn ask(self) -> Result<Ask, String> {
        let registered = match self.registered.as_deref() {
            // A printer gives a document no numbers.
            None => self.printed.then(|| Numbers { number: 0, sign: String::new() }),
            Some([number, sign]) => {
                let number = number.parse().map_err(|_| format!("\"{number}\" is no document number (ФД)"))?;
                Some(Numbers { number, sign: sign.clone() })
            }
            Some(_) => return Err("--registered takes NUMBER and SIGN".into()),
        };
        Ok(Ask::Decide { row: self.row, attempt: self.attempt, registered })
    }
}

fn with(config: &std::path::Path, act: impl FnOnce(&Settings) -> ExitCode) -> ExitCode {
    match config::load(config) {
        Ok(settings) => act(&settings),
        Err(error) => fail(&error, EXIT_CONFIG),
    }
}

/// Bytes as people compare them.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn fail(error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    eprintln!("kkm-bridge: {error}");
    ExitCode::from(code)
}

fn check(settings: &Settings) -> ExitCode {
    let mut problems: Vec<String> = config::check(settings).iter().map(ToString::to_string).collect();
    problems.extend(daemon::tax_table(settings).err().map(|error| error.to_string()));
    if problems.is_empty() {
        println!("The configuration can be used.");
        return ExitCode::SUCCESS;
    }
    for problem in problems {
        println!("{problem}");
    }
    ExitCode::from(EXIT_CONFIG)
}

fn backup(settings: &Settings, to: &std::path::Path) -> ExitCode {
    match journal::keep::backup(&settings.journal.directory, to) {
        Ok(()) => {
            println!("copied to {}", to.display());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error, 1),
    }
}

fn restore(settings: &Settings, from: &std::path::Path) -> ExitCode {
    let devices: Vec<&str> = settings.devices.keys().map(String::as_str).collect();
    let restored =
        daemon::now_ms().and_then(|now| Ok(journal::keep::restore(from, &settings.journal.directory, &devices, now)?));
    match restored {
        Ok(()) => {
            println!("Restored. The next start compares the register's memory with it before anything is sold.");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error, error.exit_code()),
    }
}

/// Asks the running daemon, or the journal itself when none runs.
fn answer(settings: &Settings, ask: &Ask) -> ExitCode {
    let told = match control::ask(&daemon::socket(settings), ask) {
        Ok(Some(tell)) => tell,
        Ok(None) if !daemon::has_journal(&settings.journal.directory) => {
            return fail(
                &format!("no journal in {} yet, and no service runs", settings.journal.directory.display()),
                1,
            );
        }
        Ok(None) => match daemon::offline_desk(settings) {
            Ok(desk) => desk.answer(ask.clone()),
            Err(error) => return fail(&error, error.exit_code()),
        },
        Err(error) => return fail(&format!("the service does not answer: {error}"), 1),
    };
    match told {
        Tell::Refused(why) => fail(&why, 1),
        Tell::Document(None) => fail(&"there is no such document", 1),
        told => {
            print::tell(&told);
            // An operation that was ordered and did not come to a good end.
            match &told {
                Tell::Document(Some(d)) if matches!(ask, Ask::Operate { .. }) && d.summary.state != "done" => {
                    ExitCode::FAILURE
                }
                _ => ExitCode::SUCCESS,
            }
        }
    }
}
