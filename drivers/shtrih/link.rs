//! The line to one register: opens the port when it must, drops it after a failure, and speaks in commands.

use std::time::Duration;

use super::codes::{self, Decision, Submode};
use super::command::Command;
use super::command::status::{ContinuePrint, Short, ShortStatus};
use super::exchange::{Exchange, Lost, Repeat, Request, Timing, port_fault};
use super::numbered::{Numbered, Said, greet};
use super::{Level, Settings};
use crate::contract::{Fault, FaultKind, Refusal};
use crate::transport::{Opener, Port};

/// Why a command has no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The device said no, with this error; the command was not carried out.
    Refused {
        /// The command's name.
        during: &'static str,
        /// Section 9.
        code: u8,
        /// True for the family FF..h, whose low codes are the storage's.
        of_storage: bool,
    },
    /// No answer: the device may have carried the command out.
    Lost(Fault),
}

impl Failure {
    /// The refusal, or the fault.
    pub(super) fn refusal(self) -> Result<Refusal, Fault> {
        match self {
            Self::Refused { code, of_storage, .. } => Ok(codes::refusal(code, of_storage)),
            Self::Lost(fault) => Err(fault),
        }
    }

    /// As a fault: a query that was answered with an error is no answer either.
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::Refused { during, code, .. } => Fault::new(during, FaultKind::Answered(format!("{code:02X}h"))),
            Self::Lost(fault) => fault,
        }
    }

    /// True for the device's answer `code`.
    pub(super) fn is(&self, code: u8) -> bool {
        matches!(self, Self::Refused { code: c, .. } if *c == code)
    }
}

/// Section 9: the operator's password is wrong, and nothing was carried out.
pub(super) const WRONG_PASSWORD: u8 = 0x4F;
/// Further looks that must say the same before a password counts as wrong.
const PASSWORD_LOOKS: u32 = 2;
/// Attempts of a question whose answer was lost.
const ASK_TRIES: u32 = 3;
/// Pause between two looks at a device that prints (section 5.2: 50..200 ms).
const POLL: Duration = Duration::from_millis(150);

/// How to reach a register.
pub(super) struct Link {
    opener: Box<dyn Opener>,
    port: Option<Box<dyn Port>>,
    level: Level,
    /// What the device said last over numbered packets; `None`: the standard level is spoken.
    said: Option<Said>,
    timing: Timing,
    password: u32,
    /// Pause after every opening: what an earlier connection still carries must have been worked off.
    settle: Duration,
    /// How long a device may print before it counts as stuck.
    busy_limit: Duration,
    stray: Vec<Vec<u8>>,
    sessions: u64,
}

impl Link {
    /// A line that is opened at the first command.
    pub(super) fn new(opener: Box<dyn Opener>, settings: &Settings) -> Self {
        Self {
            opener,
            port: None,
            level: settings.level,
            said: None,
            timing: settings.timing,
            password: settings.password,
            settle: settings.settle,
            busy_limit: settings.busy_limit,
            stray: Vec::new(),
            sessions: 0,
        }
    }

    /// Changes with every opening of the port.
    pub(super) fn session(&self) -> u64 {
        self.sessions
    }

    /// Answers to earlier commands that were found on the line since the last call.
    pub(super) fn take_stray(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.stray)
    }

    /// Runs a command. A question whose answer is lost is asked again.
    pub(super) fn run<C: Command>(&mut self, command: &C) -> Result<C::Answer, Failure> {
        self.carry(command, &command.request(self.password))
    }

    /// Runs a command that passes a point of the tests when its last byte is written.
    pub(super) fn run_through<C: Command>(&mut self, command: &C, point: &'static str) -> Result<C::Answer, Failure> {
        self.carry(command, &Request { sent_point: Some(point), ..command.request(self.password) })
    }

    /// Runs a command; when the device is at work or waits for B0h, looks after it and runs the command again. Such an
    /// answer says that the command was not carried out.
    pub(super) fn run_patiently<C: Command>(&mut self, command: &C) -> Result<C::Answer, Failure> {
        let until = self.port()?.now() + self.busy_limit;
        loop {
            let result = self.run(command);
            let Err(Failure::Refused { code, of_storage, .. }) = result else { return result };
            match codes::entry(code, of_storage).map(|e| &e.decision) {
                Some(Decision::Wait) => {}
                Some(Decision::ContinuePrint) => drop(self.run(&ContinuePrint)),
                Some(Decision::CancelOurs | Decision::CloseShift | Decision::Person | Decision::Refuse(_)) | None => {
                    return result;
                }
            }
            let port = self.port()?;
            port.pause(POLL);
            let left = until.saturating_sub(port.now());
            if left.is_zero() {
                return result;
            }
            self.wait_idle_within(left)?;
        }
    }

    /// 10h until nothing prints. Gives the last state, which is still "printing" when the limit passed.
    pub(super) fn wait_idle(&mut self) -> Result<Short, Failure> {
        self.wait_idle_within(self.busy_limit)
    }

    /// [`Link::wait_idle`] with a limit of its own.
    pub(super) fn wait_idle_within(&mut self, limit: Duration) -> Result<Short, Failure> {
        let until = self.port()?.now() + limit;
        loop {
            let state = self.run(&ShortStatus);
            let busy = match &state {
                Ok(short) => Submode::of(short.submode) == Submode::Printing,
                Err(failure) => failure.is(0x50),
            };
            let port = self.port()?;
            if !busy || port.now() >= until {
                return state;
            }
            port.pause(POLL);
        }
    }

    /// [`Link::wait_idle`], and an interrupted print is continued once paper is back (submode 3).
    pub(super) fn wait_idle_and_continue(&mut self) -> Result<Short, Failure> {
        let short = self.wait_idle()?;
        if Submode::of(short.submode) != Submode::AwaitsContinue {
            return Ok(short);
        }
        self.run(&ContinuePrint)?;
        self.wait_idle()
    }

    /// Name of the port while it is open.
    pub(super) fn open_port(&self) -> Option<String> {
        self.port.as_ref().map(|_| self.opener.name())
    }

    /// Closes the port; the next command opens it again.
    pub(super) fn drop_port(&mut self) {
        self.port = None;
    }

    fn carry<C: Command>(&mut self, command: &C, request: &Request) -> Result<C::Answer, Failure> {
        let mut left = if request.repeat == Repeat::Freely { ASK_TRIES } else { 1 };
        loop {
            left -= 1;
            match self.once(command, request) {
                Err(Lost { kind: FaultKind::Silent | FaultKind::Garbled, reached: true }) if left > 0 => {}
                Err(Lost { kind, .. }) => {
                    self.drop_port();
                    return Err(Failure::Lost(Fault::new(request.name, kind)));
                }
                Ok(Err(WRONG_PASSWORD)) if !self.password_is_wrong() => {
                    if left == 0 {
                        return Err(Failure::Lost(Fault::new(request.name, FaultKind::Garbled)));
                    }
                }
                Ok(Err(code)) => {
                    let of_storage = request.code.len() == 2;
                    return Err(Failure::Refused { during: request.name, code, of_storage });
                }
                Ok(Ok(answer)) => return Ok(answer),
            }
        }
    }

    /// Bytes that were hurt on the way may pass the sum as another password, so 4Fh alone is not believed.
    fn password_is_wrong(&mut self) -> bool {
        let look = ShortStatus.request(self.password);
        (0..PASSWORD_LOOKS).all(|_| matches!(self.once(&ShortStatus, &look), Ok(Err(WRONG_PASSWORD))))
    }

    /// Good answer, the device's error, or no answer.
    fn once<C: Command>(&mut self, command: &C, request: &Request) -> Result<Result<C::Answer, u8>, Lost> {
        self.open().map_err(|kind| Lost { kind, reached: false })?;
        let Some(port) = self.port.as_deref_mut() else {
            return Err(Lost { kind: FaultKind::Silent, reached: false });
        };
        let body = match &mut self.said {
            Some(said) => Numbered::new(port, self.timing).ask(request, said)?,
            None => Exchange::new(port, self.timing, &mut self.stray).ask(request)?,
        };
        let garbled = Lost { kind: FaultKind::Garbled, reached: true };
        match body[request.code.len()..].split_first() {
            Some((0, data)) => command.answer(data).map(Ok).ok_or(garbled),
            Some((&code, _)) => Ok(Err(code)),
            None => Err(garbled),
        }
    }

    fn port(&mut self) -> Result<&mut Box<dyn Port>, Failure> {
        let lost = |kind| Failure::Lost(Fault::new("open the port", kind));
        self.open().map_err(lost)?;
        self.port.as_mut().ok_or_else(|| lost(FaultKind::Silent))
    }

    fn open(&mut self) -> Result<(), FaultKind> {
        if self.port.is_none() {
            let mut port = self.opener.open().map_err(port_fault)?;
            if !self.settle.is_zero() {
                port.pause(self.settle);
            }
            // A device keeps its level until it loses power, which we do not see: it is asked at every opening.
            self.said = match self.level {
                Level::Standard => None,
                Level::Numbered => greet(port.as_mut(), self.timing, &mut self.stray)?,
            };
            self.port = Some(port);
            self.sessions += 1;
        }
        Ok(())
    }
}
