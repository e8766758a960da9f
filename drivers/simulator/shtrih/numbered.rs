//! The device's side of the alternative low level: numbered packets (protocol 2.0, "alternative low level").
//!
//! ```text
//! packet := 8F stuff( LEN16 [NUM16 DATA] CRC16 )      low byte first; 8F -> 9F 81, 9F -> 9F 83
//! LEN16  := 0 (asks for the last answer) | 2 + length of DATA
//! CRC16  := CCITT 1021h from FFFFh over LEN16 NUM16 DATA
//! ```
//! A request is carried out when its number follows the last one; any other is answered with the last answer under its
//! own number. A packet with a wrong sum is not heard. Power takes the answer away, the number stays.

use std::time::Duration;

/// Begins a packet, and nothing else.
pub(crate) const START: u8 = 0x8F;
const ESCAPE: u8 = 0x9F;

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Send this packet.
    Send(Vec<u8>),
    /// Carry out this body.
    Run(Vec<u8>),
}

/// The machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbered {
    number: u16,
    answer: Vec<u8>,
    working: bool,
    packet: Option<Vec<u8>>,
    escaped: bool,
    last: Duration,
}

impl Numbered {
    /// A byte came at `now`; `byte_timeout` is allowed since the one before.
    pub(crate) fn receive(&mut self, byte: u8, now: Duration, byte_timeout: Duration) -> Option<Heard> {
        let late = now.saturating_sub(self.last) > byte_timeout;
        self.last = now;
        if byte == START {
            self.packet = Some(Vec::new());
            self.escaped = false;
            return None;
        }
        if late {
            self.packet = None;
        }
        let packet = self.packet.as_mut()?;
        match (self.escaped, byte) {
            (false, ESCAPE) => {
                self.escaped = true;
                return None;
            }
            (false, plain) => packet.push(plain),
            (true, 0x81) => packet.push(START),
            (true, 0x83) => packet.push(ESCAPE),
            (true, _) => {
                self.packet = None;
                return None;
            }
        }
        self.escaped = false;
        let length = usize::from(u16::from_le_bytes([*packet.first()?, *packet.get(1)?]));
        if packet.len() < length + 4 {
            return None;
        }
        let packet = self.packet.take()?;
        self.whole(&packet[..length + 2], &packet[length + 2..])
    }

    fn whole(&mut self, packet: &[u8], sum: &[u8]) -> Option<Heard> {
        if crc(packet).to_le_bytes() != sum || self.working {
            return None;
        }
        let [_, _, low, high, body @ ..] = packet else { return Some(Heard::Send(self.last_answer())) };
        let number = u16::from_le_bytes([*low, *high]);
        if number != self.number.wrapping_add(1) || body.is_empty() {
            return Some(Heard::Send(self.last_answer()));
        }
        self.number = number;
        self.answer.clear();
        self.working = true;
        Some(Heard::Run(body.to_vec()))
    }

    /// The answer is ready: the packet that carries it.
    pub(crate) fn answered(&mut self, body: &[u8]) -> Vec<u8> {
        self.working = false;
        self.answer = body.to_vec();
        self.last_answer()
    }

    /// The command was not carried out and leaves no trace.
    pub(crate) fn undo(&mut self) {
        self.working = false;
        self.number = self.number.wrapping_sub(1);
    }

    /// Power is gone.
    pub(crate) fn forget(&mut self) {
        let number = self.number;
        *self = Self { number, ..Self::default() };
    }

    fn last_answer(&self) -> Vec<u8> {
        packet(self.number, &self.answer)
    }
}

/// A packet with a number.
pub(crate) fn packet(number: u16, data: &[u8]) -> Vec<u8> {
    let mut plain = (2 + data.len() as u16).to_le_bytes().to_vec();
    plain.extend(number.to_le_bytes());
    plain.extend_from_slice(data);
    plain.extend(crc(&plain).to_le_bytes());
    let mut packet = vec![START];
    for byte in plain {
        match byte {
            START => packet.extend([ESCAPE, 0x81]),
            ESCAPE => packet.extend([ESCAPE, 0x83]),
            other => packet.push(other),
        }
    }
    packet
}

/// CCITT, polynomial 1021h, from `FFFFh`, not reflected.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(*byte) << 8),
            |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(100);

    fn feed(machine: &mut Numbered, bytes: &[u8]) -> Vec<Heard> {
        bytes.iter().filter_map(|byte| machine.receive(*byte, Duration::ZERO, WAIT)).collect()
    }

    #[test]
    fn packets_are_the_manual_s() {
        assert_eq!(packet(1, &[0xFC]), [0x8F, 3, 0, 1, 0, 0xFC, 0x7D, 0xE6]);
        assert_eq!(packet(2, &[0x10, 0x1E, 0, 0, 0]), [0x8F, 7, 0, 2, 0, 0x10, 0x1E, 0, 0, 0, 0x9D, 0x74]);
    }

    #[test]
    fn a_number_is_carried_out_once_and_answered_as_often_as_it_is_asked() {
        let mut machine = Numbered::default();
        let first = packet(1, &[0xFC]);
        assert_eq!(feed(&mut machine, &first), [Heard::Run(vec![0xFC])]);
        assert_eq!(feed(&mut machine, &first), [], "still at work");
        let answer = machine.answered(&[0xFC, 0]);
        assert_eq!(answer, packet(1, &[0xFC, 0]));
        assert_eq!(feed(&mut machine, &first), [Heard::Send(answer.clone())]);
        assert_eq!(feed(&mut machine, &packet(9, &[0xFC])), [Heard::Send(answer.clone())]);
        assert_eq!(
            feed(&mut machine, &[0x8F, 0, 0, 0x0F, 0x1D]),
            [Heard::Send(answer)],
            "the question for the last one"
        );
        machine.forget();
        assert_eq!(feed(&mut machine, &first), [Heard::Send(packet(1, &[]))], "power took the answer, not the number");
    }

    #[test]
    fn what_is_stuffed_comes_through_and_a_wrong_sum_is_not_heard() {
        let mut machine = Numbered::default();
        let body = [0x17, 0x8F, 0x9F, 0x8F];
        let mut stuffed = packet(1, &body);
        assert_eq!(feed(&mut machine, &stuffed), [Heard::Run(body.to_vec())]);
        machine.undo();
        *stuffed.last_mut().expect("a byte") ^= 1;
        assert_eq!(feed(&mut machine, &stuffed), []);
    }
}
