//! What waits in the buffer becomes paper, as long as paper, cover and cutter allow it.

use std::io::Write;
use std::time::Duration;

use super::Device;
use crate::simulator::printer::bitmap::Bitmap;
use crate::simulator::printer::books::{Counter, Item};
use crate::simulator::printer::interpreter::{CUTTER_DISTANCE, Output};
use crate::simulator::printer::status::Condition;

const XON: u8 = 0x11;

impl Device {
    /// Works on what is there until something stops it.
    pub(super) fn work(&mut self) {
        while self.powered && !self.condition.is_offline() {
            if let Some(output) = self.outputs.pop_front() {
                self.carry_out(output);
                continue;
            }
            if self.pace.is_some() && (self.buffer.is_empty() || self.next_at > self.now) {
                break;
            }
            let Some(byte) = self.buffer.pop_front() else { break };
            if let Some(pace) = self.pace {
                self.next_at += Duration::from_secs(1) / pace;
            }
            self.outputs.extend(self.interpreter.feed(byte, &mut self.trace));
            if self.stopped_host && self.buffer.len() * 4 <= self.capacity {
                self.stopped_host = false;
                self.answers.give(vec![XON]);
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Paper(item, dots) => {
                self.book(item, Some(&dots));
                self.use_paper(dots.height());
            }
            Output::Cut(_) if self.cutter_broken => {
                self.outputs.push_front(output);
                self.change(|condition| condition.cutter_error = true);
            }
            Output::Cut(cut) => {
                if self.books.sheet().blank_tail() < CUTTER_DISTANCE {
                    self.book(Item::Incident("cut through print: not fed to the cutter".to_owned()), None);
                }
                self.book(Item::Cut(cut), None);
                if let Some(slip) = self.books.last() {
                    // Without a reader of its text the printer goes on.
                    let _ = write!(self.paper, "{slip}").and_then(|()| self.paper.flush());
                }
            }
            Output::Pulse { pin, on_ms, off_ms } => self.book(Item::Pulse { pin, on_ms, off_ms }, None),
            Output::Answer(bytes) => self.answers.give(bytes),
            Output::Status(n) => self.answers.give(vec![self.condition.queued(n)]),
            Output::AutomaticStatus(n) => {
                self.automatic = n;
                if n != 0 {
                    self.answers.give(self.condition.automatic().to_vec());
                }
            }
            Output::ResetCounter(counter) => self.book(Item::CounterReset(counter), None),
            Output::ReadCounter { counter, ever } => {
                let count = self.count(counter, ever);
                self.answers.give(format!("_{count}\0").into_bytes());
            }
            Output::RealTimeSwitches(pairs) => {
                for pair in pairs.chunks_exact(2).filter(|pair| pair[0] == 1) {
                    self.pulses_off = pair[1] & 1 == 0;
                }
            }
            Output::Incident(what) => self.book(Item::Incident(what), None),
        }
    }

    fn count(&self, counter: Counter, ever: bool) -> u32 {
        let standing = self.standing.iter().flatten().find(|known| (known.0, known.1) == (counter, ever));
        standing.map_or_else(|| self.books.count(counter, ever), |(_, _, count)| *count)
    }

    fn use_paper(&mut self, rows: usize) {
        let Some(left) = self.roll.map(|left| left.saturating_sub(rows)) else { return };
        self.roll = Some(left);
        let low = left < self.low_at;
        self.change(|condition| {
            condition.near_end |= low;
            condition.paper_out = left == 0;
        });
    }

    pub(super) fn book(&mut self, item: Item, dots: Option<&Bitmap>) {
        if let Err(error) = self.books.add(item, dots) {
            self.failure = Some(error);
        }
    }

    /// Changes the condition and reports it where the host asked for that.
    pub(super) fn change(&mut self, work: impl FnOnce(&mut Condition)) {
        let before = self.condition.watched(self.automatic);
        work(&mut self.condition);
        if self.powered && before != self.condition.watched(self.automatic) {
            self.answers.give(self.condition.automatic().to_vec());
        }
    }
}
