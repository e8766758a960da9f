//! A receipt printer in the place of a register: each document once on paper, and the truth about it.

use serde_json::{Value, json};

use crate::rig::{PrinterLink, Rig, another, example};

const EPSON: &str = "profile = \"epson-tm-t20\"\nreceipt = { header = [\"Салон «Лира»\"], drawer = true }";
/// Of the documented example.
const ID: &str = "d72fece5-6825-4895-9395-0133195612a4";
/// Whoever prints by itself would have done it by then.
const SHORT_LIVED: &str = "give_up_after = \"2s\"";

fn epson(link: PrinterLink) -> Rig {
    let mut rig = Rig::printer(link, "epson", EPSON, "");
    rig.start();
    rig
}

/// Posted, reported as printed, one more slip.
#[track_caller]
fn printed(rig: &Rig, document: &Value) {
    let before = rig.slips().len();
    rig.post(document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.slips().len(), before + 1);
}

fn message(callback: &crate::rig::Callback) -> String {
    callback.body["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_documented_example_is_one_slip_over_a_serial_line_and_a_socket_also_after_a_restart() {
    for link in [PrinterLink::Pty, PrinterLink::Tcp] {
        let mut rig = epson(link);
        printed(&rig, &example());
        let slip = &rig.slips()[0];
        let text = slip.text();
        for part in ["Салон «Лира»", "ТОВАРНЫЙ ЧЕК", "10.65", "Кассир: "] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(slip.cut().is_some() && slip.pulses().len() == 1 && slip.incidents().is_empty(), "{slip}");
        rig.kill();
        rig.start();
        rig.post(&example()).assert_pending();
        printed(&rig, &another("next", 2));
        assert_eq!(rig.slips().len(), 2, "the same document again is the same receipt");
    }
}

#[test]
fn a_pipe_without_a_way_back_is_sent_and_not_confirmed_and_the_cashier_is_told_so() {
    let driver = "profile = \"xprinter\"\nprinter = { confirm = \"write\", status = false }";
    let mut rig = Rig::printer(PrinterLink::File, "xprinter", driver, "");
    rig.start();
    rig.post(&example()).assert_pending();
    let callback = rig.cloud.await_success(&example()["id"]);
    assert!(message(&callback).contains("печать не подтверждена"), "{callback:?}");
    let slips = rig.await_slips(1);
    assert!(slips.len() == 1 && slips[0].text().contains("10.65"), "{}", slips[0]);
}

#[test]
fn without_paper_a_document_waits_and_prints_once_when_paper_is_in() {
    let mut rig = epson(PrinterLink::Tcp);
    rig.register("paper out");
    rig.post(&example()).assert_pending();
    assert!(rig.await_hindered(ID).contains("paper_out"));
    assert_eq!(rig.slips().len(), 0);
    rig.register("paper in");
    rig.cloud.await_success(&example()["id"]);
    assert_eq!(rig.slips().len(), 1);
}

#[test]
fn a_document_that_was_given_up_for_lack_of_paper_is_reported_so_and_never_printed_later() {
    for (bad, good, words) in [("paper out", "paper in", "нет бумаги"), ("cover open", "cover close", "открыта крышка")]
    {
        let mut rig = Rig::printer(PrinterLink::Pty, "epson", EPSON, "");
        rig.settings_at_top(SHORT_LIVED);
        rig.register(bad);
        rig.start();
        rig.post(&example()).assert_pending();
        let callback = rig.cloud.await_final(&example()["id"]);
        assert_eq!((&callback.body["status"], &callback.body["code"]), (&json!("error"), &json!(2002)));
        assert!(message(&callback).contains(words), "{callback:?}");
        rig.register(good);
        printed(&rig, &another("next", 2));
        assert_eq!(rig.slips().len(), 1, "nothing of the document that was given up");
    }
}

#[test]
fn paper_that_ends_in_the_document_ends_in_one_slip_and_one_success() {
    let mut rig = epson(PrinterLink::Tcp);
    printed(&rig, &another("first", 1));
    rig.register("paper out after 6 lines");
    rig.post(&example()).assert_pending();
    rig.await_log("how it ended is not known");
    assert!(rig.cloud.callbacks().iter().all(|c| c.body["id"] != example()["id"]));
    rig.register("paper in");
    rig.cloud.await_success(&example()["id"]);
    assert_eq!(rig.slips().len(), 2);
    printed(&rig, &another("next", 3));
}

#[test]
fn power_lost_in_the_document_goes_to_a_person_and_a_second_print_is_marked() {
    let mut rig = epson(PrinterLink::Tcp);
    printed(&rig, &another("first", 1));
    rig.register("slow 2000");
    rig.register("power-cut after byte 300 1s");
    rig.post(&example()).assert_pending();
    let shown = rig.await_shown(ID, "a person must decide");
    assert!(shown.contains("cannot say whether the receipt came out") && shown.contains("--printed"), "{shown}");
    let row = shown.split_whitespace().nth(1).expect("a number").to_owned();
    rig.register("slow off");
    assert_eq!(rig.slips().iter().filter(|slip| slip.cut().is_some()).count(), 1, "nothing prints by itself");
    assert!(rig.command(&["decide", &row, "--attempt", "1", "--not-registered"]).status.success());
    rig.cloud.await_success(&example()["id"]);
    let slips = rig.slips();
    let last = slips.last().expect("a slip");
    assert!(last.text().contains("ПОВТОР") && last.text().contains("10.65"), "{last}");
    let pulses = slips.iter().flat_map(kkm_drivers::simulator::printer::Slip::pulses).count();
    assert!(pulses <= 2, "one for each sale at most, none for the copy: {pulses}");
}

#[test]
fn killed_in_the_middle_of_a_print_nothing_is_printed_again_by_itself_and_a_person_says_that_it_is_printed() {
    let mut rig = Rig::printer(PrinterLink::Tcp, "epson", EPSON, "");
    rig.start_with(&[("KKM_BRIDGE_KILL_AT", "dispatcher.executed")]);
    let _ = rig.try_post(&example());
    rig.wait_for_death();
    rig.await_slips(1);
    rig.start();
    let shown = rig.await_shown(ID, "a person must decide");
    let row = shown.split_whitespace().nth(1).expect("a number").to_owned();
    let register = rig.command(&["decide", &row, "--attempt", "1", "--registered", "0", "x"]);
    assert!(!register.status.success(), "{register:?}");
    assert!(rig.command(&["decide", &row, "--attempt", "1", "--printed"]).status.success());
    rig.cloud.await_success(&example()["id"]);
    assert_eq!(rig.slips().len(), 1);
    printed(&rig, &another("next", 2));
}

#[test]
fn a_printer_that_is_off_or_accepts_and_reads_nothing_gets_the_document_once_when_it_is_back() {
    for (bad, good) in [("power off", "power on"), ("deaf", "deaf off")] {
        let mut rig = epson(PrinterLink::Tcp);
        rig.register(bad);
        rig.post(&example()).assert_pending();
        rig.await_log("the device cannot be used; the document waits");
        rig.register(good);
        rig.cloud.await_success(&example()["id"]);
        assert_eq!(rig.slips().len(), 1, "{bad}");
    }
}

#[test]
fn a_copy_on_demand_is_marked_and_cut() {
    let rig = epson(PrinterLink::Pty);
    printed(&rig, &example());
    let told = rig.command(&["receipt", "copy"]);
    assert!(told.status.success(), "{told:?}");
    let slips = rig.slips();
    assert_eq!(slips.len(), 2);
    assert!(slips[1].text().contains("ПОВТОР") && slips[1].pulses().is_empty(), "{}", slips[1]);
}

#[test]
fn the_test_print_ends_with_lines_that_the_configuration_takes() {
    let mut rig = Rig::printer(PrinterLink::Tcp, "xprinter", "profile = \"epson-tm-t20\"", "");
    let told = rig.command(&["print-test", "--device", "front"]);
    let report = String::from_utf8(told.stdout).expect("text");
    assert!(told.status.success(), "{report}");
    assert!(report.contains("paper status (GS r): yes") && report.contains("process id (GS ( H): no"), "{report}");
    let slips = rig.slips();
    assert_eq!((slips.len(), slips[0].pulses().len()), (1, 1), "{report}");
    let lines = report.find("[devices.front.driver.printer]").map(|at| report[at..].to_owned()).expect("lines");
    let port = rig.start_printer(PrinterLink::Pty, "xprinter", &[]);
    rig.place(&format!("family = \"escpos\"\nport = \"{port}\"\nprofile = \"epson-tm-t20\"\n{lines}"));
    rig.start();
    printed(&rig, &example());
}

#[test]
fn the_test_print_says_what_stands_in_its_way() {
    let mut rig = Rig::printer(PrinterLink::Tcp, "xprinter", "profile = \"xprinter\"", "");
    rig.kill_register();
    let told = rig.command(&["print-test"]);
    let said = String::from_utf8(told.stderr).expect("text");
    assert!(!told.status.success() && said.contains("does not accept a connection"), "{said}");
    let told = rig.command(&["print-test", "--device", "bar"]);
    assert!(String::from_utf8_lossy(&told.stderr).contains("known: front"));
}
