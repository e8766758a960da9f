//! Which device it is: the one that is named, or the one that answers on the ports.

use kkm_drivers::contract::Identity;
use kkm_drivers::open::{self, DeviceConfig, FAMILIES};

use super::answers::Answers;
use super::{Setup, Stop};
use crate::console::machine::Machine;
use crate::console::ports::{self, Holder, Said};

/// Found by its serial number wherever it is plugged in.
const AUTO: &str = "auto";

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
            let (family, port, serial) = search(setup, machine, answers)?;
            config.port = if setup.port.is_some() { AUTO.to_owned() } else { port };
            config.serial.get_or_insert(serial);
            config.family = family;
        }
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
    if !identity.serial.is_empty() {
        config.serial.get_or_insert(identity.serial.clone());
    }
    Ok(Found { config, identity: Some(identity) })
}

/// Family, port and serial number of the one that answers; a person chooses among several.
fn search(setup: &Setup, machine: &Machine, answers: &mut Answers) -> Result<(String, String, String), Stop> {
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
        0 if answers.can_ask() => return by_hand(answers),
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
    Ok((family, port, serial))
}

/// No port may be asked without a person: that person names one.
fn by_hand(answers: &mut Answers) -> Result<(String, String, String), Stop> {
    println!("No register answers on the USB ports that may be asked.");
    let families: Vec<String> = FAMILIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let family = families[answers.choice("Which family is it", &families).unwrap_or_default()].clone();
    let port = answers.text(None, "Its port (/dev/..., tcp://HOST:PORT)", "/dev/ttyS0");
    let config = DeviceConfig { family: family.clone(), port: port.clone(), ..DeviceConfig::default() };
    let asked = open::open(&config).map_err(|e| e.to_string());
    let identity = asked.and_then(|mut d| d.identity().map_err(|fault| fault.to_string())).map_err(Stop::unfit)?;
    Ok((family, port, identity.serial))
}
