//! The device's side of the standard low level as a machine without port and clock: bytes and time in, decisions out.
//!
//! ```text
//! IDLE     ENQ -> NAK.   STX -> LEN BODY LRC (byte time-out each; late: dropped in silence)
//!                        LRC wrong -> NAK.   LRC right -> Run
//! WORK     ENQ -> ACK (the answer is being prepared); everything else is not heard
//! WAIT     answer sent.  ACK -> dropped, IDLE.   NAK or time-out -> KEPT.   ENQ -> ACK, answer again.
//!                        STX -> a new command, the answer is dropped
//! KEPT     ENQ -> ACK, answer again, WAIT.   STX -> a new command, the answer is dropped
//! ```
//! A device that loses power forgets the answer: IDLE.

use std::time::Duration;

use super::frame::{ACK, ENQ, NAK, STX, lrc};

/// How many byte time-outs the device waits for the ACK of its answer.
const ACK_WAIT: u32 = 10;

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send these bytes.
    Send(Vec<u8>),
    /// A whole frame came: accept it and carry out this body.
    Run(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Length,
    Body { length: usize, body: Vec<u8> },
    Working,
    Waiting { frame: Vec<u8> },
    Kept { frame: Vec<u8> },
}

/// The machine.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    state: State,
    last: Duration,
}

impl Link {
    /// An idle device.
    pub(crate) fn new() -> Self {
        Self { state: State::Idle, last: Duration::ZERO }
    }

    /// A byte came at `now`; `byte_timeout` is allowed between the bytes of a frame.
    pub(crate) fn receive(&mut self, byte: u8, now: Duration, byte_timeout: Duration) -> Option<Decision> {
        self.expire(now, byte_timeout);
        self.last = now;
        match &mut self.state {
            State::Working => (byte == ENQ).then(|| say(ACK)),
            State::Length => {
                self.state = State::Body { length: usize::from(byte), body: Vec::with_capacity(usize::from(byte)) };
                None
            }
            State::Body { length, body } if body.len() < *length => {
                body.push(byte);
                None
            }
            State::Body { body, .. } => {
                let body = std::mem::take(body);
                if body.is_empty() || lrc(&body) != byte {
                    self.state = State::Idle;
                    return Some(say(NAK));
                }
                self.state = State::Working;
                Some(Decision::Run(body))
            }
            State::Idle => self.idle(byte),
            State::Waiting { frame } | State::Kept { frame } if byte == ENQ => {
                let frame = std::mem::take(frame);
                let again = [&[ACK], frame.as_slice()].concat();
                self.state = State::Waiting { frame };
                Some(Decision::Send(again))
            }
            State::Waiting { .. } if byte == ACK => {
                self.state = State::Idle;
                None
            }
            State::Waiting { frame } if byte == NAK => {
                self.state = State::Kept { frame: std::mem::take(frame) };
                None
            }
            State::Waiting { .. } | State::Kept { .. } if byte == STX => self.idle(byte),
            State::Waiting { .. } | State::Kept { .. } => None,
        }
    }

    fn idle(&mut self, byte: u8) -> Option<Decision> {
        match byte {
            ENQ => Some(say(NAK)),
            STX => {
                self.state = State::Length;
                None
            }
            _ => None,
        }
    }

    fn expire(&mut self, now: Duration, byte_timeout: Duration) {
        let silence = now.saturating_sub(self.last);
        match &mut self.state {
            State::Length | State::Body { .. } if silence > byte_timeout => self.state = State::Idle,
            State::Waiting { frame } if silence > byte_timeout * ACK_WAIT => {
                self.state = State::Kept { frame: std::mem::take(frame) };
            }
            State::Idle
            | State::Length
            | State::Body { .. }
            | State::Working
            | State::Waiting { .. }
            | State::Kept { .. } => {}
        }
    }

    /// The answer leaves at `now`.
    pub(crate) fn answered(&mut self, frame: Vec<u8>, now: Duration) {
        self.last = now;
        self.state = State::Waiting { frame };
    }

    /// The answer is ready and does not leave by itself.
    pub(crate) fn keep(&mut self, frame: Vec<u8>) {
        self.state = State::Kept { frame };
    }

    /// Power is gone, or the answer is: nothing is remembered.
    pub(crate) fn forget(&mut self) {
        self.state = State::Idle;
    }
}

fn say(byte: u8) -> Decision {
    Decision::Send(vec![byte])
}

#[cfg(test)]
mod tests {
    use super::super::frame::frame;
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn feed(link: &mut Link, bytes: &[u8], now: Duration) -> Vec<Decision> {
        bytes.iter().filter_map(|byte| link.receive(*byte, now, 100 * MS)).collect()
    }

    fn idle() -> Link {
        Link::new()
    }

    #[test]
    fn an_idle_device_says_nak_to_enq_and_runs_a_frame_at_any_time() {
        let mut link = idle();
        assert_eq!(feed(&mut link, &[ENQ, 0xFF, ENQ], MS), [say(NAK), say(NAK)]);
        assert_eq!(feed(&mut link, &frame(&[0xFC]), MS), [Decision::Run(vec![0xFC])]);
        assert_eq!(feed(&mut link, &[ENQ, STX], MS), [say(ACK)]);
    }

    #[test]
    fn a_wrong_sum_is_refused_and_half_a_frame_is_forgotten() {
        let mut link = idle();
        assert_eq!(feed(&mut link, &[2, 1, 0xFC, 0xFC], MS), [say(NAK)]);
        assert_eq!(feed(&mut link, &[2, 5, 0x10], MS), []);
        assert_eq!(feed(&mut link, &[ENQ], 500 * MS), [say(NAK)]);
    }

    #[test]
    fn an_answer_is_kept_until_it_is_acknowledged() {
        let mut link = idle();
        feed(&mut link, &frame(&[0xFC]), MS);
        let answer = frame(&[0xFC, 0]);
        link.answered(answer.clone(), MS);
        let again = Decision::Send([&[ACK], answer.as_slice()].concat());
        assert_eq!(feed(&mut link, &[NAK], MS), []);
        assert_eq!(feed(&mut link, &[ENQ], MS), std::slice::from_ref(&again));
        assert_eq!(feed(&mut link, &[ENQ], 60_000 * MS), [again]);
        assert_eq!(feed(&mut link, &[ACK, ENQ], 60_001 * MS), [say(NAK)]);
    }

    #[test]
    fn a_new_command_drops_the_answer() {
        let mut link = idle();
        link.keep(frame(&[0xFC, 0]));
        assert_eq!(feed(&mut link, &frame(&[0xFC]), MS), [Decision::Run(vec![0xFC])]);
        link.forget();
        assert_eq!(feed(&mut link, &[ENQ], MS), [say(NAK)]);
    }
}
