//! Every key, with its default.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use serde::{Deserialize, Deserializer};

use crate::altegio::rules::{AltegioRules, SumsRules};
use crate::http::TlsFiles;
use crate::journal::accept::{Repeat, SameId};

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where documents come in.
    pub intake: Intake,
    /// Where and how long things are kept.
    pub journal: JournalSettings,
    /// The control socket.
    pub control: Control,
    /// How documents are read.
    pub altegio: AltegioRules,
    /// How sums are settled.
    pub sums: SumsRules,
    /// A shop's own tax table, over the ones compiled in.
    pub tax_table: Option<PathBuf>,
    /// Where results go.
    pub callback: Callback,
    /// Shops by name: who may send, and to which device.
    pub shops: BTreeMap<String, Shop>,
    /// Devices by name.
    pub devices: BTreeMap<String, Device>,
}

/// Section `[intake]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// Address and port; only loopback is possible without TLS.
    pub listen: SocketAddr,
    /// Connections at a time; further ones wait.
    pub connections: usize,
    /// Time for the head of a request, and again for its body.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// How long a document may wait while neither it nor its lane moves.
    #[serde(with = "humantime_serde")]
    pub give_up_after: Duration,
    /// How long a document may wait in all.
    #[serde(with = "humantime_serde")]
    pub give_up_cap: Duration,
    /// What a registered twin without a return between means.
    pub repeat: Repeat,
    /// What the same id means after an error that the cloud confirmed.
    pub same_id_after_error: SameId,
    /// Serves https in the place of http.
    pub tls: Option<TlsFiles>,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8181)),
            connections: 256,
            request_timeout: Duration::from_secs(10),
            give_up_after: Duration::from_secs(120),
            give_up_cap: Duration::from_secs(600),
            repeat: Repeat::default(),
            same_id_after_error: SameId::default(),
            tls: None,
        }
    }
}

/// Section `[journal]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSettings {
    /// Directory of the journal; owned by one daemon.
    pub directory: PathBuf,
    /// Requests and receipts of closed documents are dropped after so many days; numbers and sums stay.
    pub payload_days: u16,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self { directory: "/var/lib/kkm-bridge".into(), payload_days: 90 }
    }
}

/// Section `[control]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Control {
    /// Unix socket through which the console acts; relative to the journal's directory.
    pub socket: PathBuf,
}

impl Default for Control {
    fn default() -> Self {
        Self { socket: "control.sock".into() }
    }
}

/// Where a token is read from; never the file of the configuration itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum TokenSource {
    /// A file that others cannot read.
    #[serde(rename = "file")]
    File(PathBuf),
    /// A systemd credential of that name.
    #[serde(rename = "credential")]
    Credential(String),
}

/// Section `[callback]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Callback {
    /// For documents that name none.
    pub default_url: String,
    /// The partner's token.
    pub token: Option<TokenSource>,
    /// The user's token, where the cloud wants one too.
    pub user_token: Option<TokenSource>,
    /// Origins besides Altegio's and YCLIENTS' own that may get the token; plain http on loopback alone.
    pub allowed: Vec<String>,
}

impl Default for Callback {
    fn default() -> Self {
        Self {
            default_url: "https://api.alteg.io/api/v1/integration/kkm/callback".into(),
            token: None,
            user_token: None,
            allowed: Vec::new(),
        }
    }
}

/// Section `[shops.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// The token with which Altegio comes.
    pub token: TokenSource,
    /// Name of the device.
    pub device: String,
    /// Path of the URL, where shops share a token; default: any.
    #[serde(default)]
    pub path: Option<String>,
}

/// When shifts are opened and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShiftPolicy {
    /// Open a shift when a receipt needs one.
    pub open: bool,
    /// Close the shift by itself: at `close_at`, and always before 24 hours are over.
    pub close: bool,
    /// Time of day in the shop's zone, `"23:50"`.
    #[serde(deserialize_with = "time_of_day")]
    pub close_at: Option<Time>,
    /// Close a shift older than 24 hours when a receipt needs a fresh one.
    pub close_expired: bool,
}

impl Default for ShiftPolicy {
    fn default() -> Self {
        Self { open: true, close: true, close_at: None, close_expired: true }
    }
}

fn time_of_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = Time::strptime("%H:%M", &text);
    time.map(Some).map_err(|_| serde::de::Error::custom(format!("\"{text}\" is no time such as \"23:50\"")))
}

/// Section `[devices.NAME]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// How it is spoken to.
    pub driver: kkm_drivers::open::DeviceConfig,
    /// Nobody else uses it: a stranger's open receipt is cancelled.
    #[serde(default)]
    pub exclusive: bool,
    /// When shifts are opened and closed.
    #[serde(default)]
    pub shift: ShiftPolicy,
}
