//! Shifts, cash, corrections and slips.

use super::shop::{Shop, cash, document, marker, small_sale};
use crate::contract::{
    Body, Cashier, Correction, CorrectionBasis, Driver, Money, Operation, Outcome, Paper, Puzzle, Reason, Shift,
    TaxSystem, VatRate, Verdict,
};
use crate::shtrih::command::table::Place;
use crate::simulator::books::Kind;

fn done(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Done(proof, _) => proof.document_number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shift_is_opened_and_closed_with_the_numbers_of_its_reports() {
    let mut shop = Shop::closed();
    assert!(matches!(shop.driver.status().expect("answers").shift, Shift::Closed(_)));
    let cashier = Some(Cashier { title: "Петрова".into(), inn: None });
    let number = done(shop.execute(Body::OpenShift(cashier.clone())));
    let opened = shop.booked(Kind::ShiftOpened).pop().expect("booked");
    assert_eq!(number, u64::from(opened.number));
    assert_eq!(opened.tag_text(1021), "Петрова");
    assert!(matches!(shop.driver.status().expect("answers").shift, Shift::Open(_)));
    let number = done(shop.execute(Body::CloseShift(cashier)));
    let closed = shop.booked(Kind::ShiftClosed).pop().expect("booked");
    assert_eq!(number, u64::from(closed.number));
    assert!(matches!(shop.driver.status().expect("answers").shift, Shift::Closed(_)));
}

#[test]
fn a_sale_in_a_closed_or_expired_shift_is_refused_with_the_reason() {
    let reason = |shop: &mut Shop| match shop.execute(small_sale()) {
        Outcome::Refused(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    };
    let mut shop = Shop::closed();
    assert_eq!(reason(&mut shop), Reason::ShiftClosed);
    let mut shop = Shop::open();
    shop.inject("shift expire");
    assert!(matches!(shop.driver.status().expect("answers").shift, Shift::Expired(_)));
    assert_eq!(reason(&mut shop), Reason::ShiftExpired);
    done(shop.execute(Body::CloseShift(None)));
    done(shop.execute(Body::OpenShift(None)));
    done(shop.execute(small_sale()));
}

#[test]
fn cash_goes_in_and_out_and_not_below_nothing() {
    let mut shop = Shop::open();
    done(shop.execute(Body::CashIn(Money::from_minor(5000))));
    done(shop.execute(Body::CashOut(Money::from_minor(2000))));
    assert_eq!(shop.booked(Kind::CashIn).len(), 1);
    assert_eq!(shop.booked(Kind::CashOut)[0].total, Money::from_minor(2000));
    match shop.execute(Body::CashOut(Money::from_minor(999_999))) {
        Outcome::Refused(refusal) => assert_eq!(refusal.reason, Reason::NotEnoughCash),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cash_in_whose_answer_is_lost_is_seen_in_the_counters() {
    let mut shop = Shop::open();
    let body = Body::CashIn(Money::from_minor(5000));
    let mark = shop.driver.mark().expect("answers");
    shop.inject("lose-answer 50");
    assert!(matches!(shop.execute(body.clone()), Outcome::Doubtful(_)));
    match shop.driver.verdict(&document(body.clone(), 1), &mark).expect("answers") {
        Verdict::Happened(proof, _) => assert_eq!(proof.total, Some(Money::from_minor(5000))),
        other => panic!("{other:?}"),
    }
    let mark = shop.driver.mark().expect("answers");
    shop.inject("foreign-cash-in 700");
    let verdict = shop.driver.verdict(&document(body, 2), &mark).expect("answers");
    assert_eq!(verdict, Verdict::CannotTell(Puzzle::CashCountersMoved));
}

#[test]
fn a_shift_whose_opening_was_not_answered_is_seen_in_the_storage() {
    for command in ["E0", "41"] {
        let mut shop = if command == "E0" { Shop::closed() } else { Shop::open() };
        let body = if command == "E0" { Body::OpenShift(None) } else { Body::CloseShift(None) };
        let mark = shop.driver.mark().expect("answers");
        shop.inject(&format!("lose-answer {command}"));
        assert!(matches!(shop.execute(body.clone()), Outcome::Doubtful(_)));
        let verdict = shop.driver.verdict(&document(body, 1), &mark).expect("answers");
        assert!(matches!(verdict, Verdict::Happened(..)), "{verdict:?}");
    }
}

#[test]
fn a_correction_has_its_basis_and_our_marker() {
    let mut shop = Shop::open();
    let correction = Correction {
        operation: Operation::Sale,
        by_order: true,
        total: Money::from_minor(12_200),
        payments: cash(12_200),
        vat: VatRate::Rate(1000),
        tax_system: TaxSystem::DEFAULT,
        basis: CorrectionBasis { date: "2026-02-01".into(), number: "17-2".into() },
    };
    let mark = shop.driver.mark().expect("answers");
    shop.inject("lose-answer FF4A");
    assert!(matches!(shop.execute(Body::Correction(correction.clone())), Outcome::Doubtful(_)));
    let booked = shop.booked(Kind::Correction).pop().expect("booked");
    assert_eq!(booked.total, Money::from_minor(12_200));
    assert_eq!(booked.tag_text(1192), marker(1).to_string());
    let verdict = shop.driver.verdict(&document(Body::Correction(correction), 1), &mark).expect("answers");
    assert!(matches!(verdict, Verdict::Happened(..)), "{verdict:?}");
}

#[test]
fn reports_and_slips_print_and_leave_no_document() {
    let mut shop = Shop::open();
    let before = shop.driver.mark().expect("answers").last_document;
    assert_eq!(done(shop.execute(Body::XReport)), 0);
    assert_eq!(done(shop.execute(Body::Slip("Оплата картой\nОдобрено".into()))), 0);
    assert_eq!(shop.driver.mark().expect("answers").last_document, before);
}

#[test]
fn a_copy_a_drawer_and_a_clock_are_served() {
    let mut shop = Shop::open();
    done(shop.execute(small_sale()));
    assert_eq!(shop.driver.print_copy().expect("prints"), Paper::Delivered);
    shop.driver.open_drawer().expect("opens");
    shop.driver.beep().expect("beeps");
    shop.driver.print_qr(&"https://example.com/".repeat(5)).expect("prints");
    assert!(shop.driver.knows_numbered_level().expect("answers"));
    let number = Place { table: 1, row: 1, field: 1 };
    shop.driver.write_field(number, &[7]).expect("written");
    assert_eq!(shop.driver.read_field(number), Ok(vec![7]));
    done(shop.execute(Body::CloseShift(None)));
    let clock = crate::shtrih::service::Clock { year: 2026, month: 2, day: 11, hour: 9, minute: 30, second: 5 };
    shop.driver.set_clock(clock).expect("set");
    let shown = shop.driver.status().expect("answers").clock.expect("told");
    assert!(shown.starts_with("2026-02-11T09:30"), "{shown}");
}
