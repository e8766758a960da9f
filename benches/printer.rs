//! Receipts for printers: how fast they are turned into bytes, beside python-escpos on the same lines; and how much of the
//! time from the POST to the callback is the line's own, on a serial line of 9600 and of 115200 baud.
//!
//! python-escpos is run by `KKM_BENCH_PYTHON` or, when absent, by the one that `.ci/clients` installs; without either the
//! comparison is left out and said so. Fails below 50 times its rate, or below 95 % of line time.

#[allow(unreachable_pub, dead_code, reason = "shared with the tests")]
#[path = "../tests/it/rig.rs"]
mod rig;

use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use kkm_drivers::contract::{
    Body, Cashier, Document, LineDraft, Marker, Money, Payments, Quantity, Receipt, ReceiptDraft, Settlement, Subject,
    SumsPolicy, TaxSystem, VatRate,
};
use kkm_drivers::escpos::emit::emit;
use kkm_drivers::escpos::profile::Profile;
use kkm_drivers::layout::rows::Paper;
use kkm_drivers::layout::text::text;
use kkm_drivers::layout::{Letters, Page, Shop, compose, rows};
use rig::{PrinterLink, Rig, another};
use serde_json::{Value, json};

/// Least of python-escpos's rate.
const TIMES: u64 = 50;
/// Least part of the time that is the line's, in hundredths.
const LINE_HUNDREDTHS: u128 = 95;
const LONG: Duration = Duration::from_secs(3);
/// Start bit, eight data bits, stop bit.
const BITS_A_BYTE: u128 = 10;

fn receipt() -> Document {
    let line = |n: i64| LineDraft {
        title: format!("Позиция {n:03} обычной длины"),
        subject: Subject::Service,
        price: Money::from_minor(10_000 + n),
        quantity: Quantity::ONE,
        discount: Money::ZERO,
        vat: VatRate::Rate(1000),
        settlement: Settlement::Full,
        barcode: None,
    };
    let lines: Vec<_> = (1..=20).map(line).collect();
    let cash = Money::from_minor(lines.iter().map(|l| l.price.minor()).sum());
    let draft = ReceiptDraft {
        lines,
        payments: Payments { cash, ..Payments::default() },
        tax_system: TaxSystem::DEFAULT,
        cashier: Some(Cashier { title: "Кассир Иванова".into(), inn: None }),
        contact: None,
        print: true,
        custom_text: None,
    };
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    let body = Body::Sale(Receipt::new(draft, policy).expect("adds up").0);
    Document { marker: Marker::new(1, 1, 1).expect("in range"), body, original: None }
}

/// Receipts a second, from the document to the bytes.
fn our_rate(document: &Document, profile: &Profile) -> u64 {
    let (shop, began, mut count) = (Shop::default(), Instant::now(), 0_u128);
    while began.elapsed() < LONG {
        let layout = compose(document, &shop, false).expect("a layout");
        std::hint::black_box(emit(&layout, profile).expect("emitted"));
        count += 1;
    }
    (count * 1_000_000 / began.elapsed().as_micros()) as u64
}

/// The same for python-escpos; `None`: it is not installed.
fn their_rate(document: &Document, profile: &Profile) -> Option<u64> {
    let python = std::env::var("KKM_BENCH_PYTHON").unwrap_or_else(|_| "target/clients/bin/python".into());
    let letters = Letters { pages: &[Page::Cp866], draws: true };
    let paper = Paper { columns: profile.columns.into(), dots: profile.dots.into(), letters, code128: true, qr: true };
    let layout = compose(document, &Shop::default(), false).expect("a layout");
    let lines = text(&rows(&layout, &paper)).replace("[cut]\n", "");
    let mut child = Command::new(python)
        .arg("tests/clients/escpos_rate.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("taken");
    let output = child.wait_with_output().expect("ended");
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A sale of sixty positions.
fn sixty(id: &str, document_id: i64) -> Value {
    let mut document = another(id, document_id);
    let position = |n: usize| {
        json!({"type": "service", "title": format!("Позиция номер {n}"), "price": 10, "quantity": 1,
            "discount_amount": 0, "vat": "ru_vat_10", "payment_method": "payment", "barcode": ""})
    };
    document["positions"] = (1..=60).map(position).collect();
    document["payments"] = json!([{"type": "card", "sum": 600}]);
    document
}

/// Bytes that the printer has understood so far, by its own list.
fn understood(rig: &Rig) -> u128 {
    let list = std::fs::read_to_string(rig.path("books/commands.txt")).expect("a list");
    let length = |line: &str| -> u128 {
        let bytes = line.split(" ! ").next().unwrap_or_default();
        let words: Vec<&str> = bytes.split_whitespace().collect();
        match words.as_slice() {
            [.., count, "bytes"] => count.parse().expect("a count"),
            _ => bytes.chars().skip(12).collect::<String>().split_whitespace().count() as u128,
        }
    };
    list.lines().map(length).sum()
}

/// Hundredths of the time from the POST to the callback that the line itself needs.
fn line_time(baud: u32) -> u128 {
    let mut rig = Rig::printer(PrinterLink::Pty, "epson", "profile = \"epson-tm-t20\"\nbaud = 9600", "");
    rig.kill_register();
    let port = rig.start_printer(PrinterLink::Pty, "epson", &["--baud", &baud.to_string()]);
    rig.place(&format!("family = \"escpos\"\nport = \"{port}\"\nprofile = \"epson-tm-t20\"\nbaud = {baud}"));
    rig.start();
    // The first contact and the adoption of the device are no part of a receipt.
    let first = another("first", 1);
    rig.post(&first).assert_pending();
    rig.cloud.await_success(&first["id"]);
    let before = understood(&rig);
    let document = sixty("sixty", 2);
    let began = Instant::now();
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    let took = began.elapsed();
    let bytes = understood(&rig) - before;
    let line = Duration::from_micros((bytes * BITS_A_BYTE * 1_000_000 / u128::from(baud)) as u64);
    let hundredths = line.as_micros() * 100 / took.as_micros();
    println!(
        "60 positions at {baud} baud: {bytes} bytes, {} ms on the line, {} ms from POST to callback: {hundredths} %",
        line.as_millis(),
        took.as_millis()
    );
    hundredths
}

fn main() -> ExitCode {
    let profile = Profile::named("epson-tm-t20").expect("known").expect("sound");
    let document = receipt();
    let ours = our_rate(&document, &profile);
    println!("a receipt of 20 positions, from document to bytes: {ours} a second");
    let mut good = true;
    match their_rate(&document, &profile) {
        Some(theirs) => {
            println!("the same lines by python-escpos: {theirs} a second; ours is {} times that", ours / theirs.max(1));
            good &= ours >= TIMES * theirs;
        }
        None => println!("python-escpos is not installed (.ci/clients installs it): not compared"),
    }
    for baud in [9600, 115_200] {
        good &= line_time(baud) >= LINE_HUNDREDTHS;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
