//! Examples of the manual, command by command.

use super::{Item, incidents, items, printed, text};
use crate::simulator::printer::books::Line;
use crate::simulator::printer::{Cut, Device, Slip};

fn slip(bytes: &[u8]) -> Slip {
    printed(bytes).slips().remove(0)
}

fn line(bytes: &[u8]) -> Line {
    match slip(bytes).items.remove(0) {
        Item::Line(line) => line,
        other => panic!("{other:?}"),
    }
}

/// A black dot somewhere in this square of paper that is not cut yet.
fn black(device: &Device, x: std::ops::Range<usize>, y: std::ops::Range<usize>) -> bool {
    y.clone().any(|y| x.clone().any(|x| device.sheet().get(x, y)))
}

#[test]
fn looks_of_characters_are_in_the_books_and_on_the_paper() {
    assert_eq!(line(b"plain\n"), Line { text: "plain".to_owned(), ..Line::default() });
    assert!(line(b"\x1BE\x01b\n").bold && line(b"\x1BG\x01b\n").bold && line(b"\x1B!\x08b\n").bold);
    assert!(line(b"\x1B-\x02u\n").underlined && line(b"\x1B!\x80u\n").underlined);
    assert!(line(b"\x1DB\x01r\n").reverse && line(b"\x1B{\x01u\n").upside_down);
    assert_eq!((line(b"\x1D!\x12x\n").wide, line(b"\x1D!\x12x\n").tall), (2, 3));
    assert_eq!((line(b"\x1B!\x30x\n").wide, line(b"\x1B!\x30x\n").tall), (2, 2));
    let device = printed(b"\x1DB\x01 \n");
    assert!(device.sheet().get(0, 0) && device.sheet().get(11, 23) && !device.sheet().get(12, 0), "a black cell");
}

#[test]
fn a_line_is_48_columns_of_font_a_and_64_of_font_b_and_wraps() {
    let fifty = [b"x".repeat(50), b"\n".to_vec()].concat();
    assert_eq!(text(&printed(&fifty)), format!("{}\nxx", "x".repeat(48)));
    let seventy = [b"\x1BM\x01".to_vec(), b"x".repeat(70), b"\n".to_vec()].concat();
    assert_eq!(text(&printed(&seventy)), format!("{}\n{}", "x".repeat(64), "x".repeat(6)));
    let double = [b"\x1D!\x10".to_vec(), b"x".repeat(25), b"\n".to_vec()].concat();
    assert_eq!(text(&printed(&double)), format!("{}\nx", "x".repeat(24)));
}

#[test]
fn lines_are_aligned_and_columns_kept() {
    assert_eq!(
        text(&printed(b"\x1Ba\x01abcd\n\x1Ba\x02abcd\n\x1Ba\x00abcd\n")),
        format!("{}abcd\n{}abcd\nabcd", " ".repeat(22), " ".repeat(44))
    );
    assert_eq!(text(&printed(b"a\tb\n")), "a       b");
    assert_eq!(text(&printed(b"\x1BD\x05\x0A\x00a\tb\tc\n")), "a    b    c");
    assert_eq!(text(&printed(b"a\x1B$\x78\x00b\n")), "a         b", "120 dots are ten columns");
    assert_eq!(text(&printed(b"a\x1B\\\x0C\x00b\n")), "a b");
    assert_eq!(text(&printed(b"\x1DL\x18\x00\x1DW\x30\x00abcde\n")), "abcd\ne", "a print width of four columns");
    let device = printed(b"\x1DL\x18\x00H\n");
    assert!(!black(&device, 0..24, 0..24) && black(&device, 24..36, 0..24), "printed right of the margin");
}

#[test]
fn feeding_and_spacing_take_paper() {
    let rows = |bytes: &[u8]| printed(bytes).sheet().height();
    assert_eq!(rows(b"a\n"), 30);
    assert_eq!(rows(b"\x1B3\x40a\n\x1B2b\n"), 64 + 30);
    assert_eq!(rows(b"a\x1Bd\x03"), 90);
    assert_eq!(rows(b"a\n\x1BJ\x07"), 37);
    assert_eq!(rows(b"\x1D!\x03x\n"), 96, "four times as tall");
}

#[test]
fn nothing_is_printed_before_its_line_feed() {
    let mut device = printed(b"not yet");
    assert_eq!((items(&device), device.is_idle()), (vec![], false));
    device.feed(b"\x1B@\n", std::time::Duration::ZERO);
    assert_eq!(text(&device), "", "ESC @ forgets the line");
    device.feed(b"now\n", std::time::Duration::ZERO);
    assert_eq!(text(&device), "\nnow");
}

#[test]
fn cuts_end_a_slip_in_four_ways() {
    for (bytes, cut) in [
        (b"a\n\x1DV\x00".as_slice(), Cut::Full),
        (b"a\n\x1DV1", Cut::Partial),
        (b"a\n\x1DVA\x00", Cut::Full),
        (b"a\n\x1DVB\x10", Cut::Partial),
    ] {
        assert_eq!(slip(bytes).cut(), Some(cut), "{bytes:02X?}");
    }
    assert!(incidents(&printed(b"a\n\x1DVA\x00")).is_empty());
    let near = incidents(&printed(b"a\n\x1DV\x00"));
    assert_eq!(near, ["cut through print: not fed to the cutter"]);
    let inside = printed(b"a\x1DVA\x00");
    assert_eq!(incidents(&inside), ["a cut in the middle of a line is ignored"]);
}

#[test]
fn pulses_tell_pin_and_milliseconds() {
    assert_eq!(slip(b"\x1Bp\x00\x19\xFA\x1Bp1\x32\x32").pulses(), [(2, 50, 500), (5, 100, 100)]);
}

#[test]
fn a_raster_of_16_by_2_dots_is_on_the_paper_as_it_was_sent() {
    let device = printed(&[0x1D, b'v', b'0', 0, 2, 0, 2, 0, 0xFF, 0, 0, 0xFF]);
    let rows: Vec<String> =
        (0..2).map(|y| (0..17).map(|x| if device.sheet().get(x, y) { '#' } else { '.' }).collect()).collect();
    assert_eq!(rows, ["########.........", "........########."]);
    assert!(matches!(items(&device)[0], Item::Image { width: 16, height: 2, .. }));
    let double = printed(&[0x1D, b'v', b'0', 3, 2, 0, 2, 0, 0xFF, 0, 0, 0xFF]);
    assert!(matches!(items(&double)[0], Item::Image { width: 32, height: 4, .. }));
}

#[test]
fn the_same_picture_has_the_same_fingerprint_whichever_command_brought_it() {
    let raster = slip(&[0x1D, b'v', b'0', 0, 1, 0, 2, 0, 0xF0, 0x0F]);
    let stored =
        [0x1D, b'(', b'L', 0x0C, 0, 48, 112, 48, 1, 1, 49, 8, 0, 2, 0, 0xF0, 0x0F, 0x1D, b'(', b'L', 2, 0, 48, 50];
    let long = [
        0x1D, b'8', b'L', 0x0C, 0, 0, 0, 48, 112, 48, 1, 1, 49, 8, 0, 2, 0, 0xF0, 0x0F, 0x1D, b'(', b'L', 2, 0, 48, 50,
    ];
    assert_eq!(raster.images(), slip(&stored).images());
    assert_eq!(raster.images(), slip(&long).images());
    let other = slip(&[0x1D, b'v', b'0', 0, 1, 0, 2, 0, 0xF0, 0x1F]);
    assert_ne!(raster.images(), other.images());
}

#[test]
fn column_graphics_are_dots_of_their_line() {
    let device = printed(&[0x1B, b'*', 33, 2, 0, 0x80, 0, 1, 0xFF, 0xFF, 0xFF, 0x0A]);
    let sheet = device.sheet();
    assert!(sheet.get(0, 0) && !sheet.get(0, 1) && sheet.get(0, 23));
    assert!((0..24).all(|y| sheet.get(1, y)) && !sheet.get(2, 0));
    assert!(matches!(items(&device)[0], Item::Image { height: 24, .. }), "{:?}", items(&device));
}

#[test]
fn bar_codes_of_both_forms_are_read_back() {
    let both = slip(b"\x1Dk\x02460123456789\x00\x1DkC\x0C460123456789");
    assert_eq!(both.barcodes(), [("ean-13", "4601234567893"), ("ean-13", "4601234567893")]);
    assert_eq!(slip(b"\x1DkI\x08{BAB12-9").barcodes(), [("code128", "AB12-9")]);
    assert_eq!(slip(b"\x1DkE\x06AB-1.9").barcodes(), [("code39", "AB-1.9")]);
    assert_eq!(slip(b"\x1DkF\x041234").barcodes(), [("itf", "1234")]);
    assert_eq!(slip(b"\x1DkG\x05A123B").barcodes(), [("codabar", "A123B")]);
    assert_eq!(slip(b"\x1DkH\x04TEST").barcodes(), [("code93", "TEST")]);
    let device = printed(b"\x1Dh\x28\x1Dw\x02\x1DH\x02\x1DkC\x0C460123456789");
    assert_eq!(device.sheet().height(), 40 + 24);
    assert!(device.sheet().get(0, 0) && device.sheet().get(1, 0) && !device.sheet().get(2, 0), "the start bar");
}

#[test]
fn bad_bar_code_data_becomes_text() {
    let device = printed(b"\x1DkC\x0C46012345678X\n");
    assert_eq!(text(&device), "X");
    assert_eq!(incidents(&device).len(), 1, "{:?}", incidents(&device));
}

fn qr(content: &[u8], level: u8) -> Vec<u8> {
    let length = (content.len() as u16 + 3).to_le_bytes();
    let store = [b"\x1D(k".as_slice(), &length, b"1P0", content].concat();
    [b"\x1D(k\x04\x001A2\0\x1D(k\x03\x001C\x06\x1D(k\x03\x001E".as_slice(), &[level], &store, b"\x1D(k\x03\x001Q0"]
        .concat()
}

#[test]
fn a_qr_code_of_each_level_is_in_the_books_and_a_reader_reads_it_off_the_paper() {
    let content = "t=20261125T1204&s=1999.99&fn=9999078900004312&i=7&fp=2911111111&n=1";
    for (level, name) in [(48, 'L'), (49, 'M'), (50, 'Q'), (51, 'H')] {
        let device = printed(&qr(content.as_bytes(), level));
        let expected = Item::Qr { data: content.to_owned(), level: name, model: 2, module: 6 };
        assert_eq!(items(&device), [expected]);
        assert_eq!(device.sheet().qr_codes(), [content]);
    }
}

#[test]
fn a_qr_code_that_was_sent_as_a_picture_is_read_off_the_paper_too() {
    let drawn = printed(&qr("рубль ₽ 42".as_bytes(), 49));
    let (sheet, side) = (drawn.sheet(), drawn.sheet().height());
    let across = side.div_ceil(8);
    let mut bytes = vec![0x1D, b'v', b'0', 0, across as u8, 0, side as u8, 0];
    for y in 0..side {
        bytes.extend((0..across).map(|x| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(sheet.get(x * 8 + bit, y)))));
    }
    let picture = printed(&bytes);
    assert_eq!(picture.sheet().qr_codes(), ["рубль ₽ 42"]);
    assert!(picture.slips()[0].qr_codes().is_empty() && picture.slips()[0].images().len() == 1);
}
