//! What a host is told: at once, by itself, and after what was printed.

use std::time::Duration;

use super::{Device, EPSON, NOTHING, ask, inject, items, printed, text};
use crate::simulator::printer::{Counter, Cut, Item, Profile};

#[test]
fn real_time_status_tells_paper_cover_cutter_and_drawer() {
    let mut device = printed(b"");
    let mut all = |line: &str| {
        inject(&mut device, line);
        ask(&mut device, b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04")
    };
    assert_eq!(all("help"), [0x12, 0x12, 0x12, 0x12]);
    assert_eq!(all("drawer open"), [0x16, 0x12, 0x12, 0x12]);
    assert_eq!(all("drawer closed"), [0x12, 0x12, 0x12, 0x12]);
    assert_eq!(all("cover open"), [0x1A, 0x16, 0x12, 0x12]);
    assert_eq!(all("cover close"), [0x12, 0x12, 0x12, 0x12]);
    assert_eq!(all("paper low"), [0x12, 0x12, 0x12, 0x1E]);
    assert_eq!(all("paper out"), [0x1A, 0x32, 0x12, 0x7E]);
    assert_eq!(all("paper in"), [0x12, 0x12, 0x12, 0x12]);
}

#[test]
fn real_time_status_overtakes_what_is_printed() {
    let mut device = printed(b"");
    inject(&mut device, "slow 10");
    assert_eq!(ask(&mut device, b"a long line of text\n\x1Dr\x01\x10\x04\x01"), [0x12], "the queued answer waits");
    assert_eq!(device.poll(Duration::from_secs(60)), [0x00]);
    assert_eq!(text(&device), "a long line of text");
}

#[test]
fn automatic_status_comes_when_asked_for_and_at_every_change() {
    let mut device = printed(b"");
    assert_eq!(ask(&mut device, b"\x1Da\xFF"), [0x10, 0, 0, 0x0F]);
    inject(&mut device, "cover open");
    assert_eq!(device.poll(Duration::ZERO), [0x38, 0, 0, 0x0F]);
    inject(&mut device, "cover close");
    assert_eq!(device.poll(Duration::ZERO), [0x10, 0, 0, 0x0F]);
    inject(&mut device, "paper out");
    assert_eq!(device.poll(Duration::ZERO), [0x18, 0, 0x0C, 0x0F]);
    inject(&mut device, "paper in");
    assert_eq!(device.poll(Duration::ZERO), [0x10, 0, 0, 0x0F]);
    inject(&mut device, "drawer open");
    assert_eq!(device.poll(Duration::ZERO), [0x14, 0, 0, 0x0F]);
    assert_eq!(ask(&mut device, b"\x1Da\x00"), NOTHING);
    inject(&mut device, "cover open");
    assert_eq!(device.poll(Duration::ZERO), NOTHING);
}

#[test]
fn automatic_status_comes_only_for_what_was_asked() {
    let mut device = printed(b"\x1Da\x08");
    assert_eq!(device.poll(Duration::ZERO), [0x10, 0, 0, 0x0F]);
    inject(&mut device, "cover open");
    assert_eq!(device.poll(Duration::ZERO), NOTHING);
    inject(&mut device, "paper low");
    assert_eq!(device.poll(Duration::ZERO), [0x38, 0, 0x03, 0x0F]);
}

#[test]
fn queued_status_and_process_id_come_after_what_was_sent_before_is_printed() {
    let mut device = printed(b"");
    inject(&mut device, "paper out");
    assert_eq!(ask(&mut device, b"one\n\x1DVB\x00\x1Dr\x01\x1D(H\x06\x0000J001"), NOTHING);
    inject(&mut device, "paper in");
    assert_eq!(device.poll(Duration::ZERO), b"\x007\"J001\0");
    assert_eq!(device.slips()[0].cut(), Some(Cut::Partial));
}

#[test]
fn a_process_id_is_known_to_some_printers_only_and_takes_printable_bytes() {
    for profile in Profile::ALL {
        let mut device = Device::in_memory(profile, 48);
        let answer = ask(&mut device, b"\x1D(H\x06\x0000 ~A9");
        assert_eq!(answer == b"7\" ~A9\0", profile.answers.process_id, "{}", profile.name);
    }
    let mut device = printed(b"");
    assert_eq!(ask(&mut device, b"\x1D(H\x06\x0000AB\x1FC"), NOTHING);
}

#[test]
fn identity_is_asked_one_by_one() {
    let mut device = printed(b"");
    assert_eq!(ask(&mut device, b"\x1DIB"), b"_EPSON\0");
    assert_eq!(ask(&mut device, b"\x1DIC"), b"_TM-T88V\0");
    assert_eq!(ask(&mut device, b"\x1DI\x02"), [0x02], "a cutter");
    assert_eq!(ask(&mut device, b"\x1DI\x63"), NOTHING);
}

#[test]
fn clearing_by_real_time_forgets_what_is_not_printed_and_says_so() {
    let mut device = printed(b"");
    inject(&mut device, "paper out");
    assert_eq!(ask(&mut device, b"secret\n\x1DVB\x00"), NOTHING);
    assert_eq!(ask(&mut device, &[0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8]), [0x37, 0x25, 0]);
    inject(&mut device, "paper in");
    assert_eq!(ask(&mut device, b"\x1Dr\x01"), [0]);
    assert_eq!(items(&device), []);
}

#[test]
fn counters_of_lines_and_cuts_survive_power_and_a_restart_of_the_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = || {
        let books = crate::simulator::printer::books::Books::open(dir.path(), 576, false).expect("books");
        Device::new(EPSON, 576, books, Box::new(std::io::sink()))
    };
    let counters = |device: &mut Device| {
        let asked = [20_u8, 50, 148, 178].map(|n| [0x1D, b'g', b'2', 0, n, 0]).concat();
        String::from_utf8(ask(device, &asked)).expect("text").replace('_', " ").replace('\0', "")
    };
    let mut device = open();
    assert_eq!(ask(&mut device, b"a\nb\n\x1DVB\x00c\n\x1DVB\x00"), NOTHING);
    assert_eq!(counters(&mut device), " 3 2 3 2");
    assert_eq!(ask(&mut device, b"\x1Dg0\x00\x14\x00d\n"), NOTHING);
    assert_eq!(counters(&mut device), " 1 2 4 2");
    inject(&mut device, "power off");
    inject(&mut device, "power on");
    assert_eq!(counters(&mut device), " 1 2 4 2");
    drop(device);
    let mut device = open();
    assert_eq!(counters(&mut device), " 1 2 4 2");
    assert!(items(&device).contains(&Item::CounterReset(Counter::Lines)));
}

#[test]
fn the_size_of_a_qr_code_can_be_asked() {
    let mut device = printed(b"\x1D(k\x03\x001C\x04\x1D(k\x04\x001P0A");
    assert_eq!(ask(&mut device, b"\x1D(k\x03\x001R0"), b"7684\x1F84\x1F1\x1F0\0", "21 modules of 4 dots");
}

#[test]
fn a_real_time_pulse_opens_the_drawer_at_once_but_not_when_offline() {
    let mut device = printed(b"\x10\x14\x01\x00\x02\x10\x14\x01\x01\x08");
    let pulses = [Item::Pulse { pin: 2, on_ms: 200, off_ms: 200 }, Item::Pulse { pin: 5, on_ms: 800, off_ms: 800 }];
    assert_eq!(items(&device), pulses);
    inject(&mut device, "cover open");
    assert_eq!(ask(&mut device, b"\x10\x14\x01\x00\x02"), NOTHING);
    assert_eq!(items(&device), pulses);
    inject(&mut device, "cover close");
    assert_eq!(ask(&mut device, b"\x1D(D\x03\x00\x14\x01\x00\x10\x14\x01\x00\x02"), NOTHING);
    assert_eq!(items(&device).len(), 2, "GS ( D took the command away");
}

#[test]
fn a_printer_that_never_learnt_a_question_says_nothing_to_it() {
    for (question, asked) in [
        ("real-time", b"\x10\x04\x01".as_slice()),
        ("automatic", b"\x1Da\xFF"),
        ("queued", b"\x1Dr\x01"),
        ("process-id", b"\x1D(H\x06\x0000AAAA"),
        ("counters", b"\x1Dg2\x00\x14\x00"),
        ("identity", b"\x1DIB"),
        ("clearing", &[0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8]),
    ] {
        let mut device = printed(b"");
        assert_ne!(ask(&mut device, asked), NOTHING, "{question}");
        inject(&mut device, &format!("without {question}"));
        assert_eq!(ask(&mut device, asked), NOTHING, "{question}");
        assert_eq!(ask(&mut device, b"a\n"), NOTHING, "{question}");
        assert_eq!(text(&device), "a", "{question}: and it prints on");
        inject(&mut device, &format!("with {question}"));
        assert_ne!(ask(&mut device, asked), NOTHING, "{question}");
    }
}

#[test]
fn counters_that_are_saved_too_seldom_show_what_they_showed() {
    let mut device = printed(b"a\n\x1DVB\x00");
    inject(&mut device, "counters stand");
    assert_eq!(ask(&mut device, b"b\nc\n\x1DVB\x00\x1Dg2\x00\x32\x00\x1Dg2\x00\x94\x00"), b"_1\0_1\0");
    inject(&mut device, "counters run");
    assert_eq!(ask(&mut device, b"\x1Dg2\x00\x32\x00\x1Dg2\x00\x94\x00"), b"_2\0_3\0");
}
