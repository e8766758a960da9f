use kkm_drivers::contract::{Money, Settlement, Subject, VatRate};

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
