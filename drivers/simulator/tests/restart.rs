//! What a register still knows after its process died, at any moment.

use std::io;
use std::path::Path;
#[cfg(feature = "failpoints")]
use std::process::{Command, Stdio};

use super::host::{Host, clock, closing};
use crate::simulator::{Register, books};

fn open(directory: &Path) -> Host {
    Host::with(Register::open(directory, true, clock(), Box::new(io::sink())).expect("the books open"))
}

#[test]
fn books_receipt_and_counters_outlive_the_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut host = open(dir.path());
    host.open_shift();
    host.sell(1000).expect("sold");
    host.open_sale(700);
    let written = books::read(dir.path()).expect("readable");
    assert_eq!(written, host.documents());
    let state = host.device.register().state().clone();
    drop(host);
    let mut host = open(dir.path());
    assert_eq!(*host.device.register().state(), state);
    assert_eq!((host.mode(), host.documents().len()), ((8, 0), 3));
    host.command("FF45", &closing(&[(1, 700)], 0, 1)).expect("closed");
    assert_eq!(books::read(dir.path()).expect("readable").last(), Some(host.last()));
    assert_eq!(host.last().number, 4);
}

#[test]
fn a_death_between_the_books_and_the_state_counts_the_document_at_the_next_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("state.json");
    let mut host = open(dir.path());
    host.open_shift();
    host.open_sale(700);
    let before = std::fs::read(&state).expect("the state");
    host.command("FF45", &closing(&[(1, 700)], 0, 1)).expect("closed");
    drop(host);
    std::fs::write(&state, before).expect("the state of before");
    let mut host = open(dir.path());
    assert_eq!(host.mode(), (2, 0), "the receipt is closed, for the books say so");
    assert_eq!(host.command("1A", &[241]).expect("drawer")[1], 188);
    assert_eq!(host.device.register().state().storage.last, 3);
}

#[test]
fn without_the_state_everything_is_counted_from_the_books() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut host = open(dir.path());
    host.open_shift();
    host.sell(700).expect("sold");
    let counters = host.device.register().state().counters.clone();
    drop(host);
    std::fs::remove_file(dir.path().join("state.json")).expect("removed");
    let host = open(dir.path());
    assert_eq!(host.device.register().state().counters, counters);
    assert_eq!(host.device.register().state().shift.receipts, 1);
}

#[test]
fn two_registers_do_not_share_books() {
    let dir = tempfile::tempdir().expect("a directory");
    let _first = open(dir.path());
    let second = Register::open(dir.path(), true, clock(), Box::new(io::sink())).err().expect("refused");
    assert_eq!(second.to_string(), "another simulated register runs on these books");
}

#[test]
fn a_damaged_state_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("state.json"), b"{").expect("written");
    let error = Register::open(dir.path(), true, clock(), Box::new(io::sink())).err().expect("refused");
    assert!(error.to_string().contains("without that file the state is counted from the books"), "{error}");
}

/// Runs the sale of this file in a process of its own that dies by SIGKILL between books and state.
#[cfg(feature = "failpoints")]
#[test]
fn a_kill_right_after_the_books_were_written_loses_nothing() {
    const DIRECTORY: &str = "KKM_SIMULATOR_TEST_BOOKS";
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let mut host = open(Path::new(&directory));
        host.open_shift();
        let _ = host.sell(700);
        unreachable!("the process was killed before the answer");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let name = "simulator::tests::restart::a_kill_right_after_the_books_were_written_loses_nothing";
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name, "--nocapture"])
        .env(DIRECTORY, dir.path())
        // Registration, opening of the shift, receipt.
        .env("KKM_BRIDGE_KILL_AT", "simulator.booked:3")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it ran");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    let mut host = open(dir.path());
    assert_eq!((host.mode(), host.last().total.minor(), host.last().number), ((2, 0), 700, 3));
}
