//! A page that shows what no command tells: widths, numbers of code pages, which codes are drawn, cut and drawer.

use escpos::errors::PrinterError;

use super::command::{CANCEL_CHINESE, LINE_FEED, code_page, raster};
use super::emit::emit;
use super::profile::Profile;
use crate::layout::{Block, Layout, Page, Style};

/// Numbers that vendors use (0 to 53 by Epson; 72 and 73 on clones; 254 and 255 are the user's own).
const NUMBERS: std::ops::RangeInclusive<u8> = 0..=80;
/// Read on paper by a person.
pub const SAMPLE: &str = "АБВгд №ёя";
/// Columns and dots of common papers (58 mm, 80 mm with either density, 112 mm).
const WIDTHS: [(u8, u16); 4] = [(32, 384), (42, 512), (48, 576), (64, 768)];
/// Rows of a bar that shows a width.
const BAR_ROWS: usize = 8;

/// The page as bytes. `answers`: what was found out before, a line each; `drawer`: opens it.
pub fn test_page(profile: &Profile, answers: &[String], drawer: bool) -> Result<Vec<u8>, PrinterError> {
    let mut bytes = heading(profile, answers);
    widths(&mut bytes, profile);
    code_pages(&mut bytes);
    bytes.extend(emit(&codes_and_letters(drawer), profile)?.bytes);
    Ok(bytes)
}

fn heading(profile: &Profile, answers: &[String]) -> Vec<u8> {
    let mut bytes = vec![0x1B, 0x40];
    bytes.extend(CANCEL_CHINESE);
    line(&mut bytes, "kkm-bridge test page");
    line(&mut bytes, &profile.name);
    for answer in answers {
        line(&mut bytes, answer);
    }
    bytes
}

fn widths(bytes: &mut Vec<u8>, profile: &Profile) {
    line(bytes, "");
    line(bytes, "columns: the longest ruler on one line");
    for (columns, _) in WIDTHS {
        let ruler: String = (1..=columns).map(|column| char::from(b'0' + column % 10)).collect();
        line(bytes, &format!("{columns}:"));
        line(bytes, &ruler);
    }
    if !profile.raster {
        return;
    }
    line(bytes, "dots: the longest whole bar");
    for (_, dots) in WIDTHS {
        line(bytes, &format!("{dots}:"));
        bytes.extend(raster(usize::from(dots / 8), &bar(dots)));
    }
}

/// A frame of this width: one that is cut off lacks its right end.
fn bar(dots: u16) -> Vec<u8> {
    let row_bytes = usize::from(dots / 8);
    (0..BAR_ROWS * row_bytes)
        .map(|at| match (at / row_bytes, at % row_bytes) {
            (0 | 7, _) => 0xFF,
            (_, 0) => 0x80,
            (_, column) if column == row_bytes - 1 => 0x01,
            (_, _) => 0x00,
        })
        .collect()
}

fn code_pages(bytes: &mut Vec<u8>) {
    line(bytes, "");
    line(bytes, "pages: n  as cp866  as cp1251");
    for number in NUMBERS {
        bytes.extend(code_page(number));
        bytes.extend(format!("{number:2}  ").into_bytes());
        bytes.extend(encoded(Page::Cp866));
        bytes.extend(b"  ");
        bytes.extend(encoded(Page::Cp1251));
        bytes.push(LINE_FEED);
    }
}

fn codes_and_letters(drawer: bool) -> Layout {
    let mut layout = Layout::default();
    let mut show = |what: &str, block| {
        layout.text(what, Style::Plain);
        layout.blocks.push(block);
    };
    show("qr: a QR code", Block::Qr("https://example.com/kkm-bridge".into()));
    show("EAN-13:", Block::Barcode("4601234567893".into()));
    show("code128: a bar code", Block::Barcode("KKM-128".into()));
    show("raster: letters in five scripts", Block::Rule);
    for text in ["Шаш қию", "თმის შეჭრა", "վարսահարդարում", "תספורת", "ตัดผม"]
    {
        layout.text(text, Style::Plain);
    }
    layout.text("LARGE", Style::Large);
    layout.text(
        if drawer { "The drawer opens now, the paper is cut below." } else { "The paper is cut below." },
        Style::Plain,
    );
    if drawer {
        layout.blocks.push(Block::Drawer);
    }
    layout.blocks.push(Block::Cut);
    layout
}

fn encoded(page: Page) -> Vec<u8> {
    SAMPLE.chars().filter_map(|c| page.byte(c)).collect()
}

/// Only ASCII: which code page is which is not known yet.
fn line(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.bytes().filter(|b| (0x20..0x7F).contains(b)));
    bytes.push(LINE_FEED);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile::named("xprinter").expect("known").expect("sound")
    }

    fn contains(page: &[u8], part: &[u8]) -> bool {
        page.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn the_page_shows_the_sample_under_every_number() {
        let page = test_page(&profile(), &[], false).expect("a page");
        for number in NUMBERS {
            let start = [&code_page(number)[..], format!("{number:2}  ").as_bytes()].concat();
            assert!(contains(&page, &start), "{number}");
        }
        assert!(contains(&page, &[0x80, 0x81, 0x82, 0xA3, 0xA4, 0x20]));
        assert!(!page.windows(2).any(|w| w[0] == 0x10 && [4, 5, 0x14].contains(&w[1])));
    }

    #[test]
    fn the_page_shows_widths_codes_drawer_and_cut() {
        let page = test_page(&profile(), &["status: yes".into()], true).expect("a page");
        assert!(contains(&page, b"status: yes\n") && contains(&page, b"64:\n1234567890"));
        assert!(contains(&page, &[0x1D, 0x76, 0x30, 0, 72, 0, 8, 0, 0xFF]), "576 dots");
        assert!(contains(&page, b"https://example.com/kkm-bridge") && contains(&page, b"4601234567893"));
        assert!(contains(&page, &[0x1B, 0x70, 0x00, 0x19, 0xFA]) && page.ends_with(&[0x1D, 0x56, 0x42, 0x00]));
        let shut = test_page(&profile(), &[], false).expect("a page");
        assert!(!contains(&shut, &[0x1B, 0x70]));
    }
}
