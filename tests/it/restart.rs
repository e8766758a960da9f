//! Killed anywhere, started again: each accepted document once in the books, and its author told the truth.
//!
//! Every second round the register loses its power with the daemon. `KKM_TEST_ROUNDS` says how many rounds each case
//! gets; `tests/kills.sh` is the long campaign.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use kkm_drivers::simulator::books::BookedDocument;
use serde_json::{Value, json};

use crate::rig::{Rig, another, patience};

/// How a document must end, killed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Once in the books, reported as success.
    Registered,
    /// Not in the books, reported as refused by the device.
    Refused,
    /// Not in the books, reported as given up, and never printed later.
    Expired,
    /// A person says "not registered", the device is asked once more, and then it is registered once.
    Decided,
}

/// The kills, one after another; what happens to the register before them; how it must end. `:n` is the n-th passage: a
/// shift is opened before the first receipt, which passes the points of a registering command once.
struct Case(&'static [&'static str], &'static [&'static str], End);

/// The answer of the registering command does not come.
const LOST: &[&str] = &["lose-answer FF45"];
/// The power goes before the registering command: the receipt stays open.
const CUT: &[&str] = &["power-cut before FF45 50ms"];
/// A receipt of two lines does not fit.
const SMALL: &[&str] = &["buffer 1"];
/// Nothing can be printed.
const NO_PAPER: &[&str] = &["paper out"];
/// While our receipt is cancelled, a stranger sells for the same sum: the memory does not decide.
const STRANGER: &[&str] = &["power-cut before FF45 50ms", "foreign sale 2130 after 88"];

const ONE_KILL: &[Case] = &[
    // Intake.
    Case(&["inbox.before-commit"], &[], End::Registered),
    Case(&["inbox.accepted"], &[], End::Registered),
    // The journal: a new one is made, and what it answers is on the disk.
    Case(&["journal.owned"], &[], End::Registered),
    Case(&["journal.prepared"], &[], End::Registered),
    Case(&["journal.before-commit:1"], &[], End::Registered),
    Case(&["journal.committed:1"], &[], End::Registered),
    Case(&["journal.before-commit:4"], &[], End::Registered),
    Case(&["journal.committed:4"], &[], End::Registered),
    Case(&["journal.before-commit:6"], &[], End::Registered),
    Case(&["journal.committed:6"], &[], End::Registered),
    // The look; a shift is opened for the first receipt.
    Case(&["dispatcher.adopted"], &[], End::Registered),
    Case(&["shtrih.before-registering"], &[], End::Registered),
    Case(&["shtrih.registering-sent"], &[], End::Registered),
    Case(&["shtrih.registering-answered"], &[], End::Registered),
    Case(&["dispatcher.looked"], &[], End::Registered),
    // The receipt.
    Case(&["dispatcher.marked"], &[], End::Registered),
    Case(&["shtrih.line-sent"], &[], End::Registered),
    Case(&["shtrih.line-sent:2"], &[], End::Registered),
    Case(&["dispatcher.before-closing"], &[], End::Registered),
    Case(&["dispatcher.closing"], &[], End::Registered),
    Case(&["shtrih.before-registering:2"], &[], End::Registered),
    Case(&["shtrih.registering-sent:2"], &[], End::Registered),
    Case(&["shtrih.registering-answered:2"], &[], End::Registered),
    Case(&["dispatcher.executed"], &[], End::Registered),
    Case(&["dispatcher.before-settle"], &[], End::Registered),
    Case(&["dispatcher.settled"], &[], End::Registered),
    // Every command of a receipt: its last byte has left; its answer has come.
    Case(&["shtrih.sent.E0"], &[], End::Registered),
    Case(&["shtrih.answered.E0"], &[], End::Registered),
    Case(&["shtrih.sent.8D"], &[], End::Registered),
    Case(&["shtrih.answered.8D"], &[], End::Registered),
    Case(&["shtrih.sent.FF0C"], &[], End::Registered),
    Case(&["shtrih.answered.FF0C:2"], &[], End::Registered),
    Case(&["shtrih.sent.FF46"], &[], End::Registered),
    Case(&["shtrih.answered.FF46:2"], &[], End::Registered),
    Case(&["shtrih.sent.89"], &[], End::Registered),
    Case(&["shtrih.answered.89"], &[], End::Registered),
    Case(&["shtrih.sent.FF45"], &[], End::Registered),
    Case(&["shtrih.answered.FF45"], &[], End::Registered),
    // The report.
    Case(&["outbox.due"], &[], End::Registered),
    Case(&["outbox.attempted"], &[], End::Registered),
    Case(&["outbox.heard"], &[], End::Registered),
    Case(&["outbox.stored"], &[], End::Registered),
    // After a doubt.
    Case(&["dispatcher.doubtful"], LOST, End::Registered),
    Case(&["reconcile.begin"], LOST, End::Registered),
    Case(&["reconcile.verdict"], LOST, End::Registered),
    Case(&["dispatcher.before-settle"], LOST, End::Registered),
    Case(&["dispatcher.settled"], LOST, End::Registered),
    Case(&["shtrih.sent.FF0A"], LOST, End::Registered),
    Case(&["shtrih.answered.FF0A"], LOST, End::Registered),
    Case(&["shtrih.sent.88"], CUT, End::Registered),
    Case(&["shtrih.answered.88"], CUT, End::Registered),
    Case(&["reconcile.verdict"], CUT, End::Registered),
    Case(&["reconcile.cancelling"], CUT, End::Registered),
    Case(&["reconcile.cancelled"], CUT, End::Registered),
    Case(&["reconcile.not-registered"], CUT, End::Registered),
    // Refused by the device.
    Case(&["shtrih.line-sent"], SMALL, End::Refused),
    Case(&["dispatcher.executed"], SMALL, End::Refused),
    Case(&["dispatcher.refused"], SMALL, End::Refused),
    Case(&["outbox.attempted"], SMALL, End::Refused),
    Case(&["outbox.heard"], SMALL, End::Refused),
    // Given up.
    Case(&["inbox.accepted"], NO_PAPER, End::Expired),
    Case(&["dispatcher.expired"], NO_PAPER, End::Expired),
    Case(&["outbox.attempted"], NO_PAPER, End::Expired),
    Case(&["outbox.heard"], NO_PAPER, End::Expired),
    // A person is asked.
    Case(&["reconcile.cancelled"], STRANGER, End::Decided),
    Case(&["reconcile.asked"], STRANGER, End::Decided),
];

/// The second kill is inside the recovery from the first.
const TWO_KILLS: &[Case] = &[
    Case(&["shtrih.line-sent", "reconcile.begin"], &[], End::Registered),
    Case(&["shtrih.line-sent", "reconcile.verdict"], &[], End::Registered),
    Case(&["shtrih.line-sent", "reconcile.cancelling"], &[], End::Registered),
    Case(&["shtrih.line-sent", "reconcile.cancelled"], &[], End::Registered),
    Case(&["shtrih.line-sent", "reconcile.not-registered"], &[], End::Registered),
    Case(&["shtrih.line-sent", "shtrih.registering-sent"], &[], End::Registered),
    Case(&["dispatcher.closing", "reconcile.cancelled"], &[], End::Registered),
    Case(&["shtrih.registering-sent:2", "reconcile.begin"], &[], End::Registered),
    Case(&["shtrih.registering-sent:2", "reconcile.verdict"], &[], End::Registered),
    Case(&["shtrih.registering-answered:2", "dispatcher.before-settle"], &[], End::Registered),
    Case(&["shtrih.registering-answered:2", "dispatcher.settled"], &[], End::Registered),
    Case(&["shtrih.registering-answered:2", "reconcile.verdict"], &[], End::Registered),
    Case(&["dispatcher.marked", "dispatcher.marked"], &[], End::Registered),
    Case(&["dispatcher.marked", "journal.owned"], &[], End::Registered),
    Case(&["dispatcher.marked", "journal.moved"], &[], End::Registered),
    Case(&["dispatcher.closing", "journal.prepared"], &[], End::Registered),
    Case(&["shtrih.line-sent", "shtrih.sent.88"], &[], End::Registered),
    Case(&["shtrih.line-sent", "shtrih.answered.88"], &[], End::Registered),
    Case(&["shtrih.registering-sent:2", "shtrih.sent.FF0A"], &[], End::Registered),
    Case(&["shtrih.registering-sent:2", "journal.moved", "reconcile.verdict"], &[], End::Registered),
    Case(&["dispatcher.settled", "outbox.attempted"], &[], End::Registered),
    Case(&["outbox.attempted", "outbox.heard"], &[], End::Registered),
    Case(&["reconcile.cancelling", "reconcile.cancelled"], CUT, End::Registered),
    Case(&["reconcile.cancelled", "reconcile.not-registered"], CUT, End::Registered),
    Case(&["reconcile.verdict", "reconcile.verdict"], LOST, End::Registered),
    Case(&["dispatcher.executed", "dispatcher.refused"], SMALL, End::Refused),
    Case(&["shtrih.line-sent", "reconcile.cancelled"], SMALL, End::Refused),
    Case(&["dispatcher.refused", "outbox.heard"], SMALL, End::Refused),
    Case(&["inbox.accepted", "dispatcher.expired"], NO_PAPER, End::Expired),
    Case(&["dispatcher.expired", "outbox.heard"], NO_PAPER, End::Expired),
    Case(&["reconcile.asked", "reconcile.begin"], STRANGER, End::Decided),
    Case(&["reconcile.asked", "reconcile.not-registered"], STRANGER, End::Decided),
    Case(&["reconcile.asked", "shtrih.registering-answered"], STRANGER, End::Decided),
    // Three in a row.
    Case(
        &["shtrih.line-sent", "reconcile.cancelling", "reconcile.not-registered", "dispatcher.closing"],
        &[],
        End::Registered,
    ),
];

/// Most of a round is waiting for devices, so many go at once.
const LANES: usize = 12;

/// 2 by default; `.ci/run` takes 5, a campaign 20.
fn rounds() -> usize {
    std::env::var("KKM_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2)
}

/// Runs every round of every case, some at a time.
fn run(name: &str, cases: &[Case]) {
    let waiting = Mutex::new(cases.iter().flat_map(|case| (0..rounds()).map(move |round| (case, round))));
    let (kills, receipts) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("whole").next();
                    let Some((case, round)) = next else { break };
                    receipts.fetch_add(killed(case, round), Ordering::Relaxed);
                    kills.fetch_add(case.0.len(), Ordering::Relaxed);
                }
            });
        }
    });
    let (cases, rounds) = (cases.len(), rounds());
    println!(
        "{name}: {cases} cases x {rounds} rounds: {} kills, {} documents, {} receipts; none lost, none doubled, one true word each",
        kills.into_inner(),
        cases * rounds,
        receipts.into_inner(),
    );
}

#[test]
fn killed_at_every_point_each_document_is_registered_once_and_told_the_truth() {
    let points: std::collections::BTreeSet<_> = ONE_KILL.iter().flat_map(|case| case.0).collect();
    let named: std::collections::BTreeSet<_> = points.iter().map(|point| point.split(':').next()).collect();
    assert!(named.len() >= 45, "{named:?}");
    run("points", ONE_KILL);
}

#[test]
fn killed_again_inside_the_recovery_it_is_the_same() {
    run("recovery", TWO_KILLS);
}

#[test]
fn killed_inside_a_restore_the_journal_is_the_old_one_or_the_copy_and_never_a_new_one() {
    // Three files go aside: the index of the log, the log, the journal.
    for point in ["copied", "decided", "aside:1", "aside:2", "aside:3", "placed"] {
        let mut rig = Rig::new();
        rig.start();
        let document = another("kept", 1);
        rig.post(&document).assert_pending();
        rig.cloud.await_success(&document["id"]);
        let copy = rig.path("copy").display().to_string();
        assert!(rig.command(&["backup", &copy]).status.success());
        rig.kill();
        let killed = rig.command_with(&[("KKM_BRIDGE_KILL_AT", &format!("restore.{point}"))], &["restore", &copy]);
        assert_eq!(killed.status.code(), None, "{point}: killed");
        rig.start();
        rig.post(&document).assert_pending();
        let next = another("next", 2);
        rig.post(&next).assert_pending();
        rig.cloud.await_success(&next["id"]);
        assert_eq!(rig.receipts().len(), 2, "{point}: the first is known");
    }
}

/// One round; gives the receipts of ours that the books hold at its end.
fn killed(Case(points, faults, end): &Case, round: usize) -> usize {
    let name = format!("{}-{end:?}-{round}", points.join("-then-"));
    let mut rig = Rig::new();
    faults.iter().for_each(|fault| drop(rig.register(fault)));
    if *end == End::Expired {
        rig.settings_at_top("give_up_after = \"400ms\"");
    }
    let document = of_two_lines(&name, 1);
    let mut answered = false;
    for point in *points {
        if rig.try_start(&[("KKM_BRIDGE_KILL_AT", point)]) {
            drive(&rig, *end, &document, &mut answered);
            rig.wait_for_death();
        }
        if round % 2 == 1 {
            rig.kill_register();
            // A small buffer and missing paper last; a fault of the line was met.
            rig.start_register(match end {
                End::Refused | End::Expired => faults,
                End::Registered | End::Decided => &[],
            });
        }
    }
    rig.start();
    drive(&rig, *end, &document, &mut answered);
    let deadline = Instant::now() + patience();
    while *end == End::Decided && rig.cloud.words_for(&document["id"]).is_empty() {
        decide_if_asked(&rig);
        assert!(Instant::now() < deadline, "{name}: {}", rig.show("1"));
    }
    ended(&mut rig, *end, &document, &name)
}

/// What the cloud and a person do while the daemon lives.
fn drive(rig: &Rig, end: End, document: &Value, answered: &mut bool) {
    if !*answered {
        // The cloud sends again what was not answered.
        *answered = rig.try_post(document).is_ok();
    } else if end == End::Decided {
        decide_if_asked(rig);
    }
}

/// The answer may be lost in a kill; then the person looks again.
fn decide_if_asked(rig: &Rig) {
    if rig.show("1").contains("a person must decide") {
        rig.command(&["decide", "1", "--attempt", "1", "--not-registered"]);
    }
}

fn ended(rig: &mut Rig, end: End, document: &Value, name: &str) -> usize {
    let callback = rig.cloud.await_final(&document["id"]);
    let code = match end {
        End::Registered | End::Decided => 0,
        End::Refused => 2001,
        End::Expired => 2002,
    };
    assert_eq!(callback.body["code"], json!(code), "{name}: {callback:?}");
    let ours = |rig: &Rig| rig.receipts().into_iter().filter(|r| !r.foreign).collect::<Vec<BookedDocument>>();
    let wanted = match end {
        End::Registered | End::Decided => 1,
        End::Refused | End::Expired => 0,
    };
    assert_eq!(ours(rig).len(), wanted, "{name}");
    if wanted == 0 {
        // What was refused or given up stays so when the cause is gone.
        rig.register("buffer 1000");
        rig.register("paper in");
        // With the usual patience, for this one must not be given up on a busy machine.
        rig.kill();
        rig.settings_at_top("");
        rig.start();
        let next = of_two_lines(&format!("after-{name}"), 2);
        rig.post(&next).assert_pending();
        rig.cloud.await_success(&next["id"]);
        assert_eq!(ours(rig).len(), 1, "{name}: the next one alone");
    }
    assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1, "{name}: {:?}", rig.cloud.callbacks());
    let state = match end {
        End::Registered | End::Decided => "state      done",
        End::Refused => "state      refused",
        End::Expired => "state      expired",
    };
    let shown = rig.show("1");
    assert!(shown.contains(state), "{name}: {shown}");
    wanted
}

fn of_two_lines(name: &str, document_id: i64) -> Value {
    let mut document = another(name, document_id);
    let line = document["positions"][0].clone();
    document["positions"] = json!([line, line]);
    document["payments"] = json!([{"type": "cash", "sum": 21.30}]);
    document
}
