//! Section 6.1 and 6.7: tables of settings, registers of sums and counts.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, SHORT, put_le, request};

/// A field of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Table.
    pub table: u8,
    /// Row, from 1.
    pub row: u16,
    /// Field, from 1.
    pub field: u8,
}

/// 1Fh read a field.
#[derive(Clone, Copy, Debug)]
pub struct ReadField(pub Place);

impl Command for ReadField {
    type Answer = Vec<u8>;

    fn request(&self, password: u32) -> Request {
        let mut r = request("1Fh read table", &[0x1F], password, SHORT, Repeat::Freely);
        put_place(&mut r.body, self.0);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<Vec<u8>> {
        Some(data.to_vec())
    }
}

/// 1Eh write a field.
#[derive(Clone, Debug)]
pub struct WriteField(pub Place, pub Vec<u8>);

impl Command for WriteField {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("1Eh write table", &[0x1E], password, MEDIUM, Repeat::Freely);
        put_place(&mut r.body, self.0);
        r.body.extend(&self.1);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}

fn put_place(body: &mut Vec<u8>, place: Place) {
    body.push(place.table);
    put_le(body, place.row.into(), 2);
    body.push(place.field);
}

/// 2Dh structure of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableShape(pub u8);

impl Command for TableShape {
    /// Rows and fields.
    type Answer = (u16, u8);

    fn request(&self, password: u32) -> Request {
        let mut r = request("2Dh table structure", &[0x2D], password, SHORT, Repeat::Freely);
        r.body.push(self.0);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<(u16, u8)> {
        let mut f = Fields(data);
        f.take(40)?;
        Some((f.number(2)? as u16, f.byte()?))
    }
}

/// 2Eh structure of a field.
#[derive(Clone, Copy, Debug)]
pub struct FieldShape {
    /// Table.
    pub table: u8,
    /// Field, from 1.
    pub field: u8,
}

/// Answer to 2Eh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Name, from CP1251.
    pub name: String,
    /// Size in bytes.
    pub size: u8,
    /// Least and greatest value of a number; `None` for text.
    pub range: Option<(u64, u64)>,
}

impl Command for FieldShape {
    type Answer = Shape;

    fn request(&self, password: u32) -> Request {
        let mut r = request("2Eh field structure", &[0x2E], password, SHORT, Repeat::Freely);
        r.body.extend([self.table, self.field]);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<Shape> {
        let mut f = Fields(data);
        let name = super::super::text::from_cp1251(f.take(40)?);
        let (kind, size) = (f.byte()?, f.byte()?);
        let width = usize::from(size).min(8);
        let range = match kind {
            0 => Some((f.number(width)?, f.number(width)?)),
            _ => None,
        };
        Some(Shape { name, size, range })
    }
}

/// 1Ah money register: 241 cash in the drawer, 242 and 243 cash put in and taken out in the shift.
#[derive(Clone, Copy, Debug)]
pub struct MoneyRegister(pub u8);

impl Command for MoneyRegister {
    type Answer = u64;

    fn request(&self, password: u32) -> Request {
        let mut r = request("1Ah money register", &[0x1A], password, SHORT, Repeat::Freely);
        r.body.push(self.0);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<u64> {
        let mut f = Fields(data);
        f.byte()?;
        f.number(6)
    }
}

/// 1Bh operation register: 155 and 156 numbers of the last cash-in and cash-out.
#[derive(Clone, Copy, Debug)]
pub struct CountRegister(pub u8);

impl Command for CountRegister {
    type Answer = u16;

    fn request(&self, password: u32) -> Request {
        let mut r = request("1Bh operation register", &[0x1B], password, SHORT, Repeat::Freely);
        r.body.push(self.0);
        r
    }

    fn answer(&self, data: &[u8]) -> Option<u16> {
        let mut f = Fields(data);
        f.byte()?;
        f.number(2).map(|n| n as u16)
    }
}
