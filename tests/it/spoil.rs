//! One scenario for each promise that a spoiled build breaks: green here, red there (`tests/spoiled.sh`).

use crate::rig::{Rig, another};

#[test]
fn spoil_a_lost_answer_is_settled_by_the_register_s_memory() {
    let mut rig = Rig::new();
    rig.start();
    rig.register("lose-answer FF45");
    let document = another("lost", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn spoil_killed_after_registering_it_is_not_registered_again() {
    let mut rig = Rig::new();
    rig.start_with(&[("KKM_BRIDGE_KILL_AT", "shtrih.registering-answered:2")]);
    let document = another("killed", 1);
    rig.post(&document).assert_pending();
    rig.wait_for_death();
    rig.start();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn spoil_killed_right_after_its_answer_a_document_is_not_lost() {
    let mut rig = Rig::new();
    rig.start();
    let document = another("promised", 1);
    rig.post(&document).assert_pending();
    rig.kill();
    rig.start();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn spoil_an_equal_sum_by_hand_is_never_taken_for_ours() {
    let mut rig = Rig::new();
    rig.start();
    // Ours is cut off before it registers; while it is cancelled, a stranger sells for the same sum.
    rig.register("power-cut before FF45 100ms");
    rig.register("foreign sale 1065 after 88");
    let document = another("ours", 1);
    rig.post(&document).assert_pending();
    rig.await_shown("1", "a person must decide");
    assert!(rig.cloud.callbacks().is_empty(), "nobody is told what nobody knows");
}

#[test]
fn spoil_a_silent_memory_is_not_a_no() {
    let mut rig = Rig::new();
    rig.start();
    rig.register("lose-answer FF45");
    // Long enough that the question is given up, short enough that the next one is answered.
    rig.register("silence FF0A 3s");
    let document = another("silent", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn spoil_a_register_without_power_has_not_said_no() {
    let mut rig = Rig::new();
    rig.start();
    // Registered, and gone before it can say so: the first question finds nobody.
    rig.register("power-cut after FF45 500ms");
    let document = another("dark", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1);
}
