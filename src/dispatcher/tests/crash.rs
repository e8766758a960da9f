//! A process that ended in the middle: whatever the journal believes, evidence decides.

use kkm_drivers::contract::{Document, Driver, Outcome};
use kkm_drivers::simulator::books::Operation;

use super::bench::{LIMITS, Shop, Willing};
use crate::journal::life::Begin;
use crate::journal::{Event, State};

/// What the register did with the document before the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Nothing,
    Open,
    Registered,
}

/// The journal's belief at the end of the process.
fn believe(shop: &Shop, row: i64, state: State) -> Document {
    let mark = shop.another().mark().expect("a mark");
    let Begin::Begun(document) = shop.journal.begin(row, mark, LIMITS).expect("begun") else { panic!("late") };
    let arrows: &[Event] = match state {
        State::Begun => &[],
        State::Closing => &[Event::Closing],
        State::Doubtful => &[Event::Closing, Event::Doubt],
        State::Cancelling => &[Event::Doubt, Event::Cancel],
        State::Accepted | State::NeedsOperator | State::Done | State::Refused | State::Expired => {
            panic!("{state} is no middle")
        }
    };
    for arrow in arrows {
        shop.journal.arrow(row, *arrow, "").expect("an arrow");
    }
    *document
}

fn make_true(shop: &Shop, truth: Truth, document: &Document) {
    match truth {
        Truth::Nothing => {}
        Truth::Open => shop.link.device(|d| d.register_mut().open_receipt(Operation::Sale, 30)).expect("opened"),
        Truth::Registered => {
            let outcome = shop.another().execute(document, &mut Willing);
            assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
        }
    }
}

#[test]
fn after_a_crash_in_any_state_evidence_decides_and_there_is_one_receipt() {
    for state in [State::Begun, State::Closing, State::Doubtful, State::Cancelling] {
        for truth in [Truth::Nothing, Truth::Open, Truth::Registered] {
            let mut shop = Shop::open();
            shop.sale("warm", 9);
            shop.run(50);
            let row = shop.sale("a", 1);
            let document = believe(&shop, row, state);
            make_true(&shop, truth, &document);
            shop.restart();
            shop.run(200);
            shop.assert_state(row, "done");
            assert_eq!(shop.receipts().len(), 2, "{state} {truth:?}");
            let attempts = if truth == Truth::Registered { 1 } else { 2 };
            assert_eq!(shop.summary(row).attempt, attempts, "{state} {truth:?}");
        }
    }
}

#[test]
fn evidence_needs_no_clock() {
    for jump_ms in [-1_795_586_400_000, 365 * 24 * 3_600_000, -3_600_000] {
        for truth in [Truth::Nothing, Truth::Open, Truth::Registered] {
            let mut shop = Shop::open();
            shop.sale("warm", 9);
            shop.run(50);
            let row = shop.sale("a", 1);
            let document = believe(&shop, row, State::Closing);
            make_true(&shop, truth, &document);
            shop.clock.reboot();
            shop.clock.jump_wall(jump_ms);
            shop.restart();
            shop.run(200);
            // Not registered, and nobody knows for how long: it is told so and never printed.
            let (state, receipts) = if truth == Truth::Registered { ("done", 2) } else { ("expired", 1) };
            shop.assert_state(row, state);
            assert_eq!(shop.receipts().len(), receipts, "{truth:?} {jump_ms}");
        }
    }
}

#[test]
fn a_second_lane_over_the_same_state_changes_nothing() {
    let mut shop = Shop::open();
    shop.sale("warm", 9);
    shop.run(50);
    let row = shop.sale("a", 1);
    let document = believe(&shop, row, State::Closing);
    make_true(&shop, Truth::Registered, &document);
    for _ in 0..5 {
        shop.restart();
        shop.assert_state(row, "doubtful");
    }
    shop.run(50);
    shop.assert_state(row, "done");
    for _ in 0..3 {
        shop.restart();
        shop.run(50);
    }
    assert_eq!((shop.receipts().len(), shop.summary(row).attempt), (2, 1));
}
