//! One shop: register, daemon, cloud, people; the daemon's memory is lost at each death, its disk and the register stay.

use std::collections::BTreeSet;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::Request;
use kkm_bridge::clock::{Age, Clock as _, ManualClock, age};
use kkm_bridge::control::{Ask, Tell};
use kkm_bridge::dispatcher::Pace;
use kkm_bridge::journal::{FILE, JournalError};
use kkm_bridge::outbox::schedule::{self, Past};
use kkm_bridge::outbox::{Store, origin};
use kkm_drivers::contract::{Body, Marker};
use kkm_drivers::simulator::{Clock, Device, Manner, MemoryLink, Moment, Register};
use serde_json::json;
use tower::ServiceExt;

use crate::cloud::Cloud;
use crate::daemon::{CALLBACK, DEVICE, Daemon, TOKEN, limits};
use crate::plan::{Act, Cut, Sent};
use crate::truth::{Broken, Truth, broken};
use crate::wire::{Died, Wire};

/// 2026-09-22T04:00:00Z, as the documents say.
const START_WALL_MS: i64 = 1_790_049_600_000;

/// Where journals of a simulation live: on a disk in memory, if there is one, for its fsync costs nothing.
fn disk() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// A shop.
pub struct Shop {
    disk: tempfile::TempDir,
    lives: u32,
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
        let disk = tempfile::Builder::new().prefix("kkm-simulation-").tempdir_in(disk()).expect("a directory");
        let mut shop = Self {
            disk,
            lives: 0,
            seed,
            daemon: None,
            wire: Wire::new(link, ManualClock::new(START_WALL_MS)),
            die_again: None,
            cloud: Cloud::default(),
            truth: Truth::default(),
            accepted: BTreeSet::new(),
            story: Vec::new(),
        };
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
        let story = std::mem::take(&mut self.story);
        self.close();
        (story, lived)
    }

    /// The journal of the dead may still be closing: its directory is removed when that is over.
    fn close(mut self) {
        self.daemon = None;
        let path = self.disk.keep();
        for _ in 0..1000 {
            if std::fs::remove_dir_all(&path).is_ok() {
                return;
            }
            std::thread::yield_now();
        }
    }

    fn directory(&self) -> PathBuf {
        self.disk.path().join(self.lives.to_string())
    }

    fn start(&mut self) {
        // A new epoch for each life, the same each time that the seed is run.
        let epoch = (self.seed as u32).wrapping_mul(64).wrapping_add(self.lives) & Marker::MAX_EPOCH;
        self.daemon = Some(Daemon::start(&self.directory(), &self.wire, epoch, self.seed));
    }

    /// The daemon dies as by SIGKILL and starts again: what its disk holds at this moment is all that it has.
    pub(super) fn die(&mut self) {
        let before = self.directory();
        self.lives += 1;
        let after = self.directory();
        std::fs::create_dir(&after).expect("a directory");
        for name in [FILE.to_owned(), format!("{FILE}-wal")] {
            if before.join(&name).exists() {
                std::fs::copy(before.join(&name), after.join(&name)).expect("copied");
            }
        }
        self.daemon = None;
        self.wire.die_at(self.die_again.take());
        self.story.push(format!("died; life {}", self.lives));
        self.start();
    }

    pub(super) fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("it runs")
    }

    pub(super) fn check(&mut self) -> Result<(), Broken> {
        let books = self.wire.link.device(|d| d.register().documents().to_vec());
        let daemon = self.daemon.as_mut().expect("it runs");
        self.truth.check(&mut daemon.eyes, &books, &self.cloud)?;
        for id in &self.accepted {
            if !daemon.eyes.knows(id).map_err(|e| sql(&e))? {
                return Err(broken("accepted-is-kept", format!("{id} was answered with 200")));
            }
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), Broken> {
        match act {
            Act::Post(sent) => {
                self.post(*sent);
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
            Act::Agree => {
                self.ask(Ask::Agree { device: DEVICE.into() });
                Ok(())
            }
            Act::Allow(sale) => {
                self.truth.allowed.insert((*sale).into());
                self.ask(Ask::Allow { document_id: (*sale).into(), device: None });
                Ok(())
            }
            Act::CloseShift => {
                // One is enough: a second is refused.
                let _ = self.daemon().journal.order(DEVICE, Body::CloseShift(None));
                Ok(())
            }
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) -> Tell {
        let told = self.daemon().desk.answer(ask);
        self.story.push(format!("{told:?}"));
        told
    }

    /// The cloud sends a document; what it is answered with is all that it knows.
    fn post(&mut self, sent: Sent) {
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
        document["callback_url"] = json!(format!("{CALLBACK}/callback/"));
        let request = Request::post("/")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(HttpBody::from(document.to_string()))
            .expect("a request");
        let daemon = self.daemon.as_mut().expect("it runs");
        let intake = daemon.intake.clone();
        let (status, body) = daemon.tasks.block_on(async move {
            let response = intake.oneshot(request).await.expect("infallible");
            let status = response.status();
            let body = http_body_util::BodyExt::collect(response.into_body()).await.expect("a body").to_bytes();
            (status, String::from_utf8_lossy(&body).into_owned())
        });
        self.story.push(format!("{} {body}", status.as_u16()));
        if status.is_success() {
            self.accepted.insert(json!(id).to_string());
        }
    }

    /// One step of the lane; `None` when the daemon died in it.
    pub(super) fn step(&mut self) -> Result<Option<Pace>, Broken> {
        let lane = &mut self.daemon.as_mut().expect("it runs").lane;
        let pace = match std::panic::catch_unwind(AssertUnwindSafe(|| lane.step())) {
            Ok(Ok(pace)) => Some(pace),
            Ok(Err(error)) => return Err(broken("lane", error.to_string())),
            Err(panic) if panic.is::<Died>() => {
                self.die();
                None
            }
            Err(panic) => std::panic::resume_unwind(panic),
        };
        self.story.push(format!("step: {pace:?}"));
        self.check()?;
        Ok(pace)
    }

    /// As the lane's thread waits: until its time, or until a document expires.
    pub(super) fn wait(&mut self, time: Option<Duration>) -> Result<(), Broken> {
        let expiry = self.daemon().journal.time_to_expiry(DEVICE, limits()).map_err(|e| journal(&e))?;
        let expiry = expiry.map(|t| t + Duration::from_millis(5));
        if let Some(wait) = [time, expiry].into_iter().flatten().min() {
            self.wire.pass(wait);
        }
        Ok(())
    }

    /// One attempt to report, as the outbox makes it; else how long until the next is due.
    pub(super) fn report(&mut self, cut: Cut) -> Result<Option<Duration>, Broken> {
        let clock = self.wire.clock.clone();
        let daemon = self.daemon.as_mut().expect("it runs");
        let now = clock.now();
        if daemon.hosts.paused(now.boot_ms) {
            return Ok(daemon.hosts.wait(now.boot_ms));
        }
        let held = daemon.hosts.held(now.boot_ms);
        let Some(report) = daemon.tasks.block_on(daemon.journal.due(&now, &held)).map_err(|e| journal(&e))? else {
            let due = daemon.tasks.block_on(daemon.journal.next_due(&now, &held)).map_err(|e| journal(&e))?;
            return Ok([due, daemon.hosts.wait(now.boot_ms)].into_iter().flatten().min());
        };
        let host = origin::origin_of(&report.url);
        daemon.tasks.block_on(daemon.journal.attempted(report.row, &now)).map_err(|e| journal(&e))?;
        daemon.hosts.started(&host, report.row, now.boot_ms);
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
        let host_failures = daemon.hosts.failures(&host) + 1;
        let past = Past { tries: report.tries + 1, host_failures, waited, now_wall_ms: now.wall_ms };
        let next = schedule::next(&answer, past, &mut daemon.dice);
        daemon.tasks.block_on(daemon.journal.answered(report.row, &next, &now)).map_err(|e| journal(&e))?;
        daemon.hosts.answered(&host, report.row, &answer, &next, now.boot_ms);
        self.check().map(|()| None)
    }
}

pub fn sql(error: &rusqlite::Error) -> Broken {
    broken("readable", error.to_string())
}

pub fn journal(error: &JournalError) -> Broken {
    broken("journal", error.to_string())
}
