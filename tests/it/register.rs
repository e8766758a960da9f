//! What the register's books hold, to the kopeck and the tag, over a serial line and over a socket.

use std::fmt::Write;

use kkm_drivers::contract::Marker;
use kkm_drivers::simulator::books::BookedDocument;
use serde_json::{Value, json};

use crate::rig::{Rig, Wire, another, example};

/// The cashier of the documented example has a taxpayer number of this shop's settings.
const CASHIERS: &str = "[altegio.cashiers]\n\"4895-9395-0133195612a4\" = \"500100732259\"\n";

/// A booked receipt in words that leave nothing out but numbers that differ from run to run.
fn told(receipt: &BookedDocument) -> String {
    let (paid, mut text) = (&receipt.payments, String::new());
    let operation = receipt.operation.expect("a receipt has a direction");
    let paper = if receipt.on_paper { "on paper" } else { "no paper" };
    writeln!(
        text,
        "{operation:?} {} = {} cash + {} card + {} prepaid; change {}; rounding {}; 1055 {}; {paper}",
        receipt.total,
        paid.cash,
        paid.electronic_total(),
        paid.prepaid,
        receipt.change,
        receipt.rounding,
        receipt.tax_system
    )
    .expect("written");
    for (place, line) in receipt.lines.iter().enumerate() {
        let (title, quantity) = (&line.title, line.quantity);
        let (group, method, subject) = (line.vat_group, line.method, line.subject);
        writeln!(
            text,
            "{title} | {quantity} x {} = {} | vat {group} | 1214 {method} | 1212 {subject}",
            line.price, line.sum
        )
        .expect("written");
        for note in receipt.notes.iter().filter(|note| note.after_line == place + 1) {
            writeln!(text, "  {}", note.text).expect("written");
        }
    }
    for (group, vat) in &receipt.vat {
        writeln!(text, "vat {group} is {:?}: {} in {}", vat.rate, vat.tax, vat.turnover).expect("written");
    }
    for tag in [1008, 1021, 1203] {
        writeln!(text, "{tag} {}", receipt.tag_text(tag)).expect("written");
    }
    assert_eq!((paid.credit.minor(), paid.barter.minor()), (0, 0));
    assert!(receipt.adjustments.is_empty());
    text
}

/// A document with these positions and payments.
fn document(id: i64, positions: &Value, payments: &Value) -> Value {
    let mut document = another(&format!("row-{id}"), id);
    document["positions"] = positions.clone();
    document["payments"] = payments.clone();
    document["custom_text"] = Value::Null;
    document
}

/// A position of quantity 1 without discount at 10 %.
fn position(kind: &str, title: &str, price: f64) -> Value {
    json!({"type": kind, "title": title, "price": price, "quantity": 1, "discount_amount": 0, "vat": "ru_vat_10",
           "payment_method": "payment", "barcode": null})
}

fn with(mut position: Value, changes: &[(&str, Value)]) -> Value {
    for (key, value) in changes {
        position[key] = value.clone();
    }
    position
}

const TAIL: &str = "1008 customer@example.com\n1021 Cashier John Smith\n1203 500100732259\n";

struct Row {
    what: &'static str,
    document: Value,
    /// As [`told`], the tags of [`TAIL`] left out.
    booked: String,
}

fn row(what: &'static str, document: Value, booked: &str) -> Row {
    Row { what, document, booked: booked.to_owned() }
}

fn table() -> Vec<Row> {
    let mut back = example();
    back["id"] = json!("row-return");
    back["type"] = json!("return");
    let advance = with(position("payment", "Аванс", 100.0), &[("payment_method", json!("prepayment"))]);
    let mut silent =
        document(9, &json!([position("service", "Без бумаги", 12.0)]), &json!([{"type": "card", "sum": 12}]));
    silent["print_receipt"] = json!(false);
    vec![
        row(
            "the documented example",
            example(),
            "Sale 10.65 = 4.55 cash + 5.55 card + 0.55 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Consultation | 1 x 10.65 = 10.65 | vat 2 | 1214 4 | 1212 4\n  Скидка 2.54\n  12345\n  some custom text\n\
             vat 2 is Rate(1000): 0.97 in 10.65\n",
        ),
        row(
            "its return",
            back,
            "SaleReturn 10.65 = 4.55 cash + 5.55 card + 0.55 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Consultation | 1 x 10.65 = 10.65 | vat 2 | 1214 4 | 1212 4\n  Скидка 2.54\n  12345\n  some custom text\n\
             vat 2 is Rate(1000): 0.97 in 10.65\n",
        ),
        row(
            "an advance",
            document(3, &json!([advance]), &json!([{"type": "card", "sum": 100}])),
            "Sale 100.00 = 0.00 cash + 100.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Аванс | 1 x 100.00 = 100.00 | vat 6 | 1214 3 | 1212 10\n\
             vat 6 is Calculated(1000): 9.09 in 100.00\n",
        ),
        row(
            "its offset",
            document(
                4,
                &json!([position("service", "Стрижка «модельная» №1", 300.0)]),
                &json!([{"type": "prepaid", "sum": 100}, {"type": "card", "sum": 200}]),
            ),
            "Sale 300.00 = 0.00 cash + 200.00 card + 100.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Стрижка «модельная» №1 | 1 x 300.00 = 300.00 | vat 2 | 1214 4 | 1212 4\n\
             vat 2 is Rate(1000): 27.27 in 300.00\n",
        ),
        row(
            "change from cash, never from the card",
            document(
                5,
                &json!([position("commodity", "Шампунь", 99.9)]),
                &json!([{"type": "card", "sum": 50}, {"type": "cash", "sum": 100}]),
            ),
            "Sale 99.90 = 49.90 cash + 50.00 card + 0.00 prepaid; change 50.10; rounding 0.00; 1055 1; on paper\n\
             Шампунь | 1 x 99.90 = 99.90 | vat 2 | 1214 4 | 1212 1\n\
             vat 2 is Rate(1000): 9.08 in 99.90\n",
        ),
        row(
            "discounts",
            document(
                6,
                &json!([
                    with(position("service", "Маникюр", 1500.0), &[("discount_amount", json!(150))]),
                    with(
                        position("commodity", "Крем", 333.33),
                        &[("quantity", json!(2)), ("discount_amount", json!(0.66))]
                    ),
                ]),
                &json!([{"type": "card", "sum": 2016}]),
            ),
            "Sale 2016.00 = 0.00 cash + 2016.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Маникюр | 1 x 1350.00 = 1350.00 | vat 2 | 1214 4 | 1212 4\n  Скидка 150.00\n\
             Крем | 2 x 333.00 = 666.00 | vat 2 | 1214 4 | 1212 1\n  Скидка 0.66\n\
             vat 2 is Rate(1000): 183.28 in 2016.00\n",
        ),
        row(
            "quantity 0.625",
            document(
                7,
                &json!([with(position("commodity", "Краска, кг", 8.3), &[("quantity", json!(0.625))])]),
                &json!([{"type": "cash", "sum": 5.19}]),
            ),
            "Sale 5.19 = 5.19 cash + 0.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Краска, кг | 0.625 x 8.30 = 5.19 | vat 2 | 1214 4 | 1212 1\n\
             vat 2 is Rate(1000): 0.47 in 5.19\n",
        ),
        row(
            "three for a hundred",
            document(
                8,
                &json!([with(position("commodity", "Лак", 33.33), &[("quantity", json!(3))])]),
                &json!([{"type": "cash", "sum": 100}]),
            ),
            "Sale 100.00 = 100.00 cash + 0.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
             Лак | 2 x 33.33 = 66.66 | vat 2 | 1214 4 | 1212 1\n\
             Лак | 1 x 33.34 = 33.34 | vat 2 | 1214 4 | 1212 1\n\
             vat 2 is Rate(1000): 9.09 in 100.00\n",
        ),
        row(
            "no paper wanted",
            silent,
            "Sale 12.00 = 0.00 cash + 12.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; no paper\n\
             Без бумаги | 1 x 12.00 = 12.00 | vat 2 | 1214 4 | 1212 4\n\
             vat 2 is Rate(1000): 1.09 in 12.00\n",
        ),
        every_rate(),
        many_lines(),
    ]
}

fn every_rate() -> Row {
    let line = |title: &str, vat: &str, method: &str| {
        with(position("service", title, 100.0), &[("vat", json!(vat)), ("payment_method", json!(method))])
    };
    let positions = json!([
        line("22", "ru_vat_22", "payment"),
        line("10", "ru_vat_10", "payment"),
        line("0", "ru_vat_0", "payment"),
        line("none", "ru_vat_none", "payment"),
        line("22/122", "ru_vat_22", "prepayment"),
        line("10/110", "ru_vat_10", "prepayment"),
    ]);
    row(
        "every rate of the register's table, on paper again",
        document(10, &positions, &json!([{"type": "card", "sum": 600}])),
        "Sale 600.00 = 0.00 cash + 600.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n\
         22 | 1 x 100.00 = 100.00 | vat 1 | 1214 4 | 1212 4\n\
         10 | 1 x 100.00 = 100.00 | vat 2 | 1214 4 | 1212 4\n\
         0 | 1 x 100.00 = 100.00 | vat 3 | 1214 4 | 1212 4\n\
         none | 1 x 100.00 = 100.00 | vat 4 | 1214 4 | 1212 4\n\
         22/122 | 1 x 100.00 = 100.00 | vat 5 | 1214 1 | 1212 4\n\
         10/110 | 1 x 100.00 = 100.00 | vat 6 | 1214 1 | 1212 4\n\
         vat 1 is Rate(2200): 18.03 in 100.00\n\
         vat 2 is Rate(1000): 9.09 in 100.00\n\
         vat 3 is Rate(0): 0.00 in 100.00\n\
         vat 4 is Exempt: 0.00 in 100.00\n\
         vat 5 is Calculated(2200): 18.03 in 100.00\n\
         vat 6 is Calculated(1000): 9.09 in 100.00\n",
    )
}

fn many_lines() -> Row {
    let positions: Vec<Value> = (1..=250).map(|n| position("commodity", &format!("Товар {n:03}"), 1.1)).collect();
    let mut booked =
        "Sale 275.00 = 275.00 cash + 0.00 card + 0.00 prepaid; change 0.00; rounding 0.00; 1055 1; on paper\n"
            .to_owned();
    for n in 1..=250 {
        writeln!(booked, "Товар {n:03} | 1 x 1.10 = 1.10 | vat 2 | 1214 4 | 1212 1").expect("written");
    }
    booked.push_str("vat 2 is Rate(1000): 25.00 in 275.00\n");
    Row { what: "250 lines", document: document(11, &json!(positions), &json!([{"type": "cash", "sum": 275}])), booked }
}

fn the_table_over(wire: Wire) {
    let mut rig = Rig::wired(wire, CASHIERS);
    rig.start();
    let rows = table();
    for row in &rows {
        rig.post(&row.document).assert_pending();
        rig.cloud.await_success(&row.document["id"]);
    }
    let receipts = rig.receipts();
    assert_eq!(receipts.len(), rows.len());
    let mut markers = std::collections::BTreeSet::new();
    for (row, receipt) in rows.iter().zip(&receipts) {
        assert_eq!(told(receipt), format!("{}{TAIL}", row.booked), "{}", row.what);
        let marker: Marker = receipt.tag_text(1192).parse().expect("our marker");
        assert!(markers.insert(marker.to_string()), "{} has a marker of its own", row.what);
    }
}

#[test]
fn the_books_hold_every_receipt_of_the_table_over_a_serial_line() {
    the_table_over(Wire::Pty);
}

#[test]
fn the_books_hold_every_receipt_of_the_table_over_a_socket() {
    the_table_over(Wire::Tcp);
}

#[test]
fn the_books_hold_every_receipt_of_the_table_in_the_family_simulated() {
    the_table_over(Wire::Inside);
}

/// A document of the cases from life, to be reported to the stand-in.
fn case(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).expect("JSON");
    document.as_object_mut().expect("an object").remove("callback_url");
    document
}

/// Registered, with this total.
#[track_caller]
fn registered(rig: &Rig, document: &Value, total_minor: i64) -> BookedDocument {
    rig.post(document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    let last = rig.receipts().pop().expect("a receipt");
    assert_eq!(last.total.minor(), total_minor);
    last
}

/// Refused by the device with this code and these words to the cashier.
#[track_caller]
fn refused(rig: &Rig, document: &Value, code: u16, words: &str) {
    let before = rig.receipts().len();
    rig.post(document).assert_pending();
    let callback = rig.cloud.await_final(&document["id"]);
    assert_eq!((&callback.body["status"], &callback.body["code"]), (&json!("error"), &json!(code)), "{callback:?}");
    let message = callback.body["message"].as_str().expect("a message");
    assert!(message.contains(words), "{message}");
    assert_eq!(rig.receipts().len(), before);
}

#[test]
fn cases_that_any_register_takes() {
    let mut rig = Rig::new();
    rig.start();
    let vat22 = case(include_str!("../cases/017-vat22-2026.json"));
    let receipt = registered(&rig, &vat22, 122_000);
    assert_eq!(receipt.vat.values().map(|v| v.tax.minor()).sum::<i64>(), 22_000);
    let no_contact = case(include_str!("../cases/041-contact-none.json"));
    assert_eq!(registered(&rig, &no_contact, 70_000).tag_text(1008), "");
    assert_eq!(registered(&rig, &case(include_str!("../cases/046-positions-250.json")), 250_250).lines.len(), 250);
    registered(&rig, &case(include_str!("../cases/048-date-in-utc.json")), 70_000);
}

#[test]
fn a_tax_system_outside_the_registration_is_refused_by_its_name() {
    let mut rig = Rig::new();
    rig.register("tax-systems 02");
    rig.start();
    let document = case(include_str!("../cases/021-tax-system-not-registered.json"));
    refused(&rig, &document, 2001, "не зарегистрирована на эту систему");
}

#[test]
fn five_per_cent_on_a_register_without_it_is_refused_before_a_line_is_sent() {
    let mut rig = Rig::new();
    rig.start();
    let document = case(include_str!("../cases/019-vat5-old-firmware.json"));
    refused(&rig, &document, 2001, "не знает ставку НДС 5%");
}

#[test]
fn five_and_seven_per_cent_go_to_the_groups_that_the_register_s_own_table_gives_them() {
    let mut rig = Rig::new();
    rig.register("vat 1 500");
    rig.register("vat 2 700");
    rig.start();
    let receipt = registered(&rig, &case(include_str!("../cases/019-vat5-old-firmware.json")), 212_000);
    let groups: Vec<_> = receipt.vat.iter().map(|(group, vat)| (*group, vat.tax.minor())).collect();
    assert_eq!(groups, [(1, 5000), (2, 7000)], "5/105 of 1050.00 and 7/107 of 1070.00");
}

#[test]
fn a_small_sale_comes_after_a_receipt_that_was_left_open() {
    let mut rig = Rig::with("[devices.front]\nexclusive = true\n");
    rig.register("foreign-open 5000");
    rig.start();
    let receipt = registered(&rig, &case(include_str!("../cases/026-small-sale-after-stuck-receipt.json")), 40);
    assert_eq!(receipt.lines.len(), 1, "nothing of the stranger's receipt is in it");
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn a_return_above_the_drawer_is_refused_and_the_next_receipt_prints() {
    let mut rig = Rig::new();
    rig.start();
    refused(&rig, &case(include_str!("../cases/030-return-above-cash-drawer.json")), 2001, "не хватает наличных");
    registered(&rig, &case(include_str!("../cases/048-date-in-utc.json")), 70_000);
}

#[test]
fn a_return_that_fails_at_its_third_line_is_cancelled_whole() {
    let mut rig = Rig::new();
    rig.register("drawer 100000");
    rig.register("buffer 2");
    rig.start();
    let document = case(include_str!("../cases/032-return-63-three-lines.json"));
    refused(&rig, &document, 2001, "разделите");
    rig.register("buffer 1000");
    let mut again = document.clone();
    again["id"] = json!("the-cashier-prints-again");
    again["date"] = json!("2026-02-10T12:36:56+03:00");
    assert_eq!(registered(&rig, &again, 6300).lines.len(), 3);
}

#[test]
fn two_hundred_and_fifty_lines_on_a_small_register_are_refused_and_nothing_stays_open() {
    let mut rig = Rig::new();
    rig.register("buffer 100");
    rig.start();
    refused(&rig, &case(include_str!("../cases/046-positions-250.json")), 2001, "4Bh");
    registered(&rig, &case(include_str!("../cases/048-date-in-utc.json")), 70_000);
}

#[test]
fn a_date_in_utc_is_half_past_four_in_the_shop_on_paper_and_in_the_journal() {
    let mut rig = Rig::with("[altegio]\ntime_zone = \"Asia/Yekaterinburg\"\n");
    // A register's clock goes forward only.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let year = 1971 + now.as_secs() / 31_556_952;
    rig.register(&format!("clock {year}-02-11T04:30:00"));
    rig.start();
    let mut document = case(include_str!("../cases/048-date-in-utc.json"));
    document["date"] = json!(format!("{year}-02-10T23:30:00Z"));
    let receipt = registered(&rig, &document, 70_000);
    assert_eq!(
        receipt.time.to_string()[..16],
        format!("{year}-02-11T04:30"),
        "the register's clock is the fiscal time"
    );
    // The same moment as the shop writes it, without an offset: read in the shop's zone, and said so.
    let mut local = document.clone();
    local["id"] = json!("local");
    local["document_id"] = json!(510_049);
    local["date"] = json!(format!("{year}-02-11T04:30:00"));
    registered(&rig, &local, 70_000);
    let told = String::from_utf8(rig.command(&["show", "local"]).stdout).expect("text");
    assert!(told.contains("по времени магазина"), "{told}");
}
