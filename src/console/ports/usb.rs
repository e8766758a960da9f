//! What the kernel knows of the USB device behind a port.

use std::path::Path;

use crate::console::machine::Machine;

/// A USB device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console) struct Usb {
    /// `vvvv:pppp`, as `lsusb` writes it.
    pub(in crate::console) id: String,
    /// What the device calls itself: manufacturer and product.
    pub(in crate::console) words: String,
    /// Its serial number; empty where it has none.
    pub(in crate::console) serial: String,
}

/// Adapters between USB and a serial line: what hangs on one cannot be known from its id.
pub(in crate::console) const ADAPTERS: [(&str, &str); 6] = [
    ("0403:6001", "FTDI FT232"),
    ("0403:6015", "FTDI FT231X"),
    ("067b:2303", "Prolific PL2303"),
    ("10c4:ea60", "Silicon Labs CP210x"),
    ("1a86:7523", "WCH CH340"),
    ("1a86:55d4", "WCH CH9102"),
];

/// Words by which registers of a family name themselves on USB.
const REGISTERS: [(&str, &str); 3] = [("SHTRIH", "shtrih"), ("ШТРИХ", "shtrih"), ("RR-ELECTRO", "shtrih")];

/// The family of a USB device that calls itself a register; such a port may be asked.
pub(super) fn register_family(usb: Option<&Usb>, name: &str) -> Option<&'static str> {
    let words = match usb {
        Some(usb) => usb.words.to_uppercase(),
        // The link's name is made of the same words.
        None => name.to_uppercase(),
    };
    REGISTERS.iter().find(|(word, _)| words.contains(word)).map(|(_, family)| *family)
}

/// The USB device to which a class device belongs.
pub(super) fn behind(machine: &Machine, device: &str) -> Option<Usb> {
    let mut at = machine.resolve(device)?;
    while at.parent().is_some() {
        if machine.has(at.join("idVendor")) {
            return Some(read(machine, &at));
        }
        at = at.parent()?.to_owned();
    }
    None
}

/// Reads a device's own directory in `/sys`.
pub(super) fn read(machine: &Machine, directory: &Path) -> Usb {
    let field = |name: &str| machine.read(directory.join(name)).unwrap_or_default();
    Usb {
        id: format!("{}:{}", field("idVendor"), field("idProduct")),
        words: format!("{} {}", field("manufacturer"), field("product")).trim().to_owned(),
        serial: field("serial"),
    }
}

/// Where the kernel lists USB devices (`1-1`) and their interfaces (`1-1:1.0`).
const BUS: &str = "/sys/bus/usb/devices";

/// An adapter that is plugged in and has no serial line: a program took it away from the kernel's driver.
pub(in crate::console) fn adapter_without_line(machine: &Machine) -> Option<String> {
    let names = machine.list(BUS);
    names.iter().filter(|name| !name.contains(':')).find_map(|name| {
        let usb = read(machine, Path::new(&format!("{BUS}/{name}")));
        let (_, adapter) = ADAPTERS.iter().find(|(id, _)| *id == usb.id)?;
        let interfaces = names.iter().filter(|other| other.starts_with(&format!("{name}:")));
        let has_line =
            interfaces.flat_map(|i| machine.list(format!("{BUS}/{i}"))).any(|entry| entry.starts_with("tty"));
        (!has_line).then(|| format!("{} ({adapter})", usb.id))
    })
}

/// A USB printer (class 07) that the kernel's printer driver has not taken.
pub(in crate::console) fn printer_without_driver(machine: &Machine) -> bool {
    machine.list(BUS).iter().filter(|name| name.contains(':')).any(|name| {
        let printer = machine.read(format!("{BUS}/{name}/bInterfaceClass")).as_deref() == Some("07");
        let driver = machine.resolve(format!("{BUS}/{name}/driver"));
        printer && !driver.is_some_and(|path| path.ends_with("usblp"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_device_that_calls_itself_a_register_may_be_asked() {
        let device = |words: &str| Usb { id: "1111:2222".into(), words: words.into(), serial: String::new() };
        assert_eq!(register_family(Some(&device("SHTRIH-M Light")), "/dev/ttyACM0"), Some("shtrih"));
        assert_eq!(register_family(Some(&device("u-blox GNSS receiver")), "/dev/ttyACM0"), None);
        assert_eq!(register_family(None, "/dev/serial/by-id/usb-SHTRIH-M_Light-if00"), Some("shtrih"));
        assert_eq!(register_family(None, "/dev/serial/by-id/usb-FTDI_FT232R-if00-port0"), None);
    }
}
