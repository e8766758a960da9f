//! The loop in simulated time: months pass in milliseconds, and no socket is opened.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::memory::{MemoryStore, State};
use super::{Answer, Next, Post, Report, Store, run};
use crate::clock::{Clock, FLOOR_WALL_MS, ManualClock, Stamp};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
const A: &str = "https://a.alteg.io/api/callback";
const B: &str = "https://b.alteg.io/api/callback";

type Script = Box<dyn FnMut(&Report, &Stamp) -> Answer + Send>;

/// A cloud that answers by a script, after 50 ms.
struct Cloud {
    clock: ManualClock,
    script: Mutex<Script>,
    /// Every attempt: seconds since the start, row, body.
    seen: Mutex<Vec<(i64, i64, String)>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Post for Cloud {
    async fn send(&self, report: &Report) -> Answer {
        let now = self.clock.now();
        self.seen.lock().unwrap().push(((now.boot_ms - 10_000) / 1000, report.row, report.body.clone()));
        let count = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(count, Ordering::SeqCst);
        self.clock.sleep(Duration::from_millis(50)).await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        (self.script.lock().unwrap_or_else(PoisonError::into_inner))(report, &self.clock.now())
    }
}

struct World {
    clock: ManualClock,
    store: Arc<MemoryStore>,
    cloud: Arc<Cloud>,
    doorbell: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl World {
    fn new(script: impl FnMut(&Report, &Stamp) -> Answer + Send + 'static) -> Self {
        let clock = ManualClock::new(FLOOR_WALL_MS + 1_000_000);
        let cloud = Cloud {
            clock: clock.clone(),
            script: Mutex::new(Box::new(script)),
            seen: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        };
        let store = Arc::new(MemoryStore::default());
        Self { clock, store, cloud: Arc::new(cloud), doorbell: Arc::default(), stop: None, task: None }
    }

    fn start(&mut self) {
        let (stop, stopped) = oneshot::channel::<()>();
        let run = run(
            Arc::clone(&self.store),
            Arc::clone(&self.cloud),
            self.clock.clone(),
            Arc::clone(&self.doorbell),
            async move {
                let _ = stopped.await;
            },
        );
        self.stop = Some(stop);
        self.task = Some(tokio::spawn(async move { run.await.unwrap() }));
    }

    fn add(&self, url: &str) -> i64 {
        self.store.add(url, &format!("{{\"at\":\"{url}\"}}"), &self.clock.now())
    }

    fn ring(&self) {
        self.doorbell.notify_one();
    }

    /// Lets time pass, stopping at every moment for which somebody waits.
    async fn turn(&self, time: Duration) {
        let mut left = time;
        loop {
            settle().await;
            match self.clock.next_wake() {
                Some(wait) if wait <= left => {
                    self.clock.advance(wait);
                    left -= wait;
                }
                Some(_) | None => break,
            }
        }
        self.clock.advance(left);
        settle().await;
    }

    /// Rows in the order of their attempts.
    fn rows(&self) -> Vec<i64> {
        self.cloud.seen.lock().unwrap().iter().map(|(_, row, _)| *row).collect()
    }

    /// Seconds of a row's attempts.
    fn times(&self, row: i64) -> Vec<i64> {
        self.cloud.seen.lock().unwrap().iter().filter(|seen| seen.1 == row).map(|seen| seen.0).collect()
    }

    fn state(&self, row: i64) -> State {
        self.store.row(row).state
    }
}

/// Lets every task run until all of them wait for time.
async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}

fn status(code: u16) -> Answer {
    Answer::Status { code, retry_after: None, note: String::new() }
}

fn unreachable() -> Answer {
    Answer::Unreachable("no route".to_owned())
}

#[tokio::test]
async fn reports_go_oldest_first_once_each_and_no_faster_than_the_limit() {
    let mut world = World::new(|_, _| status(200));
    let rows: Vec<i64> = (0..250).map(|_| world.add(A)).collect();
    world.start();
    world.turn(Duration::from_millis(900)).await;
    assert_eq!(world.rows(), rows[..5]);
    world.turn(58 * SECOND).await;
    assert_eq!(world.rows(), rows[..200]);
    world.turn(20 * SECOND).await;
    assert_eq!(world.rows(), rows);
    assert_eq!(world.store.waiting(), 0);
    assert_eq!(world.clock.next_wake(), None, "nothing waits, so nobody sleeps to look again");
    world.add(A);
    world.ring();
    world.turn(SECOND).await;
    assert_eq!(world.store.waiting(), 0);
}

#[tokio::test]
async fn four_weeks_without_network_lose_nothing_repeat_nothing_and_keep_the_order() {
    let back_ms = 10_000 + i64::try_from((28 * DAY).as_millis()).unwrap();
    let mut world = World::new(move |_, now| if now.boot_ms < back_ms { unreachable() } else { status(200) });
    world.start();
    let mut rows = Vec::new();
    for _ in 0..28 {
        for _ in 0..72 {
            rows.push(world.add(A));
            world.ring();
            world.turn(DAY / 72).await;
        }
    }
    assert_eq!(world.store.waiting(), rows.len());
    let in_vain = world.rows();
    assert!(in_vain.iter().all(|row| *row == rows[0]), "one report looks whether the network is back");
    assert!(in_vain.len() <= 28 * (72 + 24), "{}", in_vain.len());
    assert!(rows.iter().all(|row| world.store.row(*row).reached == 0), "nothing has reached the wire");
    world.cloud.seen.lock().unwrap().clear();
    world.turn(DAY).await;
    assert_eq!(world.rows(), rows);
    assert_eq!(world.store.waiting(), 0);
    assert_eq!(world.cloud.most_in_flight.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn after_thirty_days_the_probe_is_parked_and_the_others_still_get_through() {
    let back_ms = 10_000 + i64::try_from((31 * DAY).as_millis()).unwrap();
    let mut world = World::new(move |_, now| if now.boot_ms < back_ms { unreachable() } else { status(200) });
    let rows: Vec<i64> = (0..200).map(|_| world.add(A)).collect();
    world.start();
    world.turn(32 * DAY).await;
    let parked = rows.iter().filter(|row| matches!(world.state(**row), State::Parked(_))).count();
    let delivered = rows.iter().filter(|row| world.state(**row) == State::Delivered).count();
    assert!((1..50).contains(&parked), "{parked}");
    assert_eq!(parked + delivered, rows.len());
}

#[tokio::test]
async fn a_report_that_fails_by_itself_is_retried_by_the_ladder_and_lets_others_pass() {
    let mut world = World::new(|report, _| match (report.row, report.tries) {
        (1, 0..=1) => status(500),
        (1, 2) => Answer::NoAnswer("reset".to_owned()),
        _ => status(200),
    });
    let (first, second) = (world.add(A), world.add(A));
    world.start();
    world.turn(SECOND).await;
    assert_eq!(world.state(second), State::Delivered);
    world.turn(10 * MINUTE).await;
    assert_eq!(world.times(first), [0, 5, 35, 155]);
    assert_eq!(world.state(first), State::Delivered);
    let bodies: Vec<String> =
        world.cloud.seen.lock().unwrap().iter().filter(|seen| seen.1 == first).map(|seen| seen.2.clone()).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same bytes each time");
}

#[tokio::test]
async fn a_429_brakes_its_host_alone_and_a_ring_does_not_lift_it() {
    let mut asked = false;
    let mut world = World::new(move |report, _| {
        if report.url == A && !std::mem::replace(&mut asked, true) {
            return Answer::Status { code: 429, retry_after: Some("120".to_owned()), note: String::new() };
        }
        status(200)
    });
    let (a1, a2) = (world.add(A), world.add(A));
    let b: Vec<i64> = (0..3).map(|_| world.add(B)).collect();
    world.start();
    world.turn(60 * SECOND).await;
    assert!(b.iter().all(|row| world.state(*row) == State::Delivered));
    world.ring();
    world.turn(59 * SECOND).await;
    assert_eq!((world.times(a1), world.times(a2)), (vec![0], vec![]));
    world.turn(3 * SECOND).await;
    assert_eq!((world.times(a1), world.times(a2)), (vec![0, 120], vec![120]));
}

#[tokio::test]
async fn a_host_out_of_reach_does_not_hold_up_another_and_a_ring_tries_it_again() {
    let reachable = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&reachable);
    let mut world =
        World::new(
            move |report, _| {
                if report.url == A && seen.load(Ordering::SeqCst) == 0 { unreachable() } else { status(200) }
            },
        );
    let a: Vec<i64> = (0..50).map(|_| world.add(A)).collect();
    let b = world.add(B);
    world.start();
    world.turn(5 * 60 * MINUTE).await;
    assert_eq!(world.state(b), State::Delivered);
    let before = world.times(a[0]).len();
    assert!((9..=16).contains(&before), "{before}");
    reachable.store(1, Ordering::SeqCst);
    let news = world.add(B);
    world.ring();
    world.turn(12 * SECOND).await;
    assert_eq!(world.state(news), State::Delivered);
    assert!(a.iter().all(|row| world.state(*row) == State::Delivered), "the wait of up to 90 min was lifted");
}

#[tokio::test]
async fn a_refused_token_pauses_all_until_a_probe_is_taken() {
    let good = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&good);
    let mut world = World::new(move |_, _| status(if seen.load(Ordering::SeqCst) == 0 { 401 } else { 200 }));
    let a: Vec<i64> = (0..10).map(|_| world.add(A)).collect();
    world.start();
    world.turn(SECOND).await;
    let b = world.add(B);
    world.turn(44 * MINUTE).await;
    assert_eq!(world.times(a[0]), [0, 900, 1800]);
    assert_eq!(world.rows().len(), 3, "nothing but the probe");
    world.ring();
    world.turn(SECOND).await;
    assert_eq!(world.times(a[0]).len(), 4, "a ring probes at once");
    good.store(1, Ordering::SeqCst);
    world.turn(16 * MINUTE).await;
    assert_eq!(world.store.waiting(), 0);
    assert_eq!(world.state(b), State::Delivered);
    assert!(a.iter().all(|row| world.times(*row).len() == if *row == a[0] { 5 } else { 1 }));
}

#[tokio::test]
async fn a_404_is_parked_and_never_tried_again() {
    let mut world = World::new(|report, _| status(if report.row == 1 { 404 } else { 200 }));
    let (first, second) = (world.add(A), world.add(A));
    world.start();
    world.turn(40 * DAY).await;
    assert!(matches!(world.state(first), State::Parked(why) if why.contains("404")));
    assert_eq!(world.times(first).len(), 1);
    assert_eq!(world.state(second), State::Delivered);
}

#[tokio::test]
async fn due_times_survive_a_restart_and_a_reboot_with_a_wrong_clock() {
    let mut world = World::new(|report, _| status(if report.tries < 5 { 503 } else { 200 }));
    let row = world.add(A);
    world.start();
    world.turn(13 * MINUTE).await;
    assert_eq!(world.times(row).len(), 5);
    world.stop.take().unwrap().send(()).unwrap();
    world.task.take().unwrap().await.unwrap();
    world.clock.reboot();
    world.start();
    world.turn(16 * MINUTE).await;
    assert_eq!(world.times(row).len(), 5, "the wall clock carries the due time over the boot");
    world.stop.take().unwrap().send(()).unwrap();
    world.task.take().unwrap().await.unwrap();
    world.clock.reboot();
    world.clock.jump_wall(-400 * 24 * 3600 * 1000);
    world.start();
    world.turn(SECOND).await;
    assert_eq!(world.state(row), State::Delivered, "a clock set back keeps nobody waiting");
}

#[tokio::test]
async fn the_end_waits_for_the_answer_that_is_on_its_way() {
    let mut world = World::new(|_, _| status(200));
    let (first, second) = (world.add(A), world.add(A));
    world.start();
    settle().await;
    assert_eq!(world.rows(), [first]);
    world.stop.take().unwrap().send(()).unwrap();
    world.turn(SECOND).await;
    world.task.take().unwrap().await.unwrap();
    assert_eq!(world.state(first), State::Delivered);
    assert_eq!(world.times(second).len(), 0, "nothing new is begun");
}

#[tokio::test]
async fn an_attempt_that_breaks_inside_counts_as_no_answer() {
    let mut world = World::new(|report, _| {
        assert!(report.tries > 0, "the first attempt breaks");
        status(200)
    });
    let row = world.add(A);
    world.start();
    world.turn(MINUTE).await;
    assert_eq!(world.times(row), [0, 5]);
    assert_eq!(world.state(row), State::Delivered);
}

/// Fails to store an attempt.
struct Broken(MemoryStore);

impl Store for Broken {
    type Error = std::io::Error;

    async fn due(&self, now: &Stamp, held: &[String]) -> std::io::Result<Option<Report>> {
        self.0.due(now, held).await.map_err(|never| match never {})
    }

    async fn next_due(&self, now: &Stamp, held: &[String]) -> std::io::Result<Option<Duration>> {
        self.0.next_due(now, held).await.map_err(|never| match never {})
    }

    async fn attempted(&self, _row: i64, _now: &Stamp) -> std::io::Result<()> {
        Err(std::io::Error::other("disk"))
    }

    async fn answered(&self, row: i64, next: &Next, now: &Stamp) -> std::io::Result<()> {
        self.0.answered(row, next, now).await.map_err(|never| match never {})
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_sent() {
    let world = World::new(|_, _| status(200));
    let store = MemoryStore::default();
    store.add(A, "{}", &world.clock.now());
    let ended = run(
        Arc::new(Broken(store)),
        Arc::clone(&world.cloud),
        world.clock.clone(),
        Arc::default(),
        std::future::pending(),
    )
    .await;
    assert_eq!(ended.unwrap_err().to_string(), "disk");
    settle().await;
    assert!(world.rows().is_empty());
}
