//! The vendor's limits: 5 requests a second and 200 a minute per address of ours, kept for each host. Pure: the caller
//! brings the time.

use std::collections::VecDeque;
use std::time::Duration;

/// So many requests in any second.
pub const PER_SECOND: usize = 5;

/// So many requests in any minute.
pub const PER_MINUTE: usize = 200;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60_000;

/// The requests of the last minute to one host. At most [`PER_MINUTE`] entries.
#[derive(Clone, Debug, Default)]
pub struct Limit {
    sent_ms: VecDeque<i64>,
}

impl Limit {
    /// How long the next request must wait; zero when it may go.
    pub fn wait(&self, now_ms: i64) -> Duration {
        let free_at_ms = |count: usize, window_ms: i64| {
            let nth_last = self.sent_ms.len().checked_sub(count)?;
            self.sent_ms.get(nth_last).map(|at| at + window_ms)
        };
        let second = free_at_ms(PER_SECOND, SECOND_MS);
        let minute = free_at_ms(PER_MINUTE, MINUTE_MS);
        let free_at_ms = second.max(minute).unwrap_or(now_ms);
        Duration::from_millis(u64::try_from(free_at_ms - now_ms).unwrap_or(0))
    }

    /// Notes a request that goes now.
    pub fn sent(&mut self, now_ms: i64) {
        self.forget(now_ms);
        if self.sent_ms.len() == PER_MINUTE {
            self.sent_ms.pop_front();
        }
        self.sent_ms.push_back(now_ms);
    }

    /// Whether the last minute was silent, so that nothing is lost with this value.
    pub fn is_idle(&mut self, now_ms: i64) -> bool {
        self.forget(now_ms);
        self.sent_ms.is_empty()
    }

    fn forget(&mut self, now_ms: i64) {
        while self.sent_ms.front().is_some_and(|at| at + MINUTE_MS <= now_ms) {
            self.sent_ms.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends as fast as the limit lets it, for `time_ms`, with `gap_ms` of work between; the moments of sending.
    fn drain(time_ms: i64, gap_ms: i64) -> Vec<i64> {
        let mut limit = Limit::default();
        let mut now_ms = 0;
        let mut sent = Vec::new();
        while now_ms < time_ms {
            now_ms += i64::try_from(limit.wait(now_ms).as_millis()).unwrap();
            assert_eq!(limit.wait(now_ms), Duration::ZERO);
            limit.sent(now_ms);
            sent.push(now_ms);
            now_ms += gap_ms;
        }
        sent
    }

    fn most_within(sent: &[i64], window_ms: i64) -> usize {
        sent.iter().map(|from| sent.iter().filter(|at| (*from..from + window_ms).contains(at)).count()).max().unwrap()
    }

    #[test]
    fn no_second_sees_more_than_five_and_no_minute_more_than_two_hundred() {
        for gap_ms in [0, 1, 7, 100, 199, 200, 201, 299, 300, 301] {
            let sent = drain(200_000, gap_ms);
            assert!(most_within(&sent, 1000) <= PER_SECOND, "{gap_ms}");
            assert!(most_within(&sent, 60_000) <= PER_MINUTE, "{gap_ms}");
        }
    }

    #[test]
    fn the_limit_is_used_up() {
        let sent = drain(179_999, 0);
        assert_eq!(most_within(&sent, 1000), 5);
        assert!(sent.len() >= 600, "{}", sent.len());
    }

    #[test]
    fn a_silent_minute_forgets() {
        let mut limit = Limit::default();
        limit.sent(0);
        assert!(!limit.is_idle(59_999));
        assert!(limit.is_idle(60_000));
    }
}
