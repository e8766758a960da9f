//! `devices`: what the service knows of its devices, and what is on this machine's ports.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use kkm_drivers::open::DeviceConfig;
use serde_json::json;

use super::answering::Answering;
use super::machine::Machine;
use super::ports::{self, Asked, Holder, Said};
use crate::config::Settings;
use crate::control::DeviceView;

/// The port that is searched for by serial number.
const AUTO: &str = "auto";

#[derive(Args, Debug)]
#[command(
    after_help = "A port is asked only if the configuration names it, if its USB device calls itself a register, or if\nyou name it with --ask. The question changes nothing. A port that the running service holds is not touched.\n\n  kkm-bridge devices --ask /dev/ttyS0 --baud 9600"
)]
pub(super) struct Devices {
    /// Ask this port too; may be repeated
    #[arg(long, value_name = "PORT")]
    ask: Vec<String>,
    /// Family that the ports of --ask are asked in
    #[arg(long, default_value = "shtrih", requires = "ask")]
    family: String,
    /// Speed of the ports of --ask, bits per second; USB does not care
    #[arg(long, requires = "ask")]
    baud: Option<u32>,
    /// Leave the ports alone, show only what the service knows
    #[arg(long, conflicts_with = "ask")]
    no_ports: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Look for /dev and /sys below this directory
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

pub(super) fn run(settings: &Settings, devices: &Devices) -> ExitCode {
    let machine = Machine::below(&devices.root);
    let (known, runs) = match Answering::find(settings).and_then(|who| Ok((who.devices()?, who.is_service()))) {
        Ok(known) => known,
        Err(why) => return super::fail(&why, 1),
    };
    let running = known.as_deref().filter(|_| runs);
    let asked = if devices.no_ports { Vec::new() } else { look(&machine, settings, running, devices) };
    if devices.json {
        println!("{}", json!({ "service_runs": runs, "devices": known, "ports": asked }));
        return ExitCode::SUCCESS;
    }
    match &known {
        Some(views) => views.iter().for_each(super::print::device),
        None => settings.devices.keys().for_each(|name| println!("{name}: not met yet, the service never ran here")),
    }
    if !devices.no_ports {
        println!("\nPorts of this machine:");
        if asked.is_empty() {
            println!("  none: no USB serial line and no USB printer is plugged in");
        }
        asked.iter().for_each(port);
    }
    ExitCode::SUCCESS
}

/// The ports that a running service holds, or will open next: none of them is touched.
fn held(settings: &Settings, running: Option<&[DeviceView]>) -> Holder {
    let Some(views) = running else { return Holder::default() };
    let named = settings.devices.iter().map(|(name, d)| (d.driver.port.clone(), name.clone()));
    let found = views.iter().filter_map(|view| Some((view.port.clone()?, view.name.clone())));
    Holder { ports: named.chain(found).filter(|(port, _)| port != AUTO).collect() }
}

fn look(machine: &Machine, settings: &Settings, running: Option<&[DeviceView]>, devices: &Devices) -> Vec<Asked> {
    let holder = held(settings, running);
    let by_hand = DeviceConfig { family: devices.family.clone(), baud: devices.baud, ..DeviceConfig::default() };
    let mut list = ports::list(machine);
    let configured = settings.devices.values().map(|d| d.driver.port.clone());
    for name in configured.filter(|port| port.starts_with("/dev/")).chain(devices.ask.iter().cloned()) {
        if !list.iter().any(|port| ports::same(machine, &port.name, &name) || port.node == name) {
            list.push(ports::named(machine, &name));
        }
    }
    list.iter()
        .map(|port| {
            let named = devices.ask.iter().any(|name| ports::same(machine, name, &port.name) || *name == port.node);
            ports::ask(machine, Some(settings), &holder, port, named.then_some(&by_hand))
        })
        .collect()
}

fn port(asked: &Asked) {
    let node = if asked.node == asked.port { String::new() } else { format!(" -> {}", asked.node) };
    println!("  {}{node}", asked.port);
    if let Some(usb) = &asked.usb {
        println!("      USB {usb}");
    }
    match &asked.said {
        Said::Register { family, model, serial } => println!("      {model}, serial {serial} (family {family})"),
        Said::Nothing { why } => println!("      no register: {why}"),
        Said::Held { device } => println!("      the running service uses it for \"{device}\"; not asked"),
        Said::NotAsked { why } => println!("      not asked: {why}"),
    }
    if let Some(name) = &asked.configured {
        println!("      configured as \"{name}\"");
    }
}
