//! Section 6.6: tags. `tag u16, length u16, value`, little endian; text in CP866.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, request};

/// Customer's e-mail or phone.
pub const CONTACT: u16 = 1008;
/// Cashier's name.
pub const CASHIER: u16 = 1021;
/// Place of settlement.
pub const PLACE: u16 = 1187;
/// Cashier's taxpayer number, 12 characters.
pub const CASHIER_INN: u16 = 1203;
/// Additional attribute of a receipt, at most 16 characters: our marker.
pub const ADDITIONAL: u16 = 1192;
/// Additional attribute of the user, with a name (1085) and a value (1086).
pub const USER_ATTRIBUTE: u16 = 1084;
/// Name of [`USER_ATTRIBUTE`].
pub const USER_ATTRIBUTE_NAME: u16 = 1085;
/// Value of [`USER_ATTRIBUTE`].
pub const USER_ATTRIBUTE_VALUE: u16 = 1086;
/// Basis of a correction.
pub const BASIS: u16 = 1174;
/// Description of a basis; firmware of the format 1.05 only.
pub const BASIS_TEXT: u16 = 1177;
/// Date of a basis, seconds since 1970.
pub const BASIS_DATE: u16 = 1178;
/// Number of a basis.
pub const BASIS_NUMBER: u16 = 1179;

/// Longest list of tags in one command, bytes.
pub const MAX: usize = 250;

/// One tag.
pub fn tag(number: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend((value.len() as u16).to_le_bytes());
    bytes.extend(value);
    bytes
}

/// Takes a list of tags apart; `None` when it does not add up.
pub fn tags(mut bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut list = Vec::new();
    while !bytes.is_empty() {
        let mut f = Fields(bytes);
        let (number, len) = (f.number(2)? as u16, f.number(2)? as usize);
        list.push((number, f.take(len)?));
        bytes = f.0;
    }
    Some(list)
}

/// FF0C tags for the document that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendTags(pub Vec<u8>);

impl Command for SendTags {
    type Answer = ();

    fn request(&self, password: u32) -> Request {
        let mut r = request("FF0C document tags", &[0xFF, 0x0C], password, MEDIUM, Repeat::IfUnheard);
        r.body.extend(&self.0);
        r
    }

    fn answer(&self, _data: &[u8]) -> Option<()> {
        Some(())
    }
}
