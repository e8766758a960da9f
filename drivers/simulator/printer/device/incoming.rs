//! A byte arrives: what the script does to it, what it means at once, its place in the buffer.

use super::Device;
use crate::simulator::printer::books::Item;
use crate::simulator::printer::faults::Flow;
use crate::simulator::printer::realtime::RealTime;

const XOFF: u8 = 0x13;

impl Device {
    pub(super) fn receive(&mut self, mut byte: u8) {
        if !self.powered {
            return;
        }
        self.last_byte_at = Some(self.now);
        self.received += 1;
        if self.spoil_at.take_if(|at| *at <= self.received).is_some() {
            byte ^= 0x20;
        }
        if let Some((from, to)) = self.drop
            && (from..to).contains(&self.received)
        {
            return;
        }
        let forgotten = self.watch.see(byte).is_some_and(|(command, bytes)| {
            self.trace.add(&bytes, true, Vec::new());
            self.real_time(command)
        });
        if forgotten {
            return;
        }
        if self.buffer.len() < self.capacity {
            if self.buffer.is_empty() {
                self.next_at = self.next_at.max(self.now);
            }
            self.buffer.push_back(byte);
            self.overrun = false;
        } else if !self.overrun {
            self.overrun = true;
            self.book(Item::Incident("the buffer is full and bytes are lost".to_owned()), None);
        }
        if self.flow == Flow::XonXoff && !self.stopped_host && self.buffer.len() * 4 >= self.capacity * 3 {
            self.stopped_host = true;
            self.answers.give(vec![XOFF]);
        }
    }

    /// Carries out a real-time command; true when the buffer was emptied and this command with it.
    fn real_time(&mut self, command: RealTime) -> bool {
        match command {
            RealTime::Status(n @ 1..=4) if self.profile.answers.real_time => {
                self.answers.give(vec![self.condition.real_time(n)]);
            }
            RealTime::Status(_) => {}
            RealTime::GoOn => self.recover(),
            RealTime::ForgetAndGoOn => {
                let waited = self.condition.cutter_error;
                if waited {
                    self.forget();
                    self.recover();
                }
                return waited;
            }
            RealTime::Pulse { connector, tenths } if !self.condition.is_offline() && !self.pulses_off => {
                let times_ms = u16::from(tenths) * 100;
                let pin = if connector == 0 { 2 } else { 5 };
                self.book(Item::Pulse { pin, on_ms: times_ms, off_ms: times_ms }, None);
            }
            RealTime::Pulse { .. } => {}
            RealTime::SwitchOff => {
                self.book(Item::Incident("switching off by command is not allowed".to_owned()), None);
            }
            RealTime::Clear if !self.profile.answers.clearing => {}
            RealTime::Clear => {
                self.forget();
                self.recover();
                self.answers.give(vec![0x37, 0x25, 0]);
                return true;
            }
        }
        false
    }

    pub(super) fn forget(&mut self) {
        self.buffer.clear();
        self.outputs.clear();
        self.interpreter.clear();
    }

    pub(super) fn recover(&mut self) {
        if self.condition.cutter_error {
            self.change(|condition| condition.cutter_error = false);
        }
    }
}
