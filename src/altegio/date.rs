//! The document's date: RFC 3339, with an offset or in the shop's zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A moment and whether its offset came with it.
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) offset: bool,
}

/// Reads a date; `None` when it is none. A date without a time of day is none either.
pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Moment> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"-+:.TtZz ".contains(&b));
    if !plain || !text.get(10..11).is_some_and(|s| matches!(s, "T" | "t" | " ")) {
        return None;
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment { at, offset: true });
    }
    let local: DateTime = text.parse().ok()?;
    Some(Moment { at: zone.to_timestamp(local).ok()?, offset: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<(String, bool)> {
        let zone = TimeZone::fixed(jiff::tz::offset(5));
        read(text, &zone).map(|m| (m.at.to_string(), m.offset))
    }

    #[test]
    fn dates_with_and_without_an_offset() {
        assert_eq!(at("2026-09-21T23:00:00.000-05:00"), Some(("2026-09-22T04:00:00Z".into(), true)));
        assert_eq!(at("2026-02-10T23:30:00Z"), Some(("2026-02-10T23:30:00Z".into(), true)));
        assert_eq!(at("2026-02-11T04:30:00"), Some(("2026-02-10T23:30:00Z".into(), false)));
        assert_eq!(at("2026-02-11 04:30:00"), Some(("2026-02-10T23:30:00Z".into(), false)));
    }

    #[test]
    fn what_is_no_date_never_becomes_now() {
        for text in [
            "",
            "now",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-02-10",
            "10.02.2026 12:00:00",
            "2026-02-10T25:00:00Z",
            "2026-02-10T12:00:00+99:00",
            "2026-02-10T12:00:00[Europe/Moscow]",
            "1770000000",
            "2026-02-10T12:00:00Zjunk",
            "ДДДДД",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
