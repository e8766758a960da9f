//! Paper, cover, cutter and power, before, during and after a document: what is said, and what never prints by itself.

use std::time::Duration;

use kkm_drivers::contract::{Document, Driver, FaultKind, Outcome, Puzzle, Reason, Verdict};
use kkm_drivers::escpos::EscPos;
use kkm_drivers::escpos::profile::Profile;
use kkm_drivers::simulator::printer::MemoryLink;

use crate::rig::*;

const KINDS: [(&str, &str, &str); 3] =
    [("epson", "epson-tm-t20", ""), ("xprinter", "xprinter", ""), ("epson", "epson-tm-t20", "confirm = 'counter'")];

fn each(test: impl Fn(&MemoryLink, &mut EscPos, &Profile)) {
    for (model, name, changes) in KINDS {
        let (line, profile) = (printer(model, 48), profile(name, changes));
        test(&line, &mut driver(line.clone(), profile.clone(), shop()), &profile);
    }
}

fn inject(link: &MemoryLink, fault: &str) {
    link.inject(fault).expect("a line of the script");
}

fn refused(outcome: &Outcome, reason: &Reason) {
    assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.reason == *reason), "{outcome:?}");
}

/// What the lane learns while it asks again and again.
fn verdict(link: &MemoryLink, driver: &mut EscPos, document: &Document, mark: &kkm_drivers::contract::Mark) -> Verdict {
    for _ in 0..10 {
        match driver.verdict(document, mark) {
            Ok(verdict) => return verdict,
            Err(_) => link.advance(Duration::from_secs(5)),
        }
    }
    panic!("no verdict");
}

#[test]
fn paper_out_or_cover_open_before_the_document_is_told_by_its_name_and_nothing_prints_when_it_is_put_right() {
    each(|link, driver, _| {
        for (bad, good, reason) in
            [("paper out", "paper in", Reason::PaperOut), ("cover open", "cover close", Reason::CoverOpen)]
        {
            let mark = driver.mark().expect("a mark");
            inject(link, bad);
            assert_eq!(driver.status().expect("a status").hindrance, Some(reason.clone()));
            refused(&driver.execute(&document(1, example()), &mut Told), &reason);
            inject(link, good);
            a_while(link);
            assert_eq!(slips(link).len(), 0, "nothing prints by itself");
            assert_eq!(driver.mark().expect("a mark").serial, mark.serial);
        }
        assert!(delivered(&driver.execute(&document(1, example()), &mut Told)));
        assert_eq!(slips(link).len(), 1);
    });
}

#[test]
fn a_cutter_that_fails_before_the_document_is_told_by_its_name() {
    each(|link, driver, profile| {
        inject(link, "cutter fail");
        let outcome = driver.execute(&document(1, example()), &mut Told);
        let hindered = matches!(&outcome, Outcome::Refused(refusal) if refusal.reason == Reason::PrinterFailed);
        // A cutter is found broken when it should cut: then the printer stands still with the document inside.
        let doubtful = matches!(outcome, Outcome::Doubtful(_));
        assert!(hindered || doubtful, "{} {outcome:?}", profile.name);
        assert!(slips(link).iter().all(|slip| slip.cut().is_none()));
    });
}

#[test]
fn paper_that_ends_in_the_document_is_waited_for_and_the_printer_s_own_answer_decides() {
    each(|link, driver, profile| {
        let document = document(1, example());
        let mark = driver.mark().expect("a mark");
        inject(link, "paper out after 5 lines");
        assert!(matches!(driver.execute(&document, &mut Told), Outcome::Doubtful(_)));
        let waits = driver.verdict(&document, &mark).expect_err("it stands still");
        assert!(matches!(&waits.kind, FaultKind::Answered(why) if why.contains("PaperOut")), "{waits}");
        assert!(slips(link).iter().all(|slip| slip.cut().is_none()));
        inject(link, "paper in");
        a_while(link);
        let told = verdict(link, driver, &document, &mark);
        assert!(matches!(told, Verdict::Happened(..)), "{told:?}");
        let printed = slips(link);
        assert_eq!(printed.len(), 1, "{}", profile.name);
        assert_eq!(printed_lines(&printed[0]), lines(&document, &shop(), false, profile));
    });
}

#[test]
fn a_cover_that_is_opened_in_the_document_is_waited_for_too() {
    each(|link, driver, _| {
        let document = document(1, example());
        let mark = driver.mark().expect("a mark");
        inject(link, "cover open");
        refused(&driver.execute(&document, &mut Told), &Reason::CoverOpen);
        inject(link, "cover close");
        inject(link, "paper out after 3 lines");
        assert!(matches!(driver.execute(&document, &mut Told), Outcome::Doubtful(_)));
        inject(link, "cover open");
        assert!(driver.verdict(&document, &mark).is_err());
        inject(link, "paper in");
        inject(link, "cover close");
        a_while(link);
        assert!(matches!(verdict(link, driver, &document, &mark), Verdict::Happened(..)));
        assert_eq!(slips(link).len(), 1);
    });
}

#[test]
fn a_printer_that_is_off_takes_nothing_and_one_that_loses_power_in_the_document_leaves_it_to_a_person() {
    each(|link, driver, profile| {
        let first = document(1, example());
        inject(link, "power off");
        assert!(driver.status().is_err());
        assert!(matches!(driver.execute(&first, &mut Told), Outcome::Untouched(_)));
        inject(link, "power on");
        let mark = driver.mark().expect("found again");
        driver.status().expect("found again");
        inject(link, "slow 2000");
        inject(link, "power-cut after byte 300 5s");
        assert!(matches!(driver.execute(&first, &mut Told), Outcome::Doubtful(_)), "{}", profile.name);
        link.advance(Duration::from_secs(10));
        assert_eq!(verdict(link, driver, &first, &mark), Verdict::CannotTell(Puzzle::NoMemory));
        a_while(link);
        let before = slips(link).iter().filter(|slip| slip.cut().is_some()).count();
        assert_eq!(before, 0, "nothing prints by itself");
        let second = document(2, example());
        assert!(delivered(&driver.execute(&second, &mut Told)));
        let last = slips(link).pop().expect("a slip");
        assert!(printed_lines(&last).ends_with(&lines(&second, &shop(), true, profile)), "{last}");
    });
}

#[test]
fn power_that_goes_after_the_last_answer_changes_nothing() {
    each(|link, driver, _| {
        assert!(delivered(&driver.execute(&document(1, example()), &mut Told)));
        inject(link, "power off");
        inject(link, "power on");
        a_while(link);
        assert_eq!(slips(link).len(), 1);
        assert!(driver.mark().is_ok());
    });
}

#[test]
fn a_printer_whose_answers_lag_by_one_question_never_gives_a_false_success() {
    each(|link, driver, profile| {
        inject(link, "lag");
        inject(link, "paper out after 5 lines");
        let outcome = driver.execute(&document(1, example()), &mut Told);
        assert!(matches!(outcome, Outcome::Untouched(_) | Outcome::Doubtful(_)), "{} {outcome:?}", profile.name);
    });
}

#[test]
fn a_silent_printer_costs_no_paper_and_one_that_only_writes_is_never_believed_without_the_shop_s_word() {
    each(|link, driver, _| {
        inject(link, "silence");
        assert!(matches!(driver.execute(&document(1, example()), &mut Told), Outcome::Untouched(_)));
        a_while(link);
        assert_eq!(slips(link).len(), 0);
    });
    let link = printer("xprinter", 48);
    inject(&link, "silence");
    let profile = profile("xprinter", "confirm = 'write'\nstatus = false");
    let outcome = driver(link.clone(), profile, shop()).execute(&document(1, example()), &mut Told);
    assert!(matches!(outcome, Outcome::Done(_, kkm_drivers::contract::Paper::Sent)), "{outcome:?}");
    a_while(&link);
    assert_eq!(slips(&link).len(), 1);
}

#[test]
fn a_printer_that_reads_nothing_is_given_up_at_the_deadline() {
    each(|link, driver, _| {
        inject(link, "deaf");
        let began = link.now();
        assert!(matches!(driver.execute(&document(1, example()), &mut Told), Outcome::Untouched(_)));
        assert!(link.now().saturating_sub(began) < Duration::from_secs(30));
        inject(link, "deaf off");
        a_while(link);
        assert!(slips(link).iter().all(|slip| slip.text().is_empty()));
    });
}

#[test]
fn a_small_buffer_that_drops_is_paced_and_loses_nothing() {
    let link = printer("xprinter", 48);
    inject(&link, "buffer 4096 dropping");
    inject(&link, "slow 1024");
    let paced = profile("xprinter", "pace = 1000");
    let long = document(1, sixty_lines());
    let slip = print(&link, &paced, &shop(), &long);
    assert_eq!(printed_lines(&slip), lines(&long, &shop(), false, &paced));
    assert_eq!(slip.incidents(), [""; 0]);
}

#[test]
fn bytes_that_a_printer_drops_without_pacing_are_never_taken_for_a_printed_receipt() {
    let link = printer("xprinter", 48);
    inject(&link, "buffer 1024 dropping");
    inject(&link, "slow 200");
    let profile = profile("xprinter", "");
    let long = document(1, sixty_lines());
    let outcome = driver(link.clone(), profile, shop()).execute(&long, &mut Told);
    assert!(matches!(outcome, Outcome::Doubtful(_) | Outcome::Untouched(_)), "{outcome:?}");
}
