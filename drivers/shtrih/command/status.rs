//! Section 6.1: how the device is, and who it is.

use super::super::exchange::{Repeat, Request};
use super::{Command, Fields, MEDIUM, SHORT, plain, request};

/// 10h short status.
#[derive(Clone, Copy, Debug)]
pub struct ShortStatus;

/// Answer to 10h; 15 or 16 bytes after the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Section 5.3.
    pub flags: u16,
    /// Section 5.1: low nibble mode, high nibble kind of document.
    pub mode: u8,
    /// Section 5.2.
    pub submode: u8,
    /// Operations in the open receipt.
    pub operations: u16,
}

impl Command for ShortStatus {
    type Answer = Short;

    fn request(&self, password: u32) -> Request {
        request("10h short status", &[0x10], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<Short> {
        let mut f = Fields(data);
        f.byte()?;
        let (flags, mode, submode) = (f.number(2)? as u16, f.byte()?, f.byte()?);
        let low = f.byte()?;
        f.take(4)?;
        let high = f.byte()?;
        f.take(3)?;
        Some(Short { flags, mode, submode, operations: u16::from_le_bytes([low, high]) })
    }
}

/// 11h long status.
#[derive(Clone, Copy, Debug)]
pub struct LongStatus;

/// Answer to 11h, as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Long {
    /// Firmware as printed: version, build, date.
    pub firmware: String,
    /// Section 5.3.
    pub flags: u16,
    /// Section 5.1.
    pub mode: u8,
    /// Section 5.2.
    pub submode: u8,
    /// The device's clock, `YYYY-MM-DDThh:mm:ss`.
    pub clock: String,
    /// Serial number; `None` when none was entered.
    pub serial: Option<u64>,
    /// Number of the last closed shift.
    pub last_closed_shift: u16,
}

impl Command for LongStatus {
    type Answer = Long;

    fn request(&self, password: u32) -> Request {
        request("11h long status", &[0x11], password, SHORT, Repeat::Freely)
    }

    fn answer(&self, data: &[u8]) -> Option<Long> {
        let mut f = Fields(data);
        f.byte()?;
        let (major, minor) = (f.byte()? as char, f.byte()? as char);
        let build = f.number(2)?;
        let (day, month, year) = (f.byte()?, f.byte()?, f.byte()?);
        f.take(1 + 2)?;
        let (flags, mode, submode) = (f.number(2)? as u16, f.byte()?, f.byte()?);
        f.take(1 + 2 + 2 + 3)?;
        let d = f.take(3)?;
        let t = f.take(3)?;
        f.byte()?;
        let serial = f.number(4)?;
        let last_closed_shift = f.number(2)? as u16;
        f.take(2 + 1 + 1 + 6)?;
        // Later firmware: flags, mode, then the high part of the serial number.
        let high = if f.left() >= 4 { Fields(&f.0[2..]).number(2)? } else { 0 };
        let entered = serial != 0xFFFF_FFFF;
        Some(Long {
            firmware: format!("{major}.{minor} build {build} of 20{year:02}-{month:02}-{day:02}"),
            flags,
            mode,
            submode,
            clock: format!("20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}", d[2], d[1], d[0], t[0], t[1], t[2]),
            serial: entered.then_some(if high == 0xFFFF { serial } else { high << 32 | serial }),
            last_closed_shift,
        })
    }
}

/// `FCh` device type; the one command without a password.
#[derive(Clone, Copy, Debug)]
pub struct DeviceType;

/// Answer to `FCh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// 0 is a register.
    pub kind: u8,
    /// Version and subversion of the protocol.
    pub protocol: (u8, u8),
    /// Number of the model.
    pub number: u8,
    /// Name, from CP1251.
    pub name: String,
}

impl Command for DeviceType {
    type Answer = Model;

    fn request(&self, _password: u32) -> Request {
        Request {
            name: "FCh device type",
            code: vec![0xFC],
            body: vec![0xFC],
            timeout: SHORT,
            repeat: Repeat::Freely,
            sent_point: None,
        }
    }

    fn answer(&self, data: &[u8]) -> Option<Model> {
        let mut f = Fields(data);
        let kind = f.byte()?;
        f.byte()?;
        let protocol = (f.byte()?, f.byte()?);
        let number = f.byte()?;
        f.byte()?;
        Some(Model { kind, protocol, number, name: super::super::text::from_cp1251(f.0) })
    }
}

/// F7h, kind 1: what the model has; without a password.
#[derive(Clone, Copy, Debug)]
pub struct ModelFlags;

impl Command for ModelFlags {
    /// Bits; 28 is the numbered low level.
    type Answer = u64;

    fn request(&self, _password: u32) -> Request {
        Request {
            name: "F7h model parameters",
            code: vec![0xF7],
            body: vec![0xF7, 1],
            timeout: SHORT,
            repeat: Repeat::Freely,
            sent_point: None,
        }
    }

    fn answer(&self, data: &[u8]) -> Option<u64> {
        Fields(data).number(8)
    }
}

plain!(
    /// B0h continue print: after paper was loaded (submode 3) or error 58h.
    ContinuePrint, "B0h continue print", [0xB0], MEDIUM, Repeat::IfUnheard
);
plain!(
    /// 13h beep.
    Beep, "13h beep", [0x13], SHORT, Repeat::Freely
);

/// 21h set time (hours, minutes, seconds).
#[derive(Clone, Copy, Debug)]
pub struct SetTime(pub [u8; 3]);

/// 22h set date (day, month, year of the century); the shift must be closed. 23h with the same date must follow.
#[derive(Clone, Copy, Debug)]
pub struct SetDate(pub [u8; 3]);

/// 23h confirm date.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmDate(pub [u8; 3]);

macro_rules! three_bytes {
    ($name:ident, $label:literal, $code:literal) => {
        impl Command for $name {
            type Answer = ();

            fn request(&self, password: u32) -> Request {
                let mut r = request($label, &[$code], password, MEDIUM, Repeat::Freely);
                r.body.extend(self.0);
                r
            }

            fn answer(&self, _data: &[u8]) -> Option<()> {
                Some(())
            }
        }
    };
}
three_bytes!(SetTime, "21h set time", 0x21);
three_bytes!(SetDate, "22h set date", 0x22);
three_bytes!(ConfirmDate, "23h confirm date", 0x23);
