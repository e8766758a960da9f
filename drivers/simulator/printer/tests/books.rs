//! The printer's own books: durable, written before an answer, readable by themselves.

use std::fs;
use std::io::sink;
use std::path::Path;
use std::time::Duration;

use super::{Device, EPSON, NOTHING, ask};
use crate::simulator::printer::books::{Books, SLIPS, read};
use crate::simulator::printer::trace::COMMANDS;
use crate::simulator::printer::{Cut, Item, Slip};

fn open(directory: &Path, pictures: bool) -> Device {
    let books = Books::open(directory, 576, pictures).expect("books");
    Device::new(EPSON, 576, books, Box::new(sink()))
}

#[test]
fn what_is_printed_is_in_the_books_before_the_answer_leaves() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut device = open(dir.path(), false);
    device.feed(b"one\n\x1DVB\x00\x1D(H\x06\x0000AAAA", Duration::ZERO);
    let slips = read(dir.path()).expect("readable");
    assert_eq!((slips.len(), slips[0].text(), slips[0].cut()), (1, "one".to_owned(), Some(Cut::Partial)));
    assert_eq!(device.poll(Duration::ZERO), b"7\"AAAA\0");
}

#[test]
fn books_go_on_after_a_restart_and_a_torn_last_line_is_cut_off() {
    let dir = tempfile::tempdir().expect("a directory");
    open(dir.path(), false).feed(b"one\n\x1DVB\x00two\n", Duration::ZERO);
    let path = dir.path().join(SLIPS);
    let mut text = fs::read(&path).expect("readable");
    text.extend(b"{\"slip\":2,\"item\":{\"li");
    fs::write(&path, text).expect("written");
    let mut device = open(dir.path(), false);
    device.feed(b"three\n\x1DVB\x00", Duration::ZERO);
    let slips = read(dir.path()).expect("readable");
    assert_eq!(slips, device.slips());
    assert_eq!(slips.iter().map(Slip::text).collect::<Vec<_>>(), ["one", "two\nthree"]);
}

#[test]
fn a_cut_slip_becomes_a_picture_and_codes_are_read_off_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut device = open(dir.path(), true);
    assert_eq!(
        ask(&mut device, b"Hello\n\x1D(k\x03\x001C\x04\x1D(k\x0A\x001P0CONTENT\x1D(k\x03\x001Q0\x1DVB\x00"),
        NOTHING
    );
    let file = fs::read(dir.path().join("slip-0001.png")).expect("a picture");
    assert_eq!(file, device.cut_sheet().png());
    assert!(device.slips()[0].items.contains(&Item::Scanned("CONTENT".to_owned())), "{:?}", device.slips());
    assert_eq!(device.sheet().height(), 0);
}

#[test]
fn the_list_of_commands_is_a_file_for_people() {
    let dir = tempfile::tempdir().expect("a directory");
    open(dir.path(), false).feed(b"\x1B@Hi\n\x1B\x07", Duration::ZERO);
    let text = fs::read_to_string(dir.path().join(COMMANDS)).expect("readable");
    let expected = "ESC @        1B 40\ntext         2 bytes\nLF           0A\nunknown      1B  ! an unknown command";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_slip_reads_well_as_text() {
    let mut device = open(tempfile::tempdir().expect("a directory").path(), false);
    device.feed(b"Tea  1.50\n\x1DkC\x0C460123456789\x1Bp\x00\x19\xFA\x1DVB\x00", Duration::ZERO);
    let expected = format!(
        "Tea  1.50\n[ean-13 4601234567893]\n[drawer pin 2: 50 ms on, 500 ms off]\n{}\n",
        "- ".repeat(24).trim_end()
    );
    assert_eq!(device.slips()[0].to_string(), expected);
}
