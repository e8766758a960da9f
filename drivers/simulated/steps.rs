//! One step of the driver with the script around it: what a line would lose is lost here.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::contract::{Fault, FaultKind};
use crate::simulator::faults::{Action, Command, Fault as Line, Waiting, When};
use crate::simulator::register::{Denied, Register};
use crate::simulator::world;

/// How long a driver would wait for an answer; a longer delay is silence.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a step gave nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The register said no.
    Denied(Denied),
    /// The script said no, with a code.
    Answered(u8),
    /// Nobody knows what became of it.
    Failed(FaultKind),
}

impl Trouble {
    /// As a failure of a query.
    pub(super) fn fault(self, during: &str) -> Fault {
        Fault::new(
            during,
            match self {
                Self::Denied(denied) => FaultKind::Answered(denied.to_string()),
                Self::Answered(code) => FaultKind::Answered(format!("{code:02X}h")),
                Self::Failed(kind) => kind,
            },
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    OffUntil(Duration),
    Off,
}

/// The register and its script.
pub(super) struct Steps {
    register: Register,
    waiting: Waiting,
    script: Option<PathBuf>,
    started: Instant,
    deaf_until: Duration,
    power: Power,
}

impl Steps {
    pub(super) fn new(mut register: Register, script: Option<PathBuf>) -> Self {
        register.power_on();
        let (waiting, deaf_until, power) = (Waiting::default(), Duration::ZERO, Power::On);
        Self { register, waiting, script, started: Instant::now(), deaf_until, power }
    }

    pub(super) fn register(&self) -> &Register {
        &self.register
    }

    /// A line of the script.
    pub(super) fn inject(&mut self, line: Line) -> String {
        if line.when == When::Now {
            return self.act(&line.action);
        }
        self.waiting.add(line);
        "waits for its command".to_owned()
    }

    fn act(&mut self, action: &Action) -> String {
        match world::act(&mut self.register, action) {
            Ok(true) => return "done".to_owned(),
            Ok(false) => {}
            Err(denied) => return format!("not done: {denied}"),
        }
        let now = self.started.elapsed();
        match action {
            Action::Silence(length) => self.deaf_until = now + *length,
            Action::PowerOff(length) => {
                self.power = length.map_or(Power::Off, |length| Power::OffUntil(now + length));
            }
            Action::PowerOn => self.light(),
            Action::Books => return world::list(self.register.documents()),
            Action::Help => return crate::simulator::faults::HELP.to_owned(),
            _ => return "this register has no line that could be hurt".to_owned(),
        }
        "done".to_owned()
    }

    fn light(&mut self) {
        self.power = Power::On;
        self.register.power_on();
    }

    /// Lines that a person put into the file, once each.
    fn read_script(&mut self) {
        let Some(path) = &self.script else { return };
        let Ok(text) = std::fs::read_to_string(path) else { return };
        if std::fs::remove_file(path).is_err() {
            return;
        }
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.parse() {
                Ok(fault) => {
                    let said = self.inject(fault);
                    tracing::info!(line, said, "script");
                }
                Err(error) => tracing::warn!(line, %error, "script"),
            }
        }
    }

    /// Carries a step out, or does what the script wants instead.
    pub(super) fn step<T>(
        &mut self,
        command: Command,
        step: impl FnOnce(&mut Register) -> Result<T, Denied>,
    ) -> Result<T, Trouble> {
        self.read_script();
        self.register.turn(self.started.elapsed());
        self.awake()?;
        if let Some(Action::Silence(length)) = self.take(command, |action| matches!(action, Action::Silence(_))) {
            self.deaf_until = self.started.elapsed() + length;
            return Err(Trouble::Failed(FaultKind::Silent));
        }
        self.happen(When::Before(command))?;
        if let Some(Action::Refuse(code)) = self.take(command, |action| matches!(action, Action::Refuse(_))) {
            return Err(Trouble::Answered(code));
        }
        if command != 0x10 && self.register.poll_busy() {
            return Err(Trouble::Answered(0x50));
        }
        let answer = step(&mut self.register).map_err(Trouble::Denied);
        self.happen(When::After(command))?;
        if self.take(command, |action| matches!(action, Action::LoseAnswer { .. })).is_some() {
            return Err(Trouble::Failed(FaultKind::Silent));
        }
        if let Some(Action::Delay(delay)) = self.take(command, |action| matches!(action, Action::Delay(_))) {
            std::thread::sleep(delay.min(PATIENCE));
            if delay > PATIENCE {
                return Err(Trouble::Failed(FaultKind::Silent));
            }
        }
        answer
    }

    /// With power, and not deaf.
    fn awake(&mut self) -> Result<(), Trouble> {
        let now = self.started.elapsed();
        if matches!(self.power, Power::OffUntil(until) if now >= until) {
            self.light();
        }
        if self.power != Power::On {
            let kind = FaultKind::Unreachable("the simulated register has no power".to_owned());
            return Err(Trouble::Failed(kind));
        }
        if now < self.deaf_until { Err(Trouble::Failed(FaultKind::Silent)) } else { Ok(()) }
    }

    fn happen(&mut self, moment: When) -> Result<(), Trouble> {
        for action in self.waiting.take_all(moment) {
            self.act(&action);
        }
        if self.power == Power::On {
            return Ok(());
        }
        Err(Trouble::Failed(FaultKind::Disconnected("the simulated register lost power".to_owned())))
    }

    fn take(&mut self, command: Command, fits: impl Fn(&Action) -> bool) -> Option<Action> {
        self.waiting.take(fits, |when| matches!(when, When::With(wanted) if wanted.is_none_or(|w| w == command)))
    }
}
