//! What the register refuses, and with which code.

use super::host::{Host, closing, item, le, tlv};
use crate::contract::Money;
use crate::simulator::books::{Kind, Operation};

#[test]
fn a_wrong_password_and_an_unknown_command_change_nothing() {
    let mut host = Host::new();
    assert_eq!(host.command_by(31, "E0", &[]), Err(0x4F));
    assert_eq!(host.command_by(1, "41", &[]), Err(0x4F), "a Z report is the administrators'");
    assert_eq!(host.command_by(29, "FF01", &[]), Err(0x4F), "this one is the system administrator's");
    assert_eq!(host.command("7B", &[]), Err(0x37));
    assert_eq!(host.command("FF7B", &[]), Err(0x37));
    assert_eq!(host.command("8D", &[]), Err(0x7E), "too short");
    assert_eq!(host.command("8D", &[0, 0]), Err(0x7E), "too long");
    assert_eq!(host.documents().len(), 1);
    assert_eq!(host.mode(), (4, 0));
}

#[test]
fn the_mode_follows_shift_and_receipt() {
    let mut host = Host::new();
    assert_eq!(host.mode(), (4, 0));
    assert_eq!(host.command("41", &[]), Err(0x73));
    host.open_shift();
    assert_eq!((host.mode(), host.command("E0", &[])), ((2, 0), Err(0x73)));
    for (kind, mode) in [(0, 0x08), (1, 0x18), (2, 0x28), (3, 0x38)] {
        host.command("8D", &[kind]).expect("opened");
        assert_eq!(host.mode(), (mode, 0));
        for command in ["40", "41", "E0"] {
            assert_eq!(host.command(command, &[]), Err(0x4A), "{command}");
        }
        assert_eq!(host.command("8D", &[0]), Err(0x4A));
        assert_eq!(host.command("50", &le(100, 5)), Err(0x4A));
        host.command("88", &[]).expect("cancelled");
    }
    for command in ["88", "89"] {
        assert_eq!(host.command(command, &[]), Err(0x73), "{command}");
    }
    assert_eq!(host.command("FF45", &closing(&[], 0, 1)), Err(0x73));
    host.inject("shift expire");
    assert_eq!(host.mode(), (3, 0));
    assert_eq!(host.command("8D", &[0]), Err(0x4E));
    assert_eq!(host.command("FF46", &item(1, 1_000_000, 100, 8, "x")), Err(0x4E));
    host.command("41", &[]).expect("closed");
    assert_eq!(host.mode(), (4, 0));
}

#[test]
fn a_shift_grows_too_old_in_the_middle_of_a_receipt() {
    let mut host = Host::new();
    host.open_shift();
    host.open_sale(1000);
    host.inject("clock +24h");
    assert_eq!(host.command("FF45", &closing(&[(1, 1000)], 0, 1)), Err(0x4E));
    assert_eq!(host.mode(), (8, 0));
    host.command("88", &[]).expect("cancelled");
    assert_eq!(host.mode(), (3, 0));
}

#[test]
fn payments_must_fit_the_total() {
    let mut host = Host::new();
    host.open_shift();
    host.open_sale(1000);
    assert_eq!(host.command("FF45", &closing(&[(1, 999)], 0, 1)), Err(0x45));
    assert_eq!(host.command("FF45", &closing(&[(2, 1001)], 0, 1)), Err(0x4D));
    assert_eq!(host.command("FF45", &closing(&[(1, 500), (14, 1001)], 0, 1)), Err(0x4D));
    let change = host.command("FF45", &closing(&[(1, 1000), (2, 600)], 0, 1)).expect("closed");
    assert_eq!(change[..5], le(600, 5));
    let receipt = host.last();
    assert_eq!(
        (receipt.payments.cash, receipt.payments.electronic_total()),
        (Money::from_minor(400), Money::from_minor(600))
    );
}

#[test]
fn a_line_s_sum_may_differ_by_one_kopeck() {
    let mut host = Host::new();
    host.open_shift();
    host.command("8D", &[0]).expect("opened");
    let mut three = item(1, 3_000_000, 3333, 8, "Три");
    for (sum, expected) in [(10_001_u64, Err(0x5E)), (9997, Err(0x5E)), (10_000, Ok(vec![])), (9998, Ok(vec![]))] {
        three[12..17].copy_from_slice(&le(sum, 5));
        assert_eq!(host.command("FF46", &three), expected, "{sum}");
    }
    assert_eq!(host.command("89", &[]).expect("subtotal")[1..], le(19_998, 5));
    // 0.625 at 8.30: the register multiplies and rounds half away from zero.
    host.command("FF46", &item(1, 625_000, 830, 8, "Вес")).expect("added");
    assert_eq!(host.command("89", &[]).expect("subtotal")[1..], le(19_998 + 519, 5));
}

#[test]
fn rounding_takes_up_to_ninety_nine_kopecks_off_the_total() {
    let mut host = Host::new();
    host.open_shift();
    host.open_sale(341_718);
    assert_eq!(host.command("FF45", &closing(&[(1, 341_700)], 0, 1)), Err(0x45));
    host.command("FF45", &closing(&[(1, 341_700)], 18, 1)).expect("closed");
    assert_eq!((host.last().total, host.last().rounding), (Money::from_minor(341_700), Money::from_minor(18)));
}

#[test]
fn a_return_needs_cash_in_the_drawer_and_takes_it_out() {
    let mut host = Host::new();
    host.open_shift();
    let back = |host: &mut Host| {
        host.command("8D", &[2]).expect("opened");
        host.command("FF46", &item(2, 1_000_000, 700, 8, "Возврат")).expect("added");
        host.command("FF45", &closing(&[(1, 700)], 0, 1)).map(|_| ())
    };
    assert_eq!(back(&mut host), Err(0x46));
    host.command("88", &[]).expect("cancelled");
    host.sell(1000).expect("sold");
    assert_eq!(back(&mut host), Ok(()));
    assert_eq!(host.last().operation, Some(Operation::SaleReturn));
    assert_eq!(host.command("1A", &[241]).expect("drawer")[1..], le(300, 6));
}

#[test]
fn a_zero_receipt_is_refused_until_the_table_allows_it() {
    let mut host = Host::new();
    host.open_shift();
    host.open_sale(0);
    assert_eq!(host.command("FF45", &closing(&[], 0, 1)), Err(0x8E));
    host.command("1E", &[1, 1, 0, 23, 0]).expect("written");
    host.command("FF45", &closing(&[], 0, 1)).expect("closed");
}

#[test]
fn a_full_buffer_a_full_storage_and_a_foreign_tax_system_are_refused() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("buffer 1");
    host.open_sale(100);
    assert_eq!(host.command("FF46", &item(1, 1_000_000, 100, 8, "x")), Err(0x4B));
    host.inject("tax-systems 02");
    assert_eq!(host.command("FF45", &closing(&[(1, 100)], 0, 1)), Err(0x63));
    host.inject("storage full");
    assert_eq!(host.command("FF45", &closing(&[(1, 100)], 0, 2)), Err(0x14));
    host.inject("storage ok");
    host.command("FF45", &closing(&[(1, 100)], 0, 0)).expect("closed");
    assert_eq!(host.last().tax_system, 2, "the registration's own");
}

#[test]
fn a_clock_behind_the_last_document_registers_nothing() {
    let mut host = Host::new();
    host.open_shift();
    host.inject("clock -1h");
    host.open_sale(100);
    assert_eq!(host.command("FF45", &closing(&[(1, 100)], 0, 1)), Err(0x07));
    host.inject("clock +2h");
    host.command("FF45", &closing(&[(1, 100)], 0, 1)).expect("closed");
}

#[test]
fn a_contact_that_is_none_is_no_tag() {
    let mut host = Host::new();
    host.open_shift();
    host.command("8D", &[0]).expect("opened");
    assert_eq!(host.command("FF0C", &tlv(1008, "none")), Err(0x33));
    assert_eq!(host.command("FF0C", &tlv(1192, "12345678901234567")), Err(0x33), "longer than 16");
    assert_eq!(host.command("FF0C", &tlv(1008, "+79991234567")), Ok(vec![]));
    assert_eq!(host.command("FF0C", &[]), Err(0x33));
    host.command("88", &[]).expect("cancelled");
    assert_eq!(host.command("FF0C", &tlv(1008, "+79991234567")), Err(0x73), "nothing is open");
}

#[test]
fn the_rate_is_a_mask_with_one_bit_of_the_tax_table() {
    let mut host = Host::new();
    host.open_shift();
    host.command("8D", &[0]).expect("opened");
    for (rate, expected) in [(0, Err(0x33)), (3, Err(0x33)), (0x40, Err(0x33)), (1, Ok(vec![])), (0x20, Ok(vec![]))] {
        assert_eq!(host.command("FF46", &item(1, 1_000_000, 12_200, rate, "x")), expected, "{rate}");
    }
    host.command("FF45", &closing(&[(1, 24_400)], 0, 1)).expect("closed");
    let tax = |group: u8| host.last().vat[&group].tax.minor();
    assert_eq!((tax(1), tax(6)), (2200, 1109));
}

#[test]
fn the_first_receipt_opens_the_shift_unless_it_is_told_not_to() {
    let mut host = Host::new();
    host.inject("auto-open off");
    assert_eq!(host.command("8D", &[0]), Err(0x73));
    host.inject("auto-open on");
    host.sell(100).expect("sold");
    let kinds: Vec<Kind> = host.documents().iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [Kind::Registration, Kind::ShiftOpened, Kind::Receipt]);
}

#[test]
fn a_correction_and_the_tags_of_a_shift_s_opening_are_booked() {
    let mut host = Host::new();
    host.command("FF41", &[]).expect("begun");
    assert_eq!(host.command("FF01", &[]).expect("status")[1], 0x02);
    host.command("FF0C", &tlv(1021, "Иванов")).expect("a tag");
    host.open_shift();
    assert_eq!(host.last().tag_text(1021), "Иванов");
    let sums = |all: [u64; 6]| all.iter().flat_map(|sum| le(*sum, 5)).collect::<Vec<_>>();
    let body = [&[1, 1], sums([500, 500, 0, 0, 0, 0]).as_slice(), &sums([0, 45, 0, 0, 0, 0]), &[1]].concat();
    let answer = host.command("FF4A", &body).expect("corrected");
    assert_eq!(answer[..6], [1, 0, 3, 0, 0, 0]);
    assert_eq!(
        (host.last().kind, host.last().total.minor(), host.last().vat[&2].tax.minor()),
        (Kind::Correction, 500, 45)
    );
    assert_eq!(host.command("FF0A", &[3, 0, 0, 0]).expect("found")[0], 31);
}

#[test]
fn the_date_is_set_only_in_a_closed_shift_and_must_be_confirmed() {
    let mut host = Host::new();
    host.command("22", &[3, 4, 27]).expect("set");
    assert_eq!(host.mode(), (6, 0));
    assert_eq!(host.command("E0", &[]), Err(0xC0));
    assert_eq!(host.command("23", &[4, 4, 27]), Err(0x7C));
    host.command("23", &[3, 4, 27]).expect("confirmed");
    host.command("21", &[8, 9, 10]).expect("set");
    assert_eq!(host.device.register().now().to_string(), "2027-04-03T08:09:10");
    host.open_shift();
    assert_eq!(host.command("22", &[3, 4, 27]), Err(0x73));
}

#[test]
fn tables_tell_their_structure_and_keep_what_is_written() {
    let mut host = Host::new();
    let table = host.command("2D", &[17]).expect("structure");
    assert_eq!(table[40..], [1, 0, 17]);
    let field = host.command("2E", &[17, 7]).expect("structure");
    assert_eq!(field[40..], [0, 1, 0, 2]);
    assert_eq!(host.command("1E", &[17, 1, 0, 7, 3]), Err(0x90));
    assert_eq!(host.command("1E", &[18, 1, 0, 1, 3]), Err(0x7A));
    assert_eq!(host.command("1F", &[99, 1, 0, 1]), Err(0x5D));
    assert_eq!(host.command("1F", &[6, 1, 0, 1]), Ok(le(2200, 2)));
    assert_eq!(host.command("1F", &[18, 1, 0, 5]), Ok(vec![0x3F]));
    let name = encoding_rs::WINDOWS_1251.encode("Петрова").0.into_owned();
    host.command("1E", &[&[2, 5, 0, 2], name.as_slice()].concat()).expect("written");
    let read = host.command("1F", &[2, 5, 0, 2]).expect("read");
    assert_eq!((read.len(), &read[..7]), (21, name.as_slice()));
    host.command("1E", &[4, 11, 0, 1, 0x41]).expect("written");
    assert_eq!(host.command("1F", &[4, 11, 0, 1]).expect("read")[..2], [0x41, 0]);
}
