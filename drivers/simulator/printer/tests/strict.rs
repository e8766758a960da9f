//! The list of commands: what is unknown, malformed or out of place is marked, and nothing is taken for something else.

use proptest::prelude::*;

use super::{incidents, items, printed, text};
use crate::simulator::printer::Seen;

fn seen(bytes: &[u8]) -> Vec<String> {
    printed(bytes).commands().iter().map(ToString::to_string).collect()
}

#[test]
fn every_command_is_listed_in_its_order_with_its_bytes() {
    let bytes = b"\x1B@\x10\x04\x01\x1Ba\x01Hello\n\x1D(k\x03\x001C\x06\x1DVB\x00";
    let expected = [
        "ESC @        1B 40",
        "DLE EOT 1    10 04 01",
        "ESC a        1B 61 01",
        "text         5 bytes",
        "LF           0A",
        "GS ( k 49 67 1D 28 6B 03 00 31 43 06",
        "GS V         1D 56 42 00",
    ];
    assert_eq!(seen(bytes), expected);
}

#[test]
fn what_is_unknown_malformed_or_out_of_range_is_marked() {
    for bytes in [
        b"\x07".as_slice(),
        b"\x1B\x07",
        b"\x1D\x00",
        b"\x1C\x7F",
        b"\x10\x04\x09",
        b"\x1Ba\x07",
        b"text\x1Ba\x01",
        b"\x1Bt\xC8",
        b"\x1B-\x09",
        b"\x1D!\x88",
        b"\x1DV\x09",
        b"\x1DkC\x03123",
        b"\x1Dw\x09",
        b"\x1Dv0\x00\x00\x00\x00\x00",
        b"\x1D(k\x03\x001Q0",
        b"\x1D(H\x05\x0000abc",
        b"\x1D(Z\x01\x00a",
        b"\x1Dr\x07",
        b"\x1Dg2\x00\x63\x00",
        b"\x1DI\xC8",
        b"\x1B*\x07\x01\x00",
        b"\x1D8L\xFF\xFF\xFF\x7F",
    ] {
        let device = printed(bytes);
        let marked: Vec<Seen> = device.commands().into_iter().filter(|seen| !seen.wrong.is_empty()).collect();
        assert!(!marked.is_empty(), "{bytes:02X?}: {:?}", device.commands());
        assert_eq!(device.foreign_commands(&["text"])[0].wrong.len(), 1, "{bytes:02X?}");
        assert!(!incidents(&device).is_empty(), "{bytes:02X?}");
    }
}

#[test]
fn a_white_list_lets_through_only_what_is_on_it() {
    let device = printed(b"\x1B@\x1BE\x01a\n");
    assert_eq!(device.foreign_commands(&["ESC @", "ESC E", "text", "LF"]), []);
    let names: Vec<String> = device.foreign_commands(&["ESC @", "text"]).into_iter().map(|seen| seen.name).collect();
    assert_eq!(names, ["ESC E", "LF"]);
}

#[test]
fn data_of_a_command_is_not_read_as_commands() {
    let raster = [b"\x1Dv0\x00\x01\x00\x06\x00".as_slice(), b"\x1B@\n\x1DV\x00"].concat();
    let device = printed(&raster);
    assert_eq!(device.commands().len(), 1);
    assert_eq!(text(&device), "");
    assert!(incidents(&device).is_empty());
}

#[test]
fn real_time_bytes_inside_a_picture_are_acted_on_and_marked() {
    let mut device = printed(b"\x1Dv0\x00\x01\x00\x04\x00\x10\x04\x01\xFF");
    assert_eq!(device.poll(std::time::Duration::ZERO), [0x12], "as a real printer does");
    let names: Vec<(String, bool)> =
        device.commands().into_iter().map(|seen| (seen.name, seen.wrong.is_empty())).collect();
    assert_eq!(names, [("DLE EOT 1".to_owned(), true), ("GS v 0".to_owned(), false)]);
}

#[test]
fn a_wrong_length_makes_the_rest_something_else_as_on_a_printer() {
    let device = printed(b"\x1D(k\x09\x001C\x06\nHello\x1Ba\x01");
    assert_eq!(text(&device), "", "the command swallowed the line");
    assert!(!incidents(&device).is_empty());
}

#[test]
fn after_an_incident_the_next_command_is_understood_again() {
    let device = printed(b"\x1B\x07\x1B@\x1Bt\x11\x97\n");
    assert!(text(&device).ends_with('Ч'), "{:?}", text(&device));
}

#[test]
fn cut_at_any_byte_the_paper_is_a_beginning_of_the_whole() {
    let whole = b"\x1B@\x1Ba\x01Title\n\x1Ba\x00Line one\nLine two\n\x1DkC\x0C460123456789\
        \x1D(k\x04\x001P0A\x1D(k\x03\x001Q0\x1Bp\x00\x19\xFA\x1DVB\x00";
    let all = items(&printed(whole));
    let mut device = printed(b"");
    let mut seen = 0;
    for byte in whole {
        device.feed(&[*byte], std::time::Duration::ZERO);
        let part = items(&device);
        assert!(all.starts_with(&part) && part.len() >= seen, "{part:?}");
        seen = part.len();
    }
    assert_eq!(seen, all.len());
}

proptest! {
    #[test]
    fn no_bytes_break_the_printer_and_every_byte_is_accounted_for(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let device = printed(&bytes);
        let listed: usize = device.commands().iter().filter(|s| !s.name.starts_with("DLE")).map(|seen| seen.length).sum();
        prop_assert!(listed <= bytes.len());
    }
}
