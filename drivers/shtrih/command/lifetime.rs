//! Section 6.5: how long the fiscal storage (FN) lasts.

use super::super::exchange::{Repeat, Request};
use super::storage::time;
use super::{Command, Fields, SHORT, request};

/// FF03 last day of the storage's key, changes of the registration that are left.
#[derive(Clone, Copy, Debug)]
pub struct Expiry;

impl Command for Expiry {
    /// `YYYY-MM-DD`, and a number.
    type Answer = (String, u8);

    fn request(&self, password: u32) -> Request {
        request("FF03 storage expiry", &[0xFF, 0x03], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<Self::Answer> {
        let mut f = Fields(data);
        let (year, month, day) = (f.byte()?, f.byte()?, f.byte()?);
        let left = f.byte().unwrap_or_default();
        Some((format!("20{year:02}-{month:02}-{day:02}"), left))
    }
}

/// FF39 exchange with the operator of fiscal data.
#[derive(Clone, Copy, Debug)]
pub struct OperatorExchange;

impl Command for OperatorExchange {
    /// Documents in the queue, and the time of the first of them.
    type Answer = (u32, Option<String>);

    fn request(&self, password: u32) -> Request {
        request("FF39 operator exchange", &[0xFF, 0x39], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<Self::Answer> {
        let mut f = Fields(data);
        f.take(2)?;
        let queue = f.number(2)? as u32;
        f.take(4)?;
        let first = time(&mut f);
        Some((queue, first.filter(|_| queue > 0)))
    }
}

/// FF63 room in the storage.
#[derive(Clone, Copy, Debug)]
pub struct Resource;

impl Command for Resource {
    /// Documents of five years that still fit.
    type Answer = u32;

    fn request(&self, password: u32) -> Request {
        request("FF63 storage resource", &[0xFF, 0x63], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<u32> {
        Fields(data).number(4).map(|n| n as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_storage_is_read_and_a_short_answer_is_none() {
        assert_eq!(Expiry.answer(&[27, 3, 9, 11, 1]), Some(("2027-03-09".into(), 11)));
        assert_eq!(Expiry.answer(&[27, 3]), None);
        let queued = [0, 0, 2, 0, 7, 0, 0, 0, 26, 11, 20, 9, 5];
        assert_eq!(OperatorExchange.answer(&queued), Some((2, Some("2026-11-20T09:05".into()))));
        assert_eq!(OperatorExchange.answer(&[0; 13]), Some((0, None)));
        assert_eq!(Resource.answer(&[0x10, 0x27, 0, 0, 1, 0, 0, 0]), Some(10_000));
    }
}
