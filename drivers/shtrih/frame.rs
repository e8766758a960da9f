//! Frames of the standard low level ("KKT protocol" 2.0, section 2); knows no port and no clock.
//!
//! ```text
//! frame := 02  LEN  BODY[LEN]  LRC          LEN 1..=255, LRC = LEN xor every byte of BODY
//! BODY  := CMD (1 byte, or FFh and one more)  parameters | error, data
//! ```

/// Start of a frame.
pub const STX: u8 = 0x02;
/// "Are you ready?"
pub const ENQ: u8 = 0x05;
/// "Received", or "I have an answer".
pub const ACK: u8 = 0x06;
/// "Not received", or "I am idle".
pub const NAK: u8 = 0x15;
/// Longest body of a frame.
pub const MAX_BODY: usize = 255;

/// A frame around `body`; `None` when the body is empty or too long.
pub fn encode(body: &[u8]) -> Option<Vec<u8>> {
    let len = u8::try_from(body.len()).ok().filter(|&len| len > 0)?;
    let mut frame = Vec::with_capacity(body.len() + 3);
    frame.extend([STX, len]);
    frame.extend(body);
    frame.push(body.iter().fold(len, |lrc, b| lrc ^ b));
    Some(frame)
}

/// What a byte completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing yet.
    More,
    /// A frame whose check sum is right: its body.
    Body(Vec<u8>),
    /// A frame whose check sum is wrong, or of length 0.
    Bad,
}

/// Takes a frame apart byte by byte. Bytes before STX are skipped: noise and late control bytes.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Idle,
    Length,
    Body {
        len: u8,
        body: Vec<u8>,
    },
}

impl Decoder {
    /// A decoder that has seen STX already.
    pub fn after_stx() -> Self {
        Self { state: State::Length }
    }

    /// True between STX and the end of the frame.
    pub fn is_inside(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Takes one byte.
    pub fn push(&mut self, byte: u8) -> Event {
        match &mut self.state {
            State::Idle => {
                if byte == STX {
                    self.state = State::Length;
                }
                Event::More
            }
            State::Length if byte == 0 => {
                self.state = State::Idle;
                Event::Bad
            }
            State::Length => {
                self.state = State::Body { len: byte, body: Vec::with_capacity(byte.into()) };
                Event::More
            }
            State::Body { len, body } if body.len() < usize::from(*len) => {
                body.push(byte);
                Event::More
            }
            State::Body { len, body } => {
                let right = body.iter().fold(*len, |lrc, b| lrc ^ b) == byte;
                let body = std::mem::take(body);
                self.state = State::Idle;
                if right { Event::Body(body) } else { Event::Bad }
            }
        }
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
