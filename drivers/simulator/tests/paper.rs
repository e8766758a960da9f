//! What is printed, what is held back, and what is not wanted.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::host::{Host, clock, closing, item, tlv};
use crate::simulator::Register;

#[derive(Clone, Default)]
struct Roll(Arc<Mutex<Vec<u8>>>);

impl Roll {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().expect("not poisoned"))).expect("text")
    }
}

impl Write for Roll {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printing() -> (Host, Roll) {
    let roll = Roll::default();
    let mut host = Host::with(Register::in_memory(clock(), Box::new(roll.clone())));
    host.open_shift();
    roll.take();
    (host, roll)
}

#[test]
fn a_receipt_looks_like_one() {
    let (mut host, roll) = printing();
    host.command("8D", &[0]).expect("opened");
    for (tag, text) in [(1021, "Тестов Т."), (1008, "client@example.com"), (1192, "K000010000100101")] {
        host.command("FF0C", &tlv(tag, text)).expect("a tag");
    }
    host.command("FF46", &item(1, 1_000_000, 1065, 2, "Стрижка")).expect("a line");
    host.command("17", &[&[2][..], &[0xD1, 0xEA, 0xE8, 0xE4, 0xEA, 0xE0, 0x20, b'2', b'.', b'5', b'4']].concat())
        .expect("a text");
    host.command("FF45", &closing(&[(1, 500), (2, 555), (14, 55)], 0, 1)).expect("closed");
    let paper = roll.take();
    let sign = format!("ФП {:010}", host.last().sign);
    let lines: Vec<&str> = paper.lines().map(str::trim).collect();
    let spaced = |left: &str, right: &str| {
        format!("{left}{}{right}", " ".repeat(48 - left.chars().count() - right.chars().count()))
    };
    assert_eq!(
        lines[2..],
        [
            "КАССОВЫЙ ЧЕК",
            "ПРИХОД",
            "Стрижка",
            &spaced("1 x 10.65", "=10.65"),
            &spaced("НДС 10%", "=0.97"),
            "Скидка 2.54",
            &spaced("ИТОГ", "=10.65"),
            &spaced("НАЛИЧНЫМИ", "=5.00"),
            &spaced("БЕЗНАЛИЧНЫМИ", "=5.55"),
            &spaced("ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)", "=0.55"),
            &spaced("СДАЧА", "=0.45"),
            &spaced("СУММА НДС 10%", "=0.97"),
            &spaced("СНО", "ОСН"),
            &spaced("КАССИР", "Тестов Т."),
            &spaced("ЭЛ.АДР.ПОКУПАТЕЛЯ", "client@example.com"),
            &spaced("ДОП.РЕКВИЗИТ", "K000010000100101"),
            &spaced("2026-02-10 12:34", "СМЕНА 1"),
            &spaced("ЧЕК №", "1"),
            &spaced("ЗН ККТ 0000000000001234", "ИНН 7701234567"),
            &spaced("РН ККТ 0000000001012345", "ФН 9999078900000001"),
            &spaced("ФД 3", &sign),
            &"-".repeat(48),
        ]
    );
    assert!(paper.lines().all(|line| line.chars().count() <= 48));
}

#[test]
fn without_paper_nothing_begins_and_with_it_everything_goes_on() {
    let (mut host, _roll) = printing();
    host.inject("paper out");
    assert_eq!(host.mode(), (2, 1));
    assert_eq!(host.command("8D", &[0]), Err(0x6B));
    assert_eq!(host.command("41", &[]), Err(0x6B));
    host.inject("paper in");
    host.sell(100).expect("sold");
}

#[test]
fn paper_that_ends_after_the_close_holds_back_a_registered_receipt() {
    let (mut host, roll) = printing();
    host.inject("paper out after-close");
    host.sell(4200).expect("registered all the same");
    let number = host.last().number;
    assert!(roll.take().ends_with("*** ДОКУМЕНТ НЕ ДЕЙСТВИТЕЛЕН ***\n"));
    assert_eq!(host.mode(), (2, 2));
    assert_eq!(host.command("8D", &[0]), Err(0x72));
    assert_eq!(host.command("B0", &[]), Err(0x6B));
    host.inject("paper in");
    assert_eq!(host.mode(), (2, 3));
    assert_eq!(host.command("8D", &[0]), Err(0x58));
    host.command("B0", &[]).expect("printed on");
    assert!(roll.take().contains("ИТОГ"));
    assert_eq!(host.mode(), (2, 0));
    assert_eq!(host.last().number, number, "the document is one");
    host.command("8C", &[]).expect("copied");
    assert!(roll.take().starts_with("КОПИЯ\n"));
}

#[test]
fn the_cover_and_the_cutter_hinder_too() {
    let (mut host, _roll) = printing();
    host.inject("cover open");
    let status = host.command("10", &[]).expect("status");
    assert_eq!((u16::from_le_bytes([status[1], status[2]]), status[4]), (0x0690, 1));
    assert_eq!(host.command("8D", &[0]), Err(0x6B));
    host.inject("cover close");
    host.inject("cutter fail");
    assert_eq!(host.command("8D", &[0]), Err(0x71));
    host.inject("cutter ok");
    host.command("8D", &[0]).expect("opened");
}

#[test]
fn an_electronic_receipt_needs_no_paper_and_the_next_one_is_printed_again() {
    let (mut host, roll) = printing();
    host.command("1E", &[17, 1, 0, 7, 1]).expect("written");
    host.inject("paper out");
    host.sell(100).expect("sold without paper");
    assert!(!host.last().on_paper);
    assert_eq!((roll.take(), host.command("1F", &[17, 1, 0, 7])), (String::new(), Ok(vec![0])));
    assert_eq!(host.command("8D", &[0]), Err(0x6B));
}
