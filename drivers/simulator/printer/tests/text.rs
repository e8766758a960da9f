//! Bytes into characters.

use encoding_rs::Encoding;

use super::{EPSON, incidents, printed, printed_on, text};
use crate::simulator::printer::Profile;
use crate::simulator::printer::pages::{EMPTY, Page};

fn profile(name: &str) -> Profile {
    Profile::named(name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn the_page_decides_what_a_byte_is() {
    let device =
        printed(b"\x1Bt\x11\x97\xA5\xAA N1 \xFC5\n\x1Bt\x2E\xD7\xE5\xEA \xB95\n\x1Bt\x13\xD5\n\x1Bt\x00\x80\n");
    assert_eq!(text(&device), "Чек N1 №5\nЧек №5\n€\nÇ");
    assert_eq!(incidents(&device), Vec::<String>::new());
}

#[test]
fn each_vendor_numbers_its_pages_and_ignores_other_numbers() {
    let cyrillic = |name: &str, dos: u8, windows: u8| {
        let bytes = [&[0x1C, b'.', 0x1B, b't', dos], b"\x97\xA5\xAA\n\x1Bt".as_slice(), &[windows], b"\xD7\xE5\xEA\n"];
        let device = printed_on(profile(name), &bytes.concat());
        (text(&device), incidents(&device).len())
    };
    for (name, dos, windows) in
        [("epson", 17, 46), ("xprinter", 17, 73), ("rongta", 7, 6), ("kefar", 12, 51), ("aures", 11, 12)]
    {
        assert_eq!(cyrillic(name, dos, windows), ("Чек\nЧек".to_owned(), 0), "{name}");
    }
    let (wrong, noted) = cyrillic("xprinter", 17, 46);
    assert_eq!((wrong.as_str(), noted), ("Чек\n╫хъ", 1), "the page before it stays");
}

#[test]
fn a_chinese_printer_takes_two_bytes_for_one_until_it_is_told_not_to() {
    let chinese = profile("xprinter");
    assert_eq!(text(&printed_on(chinese, b"\x1Bt\x11\xC4\xE3\xBA\xC3\n")), "你好");
    assert_eq!(text(&printed_on(chinese, b"\x1C.\x1Bt\x11\x84\xA0\n")), "Да");
    assert_eq!(text(&printed_on(chinese, b"\x1C.\x1B@\x1Bt\x11\xC4\xE3\n")), "你", "ESC @ turns it on again");
    let half = printed_on(chinese, b"\x1Bt\x11\xC4\n");
    assert_eq!(incidents(&half), ["half a double-byte character"]);
}

#[test]
fn international_sets_change_twelve_places() {
    assert_eq!(text(&printed(b"\x1BR\x02[]{|}~\\\n\x1BR\x00[]{|}~\\\n\x1BR\x03#\n")), "ÄÜäöüßÖ\n[]{|}~\\\n£");
}

#[test]
fn pages_that_the_encoding_standard_knows_are_as_it_has_them() {
    let standard = [
        (Page::Pc866, encoding_rs::IBM866),
        (Page::Windows1250, encoding_rs::WINDOWS_1250),
        (Page::Windows1251, encoding_rs::WINDOWS_1251),
        (Page::Windows1252, encoding_rs::WINDOWS_1252),
        (Page::Windows1253, encoding_rs::WINDOWS_1253),
        (Page::Windows1254, encoding_rs::WINDOWS_1254),
        (Page::Windows1255, encoding_rs::WINDOWS_1255),
        (Page::Windows1256, encoding_rs::WINDOWS_1256),
        (Page::Windows1257, encoding_rs::WINDOWS_1257),
        (Page::Windows1258, encoding_rs::WINDOWS_1258),
        (Page::Iso8859_2, encoding_rs::ISO_8859_2),
        (Page::Iso8859_7, encoding_rs::ISO_8859_7),
        (Page::Iso8859_15, encoding_rs::ISO_8859_15),
    ];
    let decoded = |encoding: &'static Encoding, byte: u8| {
        let bytes = [byte];
        let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes).unwrap_or_default();
        // The standard fills empty places with control characters and private ones; a printer has nothing there.
        text.chars().next().filter(|c| !c.is_control() && !('\u{E000}'..='\u{F8FF}').contains(c)).unwrap_or(EMPTY)
    };
    for (page, encoding) in standard {
        for byte in 0x80..=0xFF {
            assert_eq!(page.upper(byte), decoded(encoding, byte), "{page:?} {byte:02X}");
        }
    }
}

#[test]
fn every_page_has_128_places() {
    for profile in Profile::ALL {
        for (number, page) in profile.pages {
            assert_eq!(page.places(), 128, "{} {number} {page:?}", profile.name);
        }
    }
    assert!(EPSON.page(6).is_none());
}
