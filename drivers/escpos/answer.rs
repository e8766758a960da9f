//! What the printer says, as pieces; no port.
//!
//! Answers have no frame: a byte's fixed bits tell what it is (sections DLE EOT, GS a, GS r, GS ( H, GS I).
//!
//! | bytes | piece |
//! |---|---|
//! | `b & 93h == 12h` | answer to DLE EOT |
//! | `b & 93h == 10h`, three `b & 90h == 0` | automatic status; its tail looks like answers to GS r, so it is taken whole |
//! | `37 22 d1 d2 d3 d4 00` | process id |
//! | `37 ...  00` | another block |
//! | `5F text 00` | a text: identity, counter |
//! | `b & 90h == 0` | answer to GS r |
//! | the rest (`11`, `13`, noise) | nothing |

/// A piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To DLE EOT.
    RealTime(u8),
    /// Sent by itself (GS a).
    Automatic([u8; 4]),
    /// To GS ( H function 48.
    ProcessId([u8; 4]),
    /// To GS I and GS g 2.
    Text(String),
    /// To GS r.
    Queued(u8),
}

/// Longest block that is waited for.
const LONGEST: usize = 96;

/// Takes bytes, gives pieces.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// Bytes of a piece that is not whole yet.
    begun: Vec<u8>,
}

impl Parser {
    /// Forgets a piece that is not whole.
    pub fn reset(&mut self) {
        self.begun.clear();
    }

    /// One more byte.
    pub fn take(&mut self, byte: u8) -> Option<Answer> {
        match self.begun.first() {
            None => self.first(byte),
            Some(0x37 | 0x5F) => self.block(byte),
            Some(_) => self.automatic(byte),
        }
    }

    fn first(&mut self, byte: u8) -> Option<Answer> {
        if matches!(byte, 0x37 | 0x5F) || byte & 0x93 == 0x10 {
            self.begun.push(byte);
            None
        } else if byte & 0x93 == 0x12 {
            Some(Answer::RealTime(byte))
        } else if byte & 0x90 == 0 {
            Some(Answer::Queued(byte))
        } else {
            None
        }
    }

    fn block(&mut self, byte: u8) -> Option<Answer> {
        if byte != 0 {
            self.begun.push(byte);
            if self.begun.len() > LONGEST {
                self.reset();
            }
            return None;
        }
        let block = std::mem::take(&mut self.begun);
        match block.as_slice() {
            [0x37, 0x22, id @ ..] => Some(Answer::ProcessId(id.try_into().ok()?)),
            [0x5F, text @ ..] => Some(Answer::Text(String::from_utf8_lossy(text).trim().to_owned())),
            _ => None,
        }
    }

    fn automatic(&mut self, byte: u8) -> Option<Answer> {
        if byte & 0x90 != 0 {
            // Not its tail: the first byte was noise.
            self.reset();
            return self.first(byte);
        }
        self.begun.push(byte);
        let whole = self.begun.as_slice().try_into().ok()?;
        self.reset();
        Some(Answer::Automatic(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &[u8]) -> Vec<Answer> {
        let mut parser = Parser::default();
        bytes.iter().filter_map(|&b| parser.take(b)).collect()
    }

    #[test]
    fn pieces_are_told_apart_by_their_fixed_bits() {
        assert_eq!(parsed(&[0x12, 0x16, 0x72]), [0x12, 0x16, 0x72].map(Answer::RealTime));
        assert_eq!(parsed(&[0x00, 0x03, 0x0C]), [0x00, 0x03, 0x0C].map(Answer::Queued));
        assert_eq!(parsed(b"\x37\x22K123\0"), [Answer::ProcessId(*b"K123")]);
        assert_eq!(parsed(b"\x5FTM-T20II\0"), [Answer::Text("TM-T20II".into())]);
        assert_eq!(parsed(&[0x14, 0x00, 0x00, 0x0F]), [Answer::Automatic([0x14, 0x00, 0x00, 0x0F])]);
        assert_eq!(parsed(&[0x37, 0x25, 0x00, 0x11, 0x13, 0xFF]), []);
    }

    #[test]
    fn the_tail_of_an_automatic_status_is_no_answer_to_gs_r() {
        let stream = [0x10, 0x00, 0x00, 0x0F, 0x00];
        assert_eq!(parsed(&stream), [Answer::Automatic([0x10, 0, 0, 0x0F]), Answer::Queued(0)]);
    }

    #[test]
    fn a_block_that_never_ends_and_a_broken_automatic_status_are_left_behind() {
        let mut endless = vec![0x5F];
        endless.extend([b'x'; 200]);
        endless.extend([0x00, 0x12]);
        assert!(parsed(&endless).contains(&Answer::RealTime(0x12)));
        assert_eq!(parsed(&[0x10, 0x00, 0x12]), [Answer::RealTime(0x12)]);
        assert_eq!(parsed(b"\x37\x22K12\0"), []);
    }
}
