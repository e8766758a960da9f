//! The line cut, held up and spoiled at every byte, in both directions.
//!
//! A serial line has no check sum: a byte of the text that is lost or turned over on its way is printed as it comes, and
//! nobody can know. So what is claimed is told apart: a line that breaks or stalls never leads to a false success; a
//! spoiled byte never leads to a second print without COPY, and never to waiting past the deadline.

use std::time::Duration;

use kkm_drivers::contract::{Document, Driver, Outcome, Verdict};
use kkm_drivers::escpos::EscPos;
use kkm_drivers::escpos::profile::Profile;
use kkm_drivers::simulator::printer::MemoryLink;
use kkm_drivers::transport::faulty::{FaultyOpener, Harm, Plan, Spot, Way};

use crate::rig::*;

/// No call takes longer: two looks, a question in advance twice, the bytes, the last answer.
const DEADLINE: Duration = Duration::from_secs(120);
/// Verdicts that a lane asks for before a person must have been asked.
const VERDICTS: usize = 8;

/// Looks and attempts after which a person helps: a spoiled length of a picture may make a printer swallow megabytes.
const LOOKS: u16 = 4;

/// How an attempt and its verdicts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Reported as printed.
    Success,
    /// Certainly nothing left.
    Nothing,
    /// A person must decide.
    Person,
}

/// Calls the driver, and looks at the clock.
fn timed<T>(link: &MemoryLink, call: impl FnOnce() -> T) -> T {
    let began = link.now();
    let told = call();
    let took = link.now().saturating_sub(began);
    assert!(took < DEADLINE, "{took:?}");
    told
}

/// What a person does with a printer that swallows whatever comes.
fn switch_off_and_on(link: &MemoryLink) {
    for line in ["power off", "power on"] {
        link.inject(line).expect("a line of the script");
    }
}

/// One attempt, followed as a lane follows it.
fn attempt(link: &MemoryLink, driver: &mut EscPos, document: &Document) -> End {
    // A document is begun only after a look that was answered.
    let looked = (0..LOOKS).find_map(|_| timed(link, || driver.mark()).ok());
    let mark = looked.unwrap_or_else(|| {
        switch_off_and_on(link);
        let looked = (0..LOOKS).find_map(|_| timed(link, || driver.mark()).ok());
        looked.expect("the fault strikes once")
    });
    match timed(link, || driver.execute(document, &mut Told)) {
        Outcome::Done(..) => return End::Success,
        Outcome::Untouched(_) | Outcome::Refused(_) => return End::Nothing,
        Outcome::Doubtful(_) => {}
    }
    for _ in 0..VERDICTS {
        match timed(link, || driver.verdict(document, &mark)) {
            Ok(Verdict::Happened(..)) => return End::Success,
            Ok(Verdict::CannotTell(_)) => return End::Person,
            Ok(told @ (Verdict::DidNot | Verdict::OursIsOpen)) => panic!("a printer cannot know that: {told:?}"),
            Err(_) => link.advance(Duration::from_secs(5)),
        }
    }
    panic!("a person is asked sooner or later");
}

/// The line hurt at one byte, whatever comes of it, and then a person who says "not printed".
fn hurt(model: &str, profile: &Profile, spot: Spot, strict: bool) -> End {
    let link = printer(model, 48);
    let plan = Plan::with(spot);
    let mut driver = driver(FaultyOpener::new(link.clone(), plan), profile.clone(), shop());
    let first = document(1, example());
    let (mut end, mut tries) = (attempt(&link, &mut driver, &first), 1);
    while end == End::Nothing && tries < 10 * LOOKS {
        tries += 1;
        end = attempt(&link, &mut driver, &document(tries, example()));
    }
    a_while(&link);
    let what = format!("{spot:?}: {end:?}\n{}", slips(&link).iter().map(ToString::to_string).collect::<String>());
    let whole = |slip: &kkm_drivers::simulator::printer::Slip, document: &Document, copy: bool| {
        slip.cut().is_some() && printed_lines(slip).ends_with(&lines(document, &shop(), copy, profile))
    };
    let printed = slips(&link);
    assert!(printed.iter().filter(|slip| !slip.text().contains("ПОВТОР")).count() <= 1, "{what}");
    match end {
        End::Success if strict => {
            assert_eq!(printed.len(), 1, "{what}");
            assert!(whole(&printed[0], &document(tries, example()), false), "{what}");
        }
        End::Success => assert!(!printed.is_empty(), "{what}"),
        End::Nothing => panic!("the fault strikes once: {what}"),
        End::Person => {
            let mut second = document(tries + 1, example());
            while attempt(&link, &mut driver, &second) == End::Nothing && tries < 12 * LOOKS {
                tries += 1;
                if tries.is_multiple_of(LOOKS) {
                    switch_off_and_on(&link);
                }
                second = document(tries + 1, example());
            }
            let last = slips(&link).pop().expect("a slip");
            assert!(whole(&last, &second, true), "the second print is a whole copy: {what}{last}");
            assert!(slips(&link).iter().filter(|slip| !slip.text().contains("ПОВТОР")).count() <= 1, "{what}");
        }
    }
    end
}

/// Bytes that an undisturbed attempt sends and receives.
fn counts(model: &str, profile: &Profile) -> (u64, u64) {
    let (link, plan) = (printer(model, 48), Plan::harmless());
    let mut driver = driver(FaultyOpener::new(link.clone(), plan.clone()), profile.clone(), shop());
    assert_eq!(attempt(&link, &mut driver, &document(1, example())), End::Success);
    plan.counts()
}

/// Every so many bytes where nothing else is asked: `KKM_TEST_EVERY=1` takes them all.
fn stride(usual: usize) -> usize {
    std::env::var("KKM_TEST_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(usual)
}

fn at_every_byte(model: &str, profile: &Profile, harms: &[Harm], strict: bool, usual: usize) {
    let (sent, received) = counts(model, profile);
    let mut ends = [0; 2];
    for (turn, harm) in harms.iter().enumerate() {
        // The first contact begins with zeros, which are all alike.
        let to = (BEGINNING..sent).skip(turn % stride(usual)).step_by(stride(usual)).map(|at| (Way::ToDevice, at));
        for (way, at) in to.chain((0..received).map(|at| (Way::FromDevice, at))) {
            match hurt(model, profile, Spot { way, at, harm: *harm }, strict) {
                End::Success => ends[0] += 1,
                End::Person => ends[1] += 1,
                End::Nothing => {}
            }
        }
    }
    println!("{model}: {} printed, {} to a person", ends[0], ends[1]);
    assert!(ends[0] > 0 && ends[1] > 0, "{ends:?}");
}

const BEGINNING: u64 = 2050;
const BROKEN: [Harm; 2] = [Harm::Disconnect, Harm::Stall(Duration::from_secs(7))];
const SPOILED: [Harm; 4] = [Harm::Drop, Harm::Lose(12), Harm::Flip(0x10), Harm::Insert(0x00)];

fn by_id() -> Profile {
    profile("epson-tm-t20", "")
}

fn by_paper_status() -> Profile {
    profile("xprinter", "")
}

fn by_counter() -> Profile {
    profile("epson-tm-t20", "confirm = 'counter'")
}

#[test]
fn a_line_that_breaks_or_stalls_at_any_byte_never_makes_a_false_success_with_process_ids() {
    at_every_byte("epson", &by_id(), &BROKEN, true, 5);
}

#[test]
fn a_line_that_breaks_or_stalls_at_any_byte_never_makes_a_false_success_with_gs_r() {
    at_every_byte("xprinter", &by_paper_status(), &BROKEN, true, 13);
}

#[test]
fn a_line_that_breaks_or_stalls_at_any_byte_never_makes_a_false_success_with_the_counter() {
    at_every_byte("epson", &by_counter(), &BROKEN, true, 13);
}

#[test]
fn a_spoiled_byte_never_makes_a_second_print_without_copy() {
    at_every_byte("epson", &by_id(), &SPOILED, false, 37);
    at_every_byte("xprinter", &by_paper_status(), &SPOILED, false, 37);
    at_every_byte("epson", &by_counter(), &SPOILED, false, 37);
}
