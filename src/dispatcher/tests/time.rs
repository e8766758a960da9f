//! Waiting, giving up, and clocks that jump.

use std::time::Duration;

use super::bench::{DEVICE, LIMITS, Shop};
use crate::dispatcher::Pace;
use crate::journal::accept::Acceptance;

#[test]
fn thirty_at_once_on_a_dead_register_are_all_reported_2002_in_time_and_none_prints_later() {
    let mut shop = Shop::open();
    shop.inject("power off");
    let rows: Vec<_> = (0..30).map(|n| shop.sale(&format!("n{n}"), n)).collect();
    let mut waited = Duration::ZERO;
    while let Pace::Wait(time) = shop.step() {
        shop.advance(time);
        waited += time;
    }
    assert!(waited <= LIMITS.give_up_after + Duration::from_secs(10), "{waited:?}");
    for row in &rows {
        shop.assert_state(*row, "expired");
        assert_eq!(shop.summary(*row).code, Some(2002));
    }
    shop.inject("power on");
    shop.run(200);
    assert!(shop.receipts().is_empty());
}

#[test]
fn thirty_at_once_on_a_slow_register_all_register_for_the_lane_moves() {
    let mut shop = Shop::open();
    shop.inject("print-time 15s");
    let rows: Vec<_> = (0..30).map(|n| shop.sale(&format!("n{n}"), n)).collect();
    for _ in 0..5000 {
        let line = shop.link.now();
        match shop.step() {
            Pace::Again => {}
            Pace::Wait(time) => shop.advance(time),
            Pace::Ring => break,
        }
        // What passed on the line passed for everybody.
        shop.clock.advance(shop.link.now().saturating_sub(line));
    }
    for row in &rows {
        shop.assert_state(*row, "done");
    }
}

#[test]
fn a_document_that_waited_for_paper_is_registered_in_time_or_told_why_not() {
    let mut shop = Shop::open();
    shop.inject("paper out");
    let row = shop.sale("a", 1);
    shop.run(5);
    shop.assert_state(row, "accepted");
    shop.inject("paper in");
    shop.run(50);
    shop.assert_state(row, "done");
    shop.inject("paper out");
    let row = shop.sale("b", 2);
    shop.run(500);
    shop.assert_state(row, "expired");
    assert!(shop.summary(row).message.expect("a message").contains("paper"));
}

#[test]
fn a_lane_longer_than_it_can_serve_says_how_many_are_ahead() {
    let mut shop = Shop::open();
    shop.policy.receipt_time = Duration::from_secs(60);
    for n in 0..11 {
        shop.sale(&format!("n{n}"), n);
    }
    assert_eq!(shop.accept(&Shop::document("late", 99, "sale")), Acceptance::LaneFull { ahead: 11 });
}

#[test]
fn a_late_not_registered_is_reported_and_never_printed() {
    let mut shop = Shop::open();
    shop.inject("power-cut before FF45 stays");
    let row = shop.sale("a", 1);
    // The register stays dark for longer than anybody waits.
    for _ in 0..300 {
        if let Pace::Wait(time) = shop.step() {
            shop.advance(time);
        }
    }
    shop.assert_state(row, "doubtful");
    shop.inject("power on");
    shop.run(100);
    shop.assert_state(row, "expired");
    assert_eq!(shop.summary(row).code, Some(2002));
    assert!(shop.receipts().is_empty());
}

/// Documents in every state that a clock could disturb: registered, doubtful or waiting.
#[test]
fn a_clock_that_jumps_changes_no_state_and_nothing_is_lost_or_doubled() {
    const YEAR_MS: i64 = 365 * 24 * 3_600_000;
    const SINCE_1970_MS: i64 = -1_795_586_400_000;
    for jump in [SINCE_1970_MS, YEAR_MS, -3_600_000] {
        for before in 0..8 {
            let mut shop = Shop::open();
            shop.inject("lose-answer FF45");
            let row = shop.sale("a", 1);
            let waiting = shop.sale("b", 2);
            for _ in 0..before {
                shop.step();
            }
            let states = (shop.summary(row).state, shop.summary(waiting).state);
            shop.clock.jump_wall(jump);
            assert_eq!((shop.summary(row).state, shop.summary(waiting).state), states);
            shop.run(100);
            shop.assert_state(row, "done");
            shop.assert_state(waiting, "done");
            assert_eq!(shop.receipts().len(), 2, "jump {jump} after {before} steps");
        }
    }
}

#[test]
fn after_a_reboot_age_is_the_wall_clock_s_if_plausible_and_else_the_document_is_expired() {
    let mut shop = Shop::open();
    let row = shop.sale("a", 1);
    shop.clock.reboot();
    shop.clock.jump_wall(30_000);
    shop.restart();
    shop.run(50);
    shop.assert_state(row, "done");
    let row = shop.sale("b", 2);
    shop.clock.reboot();
    shop.clock.jump_wall(-1_000_000_000_000);
    shop.restart();
    shop.run(50);
    shop.assert_state(row, "expired");
    assert_eq!(shop.receipts().len(), 1);
}

#[test]
fn a_restart_in_any_step_goes_on_where_it_was() {
    for before in 0..10 {
        let mut shop = Shop::open();
        shop.inject("power-cut before FF45");
        let row = shop.sale("a", 1);
        for _ in 0..before {
            if let Pace::Wait(time) = shop.step() {
                shop.advance(time);
            }
        }
        shop.restart();
        shop.run(200);
        shop.assert_state(row, "done");
        assert_eq!(shop.receipts().len(), 1, "after {before} steps");
        assert!(shop.journal.in_flight(DEVICE).expect("read").is_none());
    }
}
