//! Section 6.3: a receipt from opening to close.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, SHORT, plain, put_le, request};
use crate::contract::{Money, Operation, Quantity};

/// 8Dh open receipt.
#[derive(Clone, Copy, Debug)]
pub struct OpenReceipt(pub Operation);

impl Command for OpenReceipt {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("8Dh open receipt", &[0x8D], password, MEDIUM, Repeat::OnlyRefused);
        r.body.push(match self.0 {
            Operation::Sale => 0,
            Operation::Return => 2,
        });
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// Kind of an operation in FF46, FF0A and FF4A: 1 sale, 2 sale return.
pub fn kind(operation: Operation) -> u8 {
    match operation {
        Operation::Sale => 1,
        Operation::Return => 2,
    }
}

/// FF46 operation V2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Sale or return.
    pub operation: Operation,
    /// Units, 6 decimals on the wire.
    pub quantity: Quantity,
    /// Price of one unit.
    pub price: Money,
    /// Sum of the line; the device refuses more than a kopeck off price x quantity.
    pub sum: Money,
    /// Code of the tax group.
    pub rate: u8,
    /// Department, 1..16.
    pub department: u8,
    /// Tag 1214.
    pub method: u8,
    /// Tag 1212.
    pub object: u8,
    /// CP1251, at most 128 bytes.
    pub name: Vec<u8>,
}

impl Item {
    /// Longest name, bytes.
    pub const MAX_NAME: usize = 128;
}

impl Command for Item {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("FF46 operation", &[0xFF, 0x46], password, MEDIUM, Repeat::OnlyRefused);
        r.body.push(kind(self.operation));
        put_le(&mut r.body, self.quantity.millionths(), 6);
        put_le(&mut r.body, self.price.minor() as u64, 5);
        put_le(&mut r.body, self.sum.minor() as u64, 5);
        // Tax not given: the device computes it.
        r.body.extend([0xFF; 5]);
        r.body.extend([self.rate, self.department, self.method, self.object]);
        r.body.extend(&self.name);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// 89h subtotal.
#[derive(Clone, Copy, Debug)]
pub struct Subtotal;

impl Command for Subtotal {
    type Answer = Money;

    fn request(&self, password: u32) -> Request {
        request("89h subtotal", &[0x89], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<Money> {
        let mut f = Fields(data);
        f.byte()?;
        Some(Money::from_minor(f.number(5)? as i64))
    }
}

/// FF45 close receipt V2: the command that registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// Cash as handed over, change included (sum 1).
    pub cash: Money,
    /// Electronic (sum 2).
    pub card: Money,
    /// Offset of an advance (sum 14).
    pub prepaid: Money,
    /// Kopecks dropped from the total, 0..99.
    pub rounding: u8,
    /// One bit of tag 1055, 0 for the registration's default.
    pub tax_system: u8,
}

/// Answer to FF45.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Change.
    pub change: Money,
    /// Number of the fiscal document.
    pub document: u32,
    /// Fiscal sign.
    pub sign: u32,
    /// The storage's time of the document, `YYYY-MM-DDThh:mm`, when the firmware gives it.
    pub time: Option<String>,
}

impl Command for Close {
    type Answer = Closed;

    fn request(&self, password: u32) -> Request {
        let mut r = request("FF45 close receipt", &[0xFF, 0x45], password, MEDIUM, Repeat::OnlyRefused);
        for place in 1..=16 {
            let sum = match place {
                1 => self.cash,
                2 => self.card,
                14 => self.prepaid,
                _ => Money::ZERO,
            };
            put_le(&mut r.body, sum.minor() as u64, 5);
        }
        r.body.push(self.rounding);
        // Taxes: the device computes them itself (table 1, field 14 = 0).
        r.body.extend([0; 6 * 5]);
        r.body.push(self.tax_system);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<Closed> {
        Closed::parse(data)
    }
}

impl Closed {
    /// The data after the error byte.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut f = Fields(data);
        Some(Self {
            change: Money::from_minor(f.number(5)? as i64),
            document: f.number(4)? as u32,
            sign: f.number(4)? as u32,
            time: super::storage::time(&mut f),
        })
    }
}

plain!(
    /// 88h cancel receipt: registers nothing.
    CancelReceipt, "88h cancel receipt", [0x88], MEDIUM, Repeat::IfUnheard
);
