//! Any Unicode text in the register's code pages: CP1251 on paper, CP866 in tags (section 4).
//!
//! Every character is encoded as it is, replaced by one that reads the same, or shown as `.`; never `?` in silence and
//! never an error. Control characters, marks of direction and of zero width never reach the device.

use encoding_rs::{Encoding, IBM866, WINDOWS_1251};

use crate::wording::clean::clean;
use crate::wording::translit::reads_as;

/// Text for paper: CP1251, one line, at most `max` bytes.
pub(super) fn paper(text: &str, max: usize) -> Vec<u8> {
    encode(text, WINDOWS_1251, max)
}

/// Text in a tag: CP866, at most `max` bytes.
pub(super) fn tag(text: &str, max: usize) -> Vec<u8> {
    encode(text, IBM866, max)
}

/// A title for FF46: never empty, and not beginning with `//`, which would keep it off the paper (section 4).
pub(super) fn title(text: &str, max: usize) -> Vec<u8> {
    let mut title = paper(text, max);
    if title.is_empty() {
        title.push(b'-');
    }
    if title.starts_with(b"//") {
        title.insert(0, b' ');
        title.truncate(max);
    }
    title
}

/// Text in lines of at most `width` bytes, broken between words where that is possible.
pub(super) fn lines(text: &str, width: usize) -> Vec<Vec<u8>> {
    text.split(['\n', '\r'])
        .map(|line| paper(line, usize::MAX))
        .filter(|line| !line.is_empty())
        .flat_map(|line| wrap(&line, width))
        .collect()
}

fn wrap(line: &[u8], width: usize) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut rest = line;
    while rest.len() > width {
        let space = rest[..=width].iter().rposition(|&b| b == b' ').filter(|&at| at > 0);
        let cut = space.unwrap_or(width);
        lines.push(rest[..cut].to_vec());
        rest = &rest[cut + usize::from(space.is_some())..];
    }
    if !rest.is_empty() {
        lines.push(rest.to_vec());
    }
    lines
}

/// Text that came from the device; ends at the first 00.
pub(super) fn from_cp1251(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    WINDOWS_1251.decode_without_bom_handling(&bytes[..end]).0.trim().to_owned()
}

/// Text of a tag that came from the device.
pub(super) fn from_cp866(bytes: &[u8]) -> String {
    IBM866.decode_without_bom_handling(bytes).0.trim().to_owned()
}

fn encode(text: &str, page: &'static Encoding, max: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for c in clean(text).chars() {
        let start = bytes.len();
        put(&mut bytes, c, page);
        if bytes.len() > max {
            bytes.truncate(start);
            break;
        }
    }
    while bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, c: char, page: &'static Encoding) {
    if let Some(b) = encoded(c, page) {
        bytes.push(b);
        return;
    }
    let replaced = reads_as(c).unwrap_or(".");
    for c in replaced.chars() {
        bytes.push(encoded(c, page).unwrap_or(b'.'));
    }
}

/// The one byte of a character that may be shown and is in the page.
fn encoded(c: char, page: &'static Encoding) -> Option<u8> {
    if c.is_ascii() {
        return Some(c as u8);
    }
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = page.encode(c.encode_utf8(&mut buffer));
    (!unmappable && bytes.len() == 1).then(|| bytes[0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kazakh_letters_read_as_their_neighbours() {
        let bytes = tag("Шаш қию және бояу, ұзын", 64);
        let expected = [
            0x98, 0xA0, 0xE8, 0x20, 0xAA, 0xA8, 0xEE, 0x20, 0xA6, 0xA0, 0xAD, 0xA5, 0x20, 0xA1, 0xAE, 0xEF, 0xE3, 0x2C,
            0x20, 0xE3, 0xA7, 0xEB, 0xAD,
        ];
        assert_eq!(bytes, expected);
    }

    #[test]
    fn the_rouble_sign_is_spelt_and_every_space_is_a_space() {
        let expected = [
            0x91, 0xA5, 0xE0, 0xE2, 0xA8, 0xE4, 0xA8, 0xAA, 0xA0, 0xE2, 0x20, 0x31, 0x20, 0x35, 0x30, 0x30, 0x20, 0xE0,
            0xE3, 0xA1, 0x2E,
        ];
        assert_eq!(tag("Сертификат\u{A0}1\u{202F}500 ₽", 64), expected);
        assert_eq!(from_cp1251(&paper("1\u{202F}500\u{A0}₽", 64)), "1 500 руб.");
    }

    #[test]
    fn quotes_and_number_signs_stay_where_the_page_has_them() {
        assert_eq!(paper("„Лак“ №5 — «х»…", 64)[0], 0x84);
        assert_eq!(from_cp1251(&paper("„Лак“ №5 — «х»…", 64)), "„Лак“ №5 — «х»…");
        assert_eq!(from_cp866(&tag("„Лак“ №5 — «х»…", 64)), "\"Лак\" №5 - \"х\"...");
    }

    #[test]
    fn what_cannot_be_shown_is_a_point_and_what_must_not_be_is_nothing() {
        assert_eq!(paper("\u{1B}p\0\u{202E}a\u{200B}b😀c日", 64), b"pab.c.");
        assert_eq!(paper("и\u{306}", 9), paper("й", 9));
    }

    #[test]
    fn a_title_is_cut_between_characters_and_never_hides() {
        assert_eq!(title("//секрет", 128)[..3], *b" //");
        assert_eq!(title("\u{200B}", 128), b"-");
        assert_eq!(paper(&"ы".repeat(300), 128).len(), 128);
        assert_eq!(paper("ab₽", 5), b"ab", "an expansion is not cut in the middle");
    }

    #[test]
    fn long_text_is_broken_between_words() {
        let got = lines("one two three\nfour", 8);
        assert_eq!(got, [b"one two".to_vec(), b"three".to_vec(), b"four".to_vec()]);
        assert_eq!(lines("abcdefghij", 4), [b"abcd".to_vec(), b"efgh".to_vec(), b"ij".to_vec()]);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_control_byte_or_outgrows_its_field(text in "\\PC*|.*", max in 0usize..150) {
            for bytes in [paper(&text, max), tag(&text, max), title(&text, max.max(1))] {
                prop_assert!(bytes.iter().all(|&b| b >= 0x20 && b != 0x7F));
                prop_assert!(bytes.len() <= max.max(1));
            }
            if !text.contains('?') {
                prop_assert!(!paper(&text, 999).contains(&b'?'));
            }
            for line in lines(&text, 40) {
                prop_assert!(line.len() <= 40 && !line.is_empty());
            }
        }
    }
}
