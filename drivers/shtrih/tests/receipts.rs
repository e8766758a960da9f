//! What is registered when nothing fails.

use super::shop::{Shop, cash, draft, line, marker, receipt, small_sale};
use crate::contract::{
    Body, Cashier, Driver, LineDraft, Money, Outcome, Paper, Payments, Quantity, Reason, Settlement, Subject, VatRate,
};
use crate::simulator::books::{BookedDocument, Kind, Operation};

/// Registers, and gives what the register booked.
fn registered(shop: &mut Shop, body: Body) -> BookedDocument {
    let outcome = shop.execute(body);
    let Outcome::Done(proof, _) = outcome else { panic!("{outcome:?}") };
    let booked = shop.booked(Kind::Receipt).pop().expect("a receipt is in the books");
    assert_eq!(proof.document_number, u64::from(booked.number));
    assert_eq!(proof.sign, booked.sign.to_string());
    assert_eq!(proof.storage, booked.storage);
    assert_eq!(proof.total, Some(booked.total));
    booked
}

#[test]
fn a_sale_is_registered_once_with_our_marker_and_the_register_s_numbers() {
    let mut shop = Shop::open();
    let booked = registered(&mut shop, small_sale());
    assert_eq!(shop.booked(Kind::Receipt).len(), 1);
    assert_eq!(booked.operation, Some(Operation::Sale));
    assert_eq!(booked.tag_text(1192), marker(1).to_string());
    assert_eq!(booked.total, Money::from_minor(10_000));
    let titles: Vec<&str> = booked.lines.iter().map(|l| l.title.as_str()).collect();
    assert_eq!(titles, ["Стрижка", "Шампунь"]);
    assert!(booked.lines.iter().all(|l| l.method == 4 && l.subject == 4 && l.vat_group == 4 && l.department == 1));
}

#[test]
fn a_return_is_a_return() {
    let mut shop = Shop::open();
    registered(&mut shop, small_sale());
    let Body::Sale(receipt) = small_sale() else { unreachable!() };
    let booked = registered(&mut shop, Body::Return(receipt));
    assert_eq!(booked.operation, Some(Operation::SaleReturn));
    assert_eq!(booked.total, Money::from_minor(10_000));
}

#[test]
fn an_advance_is_prepaid_and_a_prepayment_has_its_method() {
    let mut shop = Shop::open();
    let payments = Payments { card: Money::from_minor(200_000), prepaid: Money::from_minor(100_000), ..cash(0) };
    let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![line("Курс", 300_000)], payments))));
    assert_eq!(booked.payments.prepaid, Money::from_minor(100_000));
    assert_eq!(booked.payments.electronic_total(), Money::from_minor(200_000));
    assert_eq!(booked.payments.cash, Money::ZERO);
    let advance = LineDraft {
        settlement: Settlement::Advance,
        subject: Subject::Payment,
        vat: VatRate::Calculated(1000),
        ..line("Аванс", 100_000)
    };
    let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![advance], cash(100_000)))));
    assert_eq!((booked.lines[0].method, booked.lines[0].subject, booked.lines[0].vat_group), (3, 10, 6));
}

#[test]
fn change_is_given_from_cash_and_the_card_stays() {
    let mut shop = Shop::open();
    let payments = Payments { cash: Money::from_minor(100_000), card: Money::from_minor(100_000), ..cash(0) };
    let payments = Payments { cash: payments.cash, ..payments };
    let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![line("x", 150_000)], payments))));
    assert_eq!(booked.change, Money::from_minor(50_000));
    assert_eq!(booked.payments.electronic_total(), Money::from_minor(100_000));
    assert_eq!(booked.payments.cash, Money::from_minor(50_000));
}

#[test]
fn a_fraction_and_three_for_a_hundred_cost_what_we_said() {
    let mut shop = Shop::open();
    let fraction = LineDraft { quantity: Quantity::from_millionths(625_000), ..line("x", 830) };
    let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![fraction], cash(519)))));
    assert_eq!(booked.total, Money::from_minor(519));
    let three = LineDraft { quantity: Quantity::from_millionths(3_000_000), ..line("x", 3333) };
    let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![three], cash(10_000)))));
    assert_eq!(booked.total, Money::from_minor(10_000));
    assert_eq!(booked.lines.len(), 2);
}

#[test]
fn cash_is_rounded_down_by_the_register_s_own_field() {
    let mut shop = Shop::open();
    let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![line("x", 341_718)], cash(341_700)))));
    assert_eq!((booked.total, booked.rounding), (Money::from_minor(341_700), Money::from_minor(18)));
}

#[test]
fn two_hundred_and_fifty_lines_are_one_receipt() {
    let mut shop = Shop::open();
    let lines = (0..250).map(|n| line(&format!("Товар {n}"), 1001)).collect();
    let booked = registered(&mut shop, Body::Sale(receipt(draft(lines, cash(250_250)))));
    assert_eq!(booked.lines.len(), 250);
    assert_eq!(booked.total, Money::from_minor(250_250));
}

#[test]
fn every_rate_of_the_register_goes_to_its_own_group() {
    let mut shop = Shop::open();
    let rates = shop.driver.capabilities().expect("answers").vat_rates;
    assert!(rates.len() >= 6, "{rates:?}");
    for rate in rates {
        let taxed = LineDraft { vat: rate, ..line("x", 12_200) };
        let booked = registered(&mut shop, Body::Sale(receipt(draft(vec![taxed], cash(12_200)))));
        let group = booked.lines[0].vat_group;
        assert_eq!(booked.vat.get(&group).map(|v| v.rate), Some(rate));
    }
}

#[test]
fn a_rate_that_the_register_lacks_is_refused_and_nothing_is_left_open() {
    let mut shop = Shop::open();
    let taxed = LineDraft { vat: VatRate::Rate(1800), ..line("x", 100) };
    match shop.execute(Body::Sale(receipt(draft(vec![taxed], cash(100))))) {
        Outcome::Refused(refusal) => assert_eq!(refusal.reason, Reason::VatUnsupported(VatRate::Rate(1800))),
        other => panic!("{other:?}"),
    }
    assert_eq!(shop.driver.status().expect("answers").open_receipt, None);
    assert!(shop.booked(Kind::Receipt).is_empty());
}

#[test]
fn gifts_discounts_contacts_and_text_reach_the_receipt() {
    let mut shop = Shop::open();
    let discounted = LineDraft { discount: Money::from_minor(254), ..line("Лак „№5“", 1319) };
    let mut all = draft(vec![discounted, line("//Подарок ₽", 0)], cash(1065));
    all.cashier = Some(Cashier { title: "Иванов".into(), inn: Some("123456789047".into()) });
    all.contact = Some("+79991234567".into());
    all.custom_text = Some("Спасибо!\nЖдём вас снова".into());
    let booked = registered(&mut shop, Body::Sale(receipt(all)));
    assert_eq!(booked.total, Money::from_minor(1065));
    assert_eq!(booked.tag_text(1008), "+79991234567");
    assert_eq!(booked.tag_text(1021), "Иванов");
    assert_eq!(booked.tag_text(1203), "123456789047");
    let notes: Vec<&str> = booked.notes.iter().map(|n| n.text.as_str()).collect();
    assert!(notes.contains(&"Скидка 2.54") && notes.contains(&"Спасибо!") && notes.contains(&"Ждём вас снова"));
    assert_eq!(booked.lines[0].title, "Лак „№5“");
}

#[test]
fn a_receipt_without_paper_is_without_paper_and_the_next_one_is_not() {
    let mut shop = Shop::open();
    assert!(shop.driver.capabilities().expect("answers").electronic_only);
    let mut electronic = draft(vec![line("x", 100)], cash(100));
    electronic.print = false;
    match shop.execute(Body::Sale(receipt(electronic))) {
        Outcome::Done(_, paper) => assert_eq!(paper, Paper::Suppressed),
        other => panic!("{other:?}"),
    }
    assert!(!shop.booked(Kind::Receipt).last().expect("booked").on_paper);
    assert!(registered(&mut shop, small_sale()).on_paper);
}

#[test]
fn a_flag_left_from_a_receipt_that_never_came_does_not_keep_paper_back() {
    let mut shop = Shop::open();
    let mut electronic = draft(vec![line("x", 100)], cash(100));
    electronic.print = false;
    shop.inject("refuse FF46 33");
    assert!(matches!(shop.execute(Body::Sale(receipt(electronic))), Outcome::Refused(_)));
    assert!(registered(&mut shop, small_sale()).on_paper);
}
