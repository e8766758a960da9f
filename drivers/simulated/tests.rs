//! The promises of a driver, kept over the brain alone.

use std::io;

use super::*;
use crate::contract::{
    Cashier, Lasting, LineDraft, Money, Payments, Puzzle, Quantity, Receipt, ReceiptDraft, Settlement, Subject,
    SumsPolicy, VatRate,
};
use crate::simulator::Moment;
use crate::simulator::books::{self, Kind};

struct Told(u32);

impl Witness for Told {
    fn closing(&mut self) -> Result<(), Fault> {
        self.0 += 1;
        Ok(())
    }
}

struct Mute;

impl Witness for Mute {
    fn closing(&mut self) -> Result<(), Fault> {
        Err(Fault::new("journal", FaultKind::Journal("full disk".to_owned())))
    }
}

fn register() -> Register {
    let at: Moment = "2026-02-10T12:34:56".parse().expect("a moment");
    Register::in_memory(Clock::Fixed { at }, Box::new(io::sink()))
}

fn driver() -> Simulated {
    Simulated::over(register())
}

fn inject(driver: &mut Simulated, line: &str) {
    driver.inject(line).expect("a line of the script");
}

/// The documented example: 13.19 less 2.54, 10 % tax, card 5.55, cash 4.55, advance 0.55.
fn receipt(print: bool) -> Receipt {
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
        print,
        custom_text: None,
    };
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    Receipt::new(draft, policy).expect("adds up").0
}

fn document(number: u32, body: Body) -> Document {
    Document { marker: Marker::new(7, number, 1).expect("in range"), body, original: None }
}

fn sale(number: u32) -> Document {
    document(number, Body::Sale(receipt(true)))
}

fn receipts(driver: &Simulated) -> usize {
    driver.register().documents().iter().filter(|document| document.kind == Kind::Receipt).count()
}

#[test]
fn a_sale_ends_in_the_books_and_in_the_proof() {
    let mut driver = driver();
    let mut told = Told(0);
    let outcome = driver.execute(&sale(1), &mut told);
    let Outcome::Done(proof, Paper::Delivered) = outcome else { panic!("{outcome:?}") };
    let booked = driver.register().documents().last().expect("a document");
    assert_eq!((proof.document_number, proof.sign), (u64::from(booked.number), booked.sign.to_string()));
    assert_eq!((proof.total, proof.device_time.as_deref()), (Some(Money::from_minor(1065)), Some("2026-02-10T12:34")));
    assert_eq!(told.0, 1);
    assert_eq!(booked.tag_text(1192), sale(1).marker.to_string());
    assert_eq!((booked.tag_text(1021), booked.tag_text(1008)), ("Тестов Т.", "client@example.com"));
    assert_eq!(booked.payments.prepaid, Money::from_minor(55));
    assert_eq!(booked.vat[&2].tax, Money::from_minor(97));
}

#[test]
fn a_lost_answer_is_doubtful_and_the_books_settle_it() {
    let mut driver = driver();
    let mark = driver.mark().expect("a mark");
    inject(&mut driver, "lose-answer FF45");
    inject(&mut driver, "foreign sale 1065 after FF45");
    assert!(matches!(driver.execute(&sale(1), &mut Told(0)), Outcome::Doubtful(_)));
    let verdict = driver.verdict(&sale(1), &mark).expect("answers");
    let Verdict::Happened(proof, _) = verdict else { panic!("{verdict:?}") };
    assert_eq!(proof.document_number, 3, "ours, not the stranger's of the same sum");
    let stranger = driver.verdict(&sale(2), &mark).expect("answers");
    assert_eq!(stranger, Verdict::CannotTell(Puzzle::Unmarked { number: 4, total: Some(Money::from_minor(1065)) }));
}

#[test]
fn a_power_cut_before_the_close_leaves_ours_open_until_it_is_cancelled() {
    let mut driver = driver();
    let mark = driver.mark().expect("a mark");
    inject(&mut driver, "power-cut stays before FF45");
    assert!(matches!(driver.execute(&sale(1), &mut Told(0)), Outcome::Doubtful(_)));
    let dark = driver.verdict(&sale(1), &mark).expect_err("no power");
    assert!(matches!(dark.kind, FaultKind::Unreachable(_)));
    assert!(matches!(driver.execute(&sale(1), &mut Told(0)), Outcome::Untouched(_)));
    inject(&mut driver, "power on");
    assert_eq!(driver.verdict(&sale(1), &mark), Ok(Verdict::OursIsOpen));
    driver.cancel_open().expect("cancelled");
    driver.cancel_open().expect("twice does no harm");
    assert_eq!(driver.verdict(&sale(1), &mark), Ok(Verdict::DidNot));
    assert!(matches!(driver.execute(&sale(1), &mut Told(0)), Outcome::Done(..)));
    assert_eq!(receipts(&driver), 1);
}

#[test]
fn without_the_witness_nothing_is_closed_and_nothing_stays_open() {
    let mut driver = driver();
    assert!(matches!(driver.execute(&sale(1), &mut Mute), Outcome::Untouched(_)));
    assert!(matches!(
        driver.execute(&document(2, Body::CashIn(Money::from_minor(1))), &mut Mute),
        Outcome::Untouched(_)
    ));
    assert_eq!((receipts(&driver), driver.status().expect("status").open_receipt), (0, None));
}

#[test]
fn each_no_has_its_reason_and_leaves_nothing_open() {
    let cases = [
        ("paper out", Reason::PaperOut),
        ("cover open", Reason::CoverOpen),
        ("cutter fail", Reason::PrinterFailed),
        ("busy for-ever", Reason::Busy),
        ("storage full before FF45", Reason::StorageUnusable),
        ("tax-systems 02", Reason::TaxSystemUnsupported),
        ("buffer 0", Reason::ReceiptTooLarge),
        ("clock -1h before FF45", Reason::ClockWrong),
        ("shift expire before 8D", Reason::ShiftExpired),
        ("foreign-open 4200", Reason::ForeignReceiptOpen),
        ("refuse FF45 46h", Reason::Other("the script refuses with 46h".to_owned())),
        ("wrong-total 1", Reason::TotalsDiffer { ours: Money::from_minor(1065), device: Money::from_minor(1066) }),
    ];
    for (line, reason) in cases {
        let mut driver = driver();
        assert!(matches!(driver.execute(&document(1, Body::OpenShift(None)), &mut Told(0)), Outcome::Done(..)));
        inject(&mut driver, line);
        let outcome = driver.execute(&sale(2), &mut Told(0));
        let Outcome::Refused(refusal) = outcome else { panic!("{line}: {outcome:?}") };
        let foreign = reason == Reason::ForeignReceiptOpen;
        assert_eq!((refusal.reason, receipts(&driver)), (reason, 0), "{line}");
        assert_eq!(driver.register().state().receipt.is_some(), foreign, "{line}");
    }
}

#[test]
fn a_return_needs_cash_and_an_electronic_receipt_no_paper() {
    let mut driver = driver();
    let back = document(1, Body::Return(receipt(true)));
    let Outcome::Refused(refusal) = driver.execute(&back, &mut Told(0)) else { panic!("not refused") };
    assert_eq!((&refusal.reason, refusal.reason.lasting()), (&Reason::NotEnoughCash, Lasting::Yes));
    assert!(matches!(driver.execute(&sale(2), &mut Told(0)), Outcome::Done(..)));
    inject(&mut driver, "paper out");
    let electronic = document(3, Body::Return(receipt(false)));
    assert!(matches!(driver.execute(&electronic, &mut Told(0)), Outcome::Done(_, Paper::Suppressed)));
    assert_eq!(driver.status().expect("status").hindrance, Some(Reason::PaperOut));
}

#[test]
fn paper_that_ends_after_the_close_is_pending_until_it_is_printed() {
    let mut driver = driver();
    driver.execute(&document(1, Body::OpenShift(None)), &mut Told(0));
    inject(&mut driver, "paper out after-close");
    assert!(matches!(driver.execute(&sale(2), &mut Told(0)), Outcome::Done(_, Paper::Pending)));
    assert_eq!(driver.resume_paper(), Ok(Paper::Pending));
    inject(&mut driver, "paper in");
    assert_eq!(driver.resume_paper(), Ok(Paper::Delivered));
}

#[test]
fn cash_shift_report_correction_and_text_are_done_and_doubts_about_them_settled() {
    let mut driver = driver();
    let sum = Money::from_minor(5000);
    for body in [Body::OpenShift(None), Body::CashIn(sum), Body::XReport, Body::Slip("привет".to_owned())] {
        let outcome = driver.execute(&document(1, body.clone()), &mut Told(0));
        assert!(matches!(outcome, Outcome::Done(..)), "{body:?}: {outcome:?}");
    }
    let mut lost = |body: Body, command: &str| {
        let document = document(2, body);
        let mark = driver.mark().expect("a mark");
        assert_eq!(driver.verdict(&document, &mark), Ok(Verdict::DidNot));
        inject(&mut driver, &format!("lose-answer {command}"));
        assert!(matches!(driver.execute(&document, &mut Told(0)), Outcome::Doubtful(_)));
        assert!(matches!(driver.verdict(&document, &mark), Ok(Verdict::Happened(..))), "{command}");
    };
    lost(Body::CashOut(sum), "51");
    lost(Body::CashIn(sum), "50");
    let correction = Correction {
        operation: crate::contract::Operation::Sale,
        by_order: false,
        total: sum,
        payments: Payments { cash: sum, ..Payments::default() },
        vat: VatRate::Rate(2200),
        tax_system: TaxSystem::DEFAULT,
        basis: crate::contract::CorrectionBasis { date: "2026-02-01".to_owned(), number: String::new() },
    };
    lost(Body::Correction(correction), "FF4A");
    lost(Body::CloseShift(None), "41");
    lost(Body::OpenShift(None), "E0");
}

#[test]
fn another_storage_is_told_apart() {
    let mut driver = driver();
    let mark = driver.mark().expect("a mark");
    inject(&mut driver, "swap-storage");
    let verdict = driver.verdict(&sale(1), &mark).expect("answers");
    assert!(matches!(verdict, Verdict::CannotTell(Puzzle::IdentityChanged { .. })), "{verdict:?}");
}

#[test]
fn a_directory_is_opened_by_the_first_call_and_held_by_one_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut first, mut second) = (SimulatedAt::new(dir.path()), SimulatedAt::new(dir.path()));
    assert!(matches!(first.execute(&sale(1), &mut Told(0)), Outcome::Done(..)));
    let Outcome::Untouched(fault) = second.execute(&sale(1), &mut Told(0)) else { panic!("touched") };
    assert!(fault.to_string().contains("another simulated register runs on these books"), "{fault}");
    drop(first);
    assert_eq!(second.mark().expect("a mark").last_document, 3);
}

#[test]
fn books_outlive_the_driver_and_a_script_file_is_read_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = || Simulated::open(dir.path(), true, Box::new(io::sink())).expect("opened");
    let mut driver = open();
    assert!(matches!(driver.execute(&sale(1), &mut Told(0)), Outcome::Done(..)));
    let written = driver.register().documents().to_vec();
    drop(driver);
    assert_eq!(books::read(dir.path()).expect("readable"), written);
    let mut driver = open();
    std::fs::write(dir.path().join("script"), "paper out\nnonsense\n").expect("written");
    assert_eq!(driver.status().expect("status").hindrance, Some(Reason::PaperOut));
    assert!(!dir.path().join("script").exists());
    assert_eq!(driver.found_since(1).expect("found").expect("a memory").len(), 2);
}
