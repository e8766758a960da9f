//! The 16 characters by which a receipt in a register's memory is known to be ours.
//!
//! ```text
//! K EEEEE DDDDDD AA CC      Crockford base 32, no separators
//! | |     |      |  +- check, 10 bits
//! | |     |      +---- attempt, 10 bits
//! | |     +----------- document's row in the journal, 30 bits
//! | +----------------- epoch, 25 bits, drawn at random each time a journal is opened, kept with the document
//! +------------------- constant
//! ```
//! It travels in FFD tag 1192 (16 characters) or 1084 and is printed, so it holds nothing private.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: u8 = b'K';

/// One attempt of one document of one journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Marker {
    epoch: u32,
    document: u32,
    attempt: u16,
}

/// Text that is no marker of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a marker of this program")]
pub struct NotAMarker;

impl Marker {
    /// The largest epoch (25 bits).
    pub const MAX_EPOCH: u32 = (1 << 25) - 1;
    /// The largest document row (30 bits).
    pub const MAX_DOCUMENT: u32 = (1 << 30) - 1;
    /// The largest attempt (10 bits).
    pub const MAX_ATTEMPT: u16 = (1 << 10) - 1;

    /// The marker of an attempt; `None` when a part is out of its range.
    pub fn new(epoch: u32, document: u32, attempt: u16) -> Option<Self> {
        (epoch <= Self::MAX_EPOCH && document <= Self::MAX_DOCUMENT && attempt <= Self::MAX_ATTEMPT).then_some(Self {
            epoch,
            document,
            attempt,
        })
    }

    /// The epoch under which the document was accepted.
    pub const fn epoch(self) -> u32 {
        self.epoch
    }

    /// The document's row in that journal.
    pub const fn document(self) -> u32 {
        self.document
    }

    /// The attempt, from 1.
    pub const fn attempt(self) -> u16 {
        self.attempt
    }

    fn packed(self) -> u128 {
        (u128::from(self.epoch) << 40) | (u128::from(self.document) << 10) | u128::from(self.attempt)
    }
}

/// A 10-bit remainder modulo the prime 1021: any one wrong character changes it.
fn check(packed: u128) -> u128 {
    packed % 1021
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = (self.packed() << 10) | check(self.packed());
        let mut text = String::with_capacity(16);
        text.push(PREFIX as char);
        for place in (0..15).rev() {
            text.push(ALPHABET[(all >> (place * 5)) as usize & 31] as char);
        }
        f.pad(&text)
    }
}

impl FromStr for Marker {
    type Err = NotAMarker;

    fn from_str(text: &str) -> Result<Self, NotAMarker> {
        let bytes = text.trim().as_bytes();
        if bytes.len() != 16 || bytes[0] != PREFIX {
            return Err(NotAMarker);
        }
        let mut all: u128 = 0;
        for byte in &bytes[1..] {
            let value = ALPHABET.iter().position(|a| a == byte).ok_or(NotAMarker)?;
            all = (all << 5) | value as u128;
        }
        let packed = all >> 10;
        if check(packed) != all & 1023 {
            return Err(NotAMarker);
        }
        Ok(Self {
            epoch: (packed >> 40) as u32,
            document: (packed >> 10) as u32 & Self::MAX_DOCUMENT,
            attempt: packed as u16 & Self::MAX_ATTEMPT,
        })
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> Self {
        marker.to_string()
    }
}

impl TryFrom<String> for Marker {
    type Error = NotAMarker;

    fn try_from(text: String) -> Result<Self, NotAMarker> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_survives_the_register() {
        for (epoch, document, attempt) in
            [(0, 0, 0), (1, 2, 3), (Marker::MAX_EPOCH, Marker::MAX_DOCUMENT, Marker::MAX_ATTEMPT)]
        {
            let marker = Marker::new(epoch, document, attempt).expect("in range");
            let text = marker.to_string();
            assert_eq!(text.len(), 16);
            assert_eq!(text.parse(), Ok(marker));
        }
    }

    #[test]
    fn any_one_wrong_character_is_seen() {
        let text = Marker::new(77_777, 123_456, 2).expect("in range").to_string();
        for place in 0..16 {
            for other in ALPHABET {
                let mut bytes = text.clone().into_bytes();
                if bytes[place] == *other {
                    continue;
                }
                bytes[place] = *other;
                let spoiled = String::from_utf8(bytes).expect("ascii");
                assert_eq!(spoiled.parse::<Marker>(), Err(NotAMarker), "{spoiled}");
            }
        }
    }

    #[test]
    fn ranges_hold() {
        assert_eq!(Marker::new(Marker::MAX_EPOCH + 1, 0, 0), None);
        assert_eq!(Marker::new(0, Marker::MAX_DOCUMENT + 1, 0), None);
        assert_eq!(Marker::new(0, 0, Marker::MAX_ATTEMPT + 1), None);
    }
}
