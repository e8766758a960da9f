//! Asks a port who is there, where that is allowed.

use kkm_drivers::open::{self, DeviceConfig};
use serde::Serialize;

use super::{Port, same, usb, user_of};
use crate::config::Settings;
use crate::console::machine::Machine;

/// A port with what was learned of it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::console) struct Asked {
    /// The name to write into a configuration.
    pub(in crate::console) port: String,
    /// The kernel's name today.
    pub(in crate::console) node: String,
    /// Id and words of the USB device.
    pub(in crate::console) usb: Option<String>,
    /// Device of the configuration that names this port.
    pub(in crate::console) configured: Option<String>,
    /// What it said.
    pub(in crate::console) said: Said,
}

/// What a port said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::console) enum Said {
    /// A register.
    Register {
        /// Family that it speaks.
        family: String,
        /// Model as it names itself.
        model: String,
        /// Serial number.
        serial: String,
    },
    /// No register: what came instead.
    Nothing {
        /// In words.
        why: String,
    },
    /// The service holds it.
    Held {
        /// For this device.
        device: String,
    },
    /// It may not be asked.
    NotAsked {
        /// In words, with the way out.
        why: String,
    },
}

/// Ports that the running service holds or is about to open, with their devices.
#[derive(Clone, Debug, Default)]
pub(in crate::console) struct Holder {
    /// Port and device.
    pub(in crate::console) ports: Vec<(String, String)>,
}

/// Asks one port. `by_hand`: a person named it.
pub(in crate::console) fn ask(
    machine: &Machine,
    settings: Option<&Settings>,
    holder: &Holder,
    port: &Port,
    by_hand: Option<&DeviceConfig>,
) -> Asked {
    let is_it = |name: &str| same(machine, name, &port.name) || same(machine, name, &port.node);
    let configured = settings.and_then(|s| s.devices.iter().find(|(_, d)| is_it(&d.driver.port)));
    let held = holder.ports.iter().find(|(name, _)| is_it(name));
    let said = match (held, by_hand, configured, usb::register_family(port.usb.as_ref(), &port.name)) {
        (Some((_, device)), ..) => Said::Held { device: device.clone() },
        (None, Some(config), ..) => probe(machine, config, port),
        (None, None, Some((_, device)), _) => probe(machine, &device.driver, port),
        (None, None, None, Some(family)) => {
            probe(machine, &DeviceConfig { family: family.to_owned(), ..DeviceConfig::default() }, port)
        }
        (None, None, None, None) => Said::NotAsked { why: not_allowed(port) },
    };
    Asked {
        port: port.to_configure(),
        node: port.node.clone(),
        usb: port.usb.as_ref().map(|u| format!("{} {}", u.id, u.words).trim().to_owned()),
        configured: configured.map(|(name, _)| name.clone()),
        said,
    }
}

fn not_allowed(port: &Port) -> String {
    let what = port.usb.as_ref().and_then(|u| usb::ADAPTERS.iter().find(|(id, _)| *id == u.id));
    match (port.kind, what) {
        (super::Kind::Printer, _) => "a USB printer is not asked before the configuration names it".to_owned(),
        (super::Kind::Serial, Some((_, adapter))) => {
            format!("an adapter ({adapter}) may lead to anything; if your register is on it, name it with --ask")
        }
        (super::Kind::Serial, None) => {
            "it does not call itself a register; if it is yours, name it with --ask".to_owned()
        }
    }
}

fn probe(machine: &Machine, config: &DeviceConfig, port: &Port) -> Said {
    if let Some(program) = user_of(machine, &port.name) {
        return Said::Nothing { why: format!("the port is in use by {program}") };
    }
    let mut config = config.clone();
    // What the configuration names is opened by that name.
    if config.port.is_empty() {
        config.port = machine.path(&port.name).to_string_lossy().into_owned();
    }
    match open::probe(&config) {
        Some(Ok(seen)) => {
            Said::Register { family: config.family, model: seen.model.trim().to_owned(), serial: seen.serial }
        }
        Some(Err(fault)) => Said::Nothing { why: fault.to_string() },
        None => by_identity(&config),
    }
}

/// A family without a question of its own is asked by its driver; only where the configuration names the port.
fn by_identity(config: &DeviceConfig) -> Said {
    let asked = open::open(config).map_err(|e| e.to_string());
    match asked.and_then(|mut driver| driver.identity().map_err(|fault| fault.to_string())) {
        Ok(identity) => {
            Said::Register { family: config.family.clone(), model: identity.model, serial: identity.serial }
        }
        Err(why) => Said::Nothing { why },
    }
}
