use kkm_drivers::contract::{Settlement, Subject, VatRate};

use super::*;
use crate::altegio::Code;

const EXAMPLE: &str = r#"{"id":"d72fece5-6825-4895-9395-0133195612a4","date":"2026-09-21T23:00:00.000-05:00","document_id":239083104,"type":"sale","print_receipt":true,"customer":{"email":"customer@example.com","phone":"+13155550175"},"positions":[{"type":"service","title":"Consultation","price":13.19,"quantity":1,"discount_amount":2.54,"vat":"ru_vat_10","payment_method":"payment","barcode":"12345"}],"payments":[{"type":"card","sum":5.55},{"type":"cash","sum":4.55},{"type":"prepaid","sum":0.55}],"tax":"ru_osn","cashier":{"uid":"4895-9395-0133195612a4","name":"John Smith","position":"Cashier"},"pos":{"enabled":true,"slip_count":2},"callback_url":"https://app.alteg.io/api/v1/integration/kkm/callback/","custom_text":"some custom text"}"#;

fn now() -> Timestamp {
    "2026-09-22T04:00:01Z".parse().expect("a moment")
}

fn by_hand() -> Rules {
    let mut rules = Rules::default();
    rules.altegio.time_zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
    rules.altegio.pos_without_terminal = PosWithoutTerminal::ChargedByHand;
    rules
}

fn read_with(body: &str, rules: &Rules) -> Result<Order, Rejected> {
    read(body.as_bytes(), rules, now())
}

#[test]
fn the_documented_example_is_an_order() {
    let order = read_with(EXAMPLE, &by_hand()).expect("an order");
    assert_eq!(order.id.json(), "\"d72fece5-6825-4895-9395-0133195612a4\"");
    assert_eq!(order.date.to_string(), "2026-09-22T04:00:00Z");
    assert_eq!(order.date_text.as_deref(), Some("2026-09-21T23:00:00.000-05:00"));
    assert_eq!((order.document_id, order.kind, order.slip_count), (239_083_104, Operation::Sale, 2));
    let receipt = &order.receipt;
    assert_eq!(receipt.total(), Money::from_minor(1065));
    assert_eq!(receipt.payments().card, Money::from_minor(555));
    assert_eq!(receipt.payments().cash, Money::from_minor(455));
    assert_eq!(receipt.payments().prepaid, Money::from_minor(55));
    assert_eq!((receipt.tax_system().mask(), receipt.print()), (1, true));
    assert_eq!(receipt.contact(), Some("customer@example.com"));
    assert_eq!(receipt.cashier().map(|c| c.title.as_str()), Some("Cashier John Smith"));
    assert_eq!(receipt.custom_text(), Some("some custom text"));
    let line = &receipt.lines()[0];
    assert_eq!((line.title(), line.subject(), line.barcode()), ("Consultation", Subject::Service, Some("12345")));
    assert_eq!((line.price(), line.discount()), (Money::from_minor(1319), Money::from_minor(254)));
    assert_eq!((line.vat(), line.settlement()), (VatRate::Rate(1000), Settlement::Full));
    assert_eq!(order.callback_url.as_deref(), Some("https://app.alteg.io/api/v1/integration/kkm/callback/"));
    assert_eq!(order.notes, [Note::ChargedByHand]);
}

#[test]
fn the_documented_example_asks_for_a_terminal_that_is_not_there() {
    let rejected = read_with(EXAMPLE, &Rules::default()).expect_err("no terminal");
    assert_eq!(rejected.id.as_ref().map(RawId::key), Some("d72fece5-6825-4895-9395-0133195612a4"));
    assert_eq!(*rejected.refusal, Refusal { code: Code::Payments, message: Message::NoTerminal });
    let without = EXAMPLE.replace("\"enabled\":true", "\"enabled\":false");
    assert!(read_with(&without, &Rules::default()).expect("an order").notes.is_empty());
}

/// Every case of `tests/cases/index.tsv`: what the register would add to it is no matter here.
#[test]
fn every_case_from_life_ends_as_it_should() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/");
    let index = std::fs::read_to_string(format!("{folder}index.tsv")).expect("the index");
    let mut count = 0;
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (file, outcome, total) = (columns[0], columns[1], columns[2]);
        let needs = columns.get(3).copied().unwrap_or("");
        let body = std::fs::read(format!("{folder}{file}")).expect(file);
        count += 1;
        match (read(&body, &by_hand(), now()), outcome == "REJECT" && needs.is_empty()) {
            (Ok(order), false) => {
                if !total.is_empty() {
                    assert_eq!(order.receipt.total().minor().to_string(), total, "{file}");
                }
                let change = outcome.strip_prefix("OK change ").unwrap_or("0");
                assert_eq!(order.receipt.change().minor().to_string(), change, "{file}");
            }
            (Err(rejected), true) => assert!(rejected.id.is_some(), "{file}"),
            (result, _) => panic!("{file}: {result:?}"),
        }
    }
    assert_eq!(count, 36);
}

/// A document with one service of 700 paid in cash; `edits` replace what must stand in it once.
fn simple(edits: &[(&str, &str)]) -> String {
    let mut body = r#"{"id":7,"date":"2026-02-10T12:34:56+03:00","document_id":1,"type":"sale","positions":[{"type":"service","title":"Cut","price":700,"quantity":1,"vat":"ru_vat_none","payment_method":"payment"}],"payments":[{"type":"cash","sum":700}],"tax":"ru_usn"}"#.to_owned();
    for (from, to) in edits {
        assert_eq!(body.matches(from).count(), 1, "{from}");
        body = body.replace(from, to);
    }
    body
}

fn order_of(edits: &[(&str, &str)], rules: &Rules) -> Order {
    read_with(&simple(edits), rules).expect("an order")
}

#[test]
fn what_may_be_absent_may_be_null_or_empty() {
    let bare = order_of(&[], &by_hand());
    assert_eq!(bare.id.json(), "7");
    assert_eq!(bare.callback_url, None);
    assert!(bare.receipt.print() && bare.receipt.cashier().is_none() && bare.receipt.contact().is_none());
    assert!(bare.notes.is_empty());
    let tail = r#""tax":"ru_usn","#;
    for rest in [
        r#""customer":null,"cashier":null,"pos":null,"callback_url":null,"custom_text":null,"print_receipt":null}"#,
        r#""customer":{},"cashier":{},"pos":{},"callback_url":"","custom_text":" ","extra":{"a":[1,{"b":null}]}}"#,
        r#""customer":{"email":null,"phone":""},"cashier":{"uid":null,"name":"","position":null},"pos":{"enabled":null,"slip_count":null}}"#,
    ] {
        let order = order_of(&[(r#""tax":"ru_usn"}"#, &format!("{tail}{rest}"))], &by_hand());
        assert_eq!(order, bare, "{rest}");
    }
}

#[test]
fn a_date_that_is_absent_is_now_and_one_without_offset_is_the_shop_s() {
    let absent = order_of(&[(r#""date":"2026-02-10T12:34:56+03:00","#, "")], &by_hand());
    assert_eq!((absent.date, absent.date_text, absent.notes), (now(), None, vec![Note::DateAbsent]));
    let local = order_of(&[("56+03:00", "56")], &by_hand());
    assert_eq!(local.date.to_string(), "2026-02-10T09:34:56Z");
    assert_eq!(local.notes, [Note::DateWithoutOffset]);
}

#[test]
fn a_half_kopeck_in_a_discount_is_not_lost() {
    let half = |sum: &str, tolerance: bool| {
        let mut rules = by_hand();
        rules.sums.balance_tolerance = tolerance;
        let price = r#""price":25.45,"discount_amount":2.545"#;
        let body = simple(&[(r#""price":700"#, price), (r#""sum":700"#, &format!(r#""sum":{sum}"#))]);
        read_with(&body, &rules).map(|order| (order.receipt.total().minor(), order.notes))
    };
    assert_eq!(half("22.91", false), Ok((2291, vec![])));
    assert_eq!(half("22.90", true), Ok((2290, vec![Note::GapOnLine { line: 0, gap: Money::from_minor(-1) }])));
    assert!(half("22.90", false).is_err());
    assert!(half("22.89", true).is_err());
}

#[test]
fn noise_of_floats_is_noted_with_its_place() {
    let order =
        order_of(&[("\"price\":700", "\"price\":699.9999999999999"), ("\"sum\":700", "\"sum\":7e2")], &by_hand());
    assert_eq!(order.receipt.total(), Money::from_minor(70_000));
    let place = Place { part: Part::Positions, index: Some(0), field: "price".into() };
    assert_eq!(order.notes, [Note::FloatNoise { place }]);
}

#[test]
fn payments_of_one_kind_are_summed_and_zero_ones_vanish() {
    let list = r#"{"type":"cash","sum":200},{"type":"card","sum":0.00},{"type":"cash","sum":500}"#;
    let order = order_of(&[(r#"{"type":"cash","sum":700}"#, list)], &by_hand());
    assert_eq!(order.receipt.payments().cash, Money::from_minor(70_000));
    assert!(order.receipt.payments().card.is_zero());
    let nothing = simple(&[(r#""price":700"#, r#""price":0"#), (r#"{"type":"cash","sum":700}"#, "")]);
    assert_eq!(read_with(&nothing, &by_hand()).expect_err("nothing").refusal.message, Message::NothingToFiscalize);
}

#[test]
fn a_prepayment_is_settled_by_what_is_paid_for() {
    let line = |kind: &str, rules: &Rules| {
        let order = order_of(
            &[
                (r#""type":"service""#, &format!(r#""type":"{kind}""#)),
                (r#""payment_method":"payment""#, r#""payment_method":"prepayment""#),
                ("ru_vat_none", "ru_vat_22"),
            ],
            rules,
        );
        (order.receipt.lines()[0].settlement(), order.receipt.lines()[0].vat())
    };
    let mut rules = by_hand();
    assert_eq!(line("payment", &rules), (Settlement::Advance, VatRate::Calculated(2200)));
    assert_eq!(line("service", &rules), (Settlement::FullPrepayment, VatRate::Calculated(2200)));
    rules.altegio.prepayment = crate::altegio::rules::Prepayment::Part;
    rules.altegio.calculated_vat_for_prepayment = false;
    assert_eq!(line("commodity", &rules), (Settlement::PartPrepayment, VatRate::Rate(2200)));
    assert_eq!(line("payment", &rules), (Settlement::Advance, VatRate::Rate(2200)));
}

#[test]
fn twenty_percent_is_warned_of_in_sales_of_2026_by_the_shop_s_day() {
    let osn = [("ru_vat_none", "ru_vat_20"), ("ru_usn", "ru_osn")];
    let dated = |date: &str, kind: &str, rules: &Rules| {
        let mut edits = osn.to_vec();
        edits.push(("2026-02-10T12:34:56+03:00", date));
        edits.push(("\"sale\"", kind));
        let order = order_of(&edits, rules);
        (order.receipt.lines()[0].vat(), order.notes)
    };
    let outdated = || vec![Note::VatOutdated { line: 0, vat: "ru_vat_20".into() }];
    let mut rules = by_hand();
    assert_eq!(dated("2025-12-31T20:59:59Z", "\"sale\"", &rules), (VatRate::Rate(2000), vec![]));
    assert_eq!(dated("2025-12-31T21:00:00Z", "\"sale\"", &rules), (VatRate::Rate(2000), outdated()));
    assert_eq!(dated("2026-02-01T00:00:00Z", "\"return\"", &rules), (VatRate::Rate(2000), vec![]));
    let table = "[[replace]]\nvat = \"ru_vat_20\"\nby = \"ru_vat_22\"\nfrom = \"2026-01-01\"";
    rules.taxes = rules.taxes.extended(table).expect("a table");
    let replaced = vec![Note::VatReplaced { line: 0, from: "ru_vat_20".into(), to: "ru_vat_22".into() }];
    assert_eq!(dated("2025-12-31T20:59:59Z", "\"sale\"", &rules), (VatRate::Rate(2000), vec![]));
    assert_eq!(dated("2025-12-31T21:00:00Z", "\"sale\"", &rules), (VatRate::Rate(2200), replaced));
    assert_eq!(dated("2026-02-01T00:00:00Z", "\"return\"", &rules), (VatRate::Rate(2000), vec![]));
}

#[test]
fn an_unusual_rate_is_taken_and_noted() {
    let order = order_of(&[("ru_vat_none", "ru_vat_22")], &by_hand());
    assert_eq!(order.receipt.lines()[0].vat(), VatRate::Rate(2200));
    assert_eq!(order.notes, [Note::UnusualPair { line: 0, vat: "ru_vat_22".into(), tax: "ru_usn".into() }]);
}

#[test]
fn a_contact_that_no_register_takes_is_left_out() {
    let contact = |customer: &str, print: &str| {
        let tail = format!(r#""tax":"ru_usn","customer":{customer},"print_receipt":{print}}}"#);
        let order = order_of(&[(r#""tax":"ru_usn"}"#, &tail)], &by_hand());
        (order.receipt.contact().map(ToOwned::to_owned), order.notes)
    };
    let phone = Some("+79001234567".to_owned());
    assert_eq!(contact(r#"{"email":" a@b.ru ","phone":"79001234567"}"#, "true"), (Some("a@b.ru".into()), vec![]));
    assert_eq!(contact(r#"{"phone":"7 (900) 123-45-67"}"#, "true"), (phone.clone(), vec![]));
    assert_eq!(contact(r#"{"phone":79001234567}"#, "true"), (phone.clone(), vec![]));
    assert_eq!(contact(r#"{"email":"none","phone":"+79001234567"}"#, "true"), (phone, vec![Note::EmailDropped]));
    assert_eq!(
        contact(r#"{"email":"none","phone":"none"}"#, "false"),
        (None, vec![Note::EmailDropped, Note::PhoneDropped, Note::NoWayToCustomer])
    );
    let mut strict = by_hand();
    strict.altegio.contact_required = true;
    assert_eq!(read_with(&simple(&[]), &strict).expect_err("no contact").refusal.code, Code::Customer);
}

#[test]
fn a_cashier_is_position_and_name_within_64_characters() {
    let cashier = |json: &str, rules: &Rules| {
        let body = simple(&[(r#""tax":"ru_usn"}"#, &format!(r#""tax":"ru_usn","cashier":{json}}}"#))]);
        read_with(&body, rules).map(|order| order.receipt.cashier().map(|c| (c.title.clone(), c.inn.clone())))
    };
    let mut rules = by_hand();
    rules.altegio.cashiers.insert("u-1".into(), "123456789012".into());
    let inn = Some("123456789012".to_owned());
    let full = r#"{"uid":"U-1","name":"Тестов  Т.","position":"администратор"}"#;
    assert_eq!(cashier(full, &rules), Ok(Some(("администратор Тестов Т.".into(), inn.clone()))));
    assert_eq!(cashier(r#"{"id":"u-1","name":"A\tB"}"#, &rules), Ok(Some(("A B".into(), inn))));
    assert_eq!(cashier(r#"{"uid":12,"position":"P"}"#, &rules), Ok(Some(("P".into(), None))));
    let long = format!(r#"{{"name":"Ж","position":"{}"}}"#, "я".repeat(64));
    assert_eq!(cashier(&long, &rules), Ok(Some(("я".repeat(64), None))));
    rules.altegio.cashier_required = crate::altegio::rules::CashierNeed::Inn;
    assert_eq!(cashier("null", &rules).expect_err("none").refusal.code, Code::Cashier);
    let unknown = cashier(r#"{"uid":"u-2","name":"B"}"#, &rules).expect_err("unknown");
    assert_eq!(unknown.refusal.message, Message::CashierInnNeeded { uid: "u-2".into() });
}

#[test]
fn the_text_of_a_title_never_stops_a_sale() {
    let titled = |title: &str| {
        let order = order_of(&[("\"Cut\"", &format!("\"{title}\""))], &by_hand());
        (order.receipt.lines()[0].title().to_owned(), order.notes)
    };
    let place = || Place { part: Part::Positions, index: Some(0), field: "title".into() };
    let (title, notes) = titled(&"ы".repeat(10_000));
    assert_eq!((title.chars().count(), notes), (1_000, vec![Note::Shortened { place: place() }]));
    assert_eq!(titled("a\\u001bp\\u0000b"), ("a\u{1b}p\u{0}b".into(), vec![]));
    assert_eq!(titled("\\ud83d\\ude00"), ("\u{1f600}".into(), vec![]));
    let (title, notes) = titled("Cut \\ud83d");
    assert!(title.starts_with("Cut \u{fffd}"), "{title:?}");
    assert_eq!(notes, [Note::BrokenText { place: place() }]);
}

#[test]
fn trouble_with_a_barcode_never_stops_a_sale() {
    let coded = |json: &str| {
        let order = order_of(&[("\"Cut\"", &format!("\"Cut\",\"barcode\":{json}"))], &by_hand());
        (order.receipt.lines()[0].barcode().map(ToOwned::to_owned), order.notes)
    };
    assert_eq!(coded("\" \""), (None, vec![]));
    assert_eq!(coded("4600000000001"), (Some("4600000000001".into()), vec![]));
    for bad in ["1.5", "{}", "true", &format!("\"{}\"", "9".repeat(200))] {
        assert_eq!(coded(bad), (None, vec![Note::BarcodeDropped { line: 0 }]), "{bad}");
    }
}

#[test]
fn a_return_has_positive_sums_and_no_change() {
    let back = order_of(&[("\"sale\"", "\"return\"")], &by_hand());
    assert_eq!((back.kind, back.receipt.total()), (Operation::Return, Money::from_minor(70_000)));
    let over = [("\"sum\":700", "\"sum\":1000")];
    assert_eq!(order_of(&over, &by_hand()).receipt.change(), Money::from_minor(30_000));
    let over_back = simple(&[over[0], ("\"sale\"", "\"return\"")]);
    assert_eq!(read_with(&over_back, &by_hand()).expect_err("no change").refusal.code, Code::Payments);
}

#[test]
fn cash_is_rounded_where_the_shop_says_so() {
    let body = simple(&[("\"price\":700", "\"price\":700.18")]);
    assert!(read_with(&body, &by_hand()).is_err());
    let mut rules = by_hand();
    rules.sums.cash_rounding_minor = 99;
    let order = read_with(&body, &rules).expect("an order");
    assert_eq!(order.receipt.rounding(), Money::from_minor(18));
    assert_eq!(order.notes, [Note::CashRounded { by: Money::from_minor(18) }]);
}
