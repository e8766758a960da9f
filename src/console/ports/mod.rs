//! The ports of this machine: which there are, which may be asked who is there, and who answered.
//!
//! - Listed are serial lines of USB devices, links in `/dev/serial/by-id`, and USB printers (`/dev/usb/lp*`). A bare
//!   `/dev/ttyS*` is listed only where the configuration names it: a login prompt or another machine may be there.
//! - A port is asked only when the configuration or the person names it, or when its USB device calls itself a register
//!   ([`usb::register_family`]). What else may hang on an adapter, nobody knows.
//! - The question changes nothing on a register, and an echo is no answer.
//! - A port that the running service holds is not touched.

mod ask;
mod usb;

pub(super) use ask::{Asked, Holder, Said, ask};
pub(super) use usb::{Usb, adapter_without_line, printer_without_driver};

use std::path::Path;

use super::machine::Machine;

/// What kind of port it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A serial line.
    Serial,
    /// The kernel's USB printer device.
    Printer,
}

/// A port of this machine.
#[derive(Clone, Debug)]
pub(super) struct Port {
    /// The name to write into a configuration: a link that stays with the device, where there is one.
    pub(super) name: String,
    /// The kernel's name, which may be another one tomorrow.
    pub(super) node: String,
    /// Kind.
    pub(super) kind: Kind,
    /// The USB device behind it.
    pub(super) usb: Option<Usb>,
}

/// Links that stay with a device: udev's own, and those of the package's rules.
const STABLE: [&str; 2] = ["/dev/serial/by-id", "/dev/kkm"];

impl Port {
    /// As the configuration names it: a link to a printer device must be told apart from a serial line.
    pub(super) fn to_configure(&self) -> String {
        match self.kind {
            Kind::Printer if self.name != self.node => format!("lp:{}", self.name),
            Kind::Printer | Kind::Serial => self.name.clone(),
        }
    }
}

/// All ports, by name.
pub(super) fn list(machine: &Machine) -> Vec<Port> {
    let mut ports = Vec::new();
    for (class, directory, kind) in
        [("/sys/class/tty", "/dev", Kind::Serial), ("/sys/class/usbmisc", "/dev/usb", Kind::Printer)]
    {
        for name in machine.list(class) {
            let Some(usb) = usb::behind(machine, &format!("{class}/{name}/device")) else { continue };
            let node = format!("{directory}/{name}");
            if machine.has(&node) {
                ports.push(Port { name: node.clone(), node, kind, usb: Some(usb) });
            }
        }
    }
    for directory in STABLE {
        for link in machine.list(directory) {
            let name = format!("{directory}/{link}");
            let Some(target) = machine.resolve(&name) else { continue };
            let node = target.to_string_lossy().into_owned();
            match ports.iter_mut().find(|port| port.node == node) {
                // The first directory's name stays.
                Some(port) if port.name == port.node => port.name = name,
                Some(_) => {}
                None => ports.push(Port { name, kind: kind_of(&node), node, usb: None }),
            }
        }
    }
    ports.sort_by(|a, b| a.name.cmp(&b.name));
    ports
}

/// The program that has a port open, if it may be seen; ours is none.
pub(super) fn user_of(machine: &Machine, name: &str) -> Option<String> {
    let node = machine.target(name)?;
    let own = std::process::id().to_string();
    let pids = machine.list("/proc").into_iter().filter(|pid| *pid != own && pid.bytes().all(|b| b.is_ascii_digit()));
    pids.into_iter().find_map(|pid| {
        let open = machine.list(format!("/proc/{pid}/fd"));
        let has = open.iter().any(|fd| machine.link(format!("/proc/{pid}/fd/{fd}")).is_some_and(|to| to == node));
        has.then(|| format!("{} (process {pid})", machine.read(format!("/proc/{pid}/comm")).unwrap_or_default()))
    })
}

/// True when both names lead to one device.
pub(super) fn same(machine: &Machine, a: &str, b: &str) -> bool {
    a == b || matches!((machine.target(a), machine.target(b)), (Some(a), Some(b)) if a == b)
}

/// A port that is not listed by itself, by the name that a person or the configuration gives it.
pub(super) fn named(machine: &Machine, name: &str) -> Port {
    let node = machine.target(name).map_or_else(|| name.to_owned(), |p| p.to_string_lossy().into_owned());
    Port { name: name.to_owned(), kind: kind_of(&node), node, usb: None }
}

fn kind_of(node: &str) -> Kind {
    if Path::new(node).starts_with("/dev/usb") { Kind::Printer } else { Kind::Serial }
}
