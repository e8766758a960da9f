//! Which device it is: the one that is named, or the one that answers on the ports.

use kkm_drivers::contract::Identity;
use kkm_drivers::open::{self, DeviceConfig, FAMILIES};

use super::answers::Answers;
use super::{Setup, Stop};
use crate::console::machine::Machine;
use crate::console::ports::{self, Holder, Said};

/// Found by its serial number wherever it is plugged in.
const AUTO: &str = "auto";

/// The family of receipt printers, whose profile is never absent.
const PRINTERS: &str = "escpos";

/// A device to be configured.
pub(super) struct Found {
    /// As it is written into the configuration.
    pub(super) config: DeviceConfig,
    /// Who answered; nothing when nobody was asked.
    pub(super) identity: Option<Identity>,
}

/// Looks for it.
pub(super) fn device(setup: &Setup, machine: &Machine, answers: &mut Answers) -> Result<Found, Stop> {
    if let Some(family) = &setup.family
        && !FAMILIES.iter().any(|(name, _)| name == family)
    {
        let known: Vec<_> = FAMILIES.iter().map(|(name, _)| *name).collect();
        return Err(Stop::unfit(format!("--family {family} is unknown; known: {}", known.join(", "))));
    }
    let mut config = DeviceConfig {
        family: setup.family.clone().unwrap_or_else(|| "shtrih".to_owned()),
        baud: setup.baud,
        serial: setup.serial.clone(),
        password: setup.operator_password,
        profile: setup.profile.clone(),
        ..DeviceConfig::default()
    };
    match setup.port.as_deref() {
        Some(AUTO) if setup.serial.is_some() => AUTO.clone_into(&mut config.port),
        Some(port) if port != AUTO => port.clone_into(&mut config.port),
        Some(_) | None => {
            let chosen = search(setup, machine, answers)?;
            config.port = if setup.port.is_some() { AUTO.to_owned() } else { chosen.port };
            config.serial = config.serial.or(chosen.serial);
            config.baud = config.baud.or(chosen.baud);
            config.family = chosen.family;
        }
    }
    if config.profile.is_none() {
        let known: Vec<String> = open::profiles(&config.family).into_iter().map(str::to_owned).collect();
        let chosen = if known.is_empty() { None } else { answers.choice("Which model profile", &known) };
        // The usual one needs no word.
        config.profile =
            chosen.filter(|index| *index > 0 || config.family == PRINTERS).map(|index| known[index].clone());
    }
    if setup.no_probe {
        open::open(&config).map_err(|e| Stop::unfit(e.to_string()))?;
        return Ok(Found { config, identity: None });
    }
    let mut driver = open::open(&config).map_err(|e| Stop::unfit(e.to_string()))?;
    let identity = driver.identity().map_err(|fault| {
        Stop::unfit(format!(
            "the device at {} does not answer: {fault}\n  Is it switched on, and is it the right port and speed? \
             `kkm-bridge devices` shows the ports; --no-probe writes the configuration all the same.",
            config.port
        ))
    })?;
    if let Some(expected) = &config.serial
        && !open::same_serial(expected, &identity.serial)
    {
        return Err(Stop::unfit(format!(
            "the device at {} has the serial number {}, not {expected}",
            config.port, identity.serial
        )));
    }
    // A printer that tells no number goes by the name of its port, which is no number to be held to.
    if !identity.serial.is_empty() && !config.port.ends_with(&identity.serial) {
        config.serial.get_or_insert(identity.serial.clone());
    }
    Ok(Found { config, identity: Some(identity) })
}

/// What is known of a device before it is asked for everything.
struct Chosen {
    family: String,
    port: String,
    serial: Option<String>,
    baud: Option<u32>,
}

/// The one that answers; a person chooses among several.
fn search(setup: &Setup, machine: &Machine, answers: &mut Answers) -> Result<Chosen, Stop> {
    let mut seen = Vec::new();
    let mut others = Vec::new();
    for port in ports::list(machine) {
        let asked = ports::ask(machine, None, &Holder::default(), &port, None);
        match asked.said {
            Said::Register { family, model, serial } => {
                let wanted = setup.serial.as_ref().is_none_or(|s| open::same_serial(s, &serial));
                if wanted && setup.family.as_ref().is_none_or(|f| *f == family) {
                    seen.push((family, machine.path(&port.name).to_string_lossy().into_owned(), serial, model));
                }
            }
            Said::Nothing { why } | Said::NotAsked { why } => others.push(format!("\n  {}: {why}", port.name)),
            Said::Held { device } => others.push(format!("\n  {}: held for {device}", port.name)),
        }
    }
    let lines: Vec<String> = seen.iter().map(|(f, p, s, m)| format!("{m}, serial {s}, at {p} ({f})")).collect();
    let chosen = match seen.len() {
        0 if answers.can_ask() => return by_hand(setup, answers),
        0 => {
            return Err(Stop::unfit(format!(
                "no register answers on this machine's ports; name it with --port (and --baud on a serial line){}",
                others.concat()
            )));
        }
        1 => 0,
        _ => answers.choice("Which device", &lines).ok_or_else(|| {
            Stop::unfit(format!("several registers answer; choose with --port:\n  {}", lines.join("\n  ")))
        })?,
    };
    let (family, port, serial, _) = seen.swap_remove(chosen);
    Ok(Chosen { family, port, serial: Some(serial), baud: None })
}

/// No port may be asked without a person: that person names one.
fn by_hand(setup: &Setup, answers: &mut Answers) -> Result<Chosen, Stop> {
    println!("No register answers on the USB ports that may be asked.");
    let families: Vec<String> = FAMILIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let family = match &setup.family {
        Some(family) => family.clone(),
        None => families[answers.choice("Which family is it", &families).unwrap_or_default()].clone(),
    };
    let default = if family == PRINTERS { "/dev/usb/lp0" } else { "/dev/ttyS0" };
    let port = answers.text(None, "Its port (/dev/..., tcp://HOST:PORT)", default);
    let speed = |text: &str| text.parse().map_err(|_| format!("\"{text}\" is no speed such as 9600 or 115200"));
    let baud = if port.starts_with("/dev/ttyS") && setup.baud.is_none() {
        Some(answers.fitting(None, "Its speed, bits per second", "115200", speed).map_err(Stop::unfit)?)
    } else {
        None
    };
    Ok(Chosen { family, port, serial: None, baud })
}
