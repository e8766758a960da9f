//! Properties: which documents are the same, and that no bytes break the reader.

use jiff::Timestamp;
use kkm_drivers::contract::Money;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::document::{Order, read};
use super::rules::Rules;

fn now() -> Timestamp {
    "2026-09-22T04:00:01Z".parse().expect("a moment")
}

fn order(body: &str) -> Order {
    read(body.as_bytes(), &Rules::default(), now()).unwrap_or_else(|r| panic!("{r:?}: {body}"))
}

fn document() -> Value {
    json!({
        "id": "a", "date": "2026-02-10T12:34:56+03:00", "document_id": 5, "type": "sale",
        "positions": [
            {"type": "service", "title": "Cut", "price": 13, "quantity": 2, "discount_amount": 1, "vat": "ru_vat_none",
             "payment_method": "payment", "barcode": "12345"},
            {"type": "commodity", "title": "Gel", "price": 5, "quantity": 1, "vat": "ru_vat_none",
             "payment_method": "payment"}
        ],
        "payments": [{"type": "card", "sum": 20}, {"type": "cash", "sum": 10}],
        "tax": "ru_usn",
        "customer": {"email": "a@example.com", "phone": null},
        "cashier": {"uid": "u", "name": "N", "position": "P"}
    })
}

/// The document with another value at a JSON pointer.
fn with(pointer: &str, value: Value) -> Order {
    let mut document = document();
    *document.pointer_mut(pointer).expect(pointer) = value;
    order(&document.to_string())
}

#[test]
fn what_is_fiscal_changes_the_fiscal_hash() {
    let base = order(&document().to_string());
    let mut seen = vec![base.fiscal_hash];
    for (pointer, value) in [
        ("/type", json!("return")),
        ("/tax", json!("ru_usnr")),
        ("/customer/email", json!("b@example.com")),
        ("/customer/phone", json!("+79001234567")),
        ("/cashier/uid", json!("v")),
        ("/cashier/name", json!("M")),
        ("/cashier/position", json!("Q")),
        ("/positions/0/title", json!("Cu")),
        ("/positions/0/type", json!("commodity")),
        ("/positions/0/vat", json!("ru_vat_0")),
        ("/positions/0/payment_method", json!("prepayment")),
        ("/positions/0/barcode", json!("1234")),
        ("/payments", json!([{"type": "card", "sum": 30}])),
    ] {
        let hash = with(pointer, value).fiscal_hash;
        assert!(!seen.contains(&hash), "{pointer}");
        seen.push(hash);
    }
}

#[test]
fn what_is_not_fiscal_does_not() {
    let base = order(&document().to_string());
    for (pointer, value) in [
        ("/date", json!("2026-02-11T00:00:00Z")),
        ("/id", json!("b")),
        ("/customer/phone", json!("")),
        ("/payments", json!([{"type": "cash", "sum": 4}, {"type": "card", "sum": 20}, {"type": "cash", "sum": 6}])),
    ] {
        assert_eq!(with(pointer, value).fiscal_hash, base.fiscal_hash, "{pointer}");
    }
}

#[test]
fn a_twin_is_the_same_sale_whoever_sells_it_to_whomever() {
    let base = order(&document().to_string());
    for (pointer, value) in [
        ("/id", json!("b")),
        ("/customer/email", json!("b@example.com")),
        ("/cashier", json!(null)),
        ("/positions/0/title", json!("Cut, short")),
        ("/tax", json!("ru_usnr")),
    ] {
        assert_eq!(with(pointer, value).twin_hash, base.twin_hash, "{pointer}");
    }
    let mut turned = document();
    turned["positions"].as_array_mut().expect("a list").reverse();
    assert_eq!(order(&turned.to_string()).twin_hash, base.twin_hash);
    for (pointer, value) in
        [("/document_id", json!(6)), ("/type", json!("return")), ("/payments", json!([{"type": "card", "sum": 30}]))]
    {
        assert_ne!(with(pointer, value).twin_hash, base.twin_hash, "{pointer}");
    }
    let mut other = document();
    other["positions"][0]["price"] = json!(12);
    other["positions"][1]["price"] = json!(7);
    assert_ne!(order(&other.to_string()).twin_hash, base.twin_hash);
}

/// Spellings of a sum of `minor` minor units.
fn spelling(minor: i64, style: usize) -> String {
    match style % 5 {
        0 => Money::from_minor(minor).to_string(),
        1 => format!("{}000", Money::from_minor(minor)),
        2 => format!("{minor}e-2"),
        3 => format!("{minor}.0E-2"),
        _ => format!("{}.{:02}0000000000000000000000000000001", minor / 100, minor % 100),
    }
}

/// A document with one line, its fields in the order of `keys`.
fn spelled(minor: i64, style: usize, keys: &[usize]) -> String {
    let line = [
        r#""type":"service""#.to_owned(),
        r#""title":"Cut""#.to_owned(),
        format!(r#""price":{}"#, spelling(minor, style)),
        format!(r#""quantity":1{}"#, ["", ".0", ".000000000", "e0", "0e-1"][style % 5]),
        r#""vat":"ru_vat_none""#.to_owned(),
        r#""payment_method":"payment""#.to_owned(),
        r#""discount_amount":0"#.to_owned(),
    ];
    let line: Vec<&str> = keys.iter().map(|&k| line[k].as_str()).collect();
    let root = [
        r#""id":"a""#.to_owned(),
        r#""document_id":1"#.to_owned(),
        r#""type":"sale""#.to_owned(),
        r#""tax":"ru_usn""#.to_owned(),
        format!(r#""positions":[{{{}}}]"#, line.join(", ")),
        format!(r#""payments":[{{"sum":{},"type":"card"}}]"#, spelling(minor, style + 1)),
        r#""cashier":{"name":"N"}"#.to_owned(),
    ];
    let root: Vec<&str> = keys.iter().map(|&k| root[k].as_str()).collect();
    format!("{{ {} }}", root.join(",\n"))
}

/// JSON that looks like a document here and there.
fn almost_a_document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,6})?".prop_map(|n| n),
        any::<String>().prop_map(|s| Value::String(s).to_string()),
        prop::sample::select(vec![
            "sale",
            "service",
            "payment",
            "cash",
            "ru_usn",
            "ru_vat_none",
            "2026-02-10T12:00:00Z"
        ])
        .prop_map(|word| format!("\"{word}\"")),
    ];
    let key = prop::sample::select(vec![
        "id",
        "date",
        "document_id",
        "type",
        "positions",
        "payments",
        "tax",
        "customer",
        "cashier",
        "pos",
        "title",
        "price",
        "quantity",
        "discount_amount",
        "vat",
        "payment_method",
        "barcode",
        "sum",
        "email",
        "phone",
        "enabled",
        "slip_count",
        "callback_url",
        "custom_text",
        "x",
    ]);
    leaf.prop_recursive(5, 80, 12, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key.clone(), inner), 0..14).prop_map(|fields| {
                let fields: Vec<String> = fields.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&body, &Rules::default(), now());
    }

    #[test]
    fn no_json_breaks_the_reader(body in almost_a_document()) {
        let _ = read(body.as_bytes(), &Rules::default(), now());
    }

    #[test]
    fn no_damage_to_a_document_breaks_the_reader(
        at in any::<prop::sample::Index>(), cut in 0usize..40, put in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut body = document().to_string().into_bytes();
        let start = at.index(body.len());
        let end = (start + cut).min(body.len());
        body.splice(start..end, put);
        let _ = read(&body, &Rules::default(), now());
    }

    #[test]
    fn any_value_in_any_field_is_an_order_or_a_refusal(
        pointer in prop::sample::select(vec!["/id", "/date", "/document_id", "/type", "/positions", "/positions/0",
            "/positions/0/price", "/positions/0/quantity", "/positions/0/discount_amount", "/positions/0/vat",
            "/payments", "/payments/0/sum", "/tax", "/customer", "/customer/email", "/cashier", "/cashier/name"]),
        value in almost_a_document(),
    ) {
        let mut body = document();
        *body.pointer_mut(pointer).expect("a field") = json!("@@");
        let body = body.to_string().replace("\"@@\"", &value);
        let _ = read(body.as_bytes(), &Rules::default(), now());
    }

    #[test]
    fn neither_key_order_nor_spelling_of_numbers_makes_another_document(
        minor in 1i64..=1_000_000, style in 0usize..5, keys in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let base = order(&spelled(minor, 0, &[0, 1, 2, 3, 4, 5, 6]));
        let other = order(&spelled(minor, style, &keys));
        prop_assert_eq!(other.receipt.total(), Money::from_minor(minor));
        prop_assert_eq!(other.fiscal_hash, base.fiscal_hash);
        prop_assert_eq!(other.twin_hash, base.twin_hash);
        let dearer = order(&spelled(minor + 1, style, &keys));
        prop_assert_ne!(dearer.fiscal_hash, base.fiscal_hash);
        prop_assert_ne!(dearer.twin_hash, base.twin_hash);
    }
}
