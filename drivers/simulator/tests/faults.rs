//! Every fault of the script, seen from the line.

use std::time::Duration;

use super::host::{ACK, ENQ, Host, NAK, closing, frame, le, unframe};
use crate::simulator::books::Kind;

const S: Duration = Duration::from_secs(1);

/// A host with an open sale and the frame that closes it.
fn about_to_close() -> (Host, Vec<u8>) {
    let mut host = Host::new();
    host.open_shift();
    host.open_sale(1065);
    let body = [&[0xFF, 0x45, 30, 0, 0, 0][..], &closing(&[(1, 1065)], 0, 1)].concat();
    (host, frame(&body))
}

fn receipts(host: &Host) -> usize {
    host.documents().iter().filter(|document| document.kind == Kind::Receipt).count()
}

#[test]
fn a_lost_answer_is_gone_although_the_receipt_is_registered() {
    let (mut host, close) = about_to_close();
    host.inject("lose-answer FF45");
    assert_eq!(host.send(&close), [ACK]);
    assert!(host.wait(60 * S).is_empty());
    assert_eq!(host.send(&[ENQ]), [NAK]);
    assert_eq!((receipts(&host), host.mode()), (1, (2, 0)));
    host.sell(100).expect("once only");
}

#[test]
fn a_lost_answer_that_is_kept_is_found_by_enq() {
    let (mut host, close) = about_to_close();
    host.inject("lose-answer FF45 kept");
    assert_eq!(host.send(&close), [ACK]);
    let came = host.send(&[ENQ]);
    assert_eq!(came[0], ACK);
    assert_eq!(unframe(&came[1..])[..3], [0xFF, 0x45, 0]);
    assert!(host.send(&[ACK]).is_empty());
    assert_eq!(host.send(&[ENQ]), [NAK]);
}

#[test]
fn silence_hears_nothing_and_does_nothing() {
    let (mut host, close) = about_to_close();
    host.inject("silence FF45 5s");
    assert!(host.send(&close).is_empty());
    assert!(host.send(&[ENQ]).is_empty());
    assert!(host.wait(5 * S).is_empty());
    assert_eq!(host.send(&[ENQ]), [NAK]);
    assert_eq!((receipts(&host), host.mode()), (0, (8, 0)));
    host.inject("silence 2s");
    assert!(host.send(&[ENQ]).is_empty());
    host.wait(2 * S);
    assert_eq!(host.send(&[ENQ]), [NAK]);
    host.inject("silence");
    assert!(host.send(&close).is_empty());
    assert_eq!(host.send(&[ENQ]), [NAK]);
}

#[test]
fn a_refusal_and_a_nak_carry_nothing_out() {
    let (mut host, close) = about_to_close();
    host.inject("refuse FF45 46h");
    host.inject("nak FF45 x2");
    assert_eq!((host.send(&close), host.send(&close)), (vec![NAK], vec![NAK]));
    assert_eq!(host.send(&close), [&[ACK][..], &frame(&[0xFF, 0x45, 0x46])].concat());
    host.send(&[ACK]);
    assert_eq!(receipts(&host), 0);
    host.send(&close);
    assert_eq!(receipts(&host), 1);
}

#[test]
fn a_bad_sum_comes_once_and_the_answer_comes_again_well() {
    let (mut host, close) = about_to_close();
    host.inject("bad-lrc FF45");
    let bad = host.send(&close);
    assert!(host.send(&[NAK]).is_empty(), "the device does not repeat by itself");
    let good = host.send(&[ENQ]);
    assert_eq!(bad[..bad.len() - 1], good[..good.len() - 1]);
    assert_ne!(bad.last(), good.last());
    unframe(&good[1..]);
    assert_eq!(receipts(&host), 1);
}

#[test]
fn a_late_answer_is_being_prepared_meanwhile() {
    let (mut host, close) = about_to_close();
    host.inject("delay FF45 12s");
    assert_eq!(host.send(&close), [ACK]);
    assert_eq!(receipts(&host), 1);
    host.wait(5 * S);
    assert_eq!(host.send(&[ENQ]), [ACK]);
    assert!(host.wait(6 * S).is_empty());
    assert_eq!(host.device.wake_at(), Some(12 * S + Duration::from_millis(7)));
    assert_eq!(unframe(&host.wait(2 * S))[..3], [0xFF, 0x45, 0]);
}

#[test]
fn a_power_cut_before_the_close_keeps_the_receipt_open() {
    let (mut host, close) = about_to_close();
    host.inject("power-cut before FF45");
    assert!(host.send(&close).is_empty());
    assert!(!host.device.powered());
    assert!(host.send(&[ENQ]).is_empty());
    host.wait(2 * S);
    assert!(host.device.powered(), "power comes back by itself");
    assert_eq!(host.send(&[ENQ]), [NAK]);
    assert_eq!((receipts(&host), host.mode()), (0, (8, 0)));
    host.command("88", &[]).expect("cancelled");
}

#[test]
fn a_power_cut_after_the_close_forgets_the_answer_and_keeps_the_document() {
    let (mut host, close) = about_to_close();
    host.inject("power-cut after FF45 stays");
    assert!(host.send(&close).is_empty());
    host.wait(3600 * S);
    assert!(!host.device.powered());
    host.inject("power on");
    assert_eq!(host.send(&[ENQ]), [NAK]);
    assert_eq!((receipts(&host), host.mode()), (1, (2, 0)));
}

#[test]
fn a_busy_device_refuses_everything_but_status() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("busy 3");
    assert_eq!(host.command("8D", &[0]), Err(0x50));
    assert_eq!((host.mode(), host.mode(), host.mode()), ((2, 5), (2, 5), (2, 0)));
    host.inject("busy for-ever");
    for _ in 0..1000 {
        assert_eq!(host.command("89", &[]), Err(0x50));
    }
    host.inject("busy off");
    host.sell(100).expect("sold");
}

#[test]
fn a_document_takes_its_time_to_print() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("print-time 2s");
    host.sell(100).expect("sold");
    assert_eq!((host.mode(), host.command("8D", &[0])), ((2, 5), Err(0x50)));
    host.wait(2 * S);
    assert_eq!(host.mode(), (2, 0));
    host.command("8D", &[0]).expect("opened");
}

#[test]
fn a_wrong_total_shows_in_the_subtotal_and_goes_with_the_receipt() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("wrong-total 7");
    host.open_sale(1000);
    assert_eq!(host.command("89", &[]).expect("subtotal")[1..], le(1007, 5));
    host.command("88", &[]).expect("cancelled");
    host.open_sale(1000);
    assert_eq!(host.command("89", &[]).expect("subtotal")[1..], le(1000, 5));
}

#[test]
fn another_storage_begins_at_one_with_a_closed_shift() {
    let mut host = Host::new();
    host.open_shift();
    host.sell(100).expect("sold");
    let before = host.command("FF02", &[]).expect("number");
    host.inject("swap-storage");
    assert_ne!(host.command("FF02", &[]).expect("number"), before);
    let status = host.command("FF01", &[]).expect("status");
    assert_eq!(status[26..], [1, 0, 0, 0]);
    assert_eq!(host.mode(), (4, 0));
    assert_eq!(host.command("FF0A", &[3, 0, 0, 0]), Err(0x08));
}

#[test]
fn somebody_else_sells_leaves_a_receipt_open_and_moves_cash() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("foreign sale 4200");
    assert!(host.last().foreign && host.last().total.minor() == 4200);
    host.inject("foreign-open 4200");
    assert_eq!(host.mode(), (8, 0));
    assert_eq!(host.command("89", &[]).expect("subtotal")[1..], le(4200, 5));
    assert_eq!(host.inject("foreign sale 1"), "not done: a receipt is open");
    host.command("88", &[]).expect("cancelled");
    host.inject("foreign-cash-in 100 after 10");
    host.mode();
    assert_eq!(host.last().kind, Kind::CashIn);
    let books = host.inject("books");
    assert!(books.contains("FD 3 receipt Sale 42.00"), "{books}");
}

#[test]
fn a_sale_of_somebody_else_comes_right_after_ours() {
    let (mut host, close) = about_to_close();
    host.inject("lose-answer FF45");
    host.inject("foreign sale 1065 after FF45");
    host.send(&close);
    assert_eq!(receipts(&host), 2);
    assert!(host.last().foreign);
}

#[test]
fn the_drawer_the_rates_and_the_noise_are_set_by_the_script() {
    let mut host = Host::new();
    host.inject("drawer 12345");
    assert_eq!(host.command("1A", &[241]).expect("drawer")[1..], le(12_345, 6));
    host.inject("vat 1 2000");
    assert_eq!(host.command("1F", &[6, 1, 0, 1]), Ok(le(2000, 2)));
    host.inject("noise 2");
    assert_eq!(host.send(&[ENQ]), [0xFF, 0xFF, NAK]);
    assert!(host.inject("help").contains("lose-answer"));
}

#[test]
fn an_answer_may_come_without_its_ack_or_by_half() {
    let (mut host, close) = about_to_close();
    host.inject("no-ack FF45");
    assert_eq!(unframe(&host.send(&close))[..3], [0xFF, 0x45, 0]);
    host.send(&[ACK]);
    host.inject("half-answer 10");
    let half = host.send(&frame(&[0x10, 30, 0, 0, 0]));
    let whole = host.send(&[ENQ]);
    assert_eq!((half.len(), whole.len()), (11, 21));
    assert!(whole.starts_with(&half));
}

#[test]
fn the_numbered_level_carries_a_close_out_once_however_often_it_is_sent() {
    let mut host = Host::new();
    let mut number = 0;
    let mut ask = |host: &mut Host, body: &[u8]| {
        number += 1;
        let request = super::super::shtrih::packet_of(number, body);
        (host.send(&request), request)
    };
    let close = [&[0xFF, 0x45, 30, 0, 0, 0][..], &closing(&[(1, 100)], 0, 1)].concat();
    ask(&mut host, &[0xE0, 30, 0, 0, 0]);
    ask(&mut host, &[&[0xFF, 0x46, 30, 0, 0, 0][..], &super::host::item(1, 1_000_000, 100, 8, "x")].concat());
    host.inject("lose-answer FF45");
    let (nothing, request) = ask(&mut host, &close);
    assert!(nothing.is_empty());
    let again = host.send(&request);
    assert_eq!(again[..8], [0x8F, 23, 0, 3, 0, 0xFF, 0x45, 0]);
    assert_eq!((receipts(&host), host.send(&request)), (1, again));
    host.inject("power-cut before 10");
    assert!(ask(&mut host, &[0x10, 30, 0, 0, 0]).0.is_empty());
    host.wait(2 * S);
    assert_eq!(host.send(&[ENQ]), [NAK], "after power-on the host may choose anew");
}
