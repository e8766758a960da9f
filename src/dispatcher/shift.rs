//! The shop's day: a shift is closed at a set local time, and always before 24 hours are over.
//!
//! The lane remembers in the journal when it first saw the shift open. When its time has come and nothing is being done,
//! the closing is ordered as an operation like any other; a daemon that slept over it closes at its start.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use kkm_drivers::contract::{Body, Shift};

use super::Lane;
use crate::clock::{Age, Stamp, age};
use crate::journal::{JournalError, devices::OpenShift};

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

/// How long until a shift that was first seen open at `since` is to be closed; zero: now.
pub(super) fn time_to_closing(closing: &Closing, since: &Stamp, now: &Stamp) -> Option<Duration> {
    if !closing.automatic {
        return None;
    }
    // A clock that cannot be trusted closes nothing; the register itself says when the shift is too old.
    let Age::Known(open_for) = age(since, now) else { return None };
    let by_age = LONGEST.saturating_sub(open_for);
    let by_hour = closing.at.and_then(|at| until_hour(at, closing.zone.as_ref()?, since, now));
    Some(by_hour.map_or(by_age, |hour| hour.min(by_age)))
}

/// Until the first `at` o'clock after the shift was seen open.
fn until_hour(at: Time, zone: &TimeZone, since: &Stamp, now: &Stamp) -> Option<Duration> {
    let opened = Timestamp::from_millisecond(since.wall_ms).ok()?.to_zoned_datetime(zone.clone());
    let same_day = opened.date().to_datetime(at).to_zoned_datetime(zone.clone()).ok()?;
    let closing = if same_day.timestamp() > opened.timestamp() {
        same_day
    } else {
        opened.date().tomorrow().ok()?.to_datetime(at).to_zoned_datetime(zone.clone()).ok()?
    };
    let left = closing.timestamp().as_millisecond().saturating_sub(now.wall_ms);
    Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}

impl Lane {
    /// Notes what was seen of the shift.
    pub(super) fn saw_shift(&self, shift: Shift) -> Result<(), JournalError> {
        let open = match shift {
            Shift::Open(number) | Shift::Expired(number) => Some(number),
            Shift::Closed(_) | Shift::None => None,
        };
        self.journal.saw_shift(&self.name, open)
    }

    /// Orders the closing when its time has come; else how long until then.
    pub(super) fn shift_duty(&mut self) -> Result<Option<Duration>, JournalError> {
        let Some(OpenShift { number, since }) = self.journal.open_shift(&self.name)? else { return Ok(None) };
        let now = self.journal.clock().now();
        let Some(left) = time_to_closing(&self.settings.closing, &since, &now) else { return Ok(None) };
        if !left.is_zero() {
            return Ok(Some(left));
        }
        if self.closing_ordered == Some(number) {
            // Ordered before, and it failed: said once, tried again when a receipt needs a shift or a person orders it.
            return Ok(None);
        }
        self.closing_ordered = Some(number);
        tracing::info!(shift = number, "the shift is closed, its time has come");
        self.journal.order(&self.name, Body::CloseShift(None))?;
        Ok(Some(Duration::ZERO))
    }
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

    /// 2026-11-25 09:00 at +03:00.
    fn morning() -> ManualClock {
        ManualClock::new(1_795_586_400_000)
    }

    #[test]
    fn a_shift_is_closed_at_its_hour_of_the_shop_s_zone() {
        let clock = morning();
        let since = clock.now();
        let left = time_to_closing(&closing(23, 50), &since, &clock.now()).expect("a plan");
        assert_eq!(left, HOUR * 14 + Duration::from_secs(50 * 60));
        clock.advance(left);
        assert_eq!(time_to_closing(&closing(23, 50), &since, &clock.now()), Some(Duration::ZERO));
    }

    #[test]
    fn a_shift_opened_after_the_hour_waits_for_the_next_day_but_not_beyond_24_hours() {
        let clock = morning();
        let since = clock.now();
        let left = time_to_closing(&closing(8, 59), &since, &clock.now()).expect("a plan");
        assert_eq!(left, LONGEST, "23:59 later is too late");
        assert_eq!(time_to_closing(&closing(8, 0), &since, &clock.now()), Some(HOUR * 23));
    }

    #[test]
    fn without_an_hour_or_a_wish_only_the_24_hours_or_nothing_counts() {
        let clock = morning();
        let since = clock.now();
        let no_hour = Closing { at: None, zone: None, automatic: true };
        assert_eq!(time_to_closing(&no_hour, &since, &clock.now()), Some(LONGEST));
        assert_eq!(time_to_closing(&Closing::default(), &since, &clock.now()), None);
    }

    #[test]
    fn a_clock_that_jumped_back_over_a_reboot_closes_nothing() {
        let clock = morning();
        let since = clock.now();
        clock.reboot();
        clock.jump_wall(-1_000_000_000_000);
        assert_eq!(time_to_closing(&closing(23, 50), &since, &clock.now()), None);
    }
}
