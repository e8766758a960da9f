//! The cases from life (`tests/cases/index.tsv`) on paper: every row ends as it says, and the rows about text and bar
//! codes say so letter by letter.

use std::path::PathBuf;

use kkm_drivers::simulator::printer::{Item, Slip};
use serde_json::Value;

use crate::rig::{PrinterLink, Rig};

/// CP866 alone, so that everything else must be written otherwise or drawn.
const DRIVER: &str = "profile = \"epson-tm-t20\"
printer = { pages = [{ page = \"cp866\", number = 17 }] }
receipt = { drawer = true }";
const SETTINGS: &str = "[altegio]\npos_without_terminal = \"charged_by_hand\"\n";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn case(file: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(file)).expect(file);
    let mut document: Value = serde_json::from_str(&text).expect(file);
    document.as_object_mut().expect("an object").remove("callback_url");
    document
}

/// Minor units as they stand on paper.
fn amount(minor: &str) -> String {
    let minor: i64 = minor.parse().expect("minor units");
    format!("{}.{:02}", minor / 100, minor % 100)
}

#[test]
fn every_case_from_life_ends_on_paper_as_it_should() {
    let mut rig = Rig::printer(PrinterLink::Tcp, "epson", DRIVER, SETTINGS);
    rig.start();
    let index = std::fs::read_to_string(folder().join("index.tsv")).expect("the index");
    let (mut printed, mut rejected) = (0, 0);
    for row in index.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (file, outcome) = (columns[0], columns[1]);
        let document = case(file);
        let before = rig.slips().len();
        // A printer is registered for no tax system: it takes any.
        if outcome == "REJECT" && !file.starts_with("021") {
            assert_eq!(rig.post(&document).status, 400, "{file}");
            rejected += 1;
            continue;
        }
        rig.post(&document).assert_pending();
        rig.cloud.await_success(&document["id"]);
        let slips = rig.slips();
        assert_eq!(slips.len(), before + 1, "{file}");
        let slip = &slips[before];
        let total = if columns[2].is_empty() { String::new() } else { amount(columns[2]) };
        assert!(slip.text().contains(&total), "{file}: {slip}");
        assert!(slip.incidents().is_empty() && !slip.text().contains('?'), "{file}: {slip}");
        let cash = document["payments"].as_array().expect("payments").iter();
        let paid_cash = cash.filter(|p| p["type"] == "cash" && p["sum"].as_i64() != Some(0)).count() > 0;
        assert_eq!(slip.pulses().len(), usize::from(paid_cash), "{file}: the drawer opens for cash alone");
        printed += 1;
    }
    assert_eq!((printed, rejected), (31, 5));
}

/// Prints one case; gives its slip.
fn slip(driver: &str, file: &str) -> Slip {
    let mut rig = Rig::printer(PrinterLink::Tcp, "epson", driver, SETTINGS);
    rig.start();
    let document = case(file);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    rig.slips().pop().expect("a slip")
}

#[track_caller]
fn reads(slip: &Slip, part: &str) {
    let text = slip.text();
    let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(squeezed.contains(part), "{part:?} in {text}");
}

#[test]
fn kazakh_letters_are_printed_by_their_page_or_in_letters_that_read_the_same() {
    reads(&slip(DRIVER, "033-kazakh-letters.json"), "Шаш кию жане бояу, узын");
    reads(&slip("profile = \"epson-tm-t20\"", "033-kazakh-letters.json"), "Шаш қию және бояу, ұзын");
}

#[test]
fn the_rouble_sign_and_no_break_spaces_are_written_out() {
    reads(&slip(DRIVER, "034-rouble-sign-and-nbsp.json"), "Сертификат 1 500 руб.");
}

#[test]
fn control_bytes_and_tokens_in_a_title_are_text_or_nothing() {
    let slip = slip(DRIVER, "038-control-bytes-in-title.json");
    reads(&slip, "{CUT}");
    assert!(slip.pulses().len() <= 1 && slip.items.iter().filter(|i| matches!(i, Item::Cut(_))).count() == 1, "{slip}");
}

#[test]
fn typographic_quotes_and_dashes_are_plain_ones() {
    let slip = slip(DRIVER, "039-typographic-quotes.json");
    assert!(!slip.text().contains(['„', '“', '”', '—', '…']) && slip.text().contains('"'), "{slip}");
    assert!(slip.images().is_empty(), "written, not drawn: {slip}");
}

#[test]
fn a_very_long_title_is_wrapped_and_its_amount_stays_whole() {
    for (columns, dots) in [(32, 384), (42, 512), (48, 576)] {
        let driver = format!("profile = \"epson-tm-t20\"\nprinter = {{ columns = {columns}, dots = {dots} }}");
        let slip = slip(&driver, "040-very-long-title.json");
        let lines: Vec<&str> = slip.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= columns), "{slip}");
        assert!(lines.iter().any(|line| line.ends_with("1999.99") && line.chars().count() == columns), "{slip}");
    }
}

#[test]
fn a_wrong_check_digit_or_a_letter_is_no_ean_13_and_stops_no_sale() {
    let slip = slip(DRIVER, "042-ean13-bad-digit-and-letters.json");
    let codes = slip.barcodes();
    assert!(codes.iter().all(|(system, _)| *system != "ean-13"), "{codes:?}");
    let shown = |code: &str| codes.iter().any(|(_, data)| *data == code) || slip.text().contains(code);
    assert!(shown("1324354657687"), "{slip}");
}

#[test]
fn a_bar_code_wider_than_the_paper_is_printed_as_text() {
    let slip = slip(DRIVER, "045-barcode-wider-than-paper.json");
    assert!(slip.barcodes().is_empty(), "{slip}");
    let document = case("045-barcode-wider-than-paper.json");
    let code = document["positions"][0]["barcode"].as_str().expect("a code");
    assert!(slip.text().contains(code), "{code}: {slip}");
}
