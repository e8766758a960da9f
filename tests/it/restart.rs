//! Killed anywhere, started again: each accepted document once in the books, and its author told the truth.

use std::sync::Mutex;

use crate::rig::{Rig, another};

/// What happens to the register while the document is under way.
type Fault = &'static str;

/// Where the daemon is killed, and with which fault of the register that point is reached. `:n` is the n-th passage: a
/// shift is opened before the first receipt, which passes the points of a registering command once.
const POINTS: &[(&str, Fault)] = &[
    // Intake.
    ("inbox.before-commit", ""),
    ("inbox.accepted", ""),
    // The look; a shift is opened for the first receipt.
    ("dispatcher.adopted", ""),
    ("shtrih.before-registering", ""),
    ("shtrih.registering-sent", ""),
    ("shtrih.registering-answered", ""),
    ("dispatcher.looked", ""),
    // The receipt.
    ("dispatcher.marked", ""),
    ("shtrih.line-sent", ""),
    ("shtrih.line-sent:2", ""),
    ("dispatcher.before-closing", ""),
    ("dispatcher.closing", ""),
    ("shtrih.before-registering:2", ""),
    ("shtrih.registering-sent:2", ""),
    ("shtrih.registering-answered:2", ""),
    ("dispatcher.executed", ""),
    ("dispatcher.before-settle", ""),
    ("dispatcher.settled", ""),
    // The report.
    ("outbox.due", ""),
    ("outbox.attempted", ""),
    ("outbox.heard", ""),
    ("outbox.stored", ""),
    // After a doubt.
    ("dispatcher.doubtful", "lose-answer FF45"),
    ("reconcile.begin", "lose-answer FF45"),
    ("reconcile.verdict", "lose-answer FF45"),
    ("dispatcher.before-settle", "lose-answer FF45"),
    ("dispatcher.settled", "lose-answer FF45"),
    ("reconcile.verdict", "power-cut before FF45 50ms"),
    ("reconcile.cancelling", "power-cut before FF45 50ms"),
    ("reconcile.cancelled", "power-cut before FF45 50ms"),
    ("reconcile.not-registered", "power-cut before FF45 50ms"),
];

/// Two kills: the second inside the recovery from the first.
const PAIRS: &[(&str, &str)] = &[
    ("shtrih.line-sent", "reconcile.begin"),
    ("shtrih.line-sent", "reconcile.verdict"),
    ("shtrih.line-sent", "reconcile.cancelling"),
    ("shtrih.line-sent", "reconcile.cancelled"),
    ("shtrih.line-sent", "reconcile.not-registered"),
    ("shtrih.line-sent", "shtrih.registering-sent"),
    ("dispatcher.closing", "reconcile.cancelled"),
    ("shtrih.registering-sent:2", "reconcile.begin"),
    ("shtrih.registering-sent:2", "reconcile.verdict"),
    ("shtrih.registering-sent:2", "dispatcher.before-settle"),
    ("shtrih.registering-sent:2", "dispatcher.settled"),
    ("shtrih.registering-answered:2", "reconcile.verdict"),
    ("dispatcher.marked", "dispatcher.marked"),
    ("dispatcher.settled", "outbox.attempted"),
    ("outbox.attempted", "outbox.heard"),
];

/// Most of a round is waiting for devices, so many go at once.
const LANES: usize = 8;

/// 2 by default; `.ci/run` takes 5, a campaign 20.
fn rounds() -> usize {
    std::env::var("KKM_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// Runs every round of every case, some at a time.
fn run<T: Sync>(cases: &[T], one: impl Fn(&T, usize) + Sync) {
    let waiting = Mutex::new(cases.iter().flat_map(|case| (0..rounds()).map(move |round| (case, round))));
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("whole").next();
                    let Some((case, round)) = next else { break };
                    one(case, round);
                }
            });
        }
    });
    println!("{} cases x {} rounds: each document once in the books, one true word", cases.len(), rounds());
}

#[test]
fn killed_at_every_point_each_document_is_registered_once_and_told_the_truth() {
    assert!(POINTS.len() >= 25);
    run(POINTS, |(point, fault), round| killed(&[point], fault, round));
}

#[test]
fn killed_again_inside_the_recovery_it_is_the_same() {
    run(PAIRS, |(first, second), round| killed(&[first, second], "", round));
}

fn killed(points: &[&str], fault: &str, round: usize) {
    let name = format!("{}-{round}", points.join("-then-"));
    let mut rig = Rig::new();
    if !fault.is_empty() {
        rig.register(fault);
    }
    let mut document = another(&name, 1);
    let line = document["positions"][0].clone();
    document["positions"] = serde_json::json!([line, line]);
    document["payments"] = serde_json::json!([{"type": "cash", "sum": 21.30}]);
    rig.start_with(&[("KKM_BRIDGE_KILL_AT", points[0])]);
    let mut answered = rig.try_post(&document).is_ok();
    rig.wait_for_death();
    for point in &points[1..] {
        if rig.try_start(&[("KKM_BRIDGE_KILL_AT", point)]) {
            answered |= !answered && rig.try_post(&document).is_ok();
            rig.wait_for_death();
        }
    }
    rig.start();
    // The cloud sends again what was not answered.
    if !answered {
        rig.post(&document).assert_pending();
    }
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1, "{name}");
    assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1, "{name}");
    let shown = rig.show("1");
    assert!(shown.contains("state      done"), "{name}: {shown}");
}
