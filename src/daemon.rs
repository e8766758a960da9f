//! Starts and stops the parts.
//!
//! Start: settings checked, journal owned, lanes, outbox, intake, control socket; then the ready line on standard output.
//! Stop (SIGTERM, SIGINT): intake first, then the lanes at the end of the receipt at hand, then the rest.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::altegio::{Rules, TaxTable};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Settings};
use crate::control::{self, Desk};
use crate::dispatcher::{Closing, Lane, LaneDoor, Settings as LaneSettings};
use crate::http::{self, Limits, Tls};
use crate::inbox::{self, Inbox, ShopDoor};
use crate::journal::life;
use crate::journal::{EXIT_JOURNAL, Journal, JournalError};
use crate::notify::{self, Vitals};
use crate::outbox::{self, origin::Policy, send::Sender};

/// Exit code for settings that cannot be used: `EX_CONFIG` of sysexits.h.
pub const EXIT_CONFIG: u8 = 78;
/// Exit code when another daemon owns the journal: `EX_TEMPFAIL`.
pub const EXIT_IN_USE: u8 = 75;
/// Exit code after a fault of the program itself: `EX_SOFTWARE`.
pub const EXIT_SOFTWARE: i32 = 70;

/// How often payloads of old documents are looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// How long requests at hand may take at the stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Why a daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings.
    #[error("the configuration cannot be used:\n{0}")]
    Settings(String),
    /// The journal.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// An address or socket.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl StartError {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) => EXIT_CONFIG,
            Self::Journal(JournalError::InUse(_)) => EXIT_IN_USE,
            Self::Journal(_) => EXIT_JOURNAL as u8,
            Self::Io { .. } => 1,
        }
    }
}

/// The tax table of the settings.
pub fn tax_table(settings: &Settings) -> Result<TaxTable, StartError> {
    let Some(path) = &settings.tax_table else { return Ok(TaxTable::default()) };
    let text =
        std::fs::read_to_string(path).map_err(|source| StartError::Io { what: path.display().to_string(), source })?;
    TaxTable::default().extended(&text).map_err(|e| StartError::Settings(format!("{}: {e}", path.display())))
}

/// Where the control socket of these settings is.
pub fn socket(settings: &Settings) -> PathBuf {
    settings.journal.directory.join(&settings.control.socket)
}

/// Runs until a signal ends it.
pub fn run(settings: &Settings) -> Result<(), StartError> {
    let problems = config::check(settings);
    if !problems.is_empty() {
        let lines: Vec<_> = problems.iter().map(|p| format!("  {p}")).collect();
        return Err(StartError::Settings(lines.join("\n")));
    }
    let clock = SystemClock::new().map_err(|source| StartError::Io { what: "the boot id".into(), source })?;
    let journal = Journal::open(&settings.journal.directory, Arc::new(clock))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| StartError::Io { what: "the runtime".into(), source })?;
    let stop = Arc::new(AtomicBool::new(false));
    let reports = Arc::new(Notify::new());
    let lanes = lanes(settings, &journal, &reports, &stop)?;
    runtime.block_on(serve(settings, &journal, clock, &lanes, &reports))?;
    stop.store(true, Ordering::SeqCst);
    for lane in lanes.values() {
        lane.door.bell.ring();
    }
    tracing::info!("stopping at the end of the receipt at hand");
    for (_, lane) in lanes {
        let _ = lane.thread.join();
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    tracing::info!("stopped");
    Ok(())
}

struct RunningLane {
    door: LaneDoor,
    thread: thread::JoinHandle<()>,
}

fn lanes(
    settings: &Settings,
    journal: &Journal,
    reports: &Arc<Notify>,
    stop: &Arc<AtomicBool>,
) -> Result<BTreeMap<String, RunningLane>, StartError> {
    let mut running = BTreeMap::new();
    for (name, device) in &settings.devices {
        let driver = kkm_drivers::open::open(&device.driver)
            .map_err(|error| StartError::Settings(format!("  devices.{name}.driver: {error}")))?;
        let lane_settings = LaneSettings {
            limits: life::Limits {
                give_up_after: settings.intake.give_up_after,
                give_up_cap: settings.intake.give_up_cap,
            },
            serial: device.driver.serial.clone(),
            cancel_foreign: device.exclusive,
            open_shift: device.shift.open,
            close_expired_shift: device.shift.close_expired,
            closing: Closing {
                at: device.shift.close_at,
                zone: Some(settings.altegio.time_zone.clone()),
                automatic: device.shift.close,
            },
            locale: settings.altegio.locale,
        };
        let door = LaneDoor::default();
        let lane = Lane::new(name.clone(), driver, journal.clone(), lane_settings, door.clone(), reports.clone())?;
        let stop = stop.clone();
        let thread = thread::Builder::new()
            .name(format!("lane {name}"))
            .spawn(move || run_lane(lane, &stop))
            .map_err(|source| StartError::Io { what: "a thread".into(), source })?;
        running.insert(name.clone(), RunningLane { door, thread });
    }
    Ok(running)
}

/// A lane that cannot go on ends the process: half a daemon would accept what it never prints.
fn run_lane(lane: Lane, stop: &AtomicBool) {
    match std::panic::catch_unwind(AssertUnwindSafe(|| lane.run(stop))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!(%error, "the journal failed a lane; the process ends");
            std::process::exit(EXIT_JOURNAL);
        }
        Err(_) => std::process::exit(EXIT_SOFTWARE),
    }
}

async fn serve(
    settings: &Settings,
    journal: &Journal,
    clock: SystemClock,
    lanes: &BTreeMap<String, RunningLane>,
    reports: &Arc<Notify>,
) -> Result<(), StartError> {
    let io = |what: &str| {
        let what = what.to_owned();
        move |source| StartError::Io { what, source }
    };
    let setting = |error: &dyn std::fmt::Display| StartError::Settings(format!("  {error}"));
    let origins = Policy::new(&settings.callback.allowed).map_err(|e| setting(&e))?;
    let tls = settings.intake.tls.clone().map(Tls::open).transpose().map_err(|e| setting(&e))?;
    let listener = TcpListener::bind(settings.intake.listen)
        .await
        .map_err(io(&format!("intake.listen {}", settings.intake.listen)))?;
    let address = listener.local_addr().map_err(io("intake.listen"))?;
    let path = socket(settings);
    let control = control::bind(&path).map_err(io(&path.display().to_string()))?;

    let (stop_outbox, outbox_stops) = tokio::sync::oneshot::channel::<()>();
    let sender = sender(settings)?;
    let outbox = tokio::spawn(send_reports(journal.clone(), sender, clock, reports.clone(), outbox_stops));
    let desk = Arc::new(Desk {
        journal: journal.clone(),
        lanes: lanes.iter().map(|(name, lane)| (name.clone(), lane.door.clone())).collect(),
        running: true,
        reports: reports.clone(),
        locale: settings.altegio.locale,
    });
    let control = tokio::spawn(control::serve(control, desk));
    let keeping = tokio::spawn(keep_house(journal.clone(), settings.journal.payload_days));

    let inbox = Arc::new(inbox(settings, journal, lanes, origins, reports)?);
    let limits =
        Limits { connections: settings.intake.connections, header: settings.intake.request_timeout, stop: STOP_WITHIN };
    let mut terminate = signal(SignalKind::terminate()).map_err(io("SIGTERM"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io("SIGINT"))?;
    let renewing = renewing(tls.clone()).map_err(io("SIGHUP"))?;
    let stopping = Arc::new(AtomicBool::new(false));
    // Goes on through the stop, until the runtime ends: the receipt at hand may take longer than the interval.
    tokio::spawn(notify::feed(Vitals {
        journal: journal.clone(),
        lanes: lanes.iter().map(|(name, lane)| (name.clone(), lane.door.pulse.clone())).collect(),
        outbox: outbox.abort_handle(),
        stopping: stopping.clone(),
    }));
    let scheme = if tls.is_some() { "https" } else { "http" };
    println!("kkm-bridge ready: documents on {scheme}://{address}/");
    tracing::info!(%address, "ready");
    notify::ready();
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.store(true, Ordering::SeqCst);
        notify::stopping();
    };
    let router = inbox::router(inbox);
    match tls {
        Some(tls) => http::serve(listener, tls, router, limits, stop).await,
        None => http::serve(listener, http::Plain, router, limits, stop).await,
    }
    drop(stop_outbox);
    let _ = tokio::time::timeout(STOP_WITHIN, outbox).await;
    control.abort();
    keeping.abort();
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    let _ = std::fs::remove_file(&path);
    Ok(())
}

/// Reads the certificate again at SIGHUP, and when its files change. A service without one lives on at SIGHUP too, which is
/// `systemctl reload`; started by hand it ends with its terminal.
fn renewing(tls: Option<Tls>) -> std::io::Result<Option<JoinHandle<()>>> {
    if tls.is_none() && !notify::is_wanted() {
        return Ok(None);
    }
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(Some(tokio::spawn(async move {
        let Some(tls) = tls else {
            while hangup.recv().await.is_some() {
                tracing::info!("nothing to read again: there is no [intake.tls]");
            }
            return;
        };
        let asked = Arc::new(Notify::new());
        let renewing = http::renew(tls, http::LOOK_EVERY, asked.clone());
        let hearing = async {
            while hangup.recv().await.is_some() {
                asked.notify_one();
            }
        };
        tokio::join!(renewing, hearing);
    })))
}

/// An outbox that cannot write its journal must not send either, nor may the rest go on without it.
async fn send_reports(
    journal: Journal,
    sender: Sender,
    clock: SystemClock,
    bell: Arc<Notify>,
    stop: tokio::sync::oneshot::Receiver<()>,
) {
    let stopped = async move {
        let _ = stop.await;
    };
    if let Err(error) = outbox::run(Arc::new(journal), Arc::new(sender), clock, bell, stopped).await {
        tracing::error!(%error, "the journal failed the outbox; the process ends");
        std::process::exit(EXIT_JOURNAL);
    }
}

/// What speaks to the cloud with the partner's token, to the allowed places alone.
pub fn sender(settings: &Settings) -> Result<Sender, StartError> {
    let wrong = |key: &str, error: &dyn std::fmt::Display| StartError::Settings(format!("  callback.{key}: {error}"));
    let read = |source| config::read_secret(source).map_err(|e| wrong("token", &e));
    let origins = Policy::new(&settings.callback.allowed).map_err(|e| wrong("allowed", &e))?;
    let token = settings.callback.token.as_ref().ok_or_else(|| wrong("token", &"is missing"))?;
    let options = outbox::send::Options {
        user_token: settings.callback.user_token.as_ref().map(read).transpose()?,
        ..outbox::send::Options::default()
    };
    Sender::new(Arc::new(origins), read(token)?, options).map_err(|e| wrong("token", &e))
}

fn inbox(
    settings: &Settings,
    journal: &Journal,
    lanes: &BTreeMap<String, RunningLane>,
    origins: Policy,
    reports: &Arc<Notify>,
) -> Result<Inbox, StartError> {
    let mut shops = Vec::new();
    for (name, shop) in &settings.shops {
        let token = config::read_secret(&shop.token)
            .map_err(|error| StartError::Settings(format!("  shops.{name}.token: {error}")))?;
        shops.push(ShopDoor::new(name.clone(), &token, shop.path.clone(), shop.device.clone()));
    }
    Ok(Inbox {
        journal: journal.clone(),
        rules: Rules { altegio: settings.altegio.clone(), sums: settings.sums, taxes: tax_table(settings)? },
        shops,
        lanes: lanes.iter().map(|(name, lane)| (name.clone(), lane.door.clone())).collect(),
        origins,
        default_callback: settings.callback.default_url.clone(),
        repeat: settings.intake.repeat,
        same_id_after_error: settings.intake.same_id_after_error,
        give_up_cap: settings.intake.give_up_cap,
        body_timeout: settings.intake.request_timeout,
        reports: reports.clone(),
    })
}

/// Looks at the whole journal once, then drops old payloads each hour.
async fn keep_house(journal: Journal, payload_days: u16) {
    let checked = journal.clone();
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || checked.check()).await {
        tracing::error!(%error, "the journal is damaged; the process ends");
        std::process::exit(EXIT_JOURNAL);
    }
    let after = Duration::from_secs(u64::from(payload_days) * 24 * 3600);
    loop {
        let keeper = journal.clone();
        match tokio::task::spawn_blocking(move || keeper.drop_payloads(after)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(dropped)) => tracing::info!(dropped, "payloads of old documents dropped"),
            Ok(Err(error)) => tracing::warn!(%error, "old payloads could not be dropped"),
            Err(_) => return,
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

/// The journal of these settings without a daemon: for commands that work either way.
pub fn offline_desk(settings: &Settings) -> Result<Desk, StartError> {
    let clock = SystemClock::new().map_err(|source| StartError::Io { what: "the boot id".into(), source })?;
    let journal = Journal::open(&settings.journal.directory, Arc::new(clock))?;
    Ok(Desk {
        journal,
        lanes: settings.devices.keys().map(|name| (name.clone(), LaneDoor::default())).collect(),
        running: false,
        reports: Arc::new(Notify::new()),
        locale: settings.altegio.locale,
    })
}

/// Now, for commands that stamp a file.
pub fn now_ms() -> Result<i64, StartError> {
    let clock = SystemClock::new().map_err(|source| StartError::Io { what: "the boot id".into(), source })?;
    Ok(clock.now().wall_ms)
}

/// True when a journal is there.
pub fn has_journal(directory: &Path) -> bool {
    directory.join(crate::journal::FILE).exists()
}
