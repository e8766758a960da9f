//! The driver against scripted conversations: what is asked, in which order, and what each answer leads to.

use std::collections::VecDeque;

use super::emit::emit;
use super::print::nonce;
use super::profile::{Confirm, Question};
use super::*;
use crate::contract::{
    Body, FaultKind, LineDraft, Money, Payments, Puzzle, Quantity, Reason, Receipt, ReceiptDraft, Refusal, Settlement,
    Subject, SumsPolicy, TaxSystem, VatRate,
};
use crate::layout::compose;
use crate::transport::tape::Tape;
use crate::transport::{Port, PortError};

/// Plays one tape for each opening.
struct Tapes(VecDeque<Tape>);

impl Opener for Tapes {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        match self.0.pop_front() {
            Some(tape) => Ok(Box::new(tape)),
            None => Err(PortError::Unreachable("no further tape".into())),
        }
    }

    fn name(&self) -> String {
        "tape".into()
    }
}

const CALM: &str = "> 10 04 01\n< 12\n> 10 04 04\n< 12\n> 10 04 01\n< 12\n";
const PAPER_OUT: &str = "> 10 04 01\n< 1A\n> 10 04 02\n< 32\n> 10 04 03\n< 12\n> 10 04 04\n< 72\n> 10 04 01\n< 1A\n";
const COVER_OPEN: &str = "> 10 04 01\n< 1A\n> 10 04 02\n< 16\n> 10 04 03\n< 12\n> 10 04 04\n< 12\n> 10 04 01\n< 1A\n";

fn profile(confirm: Confirm, question: Question) -> Profile {
    let base = Profile::named("epson-tm-t20").expect("known").expect("sound");
    Profile { confirm, question, ..base }
}

fn printer(profile: Profile, tapes: &[String]) -> EscPos {
    // The first opening ends what an earlier process may have left.
    let begin = |(at, text): (usize, &String)| {
        Tape::parse(&if at == 0 { written(&command::END_OF_BROKEN) + text } else { text.clone() })
    };
    let tapes = Tapes(tapes.iter().enumerate().map(begin).collect());
    let speed = Speed { bytes_per_s: 960, buffered_here: false, pace: None };
    let shop = Shop { drawer: true, ..Shop::default() };
    EscPos::new(Box::new(tapes), Settings { profile, shop, copies: 0, speed, serial: None })
}

fn document(attempt: u16) -> Document {
    let line = LineDraft {
        title: "Стрижка".into(),
        subject: Subject::Service,
        price: Money::from_minor(100_000),
        quantity: Quantity::ONE,
        discount: Money::ZERO,
        vat: VatRate::Exempt,
        settlement: Settlement::Full,
        barcode: None,
    };
    let draft = ReceiptDraft {
        lines: vec![line],
        payments: Payments { cash: Money::from_minor(100_000), ..Payments::default() },
        tax_system: TaxSystem::DEFAULT,
        cashier: None,
        contact: None,
        print: true,
        custom_text: None,
    };
    let sums = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    let marker = Marker::new(7, 42, attempt).expect("in range");
    Document { marker, body: Body::Sale(Receipt::new(draft, sums).expect("sums").0), original: None }
}

fn written(bytes: &[u8]) -> String {
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("> {}\n", hex.join(" "))
}

fn answered(bytes: &[u8]) -> String {
    written(bytes).replace('>', "<")
}

/// The whole slip as it must leave.
fn paper(document: &Document, copy: bool, profile: &Profile) -> String {
    let shop = Shop { drawer: true, ..Shop::default() };
    written(&emit(&compose(document, &shop, copy).expect("a layout"), profile).expect("emitted").bytes)
}

fn question(kind: u8, document: &Document) -> (String, String) {
    let name = nonce(kind, document.marker);
    (written(&command::process_id(name)), answered(&[&[0x37, 0x22], &name[..], &[0]].concat()))
}

/// Looks, asks in advance, prints, asks: everything but the last answer.
fn with_process_id(document: &Document, copy: bool, profile: &Profile) -> String {
    let (ask, answer) = question(b'P', document);
    format!("{CALM}{ask}{answer}{}{}", paper(document, copy, profile), question(b'K', document).0)
}

#[derive(Default)]
struct Told(u8);

impl Witness for Told {
    fn closing(&mut self) -> Result<(), Fault> {
        self.0 += 1;
        Ok(())
    }
}

#[track_caller]
fn delivered(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Done(_, Paper::Delivered)), "{outcome:?}");
}

#[track_caller]
fn doubtful(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Doubtful(_)), "{outcome:?}");
}

fn by_id() -> Profile {
    profile(Confirm::Answer, Question::ProcessId)
}

fn by_paper_status() -> Profile {
    profile(Confirm::Answer, Question::PaperStatus)
}

#[test]
fn evidence_by_process_id_is_our_four_characters_after_the_last_byte() {
    let (document, mut told) = (document(1), Told::default());
    let tape = with_process_id(&document, false, &by_id()) + &question(b'K', &document).1;
    delivered(&printer(by_id(), &[tape]).execute(&document, &mut told));
    assert_eq!(told.0, 1, "the witness is told once");
}

#[test]
fn another_document_s_characters_and_real_time_answers_are_no_evidence() {
    let (ours, theirs) = (document(1), document(9));
    let stray = question(b'K', &theirs).1 + "< 12 16 10 00 00 0F\n";
    let mut printer = printer(by_id(), &[with_process_id(&ours, false, &by_id()) + &stray]);
    doubtful(&printer.execute(&ours, &mut Told::default()));
}

#[test]
fn evidence_by_gs_r_is_the_byte_that_comes_after_the_last_one() {
    let document = document(1);
    let ask = written(&command::PAPER_STATUS);
    let tape = |last: &str, now: &str| {
        format!("{CALM}{ask}< 00\n{}{ask}{last}{now}", paper(&document, false, &by_paper_status()))
    };
    let print = |tape| printer(by_paper_status(), &[tape]).execute(&document, &mut Told::default());
    delivered(&print(tape("< 00\n", CALM)));
    doubtful(&print(tape("< 0C\n", "")));
    doubtful(&print(tape("< 00\n", PAPER_OUT)));
    doubtful(&print(tape("", "")));
}

#[test]
fn evidence_by_counter_is_one_cut_more_than_before() {
    let (document, profile) = (document(1), profile(Confirm::Counter, Question::PaperStatus));
    let ask = written(&command::counter(50));
    let tape = |before: &str, after: &str| {
        let (before, after) = (answered(format!("_{before}\0").as_bytes()), answered(format!("_{after}\0").as_bytes()));
        format!("{CALM}{ask}{before}{}{ask}{after}", paper(&document, false, &profile))
    };
    let print = |tape| printer(profile.clone(), &[tape]).execute(&document, &mut Told::default());
    delivered(&print(tape("117", "118")));
    for after in ["117", "119", "x"] {
        doubtful(&print(tape("117", after)));
    }
}

#[test]
fn a_shop_that_chose_write_is_told_that_it_was_sent() {
    let profile = Profile { status: false, identity: false, ..profile(Confirm::Write, Question::PaperStatus) };
    let document = document(1);
    let mut printer = printer(profile.clone(), &[paper(&document, false, &profile)]);
    assert!(matches!(printer.execute(&document, &mut Told::default()), Outcome::Done(_, Paper::Sent)));
    let mark = printer.mark().expect("no question is needed");
    assert_eq!(printer.verdict(&document, &mark), Ok(Verdict::CannotTell(Puzzle::NoMemory)));
}

#[test]
fn without_paper_or_with_an_open_cover_no_byte_leaves_and_the_witness_is_not_told() {
    for (tape, reason) in [(PAPER_OUT, Reason::PaperOut), (COVER_OPEN, Reason::CoverOpen)] {
        let mut told = Told::default();
        let outcome = printer(by_id(), &[tape.to_owned()]).execute(&document(1), &mut told);
        assert_eq!((outcome, told.0), (Outcome::Refused(Refusal::of(reason)), 0));
    }
}

#[test]
fn answers_that_lag_behind_by_one_question_never_hide_that_paper_is_out() {
    // The answers to the questions before: silence, then each one late.
    let late = "> 10 04 01\n< 12\n> 10 04 04\n< 12\n> 10 04 01\n< 72\n";
    let again = "> 10 04 01\n< 1A\n> 10 04 02\n< 1A\n> 10 04 03\n< 32\n> 10 04 04\n< 12\n> 10 04 01\n< 72\n";
    let outcome = printer(by_id(), &[format!("{late}{again}")]).execute(&document(1), &mut Told::default());
    assert!(matches!(outcome, Outcome::Untouched(Fault { kind: FaultKind::Garbled, .. })), "{outcome:?}");
}

#[test]
fn a_line_begins_with_the_end_of_what_an_earlier_process_may_have_left_and_again_after_a_silence() {
    let document = document(1);
    let (ask, _) = question(b'P', &document);
    let end = written(&command::END_OF_BROKEN);
    let well = with_process_id(&document, false, &by_id()) + &question(b'K', &document).1;
    let mut printer = printer(by_id(), &[format!("{CALM}{ask}"), end + &well]);
    let outcome = printer.execute(&document, &mut Told::default());
    assert!(matches!(outcome, Outcome::Untouched(Fault { kind: FaultKind::Silent, .. })), "{outcome:?}");
    delivered(&printer.execute(&document, &mut Told::default()));
}

#[test]
fn on_a_slow_line_that_end_has_left_before_the_first_question_is_asked() {
    let mut printer = printer(by_id(), &[CALM.into()]);
    printer.link.at_speed(Speed { bytes_per_s: 960, buffered_here: true, pace: None });
    printer.status().expect("answered");
    assert!(printer.link.now().expect("open") >= std::time::Duration::from_secs(2));
}

#[test]
fn a_second_print_is_marked_and_opens_no_drawer() {
    let (second, profile) = (document(2), by_id());
    let tape = with_process_id(&second, true, &profile) + &question(b'K', &second).1;
    delivered(&printer(profile.clone(), &[tape]).execute(&second, &mut Told::default()));
    let drawer = "1B 70 00 19 FA";
    assert!(paper(&document(1), false, &profile).contains(drawer) && !paper(&second, true, &profile).contains(drawer));
    assert!(paper(&second, true, &profile).contains("8F 8E 82 92 8E 90"), "ПОВТОР in CP866");
}

#[test]
fn an_attempt_after_one_that_left_nothing_is_a_first_print() {
    let (first, second) = (document(1), document(2));
    let tape = with_process_id(&second, false, &by_id()) + &question(b'K', &second).1;
    let mut printer = printer(by_id(), &[PAPER_OUT.to_owned() + &tape]);
    assert!(matches!(printer.execute(&first, &mut Told::default()), Outcome::Refused(_)));
    delivered(&printer.execute(&second, &mut Told::default()));
}

#[test]
fn further_slips_are_marked_as_copies_and_the_counter_counts_them() {
    let (document, profile) = (document(1), profile(Confirm::Counter, Question::PaperStatus));
    let ask = written(&command::counter(50));
    let slips = format!("{}{}", paper(&document, false, &profile).trim_end(), &paper(&document, true, &profile)[1..]);
    // One document, so it is initialised once.
    let slips = slips.replacen(" 1B 40 1C 2E 1B 74 11", "", 2).replacen('>', "> 1B 40 1C 2E 1B 74 11", 1);
    let tape = format!("{CALM}{ask}{}{slips}{ask}{}", answered(b"_5\0"), answered(b"_7\0"));
    let mut printer = printer(profile, &[tape]);
    printer.settings.copies = 1;
    delivered(&printer.execute(&document, &mut Told::default()));
}

#[test]
fn a_copy_on_demand_is_the_last_document_and_asks_for_evidence_too() {
    let document = document(1);
    let first = with_process_id(&document, false, &by_id()) + &question(b'K', &document).1;
    let copy = with_process_id(&document, true, &by_id()) + &question(b'K', &document).1;
    let mut printer = printer(by_id(), &[first, copy]);
    let nothing = printer.copy_receipt().expect_err("nothing yet");
    assert!(nothing.to_string().contains("since the service started"), "{nothing}");
    delivered(&printer.execute(&document, &mut Told::default()));
    assert_eq!(printer.copy_receipt(), Ok(()));
}

#[test]
fn a_document_that_wants_no_paper_sends_no_byte() {
    let document = serde_json::to_string(&document(1)).expect("written").replace("\"print\":true", "\"print\":false");
    let document: Document = serde_json::from_str(&document).expect("read");
    let (mut printer, mut told) = (printer(by_id(), &[]), Told::default());
    assert!(matches!(printer.execute(&document, &mut told), Outcome::Done(_, Paper::Suppressed)));
    assert_eq!(told.0, 1);
    let since = Mark { serial: String::new(), storage: String::new(), shift: 0, last_document: 0, cash: None };
    assert!(matches!(printer.verdict(&document, &since), Ok(Verdict::Happened(_, Paper::Suppressed))));
}

#[test]
fn a_document_in_doubt_is_decided_by_the_answer_that_comes_when_paper_is_back() {
    let document = document(1);
    let doubt = with_process_id(&document, false, &by_id());
    let late = question(b'K', &document).1;
    let mut printer = printer(by_id(), &[doubt + PAPER_OUT + &late]);
    doubtful(&printer.execute(&document, &mut Told::default()));
    let since = Mark { serial: String::new(), storage: String::new(), shift: 0, last_document: 0, cash: None };
    let waits = printer.verdict(&document, &since).expect_err("it stands still");
    assert!(waits.to_string().contains("PaperOut"), "{waits}");
    assert!(matches!(printer.verdict(&document, &since), Ok(Verdict::Happened(_, Paper::Delivered))));
}

#[test]
fn a_printer_that_works_and_has_nothing_more_to_say_sends_the_document_to_a_person() {
    let document = document(1);
    let since = Mark { serial: String::new(), storage: String::new(), shift: 0, last_document: 0, cash: None };
    let mut printer = printer(by_id(), &[with_process_id(&document, false, &by_id()) + CALM]);
    doubtful(&printer.execute(&document, &mut Told::default()));
    assert_eq!(printer.verdict(&document, &since), Ok(Verdict::CannotTell(Puzzle::NoMemory)));
}

#[test]
fn a_printer_that_cannot_be_reached_after_a_doubt_ends_with_a_person_and_not_with_waiting_for_ever() {
    let document = document(1);
    let since = Mark { serial: String::new(), storage: String::new(), shift: 0, last_document: 0, cash: None };
    let mut printer = printer(by_id(), &[]);
    let verdicts: Vec<_> = (0..6).map(|_| printer.verdict(&document, &since)).collect();
    assert!(verdicts[..5].iter().all(Result::is_err));
    assert_eq!(verdicts[5], Ok(Verdict::CannotTell(Puzzle::NoMemory)));
}

#[test]
fn an_answer_of_gs_r_on_another_connection_proves_nothing() {
    let document = document(1);
    let ask = written(&command::PAPER_STATUS);
    let broken = format!("{CALM}{ask}< 00\n{}", paper(&document, false, &by_paper_status()));
    let mut printer = printer(by_paper_status(), &[broken, "< 00\n".into()]);
    doubtful(&printer.execute(&document, &mut Told::default()));
    let since = Mark { serial: String::new(), storage: String::new(), shift: 0, last_document: 0, cash: None };
    assert_eq!(printer.verdict(&document, &since), Ok(Verdict::CannotTell(Puzzle::NoMemory)));
}
