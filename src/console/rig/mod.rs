//! `rig`: an acceptance and fault script against a real device, step by step, with a person where paper must be pulled; the
//! evidence is a JSON file and an HTML page, marked by what the device says of itself.
//!
//! The rig speaks to the device through the same driver as the service, which must be stopped meanwhile. After each receipt
//! the register's own memory is asked, and compared with what the driver said. The receipts of a rig carry markers of epoch
//! 0, which no journal uses: a service that knew the register before is fenced by them until a person agrees.

mod evidence;
mod person;
mod play;
mod script;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kkm_drivers::open;

use self::evidence::Evidence;
use self::person::Person;
use self::play::Player;
use self::script::Script;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::control::{self, Ask};
use crate::daemon;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  systemctl stop kkm-bridge
  kkm-bridge rig --device front --list            what would be done
  kkm-bridge rig --device front --fiscal --by \"Ann, service centre\"

A real register keeps what is sold: --fiscal says that you know it. Sums are 1.00 to 40.00, and are given back in part.
The row to paste into docs/hardware.md is printed at the end.

Exit code: 0 every step was taken and passed; 1 not.")]
pub(super) struct Rig {
    /// Device of the configuration
    #[arg(long, value_name = "NAME")]
    device: String,
    /// The script; default: the one shipped for the device's family
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Only these steps: id,id,...
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Show the steps and do nothing
    #[arg(long)]
    list: bool,
    /// The script may register documents on a REAL device
    #[arg(long)]
    fiscal: bool,
    /// Nobody is there: steps that need a person are played by the simulated device's fault script
    #[arg(long)]
    yes: bool,
    /// File to which lines of the fault script are appended; default with family simulated: PORT/script
    #[arg(long, value_name = "FILE", requires = "yes")]
    person: Option<PathBuf>,
    /// Who runs it, for the evidence
    #[arg(long, default_value = "")]
    by: String,
    /// Directory of the evidence
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

pub(super) fn run(settings: &Settings, rig: &Rig) -> ExitCode {
    match play(settings, rig) {
        Ok(code) => code,
        Err(why) => super::fail(&why, 1),
    }
}

fn play(settings: &Settings, rig: &Rig) -> Result<ExitCode, String> {
    let device = settings.devices.get(&rig.device).ok_or_else(|| {
        let known: Vec<&str> = settings.devices.keys().map(String::as_str).collect();
        format!("there is no device {}; known: {}", rig.device, known.join(", "))
    })?;
    let config = &device.driver;
    let script = Script::read(rig.script.as_deref(), &config.family)?;
    if let Some(id) = rig.only.iter().find(|id| !script.step.iter().any(|s| s.id == **id)) {
        return Err(format!("the script has no step {id}"));
    }
    if rig.list {
        println!("{}", script.title);
        for step in &script.step {
            let person = if step.person.is_some() { "  (a person)" } else { "" };
            println!("  {:<16}{}{person}", step.id, step.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    must_be_alone(settings)?;
    let mut driver = open::open(config).map_err(|e| e.to_string())?;
    let identity = driver.identity().map_err(|e| e.to_string())?;
    let fiscal = script.step.iter().filter(|s| wanted(rig, &s.id) && s.action.is_fiscal()).count();
    if !identity.is_simulated() && fiscal > 0 && !rig.fiscal {
        return Err(format!("{fiscal} steps leave documents in a REAL register; say --fiscal if that is meant"));
    }
    if rig.yes && !identity.is_simulated() {
        return Err("--yes is for devices that say they are simulated; at this one a person must stand".to_owned());
    }
    let person = who(settings, rig, config);
    let clock = SystemClock::new().map_err(|e| e.to_string())?;
    let abilities = driver.capabilities().map_err(|e| e.to_string())?;
    let last = driver.mark().map_err(|e| e.to_string())?.last_document;
    let remembers = driver.found_since(last).map_err(|e| e.to_string())?.is_some();
    let mut player = Player { driver, abilities, person: &person, clock, remembers, number: 0 };
    let mut evidence = Evidence {
        program: concat!("kkm-bridge ", env!("CARGO_PKG_VERSION")),
        script: script.title.clone(),
        script_sha256: script.sha256.clone(),
        family: config.family.clone(),
        profile: config.profile.clone().unwrap_or_default(),
        link: link(&config.port),
        simulated: identity.is_simulated(),
        device: identity,
        by: rig.by.clone(),
        began: player.now(),
        broken_off: None,
        steps: Vec::new(),
        left_out: Vec::new(),
    };
    println!("{} {}: {}", evidence.device.model, evidence.device.serial, script.title);
    for step in &script.step {
        let nobody = rig.yes && step.person.is_some() && matches!(person, Person::Terminal(_));
        if !wanted(rig, &step.id) || evidence.broken_off.is_some() || nobody {
            evidence.left_out.push(step.id.clone());
            continue;
        }
        match player.play(step) {
            Ok(seen) => {
                println!("{}  {:<16}{}", if seen.passed { "ok" } else { "NO" }, seen.id, seen.what);
                for check in seen.checks.iter().filter(|c| !c.holds) {
                    println!("      {}: wanted {}, seen {}", check.name, check.wanted, check.seen);
                }
                evidence.steps.push(seen);
            }
            Err(why) => {
                println!("NO  {:<16}broken off: {why}", step.id);
                evidence.left_out.push(step.id.clone());
                evidence.broken_off = Some(why);
            }
        }
    }
    write(&rig.out, &evidence)?;
    println!("\nRow for docs/hardware.md:\n{}", evidence.row());
    if fiscal > 0 && daemon::has_journal(&settings.journal.directory) {
        println!("\nThe service will meet receipts that are not its own and wait: kkm-bridge agree {}", rig.device);
    }
    Ok(if evidence.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn wanted(rig: &Rig, id: &str) -> bool {
    rig.only.is_empty() || rig.only.iter().any(|only| only == id)
}

fn must_be_alone(settings: &Settings) -> Result<(), String> {
    match control::ask(&daemon::socket(settings), &Ask::Devices) {
        Ok(None) => Ok(()),
        Ok(Some(_)) | Err(_) => Err("the service runs; stop it first: systemctl stop kkm-bridge".to_owned()),
    }
}

fn who(settings: &Settings, rig: &Rig, config: &open::DeviceConfig) -> Person {
    match (&rig.person, rig.yes && config.family == "simulated") {
        (Some(path), _) => Person::Script(path.clone()),
        (None, true) => Person::Script(Path::new(&config.port).join("script")),
        (None, false) => Person::Terminal(settings.altegio.locale),
    }
}

/// The kind of the link, without names that nobody else has.
fn link(port: &str) -> String {
    match port.split_once("://") {
        Some((scheme, _)) => scheme.to_owned(),
        None if port.contains("by-id") || port.contains("ttyACM") || port == "auto" => "usb".to_owned(),
        None if port.starts_with("/dev/") => "serial".to_owned(),
        None => "none".to_owned(),
    }
}

fn write(directory: &Path, evidence: &Evidence) -> Result<(), String> {
    let kind = evidence.marked().to_lowercase();
    let time: String = evidence.began.chars().filter(char::is_ascii_digit).take(14).collect();
    std::fs::create_dir_all(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    let json = serde_json::to_string_pretty(evidence).map_err(|e| e.to_string())?;
    for (end, text) in [("json", json), ("html", evidence.html())] {
        let path = directory.join(format!("rig-{kind}-{time}.{end}"));
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        println!("Evidence: {}", path.display());
    }
    Ok(())
}
