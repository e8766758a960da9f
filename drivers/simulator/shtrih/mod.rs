//! The Shtrih-M front-end of the simulated register ("KKT protocol" 1.16 and 2.0), written from the manual alone.
//!
//! [`Device`] is a machine without port and clock: [`Device::feed`] takes bytes and the time of the line,
//! [`Device::poll`] gives the bytes whose time has come, [`Device::wake_at`] says when to ask again. A command is
//! carried out, and what it registers is on the disk, before its answer is even prepared; faults of the script come
//! between these steps.

mod codes;
mod commands;
mod frame;
mod level;
mod link;
mod numbered;
mod tables;
mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use self::level::Level;
use self::link::Decision;
use super::faults::{Action, Command, Direction, Fault, HELP, Waiting, When};
use super::register::Register;
use super::wires::Wires;
use super::world;

pub(crate) use commands::Session;
#[cfg(test)]
pub(crate) use {frame::frame as frame_of, numbered::packet as packet_of};

/// How the device's line and head behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Time allowed between the bytes of a frame (factory value 100 ms).
    pub byte_timeout: Duration,
    /// Speed of its own bytes, bits a second; as fast as the port takes them without one.
    pub baud: Option<u32>,
    /// Time that every command takes.
    pub think: Duration,
}

impl Default for Manner {
    fn default() -> Self {
        Self { byte_timeout: Duration::from_millis(100), baud: None, think: Duration::ZERO }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    Off { until: Option<Duration> },
}

struct Working {
    due: Duration,
    answer: Vec<u8>,
    hurt: Hurt,
}

/// How an answer leaves the first time.
enum Hurt {
    No,
    Sum,
    Half,
}

/// A register on a line.
pub struct Device {
    register: Register,
    session: Session,
    level: Level,
    manner: Manner,
    waiting: Waiting,
    wires: Wires,
    working: Option<Working>,
    out: VecDeque<(Duration, u8)>,
    deaf_until: Duration,
    power: Power,
    cuts: u32,
    noise: u32,
}

impl Device {
    /// A device that was just switched on.
    pub fn new(register: Register, manner: Manner) -> Self {
        let mut device = Self {
            register,
            session: Session::default(),
            level: Level::new(manner.byte_timeout),
            manner,
            waiting: Waiting::default(),
            wires: Wires::default(),
            working: None,
            out: VecDeque::new(),
            deaf_until: Duration::ZERO,
            power: Power::On,
            cuts: 0,
            noise: 0,
        };
        device.register.power_on();
        device
    }

    /// The register behind the line.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The same, for an engineer's hand.
    pub fn register_mut(&mut self) -> &mut Register {
        &mut self.register
    }

    /// False while its power is cut: the port is gone then.
    pub fn powered(&self) -> bool {
        self.power == Power::On
    }

    /// How often its power was cut: a port that was open before is gone for good.
    pub fn power_cuts(&self) -> u32 {
        self.cuts
    }

    /// Speed and manner of its line.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// Bytes that came and went so far.
    pub fn bytes_seen(&self) -> (u64, u64) {
        self.wires.seen()
    }

    /// A line of the script, now; gives what a person should read.
    pub fn inject(&mut self, fault: Fault, now: Duration) -> String {
        self.turn(now);
        if fault.when == When::Now { self.act(fault.action, now) } else { self.wait(fault) }
    }

    fn wait(&mut self, fault: Fault) -> String {
        self.waiting.add(fault);
        "waits for its command".to_owned()
    }

    fn act(&mut self, action: Action, now: Duration) -> String {
        match world::act(&mut self.register, &action) {
            Ok(true) => return "done".to_owned(),
            Ok(false) => {}
            Err(denied) => return format!("not done: {denied}"),
        }
        match action {
            Action::Silence(length) => self.deaf_until = now + length,
            Action::PowerOff(length) => self.cut_power(length.map(|length| now + length)),
            Action::PowerOn => self.power_on(),
            Action::Byte(way, fault, nth) => self.wires.hurt(way, fault, nth),
            Action::Noise(count) => self.noise += count,
            Action::Mode(mode) => self.session.mode = mode,
            Action::Books => return world::list(self.register.documents()),
            Action::Help => return HELP.to_owned(),
            other => return format!("{other:?} needs its command"),
        }
        "done".to_owned()
    }

    fn cut_power(&mut self, until: Option<Duration>) {
        self.power = Power::Off { until };
        self.cuts += 1;
        self.out.clear();
        self.working = None;
        self.level.forget();
        self.session = Session::default();
    }

    fn power_on(&mut self) {
        if !self.powered() {
            self.power = Power::On;
            self.register.power_on();
        }
    }

    /// The line is closed and opened anew by the host: bytes under way are lost, an answer is not.
    pub fn reconnect(&mut self) {
        self.out.clear();
    }

    /// Lets time pass without bytes.
    pub fn pass(&mut self, now: Duration) {
        self.turn(now);
    }

    /// Turns the time of the line.
    fn turn(&mut self, now: Duration) {
        self.register.turn(now);
        if let Power::Off { until: Some(until) } = self.power
            && now >= until
        {
            self.power_on();
        }
        if self.working.as_ref().is_some_and(|working| now >= working.due)
            && let Some(working) = self.working.take()
        {
            let mut sent = self.level.answered(&working.answer, working.due);
            match working.hurt {
                Hurt::No => {}
                Hurt::Sum => *sent.last_mut().unwrap_or(&mut 0) ^= 0xFF,
                Hurt::Half => sent.truncate(sent.len() / 2),
            }
            self.send(&sent, working.due);
        }
    }

    /// Bytes from the host, at `now`.
    pub fn feed(&mut self, bytes: &[u8], now: Duration) {
        self.turn(now);
        for byte in bytes {
            if !self.powered() {
                return;
            }
            for byte in self.wires.pass(Direction::In, *byte) {
                self.hear(byte, now);
            }
        }
    }

    fn hear(&mut self, byte: u8, now: Duration) {
        if now < self.deaf_until || !self.powered() {
            return;
        }
        match self.level.receive(byte, now) {
            None => {}
            Some(Decision::Send(bytes)) => self.send(&bytes, now),
            Some(Decision::Run(body)) => self.run(&body, now),
        }
    }

    fn run(&mut self, body: &[u8], now: Duration) {
        let command = commands::code(body);
        if let Some(Action::Silence(length)) = self.take(command, |a| matches!(a, Action::Silence(_))) {
            self.deaf_until = now + length;
            self.level.undo();
            return;
        }
        if self.take(command, |a| *a == Action::Nak).is_some() {
            let refused = self.level.refuse();
            self.send(&refused, now);
            return;
        }
        if self.take(command, |a| *a == Action::NoAck).is_none() {
            let accepted = self.level.accept();
            self.send(accepted, now);
        }
        self.happen(When::Before(command), now);
        if !self.powered() {
            return;
        }
        let answer = match self.take(command, |a| matches!(a, Action::Refuse(_))) {
            Some(Action::Refuse(code)) => commands::refusal(body, code),
            _ => commands::execute(&mut self.register, &mut self.session, body),
        };
        if let Some(timeout) = self.session.take_byte_timeout() {
            self.level.set_byte_timeout(timeout);
        }
        self.happen(When::After(command), now);
        if !self.powered() {
            return;
        }
        match self.take(command, |a| matches!(a, Action::LoseAnswer { .. })) {
            Some(Action::LoseAnswer { kept: true }) => self.level.keep(&answer),
            Some(_) => self.level.lose(&answer),
            None => {
                let delay = match self.take(command, |a| matches!(a, Action::Delay(_))) {
                    Some(Action::Delay(delay)) => delay,
                    _ => Duration::ZERO,
                };
                let hurt = match self.take(command, |a| matches!(a, Action::BadLrc | Action::HalfAnswer)) {
                    None => Hurt::No,
                    Some(Action::HalfAnswer) => Hurt::Half,
                    Some(_) => Hurt::Sum,
                };
                self.working = Some(Working { due: now + self.manner.think + delay, answer, hurt });
                self.turn(now);
            }
        }
    }

    /// Everything that the script wants at this moment.
    fn happen(&mut self, moment: When, now: Duration) {
        for action in self.waiting.take_all(moment) {
            self.act(action, now);
        }
    }

    fn take(&mut self, command: Command, fits: impl Fn(&Action) -> bool) -> Option<Action> {
        self.waiting.take(fits, |when| matches!(when, When::With(wanted) if wanted.is_none_or(|w| w == command)))
    }

    fn send(&mut self, bytes: &[u8], now: Duration) {
        // Ten bits a byte: start, eight, stop.
        let byte_time = self.manner.baud.map_or(Duration::ZERO, |baud| Duration::from_secs(10) / baud.max(1));
        for byte in std::iter::repeat_n(&0xFF, std::mem::take(&mut self.noise) as usize).chain(bytes) {
            let free_at = self.out.back().map_or(now, |(due, _)| (*due).max(now));
            for byte in self.wires.pass(Direction::Out, *byte) {
                self.out.push_back((free_at + byte_time, byte));
            }
        }
    }

    /// Bytes to the host whose time has come.
    pub fn poll(&mut self, now: Duration) -> Vec<u8> {
        self.turn(now);
        let ready = self.out.iter().take_while(|(due, _)| *due <= now).count();
        self.out.drain(..ready).map(|(_, byte)| byte).collect()
    }

    /// When something will happen by itself.
    pub fn wake_at(&self) -> Option<Duration> {
        let power = match self.power {
            Power::Off { until } => until,
            Power::On => None,
        };
        let working = self.working.as_ref().map(|working| working.due);
        let byte = self.out.front().map(|(due, _)| *due);
        [power, working, byte].into_iter().flatten().min()
    }
}
