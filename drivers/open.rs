//! The table of families: from a device's configuration to its driver.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::contract::{Driver, Fault, FaultKind};
use crate::escpos::EscPos;
use crate::escpos::config::{ConfigError, ReceiptText, printer};
use crate::escpos::profile::{Changes, PROFILES};
use crate::shtrih::discover::{self, FindingOpener};
pub use crate::shtrih::discover::{Seen, same_serial};
use crate::shtrih::exchange::Timing;
use crate::shtrih::tax::Profile;
use crate::shtrih::{Level, Settings, Shtrih};
use crate::transport::Opener;
use crate::transport::lp::LpOpener;
use crate::transport::serial::{Flow, Parity, SerialOpener};
use crate::transport::tcp::TcpOpener;

/// A device as a shop describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfig {
    /// Family, one of [`FAMILIES`].
    pub family: String,
    /// `/dev/serial/by-id/...`, `/dev/ttyS0`, `tcp://10.0.0.7:7778`; or `auto`: the serial lines of this machine are
    /// searched for `serial`. Receipt printers: also `/dev/usb/lp0`, or `lp:` before a link of yours that leads there.
    /// Of the family `simulated`: the directory of its books.
    pub port: String,
    /// Directory whose links `auto` searches; `/dev/serial/by-id` when absent.
    pub search: Option<PathBuf>,
    /// Bits per second of a serial line; 115200 when absent. USB lines do not care.
    pub baud: Option<u32>,
    /// Parity bit of a serial line: `none` (when absent), `even`, `odd`.
    pub parity: Option<Parity>,
    /// Flow control of a serial line: `none` (when absent), `rts-cts`, `dtr-dsr`, `xon-xoff`.
    pub flow: Option<Flow>,
    /// Serial number that the device must have; when absent the first one found is adopted.
    pub serial: Option<String>,
    /// Password of the operator, a number; the family's default when absent (Shtrih-M: 30).
    pub password: Option<u32>,
    /// Model profile. Shtrih-M: `standard` (when absent), or `vat22` and `vat22-nano` for firmware of 2026 whose tax
    /// groups 11 and 12 hold 22 % beside 20 %. Receipt printers: the model (`config/printers`), never absent.
    pub profile: Option<String>,
    /// Low level. Shtrih-M: `standard` (when absent), or `numbered`: numbered packets where the model has them, which is
    /// faster on lines that turn slowly; programs that know only the standard level then find no device until it was
    /// switched off and on.
    pub level: Option<String>,
    /// `cash`: the driver opens the drawer after a receipt that took or gave cash; `never` (when absent): registers whose
    /// own setting opens it do so by themselves, and are not told to in any case.
    pub drawer: Option<Drawer>,
    /// Place of settlement on receipts (FFD tag 1187), where a shop sells elsewhere than its register is registered.
    pub place: Option<String>,
    /// Department of every line, 1 to 16; 1 when absent.
    pub department: Option<u8>,
    /// Greatest number of lines in a receipt, where the model has a limit; none when absent.
    pub max_lines: Option<u32>,
    /// Milliseconds of silence after a connection is made, so that bytes of a broken one are worked off before anything
    /// is believed; 2000 for sockets and 0 for serial lines when absent.
    pub quiet_ms: Option<u64>,
    /// Seconds that a device may print before it counts as stuck; 60 when absent.
    pub busy_limit_s: Option<u64>,
    /// Receipt printers: what differs from the model's profile.
    pub printer: Option<Changes>,
    /// Receipt printers: what stands on paper besides the document.
    pub receipt: Option<ReceiptText>,
}

/// When a driver opens the cash drawer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drawer {
    /// After a receipt that took or gave cash.
    Cash,
    /// Never.
    Never,
}

/// Why a device cannot be opened from its configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The family is not known.
    #[error("unknown device family {family:?}; known: {}", known())]
    UnknownFamily {
        /// As configured.
        family: String,
    },
    /// The family has no such profile.
    #[error("unknown profile {profile:?}; known: {known}")]
    UnknownProfile {
        /// As configured.
        profile: String,
        /// Those of the family.
        known: String,
    },
    /// The family has no such low level.
    #[error("unknown level {level:?}; known: {known}")]
    UnknownLevel {
        /// As configured.
        level: String,
        /// Those of the family.
        known: String,
    },
    /// The port is neither a path nor an address.
    #[error("port {port:?}: expected /dev/..., tcp://host:port or auto; receipt printers also lp:/dev/...")]
    UnknownPort {
        /// As configured.
        port: String,
    },
    /// `auto` without a serial number to look for.
    #[error("port auto needs the device's serial number")]
    AutoNeedsSerial,
    /// Something was asked that only a receipt printer can do.
    #[error("family {family:?} is no receipt printer; only family \"escpos\" is")]
    NotAPrinter {
        /// As configured.
        family: String,
    },
    /// A receipt printer's profile, changes or texts.
    #[error("{0}")]
    Printer(ConfigError),
    /// A value out of its range.
    #[error("{key}: {value} is out of range {range}")]
    OutOfRange {
        /// Key in the configuration.
        key: &'static str,
        /// As configured.
        value: u64,
        /// What is allowed.
        range: &'static str,
    },
}

impl From<ConfigError> for OpenError {
    fn from(error: ConfigError) -> Self {
        Self::Printer(error)
    }
}

/// Opens devices of one family.
type Open = fn(&DeviceConfig) -> Result<Box<dyn Driver>, OpenError>;

const ESCPOS: &str = "escpos";

/// Families by name.
pub const FAMILIES: &[(&str, Open)] = &[
    ("shtrih", open_shtrih),
    (ESCPOS, open_escpos),
    #[cfg(feature = "simulators")]
    ("simulated", open_simulated),
];

/// Asks who is at a port, for a family that can be asked without harm to whatever else may be there: `None` for others.
/// Changes nothing; an echo of our own bytes is no answer.
pub fn probe(config: &DeviceConfig) -> Option<Result<Seen, Fault>> {
    if config.family != "shtrih" {
        return None;
    }
    let (opener, settings) = match (opener(config), shtrih_settings(config)) {
        (Ok(opener), Ok(settings)) => (opener, settings),
        (Err(error), _) | (_, Err(error)) => {
            return Some(Err(Fault::new("probe", FaultKind::Unreachable(error.to_string()))));
        }
    };
    Some(discover::probe(opener, &settings))
}

/// Model profiles of a family by name, the usual one first; none where a family has no profiles.
pub fn profiles(family: &str) -> Vec<&'static str> {
    match family {
        "shtrih" => Profile::NAMES.iter().map(|(name, _)| *name).collect(),
        "escpos" => PROFILES.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    }
}

/// Makes the driver of a device. Nothing is sent and no port is opened yet.
pub fn open(config: &DeviceConfig) -> Result<Box<dyn Driver>, OpenError> {
    match FAMILIES.iter().find(|(name, _)| *name == config.family) {
        Some((_, open)) => open(config),
        None => Err(OpenError::UnknownFamily { family: config.family.clone() }),
    }
}

fn known() -> String {
    FAMILIES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn shtrih_settings(config: &DeviceConfig) -> Result<Settings, OpenError> {
    let base = if config.port.starts_with(TCP) {
        Settings::tcp()
    } else {
        Settings { timing: Timing::serial(baud(config)), ..Settings::serial() }
    };
    let department = config.department.unwrap_or(base.department);
    if !(1..=16).contains(&department) {
        return Err(OpenError::OutOfRange { key: "department", value: department.into(), range: "1..16" });
    }
    let profile = match config.profile.as_deref() {
        None => base.profile,
        Some(name) => Profile::named(name).ok_or_else(|| OpenError::UnknownProfile {
            profile: name.to_owned(),
            known: Profile::NAMES.map(|(name, _)| name).join(", "),
        })?,
    };
    let level = match config.level.as_deref() {
        None => base.level,
        Some(name) => Level::named(name).ok_or_else(|| OpenError::UnknownLevel {
            level: name.to_owned(),
            known: Level::NAMES.map(|(name, _)| name).join(", "),
        })?,
    };
    Ok(Settings {
        level,
        password: config.password.unwrap_or(base.password),
        department,
        settle: config.quiet_ms.map_or(base.settle, Duration::from_millis),
        busy_limit: config.busy_limit_s.map_or(base.busy_limit, Duration::from_secs),
        max_lines: config.max_lines,
        profile,
        place: config.place.clone(),
        drawer: config.drawer == Some(Drawer::Cash),
        ..base
    })
}

fn open_shtrih(config: &DeviceConfig) -> Result<Box<dyn Driver>, OpenError> {
    let settings = shtrih_settings(config)?;
    let opener = if config.port == AUTO {
        let serial = config.serial.clone().ok_or(OpenError::AutoNeedsSerial)?;
        let line = config.clone();
        let make = move |path: &str| -> Box<dyn Opener> { Box::new(serial_line(path, &line)) };
        let search = config.search.clone().unwrap_or_else(|| SERIAL_LINKS.into());
        Box::new(FindingOpener::new(serial, settings.clone(), move || serial_lines(&search), make))
    } else {
        opener(config)?
    };
    Ok(Box::new(Shtrih::new(opener, settings)))
}

fn open_escpos(config: &DeviceConfig) -> Result<Box<dyn Driver>, OpenError> {
    Ok(Box::new(receipt_printer(config)?))
}

/// A receipt printer on a serial line, a socket or a printer device, for what only such a printer can do.
pub fn receipt_printer(config: &DeviceConfig) -> Result<EscPos, OpenError> {
    if config.family != ESCPOS {
        return Err(OpenError::NotAPrinter { family: config.family.clone() });
    }
    let named = config.port.strip_prefix(LP_LINK).filter(|path| path.starts_with('/'));
    let device = LP.iter().any(|start| config.port.starts_with(start)).then_some(config.port.as_str());
    let lp = named.or(device);
    let opener: Box<dyn Opener> = match lp {
        Some(path) => Box::new(LpOpener::new(path)),
        None => opener(config)?,
    };
    let baud = (lp.is_none() && !config.port.starts_with(TCP)).then(|| baud(config));
    let profile = config.profile.as_deref().unwrap_or_default();
    let (changes, text) = (config.printer.clone().unwrap_or_default(), config.receipt.clone().unwrap_or_default());
    Ok(printer(opener, profile, &changes, &text, config.serial.clone(), baud)?)
}

/// `port` is the directory of its books.
#[cfg(feature = "simulators")]
fn open_simulated(config: &DeviceConfig) -> Result<Box<dyn Driver>, OpenError> {
    if config.port.starts_with('/') {
        return Ok(Box::new(crate::simulated::SimulatedAt::new(&config.port)));
    }
    Err(OpenError::UnknownPort { port: config.port.clone() })
}

const TCP: &str = "tcp://";
const AUTO: &str = "auto";
/// Where the kernel puts printers of the printer class.
const LP: [&str; 2] = ["/dev/usb/lp", "/dev/lp"];
/// Before the path of a link that leads to such a printer, of a pipe or of a file.
const LP_LINK: &str = "lp:";
const BAUD: u32 = 115_200;

fn opener(config: &DeviceConfig) -> Result<Box<dyn Opener>, OpenError> {
    let unknown = || OpenError::UnknownPort { port: config.port.clone() };
    if config.port.starts_with('/') {
        return Ok(Box::new(serial_line(&config.port, config)));
    }
    let address = config.port.strip_prefix(TCP).ok_or_else(unknown)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(unknown)?;
    if host.is_empty() || port.parse::<u16>().is_err() {
        return Err(unknown());
    }
    Ok(Box::new(TcpOpener::new(address)))
}

fn serial_line(path: &str, config: &DeviceConfig) -> SerialOpener {
    SerialOpener::new(path, baud(config)).with(config.parity.unwrap_or_default(), config.flow.unwrap_or_default())
}

fn baud(config: &DeviceConfig) -> u32 {
    config.baud.unwrap_or(BAUD)
}

/// Stable links only: names like `/dev/ttyUSB0` move between devices.
const SERIAL_LINKS: &str = "/dev/serial/by-id";

fn serial_lines(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<String> =
        entries.flatten().filter_map(|e| e.path().into_os_string().into_string().ok()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> DeviceConfig {
        serde_json::from_str(json).expect("parses")
    }

    #[test]
    fn family_and_port_are_enough() {
        assert!(open(&config(r#"{"family":"shtrih","port":"/dev/ttyS0"}"#)).is_ok());
        assert!(open(&config(r#"{"family":"shtrih","port":"tcp://10.0.0.7:7778"}"#)).is_ok());
    }

    #[test]
    fn an_unknown_family_is_told_the_known_ones() {
        let error = open(&config(r#"{"family":"stirh","port":"/dev/ttyS0"}"#)).map(|_| ()).expect_err("unknown");
        assert!(error.to_string().starts_with(r#"unknown device family "stirh"; known: shtrih"#), "{error}");
    }

    #[test]
    fn a_port_that_is_none_and_a_value_out_of_range_are_refused() {
        let refused = |json| open(&config(json)).map(|_| ()).expect_err("refused");
        assert!(matches!(refused(r#"{"family":"shtrih","port":"COM1"}"#), OpenError::UnknownPort { .. }));
        assert!(matches!(refused(r#"{"family":"shtrih","port":"tcp://x"}"#), OpenError::UnknownPort { .. }));
        assert_eq!(refused(r#"{"family":"shtrih","port":"auto"}"#), OpenError::AutoNeedsSerial);
        let level = r#"{"family":"shtrih","port":"/dev/ttyS0","level":"8F"}"#;
        assert!(refused(level).to_string().contains("known: standard, numbered"));
        let department = r#"{"family":"shtrih","port":"/dev/ttyS0","department":17}"#;
        assert!(matches!(refused(department), OpenError::OutOfRange { key: "department", .. }));
    }

    #[test]
    fn a_receipt_printer_needs_its_model_and_may_differ_from_it() {
        let good = r#"{"family":"escpos","port":"/dev/usb/lp0","profile":"xprinter",
            "printer":{"columns":32,"confirm":"write"},"receipt":{"locale":"en","header":["Shop"],"drawer":true}}"#;
        assert!(open(&config(good)).is_ok());
        let link = r#"{"family":"escpos","port":"lp:/dev/receipts","profile":"mprint"}"#;
        assert!(open(&config(link)).is_ok());
        let refused = |json| open(&config(json)).map(|_| ()).expect_err("refused").to_string();
        let none = refused(r#"{"family":"escpos","port":"/dev/usb/lp0"}"#);
        assert!(none.contains("known: epson-tm-t20, epson-tm-t88"), "{none}");
        let logo =
            r#"{"family":"escpos","port":"tcp://10.0.0.9:9100","profile":"mprint","receipt":{"logo":"/no/such"}}"#;
        assert!(refused(logo).contains("/no/such"));
        let narrow = r#"{"family":"escpos","port":"/dev/x","profile":"mprint","printer":{"columns":3}}"#;
        assert!(refused(narrow).contains("columns"));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let parsed: Result<DeviceConfig, _> =
            serde_json::from_str(r#"{"family":"shtrih","port":"/dev/x","bauds":9600}"#);
        assert!(parsed.is_err());
    }
}
