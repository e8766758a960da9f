//! Cash in the drawer, its counters, and the reports.

use super::host::{Host, le};
use crate::simulator::books::Kind;

fn money(host: &mut Host, register: u8) -> u64 {
    let answer = host.command("1A", &[register]).expect("a register");
    answer[1..].iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

fn count(host: &mut Host, register: u8) -> u16 {
    let answer = host.command("1B", &[register]).expect("a register");
    u16::from_le_bytes([answer[1], answer[2]])
}

#[test]
fn cash_in_and_out_leave_no_fiscal_document_but_are_counted_and_booked() {
    let mut host = Host::new();
    host.open_shift();
    let storage = host.command("FF01", &[]).expect("status");
    // Registration is the first document of the device, the shift the second.
    assert_eq!(host.command("50", &le(5000, 5)), Ok(vec![30, 3, 0]));
    assert_eq!(host.command("51", &le(1200, 5)), Ok(vec![30, 4, 0]));
    assert_eq!(host.command("51", &le(3801, 5)), Err(0x46));
    assert_eq!(host.command("50", &le(0, 5)), Err(0x33));
    assert_eq!(host.command("FF01", &[]).expect("status"), storage);
    assert_eq!([241, 242, 243].map(|register| money(&mut host, register)), [3800, 5000, 1200]);
    assert_eq!([152, 153, 154, 155, 156].map(|register| count(&mut host, register)), [4, 1, 1, 1, 1]);
    let kinds: Vec<Kind> = host.documents()[2..].iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [Kind::CashIn, Kind::CashOut]);
    assert!(host.documents()[2..].iter().all(|document| document.number == 0));
}

#[test]
fn an_x_report_counts_and_a_z_report_begins_anew_but_the_drawer_and_the_numbers_stay() {
    let mut host = Host::new();
    host.open_shift();
    host.command("50", &le(100, 5)).expect("in");
    host.sell(1000).expect("sold");
    host.sell(500).expect("sold");
    host.open_sale(70);
    host.command("88", &[]).expect("cancelled");
    assert_eq!([193, 241, 249].map(|register| money(&mut host, register)), [1500, 1600, 70]);
    assert_eq!([144, 148, 157, 158].map(|register| count(&mut host, register)), [2, 2, 1, 0]);
    host.command("40", &[]).expect("reported");
    assert_eq!((count(&mut host, 158), money(&mut host, 193)), (1, 1500));
    assert_eq!(host.command("FF40", &[]), Ok(vec![1, 1, 0, 2, 0]));
    host.command("41", &[]).expect("closed");
    assert_eq!(host.last().kind, Kind::ShiftClosed);
    assert_eq!(host.command("FF40", &[]), Ok(vec![0, 1, 0, 2, 0]));
    assert_eq!([193, 241, 242, 249].map(|register| money(&mut host, register)), [0, 1600, 0, 0]);
    assert_eq!([144, 148, 155].map(|register| count(&mut host, register)), [0, 2, 1]);
    host.open_shift();
    assert_eq!(host.command("FF40", &[]), Ok(vec![1, 2, 0, 0, 0]));
}
