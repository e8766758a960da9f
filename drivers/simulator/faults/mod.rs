//! The script of faults: words on the command line and, while the register runs, on its standard input.
//!
//! ```text
//! ACTION [before CMD | after CMD] [xN | always]
//! ```
//! `CMD` is a command as the manual writes it: `8D`, `FF45`. Without `before` or `after` an action of the world (paper,
//! clock, another cashier) happens at once, and an action of the line waits for the next command that it fits. A
//! waiting action is used up after `N` uses, once without a number. [`HELP`] lists the actions.

mod parse;

use std::time::Duration;

use super::register::clock::Moment;

/// All that the script understands, one a line.
pub const HELP: &str = "\
line     lose-answer CMD [kept]      carried out, the answer never comes; kept: ENQ still finds it
         silence [CMD] [TIME]        the command is not heard, nor anything for TIME
         refuse CMD CODE             answered with this error, not carried out
         nak [CMD]                   the frame is not accepted
         no-ack [CMD]                carried out and answered, but not acknowledged
         bad-lrc [CMD]               the answer comes with a wrong sum once
         half-answer [CMD]           the first half of the answer comes once
         delay CMD TIME              carried out, the answer comes late
         power-cut before|after CMD [TIME|stays]    power goes; back after TIME (2s)
         power off | power on
         drop|flip|dup in|out N      the N-th byte from now on, to (in) or from (out) the register
         noise [N]                   N bytes FF before the next byte from the register
paper    paper out|in    paper out after-close    cover open|close    cutter fail|ok
         busy N|for-ever|off         printing, for so many queries
         print-time TIME             every document takes so long to print (0s)
register shift expire    clock +25h|-1h|+90s|2026-02-10T12:00:00|stop|system
         drawer SUM    wrong-total N    buffer N    tax-systems MASK    vat ROW RATE (basis points)
         storage full|ok    swap-storage    auto-open on|off
         mode HEX|off                it says that it is in this mode, and takes nothing but questions
others   foreign sale SUM    foreign-open SUM    foreign-cash-in SUM    (sums in kopecks)
look     books    help
each may end with: before CMD | after CMD, xN | always";

/// A command of the host, one or two bytes.
pub type Command = u16;

/// Which bytes a byte fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the host to the register.
    In,
    /// From the register to the host.
    Out,
}

/// What happens to one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteFault {
    /// It is lost.
    Drop,
    /// One bit of it is turned.
    Flip,
    /// It comes twice.
    Double,
}

/// A change of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// By so many seconds.
    Shift(i64),
    /// To a moment, from which it goes on.
    Set(Moment),
    /// It stands still.
    Stop,
    /// It shows the system's time again.
    System,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The answer is lost; `kept`: it can still be asked for.
    LoseAnswer {
        /// ENQ still finds it.
        kept: bool,
    },
    /// Nothing is heard, for so long.
    Silence(Duration),
    /// Answered with this code.
    Refuse(u8),
    /// The frame is answered with NAK.
    Nak,
    /// The frame is not acknowledged, yet carried out and answered.
    NoAck,
    /// The answer's sum is wrong the first time.
    BadLrc,
    /// Only half of the answer comes the first time.
    HalfAnswer,
    /// The answer comes so much later.
    Delay(Duration),
    /// Power goes for so long; without a time, until it is switched on.
    PowerOff(Option<Duration>),
    /// Power comes.
    PowerOn,
    /// A byte is hurt.
    Byte(Direction, ByteFault, u64),
    /// So many `FFh` before the next byte out.
    Noise(u32),
    /// Paper is in, or out.
    Paper(bool),
    /// Paper ends while the next document prints.
    PaperEndsInNext,
    /// The cover is open, or closed.
    Cover(bool),
    /// The cutter works, or fails.
    Cutter(bool),
    /// Busy for so many queries; `u32::MAX` for ever.
    Busy(u32),
    /// Every document takes so long to print.
    PrintTime(Duration),
    /// The shift grows too old.
    ShiftExpire,
    /// The clock.
    Clock(ClockChange),
    /// Cash in the drawer, minor units.
    Drawer(i64),
    /// The next receipt's total is off by so many minor units.
    WrongTotal(i64),
    /// So many lines fit into a receipt.
    Buffer(u32),
    /// Tax systems of the registration.
    TaxSystems(u8),
    /// Rate of a row of the tax table, basis points.
    Vat(u8, u32),
    /// The storage is full, or not.
    StorageFull(bool),
    /// Another storage is put in.
    SwapStorage,
    /// It is in this mode, or in its own.
    Mode(Option<u8>),
    /// The first receipt opens the shift, or not.
    AutoOpen(bool),
    /// Somebody sells by hand, minor units.
    ForeignSale(i64),
    /// Somebody leaves a receipt open, minor units.
    ForeignOpen(i64),
    /// Somebody puts cash in, minor units.
    ForeignCashIn(i64),
    /// Shows the books.
    Books,
    /// Shows [`HELP`].
    Help,
}

/// When an action happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// With the next command that fits; any without one.
    With(Option<Command>),
    /// Before a command is carried out.
    Before(Command),
    /// After it was carried out, before its answer.
    After(Command),
}

/// A line of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub action: Action,
    /// When.
    pub when: When,
    /// How often; `None`: always.
    pub times: Option<u32>,
}

/// A line that is not understood, and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; accepted is\n{HELP}")]
pub struct FaultError {
    /// What is wrong with it.
    pub problem: String,
}

/// The lines that wait for their command.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Vec<Fault>);

impl Waiting {
    /// One more.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Takes the first action that `fits` at one of these moments, and uses it up once.
    pub fn take(&mut self, fits: impl Fn(&Action) -> bool, at: impl Fn(When) -> bool) -> Option<Action> {
        let place = self.0.iter().position(|fault| at(fault.when) && fits(&fault.action))?;
        let fault = &mut self.0[place];
        let action = fault.action.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                self.0.remove(place);
            }
        }
        Some(action)
    }

    /// Takes every action that waits for this very moment, each once.
    pub fn take_all(&mut self, moment: When) -> Vec<Action> {
        let mut actions = Vec::new();
        self.0.retain_mut(|fault| {
            if fault.when != moment {
                return true;
            }
            actions.push(fault.action.clone());
            match &mut fault.times {
                None => true,
                Some(times) => {
                    *times -= 1;
                    *times > 0
                }
            }
        });
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Fault {
        line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    #[test]
    fn a_line_says_what_when_and_how_often() {
        let fault = parsed("lose-answer FF45 x2");
        assert_eq!(fault.action, Action::LoseAnswer { kept: false });
        assert_eq!((fault.when, fault.times), (When::With(Some(0xFF45)), Some(2)));
        let fault = parsed("power-cut after FF45 5s");
        assert_eq!(fault.action, Action::PowerOff(Some(Duration::from_secs(5))));
        assert_eq!((fault.when, fault.times), (When::After(0xFF45), Some(1)));
        assert_eq!(parsed("silence 5s").when, When::Now);
        assert_eq!(parsed("silence FF45 5s always").times, None);
        assert_eq!(parsed("bad-lrc 10").when, When::With(Some(0x10)));
        assert_eq!(parsed("refuse FF45 46h").action, Action::Refuse(0x46));
        assert_eq!(parsed("foreign sale 4200 before 10").when, When::Before(0x10));
        assert_eq!(parsed("clock -1h").action, Action::Clock(ClockChange::Shift(-3600)));
    }

    #[test]
    fn a_line_that_is_not_understood_says_what_is() {
        for line in ["", "paper", "lose-answer XY", "refuse FF45", "clock now", "delay FF45 12", "nak 8D before 10"] {
            let error = line.parse::<Fault>().expect_err(line).to_string();
            assert!(error.contains("lose-answer CMD"), "{error}");
        }
    }

    #[test]
    fn a_waiting_line_is_used_up() {
        let mut waiting = Waiting::default();
        waiting.add(parsed("nak 8D x2"));
        waiting.add(parsed("paper out before 8D"));
        let nak = |waiting: &mut Waiting| {
            waiting.take(|action| *action == Action::Nak, |when| when == When::With(Some(0x8D)))
        };
        assert_eq!(
            (nak(&mut waiting), nak(&mut waiting), nak(&mut waiting)),
            (Some(Action::Nak), Some(Action::Nak), None)
        );
        assert_eq!(waiting.take_all(When::Before(0x8D)), [Action::Paper(false)]);
        assert_eq!(waiting.take_all(When::Before(0x8D)), []);
    }
}
