//! Code pages: which byte is which letter. Which *number* a page has in a printer is the printer's matter.

use std::sync::OnceLock;

use encoding_rs::{
    Encoding, IBM866, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1257,
};
use serde::{Deserialize, Serialize};

/// A code page of one byte per letter; the lower half is ASCII in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// IBM, the first PC.
    Cp437,
    /// DOS, western Europe.
    Cp850,
    /// DOS, central Europe.
    Cp852,
    /// 850 with the euro sign.
    Cp858,
    /// DOS, Cyrillic.
    Cp866,
    /// Windows, central Europe.
    Cp1250,
    /// Windows, Cyrillic.
    Cp1251,
    /// Windows, western Europe.
    Cp1252,
    /// Windows, Greek.
    Cp1253,
    /// Windows, Turkish.
    Cp1254,
    /// Windows, Baltic.
    Cp1257,
    /// Kazakh: STRK 1048-2002.
    Kz1048,
}

/// The upper half of a page, from 80h; U+0000 where it has no letter.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";
const CP852: &str = "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{AD}˝˛ˇ˘§÷¸°¨˙űŘř■\u{A0}";
const CP858: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀\
ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";
const KZ1048: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊҚҺЏђ‘’“”•–—\0™љ›њқһџ\u{A0}ҰұӘ¤Ө¦§Ё©Ғ«¬\u{AD}®Ү°±Ііөµ¶·ё№ғ»әҢңү\
АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя";

enum Table {
    Library(&'static Encoding),
    Upper(&'static str),
}

impl Page {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Cp437,
        Self::Cp850,
        Self::Cp852,
        Self::Cp858,
        Self::Cp866,
        Self::Cp1250,
        Self::Cp1251,
        Self::Cp1252,
        Self::Cp1253,
        Self::Cp1254,
        Self::Cp1257,
        Self::Kz1048,
    ];

    fn table(self) -> Table {
        match self {
            Self::Cp437 => Table::Upper(CP437),
            Self::Cp850 => Table::Upper(CP850),
            Self::Cp852 => Table::Upper(CP852),
            Self::Cp858 => Table::Upper(CP858),
            Self::Cp866 => Table::Library(IBM866),
            Self::Cp1250 => Table::Library(WINDOWS_1250),
            Self::Cp1251 => Table::Library(WINDOWS_1251),
            Self::Cp1252 => Table::Library(WINDOWS_1252),
            Self::Cp1253 => Table::Library(WINDOWS_1253),
            Self::Cp1254 => Table::Library(WINDOWS_1254),
            Self::Cp1257 => Table::Library(WINDOWS_1257),
            Self::Kz1048 => Table::Upper(KZ1048),
        }
    }

    /// The byte of a character; `None` for one that the page lacks, and for every control character.
    pub fn byte(self, c: char) -> Option<u8> {
        if c.is_ascii() {
            return (!c.is_ascii_control()).then_some(c as u8);
        }
        self.bytes().get(c as usize).copied().filter(|&byte| byte != 0)
    }

    /// The byte of each code point up to the highest letter of any page, 0 where it has none; made at the first need.
    fn bytes(self) -> &'static [u8] {
        static BYTES: [OnceLock<Vec<u8>>; Page::ALL.len()] = [const { OnceLock::new() }; Page::ALL.len()];
        BYTES[self as usize].get_or_init(|| {
            let mut bytes = Vec::new();
            for byte in 0x80..=0xFF {
                if let Some(letter) = self.letter(byte) {
                    bytes.resize(bytes.len().max(letter as usize + 1), 0);
                    bytes[letter as usize] = byte;
                }
            }
            bytes
        })
    }

    /// The character of a byte; for tests, previews and the test page.
    pub fn letter(self, byte: u8) -> Option<char> {
        if byte < 0x80 {
            return Some(byte as char).filter(|c| !c.is_control());
        }
        let letter = match self.table() {
            Table::Upper(letters) => letters.chars().nth(usize::from(byte) - 0x80)?,
            Table::Library(encoding) => encoding.decode_without_bom_handling(&[byte]).0.chars().next()?,
        };
        (!letter.is_control() && letter != char::REPLACEMENT_CHARACTER).then_some(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_reads_back_what_it_writes() {
        for page in Page::ALL {
            let mut letters = 0;
            for byte in 0x20..=0xFF_u8 {
                if let Some(letter) = page.letter(byte) {
                    assert_eq!(page.byte(letter), Some(byte), "{page:?} {byte:02X}");
                    letters += 1;
                }
            }
            assert!(letters > 200, "{page:?} has {letters} letters");
        }
    }

    #[test]
    fn the_letters_that_pages_are_chosen_for_are_where_the_manuals_have_them() {
        assert_eq!(Page::Cp866.byte('№'), Some(0xFC));
        assert_eq!(Page::Cp1251.byte('№'), Some(0xB9));
        assert_eq!(Page::Kz1048.byte('қ'), Some(0x9D));
        assert_eq!(Page::Kz1048.byte('ү'), Some(0xBF));
        assert_eq!(Page::Cp858.byte('€'), Some(0xD5));
        assert_eq!(Page::Cp852.byte('ř'), Some(0xFD));
        assert_eq!(Page::Cp866.byte('«'), None);
    }

    #[test]
    fn no_page_has_a_control_byte() {
        for page in Page::ALL {
            for c in (0..=0x9F).filter_map(char::from_u32).filter(|c| c.is_control()) {
                assert_eq!(page.byte(c), None, "{page:?} {c:?}");
            }
        }
    }
}
