//! Section 6.2 and the corrections of 6.3: everything that registers and is no receipt.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, REPORT, SHIFT, plain, put_le, request};
use crate::contract::{Money, Operation};

plain!(
    /// FF41 begin opening of a shift: tags may follow, then E0h.
    BeginOpenShift, "FF41 begin shift opening", [0xFF, 0x41], MEDIUM, Repeat::OnlyRefused
);
plain!(
    /// E0h open shift: registers.
    OpenShift, "E0h open shift", [0xE0], SHIFT, Repeat::OnlyRefused
);
plain!(
    /// FF42 begin closing of a shift: tags may follow, then 41h.
    BeginCloseShift, "FF42 begin shift closing", [0xFF, 0x42], MEDIUM, Repeat::OnlyRefused
);
plain!(
    /// 41h Z report: registers.
    CloseShift, "41h Z report", [0x41], SHIFT, Repeat::OnlyRefused
);
plain!(
    /// 40h X report.
    XReport, "40h X report", [0x40], REPORT, Repeat::IfUnheard
);
plain!(
    /// FF35 begin correction receipt: tags may follow, then FF4A.
    BeginCorrection, "FF35 begin correction", [0xFF, 0x35], MEDIUM, Repeat::OnlyRefused
);

/// 50h cash in, 51h cash out: moves money.
#[derive(Clone, Copy, Debug)]
pub struct Cash {
    /// True for cash in.
    pub into: bool,
    /// Sum.
    pub sum: Money,
}

impl Command for Cash {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let (name, code) = if self.into { ("50h cash in", 0x50) } else { ("51h cash out", 0x51) };
        let mut r = request(name, &[code], password, MEDIUM, Repeat::OnlyRefused);
        put_le(&mut r.body, self.sum.minor() as u64, 5);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

/// FF4A correction V2: registers. Its forerunner FF36 takes a sum and a direction alone; a model that knows no other is
/// told to make corrections by hand, for payments and taxes would have to be guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// True when a tax authority ordered it.
    pub by_order: bool,
    /// Sale or return.
    pub operation: Operation,
    /// Total.
    pub total: Money,
    /// Cash.
    pub cash: Money,
    /// Electronic.
    pub card: Money,
    /// Offset of an advance.
    pub prepaid: Money,
    /// Tax by group 1..6; for 0 % and exempt the turnover stands there.
    pub taxes: [Money; 6],
    /// One bit of tag 1055.
    pub tax_system: u8,
}

/// Answer to FF4A.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// Number of the fiscal document.
    pub document: u32,
    /// Fiscal sign.
    pub sign: u32,
    /// The storage's time of the document.
    pub time: Option<String>,
}

impl Command for Correction {
    type Answer = Corrected;

    fn request(&self, password: u32) -> Request {
        let mut r = request("FF4A correction", &[0xFF, 0x4A], password, MEDIUM, Repeat::OnlyRefused);
        r.body.extend([u8::from(self.by_order), super::receipt::kind(self.operation)]);
        // Total, cash, electronic, advance, credit, barter.
        for sum in [self.total, self.cash, self.card, self.prepaid, Money::ZERO, Money::ZERO] {
            put_le(&mut r.body, sum.minor() as u64, 5);
        }
        for tax in self.taxes {
            put_le(&mut r.body, tax.minor() as u64, 5);
        }
        r.body.push(self.tax_system);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<Corrected> {
        Corrected::parse(data)
    }
}

impl Corrected {
    /// The data after the error byte.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut f = Fields(data);
        f.take(2)?;
        Some(Self { document: f.number(4)? as u32, sign: f.number(4)? as u32, time: super::storage::time(&mut f) })
    }
}
