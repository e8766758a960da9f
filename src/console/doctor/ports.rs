//! Ports and rights, and the programs that take serial lines away from registers.

use kkm_drivers::open::DeviceConfig;

use super::Sight;
use super::finding::{Ailment, Finding};
use super::users::group_name;
use crate::console::machine::Machine;
use crate::console::ports::{self, Kind, adapter_without_line, printer_without_driver};

/// One finding list for all devices with a port of this machine.
pub(super) fn look(sight: &Sight<'_>) -> Vec<Finding> {
    let machine = sight.machine;
    let mut findings = Vec::new();
    let listed = ports::list(machine);
    let all = sight.settings.devices.iter();
    let devices: Vec<(&String, &str)> = all.filter_map(|(name, d)| Some((name, path_of(&d.driver)?))).collect();
    for (index, (name, port)) in devices.iter().enumerate() {
        let about = format!("devices.{name} {port}");
        if let Some((other, _)) = devices[..index].iter().find(|(_, other)| ports::same(machine, other, port)) {
            findings.push(Finding::new(&about, Ailment::PortShared { other: (*other).clone() }));
        }
        let Some(node) = machine.target(port) else {
            findings.push(Finding::new(&about, why_missing(machine, port)));
            continue;
        };
        let node = node.to_string_lossy().into_owned();
        if let Some(user) = &sight.user
            && let Some(rights) = machine.rights(port)
            && !user.may(rights, 6)
        {
            let group = group_name(machine, rights.group);
            findings.push(Finding::new(&about, Ailment::PortForbidden { user: user.name.clone(), group }));
        }
        let short = node.rsplit('/').next().unwrap_or_default();
        if login_prompt(machine, short) {
            findings.push(Finding::new(&about, Ailment::LoginPrompt));
        }
        let written = port.rsplit('/').next().unwrap_or_default();
        if ["ttyUSB", "ttyACM"].iter().any(|prefix| written.starts_with(prefix)) {
            let better = listed.iter().find(|p| p.node == node && p.name != p.node).map(ports::Port::to_configure);
            findings.push(Finding::new(&about, Ailment::UnstableName { better }));
        }
        let on_usb = short.starts_with("ttyUSB") || short.starts_with("ttyACM");
        if on_usb && runs(machine, "ModemManager") {
            findings.push(Finding::new(&about, Ailment::ModemManager));
        }
    }
    findings
}

/// The path of a device's port, where it has one on this machine.
pub(super) fn path_of(config: &DeviceConfig) -> Option<&str> {
    let path = config.port.strip_prefix("lp:").unwrap_or(&config.port);
    (config.family != "simulated" && path.starts_with('/')).then_some(path)
}

/// What stands in the way of a port that is not there.
fn why_missing(machine: &Machine, port: &str) -> Ailment {
    let kind = ports::named(machine, port).kind;
    if kind == Kind::Printer || port.contains("/usb/lp") {
        return if printer_without_driver(machine) { Ailment::NoPrinterDriver } else { Ailment::PortMissing };
    }
    match adapter_without_line(machine) {
        Some(adapter) if runs(machine, "brltty") || machine.has("/usr/bin/brltty") || machine.has("/bin/brltty") => {
            Ailment::BrailleTookAdapter { adapter }
        }
        Some(_) | None => Ailment::PortMissing,
    }
}

fn login_prompt(machine: &Machine, tty: &str) -> bool {
    let unit = format!("serial-getty@{tty}.service");
    let enabled = machine.list("/etc/systemd/system/getty.target.wants").contains(&unit);
    let console = machine.read("/proc/cmdline").unwrap_or_default();
    let console = console.split_whitespace().filter_map(|word| word.strip_prefix("console="));
    enabled || console.map(|c| c.split(',').next().unwrap_or_default().to_owned()).any(|c| c == tty)
}

/// Whether a process of this name runs; the kernel keeps 15 characters of it.
pub(super) fn runs(machine: &Machine, name: &str) -> bool {
    let short = &name[..name.len().min(15)];
    machine
        .list("/proc")
        .iter()
        .filter(|entry| entry.bytes().all(|b| b.is_ascii_digit()))
        .any(|pid| machine.read(format!("/proc/{pid}/comm")).as_deref() == Some(short))
}
