//! What the test print finds out about each kind of printer.

use kkm_drivers::escpos::profile::{Confirm, Question};
use kkm_drivers::layout::Shop;

use crate::rig::*;

#[test]
fn a_printer_with_process_ids_is_found_to_have_them_and_the_page_shows_everything() {
    let link = printer("epson", 48);
    let mut driver = driver(link.clone(), profile("xprinter", ""), Shop::default());
    let trial = driver.trial(true).expect("a trial");
    assert_eq!((trial.profile.confirm, trial.profile.question), (Confirm::Answer, Question::ProcessId));
    assert!(trial.confirmed.is_some() && trial.answers.status && trial.answers.identity.is_some(), "{trial:?}");
    let slips = slips(&link);
    let slip = slips.last().expect("a page");
    assert!(slip.text().contains("АБВгд №ёя") && slip.cut().is_some(), "{slip}");
    assert_eq!((slip.pulses().len(), slip.qr_codes().len(), slip.barcodes().len()), (1, 1, 2));
}

#[test]
fn a_clone_is_found_to_answer_gs_r_alone_and_a_mute_printer_nothing() {
    let link = printer("xprinter", 48);
    let trial = driver(link.clone(), profile("epson-tm-t20", ""), Shop::default()).trial(false).expect("a trial");
    assert_eq!((trial.profile.confirm, trial.profile.question), (Confirm::Answer, Question::PaperStatus));
    assert!(!trial.answers.process_id && trial.answers.counter.is_none() && trial.confirmed.is_some(), "{trial:?}");
    link.inject("silence").expect("a line of the script");
    let trial = driver(link.clone(), profile("epson-tm-t20", ""), Shop::default()).trial(false).expect("a trial");
    assert_eq!((trial.profile.confirm, trial.profile.status, trial.confirmed), (Confirm::Write, false, None));
    assert!(trial.report("bar").contains("NOT confirmed"));
}
