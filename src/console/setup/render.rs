//! The configuration as text, with what a reader of it wants to know.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use kkm_drivers::open::DeviceConfig;

use super::answers::Answers;
use super::{Setup, Stop};
use crate::altegio::TaxTable;
use crate::outbox::origin::{self, OriginError, Policy};

/// Where the twin product's results go.
const YCLIENTS: &str = "https://api.yclients.com/api/v1/integration/kkm/callback";

/// Everything that stands in the configuration.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    device_name: String,
    shop_name: String,
    device: DeviceConfig,
    exclusive: bool,
    close_at: Option<String>,
    shop_token: PathBuf,
    partner_token: PathBuf,
    callback: Option<String>,
    allowed: Vec<String>,
    tax_table: Option<PathBuf>,
    cards_by_hand: bool,
    locale: Option<String>,
    time_zone: Option<String>,
    listen: Option<SocketAddr>,
    tls: Option<(PathBuf, PathBuf)>,
    journal: Option<PathBuf>,
}

impl Plan {
    /// From flags, answers and the device.
    pub(super) fn of(setup: &Setup, device: &DeviceConfig, tokens: &Path, answers: &mut Answers) -> Result<Self, Stop> {
        let device_name = answers.fitting(setup.device.as_ref(), "Your name for the device", "front", name);
        let shop_name = answers.fitting(setup.shop.as_ref(), "Your name for the shop", "main", name);
        let callback = "Where results go: altegio, yclients, or a URL";
        let callback = answers.fitting(setup.callback.as_ref(), callback, "altegio", place);
        let table = setup.tax_table.as_ref().map(|path| path.to_string_lossy().into_owned());
        let tax_table = "Tax table: a file, or built-in (Russia)";
        let tax_table = answers.fitting(table.as_ref(), tax_table, "built-in", table_at);
        let locale = "Language for the cashier: ru, en";
        let locale = answers.fitting(setup.locale.as_ref(), locale, "ru", |text| match text {
            "ru" | "en" => Ok(text.to_owned()),
            _ => Err(format!("\"{text}\" is neither ru nor en")),
        });
        let machine_zone = TimeZone::system().iana_name().unwrap_or("the machine's").to_owned();
        let time_zone = answers.fitting(setup.time_zone.as_ref(), "The shop's time zone", &machine_zone, |text| {
            let known = text == machine_zone || TimeZone::get(text).is_ok();
            if known { Ok(text.to_owned()) } else { Err(format!("\"{text}\" is no zone such as Europe/Moscow")) }
        });
        let close_at = setup.close_at.as_deref().map(time_of_day).transpose();
        let (callback, allowed) = callback.map_err(Stop::unfit)?;
        let absolute = |path: &PathBuf| std::path::absolute(path).map_err(|e| Stop::io(path, &e));
        Ok(Self {
            device_name: device_name.map_err(Stop::unfit)?,
            shop_name: shop_name.map_err(Stop::unfit)?,
            device: device.clone(),
            exclusive: setup.exclusive,
            close_at: close_at.map_err(Stop::unfit)?,
            shop_token: tokens.join("shop.token"),
            partner_token: tokens.join("partner.token"),
            callback,
            allowed,
            tax_table: tax_table.map_err(Stop::unfit)?,
            cards_by_hand: setup.cards_by_hand,
            locale: Some(locale.map_err(Stop::unfit)?),
            time_zone: Some(time_zone.map_err(Stop::unfit)?).filter(|zone| *zone != "the machine's"),
            listen: setup.listen,
            tls: match (&setup.tls_certificate, &setup.tls_key) {
                (Some(certificate), Some(key)) => Some((absolute(certificate)?, absolute(key)?)),
                _ => None,
            },
            journal: setup.journal.as_ref().map(absolute).transpose()?,
        })
    }

    /// Name of the device.
    pub(super) fn device_name(&self) -> &str {
        &self.device_name
    }

    /// File of the shop's token.
    pub(super) fn shop_token_file(&self) -> &Path {
        &self.shop_token
    }

    /// File of the partner's token.
    pub(super) fn partner_token_file(&self) -> &Path {
        &self.partner_token
    }

    /// The same shop in a directory of its own, reporting to `origin` on loopback.
    pub(super) fn on_trial(&self, directory: &Path, origin: &str) -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            tls: None,
            journal: Some(directory.join("journal")),
            allowed: vec![origin.to_owned()],
            callback: None,
            ..self.clone()
        }
    }

    /// As TOML.
    pub(super) fn text(&self) -> String {
        let mut out = String::from(
            "# Written by `kkm-bridge setup`. Every key with its default: /etc/kkm-bridge/default.toml.\n",
        );
        if let Some(table) = &self.tax_table {
            let _ = writeln!(out, "tax_table = {}", quoted_path(table));
        }
        if self.listen.is_some() || self.tls.is_some() {
            out.push_str("\n[intake]\n");
            line(&mut out, "listen", self.listen.map(|a| a.to_string()).as_deref());
        }
        if let Some((certificate, key)) = &self.tls {
            let (certificate, key) = (quoted_path(certificate), quoted_path(key));
            let _ = write!(out, "\n[intake.tls]\ncertificate = {certificate}\nkey = {key}\n");
        }
        if let Some(journal) = &self.journal {
            let _ = write!(out, "\n[journal]\ndirectory = {}\n", quoted_path(journal));
        }
        out.push_str("\n[altegio]\n");
        line(&mut out, "locale", self.locale.as_deref());
        line(&mut out, "time_zone", self.time_zone.as_deref());
        if self.cards_by_hand {
            out.push_str(
                "# Cards are taken on a terminal of the cashier's own.\npos_without_terminal = \"charged_by_hand\"\n",
            );
        }
        out.push_str("\n[callback]\n");
        line(&mut out, "default_url", self.callback.as_deref());
        let _ = writeln!(out, "token = {{ file = {} }}", quoted_path(&self.partner_token));
        if !self.allowed.is_empty() {
            let allowed: Vec<String> = self.allowed.iter().map(|origin| quoted(origin)).collect();
            let _ = writeln!(out, "allowed = [{}]", allowed.join(", "));
        }
        let _ = write!(
            out,
            "\n[shops.{}]\ntoken = {{ file = {} }}\ndevice = {}\n",
            self.shop_name,
            quoted_path(&self.shop_token),
            quoted(&self.device_name),
        );
        if self.exclusive {
            let _ = write!(out, "\n[devices.{}]\n", self.device_name);
            out.push_str(
                "# Nobody else sells on it: a receipt that a stranger left open is cancelled.\nexclusive = true\n",
            );
        }
        if let Some(time) = &self.close_at {
            let _ = write!(out, "\n[devices.{}.shift]\nclose_at = {}\n", self.device_name, quoted(time));
        }
        self.driver(&mut out);
        out
    }

    fn driver(&self, out: &mut String) {
        let d = &self.device;
        let _ = write!(out, "\n[devices.{}.driver]\n", self.device_name);
        line(out, "family", Some(&d.family));
        line(out, "port", Some(&d.port));
        line(out, "serial", d.serial.as_deref());
        line(out, "profile", d.profile.as_deref());
        if let Some(baud) = d.baud {
            let _ = writeln!(out, "baud = {baud}");
        }
        if let Some(password) = d.password {
            let _ = writeln!(out, "password = {password}");
        }
    }
}

fn line(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = writeln!(out, "{key} = {}", quoted(value));
    }
}

/// A string of JSON is a string of TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// Keys of the configuration are lower case, for the environment has no other.
fn name(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if !text.is_empty() && text.len() <= 32 && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\": a name has 1 to 32 lower case letters, digits, - and _"))
}

fn time_of_day(text: &str) -> Result<String, String> {
    let time = jiff::civil::Time::strptime("%H:%M", text);
    time.map(|_| text.to_owned()).map_err(|_| format!("\"{text}\" is no time such as 22:30"))
}

/// The default address of results and the origin to be allowed for it.
fn place(text: &str) -> Result<(Option<String>, Vec<String>), String> {
    let url = match text {
        "altegio" => return Ok((None, Vec::new())),
        "yclients" => YCLIENTS,
        url => url,
    };
    let nobody: [&str; 0] = [];
    match Policy::new(&nobody).map_err(|e| e.to_string())?.check(url) {
        Ok(_) => Ok((Some(url.to_owned()), Vec::new())),
        Err(OriginError::NotListed | OriginError::Scheme | OriginError::Host) => {
            let allowed = vec![origin::origin_of(url)];
            Policy::new(&allowed).map_err(|e| e.to_string())?.check(url).map_err(|e| e.to_string())?;
            Ok((Some(url.to_owned()), allowed))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn table_at(text: &str) -> Result<Option<PathBuf>, String> {
    if text == "built-in" {
        return Ok(None);
    }
    let path = std::path::absolute(text).map_err(|e| format!("{text}: {e}"))?;
    let table = std::fs::read_to_string(&path).map_err(|e| format!("{text}: {e}"))?;
    TaxTable::default().extended(&table).map_err(|e| format!("{text}: {e}"))?;
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn names_with_quotes_and_blanks_come_through_as_they_are() {
        let device = DeviceConfig {
            family: "shtrih".into(),
            port: "/dev/serial/by-id/usb-\"odd\\ name\"-if00".into(),
            password: Some(30),
            baud: Some(9600),
            ..DeviceConfig::default()
        };
        let plan = Plan {
            device_name: "front".into(),
            shop_name: "main".into(),
            device: device.clone(),
            exclusive: true,
            close_at: Some("22:30".into()),
            shop_token: "/etc/касса/shop.token".into(),
            partner_token: "/etc/касса/partner.token".into(),
            callback: Some(YCLIENTS.into()),
            allowed: vec!["https://example.com".into()],
            tax_table: Some("/etc/tax.toml".into()),
            cards_by_hand: true,
            locale: Some("en".into()),
            time_zone: Some("Europe/Moscow".into()),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
            tls: Some(("/etc/c.pem".into(), "/etc/k.pem".into())),
            journal: Some("/var/lib/kkm".into()),
        };
        let settings: Settings = toml::from_str(&plan.text()).unwrap_or_else(|e| panic!("{e}\n{}", plan.text()));
        let read = &settings.devices["front"];
        assert_eq!((&read.driver, read.exclusive), (&device, true));
        assert_eq!(settings.shops["main"].device, "front");
        assert_eq!(settings.callback.default_url, YCLIENTS);
    }

    #[test]
    fn results_go_to_the_clouds_or_to_an_origin_that_is_then_allowed() {
        assert_eq!(place("altegio"), Ok((None, vec![])));
        assert_eq!(place("yclients"), Ok((Some(YCLIENTS.into()), vec![])));
        let own = "https://kkm.example.com/api/callback";
        assert_eq!(place(own), Ok((Some(own.into()), vec!["https://kkm.example.com".into()])));
        for wrong in ["http://kkm.example.com/x", "somewhere", "https://user@example.com/", ""] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
