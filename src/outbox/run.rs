//! The loop.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};

use super::lanes::Lanes;
use super::schedule::{self, Dice, Past};
use super::{Answer, Next, Post, Report, Store, origin};
use crate::clock::{Age, Clock, Stamp, age};

/// So many reports are in flight, and so in memory, at once; one for each host.
pub const MOST_IN_FLIGHT: usize = 16;

/// What is in flight when the end is asked for gets that long to be answered; after it, the same bytes go again at the next start.
const GRACE: Duration = Duration::from_secs(5);

/// A store that says "due" and hands out nothing is asked again no sooner.
const SHORTEST_SLEEP: Duration = Duration::from_millis(50);

/// Sends reports until `shutdown` ends; an error is the store's, and nothing more was sent after it.
///
/// Ring `doorbell` with `notify_one` after a report was committed; reports that were there before need no ring.
pub async fn run<S: Store, P: Post, C: Clock>(
    store: Arc<S>,
    post: Arc<P>,
    clock: C,
    doorbell: Arc<Notify>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), S::Error> {
    let mut outbox = Outbox {
        store,
        post,
        clock,
        lanes: Lanes::default(),
        dice: Dice::new(),
        tasks: JoinSet::new(),
        flights: HashMap::new(),
    };
    tokio::pin!(shutdown);
    loop {
        outbox.start_due().await?;
        let wait = outbox.wait().await?;
        tokio::select! {
            () = &mut shutdown => return outbox.finish().await,
            Some(end) = outbox.tasks.join_next_with_id() => outbox.landed(end).await?,
            () = doorbell.notified() => outbox.lanes.rung(outbox.clock.now().boot_ms),
            () = sleep(&outbox.clock, wait) => {}
        }
    }
}

async fn sleep<C: Clock>(clock: &C, wait: Option<Duration>) {
    match wait {
        Some(wait) => clock.sleep(wait.max(SHORTEST_SLEEP)).await,
        None => std::future::pending().await,
    }
}

/// A report on its way.
struct Flight {
    row: i64,
    tries: u32,
    since: Stamp,
    origin: String,
}

type Landing = Result<(Id, Answer), tokio::task::JoinError>;

struct Outbox<S, P, C> {
    store: Arc<S>,
    post: Arc<P>,
    clock: C,
    lanes: Lanes,
    dice: Dice,
    tasks: JoinSet<Answer>,
    flights: HashMap<Id, Flight>,
}

impl<S: Store, P: Post, C: Clock> Outbox<S, P, C> {
    /// Starts the oldest due report of every host that may be sent to.
    async fn start_due(&mut self) -> Result<(), S::Error> {
        loop {
            let now = self.clock.now();
            if self.lanes.paused(now.boot_ms) || self.flights.len() >= MOST_IN_FLIGHT {
                return Ok(());
            }
            let held = self.lanes.held(now.boot_ms);
            let Some(report) = self.store.due(&now, &held).await? else { return Ok(()) };
            self.start(report).await?;
        }
    }

    async fn start(&mut self, report: Report) -> Result<(), S::Error> {
        let now = self.clock.now();
        let origin = origin::origin_of(&report.url);
        kkm_drivers::failpoint::hit("outbox.due");
        self.store.attempted(report.row, &now).await?;
        kkm_drivers::failpoint::hit("outbox.attempted");
        self.lanes.started(&origin, report.row, now.boot_ms);
        let flight = Flight { row: report.row, tries: report.tries + 1, since: report.since, origin };
        let post = Arc::clone(&self.post);
        let task = self.tasks.spawn(async move { post.send(&report).await });
        self.flights.insert(task.id(), flight);
        Ok(())
    }

    /// How long until time alone makes something happen.
    async fn wait(&mut self) -> Result<Option<Duration>, S::Error> {
        if self.flights.len() >= MOST_IN_FLIGHT {
            return Ok(None);
        }
        let now = self.clock.now();
        let lanes = self.lanes.wait(now.boot_ms);
        if self.lanes.paused(now.boot_ms) {
            return Ok(lanes);
        }
        let held = self.lanes.held(now.boot_ms);
        let due = self.store.next_due(&now, &held).await?;
        Ok([lanes, due].into_iter().flatten().min())
    }

    async fn landed(&mut self, end: Landing) -> Result<(), S::Error> {
        let (id, answer) = match end {
            Ok((id, answer)) => (id, answer),
            Err(error) => (error.id(), Answer::NoAnswer("the attempt was broken off inside".to_owned())),
        };
        let Some(Flight { row, tries, since, origin }) = self.flights.remove(&id) else { return Ok(()) };
        let now = self.clock.now();
        let waited = match age(&since, &now) {
            Age::Known(waited) => waited,
            Age::Implausible => Duration::ZERO,
        };
        let host_failures = self.lanes.failures(&origin) + 1;
        let past = Past { tries, host_failures, waited, now_wall_ms: now.wall_ms };
        let next = schedule::next(&answer, past, &mut self.dice);
        log(row, tries, &origin, &answer, &next);
        kkm_drivers::failpoint::hit("outbox.heard");
        self.store.answered(row, &next, &now).await?;
        kkm_drivers::failpoint::hit("outbox.stored");
        self.lanes.answered(&origin, row, &answer, &next, now.boot_ms);
        Ok(())
    }

    async fn finish(mut self) -> Result<(), S::Error> {
        let grace = self.clock.sleep(GRACE);
        tokio::pin!(grace);
        loop {
            tokio::select! {
                end = self.tasks.join_next_with_id() => match end {
                    Some(end) => self.landed(end).await?,
                    None => return Ok(()),
                },
                () = &mut grace => return Ok(()),
            }
        }
    }
}

fn log(document: i64, tries: u32, origin: &str, answer: &Answer, next: &Next) {
    match next {
        Next::Delivered => tracing::info!(document, tries, origin, "report delivered"),
        Next::RetryAfter(wait) | Next::HostAfter(wait) | Next::Unreached(wait) => {
            tracing::warn!(document, tries, origin, ?answer, wait_s = wait.as_secs(), "report not delivered yet");
        }
        Next::PauseAll(why) => {
            tracing::error!(document, tries, origin, why, "our token is refused: all reports wait");
        }
        Next::Park(why) => {
            tracing::error!(document, tries, origin, why, "report parked: a person must look at it");
        }
    }
}
