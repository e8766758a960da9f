//! A host for tests: raw frames to a device in memory, straight from the manual.

use std::io;
use std::time::Duration;

use crate::simulator::books::BookedDocument;
use crate::simulator::shtrih::{Device, Manner};
use crate::simulator::{Clock, Register};

pub(super) const ACK: u8 = 6;
pub(super) const ENQ: u8 = 5;
pub(super) const NAK: u8 = 0x15;

/// A device in memory and the time of its line.
pub(super) struct Host {
    pub(super) device: Device,
    pub(super) now: Duration,
}

pub(super) fn clock() -> Clock {
    Clock::Line { start: "2026-02-10T12:34:56".parse().expect("a moment") }
}

impl Host {
    pub(super) fn new() -> Self {
        Self::with(Register::in_memory(clock(), Box::new(io::sink())))
    }

    pub(super) fn with(register: Register) -> Self {
        Self { device: Device::new(register, Manner::default()), now: Duration::ZERO }
    }

    /// Sends bytes and gives what comes back at once.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.now += Duration::from_millis(1);
        self.device.feed(bytes, self.now);
        self.device.poll(self.now)
    }

    /// Gives what comes after a time.
    pub(super) fn wait(&mut self, time: Duration) -> Vec<u8> {
        self.now += time;
        self.device.poll(self.now)
    }

    /// Sends a body as a frame, acknowledges the answer, gives its body.
    pub(super) fn ask(&mut self, body: &[u8]) -> Vec<u8> {
        let came = self.send(&frame(body));
        assert_eq!(came.first(), Some(&ACK), "{body:02X?} was not acknowledged: {came:02X?}");
        let answer = unframe(&came[1..]);
        assert!(self.send(&[ACK]).is_empty());
        answer
    }

    /// The same for a command with password 30, given as hexadecimal digits; gives the data after the error byte.
    pub(super) fn command(&mut self, command: &str, parameters: &[u8]) -> Result<Vec<u8>, u8> {
        self.command_by(30, command, parameters)
    }

    pub(super) fn command_by(&mut self, password: u32, command: &str, parameters: &[u8]) -> Result<Vec<u8>, u8> {
        let command = bytes(command);
        let body = [&command, password.to_le_bytes().as_slice(), parameters].concat();
        let answer = self.ask(&body);
        assert_eq!(answer[..command.len()], command, "the command is echoed");
        match answer[command.len()] {
            0 => Ok(answer[command.len() + 1..].to_vec()),
            error => {
                assert_eq!(answer.len(), command.len() + 1, "an error carries no data");
                Err(error)
            }
        }
    }

    pub(super) fn inject(&mut self, line: &str) -> String {
        self.device.inject(line.parse().expect("a line of the script"), self.now)
    }

    /// Mode and submode of 10h.
    pub(super) fn mode(&mut self) -> (u8, u8) {
        let status = self.command("10", &[]).expect("status");
        (status[3], status[4])
    }

    pub(super) fn documents(&self) -> &[BookedDocument] {
        self.device.register().documents()
    }

    pub(super) fn last(&self) -> &BookedDocument {
        self.documents().last().expect("a document")
    }

    pub(super) fn open_shift(&mut self) {
        self.command("E0", &[]).expect("opened");
    }

    /// Opens a sale of one line without tax.
    pub(super) fn open_sale(&mut self, kopecks: u64) {
        self.command("8D", &[0]).expect("opened");
        self.command("FF46", &item(1, 1_000_000, kopecks, 8, "Услуга")).expect("added");
    }

    /// A whole sale for cash; gives the answer of FF45.
    pub(super) fn sell(&mut self, kopecks: u64) -> Result<Vec<u8>, u8> {
        self.open_sale(kopecks);
        self.command("FF45", &closing(&[(1, kopecks)], 0, 1))
    }
}

/// Hexadecimal digits with or without spaces.
pub(super) fn bytes(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ascii"), 16).expect("hex"))
        .collect()
}

pub(super) fn frame(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).expect("a body fits");
    let sum = body.iter().fold(length, |sum, byte| sum ^ byte);
    [&[2, length], body, &[sum]].concat()
}

pub(super) fn unframe(bytes: &[u8]) -> Vec<u8> {
    assert_eq!(bytes.first(), Some(&2), "not a frame: {bytes:02X?}");
    let body = &bytes[2..bytes.len() - 1];
    assert_eq!(bytes, frame(body), "a whole frame and nothing else");
    body.to_vec()
}

/// Low `count` bytes.
pub(super) fn le(value: u64, count: usize) -> Vec<u8> {
    value.to_le_bytes()[..count].to_vec()
}

/// Parameters of FF46 after the password: full payment, service.
pub(super) fn item(kind: u8, millionths: u64, price: u64, rate: u8, title: &str) -> Vec<u8> {
    let name = encoding_rs::WINDOWS_1251.encode(title).0.into_owned();
    [&[kind], le(millionths, 6).as_slice(), &le(price, 5), &[0xFF; 10], &[rate, 1, 4, 4], &name].concat()
}

/// Parameters of FF45 after the password: sums by kind, rounding, tax system.
pub(super) fn closing(sums: &[(usize, u64)], rounding: u8, tax_system: u8) -> Vec<u8> {
    let mut body = vec![0; 80];
    for (kind, sum) in sums {
        body[(kind - 1) * 5..kind * 5].copy_from_slice(&le(*sum, 5));
    }
    body.push(rounding);
    body.extend([0; 30]);
    body.push(tax_system);
    body
}

/// A TLV of text in code page 866.
pub(super) fn tlv(tag: u16, text: &str) -> Vec<u8> {
    let value = encoding_rs::IBM866.encode(text).0.into_owned();
    [tag.to_le_bytes().as_slice(), &(value.len() as u16).to_le_bytes(), &value].concat()
}
