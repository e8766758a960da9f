//! The documented example of a fiscalize document as raw frames: 13.19 less 2.54 is 10.65 with 10 % tax, paid with
//! card 5.55, cash 4.55 and an advance of 0.55.

use super::host::{Host, closing, item, tlv};
use crate::contract::{Money, VatRate};
use crate::simulator::books::{Kind, Operation, VatSum};

fn sell(host: &mut Host) -> Vec<u8> {
    host.open_shift();
    host.command("8D", &[0]).expect("opened");
    for (tag, text) in [(1021, "Тестов Т."), (1008, "client@example.com"), (1192, "K000010000100101")] {
        host.command("FF0C", &tlv(tag, text)).expect("a tag");
    }
    host.command("FF46", &item(1, 1_000_000, 1065, 2, "Стрижка")).expect("a line");
    assert_eq!(host.command("89", &[]), Ok(vec![30, 0x29, 4, 0, 0, 0]));
    host.command("FF45", &closing(&[(1, 455), (2, 555), (14, 55)], 0, 1)).expect("closed")
}

#[test]
fn the_example_ends_in_the_books_with_every_sum_and_tag() {
    let mut host = Host::new();
    let answer = sell(&mut host);
    let receipt = host.last().clone();
    let money = Money::from_minor;
    assert_eq!((receipt.kind, receipt.operation), (Kind::Receipt, Some(Operation::Sale)));
    assert_eq!((receipt.total, receipt.change, receipt.rounding), (money(1065), money(0), money(0)));
    assert_eq!(receipt.payments.cash, money(455));
    assert_eq!(receipt.payments.electronic, [money(555)]);
    assert_eq!(receipt.payments.prepaid, money(55));
    let vat = VatSum { rate: VatRate::Rate(1000), turnover: money(1065), tax: money(97) };
    assert_eq!(receipt.vat.into_iter().collect::<Vec<_>>(), [(2, vat)]);
    assert_eq!(host.last().tag_text(1021), "Тестов Т.");
    assert_eq!(host.last().tag_text(1008), "client@example.com");
    assert_eq!(host.last().tag_text(1192), "K000010000100101");
    assert_eq!(host.last().tax_system, 1);
    // Registration is FD 1, the opening of the shift FD 2, this one FD 3; change, FD, FP, time.
    assert_eq!(answer[..9], [0, 0, 0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(answer[9..13], host.last().sign.to_le_bytes());
    assert_eq!(answer[13..], [26, 2, 10, 12, 34]);
}

#[test]
fn the_storage_gives_the_document_back_by_its_number_with_every_tag() {
    let mut host = Host::new();
    sell(&mut host);
    let sign = host.last().sign.to_le_bytes();
    let found = host.command("FF0A", &[3, 0, 0, 0]).expect("found");
    let expected = [&[3, 0, 26, 2, 10, 12, 34, 3, 0, 0, 0][..], &sign, &[1, 0x29, 4, 0, 0, 0]].concat();
    assert_eq!(found, expected);
    let head = host.command("FF3A", &[3, 0, 0, 0]).expect("begun");
    assert_eq!(head[..2], [3, 0]);
    let mut all = Vec::new();
    let end = loop {
        match host.command("FF3B", &[]) {
            Ok(tag) => all.extend(tag),
            Err(code) => break code,
        }
    };
    assert_eq!((end, all.len()), (0x08, usize::from(u16::from_le_bytes([head[2], head[3]]))));
    let holds = |part: &[u8]| all.windows(part.len()).any(|window| window == part);
    for (tag, text) in [(1021, "Тестов Т."), (1008, "client@example.com"), (1192, "K000010000100101")] {
        assert!(holds(&tlv(tag, text)), "{tag}");
    }
    assert!(holds(&[0xFC, 0x03, 2, 0, 0x29, 4]), "1020, total");
    assert!(holds(&[0x4F, 0x04, 1, 0, 97]), "1103, tax of 10 %");
    assert_eq!(host.command("FF0A", &[4, 0, 0, 0]), Err(0x08));
}
