//! The life of the shift, and what a register needs beyond sale and return.

use kkm_drivers::simulator::books::{self, Kind};

use crate::rig::{Rig, another};

fn kinds(rig: &Rig) -> Vec<Kind> {
    let all = books::read(&rig.path("books")).expect("the books are whole");
    all.iter().map(|d| d.kind).filter(|k| *k != Kind::Registration).collect()
}

#[track_caller]
fn runs(rig: &Rig, arguments: &[&str]) -> String {
    let output = rig.command(arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn a_day_by_hand_shift_cash_receipt_reports() {
    let mut rig = Rig::new();
    rig.start();
    runs(&rig, &["shift", "open"]);
    runs(&rig, &["cash", "in", "1500.50"]);
    let sale = another("of-the-day", 9);
    rig.post(&sale).assert_pending();
    rig.cloud.await_success(&sale["id"]);
    runs(&rig, &["report", "x"]);
    assert!(runs(&rig, &["shift", "status"]).contains("is open"));
    runs(&rig, &["receipt", "copy"]);
    runs(&rig, &["paper", "continue"]);
    runs(&rig, &["cash", "out", "1000"]);
    runs(&rig, &["report", "z"]);
    assert!(runs(&rig, &["shift", "status"]).contains("closed"));
    assert_eq!(
        kinds(&rig),
        [Kind::ShiftOpened, Kind::CashIn, Kind::Receipt, Kind::XReport, Kind::CashOut, Kind::ShiftClosed]
    );
    assert_eq!(rig.cloud.callbacks().len(), 1, "nobody is told of operations of our own");
}

#[test]
fn a_sale_that_meets_an_expired_shift_closes_opens_and_sells_once() {
    let mut rig = Rig::new();
    rig.start();
    let first = another("before", 10);
    rig.post(&first).assert_pending();
    rig.cloud.await_success(&first["id"]);
    rig.register("shift expire");
    let second = another("after", 11);
    rig.post(&second).assert_pending();
    rig.cloud.await_success(&second["id"]);
    assert_eq!(kinds(&rig), [Kind::ShiftOpened, Kind::Receipt, Kind::ShiftClosed, Kind::ShiftOpened, Kind::Receipt]);
}

#[test]
fn a_correction_is_registered_with_its_basis() {
    let mut rig = Rig::new();
    rig.start();
    runs(&rig, &["correction", "sale", "--date", "2026-11-20", "--cash", "120", "--vat", "22", "--tax", "1"]);
    assert_eq!(kinds(&rig), [Kind::ShiftOpened, Kind::Correction]);
}

#[test]
fn without_the_service_an_operation_says_how_to_start_it() {
    let mut rig = Rig::new();
    rig.start();
    rig.kill();
    let output = rig.command(&["report", "x"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("systemctl start kkm-bridge"));
}
