//! The Shtrih-M driver and the simulated register were written from the manual by two hands; here they meet.
//!
//! Whatever happens on the line, the outcome of the driver and the books of the register say the same.
#![cfg(feature = "simulators")]

use std::io;
use std::time::Duration;

use kkm_drivers::contract::{
    Body, Cashier, Document, Driver, Fault, LineDraft, Marker, Money, Outcome, Payments, Quantity, Receipt,
    ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem, VatRate, Verdict, Witness,
};
use kkm_drivers::shtrih::{Settings, Shtrih};
use kkm_drivers::simulator::books::Kind;
use kkm_drivers::simulator::{Clock, Device, Manner, MemoryLink, Moment, Register};

struct Told;

impl Witness for Told {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

fn document(number: u32, body: Body) -> Document {
    Document { marker: Marker::new(7, number, 1).expect("in range"), body, original: None }
}

/// The documented example: 13.19 less 2.54, 10 % tax, card 5.55, cash 4.55, advance 0.55.
fn sale() -> Document {
    let money = Money::from_minor;
    let line = LineDraft {
        title: "Стрижка".to_owned(),
        subject: Subject::Service,
        price: money(1319),
        quantity: Quantity::ONE,
        discount: money(254),
        vat: VatRate::Rate(1000),
        settlement: Settlement::Full,
        barcode: None,
    };
    let draft = ReceiptDraft {
        lines: vec![line],
        payments: Payments { cash: money(455), card: money(555), prepaid: money(55) },
        tax_system: TaxSystem::from_mask(1).expect("one bit"),
        cashier: Some(Cashier { title: "Тестов Т.".to_owned(), inn: None }),
        contact: Some("client@example.com".to_owned()),
        print: true,
        custom_text: Some("Спасибо".to_owned()),
    };
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    document(2, Body::Sale(Receipt::new(draft, policy).expect("adds up").0))
}

/// A register with an open shift, and its driver.
fn opened() -> (MemoryLink, Shtrih) {
    let start: Moment = "2026-02-10T12:34:56".parse().expect("a moment");
    let register = Register::in_memory(Clock::Line { start }, Box::new(io::sink()));
    let link = MemoryLink::new(Device::new(register, Manner { baud: Some(115_200), ..Manner::default() }));
    let mut driver = Shtrih::new(Box::new(link.clone()), Settings::serial());
    let outcome = driver.execute(&document(1, Body::OpenShift(None)), &mut Told);
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
    (link, driver)
}

/// Runs the sale under these lines of the script and compares outcome, verdict and books.
fn run(lines: &[&str]) -> Outcome {
    let (link, mut driver) = opened();
    let mark = driver.mark().expect("a mark");
    for line in lines {
        link.inject(line).expect("a line of the script");
    }
    let outcome = driver.execute(&sale(), &mut Told);
    let (booked, open) = link.device(|device| {
        let register = device.register();
        let ours = register.documents().iter().filter(|document| document.kind == Kind::Receipt && !document.foreign);
        (ours.count(), register.state().receipt.as_ref().map(|open| open.foreign))
    });
    let what = format!("{lines:?}: {outcome:?}, {booked} in the books, open {open:?}");
    match &outcome {
        Outcome::Done(proof, _) => {
            assert_eq!(booked, 1, "{what}");
            assert_eq!(proof.total, Some(Money::from_minor(1065)), "{what}");
        }
        Outcome::Refused(_) | Outcome::Untouched(_) => assert!(booked == 0 && open != Some(false), "{what}"),
        Outcome::Doubtful(_) => {
            link.inject("power on").expect("a line of the script");
            link.advance(Duration::from_secs(600));
            match driver.verdict(&sale(), &mark) {
                Ok(Verdict::Happened(..)) => assert_eq!(booked, 1, "{what}"),
                Ok(Verdict::DidNot) => assert!(booked == 0 && open != Some(false), "{what}"),
                Ok(Verdict::OursIsOpen) => assert!(booked == 0 && open == Some(false), "{what}"),
                Ok(Verdict::CannotTell(puzzle)) => assert!(open == Some(true), "{what}: {puzzle:?}"),
                Err(fault) => panic!("{what}: {fault}"),
            }
        }
    }
    outcome
}

#[test]
fn any_one_hurt_byte_of_a_sale_ends_in_an_outcome_that_the_books_confirm() {
    let seen = |link: &MemoryLink| link.device(|device| device.bytes_seen());
    let (link, mut driver) = opened();
    driver.mark().expect("a mark");
    let before = seen(&link);
    assert!(matches!(driver.execute(&sale(), &mut Told), Outcome::Done(..)));
    let after = seen(&link);
    let mut done = 0;
    for (way, count) in [("in", after.0 - before.0), ("out", after.1 - before.1)] {
        for kind in ["drop", "flip", "dup"] {
            for nth in 1..=count {
                done += u32::from(matches!(run(&[&format!("{kind} {way} {nth}")]), Outcome::Done(..)));
            }
        }
    }
    assert!(done > 3000, "most of them are healed by the line itself: {done}");
}

#[test]
fn every_fault_of_the_script_ends_in_an_outcome_that_the_books_confirm() {
    for step in ["8D", "FF0C", "FF46", "89", "FF45"] {
        for fault in [
            "lose-answer {}",
            "lose-answer {} kept",
            "silence {}",
            "silence {} 5s",
            "silence {} 90s",
            "nak {}",
            "nak {} always",
            "no-ack {}",
            "half-answer {}",
            "bad-lrc {}",
            "delay {} 12s",
            "delay {} 300s",
            "refuse {} 50h",
            "refuse {} 33h",
            "power-cut before {}",
            "power-cut after {}",
            "power-cut after {} stays",
            "paper out before {}",
            "paper out after {}",
            "busy 5 before {}",
            "busy 5 after {}",
            "shift expire before {}",
            "storage full before {}",
            "noise 3 before {}",
            "clock -1h before {}",
        ] {
            run(&[&fault.replace("{}", step)]);
        }
    }
    for fault in [
        "cover open",
        "cutter fail",
        "wrong-total 7",
        "foreign-open 4200",
        "buffer 0",
        "tax-systems 02",
        "print-time 3s",
    ] {
        run(&[fault]);
    }
    run(&["lose-answer FF45", "foreign sale 1065 after FF45"]);
    run(&["power-cut after FF45", "paper out after-close"]);
}
