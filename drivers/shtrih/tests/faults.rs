//! What happens when something fails, by the script of the simulated register.

use std::time::Duration;

use super::shop::{End, Shop, Willing, cash, document, draft, line, marker, receipt, small_sale};
use crate::contract::{
    Body, Correction, CorrectionBasis, Driver, Fault, FaultKind, Money, Operation, Outcome, Paper, Puzzle, Reason,
    TaxSystem, VatRate, Verdict, Witness,
};
use crate::simulator::books::Kind;

#[test]
fn a_close_whose_answer_is_lost_is_found_in_the_storage_and_never_repeated() {
    for kept in ["", " kept"] {
        let mut shop = Shop::open();
        shop.inject(&format!("lose-answer FF45{kept}"));
        let end = shop.dispatch(&small_sale());
        assert!(matches!(end, End::Registered(..)), "{end:?}");
        assert_eq!(shop.ours().len(), 1);
        assert_eq!(shop.booked(Kind::Receipt).len(), 1);
    }
}

#[test]
fn a_register_without_the_marker_s_tag_carries_it_in_the_user_s_attribute() {
    let mut shop = Shop::open();
    shop.inject("refuse FF0C 33");
    shop.inject("lose-answer FF45");
    let end = shop.dispatch(&small_sale());
    assert!(matches!(end, End::Registered(..)), "{end:?}");
    assert_eq!(shop.booked(Kind::Receipt).len(), 1);
}

#[test]
fn a_shift_that_was_begun_and_not_opened_is_opened_at_the_second_try() {
    let mut shop = Shop::closed();
    let mark = shop.driver.mark().expect("answers");
    shop.inject("power-cut before E0 3s");
    assert!(matches!(shop.execute(Body::OpenShift(None)), Outcome::Doubtful(_)));
    shop.line.advance(std::time::Duration::from_secs(5));
    let verdict = shop.driver.verdict(&document(Body::OpenShift(None), 1), &mark);
    assert_eq!(verdict, Ok(Verdict::DidNot));
    let opened = shop.execute(Body::OpenShift(None));
    assert!(matches!(opened, Outcome::Done(..)), "{opened:?}");
    assert_eq!(shop.booked(Kind::ShiftOpened).len(), 1);
}

#[test]
fn a_late_answer_to_the_close_is_waited_for_or_found() {
    for delay in ["5s", "25s", "100s"] {
        let mut shop = Shop::open();
        shop.inject(&format!("delay FF45 {delay}"));
        let end = shop.dispatch(&small_sale());
        assert!(matches!(end, End::Registered(..)), "{delay}: {end:?}");
        assert_eq!(shop.ours().len(), 1);
    }
}

#[test]
fn power_that_goes_before_or_after_the_close_leaves_one_receipt() {
    for when in ["before", "after"] {
        let mut shop = Shop::open();
        shop.inject(&format!("power-cut {when} FF45 5s"));
        let end = shop.dispatch(&small_sale());
        assert!(matches!(end, End::Registered(..)), "{when}: {end:?}");
        assert_eq!(shop.ours().len(), 1, "{when}");
    }
}

#[test]
fn an_answer_that_stayed_on_the_line_identifies_a_document_without_readable_tags() {
    let mut shop = Shop::open();
    let mark = shop.driver.mark().expect("answers");
    shop.inject("delay FF45 45s");
    let document = document(small_sale(), 1);
    let outcome = shop.driver.execute(&document, &mut Willing);
    assert!(matches!(outcome, Outcome::Doubtful(_)), "{outcome:?}");
    shop.inject("refuse FF3A 08 always");
    match shop.driver.verdict(&document, &mark).expect("answers") {
        Verdict::Happened(proof, _) => assert_eq!(proof.document_number, u64::from(shop.ours()[0].number)),
        other => panic!("{other:?}"),
    }
    let mark = shop.driver.mark().expect("answers");
    shop.inject("foreign sale 10000");
    let verdict = shop.driver.verdict(&document, &mark).expect("answers");
    assert!(
        matches!(verdict, Verdict::CannotTell(Puzzle::Unreadable { .. })),
        "an old answer is no evidence: {verdict:?}"
    );
}

#[test]
fn a_refused_close_cancels_and_registers_nothing() {
    for (code, reason) in [("46", Reason::NotEnoughCash), ("4E", Reason::ShiftExpired), ("4B", Reason::ReceiptTooLarge)]
    {
        let mut shop = Shop::open();
        shop.inject(&format!("refuse FF45 {code}"));
        match shop.dispatch(&small_sale()) {
            End::Refused(refusal) => {
                assert_eq!(refusal.reason, reason);
                assert_eq!(refusal.device_code, Some(format!("{code}h")));
            }
            other => panic!("{other:?}"),
        }
        assert!(shop.booked(Kind::Receipt).is_empty());
        assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
        assert!(matches!(shop.dispatch(&small_sale()), End::Registered(..)));
    }
}

#[test]
fn every_refusal_before_the_close_is_undone() {
    for command in ["8D", "FF46", "89"] {
        let mut shop = Shop::open();
        shop.inject(&format!("refuse {command} 33"));
        assert!(matches!(shop.dispatch(&small_sale()), End::Refused(_)), "{command}");
        assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
        assert!(shop.booked(Kind::Receipt).is_empty());
    }
}

#[test]
fn what_a_receipt_can_do_without_does_not_stop_it() {
    let mut shop = Shop::open();
    shop.inject("refuse 17 91 always");
    let mut with_text = draft(vec![line("x", 100)], super::shop::cash(100));
    with_text.custom_text = Some("слишком широко".into());
    let end = shop.dispatch(&Body::Sale(receipt(with_text)));
    assert!(matches!(end, End::Registered(..)), "{end:?}");
}

#[test]
fn a_total_that_the_register_counts_otherwise_is_never_closed() {
    let mut shop = Shop::open();
    shop.inject("wrong-total 1");
    match shop.dispatch(&small_sale()) {
        End::Refused(refusal) => assert_eq!(
            refusal.reason,
            Reason::TotalsDiffer { ours: Money::from_minor(10_000), device: Money::from_minor(10_001) }
        ),
        other => panic!("{other:?}"),
    }
    assert!(shop.booked(Kind::Receipt).is_empty());
    assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
}

#[test]
fn an_unwilling_witness_stops_the_close() {
    struct Unwilling;
    impl Witness for Unwilling {
        fn closing(&mut self) -> Result<(), Fault> {
            Err(Fault::new("journal", FaultKind::Journal("disk full".into())))
        }
    }
    let mut shop = Shop::open();
    let outcome = shop.driver.execute(&document(small_sale(), 1), &mut Unwilling);
    assert!(matches!(outcome, Outcome::Untouched(Fault { kind: FaultKind::Journal(_), .. })), "{outcome:?}");
    assert!(shop.booked(Kind::Receipt).is_empty());
    assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
}

#[test]
fn paper_that_ends_after_the_close_is_success_with_paper_pending() {
    let mut shop = Shop::open();
    shop.inject("paper out after-close");
    match shop.dispatch(&small_sale()) {
        End::Registered(_, paper) => assert_eq!(paper, Paper::Pending),
        other => panic!("{other:?}"),
    }
    assert_eq!(shop.driver.resume_paper(), Ok(Paper::Pending));
    let status = shop.driver.status().expect("answers");
    assert_eq!((status.hindrance, status.paper), (Some(Reason::PaperOut), Paper::Pending));
    shop.inject("paper in");
    assert_eq!(shop.driver.resume_paper(), Ok(Paper::Delivered));
    assert_eq!(shop.booked(Kind::Receipt).len(), 1);
}

#[test]
fn paper_that_ends_in_the_middle_of_a_receipt_ends_in_one_receipt() {
    for command in ["8D", "FF46", "89", "FF45"] {
        let mut shop = Shop::open();
        let mark = shop.driver.mark().expect("answers");
        shop.inject(&format!("paper out before {command}"));
        let document = document(small_sale(), 1);
        match shop.driver.execute(&document, &mut Willing) {
            Outcome::Done(..) => {}
            Outcome::Refused(refusal) => assert_eq!(refusal.reason, Reason::PaperOut, "{command}"),
            Outcome::Doubtful(_) => {
                shop.inject("paper in");
                let verdict = shop.driver.verdict(&document, &mark).expect("answers");
                if verdict == Verdict::OursIsOpen {
                    shop.driver.cancel_open().expect("paper is back");
                    assert_eq!(shop.driver.verdict(&document, &mark), Ok(Verdict::DidNot));
                }
            }
            other @ Outcome::Untouched(_) => panic!("{command}: {other:?}"),
        }
        shop.inject("paper in");
        if shop.booked(Kind::Receipt).is_empty() {
            let end = shop.dispatch(&small_sale());
            assert!(matches!(end, End::Registered(..)), "{command}: {end:?}");
        }
        assert_eq!(shop.booked(Kind::Receipt).len(), 1, "{command}");
    }
}

#[test]
fn a_receipt_that_the_register_cannot_hold_is_refused_whole() {
    let mut shop = Shop::open();
    shop.inject("buffer 10");
    let lines = (0..250).map(|n| line(&format!("Товар {n}"), 1001)).collect();
    match shop.dispatch(&Body::Sale(receipt(draft(lines, super::shop::cash(250_250))))) {
        End::Refused(refusal) => assert_eq!(refusal.reason, Reason::ReceiptTooLarge),
        other => panic!("{other:?}"),
    }
    assert!(shop.booked(Kind::Receipt).is_empty());
    assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
}

#[test]
fn a_return_above_the_drawer_and_a_full_storage_say_so() {
    let mut shop = Shop::open();
    let Body::Sale(paid) = small_sale() else { unreachable!() };
    match shop.dispatch(&Body::Return(paid)) {
        End::Refused(refusal) => assert_eq!(refusal.reason, Reason::NotEnoughCash),
        other => panic!("{other:?}"),
    }
    shop.inject("storage full");
    let reason = match shop.execute(small_sale()) {
        Outcome::Refused(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason, Reason::StorageUnusable);
    assert!(shop.booked(Kind::Receipt).is_empty());
}

#[test]
fn a_tax_system_outside_the_registration_is_refused_before_the_receipt() {
    let mut shop = Shop::open();
    shop.inject("tax-systems 02");
    assert_eq!(shop.driver.capabilities().expect("answers").tax_systems.len(), 1);
    let osn = crate::contract::ReceiptDraft {
        tax_system: crate::contract::TaxSystem::from_mask(1).expect("one bit"),
        ..draft(vec![line("x", 100)], super::shop::cash(100))
    };
    match shop.dispatch(&Body::Sale(receipt(osn))) {
        End::Refused(refusal) => assert_eq!(refusal.reason, Reason::TaxSystemUnsupported),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_paper_nothing_is_begun() {
    let mut shop = Shop::open();
    shop.inject("paper out");
    match shop.execute(small_sale()) {
        Outcome::Refused(refusal) => assert_eq!(refusal.reason, Reason::PaperOut),
        other => panic!("{other:?}"),
    }
    shop.inject("cover open");
    let hindrance = shop.driver.status().expect("answers").hindrance;
    assert!(matches!(hindrance, Some(Reason::CoverOpen | Reason::PaperOut)), "{hindrance:?}");
}

#[test]
fn a_busy_device_is_waited_for_and_an_endless_one_is_given_up() {
    let mut shop = Shop::open();
    shop.inject("busy 30");
    assert!(matches!(shop.dispatch(&small_sale()), End::Registered(..)));
    shop.inject("refuse FF46 50 x5");
    assert!(matches!(shop.dispatch(&small_sale()), End::Registered(..)));
    shop.inject("refuse FF45 50 x2");
    assert!(matches!(shop.dispatch(&small_sale()), End::Registered(..)));
    assert_eq!(shop.booked(Kind::Receipt).len(), 3);
    shop.inject("busy for-ever");
    match shop.execute(small_sale()) {
        Outcome::Refused(refusal) => assert_eq!(refusal.reason, Reason::Busy),
        other => panic!("{other:?}"),
    }
    assert_eq!(shop.driver.status().expect("answers").hindrance, Some(Reason::Busy));
    assert_eq!(shop.booked(Kind::Receipt).len(), 3);
}

#[test]
fn a_document_that_prints_for_long_is_waited_for() {
    for time in ["700ms", "8s"] {
        let mut shop = Shop::open();
        shop.inject(&format!("print-time {time}"));
        for _ in 0..3 {
            match shop.dispatch(&small_sale()) {
                End::Registered(_, paper) => assert_eq!(paper, Paper::Delivered, "{time}"),
                other => panic!("{time}: {other:?}"),
            }
        }
        assert_eq!(shop.booked(Kind::Receipt).len(), 3);
    }
}

#[test]
fn a_stranger_s_open_receipt_goes_to_a_person_and_is_not_touched() {
    let mut shop = Shop::open();
    let mark = shop.driver.mark().expect("answers");
    shop.inject("foreign-open 4200");
    let document = document(small_sale(), 1);
    let outcome = shop.driver.execute(&document, &mut Willing);
    assert!(matches!(outcome, Outcome::Doubtful(_)), "{outcome:?}");
    let verdict = shop.driver.verdict(&document, &mark).expect("answers");
    assert!(matches!(verdict, Verdict::CannotTell(Puzzle::ForeignReceiptOpen(_))), "{verdict:?}");
    shop.inject("paper out");
    let outcome = shop.driver.execute(&document, &mut Willing);
    assert!(matches!(outcome, Outcome::Doubtful(_)), "an open receipt comes before paper: {outcome:?}");
    shop.inject("paper in");
    let open = shop.driver.status().expect("answers").open_receipt.expect("still open");
    assert_eq!(open.subtotal, Some(Money::from_minor(4200)));
    shop.driver.cancel_open().expect("a person agreed");
    assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
}

#[test]
fn a_sale_by_hand_in_between_is_a_puzzle_and_not_ours() {
    let mut shop = Shop::open();
    let mark = shop.driver.mark().expect("answers");
    shop.inject("foreign sale 10000");
    let verdict = shop.driver.verdict(&document(small_sale(), 1), &mark).expect("answers");
    assert!(matches!(verdict, Verdict::CannotTell(Puzzle::Unmarked { .. })), "{verdict:?}");
}

#[test]
fn another_storage_is_another_register() {
    let mut shop = Shop::open();
    let mark = shop.driver.mark().expect("answers");
    shop.inject("swap-storage");
    let verdict = shop.driver.verdict(&document(small_sale(), 1), &mark).expect("answers");
    assert!(matches!(verdict, Verdict::CannotTell(Puzzle::IdentityChanged { .. })), "{verdict:?}");
}

#[test]
fn a_device_without_power_is_a_fault_and_no_verdict() {
    let mut shop = Shop::open();
    let mark = shop.driver.mark().expect("answers");
    shop.inject("power off");
    assert!(shop.driver.verdict(&document(small_sale(), 1), &mark).is_err());
    assert!(matches!(shop.execute(small_sale()), Outcome::Untouched(_)));
    shop.inject("power on");
    assert_eq!(shop.driver.verdict(&document(small_sale(), 1), &mark), Ok(Verdict::DidNot));
}

#[test]
fn documents_since_a_number_are_found_with_their_markers() {
    let mut shop = Shop::open();
    let mark = shop.driver.mark().expect("answers");
    assert!(matches!(shop.dispatch(&small_sale()), End::Registered(..)));
    shop.inject("foreign sale 500");
    let found = shop.driver.found_since(mark.last_document).expect("answers").expect("has a memory");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].marker, crate::contract::FoundMarker::Ours(marker(1)));
    assert_eq!(found[1].marker, crate::contract::FoundMarker::None);
    assert_eq!(found[1].proof.total, Some(Money::from_minor(500)));
}

/// A correction, for lists of everything that registers.
fn correction() -> Body {
    Body::Correction(Correction {
        operation: Operation::Sale,
        by_order: false,
        total: Money::from_minor(1000),
        payments: cash(1000),
        vat: VatRate::Exempt,
        tax_system: TaxSystem::DEFAULT,
        basis: CorrectionBasis { date: "2026-02-01".into(), number: String::new() },
    })
}

#[test]
fn silence_on_whatever_registers_or_moves_money_is_doubt_and_the_register_decides() {
    let cases = [
        ("FF45", small_sale(), Kind::Receipt),
        ("50", Body::CashIn(Money::from_minor(700)), Kind::CashIn),
        ("51", Body::CashOut(Money::from_minor(300)), Kind::CashOut),
        ("E0", Body::OpenShift(None), Kind::ShiftOpened),
        ("41", Body::CloseShift(None), Kind::ShiftClosed),
        ("FF4A", correction(), Kind::Correction),
    ];
    for (command, body, kind) in cases {
        // Carried out without an answer; not heard at all, and the line dead for longer than anybody asks.
        for (fault, carried_out) in [("lose-answer", true), ("silence", false)] {
            let closed = matches!(body, Body::OpenShift(_));
            let mut shop = if closed { Shop::closed() } else { Shop::open() };
            shop.inject("drawer 100000");
            let (mark, before) = (shop.driver.mark().expect("answers"), shop.booked(kind).len());
            shop.inject(&format!("{fault} {command}{}", if carried_out { "" } else { " 60s" }));
            let outcome = shop.execute(body.clone());
            assert!(matches!(outcome, Outcome::Doubtful(_)), "{fault} {command}: {outcome:?}");
            shop.line.advance(Duration::from_secs(60));
            let verdict = shop.driver.verdict(&document(body.clone(), 1), &mark).expect("answers");
            assert_eq!(matches!(verdict, Verdict::Happened(..)), carried_out, "{fault} {command}: {verdict:?}");
            let booked = shop.booked(kind).len() - before;
            assert_eq!(booked, usize::from(carried_out), "{fault} {command}: never sent again");
        }
    }
}

#[test]
fn in_every_mode_but_an_open_shift_nothing_is_begun_and_the_reason_is_told() {
    for mode in (0x00..=0x0Fu8).chain([0x18, 0x28, 0x38, 0x48]) {
        let mut shop = Shop::open();
        done(&shop.execute(small_sale()));
        shop.inject(&format!("mode {mode:02X}"));
        let hindrance = shop.driver.status().map(|s| s.hindrance);
        let outcome = shop.execute(small_sale());
        let reason = match &outcome {
            Outcome::Refused(refusal) => Some(refusal.reason.clone()),
            Outcome::Done(..) | Outcome::Untouched(_) | Outcome::Doubtful(_) => None,
        };
        match mode {
            // What the receipt itself asks for is refused by the simulator in a mode that it only pretends.
            2 => assert_eq!(hindrance, Ok(None)),
            3 => assert_eq!((hindrance, reason), (Ok(None), Some(Reason::ShiftExpired))),
            4 => assert_eq!((hindrance, reason), (Ok(None), Some(Reason::ShiftClosed))),
            1 | 11 | 12 | 14 => assert_eq!((hindrance, reason), (Ok(Some(Reason::Busy)), Some(Reason::Busy)), "{mode}"),
            // A receipt that nobody of ours has open.
            0x08 | 0x18 | 0x28 | 0x38 | 0x48 => assert!(matches!(outcome, Outcome::Doubtful(_)), "{mode}: {outcome:?}"),
            _ => {
                let service = Some(Reason::NeedsService);
                assert_eq!((hindrance, reason), (Ok(service.clone()), service), "{mode}");
            }
        }
        assert_eq!(shop.booked(Kind::Receipt).len(), 1, "{mode}");
    }
}

fn done(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
}
