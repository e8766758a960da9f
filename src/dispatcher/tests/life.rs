//! Doubt, evidence, and the person.

use super::bench::{DEVICE, Shop};
use crate::dispatcher::{Pace, words};
use crate::journal::accept::Acceptance;
use crate::messages::Locale;

#[test]
fn a_lost_answer_is_settled_by_evidence_and_never_sent_again() {
    let mut shop = Shop::open();
    shop.inject("lose-answer FF45");
    let row = shop.sale("a", 1);
    shop.run(100);
    shop.assert_state(row, "done");
    assert_eq!(shop.receipts().len(), 1);
    assert_eq!(shop.summary(row).attempt, 1);
}

#[test]
fn our_open_receipt_is_cancelled_only_after_the_intent_is_journalled_and_then_sold_once() {
    let mut shop = Shop::open();
    shop.inject("power-cut before FF45");
    let row = shop.sale("a", 1);
    shop.run(200);
    shop.assert_state(row, "done");
    let history = shop.journal.find("1").expect("read").expect("there").history;
    let states: Vec<_> = history.iter().map(|h| h.what.as_str()).collect();
    let order = ["doubtful", "cancelling", "accepted", "begun", "closing", "done"];
    let mut from = states.iter();
    assert!(order.iter().all(|o| from.any(|s| s == o)), "{states:?}");
    assert_eq!(shop.receipts().len(), 1);
}

/// A document that only a person can settle: cut off before it registered, and a stranger sold for the same sum.
fn undecided(shop: &mut Shop) -> i64 {
    shop.inject("power-cut before FF45");
    shop.inject("foreign sale 70000 after 88");
    let row = shop.sale("a", 1);
    shop.run(200);
    shop.assert_state(row, "needs_operator");
    row
}

#[test]
fn an_unmarked_receipt_of_our_kind_goes_to_a_person_and_stops_that_device_only() {
    let mut shop = Shop::open();
    undecided(&mut shop);
    assert_eq!(shop.step(), Pace::Ring, "it never decides by itself");
    assert_eq!(shop.accept(&Shop::document("b", 2, "sale")), Acceptance::PersonNeeded);
    assert_eq!(shop.summary(1).report.map(|r| r.state), None, "nobody is told what nobody knows");
}

#[test]
fn a_person_who_rightly_says_no_lets_it_be_sold_after_a_second_look() {
    let mut shop = Shop::open();
    let row = undecided(&mut shop);
    shop.journal.decide_not(row, 1).expect("decided");
    shop.run(100);
    shop.assert_state(row, "done");
    assert_eq!((shop.ours(), shop.receipts().len(), shop.summary(row).attempt), (1, 2, 2));
}

#[test]
fn a_person_who_wrongly_says_no_is_caught_by_the_second_look() {
    let mut shop = Shop::open();
    // Registered, and its tags cannot be read before the decision.
    shop.inject("lose-answer FF45");
    shop.inject("refuse FF3A 08");
    let row = shop.sale("a", 1);
    shop.run(50);
    shop.assert_state(row, "needs_operator");
    assert_eq!(shop.receipts().len(), 1, "it was registered");
    shop.journal.decide_not(row, 1).expect("decided");
    shop.run(100);
    shop.assert_state(row, "done");
    assert_eq!((shop.receipts().len(), shop.summary(row).attempt), (1, 1));
}

#[test]
fn a_no_about_a_memory_that_stays_unreadable_sells_nothing_before_a_person_agrees_to_the_device() {
    let mut shop = Shop::open();
    shop.inject("lose-answer FF45");
    shop.inject("refuse FF3A 08 always");
    let row = shop.sale("a", 1);
    shop.run(50);
    shop.assert_state(row, "needs_operator");
    shop.journal.decide_not(row, 1).expect("decided");
    shop.run(100);
    assert_eq!(shop.receipts().len(), 1, "the first look before the next attempt reads the document again");
    assert!(shop.journal.device(DEVICE).expect("read").expect("adopted").fence.is_some());
}

#[test]
fn new_evidence_against_a_decision_goes_back_to_the_person() {
    let mut shop = Shop::open();
    let row = undecided(&mut shop);
    shop.journal.decide_not(row, 1).expect("decided");
    shop.inject("swap-storage");
    shop.run(50);
    shop.assert_state(row, "needs_operator");
    assert_eq!(shop.ours(), 0);
}

#[test]
fn a_decision_names_its_attempt_and_numbers_that_belong_to_nobody_else() {
    let mut shop = Shop::open();
    let first = shop.sale("z", 9);
    shop.run(50);
    let taken = shop.summary(first).proof.expect("numbers");
    shop.inject("power-cut before FF45");
    shop.inject("foreign sale 70000 after 88");
    let row = shop.sale("a", 1);
    shop.run(200);
    shop.assert_state(row, "needs_operator");
    assert!(shop.journal.decide_not(row, 7).is_err(), "another attempt than the one looked at");
    let word = || words::success("\"a\"", None, Locale::En);
    assert!(shop.journal.decide_registered(row, 1, taken.clone(), word()).is_err(), "another document's numbers");
    let own = kkm_drivers::contract::Proof { document_number: taken.document_number + 1, ..taken };
    shop.journal.decide_registered(row, 1, own, word()).expect("decided");
    shop.assert_state(row, "done");
    assert!(shop.journal.decide_not(row, 1).is_err(), "a final word does not flip");
}

#[test]
fn a_stranger_s_open_receipt_is_a_person_s_matter_unless_the_device_is_ours_alone() {
    let mut shop = Shop::open();
    shop.inject("foreign-open 4200");
    let row = shop.sale("a", 1);
    shop.run(500);
    shop.assert_state(row, "expired");
    assert!(shop.receipts().is_empty());
    let mut ours = Shop::open();
    ours.cancel_foreign = true;
    ours.start();
    ours.inject("foreign-open 4200");
    let row = ours.sale("a", 1);
    ours.run(100);
    ours.assert_state(row, "done");
    assert_eq!(ours.receipts().len(), 1);
}

#[test]
fn a_query_without_an_answer_is_not_a_no() {
    let mut shop = Shop::open();
    shop.inject("lose-answer FF45");
    shop.inject("silence FF0A 60s");
    let row = shop.sale("a", 1);
    for _ in 0..6 {
        shop.step();
        assert_ne!(shop.summary(row).attempt, 2);
    }
    shop.run(200);
    shop.assert_state(row, "done");
    assert_eq!(shop.receipts().len(), 1);
}

#[test]
fn a_definite_refusal_is_reported_once_with_the_device_s_code_and_nothing_is_left_open() {
    let mut shop = Shop::open();
    let row = shop.sale("warm", 1);
    shop.run(50);
    shop.assert_state(row, "done");
    shop.inject("refuse FF45 33h");
    let row = shop.sale("a", 2);
    shop.run(50);
    shop.assert_state(row, "refused");
    let told = shop.summary(row);
    assert_eq!(told.code, Some(2001));
    assert!(told.message.expect("a message").contains("33h"));
    let next = shop.sale("b", 3);
    shop.run(50);
    shop.assert_state(next, "done");
    assert_eq!(shop.receipts().len(), 2);
}

#[test]
fn one_document_of_a_device_is_under_way_at_a_time_and_in_order() {
    let mut shop = Shop::open();
    let rows: Vec<_> = (0..30).map(|n| shop.sale(&format!("n{n}"), n)).collect();
    shop.run(2000);
    for row in &rows {
        shop.assert_state(*row, "done");
    }
    let numbers: Vec<_> = rows.iter().map(|r| shop.summary(*r).proof.expect("numbers").document_number).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(shop.receipts().len(), 30);
    assert!(shop.journal.in_flight(DEVICE).expect("read").is_none());
}

#[test]
fn a_person_s_matter_outlives_a_restart_and_waits_without_end() {
    let mut shop = Shop::open();
    let row = undecided(&mut shop);
    shop.restart();
    for _ in 0..3 {
        assert_eq!(shop.step(), Pace::Ring);
        shop.advance(std::time::Duration::from_secs(7 * 24 * 3600));
    }
    shop.assert_state(row, "needs_operator");
    assert_eq!((shop.ours(), shop.receipts().len()), (0, 1));
}
