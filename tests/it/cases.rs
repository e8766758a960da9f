//! The cases from life (`tests/cases/index.tsv`) through the daemon into the register's books.
//!
//! Every row is here but those that need a register in a special state: they are in [`crate::register`].

use std::path::PathBuf;

use kkm_drivers::contract::Money;
use kkm_drivers::simulator::books::BookedDocument;
use serde_json::Value;

use crate::rig::Rig;

/// Rows that need a register in a special state.
const ELSEWHERE: &[&str] = &["019", "021", "026", "030", "032"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// A case, to be reported to the stand-in.
fn case(file: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(file)).expect(file);
    let mut document: Value = serde_json::from_str(&text).expect(file);
    document.as_object_mut().expect("an object").remove("callback_url");
    document
}

/// A JSON number with at most two decimals, in minor units, without a float.
fn minor(number: &Value) -> i64 {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap_or_else(|_| panic!("{text} is a sum"))
}

/// What was paid by this kind, by the document.
fn paid(document: &Value, kind: &str) -> Money {
    let payments = document["payments"].as_array().expect("payments");
    Money::from_minor(payments.iter().filter(|p| p["type"] == kind).map(|p| minor(&p["sum"])).sum())
}

/// The books agree with the document and with themselves.
fn agrees(file: &str, document: &Value, receipt: &BookedDocument, total_minor: i64, change_minor: i64) {
    let change = Money::from_minor(change_minor);
    assert_eq!((receipt.total.minor(), receipt.change), (total_minor, change), "{file}");
    assert_eq!(receipt.payments.electronic_total(), paid(document, "card"), "{file}");
    assert_eq!(receipt.payments.prepaid, paid(document, "prepaid"), "{file}");
    assert_eq!(receipt.payments.cash.checked_add(change), Some(paid(document, "cash")), "{file}");
    assert_eq!(receipt.payments.total(), receipt.total, "{file}");
    assert_eq!(receipt.lines.iter().map(|l| l.sum.minor()).sum::<i64>(), total_minor, "{file}: lines add up");
    assert!(receipt.rounding.is_zero() && receipt.adjustments.is_empty(), "{file}");
    for line in &receipt.lines {
        assert!(!line.title.chars().any(char::is_control) && line.title.chars().count() <= 128, "{file}: {line:?}");
    }
}

/// A shop whose register has these rates in its table's first row, in basis points.
fn shop(first_rate: &str) -> Rig {
    let mut rig = Rig::with("[altegio]\npos_without_terminal = \"charged_by_hand\"\n");
    rig.register("drawer 100000000");
    rig.register(&format!("vat 1 {first_rate}"));
    rig.start();
    rig
}

#[test]
fn every_case_from_life_is_in_the_books_as_it_should_be() {
    // Cases from before 2026 have the rate of their year.
    let (present, past) = (shop("2200"), shop("2000"));
    let index = std::fs::read_to_string(folder().join("index.tsv")).expect("the index");
    let (mut registered, mut rejected) = (0, 0);
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (file, outcome) = (columns[0], columns[1]);
        if ELSEWHERE.iter().any(|number| file.starts_with(number)) {
            continue;
        }
        let document = case(file);
        let rig = if document.to_string().contains("\"ru_vat_20\"") { &past } else { &present };
        let before = rig.receipts().len();
        if outcome == "REJECT" {
            let reply = rig.post(&document);
            assert_eq!((reply.status, &reply.body["status"]), (400, &Value::from("error")), "{file}: {reply:?}");
            assert_eq!(rig.receipts().len(), before, "{file}");
            rejected += 1;
        } else {
            rig.post(&document).assert_pending();
            rig.cloud.await_success(&document["id"]);
            let receipts = rig.receipts();
            assert_eq!(receipts.len(), before + 1, "{file}");
            let change = outcome.strip_prefix("OK change ").map_or(0, |c| c.parse().expect(file));
            agrees(file, &document, &receipts[before], columns[2].parse().expect(file), change);
            registered += 1;
        }
    }
    assert_eq!((registered, rejected), (26, 5));
}

#[test]
fn the_same_case_at_once_after_success_and_after_a_restart_is_one_receipt() {
    let mut rig = Rig::new();
    rig.start();
    let document = case("072-duplicate-post.json");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| rig.post(&document).assert_pending());
        }
    });
    rig.cloud.await_success(&document["id"]);
    rig.post(&document).assert_pending();
    rig.kill();
    rig.start();
    rig.post(&document).assert_pending();
    let next = case("041-contact-none.json");
    rig.post(&next).assert_pending();
    rig.cloud.await_success(&next["id"]);
    assert_eq!(rig.receipts().len(), 2, "the duplicates once, and the one after them");
    assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1);
}
