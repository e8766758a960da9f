//! Commands, one type each: parameters in, answer out. Sections are those of the vendor's "KKT protocol" 2.0.
//!
//! | file | holds |
//! |---|---|
//! | [`status`] | 10h, 11h, FCh, F7h, B0h, 13h, 21h to 23h: how the device is |
//! | [`receipt`] | 8Dh, FF46, FF45, 89h, 88h: a receipt |
//! | [`old`] | 80h, 82h, 85h: a receipt of models without those |
//! | [`shift`] | E0h, 41h, 40h, 50h, 51h, FF35, FF4A: other operations |
//! | [`storage`] | FF01, FF40, FF0A, FF3A, FF3B: the fiscal storage |
//! | [`lifetime`] | FF03, FF39, FF63: how long it lasts |
//! | [`table`] | 1Eh, 1Fh, 2Dh, 2Eh, 1Ah, 1Bh: tables and registers |
//! | [`mod@print`] | 17h, 25h, 28h, 29h, 8Ch, `DDh`, `DEh`: paper and drawer |
//! | [`tlv`] | FF0C and the tags in it |

pub mod lifetime;
pub mod old;
pub mod print;
pub mod receipt;
pub mod shift;
pub mod status;
pub mod storage;
pub mod table;
pub mod tlv;

use std::time::Duration;

use super::exchange::{Repeat, Request};

/// Time for commands that only ask (section 2.3: 3 s for 10h and 11h, with room for the others).
pub const SHORT: Duration = Duration::from_secs(3);
/// Time for commands that change or print (section 2.3: 10..30 s).
pub const MEDIUM: Duration = Duration::from_secs(10);
/// Time for an X report (section 2.3: 30 s).
pub const REPORT: Duration = Duration::from_secs(30);
/// Time for the opening and closing of a shift (section 2.3: 120 s).
pub const SHIFT: Duration = Duration::from_secs(120);

/// A command: knows its bytes and its answer's.
pub trait Command {
    /// What the device says.
    type Answer;

    /// The bytes to send, with the password of the operator.
    fn request(&self, password: u32) -> Request;

    /// Takes the data of an answer without error apart; `None` when it is not what the manual says.
    fn answer(&self, data: &[u8]) -> Option<Self::Answer>;
}

/// Starts a request: code, then the password.
fn request(name: &'static str, code: &[u8], password: u32, timeout: Duration, repeat: Repeat) -> Request {
    let mut body = code.to_vec();
    body.extend(password.to_le_bytes());
    Request { name, code: code.to_vec(), body, timeout, repeat, sent_point: None }
}

/// Appends the low `bytes` bytes of `value`, little endian (section 4).
fn put_le(body: &mut Vec<u8>, value: u64, bytes: usize) {
    body.extend(&value.to_le_bytes()[..bytes]);
}

/// Appends text in a fixed field, padded with 00.
fn put_padded(body: &mut Vec<u8>, text: &[u8], bytes: usize) {
    let text = &text[..text.len().min(bytes)];
    body.extend(text);
    body.resize(body.len() + bytes - text.len(), 0);
}

/// Reads little-endian fields one after another.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n)?;
        self.0 = tail;
        Some(head)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    /// An unsigned number of `n` <= 8 bytes.
    pub fn number(&mut self, n: usize) -> Option<u64> {
        let bytes = self.take(n)?;
        Some(bytes.iter().rev().fold(0, |value, &b| value << 8 | u64::from(b)))
    }

    /// Bytes that are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }
}

/// Defines a command that has no parameters but the password and answers with nothing that matters.
macro_rules! plain {
    ($(#[$doc:meta])* $name:ident, $label:literal, $code:expr, $timeout:expr, $repeat:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $crate::shtrih::command::Command for $name {
            type Answer = ();

            fn request(&self, password: u32) -> $crate::shtrih::exchange::Request {
                $crate::shtrih::command::request($label, &$code, password, $timeout, $repeat)
            }

            fn answer(&self, _data: &[u8]) -> Option<()> {
                Some(())
            }
        }
    };
}
use plain;
