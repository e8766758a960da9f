//! `doctor`: looks at everything that receipts depend on, and names for each thing found its way out.
//!
//! | look | at |
//! |---|---|
//! | `settings` | the configuration, its files, who may read them |
//! | `ports` | ports, rights, and programs that take ports away |
//! | `device` | what each device says of itself: by the running service, else asked here |
//! | `cloud` | certificate, callback |
//! | `keeping` | disk, journal, what waits for a person |
//! | `time` | the machine's clock |
//!
//! Nothing is changed: a device is asked only what registers nothing, and only where no service holds it.

mod cloud;
mod device;
mod finding;
mod keeping;
mod ports;
mod settings;
mod time;
mod users;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use self::users::User;
use super::machine::Machine;
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::control::{self, Ask, DeviceView, Tell};
use crate::daemon;
use crate::messages::Locale;
pub(super) use finding::{Finding, Level};

#[derive(Args, Debug)]
#[command(
    after_help = "Exit code: 0 all is well; 1 warnings, receipts are made; 2 something is broken.\n\nIt changes nothing. A device is asked through the running service, or directly when none runs."
)]
pub(super) struct Doctor {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    /// Language: ru, en; default: altegio.locale of the configuration
    #[arg(long, value_parser = locale)]
    locale: Option<Locale>,
    /// Leave the network alone
    #[arg(long)]
    offline: bool,
    /// Look at the machine whose root is here instead of at this one
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

fn locale(text: &str) -> Result<Locale, String> {
    match text {
        "ru" => Ok(Locale::Ru),
        "en" => Ok(Locale::En),
        _ => Err("ru or en".to_owned()),
    }
}

/// What every look needs.
pub(super) struct Sight<'a> {
    machine: &'a Machine,
    settings: &'a Settings,
    /// User of the service, as its unit says.
    user: Option<User>,
    /// Devices as a running service knows them.
    running: Option<Vec<DeviceView>>,
    clock: SystemClock,
}

impl Sight<'_> {
    /// Unix milliseconds.
    fn now_ms(&self) -> i64 {
        self.clock.now().wall_ms
    }
}

/// What is looked at, in both languages.
#[derive(Clone, Copy, Debug)]
struct Part {
    ru: &'static str,
    en: &'static str,
}

const CONFIGURATION: Part = Part { ru: "настройки", en: "configuration" };
const SERVICE: Part = Part { ru: "файлы и служба", en: "files and service" };
const PORTS: Part = Part { ru: "порты", en: "ports" };
const DEVICES: Part = Part { ru: "устройства", en: "devices" };
const CLOUD: Part = Part { ru: "связь с облаком", en: "cloud" };
const KEEPING: Part = Part { ru: "диск и журнал", en: "disk and journal" };
const TIME: Part = Part { ru: "время", en: "time" };

/// The whole report.
pub(super) struct Report {
    /// What was looked at.
    looks: Vec<(Part, Vec<Finding>)>,
    locale: Locale,
}

pub(super) fn run(path: &Path, doctor: &Doctor) -> ExitCode {
    match look(path, &doctor.root, doctor.offline, doctor.locale) {
        Ok(report) => {
            if doctor.json {
                println!("{}", report.json());
            } else {
                print!("{}", report.text());
            }
            report.exit_code()
        }
        Err(why) => super::fail(&why, 2),
    }
}

/// Looks at everything.
pub(super) fn look(path: &Path, root: &Path, offline: bool, locale: Option<Locale>) -> Result<Report, String> {
    let machine = Machine::below(root);
    let clock = SystemClock::new().map_err(|e| format!("the boot id: {e}"))?;
    let (settings, findings) = settings::read(&machine, path);
    let locale = locale.or(settings.as_ref().map(|s| s.altegio.locale)).unwrap_or_default();
    let mut looks = vec![(CONFIGURATION, findings)];
    if let Some(settings) = settings {
        let running = match control::ask(&daemon::socket(&settings), &Ask::Devices) {
            Ok(Some(Tell::Devices(views))) => Some(views),
            Ok(Some(_) | None) | Err(_) => None,
        };
        let sight = Sight { machine: &machine, settings: &settings, user: User::of_service(&machine), running, clock };
        looks.push((SERVICE, settings::files(&sight)));
        looks.push((PORTS, ports::look(&sight)));
        looks.push((DEVICES, device::look(&sight)));
        looks.push((CLOUD, cloud::look(&sight, offline)));
        looks.push((KEEPING, keeping::look(&sight)));
    }
    looks.push((TIME, time::look(&machine, &clock)));
    Ok(Report { looks, locale })
}

impl Report {
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.looks.iter().flat_map(|(_, findings)| findings)
    }

    /// 0 well, 1 warnings, 2 broken.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self.findings().map(|f| f.ailment.level()).max() {
            None => ExitCode::SUCCESS,
            Some(Level::Warning) => ExitCode::from(1),
            Some(Level::Broken) => ExitCode::from(2),
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings()
            .map(|f| {
                json!({
                    "level": f.ailment.level(),
                    "name": f.ailment.name(),
                    "about": f.about,
                    "what": f.ailment.what(self.locale),
                    "way_out": f.ailment.way_out(self.locale),
                })
            })
            .collect();
        let looks: Vec<&str> = self.looks.iter().map(|(part, _)| part.en).collect();
        json!({ "well": findings.is_empty(), "looked_at": looks, "findings": findings })
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        use std::fmt::Write;
        let mut out = String::new();
        let pick = |ru: &'static str, en: &'static str| self.locale.pick(ru, en);
        for (part, findings) in &self.looks {
            if findings.is_empty() {
                let _ = writeln!(out, "{:<10}{}", pick("хорошо", "well"), pick(part.ru, part.en));
            }
            for finding in findings {
                let level = match finding.ailment.level() {
                    Level::Warning => pick("внимание", "warning"),
                    Level::Broken => pick("СЛОМАНО", "BROKEN"),
                };
                let (what, way_out) = (finding.ailment.what(self.locale), finding.ailment.way_out(self.locale));
                let _ = write!(out, "{level:<10}{}: {what}\n          -> {way_out}\n", finding.about);
            }
        }
        out
    }
}
