//! What an incoming document is, where a lane is not needed to see it.

use serde_json::json;

use super::desk::{DEVICE, Desk, mark, sale};
use crate::journal::accept::Acceptance;
use crate::journal::devices::Fence;
use crate::journal::{JournalError, State};
use crate::outbox::Next;

fn capable() -> kkm_drivers::contract::Capabilities {
    kkm_drivers::contract::Capabilities {
        vat_rates: vec![kkm_drivers::contract::VatRate::Exempt],
        tax_systems: Vec::new(),
        max_lines: Some(1),
        zero_lines: true,
        electronic_only: true,
        stores_marker: true,
        cash_rounding: true,
    }
}

#[test]
fn a_twin_is_one_receipt_for_both_only_while_nothing_reached_the_wire() {
    for (next, reached) in [
        (Next::Unreached(std::time::Duration::ZERO), false),
        (Next::RetryAfter(std::time::Duration::ZERO), true),
        (Next::PauseAll("401".into()), true),
        (Next::Park("404".into()), true),
        (Next::Delivered, true),
    ] {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.register(row, 2);
        desk.report(&next);
        match desk.accept(&sale("b", 1)) {
            Acceptance::Twin(_) => assert!(!reached, "{next:?}"),
            Acceptance::AlreadyRegistered { confirmed, .. } => {
                assert!(reached, "{next:?}");
                assert_eq!(confirmed, next == Next::Delivered);
            }
            other => panic!("{next:?}: {other:?}"),
        }
    }
}

#[test]
fn an_allowance_lets_one_twin_through_and_waits_while_there_is_none() {
    let desk = Desk::open();
    desk.journal.allow(DEVICE, 1).expect("allowed");
    let row = desk.sale("a", 1);
    desk.register(row, 2);
    desk.report(&Next::Delivered);
    let row = desk.sale("b", 1);
    desk.register(row, 3);
    desk.report(&Next::Delivered);
    assert!(matches!(desk.accept(&sale("c", 1)), Acceptance::AlreadyRegistered { .. }), "it was used by the second");
    assert!(desk.journal.history(50).expect("read").iter().any(|h| h.what == "allowed"), "a person did it");
}

#[test]
fn an_allowance_outlives_a_refusal_for_another_reason() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.register(row, 2);
    desk.report(&Next::Delivered);
    desk.journal.allow(DEVICE, 1).expect("allowed");
    let puzzling = desk.sale("p", 7);
    desk.bring(puzzling, State::NeedsOperator);
    assert_eq!(desk.accept(&sale("b", 1)), Acceptance::PersonNeeded);
    desk.journal.decide_registered(puzzling, 1, super::desk::proof(3), word()).expect("decided");
    assert!(matches!(desk.accept(&sale("b", 1)), Acceptance::Queued(_)), "the person's word still counts");
}

#[test]
fn a_press_that_is_refused_at_intake_leaves_the_stored_answer_to_the_first() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.bring(row, State::Refused);
    desk.report(&Next::Delivered);
    let puzzling = desk.sale("p", 7);
    desk.bring(puzzling, State::NeedsOperator);
    let mut pressed = sale("a", 1);
    pressed["date"] = json!("2026-11-25T09:30:00+03:00");
    assert_eq!(desk.accept(&pressed), Acceptance::PersonNeeded);
    desk.journal.decide_registered(puzzling, 1, super::desk::proof(3), word()).expect("decided");
    let late = desk.accept(&sale("a", 1));
    assert!(matches!(late, Acceptance::Failed { .. }), "a late repeat of the first must not print: {late:?}");
    assert!(matches!(desk.accept(&pressed), Acceptance::Queued(_)), "the cashier presses again");
}

#[test]
fn a_return_does_not_wait_for_its_sale_nor_a_sale_for_another() {
    let desk = Desk::open();
    desk.sale("a", 1);
    let mut back = sale("r", 1);
    back["type"] = json!("return");
    assert!(matches!(desk.accept(&back), Acceptance::Queued(_)));
    assert!(matches!(desk.accept(&sale("c", 2)), Acceptance::Queued(_)));
    assert_eq!(desk.accept(&sale("b", 1)), Acceptance::EarlierUndecided);
}

#[test]
fn the_same_id_is_answered_from_every_state_it_can_be_in() {
    for state in State::ALL {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.bring(row, state);
        let mut other = sale("a", 1);
        other["payments"][0]["type"] = json!("card");
        let answer = desk.accept(&sale("a", 1));
        if matches!(state, State::Refused | State::Expired) {
            assert!(matches!(answer, Acceptance::Failed { code: 2002, .. }), "{state}: {answer:?}");
        } else {
            assert_eq!(answer, Acceptance::Pending(row), "{state}");
        }
        assert_eq!(desk.accept(&other), Acceptance::OtherContent, "{state}");
        assert_eq!(desk.count("SELECT count(*) FROM documents"), 1, "{state}");
    }
}

#[test]
fn another_id_of_the_sale_waits_in_every_state_that_is_not_final() {
    for state in State::ALL {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.bring(row, state);
        let answer = desk.accept(&sale("b", 1));
        let right = match state {
            State::Done => matches!(answer, Acceptance::Twin(_)),
            State::Refused | State::Expired => matches!(answer, Acceptance::Queued(_)),
            State::Accepted
            | State::Begun
            | State::Closing
            | State::Doubtful
            | State::Cancelling
            | State::NeedsOperator => answer == Acceptance::EarlierUndecided,
        };
        assert!(right, "{state}: {answer:?}");
    }
}

#[test]
fn a_person_s_matter_and_a_fence_stop_intake_for_that_device_alone() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.bring(row, State::NeedsOperator);
    assert_eq!(desk.accept(&sale("b", 2)), Acceptance::PersonNeeded);
    let mut elsewhere = super::desk::incoming(&sale("c", 3));
    elsewhere.device = "bar".into();
    let answer = super::desk::wait(desk.journal.accept(elsewhere, super::desk::POLICY)).expect("answered");
    assert!(matches!(answer, Acceptance::Queued(_)), "{answer:?}");

    let desk = Desk::open();
    desk.journal.adopt(DEVICE, &mark(), &capable()).expect("adopted");
    desk.journal.fence(DEVICE, Fence::CounterWentBack { expected: 2, found: 1 }).expect("fenced");
    assert_eq!(desk.accept(&sale("a", 1)), Acceptance::PersonNeeded);
    desk.journal.agree(DEVICE).expect("agreed");
    assert!(matches!(desk.accept(&sale("a", 1)), Acceptance::Queued(_)), "it is carried out at the next contact");
}

#[test]
fn what_the_snapshot_of_the_device_rules_out_is_refused_and_not_kept() {
    let desk = Desk::open();
    let mut long = sale("a", 1);
    let line = long["positions"][0].clone();
    long["positions"] = json!([line, line]);
    long["payments"][0]["sum"] = json!(1400);
    desk.journal.adopt(DEVICE, &mark(), &capable()).expect("adopted");
    assert!(matches!(desk.accept(&long), Acceptance::DeviceCannot(_)));
    assert!(matches!(desk.accept(&sale("a", 1)), Acceptance::Queued(_)), "the corrected document is a first one");
}

#[test]
fn the_same_id_at_two_devices_is_two_documents() {
    let desk = Desk::open();
    desk.sale("a", 1);
    let mut elsewhere = super::desk::incoming(&sale("a", 1));
    elsewhere.device = "bar".into();
    let answer = super::desk::wait(desk.journal.accept(elsewhere, super::desk::POLICY)).expect("answered");
    assert!(matches!(answer, Acceptance::Queued(_)), "{answer:?}");
}

#[test]
fn one_report_for_each_document_and_both_ids_of_a_twin_hear_their_own() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.register(row, 2);
    let Acceptance::Twin(twin) = desk.accept(&sale("b", 1)) else { panic!("no twin") };
    assert_eq!(desk.count("SELECT count(*) FROM reports"), 2);
    let again = desk.journal.settle_done(row, super::desk::proof(3), kkm_drivers::contract::Paper::Unknown, word());
    assert!(matches!(again, Err(JournalError::Arrow { .. })));
    let flipped = desk.journal.settle_refused(twin, super::desk::failure());
    assert!(matches!(flipped, Err(JournalError::Arrow { .. })), "a final word does not flip");
    assert_eq!(desk.count("SELECT count(*) FROM reports"), 2);
    desk.report(&Next::Delivered);
    desk.report(&Next::Delivered);
    assert_eq!(desk.count("SELECT count(*) FROM reports WHERE state = 'delivered'"), 2);
}

fn word() -> crate::journal::life::Final {
    super::desk::success()
}
