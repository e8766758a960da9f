//! Annotated goldens, and a reader of the command stream that knows nothing of the emitter.

use proptest::prelude::*;

use super::*;
use crate::contract::{
    Body, Cashier, Document, LineDraft, Marker, Money, Payments, Quantity, Receipt, ReceiptDraft, Settlement, Subject,
    SumsPolicy, TaxSystem, VatRate,
};
use crate::escpos::profile::{Cut, NumberedPage};
use crate::layout::{Align, Block, Locale, Shop, compose};

fn profile() -> Profile {
    Profile::named("epson-tm-t20").expect("known").expect("sound")
}

fn one(block: Block) -> Vec<u8> {
    emit(&Layout { blocks: vec![block] }, &profile()).expect("emitted").bytes
}

fn text(text: &str, style: Style) -> Block {
    Block::Text { text: text.into(), align: Align::Left, style }
}

fn golden(name: &str) -> Vec<u8> {
    let file = include_str!("golden/documents.txt");
    let mut lines = file.lines().skip_while(|line| line.strip_prefix("== ") != Some(name));
    assert!(lines.next().is_some(), "no golden {name}");
    lines
        .take_while(|line| !line.starts_with("== "))
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .map(|hex| u8::from_str_radix(hex, 16).expect("hex"))
        .collect()
}

#[test]
fn blocks_are_the_goldens_byte_for_byte() {
    let qr = Block::Qr("https://example.com/a?b=1&c=%D0%B0&d=012345678".into());
    let cases = [
        ("text", text("Чек N1", Style::Plain)),
        ("large", text("ИТОГ", Style::Large)),
        ("Kazakh, by its own page", text("Шаш қию", Style::Plain)),
        ("EAN-13", Block::Barcode("4601234567893".into())),
        ("CODE128 with letters", Block::Barcode("AB12-9{".into())),
        ("ITF-14", Block::Barcode("14601234567890".into())),
        ("QR", qr),
        ("drawer", Block::Drawer),
        ("cut", Block::Cut),
    ];
    for (name, block) in cases {
        let got = one(block);
        let shown: Vec<String> = got.iter().map(|b| format!("{b:02X}")).collect();
        assert_eq!(got, golden(name), "{name}: {}", shown.join(" "));
    }
}

#[test]
fn a_printer_without_pages_for_it_gets_a_picture() {
    let Read { ops, .. } = read(&one(text("剪发", Style::Plain)), &profile());
    assert_eq!(ops.iter().filter(|op| matches!(op, Op::Raster { .. })).count(), 1);
    assert!(!ops.iter().any(|op| matches!(op, Op::Text(_))));
}

#[test]
fn a_large_picture_goes_in_bands_that_each_say_their_length() {
    let mut picture = Bitmap::new(576, 700);
    for at in 0..576 {
        picture.blacken(at, at);
    }
    let Read { ops, .. } = read(&one(Block::Image(picture)), &profile());
    let rows: usize =
        ops.iter().filter_map(|op| if let Op::Raster { rows, .. } = op { Some(*rows) } else { None }).sum();
    assert_eq!(rows, 700);
    assert!(ops.iter().all(|op| !matches!(op, Op::Raster { rows, row_bytes } if rows * row_bytes > BAND_BYTES)));
}

#[test]
fn the_case_with_a_bad_check_digit_and_the_one_too_wide_print_something_readable() {
    let shown = |code: &str| read(&one(Block::Barcode(code.into())), &profile()).text;
    assert_eq!(shown("LOT-2026-02-10-ABCDEFGHIJ-0000000001").trim(), "LOT-2026-02-10-ABCDEFGHIJ-0000000001");
    let Read { ops, .. } = read(&one(Block::Barcode("1324354657687".into())), &profile());
    assert!(ops.contains(&Op::Barcode { kind: 73 }) && !ops.contains(&Op::Barcode { kind: 2 }));
}

#[test]
fn each_way_of_cutting_ends_the_document() {
    for (cut, end) in [
        (Cut::FeedFull, vec![0x0A, 0x1D, 0x56, 0x41, 0x00]),
        (Cut::Partial, vec![0x0A, 0x1D, 0x56, 0x01]),
        (Cut::None, vec![0x0A]),
    ] {
        let profile = Profile { cut, feed: 1, ..profile() };
        let bytes = emit(&Layout { blocks: vec![Block::Cut] }, &profile).expect("emitted").bytes;
        assert!(bytes.ends_with(&end), "{bytes:02X?}");
    }
}

/// What the reader understood.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Op {
    Init,
    CancelChinese,
    Page(u8),
    Text(String),
    LineFeed,
    Bold(u8),
    Align(u8),
    Size(u8),
    Feed(u8),
    Raster { row_bytes: usize, rows: usize },
    Barcode { kind: u8 },
    BarcodeSetting,
    Qr(Vec<u8>),
    Cut(u8),
    Drawer,
}

struct Read {
    ops: Vec<Op>,
    text: String,
}

/// Reads a stream by the command reference; panics on anything that is not on the list.
fn read(bytes: &[u8], profile: &Profile) -> Read {
    for pair in bytes.windows(2) {
        assert!(!(pair[0] == 0x10 && matches!(pair[1], 0x04 | 0x05 | 0x14)), "a real-time sequence");
    }
    let (mut ops, mut shown, mut page, mut rest) = (Vec::new(), String::new(), None, bytes);
    while !rest.is_empty() {
        let (op, length) = match rest {
            [0x1B, 0x40, ..] => (Op::Init, 2),
            [0x1C, 0x2E, ..] => (Op::CancelChinese, 2),
            [0x1B, 0x74, n, ..] => {
                page = profile.pages.iter().find(|p| p.number == *n).map(|p| p.page);
                assert!(page.is_some(), "page {n} is not the printer's");
                (Op::Page(*n), 3)
            }
            [0x1B, 0x45, n @ 0..=1, ..] => (Op::Bold(*n), 3),
            [0x1B, 0x61, n @ 0..=2, ..] => (Op::Align(*n), 3),
            [0x1B, 0x64, n, ..] => (Op::Feed(*n), 3),
            [0x1B, 0x70, 0..=1, on, off, ..] => {
                assert!(*on >= 0x10 && *off >= *on);
                (Op::Drawer, 5)
            }
            [0x1D, 0x21, n @ (0 | 0x11), ..] => (Op::Size(*n), 3),
            [0x1D, 0x56, m @ (65 | 66), _, ..] => (Op::Cut(*m), 4),
            [0x1D, 0x56, m @ 0..=1, ..] => (Op::Cut(*m), 3),
            [0x1D, 0x77, 2..=3, ..] | [0x1D, 0x68, _, ..] | [0x1D, 0x66, 0, ..] | [0x1D, 0x48, 2, ..] => {
                (Op::BarcodeSetting, 3)
            }
            [0x1D, 0x6B, 73, n, data @ ..] => {
                let data = &data[..usize::from(*n)];
                assert!(matches!(data, [b'{', b'B' | b'C', ..]), "{data:?}");
                (Op::Barcode { kind: 73 }, 4 + data.len())
            }
            [0x1D, 0x6B, m @ 0..=5, data @ ..] => {
                let end = data.iter().position(|&b| b == 0).expect("NUL ends it");
                assert!(data[..end].iter().all(|b| (0x20..0x7F).contains(b)));
                (Op::Barcode { kind: *m }, 3 + end + 1)
            }
            [0x1D, 0x28, 0x6B, low, high, data @ ..] => {
                let length = usize::from(*low) + 256 * usize::from(*high);
                (Op::Qr(data[..length].to_vec()), 5 + length)
            }
            [0x1D, 0x76, 0x30, 0, xl, xh, yl, yh, ..] => {
                let (row_bytes, rows) =
                    (usize::from(*xl) + 256 * usize::from(*xh), usize::from(*yl) + 256 * usize::from(*yh));
                assert!(row_bytes > 0 && rows > 0 && row_bytes * 8 <= usize::from(profile.dots) + 7);
                (Op::Raster { row_bytes, rows }, 8 + row_bytes * rows)
            }
            [0x0A, ..] => {
                shown.push('\n');
                (Op::LineFeed, 1)
            }
            [byte, ..] if *byte >= 0x20 && *byte != 0x7F => {
                let end = rest.iter().position(|b| *b < 0x20 || *b == 0x7F).unwrap_or(rest.len());
                let page = page.expect("a page is selected before text");
                let text: String = rest[..end].iter().map(|&b| page.letter(b).expect("a letter")).collect();
                assert!(text.chars().count() <= usize::from(profile.columns), "wider than the paper: {text:?}");
                shown.push_str(&text);
                (Op::Text(text), end)
            }
            other => panic!("not on the list: {:02X?}", &other[..other.len().min(12)]),
        };
        assert!(length <= rest.len(), "a command is cut off");
        rest = &rest[length..];
        ops.push(op);
    }
    Read { ops, text: shown }
}

fn receipt(title: &str, barcode: &str, cashier: &str, custom: &str) -> Receipt {
    let line = LineDraft {
        title: title.into(),
        subject: Subject::Commodity,
        price: Money::from_minor(199_999),
        quantity: Quantity::from_millionths(2_000_000),
        discount: Money::from_minor(98),
        vat: VatRate::Rate(2200),
        settlement: Settlement::Full,
        barcode: Some(barcode.into()),
    };
    let payments = Payments { cash: Money::from_minor(400_000), ..Payments::default() };
    let draft = ReceiptDraft {
        lines: vec![line],
        payments,
        tax_system: TaxSystem::DEFAULT,
        cashier: Some(Cashier { title: cashier.into(), inn: None }),
        contact: None,
        print: true,
        custom_text: Some(custom.into()),
    };
    Receipt::new(draft, SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true }).expect("sums").0
}

/// The text stands in every field that comes from outside.
fn everywhere(text: &str, profile: &Profile) -> Read {
    let document = Document {
        marker: Marker::new(7, 42, 1).expect("in range"),
        body: Body::Sale(receipt(text, text, text, text)),
        original: None,
    };
    let shop = Shop {
        locale: Locale::Ru,
        logo: Some(Bitmap::new(384, 60)),
        header: vec![text.into()],
        footer: vec![text.into()],
        footer_qr: Some(text.into()),
        drawer: true,
    };
    let layout = compose(&document, &shop, false).expect("a layout");
    let stream = read(&emit(&layout, profile).expect("emitted").bytes, profile);
    assert_eq!(stream.ops[..3], [Op::Init, Op::CancelChinese, Op::Page(profile.pages[0].number)]);
    assert_eq!(stream.ops.iter().filter(|op| **op == Op::Drawer).count(), 1, "{text:?}");
    assert_eq!(stream.ops.iter().filter(|op| matches!(op, Op::Cut(_))).count(), 1, "{text:?}");
    assert!(matches!(stream.ops.last(), Some(Op::Cut(_))), "nothing follows the cut");
    assert_eq!(stream.ops.iter().filter(|op| **op == Op::Init).count(), 1);
    stream
}

#[test]
fn a_title_with_control_bytes_opens_no_drawer_and_cuts_nothing() {
    let stream = everywhere("Крем\u{1B}p\0\u{19}ú\u{1D}{CUT}\tБ99.99*1\nитог\u{10}\u{4}\u{1}", &profile());
    assert!(stream.text.contains("{CUT} Б99.99*1 итог"), "{}", stream.text);
}

#[test]
fn every_code_point_in_every_field_leaves_only_listed_commands() {
    let narrow =
        Profile { columns: 32, dots: 384, pages: vec![NumberedPage { page: Page::Cp866, number: 17 }], ..profile() };
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    // Code points of a plane that nobody has assigned look all alike: one in each hundred of them.
    let chosen = all
        .iter()
        .filter(|&&c| (c as u32) < 0x3100 || (c as u32).is_multiple_of(97) || (0xE000..0xFFFF).contains(&(c as u32)));
    let chosen: Vec<char> = chosen.copied().collect();
    for chunk in chosen.chunks(48) {
        let text: String = chunk.iter().collect();
        let stream = everywhere(&text, &narrow);
        assert!(text.contains('?') || !stream.text.contains('?'), "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_leaves_the_list_of_commands(text in "\\PC{0,60}|.{0,60}|[\\x00-\\x20\\u{80}-\\u{A0}]{0,40}") {
        for columns in [32, 48] {
            everywhere(&text, &Profile { columns, dots: u16::from(columns) * 12, ..profile() });
        }
    }

    #[test]
    fn any_picture_is_whole_and_free_of_real_time_sequences(
        bytes in prop::collection::vec(prop::sample::select(vec![0x00u8, 0x10, 0x04, 0x05, 0x14, 0x01]), 1..400),
        width in 1usize..200,
    ) {
        let mut picture = Bitmap::new(width, (bytes.len() * 8 / width).max(1));
        for (at, byte) in bytes.iter().enumerate() {
            for bit in (0..8).filter(|bit| byte & (0x80 >> bit) != 0) {
                picture.blacken((at * 8 + bit) % width, (at * 8 + bit) / width);
            }
        }
        let height = picture.height();
        let Read { ops, .. } = read(&one(Block::Image(picture)), &profile());
        let rows: usize = ops.iter().filter_map(|op| if let Op::Raster { rows, .. } = op { Some(*rows) } else { None }).sum();
        prop_assert_eq!(rows, height);
    }

    #[test]
    fn russian_and_kazakh_are_read_back_from_the_stream(text in "[а-яА-ЯёЁәғқңөұүһіӘҒҚҢӨҰҮҺІ0-9.,№«»]{1,40}( [а-яәғқ]{1,12}){0,6}") {
        let profile = profile();
        let pages: Vec<Page> = profile.pages.iter().map(|p| p.page).collect();
        let settled = Letters { pages: &pages, draws: true }.settle(&text).text;
        let stream = read(&one(Block::Text { text, align: Align::Left, style: Style::Plain }), &profile);
        let squeeze = |s: &str| s.split_whitespace().collect::<String>();
        prop_assert_eq!(squeeze(&stream.text), squeeze(&settled));
    }
}
