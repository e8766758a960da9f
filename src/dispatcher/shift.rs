//! The shop's day: a shift is closed at a set local time, and always before 24 hours are over.
//!
//! The journal remembers since when the shift is open, so a daemon that slept over the closing makes up for it at its
//! start. When the time has come the lane looks at the register, between two documents:
//! - closed already: the register or a person did it, and nothing is ordered;
//! - it can be closed: the closing is ordered as an operation like any other, behind the documents that wait;
//! - it cannot, or the order failed: looked at again with a growing pause, until it is closed. Late by
//!   [`missed::GRACE`] it is an alarm, said once in the log and the history.
//!
//! A receipt that meets a shift older than 24 hours closes it by itself (`preflight`).

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use kkm_drivers::contract::{Body, Reason, Shift, Status};

use super::Lane;
use super::missed::{self, MissedClosing};
use crate::clock::{Age, Stamp, age};
use crate::journal::{JournalError, Row, State, devices::OpenShift};
use crate::messages::{Note, Obstacle};

/// A shift is closed at this age whatever the hour: ten minutes before the register refuses to sell.
pub(super) const LONGEST: Duration = Duration::from_secs(23 * 3600 + 50 * 60);

/// When shifts are closed by themselves.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// Local time of day; `None`: only before 24 hours are over.
    pub at: Option<Time>,
    /// The shop's zone.
    pub zone: Option<TimeZone>,
    /// False: never by themselves.
    pub automatic: bool,
}

/// Pause between two looks at a register whose shift cannot be closed, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The same after an order that failed although nothing seemed to hinder.
const LONGEST_BETWEEN_ORDERS: Duration = Duration::from_secs(600);
/// How long after its opening the register refuses to sell.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// A closing whose time has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duty {
    shift: u32,
    /// The order, once there was one.
    row: Option<Row>,
    pause: Duration,
    /// When to look again.
    next: Stamp,
}

/// When a shift that was opened at `since` is to be closed, in milliseconds from now; negative when that time has passed.
fn ms_to_closing(closing: &Closing, since: &Stamp, now: &Stamp) -> Option<i64> {
    if !closing.automatic {
        return None;
    }
    // A clock that cannot be trusted closes nothing; the register itself says when the shift is too old.
    let Age::Known(open_for) = age(since, now) else { return None };
    let by_age = ms(LONGEST) - ms(open_for);
    let by_hour = closing.at.and_then(|at| ms_to_hour(at, closing.zone.as_ref()?, since, now));
    Some(by_hour.map_or(by_age, |hour| hour.min(by_age)))
}

/// Until the first `at` o'clock after the shift was opened.
fn ms_to_hour(at: Time, zone: &TimeZone, since: &Stamp, now: &Stamp) -> Option<i64> {
    let opened = Timestamp::from_millisecond(since.wall_ms).ok()?.to_zoned_datetime(zone.clone());
    let same_day = opened.date().to_datetime(at).to_zoned_datetime(zone.clone()).ok()?;
    let closing = if same_day.timestamp() > opened.timestamp() {
        same_day
    } else {
        opened.date().tomorrow().ok()?.to_datetime(at).to_zoned_datetime(zone.clone()).ok()?
    };
    Some(closing.timestamp().as_millisecond().saturating_sub(now.wall_ms))
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl Lane {
    /// Notes what was seen of the shift. Of one that is new the device is asked since when it is open.
    pub(super) fn saw_shift(&mut self, shift: Shift) -> Result<(), JournalError> {
        let open = match shift {
            Shift::Open(number) | Shift::Expired(number) => Some(number),
            Shift::Closed(_) | Shift::None => None,
        };
        if self.journal.open_shift(&self.name)?.map(|s| s.number) == open {
            return Ok(());
        }
        let ago = match open {
            Some(_) => self.driver.shift_age().ok().flatten().unwrap_or_default(),
            None => Duration::ZERO,
        };
        self.journal.saw_shift(&self.name, open, ago)
    }

    /// Sees to the closing of the shift; gives how long until there is something to do about it.
    pub(super) fn shift_duty(&mut self) -> Result<Option<Duration>, JournalError> {
        let Some(open) = self.journal.open_shift(&self.name)? else {
            self.closing = None;
            self.door.missed.set(None);
            return Ok(None);
        };
        let now = self.journal.clock().now();
        let Some(left_ms) = ms_to_closing(&self.settings.closing, &open.since, &now) else { return Ok(None) };
        if let Ok(left @ 1..) = u64::try_from(left_ms) {
            self.door.missed.set(None);
            return Ok(Some(Duration::from_millis(left)));
        }
        let mut duty = match self.closing {
            Some(duty) if duty.shift == open.number => duty,
            Some(_) | None => Duty { shift: open.number, row: None, pause: FIRST_PAUSE, next: now },
        };
        let late = left_ms <= -ms(missed::GRACE);
        let due_ms = now.wall_ms + left_ms;
        let failed = match duty.row {
            None => None,
            Some(row) if self.journal.state_of(row)?.is_final() => Some(row),
            Some(_) => {
                // It waits for its turn, or is being done.
                if late {
                    let fenced = self.journal.device(&self.name)?.is_some_and(|d| d.fence.is_some());
                    self.alarm(open, due_ms, if fenced { Obstacle::Person } else { Obstacle::Queue })?;
                }
                return Ok(None);
            }
        };
        if now.boot == duty.next.boot && now.boot_ms < duty.next.boot_ms {
            return Ok(Some(Duration::from_millis(duty.next.boot_ms.abs_diff(now.boot_ms))));
        }
        let seen = self.look_at_shift(open.number)?;
        if late && seen != Seen::Other {
            let why = match (&seen, failed) {
                (Seen::Hindered(why), _) => why.clone(),
                (Seen::Closable | Seen::Other, Some(row)) => {
                    let told = self.journal.find(&row.to_string())?.and_then(|d| d.summary.message);
                    Obstacle::Register(Reason::Other(told.unwrap_or_default()))
                }
                (Seen::Closable | Seen::Other, None) => Obstacle::Queue,
            };
            self.alarm(open, due_ms, why)?;
        }
        let longest = match seen {
            Seen::Other => return Ok(Some(Duration::ZERO)),
            Seen::Hindered(_) => LONGEST_PAUSE,
            Seen::Closable => {
                duty.row = self.order_closing(open.number)?;
                LONGEST_BETWEEN_ORDERS
            }
        };
        duty.next = now.plus(duty.pause);
        let wait = if duty.row.is_some() { Duration::ZERO } else { duty.pause };
        duty.pause = (duty.pause * 2).min(longest);
        self.closing = Some(duty);
        Ok(Some(wait))
    }

    /// While a document is undecided nothing else is done; a closing that is late meanwhile is an alarm all the same.
    /// Gives how long until it would be.
    pub(super) fn watch_closing(&self, state: State) -> Result<Option<Duration>, JournalError> {
        let Some(open) = self.journal.open_shift(&self.name)? else { return Ok(None) };
        let now = self.journal.clock().now();
        let Some(left_ms) = ms_to_closing(&self.settings.closing, &open.since, &now) else { return Ok(None) };
        if let Ok(left @ 1..) = u64::try_from(left_ms + ms(missed::GRACE)) {
            return Ok(Some(Duration::from_millis(left)));
        }
        let why = if state == State::NeedsOperator { Obstacle::Person } else { Obstacle::Queue };
        self.alarm(open, now.wall_ms + left_ms, why)?;
        Ok(None)
    }

    /// The register as it is now, as far as it decides about the closing of the shift `number`.
    fn look_at_shift(&mut self, number: u32) -> Result<Seen, JournalError> {
        let Ok(Status { shift, open_receipt, hindrance, .. }) = self.driver.status() else {
            return Ok(Seen::Hindered(Obstacle::Silence));
        };
        match hindrance {
            None | Some(Reason::ShiftExpired | Reason::ShiftClosed) => {}
            // A hindered device may not even say how its shift is.
            Some(reason) => return Ok(Seen::Hindered(Obstacle::Register(reason))),
        }
        self.saw_shift(shift)?;
        Ok(match shift {
            Shift::Open(seen) | Shift::Expired(seen) if seen == number => {
                if open_receipt.is_some() && !self.settings.cancel_foreign {
                    Seen::Hindered(Obstacle::Register(Reason::ForeignReceiptOpen))
                } else {
                    Seen::Closable
                }
            }
            Shift::Open(_) | Shift::Expired(_) | Shift::Closed(_) | Shift::None => Seen::Other,
        })
    }

    /// True for a closing of ours whose shift was closed meanwhile: by a receipt that met it too old, or by somebody else.
    /// It is not meant for the shift that is open now.
    pub(super) fn is_superseded(&self, row: Row, shift: Shift) -> bool {
        let Some(duty) = self.closing.filter(|duty| duty.row == Some(row)) else { return false };
        match shift {
            Shift::Open(number) | Shift::Expired(number) => number != duty.shift,
            Shift::Closed(_) | Shift::None => true,
        }
    }

    /// Nothing is ordered where a person has ordered it already.
    fn order_closing(&self, shift: u32) -> Result<Option<Row>, JournalError> {
        match self.journal.order(&self.name, Body::CloseShift(None)) {
            Ok(row) => {
                tracing::info!(shift, document = row, "the shift is closed, its time has come");
                Ok(Some(row))
            }
            Err(JournalError::Decision(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn alarm(&self, open: OpenShift, due_ms: i64, why: Obstacle) -> Result<(), JournalError> {
        let zone = self.settings.closing.zone.clone().unwrap_or(TimeZone::UTC);
        let due = Timestamp::from_millisecond(due_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(zone);
        let due = due.strftime("%H:%M").to_string();
        let text = Note::ClosingMissed { shift: open.number, due, why: why.clone() }.render(self.settings.locale);
        let missed = MissedClosing {
            shift: open.number,
            due_ms,
            ends_ms: open.since.wall_ms.saturating_add(DAY_MS),
            why,
            text: text.clone(),
        };
        if self.door.missed.set(Some(missed)) {
            tracing::error!(shift = open.number, "{text}");
            self.journal.note(&self.name, "closing missed", &text)?;
        }
        Ok(())
    }
}

/// What a look at a register says about the closing of a shift.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// It is not open any more.
    Other,
    /// Nothing hinders.
    Closable,
    /// Not now, and why.
    Hindered(Obstacle),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};

    const HOUR: Duration = Duration::from_secs(3600);

    fn closing(hour: i8, minute: i8) -> Closing {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        Closing { at: Some(Time::constant(hour, minute, 0, 0)), zone: Some(zone), automatic: true }
    }

    fn left(closing: &Closing, since: &Stamp, now: &Stamp) -> Option<Duration> {
        ms_to_closing(closing, since, now).map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    }

    /// 2026-11-25 09:00 at +03:00.
    fn morning() -> ManualClock {
        ManualClock::new(1_795_586_400_000)
    }

    #[test]
    fn a_shift_is_closed_at_its_hour_of_the_shop_s_zone() {
        let clock = morning();
        let since = clock.now();
        let time = left(&closing(23, 50), &since, &clock.now()).expect("a plan");
        assert_eq!(time, HOUR * 14 + Duration::from_secs(50 * 60));
        clock.advance(time);
        assert_eq!(left(&closing(23, 50), &since, &clock.now()), Some(Duration::ZERO));
    }

    #[test]
    fn a_shift_opened_after_the_hour_waits_for_the_next_day_but_not_beyond_24_hours() {
        let clock = morning();
        let since = clock.now();
        let time = left(&closing(8, 59), &since, &clock.now()).expect("a plan");
        assert_eq!(time, LONGEST, "23:59 later is too late");
        assert_eq!(left(&closing(8, 0), &since, &clock.now()), Some(HOUR * 23));
    }

    #[test]
    fn without_an_hour_or_a_wish_only_the_24_hours_or_nothing_counts() {
        let clock = morning();
        let since = clock.now();
        let no_hour = Closing { at: None, zone: None, automatic: true };
        assert_eq!(left(&no_hour, &since, &clock.now()), Some(LONGEST));
        assert_eq!(left(&Closing::default(), &since, &clock.now()), None);
    }

    #[test]
    fn a_clock_that_jumped_back_over_a_reboot_closes_nothing() {
        let clock = morning();
        let since = clock.now();
        clock.reboot();
        clock.jump_wall(-1_000_000_000_000);
        assert_eq!(left(&closing(23, 50), &since, &clock.now()), None);
    }
}
