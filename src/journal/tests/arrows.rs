//! Every arrow is one conditional transaction.

use kkm_drivers::contract::Paper;

use super::desk::{DEVICE, Desk, LIMITS, failure, mark, proof, success};
use crate::journal::life::Begin;
use crate::journal::{Event, JournalError, State};

/// Arrows that carry nothing but themselves.
const BARE: [Event; 8] = [
    Event::Begin,
    Event::Closing,
    Event::Untouched,
    Event::Doubt,
    Event::Cancel,
    Event::NotRegistered,
    Event::AskOperator,
    Event::DecidedNot,
];

#[test]
fn an_arrow_that_does_not_exist_is_refused_and_changes_nothing() {
    for from in State::ALL {
        for event in BARE {
            let desk = Desk::open();
            let row = desk.sale("a", 1);
            desk.bring(row, from);
            let events = desk.count("SELECT count(*) FROM events");
            match (from.after(event), desk.journal.arrow(row, event, "")) {
                (Ok(to), Ok(reached)) => assert_eq!((reached, desk.state(row)), (to, to)),
                (Err(_), Err(JournalError::Arrow { .. })) => {
                    assert_eq!(desk.state(row), from, "{event:?}");
                    assert_eq!(desk.count("SELECT count(*) FROM events"), events);
                }
                (pure, journal) => panic!("{from} {event:?}: {pure:?} but {journal:?}"),
            }
        }
    }
}

#[test]
fn a_final_word_never_changes_and_is_reported_once() {
    for from in [State::Done, State::Refused, State::Expired] {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.bring(row, from);
        let word = desk.summary(row).message;
        assert!(desk.journal.settle_refused(row, failure()).is_err());
        assert!(desk.journal.settle_done(row, proof(9), Paper::Delivered, success()).is_err());
        assert!(desk.journal.decide_registered(row, desk.summary(row).attempt, proof(9), success()).is_err());
        assert!(desk.journal.decide_not(row, desk.summary(row).attempt).is_err());
        assert!(desk.journal.begin(row, mark(), LIMITS).is_err() || desk.state(row) == from);
        assert_eq!(desk.state(row), from);
        assert_eq!(desk.summary(row).message, word);
        assert_eq!(desk.count("SELECT count(*) FROM reports"), 1);
    }
}

#[test]
fn one_document_of_a_device_is_under_way_at_a_time() {
    let holding = State::ALL.into_iter().filter(|s| s.holds_the_device());
    for state in holding {
        let desk = Desk::open();
        let (first, second) = (desk.sale("a", 1), desk.sale("b", 2));
        desk.bring(first, state);
        assert!(matches!(desk.journal.begin(second, mark(), LIMITS), Err(JournalError::Sqlite(_))), "{state}");
        assert_eq!(desk.state(second), State::Accepted, "{state}");
        assert_eq!(desk.summary(second).attempt, 0, "the attempt was rolled back with the rest: {state}");
        assert_eq!(desk.journal.in_flight(DEVICE).expect("read").map(|f| f.row), Some(first), "{state}");
    }
}

#[test]
fn after_a_restart_whatever_was_in_the_middle_is_doubtful_and_the_rest_stays() {
    for state in State::ALL {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.bring(row, state);
        let desk = desk.restart();
        desk.journal.interrupted(DEVICE).expect("read");
        let expected = match state {
            State::Begun | State::Closing | State::Cancelling => State::Doubtful,
            other => other,
        };
        assert_eq!(desk.state(row), expected, "{state}");
        desk.journal.interrupted(DEVICE).expect("read");
        assert_eq!(desk.state(row), expected, "twice is the same as once");
    }
}

#[test]
fn a_mark_is_durable_with_its_begin_and_outlives_the_process() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    let Begin::Begun(document) = desk.journal.begin(row, mark(), LIMITS).expect("begun") else { panic!("late") };
    assert_eq!(desk.count("SELECT count(*) FROM attempts"), 1);
    let desk = desk.restart();
    let flight = desk.journal.in_flight(DEVICE).expect("read").expect("there");
    assert_eq!(flight.mark, mark());
    assert_eq!(flight.document, *document, "the marker is of the epoch in which it was accepted");
}

#[test]
fn no_marker_is_ever_made_twice() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    let mut markers = Vec::new();
    let mut desk = desk;
    for _ in 0..3 {
        for _ in 0..3 {
            let Begin::Begun(document) = desk.journal.begin(row, mark(), LIMITS).expect("begun") else {
                panic!("late")
            };
            markers.push(document.marker);
            desk.journal.back(row, Event::Untouched, None, "").expect("back");
        }
        desk = desk.restart();
    }
    desk.journal.settle_refused(row, failure()).expect("refused");
    // The row is gone for good, as a person with an SQL shell might do it; its number is not used again.
    rusqlite::Connection::open(desk.path())
        .expect("opened")
        .execute_batch("DELETE FROM attempts; DELETE FROM reports; DELETE FROM documents")
        .expect("deleted");
    let next = desk.sale("b", 2);
    assert!(next > row);
    desk.begin(next);
    markers.push(desk.journal.in_flight(DEVICE).expect("read").expect("there").document.marker);
    let unique: std::collections::HashSet<_> = markers.iter().collect();
    assert_eq!(unique.len(), markers.len(), "{markers:?}");
}

#[test]
fn a_decision_names_the_attempt_that_was_looked_at() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.begin(row);
    desk.journal.back(row, Event::Untouched, None, "").expect("back");
    desk.bring(row, State::NeedsOperator);
    assert_eq!(desk.summary(row).attempt, 2);
    for old in [0, 1, 3] {
        assert!(matches!(desk.journal.decide_not(row, old), Err(JournalError::Decision(_))));
        let registered = desk.journal.decide_registered(row, old, proof(9), success());
        assert!(matches!(registered, Err(JournalError::Decision(_))));
    }
    assert_eq!(desk.state(row), State::NeedsOperator);
    desk.journal.decide_not(row, 2).expect("decided");
    assert_eq!(desk.state(row), State::Doubtful, "looked at once more before it counts");
    assert!(matches!(desk.journal.decide_not(row, 2), Err(JournalError::Arrow { .. })), "of two people one is first");
}

#[test]
fn a_decision_is_gone_when_the_evidence_goes_back_to_the_person() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.bring(row, State::NeedsOperator);
    desk.journal.decide_not(row, 1).expect("decided");
    assert!(desk.journal.in_flight(DEVICE).expect("read").expect("there").decided_not);
    let contrary = kkm_drivers::contract::Puzzle::StaysOpen;
    desk.journal.ask_operator(row, contrary.clone()).expect("asked again");
    let flight = desk.journal.in_flight(DEVICE).expect("read").expect("there");
    assert_eq!((flight.decided_not, flight.puzzle), (false, Some(contrary)));
}

#[test]
fn registered_by_a_person_needs_numbers_that_belong_to_nobody_else_of_that_storage() {
    let desk = Desk::open();
    let first = desk.sale("a", 1);
    desk.register(first, 5);
    let row = desk.sale("b", 2);
    desk.bring(row, State::NeedsOperator);
    let decide = |proof| desk.journal.decide_registered(row, 1, proof, success());
    assert!(matches!(decide(proof(5)), Err(JournalError::Decision(_))));
    assert_eq!(desk.state(row), State::NeedsOperator);
    let elsewhere = kkm_drivers::contract::Proof { storage: "another".into(), ..proof(5) };
    decide(elsewhere).expect("the same number in another storage is another document");
    assert_eq!(desk.state(row), State::Done);
}
