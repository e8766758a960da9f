//! Real-time commands: found in the stream as it is received, whatever stands around them, also inside the data of a
//! raster image, and carried out at once, before everything that waits in the buffer.
//!
//! | bytes | |
//! |---|---|
//! | `10 04 n` | status n, 1..4 |
//! | `10 05 n` | 1: go on after an error, 2: forget all and go on |
//! | `10 14 01 m t` | pulse at connector m (0, 1), t * 100 ms (1..8) |
//! | `10 14 02 a b` | switch off |
//! | `10 14 08 01 03 14 01 06 02 08` | forget all that is not printed, answer `37 25 00` |

use super::command::DLE;

const EOT: u8 = 4;
const ENQ: u8 = 5;
const DC4: u8 = 20;
const CLEAR: [u8; 10] = [DLE, DC4, 8, 1, 3, 20, 1, 6, 2, 8];

/// A real-time command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RealTime {
    Status(u8),
    GoOn,
    ForgetAndGoOn,
    Pulse { connector: u8, tenths: u8 },
    SwitchOff,
    Clear,
}

/// Watches the stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    last: Vec<u8>,
}

impl Watch {
    /// One byte more; a command and its bytes when this one ends it.
    pub(crate) fn see(&mut self, byte: u8) -> Option<(RealTime, Vec<u8>)> {
        self.last.push(byte);
        let whole = loop {
            if self.last.is_empty() {
                return None;
            }
            match length(&self.last) {
                Length::More(_) => return None,
                Length::Whole => break std::mem::take(&mut self.last),
                Length::Other => {
                    self.last.remove(0);
                }
            }
        };
        Some((meaning(&whole), whole))
    }
}

/// How much of a real-time command some bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// The beginning of one with so many bytes.
    More(usize),
    /// All of one.
    Whole,
    /// None.
    Other,
}

pub(crate) fn length(bytes: &[u8]) -> Length {
    let total = |total: usize| if bytes.len() < total { Length::More(total) } else { Length::Whole };
    match *bytes {
        [DLE] => Length::More(2),
        [DLE, EOT | ENQ] => Length::More(3),
        [DLE, EOT, 1..=4] | [DLE, ENQ, 1 | 2] => Length::Whole,
        // Ink and cheque readers are asked with 7 and 8 and one number more: this printer has neither.
        [DLE, EOT, 7 | 8, ..] => total(4),
        [DLE, DC4] => Length::More(3),
        [DLE, DC4, 1] => Length::More(4),
        [DLE, DC4, 1, 0 | 1] => Length::More(5),
        [DLE, DC4, 1, 0 | 1, 1..=8] => Length::Whole,
        [DLE, DC4, 2, ..] => total(5),
        [DLE, DC4, 8, ..] if CLEAR.starts_with(bytes) => total(CLEAR.len()),
        _ => Length::Other,
    }
}

fn meaning(bytes: &[u8]) -> RealTime {
    match *bytes {
        [_, ENQ, 1] => RealTime::GoOn,
        [_, ENQ, _] => RealTime::ForgetAndGoOn,
        [_, DC4, 1, connector, tenths] => RealTime::Pulse { connector, tenths },
        [_, DC4, 2, ..] => RealTime::SwitchOff,
        [_, DC4, ..] => RealTime::Clear,
        _ => RealTime::Status(bytes.get(2).copied().unwrap_or_default()),
    }
}

/// True when a whole real-time command stands somewhere among the bytes of another command.
pub(crate) fn is_inside(bytes: &[u8]) -> bool {
    let mut watch = Watch::default();
    bytes.iter().any(|byte| watch.see(*byte).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(bytes: &[u8]) -> Vec<RealTime> {
        let mut watch = Watch::default();
        bytes.iter().filter_map(|byte| watch.see(*byte)).map(|(command, _)| command).collect()
    }

    #[test]
    fn commands_are_found_among_other_bytes() {
        assert_eq!(seen(b"ab\x10\x04\x01cd\x10\x05\x02"), [RealTime::Status(1), RealTime::ForgetAndGoOn]);
        assert_eq!(seen(b"\x10\x10\x04\x04"), [RealTime::Status(4)]);
        assert_eq!(seen(b"\x10\x14\x01\x01\x05"), [RealTime::Pulse { connector: 1, tenths: 5 }]);
        assert_eq!(seen(&CLEAR), [RealTime::Clear]);
        assert_eq!(seen(b"\x10\x04\x09\x10\x14\x01\x02\x01\x10\x05\x03"), []);
    }
}
