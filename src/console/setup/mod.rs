//! `setup`: from a plugged-in register to a configuration that works, by questions on a terminal or by flags.
//!
//! 1. Nothing is begun over an existing configuration without `--force`, nor while the service runs.
//! 2. The device is looked for on the ports ([`find`]), or the one that is named is asked; one that does not answer ends it.
//! 3. Tokens are made or taken over, each into a file of its own that only its owner reads ([`mod@write`]). A token that is
//!    there already is kept: Altegio knows it.
//! 4. The configuration is written beside its place, read and checked there, and only then moved to it; the old one
//!    stays as a numbered copy ([`mod@write`]).
//! 5. The device prints a text that registers nothing. A simulated register also gets a test document, through a service of
//!    its own with a journal of its own ([`trial`]); a real one only with `--test-sale`.
//! 6. What to enter in Altegio is said last.

mod answers;
mod find;
mod render;
mod secrets;
mod trial;
mod write;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kkm_drivers::contract::{Body, Document, Identity, Marker, Outcome};
use kkm_drivers::open::{self, DeviceConfig};

use self::answers::Answers;
use self::find::Found;
use self::render::Plan;
use self::secrets::Secrets;
use super::machine::Machine;
use super::person::Nobody;
use crate::config::{self, Settings};
use crate::control::{self, Ask};
use crate::daemon::{self, EXIT_CONFIG};

#[derive(Args, Debug)]
#[command(after_help = "\
On a terminal it asks; --yes takes flags and defaults instead. What it does not know and cannot ask, it refuses.

Examples:
  kkm-bridge setup                                       ask me everything
  kkm-bridge setup --yes --partner-token-from t.txt      the one register on USB, all defaults
  kkm-bridge setup --yes --port tcp://10.0.0.7:7778 --partner-token-from - < t.txt
  kkm-bridge setup --yes --family simulated --port /var/lib/kkm-bridge/register --partner-token-from t.txt

It writes, with no space left between old and new:
  --config FILE                 the configuration (640; group of the service's user, where that exists)
  TOKENS/shop.token             with which Altegio comes to you; made here (256 bit) unless --token-from gives one
  TOKENS/partner.token          with which your results go to Altegio
each token readable by its owner alone (600), owned by the service's user when run as root.

Exit code: 0 it works; 1 written, but the test failed or the device is in trouble; 2 wrong flags;
74 nothing could be written; 78 nothing was written: the answers make no configuration that can be used.")]
pub(super) struct Setup {
    /// Ask nothing: flags and defaults
    #[arg(long, short)]
    yes: bool,
    /// Ask although standard input is no terminal
    #[arg(long, conflicts_with = "yes")]
    ask: bool,
    /// Write over an existing configuration; the old one is kept as FILE.1, FILE.2, ...
    #[arg(long)]
    force: bool,
    /// Print the configuration and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Your name for the device: lower case letters, digits, - and _
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    device: Option<String>,
    /// Family: shtrih (Shtrih-M and kin), simulated, ...; default: what is found
    #[arg(long, help_heading = "Device")]
    family: Option<String>,
    /// /dev/..., tcp://HOST:PORT, or auto (followed by its serial number); default: search the USB ports
    #[arg(long, help_heading = "Device")]
    port: Option<String>,
    /// Speed of a serial line, bits per second; USB does not care
    #[arg(long, help_heading = "Device")]
    baud: Option<u32>,
    /// Serial number that the device must have; default: the one that answers
    #[arg(long, help_heading = "Device")]
    serial: Option<String>,
    /// Operator's password, a number; default: the factory's
    #[arg(long, value_name = "NUMBER", help_heading = "Device")]
    operator_password: Option<u32>,
    /// Model profile of the family; default: its standard one
    #[arg(long, help_heading = "Device")]
    profile: Option<String>,
    /// Nobody else sells on it: a receipt that a stranger left open is cancelled
    #[arg(long, help_heading = "Device")]
    exclusive: bool,
    /// Close the shift each day at this time, HH:MM; it is closed before 24 hours in any case
    #[arg(long, value_name = "TIME", help_heading = "Device")]
    close_at: Option<String>,
    /// Do not ask the device who it is
    #[arg(long, help_heading = "Device", requires = "family", requires = "port")]
    no_probe: bool,

    /// Your name for the shop
    #[arg(long, value_name = "NAME", help_heading = "Altegio")]
    shop: Option<String>,
    /// File with the token that Altegio sends, if it has one already; - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Altegio")]
    token_from: Option<PathBuf>,
    /// Make a new token for the shop although there is one; Altegio must be told
    #[arg(long, help_heading = "Altegio", conflicts_with = "token_from")]
    new_token: bool,
    /// File with Altegio's partner token; - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Altegio")]
    partner_token_from: Option<PathBuf>,
    /// Where results go: altegio, yclients, or a URL
    #[arg(long, value_name = "WHERE", help_heading = "Altegio")]
    callback: Option<String>,
    /// Tax table over the compiled-in one (config/tax/ru.toml shows the form)
    #[arg(long, value_name = "FILE", help_heading = "Altegio")]
    tax_table: Option<PathBuf>,
    /// The cashier takes cards on a terminal of its own: a document that asks for the card is taken
    #[arg(long, help_heading = "Altegio")]
    cards_by_hand: bool,
    /// Language of what the cashier is told: ru, en
    #[arg(long, help_heading = "Altegio")]
    locale: Option<String>,
    /// The shop's time zone, as Europe/Moscow; default: the machine's
    #[arg(long, value_name = "ZONE", help_heading = "Altegio")]
    time_zone: Option<String>,

    /// Where documents come in; beyond 127.0.0.1 only with TLS
    #[arg(long, value_name = "ADDRESS", help_heading = "Service")]
    listen: Option<SocketAddr>,
    /// Certificate chain for TLS, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "Service")]
    tls_certificate: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate", help_heading = "Service")]
    tls_key: Option<PathBuf>,
    /// The address under which Altegio reaches this machine, for what is said at the end
    #[arg(long, value_name = "URL", help_heading = "Service")]
    public_url: Option<String>,
    /// Directory of the journal
    #[arg(long, value_name = "DIR", help_heading = "Service")]
    journal: Option<PathBuf>,
    /// Directory of the token files; default: beside the configuration
    #[arg(long, value_name = "DIR", help_heading = "Service")]
    tokens: Option<PathBuf>,
    /// User of the service, who must be able to read the tokens
    #[arg(long, value_name = "USER", default_value = "kkm-bridge", help_heading = "Service")]
    owner: String,

    /// Print nothing on the device
    #[arg(long, help_heading = "Test")]
    no_print: bool,
    /// Send a test sale to a REAL register too: it is a fiscal receipt of 1.00
    #[arg(long, help_heading = "Test")]
    test_sale: bool,
    /// Send no test document, not even to a simulated register
    #[arg(long, conflicts_with = "test_sale", help_heading = "Test")]
    no_test_sale: bool,
    /// Show the shop's token although standard output is no terminal
    #[arg(long, help_heading = "Test")]
    show_token: bool,

    /// Look for /dev and /sys below this directory
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

/// Why set-up ends early, with its exit code.
#[derive(Debug)]
struct Stop(String, u8);

/// `EX_IOERR` of sysexits.h.
const EXIT_IO: u8 = 74;

impl Stop {
    /// The answers make no configuration.
    fn unfit(text: impl Into<String>) -> Self {
        Self(text.into(), EXIT_CONFIG)
    }

    fn io(what: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", what.display()), EXIT_IO)
    }
}

pub(super) fn run(path: &Path, setup: &Setup) -> ExitCode {
    match set_up(path, setup) {
        Ok(code) => code,
        Err(Stop(text, code)) => super::fail(&text, code),
    }
}

fn set_up(path: &Path, setup: &Setup) -> Result<ExitCode, Stop> {
    refuse_to_disturb(path, setup)?;
    let machine = Machine::below(&setup.root);
    let mut answers = Answers::new(setup.ask, setup.yes);
    let found = find::device(setup, &machine, &mut answers)?;
    if let Some(identity) = &found.identity {
        println!("Device: {} {}, serial {}", identity.model, identity.firmware, identity.serial);
    }
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = std::path::absolute(directory).map_err(|e| Stop::io(directory, &e))?;
    let tokens = setup.tokens.clone().unwrap_or(directory.clone());
    let tokens = std::path::absolute(&tokens).map_err(|e| Stop::io(&tokens, &e))?;
    let plan = Plan::of(setup, &found.config, &tokens, &mut answers)?;
    if setup.dry_run {
        print!("{}", plan.text());
        return Ok(ExitCode::SUCCESS);
    }
    let secrets = Secrets::gather(setup, &plan, &mut answers)?;
    let owner = write::Owner::of(&machine, &setup.owner);
    let written = write::Written::tokens(&secrets, owner)?;
    let settings = match write::configuration(path, &plan.text(), setup.force, owner) {
        Ok((settings, kept)) => {
            written.keep();
            if let Some(old) = kept {
                println!("The old configuration is kept as {}", old.display());
            }
            settings
        }
        Err(stop) => return Err(stop),
    };
    println!("Written: {}", path.display());
    let works = test(setup, &plan, &settings, &found);
    say_the_rest(setup, &plan, &settings, &secrets, path);
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn refuse_to_disturb(path: &Path, setup: &Setup) -> Result<(), Stop> {
    if !path.exists() || setup.dry_run {
        return Ok(());
    }
    if !setup.force {
        let path = path.display();
        return Err(Stop::unfit(format!(
            "{path} is there already; --force writes a new one and keeps the old as a copy"
        )));
    }
    let running = config::load(path).ok().and_then(|s| control::ask(&daemon::socket(&s), &Ask::Devices).ok().flatten());
    match running {
        Some(_) => Err(Stop::unfit("the service runs and holds the device; stop it first: systemctl stop kkm-bridge")),
        None => Ok(()),
    }
}

/// Prints, and sends a document where that is harmless; true when all that was tried worked.
fn test(setup: &Setup, plan: &Plan, settings: &Settings, found: &Found) -> bool {
    let config = &found.config;
    let mut works = true;
    if setup.no_print {
        println!("Test print: left out (--no-print)");
    } else {
        match print(config) {
            Ok(()) => println!("Test print: done; a short text must have come out, which is no receipt"),
            Err(why) => {
                works = false;
                println!("Test print: FAILED: {why}");
            }
        }
    }
    let simulated = found.identity.as_ref().is_some_and(Identity::is_simulated);
    // The receipt of a trial carries the marker of a journal of its own: a service that knew the device would be fenced.
    let known = daemon::has_journal(&settings.journal.directory);
    if known && setup.test_sale {
        println!("The service will meet a receipt that is not its own: kkm-bridge agree {}", plan.device_name());
    }
    match (setup.no_test_sale, (simulated && !known) || setup.test_sale) {
        (false, false) if simulated => {
            println!("Test sale: none, for a service knew this device before; sell through Altegio");
        }
        (true, _) => println!("Test sale: left out (--no-test-sale)"),
        (false, false) => {
            println!("Test sale: none, for the device does not say that it is simulated (--test-sale orders one)");
        }
        (false, true) => match trial::sell(plan, config) {
            Ok(told) => println!("Test sale: done; {told}"),
            Err(why) => {
                works = false;
                println!("Test sale: FAILED: {why}");
            }
        },
    }
    works
}

/// A text that registers nothing.
const TEST_TEXT: &str = "kkm-bridge\nпроверка печати / test print\nэто не чек / this is no receipt";

fn print(config: &DeviceConfig) -> Result<(), String> {
    let mut driver = open::open(config).map_err(|e| e.to_string())?;
    let status = driver.status().map_err(|e| e.to_string())?;
    if let Some(reason) = &status.hindrance {
        return Err(crate::messages::hindrance(reason, crate::messages::Locale::En));
    }
    if status.open_receipt.is_some() {
        return Err("a receipt of another program is open; finish or cancel it there first".to_owned());
    }
    let marker = Marker::new(0, 0, 0).expect("zeros are in range");
    let document = Document { marker, body: Body::Slip(TEST_TEXT.to_owned()), original: None };
    match driver.execute(&document, &mut Nobody) {
        Outcome::Done(..) => Ok(()),
        Outcome::Refused(refusal) => Err(crate::messages::hindrance(&refusal.reason, crate::messages::Locale::En)),
        Outcome::Untouched(fault) | Outcome::Doubtful(fault) => Err(fault.to_string()),
    }
}

fn say_the_rest(setup: &Setup, plan: &Plan, settings: &Settings, secrets: &Secrets, path: &Path) {
    use std::io::IsTerminal;
    let scheme = if settings.intake.tls.is_some() { "https" } else { "http" };
    let here = format!("{scheme}://{}/", settings.intake.listen);
    println!("\nEnter in Altegio, where the fiscalization of the partner's application is set up:");
    match &setup.public_url {
        Some(url) => println!("  URL    {url}"),
        None => println!(
            "  URL    the https address that leads to {here} on this machine\n         (its reverse proxy or tunnel; README says more)"
        ),
    }
    if setup.show_token || std::io::stdout().is_terminal() {
        println!("  token  {}", secrets.shop_token());
    } else {
        println!("  token  what stands in {}", plan.shop_token_file().display());
    }
    println!("\nThen:\n  kkm-bridge --config {} doctor", path.display());
    println!("  systemctl enable --now kkm-bridge");
}
