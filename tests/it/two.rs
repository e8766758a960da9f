//! Two daemons: on one journal the second goes, at one port it waits; nothing is doubled.

use crate::rig::{Rig, Wire, another};

#[test]
fn a_second_daemon_is_turned_away_from_the_journal() {
    let mut rig = Rig::new();
    rig.start();
    let second = rig.command(&["run"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(75), "{said}");
    assert!(said.contains("in use by another kkm-bridge"), "{said}");
    // The first has noticed nothing, and its lock falls with it.
    let document = another("undisturbed", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    rig.kill();
    rig.start();
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn a_second_daemon_waits_at_a_serial_port() {
    two_at(Wire::Pty);
}

#[test]
fn a_second_daemon_waits_at_a_socket() {
    two_at(Wire::Tcp);
}

fn two_at(wire: Wire) {
    let mut first = Rig::wired(wire, "");
    first.start();
    sells(&first, "first", 1, 1);
    // Another box with a journal of its own, at the same register.
    let mut second = Rig::beside(&first);
    second.settings_at_top("give_up_after = \"1s\"");
    second.start();
    let shut_out = another("shut-out", 2);
    second.post(&shut_out).assert_pending();
    let callback = second.cloud.await_final(&shut_out["id"]);
    assert_eq!((&callback.body["status"], &callback.body["code"]), (&"error".into(), &2002.into()), "{callback:?}");
    assert!(second.log().contains("in use by another program"), "{}", second.log());
    sells(&first, "still-first", 3, 2);
    first.kill();
    // What was given up is not made up for; what comes now is sold by the second.
    sells_beside(&second, &first, "second", 4, 3);
    second.kill();
    // The first meets a receipt with a marker that it never gave: nothing is printed before a person agrees.
    first.start();
    let fenced = another("fenced", 5);
    first.post(&fenced).assert_pending();
    first.await_log("nothing is dispatched until a person agrees");
    assert_eq!(first.receipts().len(), 3);
    assert!(first.command(&["agree", "front"]).status.success());
    first.cloud.await_success(&fenced["id"]);
    assert_eq!(first.receipts().len(), 4);
}

#[track_caller]
fn sells(rig: &Rig, name: &str, document_id: i64, receipts: usize) {
    sells_beside(rig, rig, name, document_id, receipts);
}

/// Sold by `rig`, and so many receipts are in the books of `owner`'s register.
#[track_caller]
fn sells_beside(rig: &Rig, owner: &Rig, name: &str, document_id: i64, receipts: usize) {
    let document = another(name, document_id);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(owner.receipts().len(), receipts, "{name}");
    assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1, "{name}");
}
