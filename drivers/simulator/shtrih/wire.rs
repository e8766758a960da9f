//! Fields of commands and answers: little endian numbers, five-byte sums, CP1251 text, TLV (protocol 2.0, "data types").

use encoding_rs::{IBM866, WINDOWS_1251};

use super::codes::Code;
use crate::contract::Money;
use crate::simulator::register::books::Tag;
use crate::simulator::register::clock::{Moment, Parts};

/// Five bytes of `FFh` stand for "not said".
const UNSAID: u64 = 0xFF_FFFF_FFFF;

/// Reads a command's parameters from the left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `count` bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Code> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Code::FRAME_LENGTH)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `count` bytes as a number, low byte first.
    pub(crate) fn uint(&mut self, count: usize) -> Result<u64, Code> {
        Ok(number(self.bytes(count)?))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Code> {
        Ok(self.uint(1)? as u8)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Code> {
        Ok(self.uint(2)? as u16)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Code> {
        Ok(self.uint(4)? as u32)
    }

    /// A sum of five bytes.
    pub(crate) fn money(&mut self) -> Result<Money, Code> {
        Ok(Money::from_minor(self.uint(5)? as i64))
    }

    /// A sum of five bytes, or five times `FFh` for "compute it".
    pub(crate) fn money_or_unsaid(&mut self) -> Result<Option<Money>, Code> {
        let value = self.uint(5)?;
        Ok((value != UNSAID).then_some(Money::from_minor(value as i64)))
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Everything that is left as text; at most `limit` bytes.
    pub(crate) fn text(&mut self, limit: usize) -> Result<String, Code> {
        let bytes = self.rest();
        if bytes.len() > limit {
            return Err(Code::FRAME_LENGTH);
        }
        Ok(text(bytes))
    }

    /// Refuses a command with more than was asked for.
    pub(crate) fn end(self) -> Result<(), Code> {
        if self.0.is_empty() { Ok(()) } else { Err(Code::FRAME_LENGTH) }
    }
}

/// A number, low byte first.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

/// CP1251 text up to its first zero; other control codes are not printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = WINDOWS_1251.decode_without_bom_handling(&bytes[..end]).0;
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// CP1251 bytes of a text, cut or padded with zeros to `width`.
pub(crate) fn padded(text: &str, width: usize) -> Vec<u8> {
    let mut bytes = cp1251(text);
    bytes.resize(width, 0);
    bytes
}

/// CP1251 bytes of a text.
pub(crate) fn cp1251(text: &str) -> Vec<u8> {
    WINDOWS_1251.encode(text).0.into_owned()
}

/// Builds an answer's data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl Answer {
    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// The low `count` bytes of a number.
    pub(crate) fn uint(mut self, value: u64, count: usize) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes()[..count]);
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// DD MM YY.
    pub(crate) fn date(self, moment: Moment) -> Self {
        let p = moment.parts();
        self.bytes(&[p.day, p.month, short_year(p)])
    }

    /// HH MM SS.
    pub(crate) fn time(self, moment: Moment) -> Self {
        let p = moment.parts();
        self.bytes(&[p.hour, p.minute, p.second])
    }

    /// YY MM DD hh mm, as the storage writes it.
    pub(crate) fn storage_time(self, moment: Moment) -> Self {
        let p = moment.parts();
        self.bytes(&[short_year(p), p.month, p.day, p.hour, p.minute])
    }
}

fn short_year(parts: Parts) -> u8 {
    parts.year.rem_euclid(100) as u8
}

/// One tag with its value.
pub(crate) fn tlv(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_le_bytes().to_vec();
    bytes.extend((value.len() as u16).to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// A number in as few bytes as it needs, at least one.
pub(crate) fn vln(value: u64) -> Vec<u8> {
    let used = (8 - value.leading_zeros() as usize / 8).max(1);
    value.to_le_bytes()[..used].to_vec()
}

/// Takes a TLV apart; tags in tags stay bytes.
pub(crate) fn tags(bytes: &[u8]) -> Result<Vec<Tag>, Code> {
    let mut fields = Fields(bytes);
    let mut tags = Vec::new();
    while !fields.0.is_empty() {
        let bad = |_| Code::BAD_PARAMETERS;
        let tag = fields.u16().map_err(bad)?;
        let length = fields.u16().map_err(bad)?;
        let value = fields.bytes(usize::from(length)).map_err(bad)?;
        tags.push(Tag { tag, hex: hex(value), text: printable(value) });
    }
    if tags.is_empty() { Err(Code::BAD_PARAMETERS) } else { Ok(tags) }
}

/// Two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).map_or('0', |digit| digit.to_ascii_uppercase());
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes of two digits each; what is no digit ends it.
pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// CP866 text, where all of it is text.
fn printable(value: &[u8]) -> String {
    if value.iter().any(|byte| *byte < 0x20) {
        return String::new();
    }
    IBM866.decode_without_bom_handling(value).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_s_tags_are_read() {
        let cashier = [0xFD, 0x03, 0x06, 0x00, 0x88, 0xA2, 0xA0, 0xAD, 0xAE, 0xA2];
        let tags = tags(&cashier).expect("a tag");
        assert_eq!((tags[0].tag, tags[0].text.as_str()), (1021, "Иванов"));
        assert_eq!(unhex(&tags[0].hex), &cashier[4..]);
        assert!(super::tags(&cashier[..9]).is_err());
    }

    #[test]
    fn numbers_take_as_few_bytes_as_they_need() {
        assert_eq!(vln(0), [0]);
        assert_eq!(vln(1065), [0x29, 0x04]);
        assert_eq!(number(&[0x29, 0x04, 0, 0, 0]), 1065);
    }
}
