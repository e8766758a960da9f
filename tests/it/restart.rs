//! Killed anywhere, started again: each accepted document once in the books, and its author told the truth.

use crate::rig::{Rig, another};

/// Where the daemon is killed, and how often the same spot is passed in one receipt before the kill counts.
const POINTS: &[&str] = &[
    "inbox.before-commit",
    "inbox.accepted",
    "dispatcher.looked",
    "dispatcher.marked",
    "shtrih.line-sent",
    "dispatcher.before-closing",
    "dispatcher.closing",
    "shtrih.before-registering",
    "shtrih.registering-sent",
    "shtrih.registering-answered",
    "dispatcher.executed",
    "dispatcher.before-settle",
    "dispatcher.settled",
];

fn rounds() -> usize {
    std::env::var("KKM_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

#[test]
fn killed_at_every_point_each_document_is_registered_once_and_told_the_truth() {
    for point in POINTS {
        for round in 0..rounds() {
            killed_at(point, round);
        }
        println!("{point}: {} rounds", rounds());
    }
}

fn killed_at(point: &str, round: usize) {
    let mut rig = Rig::new();
    rig.start_with(&[("KKM_BRIDGE_KILL_AT", point)]);
    let document = another(&format!("{point}-{round}"), 1);
    let accepted = rig.try_post(&document);
    rig.wait_for_death();
    rig.start();
    // The cloud sends again what was not answered.
    if accepted.is_err() {
        rig.post(&document).assert_pending();
    }
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1, "{point}");
    assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1, "{point}");
    let shown = rig.show("1");
    assert!(shown.contains("state      done"), "{point}: {shown}");
}
