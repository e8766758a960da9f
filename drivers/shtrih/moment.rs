//! The device's times as seconds: local, without a zone, so that only their differences mean anything.

/// Seconds from 1970 to the beginning of the day `YYYY-MM-DD`.
pub(super) fn midnight(date: &str) -> Option<u32> {
    let mut parts = date.splitn(3, '-').map(|p| p.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=2099).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of the civil calendar, years beginning in March; no year before 2100 breaks the rule of four.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y / 4 + (153 * m + 2) / 5 + day - 1;
    let first = 1969 * 365 + 1969 / 4 + (153 * 10 + 2) / 5;
    (days - first).checked_mul(86_400)
}

/// Seconds from 1970 to `YYYY-MM-DDThh:mm`, with or without `:ss`.
pub(super) fn seconds(moment: &str) -> Option<u32> {
    let (day, time) = moment.split_once('T')?;
    let mut parts = time.split(':').map(|p| p.parse::<u32>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let of_day = (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)?;
    midnight(day)?.checked_add(of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_counted_from_1970() {
        assert_eq!(midnight("1970-01-01"), Some(0));
        assert_eq!(midnight("1970-03-01"), Some(59 * 86_400));
        assert_eq!(midnight("2000-02-29"), Some(951_782_400));
        assert_eq!(midnight("2026-11-25"), Some(1_795_564_800));
        assert_eq!(midnight("2026-13-01"), None);
        assert_eq!(midnight("yesterday"), None);
    }

    #[test]
    fn a_time_may_have_seconds_or_none() {
        assert_eq!(seconds("1970-01-02T01:02"), Some(86_400 + 3720));
        assert_eq!(seconds("1970-01-02T01:02:03"), Some(86_400 + 3723));
        for wrong in ["1970-01-02", "1970-01-02T24:00", "1970-01-02T01:60", "1970-01-02T01", "1970-01-02Txx:00"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
