//! The register in every state that a shop meets: how each ends, what the cashier is told, what the books hold.

use kkm_drivers::simulator::books::Kind;
use serde_json::{Value, json};

use crate::rig::{Rig, another, patience};

/// What an answer of the device comes to.
#[derive(Clone, Copy)]
enum End {
    /// The document waits and is registered once the cause is gone.
    Held,
    /// Reported as 2001 at once, with these words.
    Refused(&'static str),
}

/// Starts the daemon with a patience that a test can wait for.
fn start_hasty(rig: &mut Rig) {
    rig.start_with(&[("KKM_BRIDGE__INTAKE__GIVE_UP_AFTER", "1500ms")]);
}

/// A first receipt, so that the shift is open and the device known.
fn opened(settings: &str) -> Rig {
    let mut rig = Rig::with(settings);
    start_hasty(&mut rig);
    registered(&rig, "first");
    rig
}

fn sale(name: &str) -> Value {
    // A sale of its own: its name, read as a number.
    another(name, name.bytes().fold(0, |n, byte| (n * 131 + i64::from(byte)) % 1_000_000_007))
}

#[track_caller]
fn registered(rig: &Rig, name: &str) -> String {
    let before = rig.receipts().len();
    rig.post(&sale(name)).assert_pending();
    await_registered(rig, name, before + 1)
}

/// The message of the success, when the books hold so many receipts and this one is the last.
#[track_caller]
fn await_registered(rig: &Rig, name: &str, receipts: usize) -> String {
    let callback = rig.cloud.await_success(&json!(name));
    let booked = rig.receipts();
    assert_eq!(booked.len(), receipts, "{name}");
    assert_eq!(booked.last().map(|r| r.total.minor()), Some(1065), "{name}");
    assert_eq!(rig.cloud.words_for(&json!(name)).len(), 1, "{name}");
    callback.body["message"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn await_error(rig: &Rig, name: &str, code: u16, words: &str) {
    let callback = rig.cloud.await_final(&json!(name));
    assert_eq!((&callback.body["status"], &callback.body["code"]), (&json!("error"), &json!(code)), "{callback:?}");
    let message = callback.body["message"].as_str().expect("a message");
    assert!(message.contains(words), "{name}: {message}");
    assert_eq!(rig.cloud.words_for(&json!(name)).len(), 1, "{name}");
}

/// Reported as an error, with the books as they were, and the next receipt prints once `cure` was done.
#[track_caller]
fn refused(rig: &mut Rig, name: &str, code: u16, words: &str, cure: &[&str]) {
    let before = rig.receipts().len();
    rig.post(&sale(name)).assert_pending();
    await_error(rig, name, code, words);
    assert_eq!(rig.receipts().len(), before, "{name}");
    for line in cure {
        rig.register(line);
    }
    registered(rig, &format!("after {name}"));
}

/// What the register remembers, by the path of a field.
fn remembered(rig: &Rig, path: &str) -> Value {
    let text = std::fs::read_to_string(rig.path("books").join("state.json")).expect("the state");
    let state: Value = serde_json::from_str(&text).expect("the state is JSON");
    state.pointer(path).cloned().unwrap_or(Value::Null)
}

#[track_caller]
fn await_remembered(rig: &Rig, path: &str, wanted: impl Fn(&Value) -> bool) {
    let deadline = std::time::Instant::now() + patience();
    while !wanted(&remembered(rig, path)) {
        assert!(std::time::Instant::now() < deadline, "{path} is {}", remembered(rig, path));
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

#[test]
fn what_a_person_can_remove_holds_the_document_and_names_the_cause_at_the_end() {
    for (fault, cure, words) in [
        ("paper out", "paper in", "нет бумаги"),
        ("cover open", "cover close", "открыта крышка"),
        ("cutter fail", "cutter ok", "сбой печати"),
        ("busy for-ever", "busy off", "касса занята"),
    ] {
        let mut rig = opened("");
        rig.register(fault);
        refused(&mut rig, fault, 2002, words, &[cure]);
    }
}

#[test]
fn what_a_person_removes_in_time_is_registered() {
    for (fault, cure) in [("paper out", "paper in"), ("cover open", "cover close"), ("cutter fail", "cutter ok")] {
        let mut rig = Rig::new();
        rig.start();
        registered(&rig, "first");
        rig.register(fault);
        rig.post(&sale(fault)).assert_pending();
        rig.await_hindered(fault);
        rig.register(cure);
        await_registered(&rig, fault, 2);
    }
}

#[test]
fn paper_that_ends_within_the_receipt_cancels_it_and_the_document_waits() {
    for (fault, expected) in [
        ("paper out before FF46", "paper_out"),
        ("paper out before FF45", "paper_out"),
        ("cover open before FF45", "cover_open"),
        ("cutter fail before FF45", "printer_failed"),
    ] {
        let mut rig = Rig::new();
        rig.start();
        registered(&rig, "first");
        rig.register(fault);
        rig.post(&sale("second")).assert_pending();
        let cause = rig.await_hindered("second");
        assert_eq!(cause, format!("\"{expected}\""), "{fault}");
        for line in ["paper in", "cover close", "cutter ok"] {
            rig.register(line);
        }
        await_registered(&rig, "second", 2);
        assert_eq!(remembered(&rig, "/receipt"), Value::Null, "{fault}");
    }
}

#[test]
fn paper_that_ends_after_the_close_is_success_and_the_print_goes_on_by_itself() {
    let mut rig = opened("");
    rig.register("paper out after-close");
    let message = registered(&rig, "second");
    assert!(message.contains("касса допечатает"), "{message}");
    assert_ne!(remembered(&rig, "/printer/held"), Value::Null);
    rig.register("paper in");
    await_remembered(&rig, "/printer/held", Value::is_null);
    assert_eq!(rig.receipts().len(), 2, "never sent again");
    registered(&rig, "third");
}

#[test]
fn a_pending_print_is_remembered_over_a_restart() {
    let mut rig = opened("");
    rig.register("paper out after-close");
    registered(&rig, "second");
    rig.kill();
    rig.start();
    rig.register("paper in");
    await_remembered(&rig, "/printer/held", Value::is_null);
    assert_eq!(rig.receipts().len(), 2, "never sent again");
}

#[test]
fn a_shift_of_24_hours_waits_for_a_person_where_the_settings_say_so() {
    let mut rig = opened("[devices.front.shift]\nclose_expired = false\n");
    rig.register("shift expire");
    rig.post(&sale("late")).assert_pending();
    await_error(&rig, "late", 2002, "смена старше 24 часов");
    assert_eq!(rig.receipts().len(), 1);
    assert!(rig.command(&["report", "z"]).status.success());
    registered(&rig, "of the new shift");
}

#[test]
fn a_shift_that_grows_old_within_the_receipt_is_closed_and_the_document_sold_in_the_next() {
    let mut rig = opened("");
    rig.register("shift expire before FF45");
    registered(&rig, "second");
    let kinds: Vec<_> = rig.books().iter().map(|d| d.kind).skip(1).collect();
    assert_eq!(kinds, [Kind::ShiftOpened, Kind::Receipt, Kind::ShiftClosed, Kind::ShiftOpened, Kind::Receipt]);
}

#[test]
fn a_full_storage_refuses_with_an_open_shift_and_with_a_closed_one() {
    let mut rig = Rig::new();
    rig.register("storage full");
    start_hasty(&mut rig);
    refused(&mut rig, "closed", 2001, "фискальный накопитель", &["storage ok"]);
    rig.register("storage full");
    refused(&mut rig, "open", 2001, "фискальный накопитель", &["storage ok"]);
    assert_eq!(remembered(&rig, "/receipt"), Value::Null);
}

#[test]
fn a_clock_behind_the_last_document_refuses() {
    let mut rig = opened("");
    rig.register("clock -1h");
    refused(&mut rig, "behind", 2001, "часы кассы неверны", &["clock +1h"]);
}

#[test]
fn another_storage_fences_the_device_until_a_person_agrees() {
    let mut rig = opened("");
    rig.register("swap-storage");
    let fenced = sale("fenced");
    rig.post(&fenced).assert_pending();
    rig.await_log("nothing is dispatched until a person agrees");
    let devices = String::from_utf8_lossy(&rig.command(&["devices"]).stdout).into_owned();
    assert!(devices.contains("kkm-bridge agree front"), "{devices}");
    // Not even an error: an old copy of the journal may take for waiting what is registered.
    assert!(rig.cloud.words_for(&fenced["id"]).is_empty());
    assert!(rig.command(&["agree", "front"]).status.success());
    let word = rig.cloud.await_final(&fenced["id"]).body;
    // In time it is sold now; else it is given up, and never sold.
    assert_eq!(rig.receipts().len(), if word["status"] == "success" { 2 } else { 1 }, "{word}");
    registered(&rig, "agreed");
}

#[test]
fn a_wrong_password_is_reported_at_once() {
    let mut rig = Rig::with("password = 12345\n");
    start_hasty(&mut rig);
    rig.post(&sale("locked")).assert_pending();
    await_error(&rig, "locked", 2001, "неверный пароль");
    assert!(rig.receipts().is_empty());
}

#[test]
fn one_answer_of_a_wrong_password_is_not_believed() {
    for command in ["10", "11", "FF01", "8D", "FF46", "89", "FF45"] {
        let mut rig = opened("");
        rig.register(&format!("refuse {command} 4Fh"));
        registered(&rig, "second");
    }
}

#[test]
fn a_tax_system_outside_the_registration_leaves_no_receipt_open() {
    let mut rig = opened("");
    rig.register("tax-systems 02");
    rig.kill();
    start_hasty(&mut rig);
    rig.post(&sale("outside")).assert_pending();
    await_error(&rig, "outside", 2001, "не зарегистрирована на эту систему");
    assert_eq!(remembered(&rig, "/receipt"), Value::Null);
}

#[test]
fn a_stranger_s_receipt_waits_for_its_owner_and_is_left_alone() {
    let mut rig = opened("");
    rig.register("foreign-open 5000");
    rig.post(&sale("shut out")).assert_pending();
    await_error(&rig, "shut out", 2002, "чужой чек");
    assert_eq!(remembered(&rig, "/receipt/foreign"), json!(true));
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn a_stranger_s_receipt_is_cancelled_on_a_register_of_our_own() {
    let mut rig = opened("[devices.front]\nexclusive = true\n");
    rig.register("foreign-open 5000");
    registered(&rig, "second");
    assert!(rig.receipts().iter().all(|r| !r.foreign));
}

#[test]
fn a_long_print_is_waited_for() {
    let mut rig = opened("");
    rig.register("busy 30");
    rig.kill();
    rig.start();
    registered(&rig, "second");
}

#[test]
fn without_our_marker_nothing_is_registered() {
    let mut rig = opened("");
    rig.register("refuse FF0C 33h always");
    rig.post(&sale("unmarked")).assert_pending();
    await_error(&rig, "unmarked", 2001, "33h");
    assert_eq!(rig.receipts().len(), 1);
    assert_eq!(remembered(&rig, "/receipt"), Value::Null);
}

#[test]
fn where_1192_is_refused_the_marker_goes_by_1084() {
    let mut rig = opened("");
    rig.register("refuse FF0C 33h");
    registered(&rig, "second");
    let receipt = rig.receipts().pop().expect("a receipt");
    assert_eq!(receipt.tag_text(1192), "");
    assert!(receipt.tags.iter().any(|t| t.tag == 1084), "{:?}", receipt.tags);
}

#[test]
fn another_total_on_the_register_cancels_and_tells_both() {
    let mut rig = opened("");
    rig.register("wrong-total 1");
    refused(&mut rig, "off by one", 2001, "10.66 вместо 10.65", &[]);
}

#[test]
fn every_answer_to_the_close_ends_as_the_table_of_codes_says() {
    use End::{Held, Refused};
    let table = [
        ("33", Refused("incorrect command parameters")),
        ("37", Refused("не умеет эту операцию")),
        ("45", Refused("payment total less")),
        ("46", Refused("не хватает наличных")),
        ("4B", Refused("разделите")),
        ("4D", Refused("4Dh")),
        ("05", Refused("фискальный накопитель")),
        ("06", Refused("фискальный накопитель")),
        ("14", Refused("фискальный накопитель")),
        ("17", Refused("часы кассы")),
        ("02", Refused("incorrect status")),
        ("39", Refused("позовите мастера")),
        ("8E", Refused("zero receipt total")),
        ("C0", Refused("позовите мастера")),
        ("FE", Refused("FEh")),
        ("16", Held),
        ("4E", Held),
        ("50", Held),
        ("58", Held),
        ("6B", Held),
        ("71", Held),
        ("72", Held),
        ("75", Held),
        ("C9", Held),
    ];
    let mut rig = Rig::new();
    rig.start();
    registered(&rig, "first");
    for (code, end) in table {
        rig.register(&format!("refuse FF45 {code}h"));
        match end {
            Held => drop(registered(&rig, code)),
            Refused(words) => refused(&mut rig, code, 2001, words, &[]),
        }
        assert_eq!(remembered(&rig, "/receipt"), Value::Null, "{code}");
    }
}

#[test]
fn what_a_document_waits_for_is_shown() {
    let mut rig = Rig::new();
    rig.start();
    rig.register("paper out");
    rig.post(&another("first-in-line", 1)).assert_pending();
    rig.await_shown("first-in-line", "waits for  no paper");
    rig.post(&another("second-in-line", 2)).assert_pending();
    rig.await_shown("second-in-line", "waits for  document 1 of the same device");

    let mut silent = Rig::new();
    silent.kill_register();
    silent.start();
    silent.post(&another("at-a-dead-line", 1)).assert_pending();
    silent.await_shown("at-a-dead-line", "no such device");
}
