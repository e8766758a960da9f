//! The life of the shift: closed at its hour and always before 24 hours, made up for when it was missed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::{TimeZone, offset};
use kkm_drivers::contract::{Body, Document, Driver, Marker, Outcome, Reason};
use kkm_drivers::simulator::books::{BookedDocument, Kind};

use super::bench::{DEVICE, Shop, Willing};
use crate::control::{Ask, Desk};
use crate::dispatcher::{Closing, Pace};
use crate::messages::{Locale, Obstacle};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// From 09:00, when these shops open, to the hour of their closing.
const TO_CLOSING: Duration = Duration::from_secs((14 * 60 + 50) * 60);

/// A minute less.
const BEFORE_CLOSING: Duration = Duration::from_secs((14 * 60 + 49) * 60);

/// Opens at 09:00, closes at 23:50.
fn shop() -> Shop {
    let zone = Some(TimeZone::fixed(offset(3)));
    shop_with(Closing { at: Some(Time::constant(23, 50, 0, 0)), zone, automatic: true })
}

fn shop_with(closing: Closing) -> Shop {
    let mut shop = Shop::open();
    shop.closing = closing;
    shop.start();
    shop
}

/// Without an hour of its own.
fn by_age() -> Closing {
    Closing { at: None, zone: None, automatic: true }
}

/// Lets the lane work until that time after 09:00.
fn live(shop: &mut Shop, until: Duration) {
    while shop.link.now() < until {
        let line = shop.link.now();
        let pace = shop.step();
        // What passed on the line passed for everybody.
        shop.clock.advance(shop.link.now().saturating_sub(line));
        let left = until.saturating_sub(shop.link.now());
        match pace {
            Pace::Again => {}
            Pace::Wait(time) => shop.advance(time.min(left)),
            Pace::Ring => shop.advance(left),
        }
    }
}

fn booked(shop: &Shop, kind: Kind) -> Vec<BookedDocument> {
    shop.link.device(|d| d.register().documents().iter().filter(|b| b.kind == kind).cloned().collect())
}

fn times(shop: &Shop, kind: Kind) -> Vec<String> {
    booked(shop, kind).iter().map(|d| d.time.to_string()[..16].to_owned()).collect()
}

fn by_hand(shop: &Shop, body: Body) {
    let document = Document { marker: Marker::new(0, 0, 0).expect("in range"), body, original: None };
    let outcome = shop.another().execute(&document, &mut Willing);
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
}

fn orders(shop: &Shop) -> usize {
    shop.journal.newest(100).expect("read").iter().filter(|d| d.kind == "close_shift").count()
}

#[test]
fn a_closing_that_was_missed_is_an_alarm_and_is_made_up_for_when_the_register_answers() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, BEFORE_CLOSING);
    shop.inject("power off");
    live(&mut shop, TO_CLOSING + MINUTE);
    assert_eq!(shop.door.missed.get(), None, "a minute late is not missed");
    live(&mut shop, TO_CLOSING + 30 * MINUTE);
    let missed = shop.door.missed.get().expect("an alarm");
    assert_eq!((missed.shift, missed.why), (1, Obstacle::Silence));
    assert_eq!(missed.ends_ms - missed.due_ms, 9 * 3_600_000 + 600_000, "23:50 until 09:00, when it was opened");
    assert!(
        missed.text.starts_with("Shift 1 was not closed at 23:50: the register does not answer"),
        "{}",
        missed.text
    );
    let history = shop.journal.history(100).expect("read");
    assert_eq!(history.iter().filter(|h| h.what == "closing missed").count(), 1, "said once");
    let desk = Desk {
        journal: shop.journal.clone(),
        lanes: BTreeMap::from([(DEVICE.to_owned(), shop.door.clone())]),
        running: true,
        reports: Arc::default(),
        locale: Locale::En,
    };
    let told = serde_json::to_value(desk.answer(Ask::Devices)).expect("JSON");
    assert_eq!(told["devices"][0]["missed_closing"]["shift"], 1, "who asks over the socket is told: {told}");
    assert_eq!(told["devices"][0]["missed_closing"]["text"], missed.text);
    assert_eq!(orders(&shop), 0, "nothing is ordered of a register that is not there");
    shop.inject("power on");
    live(&mut shop, TO_CLOSING + 33 * MINUTE);
    assert_eq!(times(&shop, Kind::ShiftClosed).len(), 1);
    assert_eq!(shop.door.missed.get(), None);
}

#[test]
fn a_daemon_that_slept_over_the_closing_makes_up_for_it_at_its_start() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, HOUR);
    shop.advance(16 * HOUR);
    shop.restart();
    live(&mut shop, 17 * HOUR + MINUTE);
    assert_eq!(times(&shop, Kind::ShiftClosed), ["2026-11-26T02:00"]);
    assert_eq!(shop.door.missed.get(), None);
}

#[test]
fn the_alarm_of_a_missed_closing_is_raised_again_by_a_new_process() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, HOUR);
    shop.inject("paper out");
    live(&mut shop, TO_CLOSING + 5 * MINUTE);
    assert_eq!(shop.door.missed.get().map(|m| m.why), Some(Obstacle::Register(Reason::PaperOut)));
    shop.restart();
    shop.step();
    assert_eq!(shop.door.missed.get().map(|m| m.why), Some(Obstacle::Register(Reason::PaperOut)));
    shop.inject("paper in");
    live(&mut shop, TO_CLOSING + 10 * MINUTE);
    assert_eq!(booked(&shop, Kind::ShiftClosed).len(), 1);
    assert_eq!((shop.door.missed.get(), orders(&shop)), (None, 1));
}

#[test]
fn a_register_that_closed_its_day_by_itself_is_understood() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, 10 * HOUR);
    by_hand(&shop, Body::CloseShift(None));
    live(&mut shop, TO_CLOSING + 10 * MINUTE);
    assert_eq!((orders(&shop), shop.door.missed.get()), (0, None));
    assert_eq!(booked(&shop, Kind::ShiftClosed).len(), 1);
    let row = shop.sale("b", 2);
    live(&mut shop, TO_CLOSING + 20 * MINUTE);
    shop.assert_state(row, "done");
    assert_eq!(booked(&shop, Kind::ShiftOpened).len(), 2);
}

#[test]
fn a_shift_that_another_has_opened_is_closed_before_its_own_24_hours() {
    let mut shop = shop_with(by_age());
    by_hand(&shop, Body::OpenShift(None));
    shop.advance(20 * HOUR);
    shop.sale("a", 1);
    live(&mut shop, 24 * HOUR);
    let closed = times(&shop, Kind::ShiftClosed);
    assert_eq!(closed, ["2026-11-26T08:50"], "as old as the register's storage says, not as long as we know it");
}

#[test]
fn a_queue_that_never_ends_does_not_put_the_closing_off() {
    let mut shop = shop_with(by_age());
    let mut sold = 0;
    for quarter in 1..=97 {
        for _ in 0..4 {
            sold += 1;
            shop.sale(&format!("n{sold}"), sold);
        }
        live(&mut shop, quarter * 15 * MINUTE);
        shop.deliver();
    }
    let (opened, closed) = (booked(&shop, Kind::ShiftOpened), booked(&shop, Kind::ShiftClosed));
    let age = closed[0].time.since_s(opened[0].time);
    assert!((23 * 3600 + 49 * 60..24 * 3600).contains(&age), "{age}");
    assert_eq!(shop.ours() as i64, sold);
}

#[test]
fn a_closing_waits_for_the_end_of_a_receipt_that_is_somebody_else_s() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, BEFORE_CLOSING);
    shop.inject("foreign-open 5000");
    live(&mut shop, TO_CLOSING + 10 * MINUTE);
    assert!(booked(&shop, Kind::ShiftClosed).is_empty());
    assert_eq!(shop.door.missed.get().map(|m| m.why), Some(Obstacle::Register(Reason::ForeignReceiptOpen)));
    shop.another().cancel_open().expect("its owner cancels it");
    live(&mut shop, TO_CLOSING + 15 * MINUTE);
    assert_eq!((booked(&shop, Kind::ShiftClosed).len(), shop.door.missed.get()), (1, None));
}

#[test]
fn a_closing_that_the_register_refuses_is_an_alarm_with_its_words_and_is_ordered_again() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, HOUR);
    shop.inject("refuse 41 71 x3");
    live(&mut shop, TO_CLOSING + 3 * HOUR);
    assert_eq!(booked(&shop, Kind::ShiftClosed).len(), 1);
    assert_eq!(shop.door.missed.get(), None);
    assert!(shop.journal.in_flight(DEVICE).expect("read").is_none());
}

#[test]
fn a_closing_that_was_overtaken_by_a_receipt_leaves_the_new_shift_open() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, HOUR);
    shop.inject("power off");
    live(&mut shop, 25 * HOUR);
    shop.inject("power on");
    // It waits before the closing is ordered, meets a shift that is too old, and opens another.
    let row = shop.sale("b", 2);
    live(&mut shop, 26 * HOUR);
    shop.assert_state(row, "done");
    assert_eq!((booked(&shop, Kind::ShiftOpened).len(), booked(&shop, Kind::ShiftClosed).len()), (2, 1));
    assert_eq!(shop.door.missed.get(), None);
}

#[test]
fn a_closing_that_waits_for_a_person_s_decision_is_an_alarm_and_comes_after_it() {
    let mut shop = shop();
    shop.sale("a", 1);
    live(&mut shop, HOUR);
    // A receipt of our kind without a marker, and no answer to ours.
    shop.inject("lose-answer FF45");
    shop.inject("foreign sale 70000 after FF45");
    shop.inject("refuse FF3A 08 always");
    let row = shop.sale("b", 2);
    live(&mut shop, TO_CLOSING + 5 * MINUTE);
    shop.assert_state(row, "needs_operator");
    assert_eq!(shop.door.missed.get().map(|m| m.why), Some(Obstacle::Person));
    assert!(booked(&shop, Kind::ShiftClosed).is_empty());
}
