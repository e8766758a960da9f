//! The manual's worked examples, byte for byte (section "standard low level" and the files's end).

use super::host::{ACK, ENQ, Host, NAK, bytes, frame, unframe};
use crate::contract::{Money, Quantity};

#[test]
fn every_example_frame_of_the_manual_has_its_sum() {
    for (body, whole) in [
        ("10 1E 00 00 00", "02 05 10 1E 00 00 00 0B"),
        ("11 1E 00 00 00", "02 05 11 1E 00 00 00 0A"),
        ("13 01 00 00 00", "02 05 13 01 00 00 00 17"),
        ("FC", "02 01 FC FD"),
        ("8D 1E 00 00 00 00", "02 06 8D 1E 00 00 00 00 95"),
        ("FF 01 1E 00 00 00", "02 06 FF 01 1E 00 00 00 E6"),
    ] {
        assert_eq!(frame(&bytes(body)), bytes(whole));
        assert_eq!(crate::simulator::shtrih::frame_of(&bytes(body)), bytes(whole));
    }
}

#[test]
fn the_examples_are_carried_out_and_answered_in_the_manual_s_form() {
    let mut host = Host::new();
    assert_eq!(host.send(&[ENQ]), [NAK]);
    // Short status of a closed shift: the manual's answer, mode 4, flags 0290h.
    let answer = host.send(&bytes("02 05 10 1E 00 00 00 0B"));
    assert_eq!(answer[1..], bytes("02 11 10 00 1E 90 02 04 00 00 00 00 00 00 00 00 00 00 00 89"));
    assert!(host.send(&[ACK]).is_empty());
    for (request, length) in [
        ("02 05 11 1E 00 00 00 0A", 52),
        ("02 05 13 01 00 00 00 17", 3),
        ("02 05 E0 1E 00 00 00 FB", 3),
        ("02 06 8D 1E 00 00 00 00 95", 3),
        (
            "02 24 FF 46 1E 00 00 00 01 80 84 1E 00 00 00 C6 11 00 00 00 FF FF FF FF FF FF FF FF FF FF 02 01 04 01 \
             D5 EB E5 E1 73",
            3,
        ),
        ("02 16 FF 0C 1E 00 00 00 F0 03 0C 00 2B 37 39 39 39 31 32 33 34 35 36 37 11", 3),
        ("02 10 FF 0C 1E 00 00 00 FD 03 06 00 88 A2 A0 AD AE A2 2E", 3),
        ("02 05 B0 1E 00 00 00 AB", 3),
        ("02 06 FF 01 1E 00 00 00 E6", 33),
        ("02 06 FF 40 1E 00 00 00 A7", 8),
    ] {
        let came = host.send(&bytes(request));
        assert_eq!(came[0], ACK, "{request}");
        let body = unframe(&came[1..]);
        let command = if body[0] == 0xFF { 2 } else { 1 };
        assert_eq!(body[..command], bytes(request)[2..2 + command], "{request}");
        assert_eq!((body[command], body.len()), (0, length), "{request}");
        host.send(&[ACK]);
    }
    // 91.00 for two loaves; the manual's closing frame pays 100.00 in cash under OSN.
    let zeros = [0; 75 + 1 + 30];
    let close = [&bytes("FF 45 1E 00 00 00 10 27 00 00 00")[..], &zeros, &[1]].concat();
    let whole = frame(&close);
    assert_eq!((whole[1], whole[whole.len() - 1]), (0x76, 0xE4));
    let answer = host.ask(&close);
    assert_eq!(answer[..8], bytes("FF 45 00 84 03 00 00 00"), "change 9.00");
    let receipt = host.last();
    assert_eq!((receipt.total, receipt.change), (Money::from_minor(9100), Money::from_minor(900)));
    assert_eq!(receipt.lines[0].quantity, Quantity::from_millionths(2_000_000));
    assert_eq!((receipt.tag_text(1008), receipt.tag_text(1021)), ("+79991234567", "Иванов"));
    assert_eq!(receipt.lines[0].title, "Хлеб");
    assert_eq!(host.ask(&bytes("FF 08 1E 00 00 00")), bytes("FF 08 00"));
    assert_eq!(host.ask(&bytes("88 1E 00 00 00")), bytes("88 73"));
}

#[test]
fn the_whole_frame_of_an_old_sale_is_taken() {
    let mut host = Host::new();
    let mut whole = bytes("02 3C 80 1E 00 00 00 E8 03 00 00 00 10 27 00 00 00 01 01 00 00 00 D2 EE E2 E0 F0");
    whole.extend([0; 35]);
    whole.push(0xB0);
    let came = host.send(&whole);
    assert_eq!(unframe(&came[1..]), bytes("80 00 1E"));
    host.send(&[ACK]);
    assert_eq!(host.mode(), (8, 0));
    let pay = [&[0x10, 0x27, 0, 0, 0][..], &[0; 15], &[0; 2], &[0; 4], &[0; 40]].concat();
    assert_eq!(host.command("85", &pay), Ok(bytes("1E 00 00 00 00 00")));
    let receipt = host.last();
    assert_eq!((receipt.lines[0].title.as_str(), receipt.lines[0].vat_group), ("Товар", 1));
    assert_eq!(receipt.vat[&1].tax, Money::from_minor(10_000).included_tax(2200));
}

#[test]
fn a_shift_that_is_too_old_answers_the_manual_s_error_frame() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("clock +25h");
    let came = host.send(&bytes("02 06 8D 1E 00 00 00 00 95"));
    assert_eq!(came[1..], bytes("02 02 8D 4E C1"));
}
