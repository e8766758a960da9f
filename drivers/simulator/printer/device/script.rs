//! What a person does to the printer: power, cable, and the lines of the script.

use std::time::Duration;

use super::Device;
use crate::simulator::printer::books::Counter;
use crate::simulator::printer::faults::{Fault, HELP, Question};
use crate::simulator::printer::interpreter::Interpreter;
use crate::simulator::printer::modes::SPACING;
use crate::simulator::printer::realtime::Watch;

/// Lines left on a roll when its sensor says that it is nearly used up.
const LOW_LINES: usize = 50;

impl Device {
    /// The link breaks; what was received stays.
    pub(super) fn disconnect(&mut self) {
        self.break_at = None;
        self.last_byte_at = None;
        self.breaks += 1;
        self.answers.forget();
    }

    pub(super) fn power_off(&mut self, length: Option<Duration>) {
        self.forget();
        self.powered = false;
        self.last_byte_at = None;
        self.breaks += 1;
        self.power_back_at = length.map(|length| self.now + length);
        self.answers.forget();
        self.automatic = 0;
        self.stopped_host = false;
        self.watch = Watch::default();
    }

    pub(super) fn power_on(&mut self) {
        self.power_back_at = None;
        if !self.powered {
            self.powered = true;
            self.pulses_off = false;
            self.condition.cutter_error = false;
            self.interpreter = Interpreter::new(self.profile, self.width);
            self.next_at = self.now;
        }
    }

    /// A line of the script; gives what a person should read.
    pub fn inject(&mut self, fault: Fault, now: Duration) -> String {
        self.pass(now);
        if self.condition.is_offline() {
            // What waited is printed from this moment on, should the fault be over.
            self.next_at = self.next_at.max(self.now);
        }
        match fault {
            Fault::Paper(present) => {
                self.roll = None;
                self.change(|condition| {
                    condition.paper_out = !present;
                    condition.near_end &= !present;
                });
            }
            Fault::PaperOutAfter(lines) => (self.roll, self.low_at) = (Some(lines * SPACING), 0),
            Fault::PaperLow(low) => self.change(|condition| condition.near_end = low),
            Fault::Roll(lines) => {
                (self.roll, self.low_at) = (Some(lines * SPACING), LOW_LINES * SPACING);
                self.change(|condition| (condition.paper_out, condition.near_end) = (false, lines < LOW_LINES));
            }
            Fault::Cover(open) => self.change(|condition| condition.cover_open = open),
            Fault::Cutter(works) => self.cutter_broken = !works,
            Fault::Drawer(open) => self.change(|condition| condition.drawer_high = open),
            Fault::Power(true) => self.power_on(),
            Fault::Power(false) if self.powered => self.power_off(None),
            Fault::Power(false) => self.power_back_at = None,
            Fault::PowerCut(bytes, length) => self.cut_power_at = Some((self.received + bytes, length)),
            Fault::Silence(on) => self.answers.silent = on,
            Fault::Answers(question, on) => {
                let known = &mut self.profile.answers;
                let flag = match question {
                    Question::RealTime => &mut known.real_time,
                    Question::Automatic => &mut known.automatic,
                    Question::Queued => &mut known.queued,
                    Question::ProcessId => &mut known.process_id,
                    Question::Counters => &mut known.counters,
                    Question::Identity => &mut known.identity,
                    Question::Clearing => &mut known.clearing,
                };
                *flag = on;
                self.interpreter.profile = self.profile;
            }
            Fault::CountersStand(on) => {
                let all =
                    [(Counter::Lines, false), (Counter::Lines, true), (Counter::Cuts, false), (Counter::Cuts, true)];
                self.standing = on.then(|| all.map(|(counter, ever)| (counter, ever, self.books.count(counter, ever))));
            }
            Fault::Idle(length) => self.idle = length,
            Fault::Lag(on) => self.answers.lag(on),
            Fault::LoseAnswer(count) => self.answers.lose += count,
            Fault::DropFrom(byte, count) => {
                let from = self.received + byte;
                self.drop = Some((from, count.map_or(u64::MAX, |count| from + count)));
            }
            Fault::Spoil(byte) => self.spoil_at = Some(self.received + byte),
            Fault::Garbage(bytes) => self.answers.give(bytes),
            Fault::Disconnect => self.disconnect(),
            Fault::DisconnectAfterByte(bytes) => self.break_at = Some(self.received + bytes),
            Fault::DisconnectAfterAnswer(bytes) => self.answers.break_after = Some(bytes),
            Fault::Stall(length) => self.deaf_until = Some(self.now + length),
            Fault::Deaf(on) => (self.deaf, self.deaf_until) = (on, None),
            Fault::Buffer(bytes, flow) => (self.capacity, self.flow) = (bytes, flow),
            Fault::Slow(pace) => (self.pace, self.next_at) = (pace, self.now),
            Fault::Slips if self.slips().is_empty() => return "no slip yet".to_owned(),
            Fault::Slips => return self.slips().iter().map(ToString::to_string).collect(),
            Fault::Help => return HELP.to_owned(),
        }
        self.work();
        "done".to_owned()
    }
}
