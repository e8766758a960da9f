//! The daemon: what is lost of it when it dies.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::tz::TimeZone;
use kkm_bridge::altegio::{Rules, TaxTable};
use kkm_bridge::control::Desk;
use kkm_bridge::dispatcher::{Closing, Lane, LaneDoor, Settings};
use kkm_bridge::inbox::{Inbox, ShopDoor, router};
use kkm_bridge::journal::accept::{Repeat, SameId};
use kkm_bridge::journal::{FILE, Journal, JournalError, Options, life};
use kkm_bridge::messages::Locale;
use kkm_bridge::outbox::lanes::Lanes;
use kkm_bridge::outbox::origin;
use kkm_bridge::outbox::schedule::Dice;
use kkm_drivers::shtrih::{Level, Settings as Register, Shtrih};
use simulated_disk::Disk;

use crate::truth::Eyes;
use crate::wire::{Wire, die};

/// Name of the one device.
pub const DEVICE: &str = "front";
/// The shop's token.
pub const TOKEN: &str = "shop-token-0123456789abcdef";
/// Origin of the callbacks.
pub const CALLBACK: &str = "http://127.0.0.1:8080";

/// How long documents may wait.
pub fn limits() -> life::Limits {
    life::Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) }
}

/// Everything that is in the daemon's memory.
pub struct Daemon {
    pub journal: Journal,
    pub lane: Lane,
    pub intake: Router,
    pub desk: Desk,
    /// The outbox's hosts.
    pub hosts: Lanes,
    pub dice: Dice,
    pub eyes: Eyes,
    /// Tasks that nobody waits for die with it.
    pub tasks: tokio::runtime::Runtime,
}

impl Daemon {
    /// Starts on what the directory holds. One seed in four has a device that is the daemon's alone, one in five speaks
    /// numbered packets.
    pub fn start(directory: &Path, medium: &Disk, wire: &Wire, epoch: u32, seed: u64) -> Result<Self, JournalError> {
        let log = medium.clone();
        let options = Options {
            epoch: Some(epoch),
            alone: Some(die),
            write_log_anew: Some(Box::new(move || log.write_anew(&format!("{FILE}-wal")))),
            ..Options::default()
        };
        let journal = Journal::open_with(directory, Arc::new(wire.clock.clone()), options)?;
        let door = LaneDoor::default();
        let reports = Arc::new(tokio::sync::Notify::new());
        let settings = Settings {
            limits: limits(),
            serial: None,
            cancel_foreign: seed % 4 == 3,
            open_shift: true,
            closing: Closing { at: None, zone: Some(TimeZone::UTC), automatic: true },
            close_expired_shift: true,
            locale: Locale::En,
        };
        let level = if seed % 5 == 2 { Level::Numbered } else { Level::Standard };
        let driver = Box::new(Shtrih::new(Box::new(wire.clone()), Register { level, ..Register::serial() }));
        let lane = Lane::new(DEVICE.into(), driver, journal.clone(), settings, door.clone(), reports.clone())?;
        let lanes = BTreeMap::from([(DEVICE.to_owned(), door)]);
        let desk = Desk {
            journal: journal.clone(),
            lanes: lanes.clone(),
            running: true,
            reports: reports.clone(),
            locale: Locale::En,
        };
        let inbox = Inbox {
            journal: journal.clone(),
            rules: Rules {
                altegio: toml::from_str("locale = \"en\"\ntime_zone = \"UTC\"").expect("rules"),
                sums: toml::from_str("").expect("rules"),
                taxes: TaxTable::default(),
            },
            shops: vec![ShopDoor::new("salon".into(), &TOKEN.to_owned().into(), None, DEVICE.into())],
            lanes,
            origins: origin::Policy::new(&[CALLBACK]).expect("a list"),
            default_callback: format!("{CALLBACK}/"),
            repeat: Repeat::Evidence,
            same_id_after_error: SameId::Retry,
            give_up_cap: limits().give_up_cap,
            body_timeout: Duration::from_secs(10),
            reports,
        };
        Ok(Self {
            journal,
            lane,
            intake: router(Arc::new(inbox)),
            desk,
            hosts: Lanes::default(),
            dice: Dice::seeded(seed),
            eyes: Eyes::open(directory)?,
            tasks: tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"),
        })
    }
}
