//! Bodies that are wrong: each ends in its code and a message that names the field, and keeps the id where it can be read.

use super::document::read;
use super::rules::Rules;
use crate::messages::Locale;

const ID: &str = "\"d72fece5\"";
const GOOD: &str = r#"{"id":"d72fece5","date":"2026-09-21T23:00:00Z","document_id":239083104,"type":"sale","print_receipt":true,"customer":{"email":"customer@example.com","phone":"+13155550175"},"positions":[{"type":"service","title":"First","price":4,"quantity":1,"discount_amount":0,"vat":"ru_vat_10","payment_method":"payment","barcode":""},{"type":"service","title":"Second","price":13.19,"quantity":1,"discount_amount":2.54,"vat":"ru_vat_10","payment_method":"payment","barcode":"12345"}],"payments":[{"type":"card","sum":10.10},{"type":"cash","sum":4.55}],"tax":"ru_osn","cashier":{"uid":"u1","name":"John Smith","position":"Cashier"},"pos":{"enabled":false,"slip_count":2},"callback_url":"https://app.alteg.io/api/v1/integration/kkm/callback/","custom_text":"text"}"#;

fn refused(body: &[u8]) -> Option<(Option<String>, u16, String)> {
    let now = "2026-09-22T04:00:01Z".parse().expect("a moment");
    let rejected = read(body, &Rules::default(), now).err()?;
    let text = rejected.refusal.message.render(Locale::En);
    Some((rejected.id.map(|id| id.json().to_owned()), rejected.refusal.code.number(), text))
}

fn edited(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from} must stand once in the good document");
    GOOD.replace(from, to)
}

/// What to put in place of what, and the refusal that follows.
const EDITS: &[(&str, &str, u16, &str)] = &[
    // The document's own fields.
    (r#""document_id":239083104,"#, "", 1001, "field \"document_id\": is missing"),
    ("239083104", "null", 1001, "field \"document_id\": is missing"),
    ("239083104", "\"239083104\"", 1001, "field \"document_id\": must be a whole number"),
    ("239083104", "1.5", 1001, "field \"document_id\""),
    ("239083104", "-1", 1001, "field \"document_id\""),
    ("239083104", "9223372036854775808", 1001, "field \"document_id\""),
    ("239083104", "1e3", 1001, "field \"document_id\""),
    (r#""type":"sale","#, "", 1001, "field \"type\": is missing"),
    ("\"sale\"", "\"refund\"", 1001, "field \"type\": value \"refund\" is unknown, it can be: sale, return"),
    ("\"sale\"", "\"SALE\"", 1001, "field \"type\""),
    ("\"sale\"", "0", 1001, "field \"type\": must be text"),
    ("\"sale\"", "[\"sale\"]", 1001, "field \"type\": must be text"),
    ("\"2026-09-21T23:00:00Z\"", "\"yesterday\"", 1001, "field \"date\": \"yesterday\" is no date"),
    ("\"2026-09-21T23:00:00Z\"", "\"2026-02-30T00:00:00Z\"", 1001, "field \"date\""),
    ("\"2026-09-21T23:00:00Z\"", "\"\"", 1001, "field \"date\""),
    ("\"2026-09-21T23:00:00Z\"", "1790000000", 1001, "field \"date\": must be text"),
    ("\"ru_osn\"", "\"ru_npd\"", 1001, "tax system \"ru_npd\" is unknown"),
    ("\"ru_osn\"", "\"ru_vat_20\"", 1001, "tax system \"ru_vat_20\" is unknown"),
    ("\"ru_osn\"", "\"RU_OSN\"", 1001, "tax system"),
    ("\"ru_osn\"", "null", 1001, "field \"tax\": is missing"),
    ("\"ru_osn\"", "1", 1001, "field \"tax\": must be text"),
    (r#","tax":"ru_osn""#, "", 1001, "field \"tax\": is missing"),
    ("\"print_receipt\":true", "\"print_receipt\":1", 1001, "field \"print_receipt\": must be true or false"),
    ("\"print_receipt\":true", "\"print_receipt\":\"true\"", 1001, "field \"print_receipt\""),
    ("\"https://app.alteg.io/api/v1/integration/kkm/callback/\"", "\"not an url\"", 1001, "field \"callback_url\""),
    ("\"https://app.alteg.io/api/v1/integration/kkm/callback/\"", "\"mailto:a@b.c\"", 1001, "field \"callback_url\""),
    ("\"https://app.alteg.io/api/v1/integration/kkm/callback/\"", "7", 1001, "field \"callback_url\": must be text"),
    ("\"text\"", "7", 1001, "field \"custom_text\": must be text"),
    ("\"type\":\"sale\"", "\"type\":\"sale\",\"type\":\"sale\"", 1001, "field \"type\": is given twice"),
    ("\"type\":\"sale\"", "\"type\":\"sale\",\"typ\\u0065\":\"return\"", 1001, "field \"type\": is given twice"),
    ("\"type\":\"sale\"", "\"type\":\"sale\",\"x\":1,\"x\":2", 1001, "field \"x\": is given twice"),
    (r#"{"enabled":false,"slip_count":2}"#, "true", 1001, "terminal (pos): must be an object"),
    ("\"enabled\":false", "\"enabled\":\"no\"", 1001, "terminal (pos), field \"enabled\""),
    ("\"enabled\":false", "\"enabled\":false,\"enabled\":true", 1001, "field \"enabled\": is given twice"),
    ("\"slip_count\":2", "\"slip_count\":-2", 1001, "terminal (pos), field \"slip_count\""),
    ("\"slip_count\":2", "\"slip_count\":4294967296", 1001, "field \"slip_count\""),
    ("\"enabled\":false", "\"enabled\":true", 1003, "No payment terminal (pos) is configured"),
    // Positions.
    ("\"positions\":", "\"pozitions\":", 1002, "positions"),
    ("13.19", "\"13.19\"", 1002, "line 2, field \"price\": must be a number"),
    ("13.19", "true", 1002, "line 2, field \"price\": must be a number"),
    ("13.19", "null", 1002, "line 2, field \"price\": is missing"),
    ("13.19", "-13.19", 1002, "line 2, field \"price\": is below zero"),
    ("13.19", "13.195", 1002, "line 2, field \"price\": has more than 2 decimals"),
    ("13.19", "0.123456789012345678", 1002, "line 2, field \"price\": has more than 2 decimals"),
    ("13.19", "1e400", 1002, "line 2, field \"price\": is too large"),
    ("13.19", "9223372036854775808", 1002, "line 2, field \"price\": is too large"),
    ("13.19", "1000000000", 1002, "line 2, field \"price\": is too large"),
    ("13.19", "{}", 1002, "line 2, field \"price\": must be a number"),
    ("\"price\":13.19,", "", 1002, "line 2, field \"price\": is missing"),
    ("\"price\":13.19,", "\"price\":13.19,\"price\":13.19,", 1002, "line 2, field \"price\": is given twice"),
    (
        "13.19,\"quantity\":1",
        "13.19,\"quantity\":1.2345678",
        1002,
        "line 2, field \"quantity\": has more than 6 decimals",
    ),
    ("13.19,\"quantity\":1", "13.19,\"quantity\":-1", 1002, "line 2, field \"quantity\": is below zero"),
    ("13.19,\"quantity\":1", "13.19,\"quantity\":\"1\"", 1002, "line 2, field \"quantity\": must be a number"),
    ("13.19,\"quantity\":1", "13.19,\"quantity\":1e18", 1002, "line 2, field \"quantity\": is too large"),
    ("13.19,\"quantity\":1", "13.19,\"quantity\":999999999", 1002, "line 2, field \"price\": is too large"),
    ("13.19,\"quantity\":1", "13.19", 1002, "line 2, field \"quantity\": is missing"),
    ("2.54", "-2.54", 1002, "line 2, field \"discount_amount\": is below zero"),
    ("2.54", "2.5412345", 1002, "line 2, field \"discount_amount\": has more than 6 decimals"),
    ("2.54", "20", 1002, "Line 2: the discount (discount_amount) exceeds the price and leaves -6.81"),
    ("2.54", "[]", 1002, "line 2, field \"discount_amount\": must be a number"),
    ("2.54", "1e30", 1002, "line 2, field \"discount_amount\": is too large"),
    ("\"title\":\"Second\"", "\"title\":null", 1002, "line 2, field \"title\": is missing"),
    ("\"title\":\"Second\"", "\"title\":\" \\n\\u00a0\"", 1002, "line 2, field \"title\": is empty"),
    ("\"title\":\"Second\"", "\"title\":7", 1002, "line 2, field \"title\": must be text"),
    (
        "\"vat\":\"ru_vat_10\",\"payment_method\":\"payment\",\"barcode\":\"12345\"",
        "\"vat\":\"ru_vat_18\",\"payment_method\":\"payment\"",
        1002,
        "Line 2, field \"vat\": rate \"ru_vat_18\" is unknown",
    ),
    (
        "\"vat\":\"ru_vat_10\",\"payment_method\":\"payment\",\"barcode\":\"12345\"",
        "\"vat\":\"ru_osn\",\"payment_method\":\"payment\"",
        1002,
        "rate \"ru_osn\" is unknown",
    ),
    (
        "\"vat\":\"ru_vat_10\",\"payment_method\":\"payment\",\"barcode\":\"12345\"",
        "\"payment_method\":\"payment\"",
        1002,
        "line 2, field \"vat\": is missing",
    ),
    (
        "\"vat\":\"ru_vat_10\",\"payment_method\":\"payment\",\"barcode\":\"12345\"",
        "\"vat\":20,\"payment_method\":\"payment\"",
        1002,
        "line 2, field \"vat\": must be text",
    ),
    (
        "\"payment_method\":\"payment\",\"barcode\":\"12345\"",
        "\"payment_method\":\"credit\"",
        1002,
        "line 2, field \"payment_method\": value \"credit\" is unknown",
    ),
    (
        "\"payment_method\":\"payment\",\"barcode\":\"12345\"",
        "\"barcode\":\"12345\"",
        1002,
        "line 2, field \"payment_method\": is missing",
    ),
    (
        "{\"type\":\"service\",\"title\":\"Second\"",
        "{\"type\":\"goods\",\"title\":\"Second\"",
        1002,
        "line 2, field \"type\": value \"goods\" is unknown",
    ),
    (
        "{\"type\":\"service\",\"title\":\"Second\"",
        "null,{\"type\":\"service\",\"title\":\"Second\"",
        1002,
        "line 2: must be an object",
    ),
    // Payments.
    ("\"payments\":", "\"paid\":", 1003, "payments"),
    ("4.55", "-4.55", 1003, "payment 2, field \"sum\": is below zero"),
    ("4.55", "\"4.55\"", 1003, "payment 2, field \"sum\": must be a number"),
    ("4.55", "4.555", 1003, "payment 2, field \"sum\": has more than 2 decimals"),
    ("4.55", "1e400", 1003, "payment 2, field \"sum\": is too large"),
    ("4.55", "null", 1003, "payment 2, field \"sum\": is missing"),
    ("4.55", "4.50", 1003, "Positions come to 14.65, payments to 14.60, they differ by 0.05"),
    (
        "\"cash\"",
        "\"bitcoin\"",
        1003,
        "payment 2, field \"type\": value \"bitcoin\" is unknown, it can be: card, cash, prepaid",
    ),
    ("\"cash\"", "null", 1003, "payment 2, field \"type\": is missing"),
    ("{\"type\":\"cash\",\"sum\":4.55}", "[]", 1003, "payment 2: must be an object"),
    // People.
    (
        r#"{"email":"customer@example.com","phone":"+13155550175"}"#,
        "\"customer@example.com\"",
        1004,
        "customer: must be an object",
    ),
    ("\"customer@example.com\"", "[\"a@b.c\"]", 1004, "customer, field \"email\": must be text"),
    (
        "\"email\":\"customer@example.com\"",
        "\"email\":null,\"email\":null",
        1004,
        "customer, field \"email\": is given twice",
    ),
    (r#"{"uid":"u1","name":"John Smith","position":"Cashier"}"#, "[]", 1005, "cashier: must be an object"),
    ("\"John Smith\"", "{}", 1005, "cashier, field \"name\": must be text"),
];

#[test]
fn the_good_document_is_good() {
    assert_eq!(refused(GOOD.as_bytes()), None);
}

#[test]
fn every_wrong_field_has_its_code_and_its_name() {
    for &(from, to, code, part) in EDITS {
        let (id, got, text) = refused(edited(from, to).as_bytes()).unwrap_or_else(|| panic!("{to} was taken"));
        assert_eq!(got, code, "{from} -> {to}: {text}");
        assert!(text.contains(part), "{from} -> {to}: {text}");
        assert_eq!(id.as_deref(), Some(ID), "{to}");
    }
}

#[test]
fn a_body_that_is_no_document_is_refused_with_1001() {
    let nested = |open: &str, close: &str, deep: usize| {
        format!("{{\"id\":\"d72fece5\",\"x\":{}1{}}}", open.repeat(deep), close.repeat(deep)).into_bytes()
    };
    let deep_array = "[".repeat(10_000).into_bytes();
    let cases: Vec<(Vec<u8>, Option<&str>, &str)> = vec![
        (vec![], None, "Empty request"),
        (b" \r\n\t".to_vec(), None, "Empty request"),
        (b"{".to_vec(), None, "JSON, line 1, column 1"),
        (b"{\"id\":\"a\"".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\"}}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",}".to_vec(), None, "broken (JSON"),
        (b"{'id':'a'}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":NaN}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":Infinity}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":01}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":1.}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":.5}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":+5}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\",\"x\":0x10}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"a\nb\"}".to_vec(), None, "broken (JSON"),
        (b"<xml/>".to_vec(), None, "broken (JSON"),
        (b"id=1&type=sale".to_vec(), None, "broken (JSON"),
        (b"\xef\xbb\xbf{}".to_vec(), None, "broken (JSON"),
        (b"{\"id\":\"\xff\xfe\"}".to_vec(), None, "not UTF-8"),
        (b"[]".to_vec(), None, "no document"),
        (b"[{\"id\":\"a\"}]".to_vec(), None, "no document"),
        (b"null".to_vec(), None, "no document"),
        (b"42".to_vec(), None, "no document"),
        (b"\"id\"".to_vec(), None, "no document"),
        (b"{}".to_vec(), None, "field \"id\": is missing"),
        (b"{\"id\":null}".to_vec(), None, "field \"id\": is missing"),
        (b"{\"id\":\"\"}".to_vec(), None, "field \"id\""),
        (b"{\"id\":true}".to_vec(), None, "field \"id\": must be text or a whole number"),
        (b"{\"id\":1.5}".to_vec(), None, "field \"id\""),
        (b"{\"id\":{\"id\":1}}".to_vec(), None, "field \"id\""),
        (b"{\"id\":1,\"id\":1}".to_vec(), None, "field \"id\": is given twice"),
        (b"{\"id\":18446744073709551616}".to_vec(), Some("18446744073709551616"), "field \"document_id\""),
        (deep_array, None, "broken (JSON"),
        (nested("[", "]", 10_000), Some(ID), "nested deeper than 16"),
        (nested("{\"a\":", "}", 10_000), Some(ID), "nested deeper than 16"),
        (nested("[", "]", 16), Some(ID), "nested deeper than 16"),
        (nested("[", "]", 15), Some(ID), "field \"document_id\": is missing"),
    ];
    for (body, id, part) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let (got, code, text) = refused(&body).unwrap_or_else(|| panic!("{shown} was taken"));
        assert_eq!(code, 1001, "{shown}: {text}");
        assert!(text.contains(part), "{shown}: {text}");
        assert_eq!(got.as_deref(), id, "{shown}");
    }
}

#[test]
fn brackets_within_text_are_not_depth() {
    assert_eq!(refused(edited("\"text\"", &format!("\"\\\"{}\"", "[{".repeat(50))).as_bytes()), None);
}

#[test]
fn lists_have_their_limits() {
    let position =
        r#"{"type":"service","title":"x","price":1,"quantity":1,"vat":"ru_vat_none","payment_method":"payment"}"#;
    let document = |count: usize| {
        let positions = vec![position; count].join(",");
        format!(
            r#"{{"id":1,"document_id":1,"type":"sale","tax":"ru_osn","positions":[{positions}],"payments":[{{"type":"cash","sum":{count}}}]}}"#
        )
    };
    assert_eq!(refused(document(1000).as_bytes()), None);
    let (_, code, text) = refused(document(1001).as_bytes()).expect("refused");
    assert_eq!((code, text.contains("positions: has more than 1000 entries")), (1002, true), "{text}");
    let (_, code, text) = refused(document(0).as_bytes()).expect("refused");
    assert_eq!((code, text.contains("positions: is empty")), (1002, true), "{text}");
}
