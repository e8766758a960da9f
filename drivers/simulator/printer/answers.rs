//! Bytes on their way to the host, and what may happen to them.

use std::collections::VecDeque;

/// The way back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    ready: Vec<u8>,
    /// Answers that wait for the next one; `None`: they do not.
    lagging: Option<VecDeque<Vec<u8>>>,
    /// Nothing is answered.
    pub(crate) silent: bool,
    /// So many answers are lost.
    pub(crate) lose: u32,
    /// So many bytes leave before the connection breaks.
    pub(crate) break_after: Option<u64>,
}

impl Answers {
    /// One answer.
    pub(crate) fn give(&mut self, bytes: Vec<u8>) {
        if self.silent {
            return;
        }
        if self.lose > 0 {
            self.lose -= 1;
            return;
        }
        match &mut self.lagging {
            None => self.ready.extend(bytes),
            Some(waiting) => {
                waiting.push_back(bytes);
                if waiting.len() > 1 {
                    self.ready.extend(waiting.pop_front().unwrap_or_default());
                }
            }
        }
    }

    /// Answers come one question late from now on, or no longer; what waits is lost then.
    pub(crate) fn lag(&mut self, on: bool) {
        self.lagging = on.then(VecDeque::new);
    }

    /// Takes what is ready; true when the connection breaks after it.
    pub(crate) fn take(&mut self) -> (Vec<u8>, bool) {
        let mut bytes = std::mem::take(&mut self.ready);
        let Some(left) = self.break_after.as_mut() else { return (bytes, false) };
        if (bytes.len() as u64) < *left {
            *left -= bytes.len() as u64;
            return (bytes, false);
        }
        bytes.truncate(*left as usize);
        self.break_after = None;
        (bytes, true)
    }

    /// The way back is cut: what was not sent is lost.
    pub(crate) fn forget(&mut self) {
        self.ready.clear();
        if let Some(waiting) = &mut self.lagging {
            waiting.clear();
        }
    }
}
