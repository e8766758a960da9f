//! Section 6.5: what the fiscal storage (FN) knows.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, REPORT, SHORT, plain, put_le, request};
use crate::contract::{Money, Operation, Trace};

/// FF01 state of the storage.
#[derive(Clone, Copy, Debug)]
pub struct StorageState;

/// Answer to FF01: 31 bytes with the error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Bits: 0 set up, 1 fiscal, 2 closed, 3 all sent; a working one has 3.
    pub phase: u8,
    /// Document that is being made, 0 for none.
    pub current: u8,
    /// 1 when the shift is open.
    pub shift_open: bool,
    /// Bits: 0 key change urgent, 1 30 days left, 2 memory 90 % full, 3 operator does not answer, 7 critical.
    pub warnings: u8,
    /// Serial number.
    pub number: String,
    /// Number of the last document.
    pub last_document: u32,
}

impl Command for StorageState {
    type Answer = Storage;

    fn request(&self, password: u32) -> Request {
        request("FF01 storage state", &[0xFF, 0x01], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<Storage> {
        let mut f = Fields(data);
        let (phase, current) = (f.byte()?, f.byte()?);
        f.byte()?;
        let (shift_open, warnings) = (f.byte()? == 1, f.byte()?);
        f.take(5)?;
        let number = f.take(16)?;
        if !number.iter().all(|b| (b' '..=b'~').contains(b) || *b == 0) {
            return None;
        }
        let number = String::from_utf8_lossy(number).trim_matches(['\0', ' ']).to_owned();
        Some(Storage { phase, current, shift_open, warnings, number, last_document: f.number(4)? as u32 })
    }
}

/// FF09 data of the last registration.
#[derive(Clone, Copy, Debug)]
pub struct Registration;

impl Command for Registration {
    /// Tax systems, a mask of tag 1055. It follows time (5), taxpayer number (12) and registration number (20).
    type Answer = u8;

    fn request(&self, password: u32) -> Request {
        request("FF09 registration data", &[0xFF, 0x09], password, MEDIUM, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<u8> {
        let mut f = Fields(data);
        f.take(5 + 12 + 20)?;
        f.byte()
    }
}

/// FF40 parameters of the shift.
#[derive(Clone, Copy, Debug)]
pub struct ShiftState;

/// Answer to FF40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShiftParameters {
    /// True when the shift is open.
    pub open: bool,
    /// Its number, or that of the last one.
    pub number: u16,
    /// Receipts in it.
    pub receipts: u16,
}

impl Command for ShiftState {
    type Answer = ShiftParameters;

    fn request(&self, password: u32) -> Request {
        request("FF40 shift parameters", &[0xFF, 0x40], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<ShiftParameters> {
        let mut f = Fields(data);
        Some(ShiftParameters { open: f.byte()? == 1, number: f.number(2)? as u16, receipts: f.number(2)? as u16 })
    }
}

/// FF0A find a document by its number.
#[derive(Clone, Copy, Debug)]
pub struct FindDocument(pub u32);

/// Answer to FF0A.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// What it is.
    pub trace: Trace,
    /// Its number; the one that was asked for.
    pub number: u32,
    /// Its fiscal sign.
    pub sign: u32,
    /// The storage's time of it.
    pub time: Option<String>,
    /// Its sum, when it has one.
    pub total: Option<Money>,
}

impl Command for FindDocument {
    type Answer = StoredDocument;

    fn request(&self, password: u32) -> Request {
        let mut r = request("FF0A find document", &[0xFF, 0x0A], password, REPORT, Repeat::Freely);
        put_le(&mut r.body, self.0.into(), 4);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<StoredDocument> {
        let mut f = Fields(data);
        let form = f.byte()?;
        f.byte()?;
        let time = time(&mut f);
        let (number, sign) = (f.number(4)? as u32, f.number(4)? as u32);
        if number != self.0 {
            return None;
        }
        let mut total = None;
        // Form codes of the tax format: 3 receipt, 4 form of strict accounting, 31 and 41 their corrections, 2 and 5
        // the reports of the shift.
        let trace = match form {
            3 | 4 => {
                let operation = f.byte()?;
                let sum = Money::from_minor(f.number(5)? as i64);
                total = Some(sum);
                match operation {
                    1 => Trace::Receipt { operation: Operation::Sale, total: sum },
                    2 => Trace::Receipt { operation: Operation::Return, total: sum },
                    _ => Trace::Other,
                }
            }
            31 | 41 => {
                f.byte()?;
                let sum = Money::from_minor(f.number(5)? as i64);
                total = Some(sum);
                Trace::Correction { total: sum }
            }
            2 => Trace::ShiftOpened,
            5 => Trace::ShiftClosed,
            _ => Trace::Other,
        };
        Some(StoredDocument { trace, number, sign, time, total })
    }
}

/// FF3A begin reading a document's tags; FF3B follows until error 08h.
#[derive(Clone, Copy, Debug)]
pub struct BeginTags(pub u32);

impl Command for BeginTags {
    /// Length of all tags in bytes, headers included.
    type Answer = u16;

    fn request(&self, password: u32) -> Request {
        let mut r = request("FF3A document tags", &[0xFF, 0x3A], password, MEDIUM, Repeat::Freely);
        put_le(&mut r.body, self.0.into(), 4);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<u16> {
        let mut f = Fields(data);
        f.take(2)?;
        f.number(2).map(|n| n as u16)
    }
}

/// FF3B next tag. A repeated one would skip a tag, so a lost answer begins the document anew.
#[derive(Clone, Copy, Debug)]
pub struct NextTag;

impl Command for NextTag {
    /// A tag with its header.
    type Answer = Vec<u8>;

    fn request(&self, password: u32) -> Request {
        request("FF3B next tag", &[0xFF, 0x3B], password, MEDIUM, Repeat::OnlyRefused)
    }

    fn answer(&self, data: &[u8]) -> Option<Vec<u8>> {
        Some(data.to_vec())
    }
}

plain!(
    /// FF08 cancel the document that the storage is making: registers nothing.
    CancelDocument, "FF08 cancel storage document", [0xFF, 0x08], MEDIUM, Repeat::IfUnheard
);

/// `DATE_TIME` of the storage (section 4), YY MM DD hh mm, as `YYYY-MM-DDThh:mm`; `None` when it is not there.
pub(super) fn time(f: &mut Fields<'_>) -> Option<String> {
    let t = f.take(5)?;
    Some(format!("20{:02}-{:02}-{:02}T{:02}:{:02}", t[0], t[1], t[2], t[3], t[4]))
}
