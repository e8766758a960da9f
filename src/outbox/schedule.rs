//! What follows an answer. Pure: the answer, the past and the dice go in, a decision comes out.
//!
//! | answer | next |
//! |---|---|
//! | 2xx | [`Next::Delivered`] |
//! | 401, 403 | [`Next::PauseAll`]: our token is not taken, so nothing else would be |
//! | 429 | [`Next::HostAfter`] by its `Retry-After` within 1 s to 1 h, else by the ladder |
//! | host not reached | [`Next::Unreached`] by the ladder of the host: no byte of the report left |
//! | no answer, 408, 425, 5xx, 3xx | [`Next::RetryAfter`] by the ladder of the report |
//! | other 4xx, URL not allowed any more | [`Next::Park`] |
//!
//! A redirect is retried and not parked, for a shop's captive portal answers every request with one.
//!
//! The ladder: 5 s, 30 s, 2 min, 10 min, 30 min, then each hour, spread over 30 to 90 min. After [`KEEP_TRYING`] a report
//! that still fails is parked: it stays, an alarm is raised, and a person may send it again. A refused token never parks.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// How long a report is tried before it is parked: 30 days.
pub const KEEP_TRYING: Duration = Duration::from_secs(30 * 24 * 3600);

/// The longest wait that [`next`] ever asks for: 90 min. A store uses it as the limit of `clock::until`.
pub const LONGEST_WAIT: Duration = Duration::from_secs(90 * 60);

/// While the token is refused, one report is sent each 15 min to see whether it is taken again.
pub const PAUSE_PROBE: Duration = Duration::from_secs(15 * 60);

const LADDER: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
];

/// The shortest and the longest `Retry-After` that is honoured.
const BRAKE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// What came of one attempt to send a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP status, of the last hop where redirects were followed.
    Status {
        /// The code.
        code: u16,
        /// `Retry-After` as it came.
        retry_after: Option<String>,
        /// The start of the body, or a redirect's host: for the log.
        note: String,
    },
    /// No connection (name, route, TLS): no byte of the report has left.
    Unreachable(String),
    /// The report may have arrived, but no answer came.
    NoAnswer(String),
    /// The URL is not on the list (any more); nothing was sent.
    NotAllowed(super::origin::OriginError),
}

/// What happened before.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// Attempts of this report, this one included.
    pub tries: u32,
    /// How many times in a row the host could not be reached or asked to wait, this one included.
    pub host_failures: u32,
    /// Since the report entered the outbox; zero where the clocks do not tell.
    pub waited: Duration,
    /// The wall clock, Unix milliseconds: what a `Retry-After` date is read against.
    pub now_wall_ms: i64,
}

/// What follows. The store keeps it, and the outbox obeys it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The cloud has it. Final.
    Delivered,
    /// This report is due again after that time; others go on.
    RetryAfter(Duration),
    /// This report stays due; every report to its host waits that long.
    HostAfter(Duration),
    /// As [`Next::HostAfter`], and this attempt did not reach the wire.
    Unreached(Duration),
    /// This report stays due; all wait, for the reason given.
    PauseAll(String),
    /// Not tried again until a person says so; never deleted. The reason is for that person.
    Park(String),
}

/// Decides what follows an answer.
pub fn next(answer: &Answer, past: Past, dice: &mut Dice) -> Next {
    let retry = |next: Next, why: String| {
        if past.waited > KEEP_TRYING { Next::Park(format!("not delivered in 30 days: {why}")) } else { next }
    };
    match answer {
        Answer::Status { code, retry_after, note } => {
            let why = format!("HTTP {code} {note}").trim_end().to_owned();
            match code {
                200..=299 => Next::Delivered,
                401 | 403 => Next::PauseAll(why),
                429 => {
                    let asked = retry_after.as_deref().and_then(|value| read_retry_after(value, past.now_wall_ms));
                    let wait = asked.unwrap_or_else(|| rung(past.host_failures, dice));
                    retry(Next::HostAfter(wait.clamp(BRAKE.0, BRAKE.1)), why)
                }
                408 | 425 | ..200 | 300..=399 | 500.. => retry(Next::RetryAfter(rung(past.tries, dice)), why),
                400..=499 => Next::Park(why),
            }
        }
        Answer::Unreachable(why) => retry(Next::Unreached(rung(past.host_failures, dice)), why.clone()),
        Answer::NoAnswer(why) => retry(Next::RetryAfter(rung(past.tries, dice)), why.clone()),
        Answer::NotAllowed(error) => Next::Park(error.to_string()),
    }
}

/// The wait after so many failures.
fn rung(failures: u32, dice: &mut Dice) -> Duration {
    match LADDER.get(failures.saturating_sub(1) as usize) {
        Some(wait) => *wait,
        None => Duration::from_millis(30 * 60_000 + dice.below(60 * 60_000 + 1)),
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, 5.6.7 and 10.2.3) against the wall clock.
fn read_retry_after(value: &str, now_wall_ms: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds is more than any limit.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::from_millis(u64::try_from(at.as_millisecond().saturating_sub(now_wall_ms)).unwrap_or(0)))
}

/// Chance that spreads retries: `SplitMix64` (Steele, Lea, Flood 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Seeded by the process's own random state.
    pub fn new() -> Self {
        Self(std::collections::hash_map::RandomState::new().build_hasher().finish())
    }

    /// The same throws each time.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `end - 1`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

impl Default for Dice {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::origin::OriginError;

    const SECOND: Duration = Duration::from_secs(1);

    fn status(code: u16) -> Answer {
        Answer::Status { code, retry_after: None, note: String::new() }
    }

    fn past(tries: u32) -> Past {
        Past { tries, host_failures: 1, waited: Duration::ZERO, now_wall_ms: 0 }
    }

    fn after(answer: &Answer, past: Past) -> Next {
        next(answer, past, &mut Dice::seeded(7))
    }

    #[test]
    fn every_status_has_its_class() {
        for code in 0..=1000 {
            let next = after(&status(code), past(1));
            match code {
                200..=299 => assert_eq!(next, Next::Delivered, "{code}"),
                401 | 403 => assert!(matches!(next, Next::PauseAll(_)), "{code}"),
                429 => assert_eq!(next, Next::HostAfter(5 * SECOND), "{code}"),
                400..=499 if code != 408 && code != 425 => assert!(matches!(next, Next::Park(_)), "{code}"),
                _ => assert_eq!(next, Next::RetryAfter(5 * SECOND), "{code}"),
            }
        }
    }

    #[test]
    fn the_ladder_climbs_and_then_stays_about_an_hour() {
        let wait = |tries| match after(&status(500), past(tries)) {
            Next::RetryAfter(wait) => wait.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3, 4, 5].map(wait), [5, 30, 120, 600, 1800]);
        let mut dice = Dice::seeded(1);
        let hourly: Vec<u64> = (6..5006).map(|tries| rung(tries, &mut dice).as_secs()).collect();
        assert!(hourly.iter().all(|wait| (1800..=5400).contains(wait)));
        assert!(hourly.iter().any(|wait| *wait < 2000) && hourly.iter().any(|wait| *wait > 5200));
        let mean = hourly.iter().sum::<u64>() / 5000;
        assert!((3500..3700).contains(&mean), "{mean}");
        assert!(rung(u32::MAX, &mut dice) <= LONGEST_WAIT);
    }

    #[test]
    fn a_host_out_of_reach_waits_by_its_own_failures() {
        let past = Past { tries: 1, host_failures: 4, waited: Duration::ZERO, now_wall_ms: 0 };
        assert_eq!(after(&Answer::Unreachable("dns".into()), past), Next::Unreached(600 * SECOND));
        assert_eq!(after(&Answer::NoAnswer("reset".into()), past), Next::RetryAfter(5 * SECOND));
    }

    #[test]
    fn after_thirty_days_a_failing_report_is_parked_but_never_for_the_token() {
        let old = Past { tries: 700, host_failures: 700, waited: KEEP_TRYING + SECOND, now_wall_ms: 0 };
        for answer in
            [status(500), status(429), status(302), Answer::Unreachable("dns".into()), Answer::NoAnswer("reset".into())]
        {
            assert!(matches!(after(&answer, old), Next::Park(why) if why.contains("30 days")), "{answer:?}");
        }
        assert_eq!(after(&status(200), old), Next::Delivered);
        assert!(matches!(after(&status(401), old), Next::PauseAll(_)));
        let edge = Past { waited: KEEP_TRYING, ..old };
        assert!(matches!(after(&status(500), edge), Next::RetryAfter(_)));
    }

    #[test]
    fn a_url_that_is_no_longer_allowed_is_parked() {
        let next = after(&Answer::NotAllowed(OriginError::NotListed), past(1));
        assert!(matches!(next, Next::Park(why) if why.contains("allowed")));
    }

    #[test]
    fn retry_after_is_kept_between_a_second_and_an_hour() {
        for (asked, waits) in [(0, 1), (1, 1), (17, 17), (3600, 3600), (999_999_u32, 3600)] {
            let answer = Answer::Status { code: 429, retry_after: Some(asked.to_string()), note: String::new() };
            assert_eq!(after(&answer, past(1)), Next::HostAfter(waits * SECOND), "{asked}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now_ms = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(read_retry_after("120", now_ms), Some(120 * SECOND));
        assert_eq!(read_retry_after(" 7 ", now_ms), Some(7 * SECOND));
        assert_eq!(read_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now_ms), Some(30 * SECOND));
        assert_eq!(read_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now_ms), Some(Duration::ZERO));
        assert!(read_retry_after("99999999999999999999999", now_ms).is_some_and(|wait| wait > 3600 * SECOND));
        for bad in ["", "soon", "-5", "1.5", "Sun, 99 Nov 1994 08:50:07 GMT"] {
            assert_eq!(read_retry_after(bad, now_ms), None, "{bad}");
        }
    }
}
