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

mod incoming;
mod mechanism;
mod script;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use super::answers::Answers;
use super::bitmap::Bitmap;
use super::books::{Books, Counter, Slip};
use super::faults::Flow;
use super::interpreter::{Interpreter, Output};
use super::profile::Profile;
use super::realtime::Watch;
use super::status::Condition;
use super::trace::{Seen, Trace};

/// Bytes that the buffer of a usual printer holds.
const BUFFER: usize = 4096;

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
    /// What the counters show, when they stand still.
    standing: Option<[(Counter, bool, u32); 4]>,
    /// The connection ends after so long without a byte, and when the last one came.
    idle: Option<Duration>,
    last_byte_at: Option<Duration>,
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
            standing: None,
            idle: None,
            last_byte_at: None,
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
        if self.closes_at().is_some_and(|at| at <= self.now) {
            self.disconnect();
        }
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
        [self.power_back_at, self.deaf_until, self.closes_at(), waits_for_pace.then_some(self.next_at)]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the connection is closed for want of bytes.
    fn closes_at(&self) -> Option<Duration> {
        Some(self.last_byte_at? + self.idle?)
    }
}
