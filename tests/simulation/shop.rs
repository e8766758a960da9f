//! One shop: register, disk, daemon, cloud, people; the daemon's memory is lost at each death, its disk and the register
//! stay.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::Request;
use kkm_bridge::clock::{Age, Clock as _, ManualClock, age};
use kkm_bridge::control::{Ask, Tell};
use kkm_bridge::dispatcher::Pace;
use kkm_bridge::journal::{Journal, JournalError, Options};
use kkm_bridge::outbox::schedule::{self, Past};
use kkm_bridge::outbox::{Store, origin};
use kkm_drivers::contract::{Body, Marker};
use kkm_drivers::simulator::{Clock, Device, Manner, MemoryLink, Moment, Register};
use serde_json::json;
use simulated_disk::{Call, Disk, Fault, Trouble};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::chance::Chance;
use crate::cloud::Cloud;
use crate::daemon::{CALLBACK, DEVICE, Daemon, TOKEN, limits};
use crate::plan::{Act, Cut, Sent};
use crate::truth::{Broken, Truth, broken};
use crate::wire::{Died, Wire};

/// 2026-09-22T04:00:00Z, as the documents say.
const START_WALL_MS: i64 = 1_790_049_600_000;

/// The start of most journals: empty and known to be whole. One seed in sixteen starts on an empty disk.
static EMPTY: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();

/// Starts that may fail before the disk is mended, and after.
const STARTS: u32 = 5;

thread_local! {
    /// The lock and the reserved room are real files, the same for all seeds of a thread.
    static PLACE: TempDir = {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        tempfile::Builder::new().prefix("kkm-simulation-").tempdir_in(place).expect("a directory")
    };
}

/// A shop.
pub struct Shop {
    directory: PathBuf,
    /// The journal's.
    pub(super) disk: Disk,
    lives: u32,
    /// Faults of the disk before this life.
    troubles: u64,
    /// What there was to see at the last check: calls of the disk, documents in the books, words heard.
    seen: Option<(u64, usize, usize)>,
    seed: u64,
    pub(super) daemon: Option<Daemon>,
    pub(super) wire: Wire,
    /// At the next start the daemon will die here.
    pub(super) die_again: Option<u32>,
    pub(super) cloud: Cloud,
    pub(super) truth: Truth,
    /// Ids that were answered with 200.
    accepted: BTreeSet<String>,
    /// What happened, for people.
    pub story: Vec<String>,
}

impl Shop {
    /// Opened in the morning.
    pub fn open(seed: u64) -> Self {
        let start: Moment = "2026-09-22T07:00:00".parse().expect("a moment");
        let register = Register::in_memory(Clock::Line { start }, Box::new(io::sink()));
        let link = MemoryLink::new(Device::new(register, Manner { baud: Some(115_200), ..Manner::default() }));
        simulated_disk::install();
        let directory = PLACE.with(|place| place.path().to_owned());
        let disk = Disk::mount(&directory);
        let mut shop = Self {
            directory,
            disk,
            lives: 0,
            troubles: 0,
            seen: None,
            seed,
            daemon: None,
            wire: Wire::new(link, ManualClock::new(START_WALL_MS)),
            die_again: None,
            cloud: Cloud::default(),
            truth: Truth::default(),
            accepted: BTreeSet::new(),
            story: Vec::new(),
        };
        if seed.is_multiple_of(16) {
            // The first start of all may be cut off, too.
            let after = (seed / 16 % 40) as u32;
            shop.disk.fault(Fault { call: Call::Any, after, trouble: Trouble::Freeze, times: 1 });
        } else {
            let image = EMPTY.get_or_init(|| {
                let options = Options { write_log_anew: Some(Box::new(|| Ok(()))), ..Options::default() };
                let clock = Arc::new(shop.wire.clock.clone());
                drop(Journal::open_with(&shop.directory, clock, options).expect("it opens"));
                shop.disk.image()
            });
            shop.disk.fill(image);
        }
        shop.start();
        shop
    }

    /// Lets it all happen, then heals everything and waits for the end.
    pub fn live(mut self, acts: &[Act]) -> (Vec<String>, Result<(), Broken>) {
        let mut lived = Ok(());
        for act in acts {
            self.story.push(format!("-- {act:?}"));
            lived = self.act(act).and_then(|()| self.check());
            if lived.is_err() {
                break;
            }
        }
        let lived = lived.and_then(|()| self.heal());
        let history = self.daemon.as_ref().map_or_else(Vec::new, |d| d.eyes.history().unwrap_or_default());
        self.story.extend(history);
        let books = self.wire.link.device(|d| {
            let fiscal = d.register().documents().iter();
            fiscal.map(|b| format!("book {} {:?} {} {}", b.number, b.kind, b.total, b.foreign)).collect::<Vec<_>>()
        });
        self.story.extend(books);
        (std::mem::take(&mut self.story), lived)
    }

    /// Starts until it runs. Whoever starts it in vain looks after the disk.
    fn start(&mut self) {
        for attempt in 0..2 * STARTS {
            // A new epoch for each life, the same each time that the seed is run.
            let epoch = (self.seed as u32).wrapping_mul(64).wrapping_add(self.lives) & Marker::MAX_EPOCH;
            self.troubles = self.disk.troubles();
            let (directory, disk, wire, seed) = (&self.directory, &self.disk, &self.wire, self.seed);
            match std::panic::catch_unwind(AssertUnwindSafe(|| Daemon::start(directory, disk, wire, epoch, seed))) {
                Ok(Ok(daemon)) if !self.disk.is_frozen() => {
                    self.daemon = Some(daemon);
                    return;
                }
                Ok(Ok(_)) => self.story.push("the machine stood still at the start".to_owned()),
                Ok(Err(error)) => self.story.push(format!("no start: {error}")),
                Err(panic) if panic.is::<Died>() => self.story.push("died at the start".to_owned()),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            if attempt >= STARTS {
                self.disk.mend();
            }
            self.end();
        }
    }

    /// A process ends, or the whole machine: what its disk holds at this moment is all that it has.
    fn end(&mut self) {
        self.lives += 1;
        let mut dice = Chance::new(self.seed.wrapping_mul(1000).wrapping_add(self.lives.into()));
        if self.disk.is_frozen() || dice.percent(30) {
            self.wire.clock.reboot();
            self.disk.cut_power(|end| dice.below(end));
            self.story.push("the power went".to_owned());
        } else {
            self.disk.kill();
        }
        self.seen = None;
    }

    /// The daemon dies and starts again.
    pub(super) fn die(&mut self) {
        self.end();
        self.daemon = None;
        self.wire.die_at(self.die_again.take());
        self.story.push(format!("died; life {}", self.lives));
        self.start();
    }

    /// Something that the daemon does; `None` when it died of it. A daemon whose journal fails it ends by itself.
    pub(super) fn alive<R, E: std::fmt::Display>(
        &mut self,
        work: impl FnOnce(&mut Daemon) -> Result<R, E>,
    ) -> Result<Option<R>, Broken> {
        let daemon = self.daemon.as_mut().expect("it runs");
        let done = match std::panic::catch_unwind(AssertUnwindSafe(|| work(daemon))) {
            Ok(Ok(done)) => Some(done),
            Ok(Err(error)) if self.disk.troubles() > self.troubles => {
                self.story.push(error.to_string());
                self.die();
                None
            }
            Ok(Err(error)) => return Err(broken("journal", error.to_string())),
            Err(panic) if panic.is::<Died>() => {
                self.die();
                None
            }
            Err(panic) => std::panic::resume_unwind(panic),
        };
        if self.disk.is_frozen() {
            self.die();
        }
        Ok(done)
    }

    pub(super) fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("it runs")
    }

    pub(super) fn check(&mut self) -> Result<(), Broken> {
        let booked = self.wire.link.device(|d| d.register().documents().len());
        let now = Some((self.disk.calls(), booked, self.cloud.words));
        if self.seen == now {
            return Ok(());
        }
        self.seen = now;
        if self.daemon.is_none() {
            return Err(broken("starts", self.story.last().cloned().unwrap_or_default()));
        }
        let books = self.wire.link.device(|d| d.register().documents().to_vec());
        let daemon = self.daemon.as_mut().expect("it runs");
        self.truth.check(&daemon.eyes, &books, &self.cloud)?;
        for id in &self.accepted {
            if !daemon.eyes.knows(id).map_err(|e| sql(&e))? {
                return Err(broken("accepted-is-kept", format!("{id} was answered with 200")));
            }
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), Broken> {
        match act {
            Act::Post(sent) => self.post(*sent),
            Act::Disk(fault) => {
                self.disk.fault(*fault);
                Ok(())
            }
            Act::Mend => {
                self.disk.mend();
                Ok(())
            }
            Act::Script(line) => {
                let said = self.wire.link.inject(line).map_err(|e| broken("script", e.to_string()))?;
                self.story.push(said);
                Ok(())
            }
            Act::DieAt(nth, again) => {
                self.wire.die_at(Some(*nth));
                self.die_again = *again;
                Ok(())
            }
            Act::Die => {
                self.die();
                Ok(())
            }
            Act::Reboot(down_s, wrong_s) => {
                self.wire.pass(Duration::from_secs((*down_s).into()));
                self.wire.clock.reboot();
                self.wire.clock.jump_wall(wrong_s * 1000);
                self.die();
                Ok(())
            }
            Act::Jump(seconds) => {
                self.wire.clock.jump_wall(seconds * 1000);
                Ok(())
            }
            Act::Pass(time) => {
                self.wire.pass(*time);
                Ok(())
            }
            Act::Away(days) => {
                self.cloud.away = true;
                for _ in 0..*days {
                    self.step()?;
                    self.report(Cut::None)?;
                    self.wire.pass(Duration::from_secs(24 * 3600));
                }
                self.cloud.away = false;
                Ok(())
            }
            Act::Work(steps) => {
                for _ in 0..*steps {
                    match self.step()? {
                        Some(Pace::Again) | None => {}
                        // An idle lane waits for the evening; that is for acts that let time pass.
                        Some(Pace::Wait(time)) if self.daemon().eyes.open_documents().map_err(|e| sql(&e))? > 0 => {
                            self.wait(Some(time))?;
                        }
                        Some(Pace::Wait(_) | Pace::Ring) => break,
                    }
                }
                Ok(())
            }
            Act::Cloud(says, times) => {
                self.cloud.will_say(*says, *times);
                Ok(())
            }
            Act::Report(cut) => self.report(*cut).map(drop),
            Act::Decide(word) => self.decide(*word),
            Act::Agree => self.ask(Ask::Agree { device: DEVICE.into() }).map(drop),
            Act::Allow(sale) => {
                self.truth.allowed.insert((*sale).into());
                self.ask(Ask::Allow { document_id: (*sale).into(), device: None }).map(drop)
            }
            Act::CloseShift => {
                // One is enough: a second is refused.
                self.alive(|daemon| Ok::<_, JournalError>(daemon.journal.order(DEVICE, Body::CloseShift(None)).is_ok()))
                    .map(drop)
            }
        }
    }

    /// What a person is told; `None` when the daemon died of the question.
    pub(super) fn ask(&mut self, ask: Ask) -> Result<Option<Tell>, Broken> {
        let told = self.alive(|daemon| Ok::<_, JournalError>(daemon.desk.answer(ask)))?;
        self.story.push(format!("{told:?}"));
        Ok(told)
    }

    /// The cloud sends a document; what it is answered with is all that it knows.
    fn post(&mut self, sent: Sent) -> Result<(), Broken> {
        let id = format!("{}-{}", sent.sale, sent.id);
        let mut document: serde_json::Value =
            serde_json::from_str(include_str!("../../src/console/simulate/example.json")).expect("the example");
        document["id"] = json!(id);
        document["date"] = json!(format!("2026-09-22T04:{:02}:00.000Z", sent.later % 60));
        document["document_id"] = json!(sent.sale);
        document["type"] = json!(if sent.back { "return" } else { "sale" });
        document["positions"][0]["price"] = json!(sent.price);
        document["positions"][0]["discount_amount"] = json!(0);
        document["payments"] = json!([{ "type": "card", "sum": sent.price }]);
        let host = if sent.elsewhere { "http://127.0.0.1:8081" } else { CALLBACK };
        document["callback_url"] = json!(format!("{host}/callback/"));
        let request = Request::post("/")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(HttpBody::from(document.to_string()))
            .expect("a request");
        let answer = self.alive(|daemon| {
            let intake = daemon.intake.clone();
            daemon.tasks.block_on(async move {
                let response = intake.oneshot(request).await?;
                let status = response.status();
                let body = http_body_util::BodyExt::collect(response.into_body()).await.expect("a body").to_bytes();
                Ok::<_, Infallible>((status, String::from_utf8_lossy(&body).into_owned()))
            })
        })?;
        let Some((status, body)) = answer else { return Ok(()) };
        self.story.push(format!("{} {body}", status.as_u16()));
        if status.is_success() {
            self.accepted.insert(json!(id).to_string());
        }
        Ok(())
    }

    /// One step of the lane; `None` when the daemon died in it.
    pub(super) fn step(&mut self) -> Result<Option<Pace>, Broken> {
        let pace = self.alive(|daemon| daemon.lane.step())?;
        self.story.push(format!("step: {pace:?}"));
        self.check()?;
        Ok(pace)
    }

    /// As the lane's thread waits: until its time, or until a document expires.
    pub(super) fn wait(&mut self, time: Option<Duration>) -> Result<(), Broken> {
        let expiry = self.alive(|daemon| daemon.journal.time_to_expiry(DEVICE, limits()))?.flatten();
        let expiry = expiry.map(|t| t + Duration::from_millis(5));
        if let Some(wait) = [time, expiry].into_iter().flatten().min() {
            self.wire.pass(wait);
        }
        Ok(())
    }

    /// One attempt to report, as the outbox makes it; else how long until the next is due.
    pub(super) fn report(&mut self, cut: Cut) -> Result<Option<Duration>, Broken> {
        let now = self.wire.clock.now();
        let hosts = &mut self.daemon().hosts;
        if hosts.paused(now.boot_ms) {
            return Ok(hosts.wait(now.boot_ms));
        }
        let held = hosts.held(now.boot_ms);
        let Some(due) = self.alive(|d| d.tasks.block_on(d.journal.due(&now, &held)))? else { return Ok(None) };
        let Some(report) = due else {
            let due = self.alive(|d| d.tasks.block_on(d.journal.next_due(&now, &held)))?.flatten();
            return Ok([due, self.daemon().hosts.wait(now.boot_ms)].into_iter().flatten().min());
        };
        let host = origin::origin_of(&report.url);
        if host != CALLBACK {
            return Err(broken("token-stays-here", format!("{report:?} would take the token to {host}")));
        }
        let stored = self.alive(|d| d.tasks.block_on(d.journal.attempted(report.row, &now)))?;
        if stored.is_none() {
            return Ok(None);
        }
        self.daemon().hosts.started(&host, report.row, now.boot_ms);
        if cut == Cut::BeforeSending {
            self.die();
            return Ok(None);
        }
        let answer = self.cloud.receive(report.row, &report.body);
        self.story.push(format!("report {} {}: {answer:?}", report.row, report.body));
        if cut == Cut::BeforeStoring {
            self.die();
            return self.check().map(|()| None);
        }
        let waited = match age(&report.since, &now) {
            Age::Known(waited) => waited,
            Age::Implausible => Duration::ZERO,
        };
        let daemon = self.daemon();
        let host_failures = daemon.hosts.failures(&host) + 1;
        let past = Past { tries: report.tries + 1, host_failures, waited, now_wall_ms: now.wall_ms };
        let next = schedule::next(&answer, past, &mut daemon.dice);
        if self.alive(|d| d.tasks.block_on(d.journal.answered(report.row, &next, &now)))?.is_some() {
            self.daemon().hosts.answered(&host, report.row, &answer, &next, now.boot_ms);
        }
        self.check().map(|()| None)
    }
}

pub fn sql(error: &rusqlite::Error) -> Broken {
    broken("readable", error.to_string())
}
