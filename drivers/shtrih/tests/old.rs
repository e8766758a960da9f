//! Models that lack FF46 and FF45: 80h, 82h, 85h, with the same evidence.

use super::shop::{End, Shop, cash, document, draft, line, receipt, small_sale};
use crate::contract::{Body, Driver, Money, Outcome, Payments, Quantity, Reason, Settlement, VatRate, Verdict};
use crate::simulator::books::{Kind, Operation};

fn old_shop() -> Shop {
    let shop = Shop::open();
    shop.inject("refuse FF46 37 always");
    shop.inject("refuse FF45 37 always");
    shop
}

fn refused(outcome: Outcome) -> Reason {
    match outcome {
        Outcome::Refused(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_model_without_the_new_commands_is_sold_on_with_the_old_ones() {
    let mut shop = old_shop();
    for attempt in 1..=2 {
        match shop.driver.execute(&document(small_sale(), attempt), &mut super::shop::Willing) {
            Outcome::Done(proof, _) => {
                let booked = shop.booked(Kind::Receipt).pop().expect("booked");
                assert_eq!((u64::from(booked.number), booked.sign.to_string()), (proof.document_number, proof.sign));
                assert_eq!(booked.total, Money::from_minor(10_000));
                assert_eq!(booked.lines.len(), 2);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(shop.ours().len(), 2, "each with its marker");
}

#[test]
fn an_old_return_with_change_to_nobody_and_three_decimals_is_exact() {
    let mut shop = old_shop();
    let mut goods = line("Ткань", 830);
    goods.quantity = Quantity::from_millionths(625_000);
    goods.vat = VatRate::Rate(1000);
    let payments = Payments { card: Money::from_minor(519), ..Payments::default() };
    let outcome = shop.execute(Body::Return(receipt(draft(vec![goods], payments))));
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
    let booked = shop.booked(Kind::Receipt).pop().expect("booked");
    assert_eq!((booked.operation, booked.total), (Some(Operation::SaleReturn), Money::from_minor(519)));
    assert_eq!(booked.lines[0].vat_group, 2);
}

#[test]
fn what_the_old_commands_cannot_say_is_refused_and_nothing_stays_open() {
    let mut shop = old_shop();
    let mut advance = line("Аванс", 1000);
    advance.settlement = Settlement::Advance;
    let mut fine = line("Нить", 1_000_000);
    fine.quantity = Quantity::from_millionths(100);
    let prepaid = Payments { prepaid: Money::from_minor(1000), ..Payments::default() };
    for body in
        [draft(vec![advance], cash(1000)), draft(vec![fine], cash(100)), draft(vec![line("Стрижка", 1000)], prepaid)]
    {
        assert_eq!(refused(shop.execute(Body::Sale(receipt(body)))), Reason::Unsupported);
        assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
    }
    assert!(shop.booked(Kind::Receipt).is_empty());
}

#[test]
fn silence_on_80h_and_85h_leads_to_the_storage_and_never_to_a_second_receipt() {
    for fault in
        ["lose-answer 80", "lose-answer 85", "power-cut before 85 2s", "power-cut after 85 2s", "silence 85 1s"]
    {
        let mut shop = old_shop();
        assert!(matches!(shop.execute(small_sale()), Outcome::Done(..)));
        shop.inject(fault);
        let end = shop.dispatch(&small_sale());
        assert!(matches!(end, End::Registered(..)), "{fault}: {end:?}");
        assert_eq!(shop.booked(Kind::Receipt).len(), 2, "{fault}");
    }
}

#[test]
fn an_old_close_without_an_answer_is_doubt_and_the_storage_decides() {
    let mut shop = old_shop();
    assert!(matches!(shop.execute(small_sale()), Outcome::Done(..)));
    let mark = shop.driver.mark().expect("answers");
    shop.inject("lose-answer 85");
    assert!(matches!(shop.execute(small_sale()), Outcome::Doubtful(_)));
    match shop.driver.verdict(&document(small_sale(), 1), &mark).expect("answers") {
        Verdict::Happened(proof, _) => assert_eq!(proof.document_number, mark.last_document + 1),
        other => panic!("{other:?}"),
    }
}
