use super::*;
use crate::contract::{LineDraft, Payments, Quantity, ReceiptDraft, SumsPolicy, TaxSystem, VatRate};
use crate::shtrih::command::Command;
use crate::shtrih::tax::{Groups, Profile};

fn about() -> About {
    About {
        opens_drawer: false,
        old: false,
        groups: Groups::from_table(&[(1, 2000), (2, 1000), (3, 0), (4, 0), (5, 2000), (6, 1000)], Profile::Standard),
        zero_lines: false,
        tax_systems: 0b10,
        format: None,
        no_print: None,
    }
}

fn line(title: &str, price: i64, millionths: u64) -> LineDraft {
    LineDraft {
        title: title.into(),
        subject: Subject::Commodity,
        price: Money::from_minor(price),
        quantity: Quantity::from_millionths(millionths),
        discount: Money::ZERO,
        vat: VatRate::Rate(1000),
        settlement: Settlement::Full,
        barcode: None,
    }
}

fn draft(lines: Vec<LineDraft>, payments: Payments) -> ReceiptDraft {
    ReceiptDraft {
        lines,
        payments,
        tax_system: TaxSystem::from_mask(2).expect("one bit"),
        cashier: None,
        contact: None,
        print: true,
        custom_text: None,
    }
}

fn receipt(draft: ReceiptDraft) -> Receipt {
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 99, change: true };
    Receipt::new(draft, policy).expect("adds up").0
}

fn cash(minor: i64) -> Payments {
    Payments { cash: Money::from_minor(minor), ..Payments::default() }
}

fn plan(receipt: &Receipt) -> Result<Plan, Refusal> {
    Plan::new(receipt, Operation::Sale, &about(), &Settings::serial())
}

fn close(plan: &Plan) -> &Close {
    match &plan.close {
        Closing::V2(close) => close,
        Closing::Old(old) => panic!("{old:?}"),
    }
}

fn items(plan: &Plan) -> Vec<(i64, u64, i64)> {
    plan.steps
        .iter()
        .filter_map(|step| match step {
            Step::Item(i) => Some((i.price.minor(), i.quantity.millionths(), i.sum.minor())),
            Step::OldItem(_) | Step::Text(_) => None,
        })
        .collect()
}

fn texts(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .filter_map(|step| match step {
            Step::Text(text) => Some(text::from_cp1251(&text.0)),
            Step::Item(_) | Step::OldItem(_) => None,
        })
        .collect()
}

#[test]
fn the_manual_s_line_is_made_byte_for_byte() {
    let plan = plan(&receipt(draft(vec![line("Хлеб", 4550, 2_000_000)], cash(9100)))).expect("plan");
    let Step::Item(item) = &plan.steps[0] else { panic!("an item") };
    let body = [
        0xFF, 0x46, 0x1E, 0, 0, 0, 1, 0x80, 0x84, 0x1E, 0, 0, 0, 0xC6, 0x11, 0, 0, 0, 0x8C, 0x23, 0, 0, 0, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 2, 1, 4, 1, 0xD5, 0xEB, 0xE5, 0xE1,
    ];
    assert_eq!(item.request(30).body, body);
}

#[test]
fn a_fractional_quantity_has_the_fields_of_the_case() {
    let plan = plan(&receipt(draft(vec![line("x", 830, 625_000)], cash(519)))).expect("plan");
    let Step::Item(item) = &plan.steps[0] else { panic!("an item") };
    let body = item.request(30).body;
    assert_eq!(body[7..13], [0x68, 0x89, 0x09, 0, 0, 0]);
    assert_eq!(body[13..18], [0x3E, 0x03, 0, 0, 0]);
    assert_eq!(body[18..23], [0x07, 0x02, 0, 0, 0]);
}

#[test]
fn three_for_a_hundred_is_two_lines() {
    let plan = plan(&receipt(draft(vec![line("x", 3333, 3_000_000)], cash(10_000)))).expect("plan");
    assert_eq!(items(&plan), [(3333, 2_000_000, 6666), (3334, 1_000_000, 3334)]);
}

#[test]
fn kinds_of_payment_have_their_places_in_the_close() {
    let payments =
        Payments { cash: Money::ZERO, card: Money::from_minor(200_000), prepaid: Money::from_minor(100_000) };
    let plan = plan(&receipt(draft(vec![line("x", 300_000, 1_000_000)], payments))).expect("plan");
    let body = close(&plan).request(30).body;
    assert_eq!(body.len(), 118);
    assert_eq!(body[6 + 5..6 + 10], [0x40, 0x0D, 0x03, 0, 0]);
    assert_eq!(body[6 + 13 * 5..6 + 14 * 5], [0xA0, 0x86, 0x01, 0, 0]);
    let frame = crate::shtrih::frame::encode(&body).expect("fits");
    assert_eq!(frame.last(), Some(&0xB9));
}

#[test]
fn change_is_tendered_cash_and_rounding_is_a_byte() {
    let payments =
        Payments { cash: Money::from_minor(100_000), card: Money::from_minor(100_000), ..Payments::default() };
    let paid = plan(&receipt(draft(vec![line("x", 150_000, 1_000_000)], payments))).expect("plan");
    let frame = crate::shtrih::frame::encode(&close(&paid).request(30).body).expect("fits");
    assert_eq!(frame.last(), Some(&0xD0));
    let rounded = plan(&receipt(draft(vec![line("x", 341_718, 1_000_000)], cash(341_700)))).expect("plan");
    assert_eq!(close(&rounded).rounding, 18);
    assert_eq!(close(&rounded).cash, Money::from_minor(341_700));
    assert_eq!(rounded.subtotal, Money::from_minor(341_718), "89h knows nothing of the rounding");
}

#[test]
fn a_gift_is_text_where_the_register_refuses_zero() {
    let lines = vec![line("Товар", 1000, 1_000_000), line("Подарок", 0, 1_000_000)];
    let plan = plan(&receipt(draft(lines, cash(1000)))).expect("plan");
    assert_eq!(items(&plan).len(), 1);
    assert_eq!(texts(&plan), ["Подарок  0.00"]);
}

#[test]
fn a_discount_is_printed_and_the_line_is_net() {
    let discounted = LineDraft { discount: Money::from_minor(254), ..line("x", 1319, 1_000_000) };
    let plan = plan(&receipt(draft(vec![discounted], cash(1065)))).expect("plan");
    assert_eq!(items(&plan), [(1065, 1_000_000, 1065)]);
    assert_eq!(texts(&plan), ["Скидка 2.54"]);
}

#[test]
fn a_rate_or_tax_system_that_the_register_lacks_is_refused() {
    let vat = LineDraft { vat: VatRate::Rate(2200), ..line("x", 100, 1_000_000) };
    let refused = plan(&receipt(draft(vec![vat], cash(100)))).expect_err("no such rate");
    assert_eq!(refused.reason, Reason::VatUnsupported(VatRate::Rate(2200)));
    let osn = ReceiptDraft {
        tax_system: TaxSystem::from_mask(1).expect("one bit"),
        ..draft(vec![line("x", 100, 1_000_000)], cash(100))
    };
    assert_eq!(plan(&receipt(osn)).expect_err("not registered").reason, Reason::TaxSystemUnsupported);
}

#[test]
fn only_a_contact_that_the_register_takes_is_sent() {
    for good in ["+79991234567", "a.b@example.org", "x@y.zz"] {
        assert!(contact_tag(Some(good)).is_some(), "{good}");
    }
    for bad in ["none", "", "89991234567", "+7 999", "@x.y", "a@b", "a@b.", "a b@c.d", "кот@пример.рф"] {
        assert_eq!(contact_tag(Some(bad)), None, "{bad}");
    }
}

#[test]
fn a_cashier_has_a_name_and_a_padded_number() {
    let cashier = Cashier { title: "Иванов".into(), inn: Some("1234567890".into()) };
    let tags = cashier_tags(Some(&cashier), None);
    assert_eq!(tags[0].0, [0xFD, 0x03, 0x06, 0x00, 0x88, 0xA2, 0xA0, 0xAD, 0xAE, 0xA2]);
    assert_eq!(tags[1].0, *b"\xB3\x04\x0C\x001234567890  ");
    let bad = Cashier { title: String::new(), inn: Some("12".into()) };
    assert!(cashier_tags(Some(&bad), None).is_empty());
}

/// Tags of the plan's document, in order.
fn tags(about: &About, place: Option<&str>) -> Vec<u16> {
    let mut of_all = draft(vec![line("x", 100, 1_000_000)], cash(100));
    of_all.contact = Some("a@b.ru".into());
    of_all.cashier = Some(Cashier { title: "Кассир".into(), inn: Some("500100732259".into()) });
    let settings = Settings { place: place.map(str::to_owned), ..Settings::serial() };
    let plan = Plan::new(&receipt(of_all), Operation::Sale, about, &settings).expect("plan");
    plan.tags.iter().map(|SendTags(bytes)| u16::from_le_bytes([bytes[0], bytes[1]])).collect()
}

#[test]
fn the_format_of_fiscal_data_decides_which_tags_are_sent() {
    let of = |format| About { format, ..about() };
    for format in [None, Some(2), Some(3), Some(4)] {
        assert_eq!(tags(&of(format), Some("Ярмарка")), [1021, 1203, 1008, 1187], "{format:?}");
    }
    for format in [Some(0), Some(1)] {
        assert_eq!(tags(&of(format), Some("Ярмарка")), [1021, 1008], "{format:?}");
    }
    assert_eq!(tags(&of(None), None), [1021, 1203, 1008], "the registration's own place");
}
