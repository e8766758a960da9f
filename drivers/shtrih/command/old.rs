//! Section 6.3: the receipt of models that lack FF46 and FF45. 8Dh, 88h and 89h are the same for all.
//!
//! Of 80h to 87h only what a receipt of ours needs is here: a line of a sale (80h) or of its return (82h), and the close
//! (85h). Purchases (81h, 83h) are not sold by a shop, 84h takes a line back, 86h and 87h change a total: our lines are
//! net, and a receipt with a mistake is cancelled.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, put_le, put_padded, request};
use crate::contract::{Money, Operation};

/// 80h sale, 82h return of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldItem {
    /// Sale or return.
    pub operation: Operation,
    /// Units, thousandths.
    pub thousandths: u64,
    /// Price of one unit; the device multiplies and rounds.
    pub price: Money,
    /// Department, 1..16.
    pub department: u8,
    /// Tax group, 1..6.
    pub group: u8,
    /// CP1251, at most 40 bytes.
    pub name: Vec<u8>,
}

impl OldItem {
    /// Longest name, bytes.
    pub const MAX_NAME: usize = 40;
}

impl Command for OldItem {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let (name, code) = match self.operation {
            Operation::Sale => ("80h sale", 0x80),
            Operation::Return => ("82h return of a sale", 0x82),
        };
        let mut r = request(name, &[code], password, MEDIUM, Repeat::OnlyRefused);
        put_le(&mut r.body, self.thousandths, 5);
        put_le(&mut r.body, self.price.minor() as u64, 5);
        r.body.extend([self.department, self.group, 0, 0, 0]);
        put_padded(&mut r.body, &self.name, Self::MAX_NAME);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// 85h close receipt: registers. The answer holds no number; the storage is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldClose {
    /// Cash as handed over, change included.
    pub cash: Money,
    /// Second kind of payment: electronic.
    pub card: Money,
}

impl Command for OldClose {
    /// Change.
    type Answer = Money;

    fn request(&self, password: u32) -> Request {
        let mut r = request("85h close receipt", &[0x85], password, MEDIUM, Repeat::OnlyRefused);
        for sum in [self.cash, self.card, Money::ZERO, Money::ZERO] {
            put_le(&mut r.body, sum.minor() as u64, 5);
        }
        // No discount on the whole; taxes by the lines' groups; no text.
        r.body.extend([0; 2 + 4]);
        put_padded(&mut r.body, &[], OldItem::MAX_NAME);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<Money> {
        let mut f = Fields(data);
        f.byte()?;
        Some(Money::from_minor(f.number(5)? as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shtrih::frame::encode;

    /// Section 10: sale of 1.000 at 100.00, department 1, group 1, "Товар".
    const FRAME: &str = "02 3C 80 1E 00 00 00 E8 03 00 00 00 10 27 00 00 00 01 01 00 00 00 D2 EE E2 E0 F0";

    #[test]
    fn the_manual_s_old_sale_is_made_byte_for_byte() {
        let item = OldItem {
            operation: Operation::Sale,
            thousandths: 1000,
            price: Money::from_minor(10_000),
            department: 1,
            group: 1,
            name: vec![0xD2, 0xEE, 0xE2, 0xE0, 0xF0],
        };
        let mut whole: Vec<u8> = FRAME.split(' ').map(|b| u8::from_str_radix(b, 16).expect("hex")).collect();
        whole.resize(2 + 0x3C, 0);
        whole.push(0xB0);
        assert_eq!(encode(&item.request(30).body), Some(whole));
    }

    #[test]
    fn the_old_close_has_four_sums_and_an_empty_text() {
        let close = OldClose { cash: Money::from_minor(10_000), card: Money::from_minor(5) };
        let body = close.request(30).body;
        assert_eq!(body.len(), 1 + 4 + 20 + 2 + 4 + 40);
        assert_eq!(body[5..15], [0x10, 0x27, 0, 0, 0, 5, 0, 0, 0, 0]);
        assert_eq!(close.answer(&[30, 7, 0, 0, 0, 0]), Some(Money::from_minor(7)));
        assert_eq!(close.answer(&[30, 7]), None);
    }
}
