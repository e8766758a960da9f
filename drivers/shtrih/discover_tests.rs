use std::time::Duration;

use super::*;
use crate::transport::tape::Tape;

/// A line whose far end is a loop: what is written comes back.
struct Loop {
    bytes: Vec<u8>,
    now: Duration,
}

impl Port for Loop {
    fn write(&mut self, bytes: &[u8], _within: Duration) -> Result<(), PortError> {
        self.bytes.extend(bytes);
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let n = self.bytes.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.bytes[..n]);
        self.bytes.drain(..n);
        if n == 0 {
            self.now += within;
        }
        Ok(n)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        self.bytes.clear();
        Ok(())
    }

    fn pause(&mut self, time: Duration) {
        self.now += time;
    }

    fn now(&self) -> Duration {
        self.now
    }
}

/// What is at a port: a loop, or a register with this last byte of its serial number.
#[derive(Clone)]
struct At(&'static str);

impl Opener for At {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        match self.0 {
            "loop" => Ok(Box::new(Loop { bytes: Vec::new(), now: Duration::ZERO })),
            "missing" => Err(PortError::Unreachable("missing: no such device".to_owned())),
            name => {
                let serial = if name == "ours" { 0x2A } else { 0x2B };
                Ok(Box::new(Tape::parse(&register(serial))))
            }
        }
    }

    fn name(&self) -> String {
        self.0.to_owned()
    }
}

/// A register that answers `FCh` and 11h once each.
fn register(serial: u8) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(" ");
    let framed = |body: &[u8]| hex(&crate::shtrih::frame::encode(body).expect("fits"));
    let mut long = vec![0x11, 0x00];
    long.resize(48, 0);
    long[32] = serial;
    format!(
        "> 05\n< 15\n> {}\n< 06 {}\n> 06\n> 05\n< 15\n> {}\n< 06 {}\n> 06\n",
        framed(&[0xFC]),
        framed(b"\xFC\x00\x00\x00\x01\x1B\xFA\x00TEST"),
        framed(&[0x11, 30, 0, 0, 0]),
        framed(&long),
    )
}

fn finder(names: &'static [&'static str]) -> FindingOpener {
    let list = move || names.iter().map(|n| (*n).to_owned()).collect();
    FindingOpener::new("0042", Settings::serial(), list, move |name| {
        let at = names.iter().find(|n| **n == name).expect("listed");
        Box::new(At(at))
    })
}

#[test]
fn a_register_is_found_by_its_serial_number_wherever_it_is() {
    let mut opener = finder(&["missing", "loop", "other", "ours"]);
    assert!(opener.open().is_ok());
    assert_eq!(opener.name(), "ours");
}

#[test]
fn a_line_that_gives_our_bytes_back_is_no_device() {
    assert!(probe(Box::new(At("loop")), &Settings::serial()).is_err());
}

#[test]
fn a_register_that_is_nowhere_is_told_with_what_was_seen_at_each_port() {
    match finder(&["missing", "other"]).open().map(|_| ()) {
        Err(PortError::Unreachable(why)) => {
            assert!(why.contains("other: serial 43") && why.contains("missing: "), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
