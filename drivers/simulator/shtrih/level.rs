//! Which low level the host speaks: chosen by the first byte after power-on, and kept until power goes.

use std::time::Duration;

use super::frame::{ACK, NAK, frame};
use super::link::{Decision, Link};
use super::numbered::{Heard, Numbered, START};

/// Both low levels, one of them in use.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    byte_timeout: Duration,
    standard: Link,
    numbered: Numbered,
    chosen: Option<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Standard,
    Numbered,
}

impl Level {
    /// A device that was just switched on and allows `byte_timeout` between the bytes of a frame.
    pub(crate) fn new(byte_timeout: Duration) -> Self {
        Self { byte_timeout, standard: Link::new(), numbered: Numbered::default(), chosen: None }
    }

    /// A byte came at `now`.
    pub(crate) fn receive(&mut self, byte: u8, now: Duration) -> Option<Decision> {
        let kind = *self.chosen.get_or_insert(if byte == START { Kind::Numbered } else { Kind::Standard });
        match kind {
            Kind::Standard => self.standard.receive(byte, now, self.byte_timeout),
            Kind::Numbered => match self.numbered.receive(byte, now, self.byte_timeout)? {
                Heard::Send(packet) => Some(Decision::Send(packet)),
                Heard::Run(body) => Some(Decision::Run(body)),
            },
        }
    }

    /// What is said to a frame that is carried out.
    pub(crate) fn accept(&self) -> &'static [u8] {
        match self.chosen {
            Some(Kind::Numbered) => &[],
            Some(Kind::Standard) | None => &[ACK],
        }
    }

    /// What is said to a frame that is not taken; numbered packets know no such word.
    pub(crate) fn refuse(&mut self) -> Vec<u8> {
        self.undo();
        match self.chosen {
            Some(Kind::Numbered) => Vec::new(),
            Some(Kind::Standard) | None => vec![NAK],
        }
    }

    /// The command was not carried out.
    pub(crate) fn undo(&mut self) {
        match self.chosen {
            Some(Kind::Numbered) => self.numbered.undo(),
            Some(Kind::Standard) | None => self.standard.forget(),
        }
    }

    /// The answer leaves at `now`: its bytes.
    pub(crate) fn answered(&mut self, body: &[u8], now: Duration) -> Vec<u8> {
        match self.chosen {
            Some(Kind::Numbered) => self.numbered.answered(body),
            Some(Kind::Standard) | None => {
                let bytes = frame(body);
                self.standard.answered(bytes.clone(), now);
                bytes
            }
        }
    }

    /// The answer is ready and does not leave by itself.
    pub(crate) fn keep(&mut self, body: &[u8]) {
        match self.chosen {
            Some(Kind::Numbered) => drop(self.numbered.answered(body)),
            Some(Kind::Standard) | None => self.standard.keep(frame(body)),
        }
    }

    /// The answer is gone; on the numbered level only power can take it away.
    pub(crate) fn lose(&mut self, body: &[u8]) {
        match self.chosen {
            Some(Kind::Numbered) => drop(self.numbered.answered(body)),
            Some(Kind::Standard) | None => self.standard.forget(),
        }
    }

    /// Power is gone.
    pub(crate) fn forget(&mut self) {
        self.standard.forget();
        self.numbered.forget();
        self.chosen = None;
    }

    /// Sets the time allowed between two bytes.
    pub(crate) fn set_byte_timeout(&mut self, timeout: Duration) {
        self.byte_timeout = timeout;
    }
}
