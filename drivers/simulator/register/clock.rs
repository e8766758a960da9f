//! The register's own clock: local time without a zone, as every register keeps it.
//!
//! It follows the system with an offset, stands still until it is moved, or runs on the time of the line (in tests).

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const DAY_S: i64 = 86_400;

/// A second of local time, counted from 1970-01-01T00:00:00 without a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Moment(i64);

/// Text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a moment: expected YYYY-MM-DDThh:mm:ss")]
pub struct NotAMoment;

/// A moment taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Year, four digits.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

impl Moment {
    /// The moment of these parts; `None` when the calendar has no such day or the day no such time.
    pub fn from_parts(parts: Parts) -> Option<Self> {
        let time_ok = parts.hour < 24 && parts.minute < 60 && parts.second < 60;
        let days = days_from_civil(parts.year, i64::from(parts.month), i64::from(parts.day));
        let seconds = i64::from(parts.hour) * 3600 + i64::from(parts.minute) * 60 + i64::from(parts.second);
        let moment = Self(days * DAY_S + seconds);
        (time_ok && moment.parts() == parts).then_some(moment)
    }

    /// Year, month, day, hour, minute, second.
    pub fn parts(self) -> Parts {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY_S));
        let second = self.0.rem_euclid(DAY_S);
        Parts {
            year,
            month: month as u8,
            day: day as u8,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }

    /// This many seconds later, or earlier.
    #[must_use]
    pub fn plus_s(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment.
    pub fn since_s(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Seconds since 1970 of the same clock face, as the storage keeps them.
    pub fn unix_s(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = self.parts();
        let (year, month, day) = (p.year, p.month, p.day);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", p.hour, p.minute, p.second)
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let (date, time) = text.split_once('T').ok_or(NotAMoment)?;
        let date = numbers(date, '-').ok_or(NotAMoment)?;
        let time = numbers(time, ':').ok_or(NotAMoment)?;
        let small = |value: i64| u8::try_from(value).map_err(|_| NotAMoment);
        Self::from_parts(Parts {
            year: date[0],
            month: small(date[1])?,
            day: small(date[2])?,
            hour: small(time[0])?,
            minute: small(time[1])?,
            second: small(time[2])?,
        })
        .ok_or(NotAMoment)
    }
}

fn numbers(text: &str, by: char) -> Option<[i64; 3]> {
    let mut parts = text.split(by).map(|part| part.parse::<i64>().ok());
    let all = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(all)
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = NotAMoment;

    fn try_from(text: String) -> Result<Self, NotAMoment> {
        text.parse()
    }
}

/// Where the register's time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The system's clock in UTC, plus so many seconds.
    System {
        /// Seconds added.
        offset_s: i64,
    },
    /// Stands still until it is moved.
    Fixed {
        /// What it shows.
        at: Moment,
    },
    /// Runs on the time of the line that carries the bytes.
    Line {
        /// What it shows when the line's time is zero.
        start: Moment,
    },
}

impl Clock {
    /// What the clock shows; `line` is the time of the line.
    pub fn read(self, line: Duration) -> Moment {
        match self {
            Self::System { offset_s } => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Moment(now.as_secs() as i64).plus_s(offset_s)
            }
            Self::Fixed { at } => at,
            Self::Line { start } => start.plus_s(line.as_secs() as i64),
        }
    }

    /// Moves the clock.
    pub fn shift_s(&mut self, seconds: i64) {
        match self {
            Self::System { offset_s } => *offset_s = offset_s.saturating_add(seconds),
            Self::Fixed { at } => *at = at.plus_s(seconds),
            Self::Line { start } => *start = start.plus_s(seconds),
        }
    }

    /// Sets the clock.
    pub fn set(&mut self, to: Moment, line: Duration) {
        let now = self.read(line);
        self.shift_s(to.since_s(now));
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_to_text_and_back() {
        for text in ["1970-01-01T00:00:00", "2024-02-29T23:59:59", "2026-02-10T12:34:56"] {
            assert_eq!(text.parse::<Moment>().expect("a moment").to_string(), text);
        }
        for text in ["2026-02-29T00:00:00", "2026-13-01T00:00:00", "2026-01-01T24:00:00", "today"] {
            assert_eq!(text.parse::<Moment>(), Err(NotAMoment), "{text}");
        }
    }

    #[test]
    fn a_clock_on_the_line_runs_with_it_and_can_be_moved() {
        let start: Moment = "2026-02-10T23:59:00".parse().expect("a moment");
        let mut clock = Clock::Line { start };
        assert_eq!(clock.read(Duration::from_secs(61)).to_string(), "2026-02-11T00:00:01");
        clock.shift_s(-3600);
        assert_eq!(clock.read(Duration::ZERO).to_string(), "2026-02-10T22:59:00");
        clock.set(start, Duration::from_secs(5));
        assert_eq!(clock.read(Duration::from_secs(5)), start);
    }
}
