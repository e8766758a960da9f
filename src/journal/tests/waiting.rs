//! How long a document waits, and clocks.

use std::time::Duration;

use super::desk::{DEVICE, Desk, LIMITS, MORNING_MS, failure, mark, proof, success};
use crate::journal::life::Begin;
use crate::journal::{Event, State};

const YEAR_MS: i64 = 365 * 24 * 3_600_000;
const HOUR_MS: i64 = 3_600_000;

fn adopt(desk: &Desk) {
    let capabilities = kkm_drivers::contract::Capabilities {
        vat_rates: vec![kkm_drivers::contract::VatRate::Exempt],
        tax_systems: Vec::new(),
        max_lines: None,
        zero_lines: true,
        electronic_only: true,
        stores_marker: true,
        cash_rounding: true,
    };
    desk.journal.adopt(DEVICE, &mark(), &capabilities).expect("adopted");
}

#[test]
fn a_document_expires_when_neither_it_nor_the_lane_moved_for_the_give_up_time() {
    let desk = Desk::open();
    adopt(&desk);
    let row = desk.sale("a", 1);
    desk.clock.advance(Duration::from_secs(119));
    assert_eq!(desk.expire(), 0);
    assert_eq!(desk.journal.time_to_expiry(DEVICE, LIMITS).expect("read"), Some(Duration::from_secs(1)));
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(desk.expire(), 1);
    assert_eq!(desk.state(row), State::Expired);
    assert_eq!(desk.journal.time_to_expiry(DEVICE, LIMITS).expect("read"), None);
}

#[test]
fn while_the_lane_settles_nobody_gives_up_before_the_cap_of_ten_minutes() {
    let desk = Desk::open();
    adopt(&desk);
    let last = desk.sale("last", 99);
    for minute in 1..10 {
        let row = desk.sale(&format!("n{minute}"), minute);
        desk.clock.advance(Duration::from_secs(60));
        assert_eq!(desk.expire(), 0, "minute {minute}");
        // Registered out of order: here the lane is played by hand.
        desk.register(row, 10 + minute.unsigned_abs());
    }
    desk.clock.advance(Duration::from_secs(60));
    assert_eq!(desk.expire(), 1);
    assert_eq!(desk.state(last), State::Expired);
}

#[test]
fn an_expiry_is_no_progress_of_the_lane_and_a_refusal_is() {
    let desk = Desk::open();
    adopt(&desk);
    desk.sale("a", 1);
    desk.clock.advance(Duration::from_secs(60));
    let second = desk.sale("b", 2);
    desk.clock.advance(Duration::from_secs(60));
    assert_eq!(desk.expire(), 1);
    desk.clock.advance(Duration::from_secs(60));
    assert_eq!(desk.expire(), 1, "the first expiry lets the second wait no longer");
    assert_eq!(desk.state(second), State::Expired);

    let refused = desk.sale("c", 3);
    let waits = desk.sale("d", 4);
    desk.clock.advance(Duration::from_secs(60));
    desk.journal.settle_refused(refused, failure()).expect("refused");
    desk.clock.advance(Duration::from_secs(119));
    assert_eq!(desk.expire(), 0);
    assert_eq!(desk.state(waits), State::Accepted);
}

#[test]
fn a_begin_after_the_deadline_is_refused_and_leaves_no_attempt() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.clock.advance(LIMITS.give_up_after);
    assert!(matches!(desk.journal.begin(row, mark(), LIMITS), Ok(Begin::Late)));
    assert_eq!(desk.state(row), State::Accepted);
    assert_eq!(desk.count("SELECT count(*) FROM attempts"), 0);
    assert_eq!(desk.summary(row).attempt, 0);
}

#[test]
fn only_what_waits_expires_however_late_it_is() {
    for state in State::ALL {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.bring(row, state);
        desk.clock.advance(Duration::from_secs(100_000));
        desk.expire();
        let expected = if state == State::Accepted { State::Expired } else { state };
        assert_eq!(desk.state(row), expected, "{state}");
    }
}

#[test]
fn a_wall_clock_that_jumps_changes_no_state_in_any_state() {
    for jump_ms in [-MORNING_MS, YEAR_MS, -HOUR_MS] {
        for state in State::ALL {
            let desk = Desk::open();
            let row = desk.sale("a", 1);
            desk.bring(row, state);
            desk.clock.jump_wall(jump_ms);
            desk.expire();
            assert_eq!(desk.state(row), state, "jump {jump_ms}");
            let desk = desk.restart();
            desk.expire();
            assert_eq!(desk.state(row), state, "jump {jump_ms} and a restart within the boot");
            assert_eq!(desk.count("SELECT count(*) FROM documents"), 1);
        }
    }
}

#[test]
fn over_a_reboot_only_what_waits_is_touched_and_only_if_the_wall_clock_says_so() {
    // By how much the wall clock differs after the reboot, and whether a waiting document outlives it.
    for (jump_ms, lives) in
        [(30_000, true), (121_000, false), (-MORNING_MS, false), (-HOUR_MS, false), (YEAR_MS, false)]
    {
        for state in State::ALL {
            let desk = Desk::open();
            let row = desk.sale("a", 1);
            desk.bring(row, state);
            desk.clock.reboot();
            desk.clock.jump_wall(jump_ms);
            let desk = desk.restart();
            desk.expire();
            let expected = if state == State::Accepted && !lives { State::Expired } else { state };
            assert_eq!(desk.state(row), expected, "{jump_ms} ms over the reboot");
        }
    }
}

#[test]
fn a_boot_clock_cannot_be_fooled_so_a_jump_neither_shortens_nor_lengthens_the_wait() {
    for jump_ms in [-MORNING_MS, YEAR_MS, -HOUR_MS] {
        let desk = Desk::open();
        let row = desk.sale("a", 1);
        desk.clock.advance(Duration::from_secs(100));
        desk.clock.jump_wall(jump_ms);
        assert_eq!(desk.journal.time_to_expiry(DEVICE, LIMITS).expect("read"), Some(Duration::from_secs(20)));
        desk.clock.advance(Duration::from_secs(20));
        desk.expire();
        assert_eq!(desk.state(row), State::Expired);
    }
}

#[test]
fn what_expired_is_never_begun_again_and_a_late_no_leads_to_its_expiry() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.bring(row, State::Doubtful);
    desk.clock.advance(Duration::from_secs(3600));
    desk.journal.back(row, Event::NotRegistered, None, "").expect("back");
    assert!(matches!(desk.journal.begin(row, mark(), LIMITS), Ok(Begin::Late)));
    assert_eq!(desk.expire(), 1);
    assert!(!matches!(desk.journal.begin(row, mark(), LIMITS), Ok(Begin::Begun(_))));
    assert!(desk.journal.settle_done(row, proof(1), kkm_drivers::contract::Paper::Unknown, success()).is_err());
    assert_eq!(desk.summary(row).code, Some(2002));
}
