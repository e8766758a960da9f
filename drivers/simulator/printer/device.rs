//! The printer around the interpreter: power, receive buffer, mechanism, answers. Bytes and time go in, bytes come out.
//!
//! ```text
//! bytes --> real-time watch --> buffer --> interpreter --> outputs --> mechanism --> books
//!                 |                                          |            ^
//!                 +--> answers <-----------------------------+            paper, cover, cutter
//! ```
//! Without paper, with an open cover or a failed cutter the mechanism stands still, and with it everything that was
//! queued; only real-time commands are answered. Paper and cover go on by themselves; the cutter must be told to.
//! Power-off loses buffer, line and modes; the books stay, and the counters are read from them.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use super::answers::Answers;
use super::bitmap::Bitmap;
use super::books::{Books, Item, Slip};
use super::faults::{Fault, Flow, HELP};
use super::interpreter::{CUTTER_DISTANCE, Interpreter, Output};
use super::modes::SPACING;
use super::profile::Profile;
use super::realtime::{RealTime, Watch};
use super::status::Condition;
use super::trace::{Seen, Trace};

/// Bytes that the buffer of a usual printer holds.
const BUFFER: usize = 4096;
/// Lines left on a roll when its sensor says that it is nearly used up.
const LOW_LINES: usize = 50;
const XON: u8 = 0x11;
const XOFF: u8 = 0x13;

/// One printer.
pub struct Device {
    profile: Profile,
    width: usize,
    interpreter: Interpreter,
    watch: Watch,
    buffer: VecDeque<u8>,
    outputs: VecDeque<Output>,
    books: Books,
    trace: Trace,
    paper: Box<dyn Write + Send>,
    answers: Answers,
    condition: Condition,
    cutter_broken: bool,
    /// Rows that are left; `None`: an endless roll.
    roll: Option<usize>,
    /// Rows left at which the roll's sensor speaks.
    low_at: usize,
    automatic: u8,
    pulses_off: bool,
    powered: bool,
    power_back_at: Option<Duration>,
    now: Duration,
    capacity: usize,
    flow: Flow,
    overrun: bool,
    stopped_host: bool,
    /// Bytes a second, and when the next one may be worked on.
    pace: Option<u32>,
    next_at: Duration,
    received: u64,
    cut_power_at: Option<(u64, Option<Duration>)>,
    drop: Option<(u64, u64)>,
    spoil_at: Option<u64>,
    deaf: bool,
    deaf_until: Option<Duration>,
    /// Times that the connection broke.
    breaks: u32,
    break_at: Option<u64>,
    failure: Option<io::Error>,
}

impl Device {
    /// A printer that is on, with paper; text of cut slips also goes to `paper`.
    pub(crate) fn new(profile: Profile, width: usize, mut books: Books, paper: Box<dyn Write + Send>) -> Self {
        let trace = Trace::in_file(books.trace.take());
        Self {
            profile,
            width,
            interpreter: Interpreter::new(profile, width),
            watch: Watch::default(),
            buffer: VecDeque::new(),
            outputs: VecDeque::new(),
            books,
            trace,
            paper,
            answers: Answers::default(),
            condition: Condition::default(),
            cutter_broken: false,
            roll: None,
            low_at: 0,
            automatic: 0,
            pulses_off: false,
            powered: true,
            power_back_at: None,
            now: Duration::ZERO,
            capacity: BUFFER,
            flow: Flow::Hold,
            overrun: false,
            stopped_host: false,
            pace: None,
            next_at: Duration::ZERO,
            received: 0,
            cut_power_at: None,
            drop: None,
            spoil_at: None,
            deaf: false,
            deaf_until: None,
            breaks: 0,
            break_at: None,
            failure: None,
        }
    }

    /// A printer in memory, with books for as long as it lives.
    pub fn in_memory(profile: Profile, columns: u16) -> Self {
        let width = super::profile::dots_of(columns);
        Self::new(profile, width, Books::in_memory(width), Box::new(io::sink()))
    }

    /// All slips; the last one may not be cut yet.
    pub fn slips(&self) -> Vec<Slip> {
        self.books.slips()
    }

    /// Paper of the slip that was cut last, dot by dot; empty after a start.
    pub fn cut_sheet(&self) -> &Bitmap {
        self.books.last_sheet()
    }

    /// The paper that still hangs in the printer.
    pub fn sheet(&self) -> &Bitmap {
        self.books.sheet()
    }

    /// What was read since the start or since [`Self::forget_commands`], in order; the last hundred thousand.
    pub fn commands(&self) -> Vec<Seen> {
        self.trace.seen().cloned().collect()
    }

    /// Commands that are not among these names, and those with which something is wrong.
    pub fn foreign_commands(&self, allowed: &[&str]) -> Vec<Seen> {
        let foreign = |seen: &&Seen| !seen.wrong.is_empty() || !allowed.contains(&seen.name.as_str());
        self.trace.seen().filter(foreign).cloned().collect()
    }

    /// Begins a new list of commands.
    pub fn forget_commands(&mut self) {
        self.trace.forget();
    }

    /// What it would report.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// True when it has power.
    pub fn powered(&self) -> bool {
        self.powered
    }

    /// How often the link broke, with power or by itself: whoever was connected before is not any more.
    pub fn breaks(&self) -> u32 {
        self.breaks
    }

    /// True when everything that was received is printed: no byte, no command, no line is waiting.
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty() && self.outputs.is_empty() && self.interpreter.is_idle()
    }

    /// True when something that was received waits for its turn, for paper or for a closed cover.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.buffer.is_empty() || !self.outputs.is_empty()
    }

    /// Never answers from now on: a link without a way back.
    pub(crate) fn mute(&mut self) {
        self.answers.silent = true;
    }

    /// The failure of its books, once.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take().or_else(|| self.trace.take_failure())
    }

    /// Bytes that the host may send now.
    pub fn room(&self) -> usize {
        match self.flow {
            _ if self.deaf || self.deaf_until.is_some() || !self.powered => 0,
            Flow::Hold => self.capacity.saturating_sub(self.buffer.len()),
            Flow::XonXoff | Flow::Drop => usize::MAX,
        }
    }

    /// Bytes arrive.
    pub fn feed(&mut self, bytes: &[u8], now: Duration) {
        self.pass(now);
        for byte in bytes {
            self.receive(*byte);
            self.work();
            if self.break_at.is_some_and(|at| self.received >= at) {
                self.disconnect();
            }
            if self.cut_power_at.is_some_and(|(at, _)| self.received >= at) && self.powered {
                let back = self.cut_power_at.take().and_then(|(_, length)| length);
                self.power_off(back);
            }
        }
    }

    /// Time passes.
    pub fn pass(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.power_back_at.is_some_and(|at| at <= self.now) {
            self.power_on();
        }
        self.deaf_until.take_if(|until| *until <= self.now);
        self.work();
    }

    /// What it has to say by now.
    pub fn poll(&mut self, now: Duration) -> Vec<u8> {
        self.pass(now);
        let (bytes, broken) = self.answers.take();
        if broken {
            self.disconnect();
        }
        bytes
    }

    /// When it does something by itself.
    pub fn wake_at(&self) -> Option<Duration> {
        let waits_for_pace = self.powered && !self.condition.is_offline() && !self.buffer.is_empty();
        [self.power_back_at, self.deaf_until, waits_for_pace.then_some(self.next_at)].into_iter().flatten().min()
    }

    fn receive(&mut self, mut byte: u8) {
        if !self.powered {
            return;
        }
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
            RealTime::Status(n @ 1..=4) => self.answers.give(vec![self.condition.real_time(n)]),
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
            RealTime::Clear => {
                self.forget();
                self.recover();
                self.answers.give(vec![0x37, 0x25, 0]);
                return true;
            }
        }
        false
    }

    fn forget(&mut self) {
        self.buffer.clear();
        self.outputs.clear();
        self.interpreter.clear();
    }

    fn recover(&mut self) {
        if self.condition.cutter_error {
            self.change(|condition| condition.cutter_error = false);
        }
    }

    /// Works on what is there until something stops it.
    fn work(&mut self) {
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
                let count = self.books.count(counter, ever);
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

    fn use_paper(&mut self, rows: usize) {
        let Some(left) = self.roll.map(|left| left.saturating_sub(rows)) else { return };
        self.roll = Some(left);
        let low = left < self.low_at;
        self.change(|condition| {
            condition.near_end |= low;
            condition.paper_out = left == 0;
        });
    }

    fn book(&mut self, item: Item, dots: Option<&Bitmap>) {
        if let Err(error) = self.books.add(item, dots) {
            self.failure = Some(error);
        }
    }

    /// Changes the condition and reports it where the host asked for that.
    fn change(&mut self, work: impl FnOnce(&mut Condition)) {
        let before = self.condition.watched(self.automatic);
        work(&mut self.condition);
        if self.powered && before != self.condition.watched(self.automatic) {
            self.answers.give(self.condition.automatic().to_vec());
        }
    }

    /// The link breaks; what was received stays.
    fn disconnect(&mut self) {
        self.break_at = None;
        self.breaks += 1;
        self.answers.forget();
    }

    fn power_off(&mut self, length: Option<Duration>) {
        self.forget();
        self.powered = false;
        self.breaks += 1;
        self.power_back_at = length.map(|length| self.now + length);
        self.answers.forget();
        self.automatic = 0;
        self.stopped_host = false;
        self.watch = Watch::default();
    }

    fn power_on(&mut self) {
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
            Fault::Slips => return self.slips().iter().map(ToString::to_string).collect(),
            Fault::Help => return HELP.to_owned(),
        }
        self.work();
        "done".to_owned()
    }
}
