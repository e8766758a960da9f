//! Which hosts wait, and whether all do. Pure, in memory, forgotten at a restart (which then tries each host once).
//!
//! A lane is one origin: one report in flight, its rate limit, and a hold after a failure that concerns the whole host.
//! Times are milliseconds of the boot-time clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::limit::Limit;
use super::schedule::{Answer, Next, PAUSE_PROBE};

/// How long a host in trouble is left alone after a report to it was parked for its age.
const AFTER_PARKING: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
struct Lane {
    in_flight: bool,
    /// In a row, of the kind that concerns the host.
    failures: u32,
    hold: Option<Hold>,
    limit: Limit,
}

#[derive(Debug)]
struct Hold {
    until_ms: i64,
    /// A host out of reach is tried again when the doorbell rings; one that asked to wait is not.
    lifts_on_ring: bool,
}

impl Lane {
    /// How long it must wait besides for an answer; zero when it may send.
    fn wait(&self, now_ms: i64) -> Duration {
        let hold = self.hold.as_ref().map_or(0, |hold| hold.until_ms - now_ms);
        Duration::from_millis(u64::try_from(hold).unwrap_or(0)).max(self.limit.wait(now_ms))
    }
}

#[derive(Debug)]
struct Pause {
    probe_at_ms: i64,
    /// The report that is out as the probe: only its end may end the pause.
    probe: Option<i64>,
}

/// All lanes. As many as there are origins among the reports of the last minute or in trouble.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: BTreeMap<String, Lane>,
    pause: Option<Pause>,
}

impl Lanes {
    /// Whether nothing may be sent now: the token is refused, and no probe is due.
    pub fn paused(&self, now_ms: i64) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.probe.is_some() || pause.probe_at_ms > now_ms)
    }

    /// The origins to which nothing may be sent now.
    pub fn held(&mut self, now_ms: i64) -> Vec<String> {
        self.lanes.retain(|_, lane| {
            lane.in_flight || lane.failures > 0 || lane.wait(now_ms) > Duration::ZERO || !lane.limit.is_idle(now_ms)
        });
        let waits = |lane: &Lane| lane.in_flight || lane.wait(now_ms) > Duration::ZERO;
        self.lanes.iter().filter(|(_, lane)| waits(lane)).map(|(origin, _)| origin.clone()).collect()
    }

    /// How long until time alone lets something go; `None` where only an answer or a ring does.
    pub fn wait(&self, now_ms: i64) -> Option<Duration> {
        if let Some(pause) = &self.pause
            && self.paused(now_ms)
        {
            let left_ms = u64::try_from(pause.probe_at_ms - now_ms).unwrap_or(0);
            return pause.probe.is_none().then(|| Duration::from_millis(left_ms));
        }
        let waits = self.lanes.values().filter(|lane| !lane.in_flight).map(|lane| lane.wait(now_ms));
        waits.filter(|wait| *wait > Duration::ZERO).min()
    }

    /// Failures of a host in a row.
    pub fn failures(&self, origin: &str) -> u32 {
        self.lanes.get(origin).map_or(0, |lane| lane.failures)
    }

    /// A report goes out.
    pub fn started(&mut self, origin: &str, row: i64, now_ms: i64) {
        let lane = self.lanes.entry(origin.to_owned()).or_default();
        lane.in_flight = true;
        lane.hold = None;
        lane.limit.sent(now_ms);
        if let Some(pause) = &mut self.pause {
            pause.probe = Some(row);
            pause.probe_at_ms = now_ms + millis(PAUSE_PROBE);
        }
    }

    /// What came of it.
    pub fn answered(&mut self, origin: &str, row: i64, answer: &Answer, next: &Next, now_ms: i64) {
        let lane = self.lanes.entry(origin.to_owned()).or_default();
        lane.in_flight = false;
        let hold = match (next, answer) {
            (Next::HostAfter(wait), _) => Some((*wait, false)),
            (Next::Unreached(wait), _) => Some((*wait, true)),
            // The report was given up for its age; the host is still in trouble, and the next one must not run into it.
            (Next::Park(_), Answer::Unreachable(_)) => Some((AFTER_PARKING, true)),
            (Next::Park(_), Answer::Status { code: 429, .. }) => Some((AFTER_PARKING, false)),
            (Next::Delivered | Next::RetryAfter(_) | Next::PauseAll(_) | Next::Park(_), _) => None,
        };
        lane.failures = if hold.is_some() { lane.failures.saturating_add(1) } else { 0 };
        lane.hold = hold.map(|(wait, lifts_on_ring)| Hold { until_ms: now_ms + millis(wait), lifts_on_ring });
        self.settle_pause(row, answer, next, now_ms);
    }

    fn settle_pause(&mut self, row: i64, answer: &Answer, next: &Next, now_ms: i64) {
        let was_probe = self.pause.as_ref().is_some_and(|pause| pause.probe == Some(row));
        if matches!(next, Next::PauseAll(_)) {
            if self.pause.is_none() || was_probe {
                self.pause = Some(Pause { probe_at_ms: now_ms + millis(PAUSE_PROBE), probe: None });
            }
        } else if was_probe {
            // 2xx, or a 4xx that is about the report: the cloud took the token. A fault says nothing about it.
            let taken = matches!(
                (next, answer),
                (Next::Delivered, _) | (Next::Park(_), Answer::Status { code: 400..=499, .. })
            );
            match &mut self.pause {
                Some(pause) if !taken => pause.probe = None,
                Some(_) | None => self.pause = None,
            }
        }
    }

    /// The doorbell rang: hosts out of reach, and a refused token, get a try now.
    pub fn rung(&mut self, now_ms: i64) {
        for lane in self.lanes.values_mut() {
            lane.hold = lane.hold.take().filter(|hold| !hold.lifts_on_ring);
        }
        if let Some(pause) = &mut self.pause {
            pause.probe_at_ms = now_ms;
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "https://a.alteg.io";
    const B: &str = "https://b.alteg.io";

    fn fault() -> Answer {
        Answer::NoAnswer(String::new())
    }

    fn status(code: u16) -> Answer {
        Answer::Status { code, retry_after: None, note: String::new() }
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn a_lane_is_held_while_its_report_is_out_and_by_its_brake() {
        let mut lanes = Lanes::default();
        lanes.started(A, 1, 0);
        assert_eq!(lanes.held(0), [A]);
        assert_eq!(lanes.wait(0), None, "only the answer frees it");
        lanes.answered(A, 1, &status(429), &Next::HostAfter(minutes(1)), 0);
        assert_eq!(lanes.held(59_999), [A]);
        assert_eq!(lanes.wait(59_000), Some(Duration::from_secs(1)));
        lanes.rung(59_000);
        assert_eq!(lanes.held(59_000), [A], "who asked to wait is not disturbed");
        assert!(lanes.held(60_000).is_empty());
        assert_eq!(lanes.failures(A), 1);
        assert_eq!(lanes.failures(B), 0);
    }

    #[test]
    fn a_ring_frees_a_host_out_of_reach_and_its_failures_still_count() {
        let mut lanes = Lanes::default();
        lanes.started(A, 1, 0);
        lanes.answered(A, 1, &fault(), &Next::Unreached(minutes(60)), 0);
        assert_eq!(lanes.held(10), [A]);
        lanes.rung(10);
        assert!(lanes.held(10).is_empty());
        assert_eq!(lanes.failures(A), 1);
        lanes.started(A, 1, 10);
        lanes.answered(A, 1, &fault(), &Next::RetryAfter(minutes(1)), 10);
        assert_eq!(lanes.failures(A), 0, "it answered");
    }

    #[test]
    fn only_the_probe_ends_a_pause() {
        let mut lanes = Lanes::default();
        lanes.started(A, 1, 0);
        lanes.started(B, 2, 0);
        lanes.answered(A, 1, &status(401), &Next::PauseAll("401".into()), 0);
        lanes.answered(B, 2, &status(200), &Next::Delivered, 0);
        assert!(lanes.paused(1));
        assert_eq!(lanes.wait(0), Some(PAUSE_PROBE));
        assert!(!lanes.paused(900_000), "a probe may go");
        lanes.started(A, 1, 900_000);
        assert!(lanes.paused(900_000), "one only");
        lanes.answered(A, 1, &fault(), &Next::RetryAfter(minutes(1)), 900_000);
        assert!(lanes.paused(900_001), "a fault says nothing about the token");
        lanes.rung(900_002);
        assert!(!lanes.paused(900_002));
        lanes.started(A, 1, 900_002);
        lanes.answered(A, 1, &status(200), &Next::Delivered, 900_003);
        assert!(!lanes.paused(900_003));
    }

    #[test]
    fn quiet_lanes_are_forgotten() {
        let mut lanes = Lanes::default();
        for host in 0..1000 {
            let origin = format!("https://h{host}.alteg.io");
            lanes.started(&origin, host, host);
            lanes.answered(&origin, host, &status(200), &Next::Delivered, host);
        }
        lanes.held(100_000);
        assert!(lanes.lanes.is_empty());
    }
}
