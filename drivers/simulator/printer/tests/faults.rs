//! Misbehaviour on command: each word of the script, and what the paper and the host get.

use std::time::Duration;

use super::{Device, EPSON, Item, NOTHING, ask, incidents, inject, items, printed, text};
use crate::simulator::printer::{Cut, MemoryLink};
use crate::transport::faulty::{FaultyOpener, Harm, Plan, Spot, Way};
use crate::transport::{Opener, PortError};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn paper_out_stops_the_printer_in_the_middle_and_new_paper_goes_on_without_loss() {
    let mut device = printed(b"");
    inject(&mut device, "paper out after 2 lines");
    assert_eq!(ask(&mut device, b"one\ntwo\nthree\nfour\n\x1Dr\x01"), NOTHING);
    assert_eq!(text(&device), "one\ntwo");
    assert_eq!(ask(&mut device, b"\x10\x04\x02\x10\x04\x04"), [0x32, 0x72]);
    inject(&mut device, "paper in");
    assert_eq!(text(&device), "one\ntwo\nthree\nfour");
    assert_eq!(device.poll(Duration::ZERO), [0]);
}

#[test]
fn a_roll_ends_and_its_sensor_speaks_before() {
    let mut device = printed(b"\x1Da\x0F");
    device.poll(Duration::ZERO);
    inject(&mut device, "roll 52");
    let mut said = Vec::new();
    for line in 0..60 {
        let told = ask(&mut device, format!("{line}\n").as_bytes());
        if !told.is_empty() {
            said.push((line, told));
        }
    }
    assert_eq!(said, [(2, vec![0x10, 0, 3, 0x0F]), (51, vec![0x18, 0, 0x0F, 0x0F])]);
    assert!(text(&device).ends_with("\n51"));
    inject(&mut device, "roll 500");
    assert!(text(&device).ends_with("\n59"));
}

#[test]
fn an_open_cover_holds_everything_back_until_it_is_closed() {
    let mut device = printed(b"before\n");
    inject(&mut device, "cover open");
    assert_eq!(ask(&mut device, b"after\n\x1DVB\x00\x10\x04\x02"), [0x16]);
    assert_eq!(text(&device), "before");
    inject(&mut device, "cover close");
    assert_eq!((text(&device), device.slips()[0].cut()), ("before\nafter".to_owned(), Some(Cut::Partial)));
}

#[test]
fn a_failed_cutter_waits_for_the_host_to_say_how_to_go_on() {
    for (order, rest) in [(b"\x10\x05\x01", "one\ntwo"), (b"\x10\x05\x02", "one")] {
        let mut device = printed(b"");
        inject(&mut device, "cutter fail");
        assert_eq!(ask(&mut device, b"one\n\x1DVB\x00two\n"), NOTHING);
        assert_eq!(ask(&mut device, b"\x10\x04\x01\x10\x04\x02\x10\x04\x03"), [0x1A, 0x52, 0x1A]);
        inject(&mut device, "cutter ok");
        assert_eq!(ask(&mut device, b"\x10\x04\x01"), [0x1A], "repaired is not recovered");
        assert_eq!(ask(&mut device, order), NOTHING);
        assert_eq!(text(&device), rest);
        assert_eq!(ask(&mut device, b"\x10\x04\x01"), [0x12]);
    }
}

#[test]
fn power_off_loses_the_buffer_and_the_modes_and_nothing_that_is_on_paper() {
    let mut device = printed(b"\x1Ba\x01printed\nwaiting");
    inject(&mut device, "power off");
    assert!(!device.powered());
    assert_eq!(ask(&mut device, b"lost\n\x10\x04\x01"), NOTHING);
    inject(&mut device, "power on");
    assert_eq!(ask(&mut device, b"after\n\x10\x04\x01"), [0x12]);
    assert_eq!(device.slips()[0].lines().map(str::trim).collect::<Vec<_>>(), ["printed", "after"]);
    assert!(text(&device).ends_with("\nafter"), "aligned to the left again");
}

#[test]
fn power_goes_at_a_byte_and_comes_back_by_itself() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    link.inject("power-cut after byte 6 3s").expect("a line");
    let mut port = link.open().expect("open");
    let error = port.write(b"one\ntwo\nthree\n", SECOND).expect_err("gone");
    assert!(matches!(error, PortError::Gone(_)));
    assert!(matches!(link.open().err(), Some(PortError::Unreachable(_))));
    link.advance(3 * SECOND);
    let mut port = link.open().expect("power is back");
    port.write(b"four\n", SECOND).expect("written");
    assert_eq!(link.device(|device| text(device)), "one\nfour");
}

#[test]
fn a_silent_printer_prints_and_answers_nothing() {
    let mut device = printed(b"");
    inject(&mut device, "silence");
    assert_eq!(ask(&mut device, b"a\n\x1Dr\x01\x10\x04\x01\x1Da\xFF"), NOTHING);
    inject(&mut device, "silence off");
    assert_eq!(ask(&mut device, b"\x10\x04\x01"), [0x12]);
    assert_eq!(text(&device), "a");
}

#[test]
fn a_lagging_printer_answers_the_question_before() {
    let mut device = printed(b"");
    inject(&mut device, "lag");
    assert_eq!(ask(&mut device, b"\x1D(H\x06\x0000AAAA"), NOTHING);
    assert_eq!(ask(&mut device, b"\x1D(H\x06\x0000BBBB"), b"7\"AAAA\0");
    assert_eq!(ask(&mut device, b"\x10\x04\x01"), b"7\"BBBB\0");
}

#[test]
fn so_many_answers_are_lost_and_the_next_one_comes() {
    let mut device = printed(b"");
    inject(&mut device, "lose-answer 2");
    assert_eq!(ask(&mut device, b"\x10\x04\x01\x10\x04\x02\x1Dr\x01"), [0]);
}

#[test]
fn bytes_are_lost_on_the_way_in() {
    let mut device = printed(b"ab");
    inject(&mut device, "drop from byte 2 for 3");
    assert_eq!(ask(&mut device, b"cdefgh\n"), NOTHING);
    assert_eq!(text(&device), "abcgh");
}

#[test]
fn bytes_are_spoiled_on_the_way_in() {
    let mut device = printed(b"");
    inject(&mut device, "spoil byte 2");
    assert_eq!(ask(&mut device, b"abc\n"), NOTHING);
    assert_eq!(text(&device), "aBc", "one bit is turned over");
}

#[test]
fn garbage_comes_to_the_host_when_it_is_ordered() {
    let mut device = printed(b"");
    inject(&mut device, "garbage 00 FF 12 37");
    assert_eq!(ask(&mut device, b"\x10\x04\x01"), [0, 0xFF, 0x12, 0x37, 0x12]);
}

#[test]
fn a_deaf_printer_takes_no_bytes_and_a_host_that_waits_gives_up() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    let mut port = link.open().expect("open");
    link.inject("deaf").expect("a line");
    assert_eq!(port.write(b"a\n", SECOND), Err(PortError::Stuck));
    assert_eq!(link.now(), SECOND, "in simulated time");
    link.inject("deaf off").expect("a line");
    port.write(b"b\n", SECOND).expect("written");
    assert_eq!(link.device(|device| text(device)), "b");
}

#[test]
fn a_stall_ends_by_itself() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    let mut port = link.open().expect("open");
    link.inject("stall 5s").expect("a line");
    assert_eq!(port.write(b"a\n", 4 * SECOND), Err(PortError::Stuck));
    port.write(b"b\n", 4 * SECOND).expect("written");
    assert_eq!((link.now(), link.device(|device| text(device))), (5 * SECOND, "b".to_owned()));
}

#[test]
fn the_line_breaks_at_a_byte_and_what_arrived_stays() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    link.inject("disconnect after byte 6").expect("a line");
    let mut port = link.open().expect("open");
    assert!(matches!(port.write(b"one\ntwo\n", SECOND), Err(PortError::Gone(_))));
    assert!(matches!(port.read(&mut [0], SECOND), Err(PortError::Gone(_))));
    let mut port = link.open().expect("open again: power was never off");
    port.write(b"x\n", SECOND).expect("written");
    assert_eq!(link.device(|device| text(device)), "one\ntwx");
}

#[test]
fn the_line_breaks_at_a_byte_of_the_answer() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    link.inject("disconnect after answer 4").expect("a line");
    let mut port = link.open().expect("open");
    port.write(b"\x1D(H\x06\x0000AAAA", SECOND).expect("written");
    let mut got = [0; 16];
    assert_eq!(port.read(&mut got, SECOND), Ok(4));
    assert_eq!(&got[..4], b"7\"AA");
    assert!(matches!(port.read(&mut got, SECOND), Err(PortError::Gone(_))));
}

#[test]
fn an_idle_connection_is_closed() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    link.inject("idle 90s").expect("a line");
    let mut port = link.open().expect("open");
    port.write(b"a\n", SECOND).expect("written");
    link.advance(80 * SECOND);
    port.write(b"b\n", SECOND).expect("written");
    assert!(matches!(port.read(&mut [0], 200 * SECOND), Err(PortError::Gone(_))));
    assert_eq!(link.now(), 170 * SECOND);
    link.open().expect("open again").write(b"c\n", SECOND).expect("written");
    assert_eq!(link.device(|device| text(device)), "a\nb\nc");
}

#[test]
fn a_small_buffer_holds_the_host_up_loses_bytes_or_says_xoff() {
    let long = [b"x".repeat(60), b"\n".to_vec()].concat();
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48));
    link.inject("buffer 45").expect("a line");
    link.inject("slow 10").expect("a line");
    link.open().expect("open").write(&long, 60 * SECOND).expect("written");
    link.advance(60 * SECOND);
    assert_eq!(link.device(|device| text(device)).replace('\n', ""), "x".repeat(60));

    let mut device = printed(b"");
    inject(&mut device, "cover open");
    inject(&mut device, "buffer 45 dropping");
    device.feed(&long, Duration::ZERO);
    inject(&mut device, "cover close");
    assert_eq!(incidents(&device), ["the buffer is full and bytes are lost"]);
    device.feed(b"\n", Duration::ZERO);
    assert_eq!(text(&device), "x".repeat(45));

    let mut device = printed(b"");
    inject(&mut device, "buffer 40 xon-xoff");
    inject(&mut device, "slow 10");
    device.feed(&long[..35], Duration::ZERO);
    assert_eq!(device.poll(Duration::ZERO), [0x13]);
    assert_eq!(device.poll(SECOND), NOTHING);
    assert_eq!(device.poll(4 * SECOND), [0x11]);
}

#[test]
fn bytes_take_their_time_on_a_line_of_9600_baud() {
    let mut link = MemoryLink::new(Device::in_memory(EPSON, 48)).at_baud(9600);
    let mut port = link.open().expect("open");
    port.write(&b"0123456789\n".repeat(96)[..960], 2 * SECOND).expect("written");
    assert_eq!(link.now(), Duration::from_secs(10) / 9600 * 960);
    assert_eq!(port.write(&b"x".repeat(9600), SECOND), Err(PortError::Stuck), "a second is 960 bytes");
}

#[test]
fn two_slips_that_show_the_same_are_copies() {
    let receipt = b"Total 1.00\n\x1DVB\x00";
    let device = printed(&[receipt.as_slice(), b"other\n\x1DVB\x00", receipt].concat());
    assert_eq!(device.slips().iter().map(|slip| slip.copy).collect::<Vec<_>>(), [1, 1, 2]);
}

#[test]
fn every_byte_of_a_conversation_can_be_hurt_in_either_direction() {
    let document = b"\x1B@\x1Da\x0Fone\ntwo\n\x1DVB\x00\x1D(H\x06\x0000AAAA";
    let whole = vec![Item::Cut(Cut::Partial)];
    for way in [Way::ToDevice, Way::FromDevice] {
        for harm in [Harm::Drop, Harm::Flip(0x20), Harm::Disconnect, Harm::Stall(9 * SECOND), Harm::Insert(0x55)] {
            let bytes = if way == Way::ToDevice { document.len() as u64 } else { 11 };
            for at in 0..bytes {
                let link = MemoryLink::new(Device::in_memory(EPSON, 48));
                let plan = Plan::with(Spot { way, at, harm });
                let mut port = FaultyOpener::new(link.clone(), plan).open().expect("open");
                let sent = port.write(document, SECOND);
                let mut got = [0; 64];
                while matches!(port.read(&mut got, SECOND), Ok(1..)) {}
                if sent.is_ok() && way == Way::FromDevice {
                    let cuts: Vec<Item> = link
                        .device(|device| items(device))
                        .into_iter()
                        .filter(|item| matches!(item, Item::Cut(_)))
                        .collect();
                    assert_eq!(cuts, whole, "{harm:?} at {at}");
                }
            }
        }
    }
}
