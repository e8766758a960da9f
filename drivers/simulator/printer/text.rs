//! Bytes into characters: code page, international set, and the double-byte mode of Chinese printers, in which a high
//! byte takes the next one with it.

use encoding_rs::GB18030;

use super::pages::{EMPTY, Page};

/// Places that an international set changes.
const CHANGED: [u8; 12] = [0x23, 0x24, 0x40, 0x5B, 0x5C, 0x5D, 0x5E, 0x60, 0x7B, 0x7C, 0x7D, 0x7E];

/// By the number of `ESC R`: USA, France, Germany, UK, Denmark, Sweden, Italy, Spain, Japan, Norway, Denmark 2.
const INTERNATIONAL: [&str; 11] = [
    "#$@[\\]^`{|}~",
    "#$à°ç§^`éùè¨",
    "#$§ÄÖÜ^`äöüß",
    "£$@[\\]^`{|}~",
    "#$@ÆØÅ^`æøå~",
    "#¤ÉÄÖÅÜéäöåü",
    "#$@°\\é^ùàòèì",
    "₧$@¡Ñ¿^`¨ñ}~",
    "#$@[¥]^`{|}~",
    "#¤ÉÆØÅÜéæøåü",
    "#$ÉÆØÅÜéæøåü",
];

/// What a byte gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// A character of one cell.
    Single(char),
    /// A character of two cells.
    Double(char),
    /// The first half of one.
    Half,
}

/// How bytes become characters.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) page: Page,
    international: usize,
    chinese: bool,
    lead: Option<u8>,
}

impl Text {
    /// As after power-on.
    pub(crate) fn new(chinese: bool) -> Self {
        Self { page: Page::Pc437, international: 0, chinese, lead: None }
    }

    /// `ESC R n`; false: no such set.
    pub(crate) fn international(&mut self, n: u8) -> bool {
        let known = usize::from(n) < INTERNATIONAL.len();
        if known {
            self.international = usize::from(n);
        }
        known
    }

    /// Double-byte mode.
    pub(crate) fn set_chinese(&mut self, on: bool) {
        self.chinese = on;
        self.lead = None;
    }

    /// Forgets half a character; true when there was one.
    pub(crate) fn forget_half(&mut self) -> bool {
        self.lead.take().is_some()
    }

    /// One byte from 20h on.
    pub(crate) fn decode(&mut self, byte: u8) -> Letter {
        if let Some(lead) = self.lead.take() {
            return Letter::Double(pair(lead, byte));
        }
        if self.chinese && (0x81..=0xFE).contains(&byte) {
            self.lead = Some(byte);
            return Letter::Half;
        }
        if byte >= 0x80 {
            return Letter::Single(self.page.upper(byte));
        }
        let changed = CHANGED.iter().position(|place| *place == byte);
        let char = changed.and_then(|place| INTERNATIONAL[self.international].chars().nth(place));
        Letter::Single(char.unwrap_or(char::from(byte)))
    }
}

fn pair(lead: u8, byte: u8) -> char {
    let bytes = [lead, byte];
    let decoded = GB18030.decode_without_bom_handling_and_without_replacement(&bytes);
    let mut chars = decoded.as_deref().unwrap_or_default().chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => char,
        _ => EMPTY,
    }
}
