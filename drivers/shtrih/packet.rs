//! Packets of the alternative low level ("KKT protocol" 2.0, section 3); knows no port and no clock.
//!
//! ```text
//! packet := 8F stuff( LEN16 [NUM16 DATA] CRC16 )      low byte first; within: 8F -> 9F 81, 9F -> 9F 83
//! LEN16  := 0 (asks for the last answer) | 2 + length of DATA
//! CRC16  := CCITT 1021h from FFFFh over LEN16 NUM16 DATA
//! DATA   := BODY of the standard level
//! ```

/// Begins a packet, and stands nowhere else in it.
pub const START: u8 = 0x8F;
const ESCAPE: u8 = 0x9F;
/// What follows [`ESCAPE`] in the place of [`START`] and of itself.
const FOR_START: u8 = 0x81;
const FOR_ESCAPE: u8 = 0x83;

/// Asks for the last answer: an empty packet.
pub const SYNC: [u8; 5] = [START, 0x00, 0x00, 0x0F, 0x1D];

/// Longest data that is believed, bytes.
const MAX_DATA: usize = 4096;

/// A packet around `data` under a number.
pub fn encode(number: u16, data: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(data.len()).ok().filter(|_| (1..=MAX_DATA).contains(&data.len()))? + 2;
    let mut plain = length.to_le_bytes().to_vec();
    plain.extend(number.to_le_bytes());
    plain.extend(data);
    plain.extend(crc(&plain).to_le_bytes());
    let mut packet = vec![START];
    for byte in plain {
        match byte {
            START => packet.extend([ESCAPE, FOR_START]),
            ESCAPE => packet.extend([ESCAPE, FOR_ESCAPE]),
            plain => packet.push(plain),
        }
    }
    Some(packet)
}

/// What a byte completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing yet.
    More,
    /// A packet whose sum is right: its number and its data, which may be empty.
    Packet(u16, Vec<u8>),
    /// A packet whose sum or form is wrong, or that asks as we do: our own bytes came back.
    Bad,
}

/// Takes a packet apart byte by byte. Bytes before its start are skipped, and a start begins anew.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    packet: Option<Vec<u8>>,
    escaped: bool,
}

impl Decoder {
    /// True between the start of a packet and its end.
    pub fn is_inside(&self) -> bool {
        self.packet.is_some()
    }

    /// Takes one byte.
    pub fn push(&mut self, byte: u8) -> Event {
        if byte == START {
            *self = Self { packet: Some(Vec::new()), escaped: false };
            return Event::More;
        }
        let Some(packet) = self.packet.as_mut() else { return Event::More };
        match (std::mem::take(&mut self.escaped), byte) {
            (false, ESCAPE) => {
                self.escaped = true;
                return Event::More;
            }
            (false, plain) => packet.push(plain),
            (true, FOR_START) => packet.push(START),
            (true, FOR_ESCAPE) => packet.push(ESCAPE),
            (true, _) => return self.bad(),
        }
        let [low, high, ..] = packet[..] else { return Event::More };
        let length = usize::from(u16::from_le_bytes([low, high]));
        if length > MAX_DATA {
            return self.bad();
        }
        if packet.len() < length + 4 {
            return Event::More;
        }
        let (plain, sum) = packet.split_at(length + 2);
        let event = match plain {
            [_, _, low, high, data @ ..] if crc(plain).to_le_bytes() == sum => {
                Event::Packet(u16::from_le_bytes([*low, *high]), data.to_vec())
            }
            _ => Event::Bad,
        };
        self.packet = None;
        event
    }

    fn bad(&mut self) -> Event {
        self.packet = None;
        Event::Bad
    }
}

/// CCITT: polynomial 1021h, from `FFFFh`, not reflected.
fn crc(bytes: &[u8]) -> u16 {
    let shift = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
    bytes.iter().fold(0xFFFF, |crc, byte| (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| shift(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(bytes: &[u8]) -> Vec<Event> {
        let mut decoder = Decoder::default();
        bytes.iter().map(|&b| decoder.push(b)).filter(|e| *e != Event::More).collect()
    }

    #[test]
    fn packets_are_the_manual_s_byte_for_byte() {
        assert_eq!(encode(1, &[0xFC]).expect("fits"), [0x8F, 3, 0, 1, 0, 0xFC, 0x7D, 0xE6]);
        let status = [0x8F, 7, 0, 2, 0, 0x10, 0x1E, 0, 0, 0, 0x9D, 0x74];
        assert_eq!(encode(2, &[0x10, 0x1E, 0, 0, 0]).expect("fits"), status);
        assert_eq!(SYNC[3..], crc(&[0, 0]).to_le_bytes());
        assert_eq!(encode(1, &[]), None);
    }

    #[test]
    fn what_is_stuffed_comes_through_and_noise_before_a_start_is_skipped() {
        let data = [0x17, 0x8F, 0x9F, 0x81, 0x83];
        let mut bytes = vec![0xFF, 0x06];
        bytes.extend(encode(0x8F9F, &data).expect("fits"));
        assert_eq!(events(&bytes), [Event::Packet(0x8F9F, data.to_vec())]);
    }

    #[test]
    fn one_wrong_bit_is_never_taken_for_a_packet() {
        let whole = encode(7, &[0xFF, 0x45, 0, 1, 2, 3]).expect("fits");
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut hurt = whole.clone();
                hurt[place] ^= 1 << bit;
                assert!(events(&hurt).iter().all(|e| *e == Event::Bad), "byte {place}, bit {bit}");
            }
        }
    }

    #[test]
    fn our_own_question_that_comes_back_is_no_answer() {
        assert_eq!(events(&SYNC), [Event::Bad]);
    }

    #[test]
    fn a_packet_that_was_cut_off_is_forgotten_at_the_next_start() {
        let whole = encode(1, &[0xFC, 0]).expect("fits");
        let bytes = [&whole[..4], &whole[..]].concat();
        assert_eq!(events(&bytes), [Event::Packet(1, vec![0xFC, 0])]);
    }
}
