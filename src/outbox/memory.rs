//! A [`Store`] in memory, for tests and as the model of what the journal does.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::schedule::LONGEST_WAIT;
use super::{Next, Report, Store, origin};
use crate::clock::{Stamp, until};

/// Where a report stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Due at that moment.
    Waiting(Stamp),
    /// The cloud has it.
    Delivered,
    /// A person must look, for that reason.
    Parked(String),
}

/// A report and what became of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The report.
    pub report: Report,
    /// Its origin, as holds name it.
    pub origin: String,
    /// Where it stands.
    pub state: State,
    /// Attempts that reached the wire, or may have.
    pub reached: u32,
}

/// The store. Rows count from 1.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<BTreeMap<i64, Row>>,
}

impl MemoryStore {
    /// Adds a report that is due at once; its row.
    pub fn add(&self, url: &str, body: &str, now: &Stamp) -> i64 {
        let mut rows = self.rows();
        let row = rows.last_key_value().map_or(0, |(row, _)| *row) + 1;
        let report = Report { row, url: url.to_owned(), body: body.to_owned(), tries: 0, since: *now };
        let origin = origin::origin_of(url);
        rows.insert(row, Row { report, origin, state: State::Waiting(*now), reached: 0 });
        row
    }

    /// A copy of one row.
    pub fn row(&self, row: i64) -> Row {
        self.rows()[&row].clone()
    }

    /// How many reports still wait.
    pub fn waiting(&self) -> usize {
        self.rows().values().filter(|row| matches!(row.state, State::Waiting(_))).count()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<i64, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    /// How long until it is due; `None` if never by itself, or if its origin is held.
    fn left(&self, now: &Stamp, held: &[String]) -> Option<Duration> {
        match &self.state {
            State::Waiting(at) => {
                let left = until(at, now, LONGEST_WAIT);
                (!held.contains(&self.origin)).then_some(left)
            }
            State::Delivered | State::Parked(_) => None,
        }
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    async fn due(&self, now: &Stamp, held: &[String]) -> Result<Option<Report>, Infallible> {
        let rows = self.rows();
        let due = rows.values().find(|row| row.left(now, held) == Some(Duration::ZERO));
        Ok(due.map(|row| row.report.clone()))
    }

    async fn next_due(&self, now: &Stamp, held: &[String]) -> Result<Option<Duration>, Infallible> {
        Ok(self.rows().values().filter_map(|row| row.left(now, held)).min())
    }

    async fn attempted(&self, row: i64, _now: &Stamp) -> Result<(), Infallible> {
        if let Some(row) = self.rows().get_mut(&row) {
            row.report.tries += 1;
            row.reached += 1;
        }
        Ok(())
    }

    async fn answered(&self, row: i64, next: &Next, now: &Stamp) -> Result<(), Infallible> {
        if let Some(row) = self.rows().get_mut(&row) {
            match next {
                Next::Delivered => row.state = State::Delivered,
                Next::RetryAfter(wait) => row.state = State::Waiting(now.plus(*wait)),
                Next::Park(why) => row.state = State::Parked(why.clone()),
                Next::Unreached(_) => row.reached -= 1,
                Next::HostAfter(_) | Next::PauseAll(_) => {}
            }
        }
        Ok(())
    }
}
