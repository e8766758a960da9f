//! What the cloud must still hear: the outbox's store.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::{Journal, JournalError, Row, event};
use crate::clock::{Stamp, until};
use crate::outbox::schedule::LONGEST_WAIT;
use crate::outbox::{Next, Report, Store, origin};

/// State of a report that the cloud has confirmed.
pub const DELIVERED: &str = "delivered";

/// Queues the final word of a document in the transaction of its outcome.
pub(super) fn insert(
    connection: &Connection,
    document: Row,
    url: Option<&str>,
    body: &str,
    now: &Stamp,
) -> Result<(), JournalError> {
    let Some(url) = url else { return Ok(()) };
    connection
        .prepare_cached("INSERT INTO reports (document, url, origin, body, since) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![document, url, origin::origin_of(url), body, serde_json::to_string(now)?])?;
    Ok(())
}

impl Journal {
    /// Parked reports (all, or of one document) are sent again. Journalled; says how many.
    pub fn unpark(&self, document: Option<Row>) -> Result<usize, JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| {
            let now = clock.now();
            let changed = connection.execute(
                "UPDATE reports SET state = 'waiting', due = NULL, tries = 0, since = ?2
                 WHERE state = 'parked' AND (?1 IS NULL OR document = ?1)",
                params![document, serde_json::to_string(&now)?],
            )?;
            if changed > 0 {
                event(connection, now.wall_ms, "", document, "reports sent again", &changed.to_string())?;
            }
            Ok(changed)
        })
    }
}

/// The waiting reports of origins that are not held, oldest first, until `pick` says enough.
fn waiting(
    connection: &Connection,
    held: &[String],
    mut pick: impl FnMut(Report, Option<Stamp>) -> bool,
) -> Result<(), JournalError> {
    let held = serde_json::to_string(held)?;
    let mut query = connection.prepare_cached(
        "SELECT row, url, body, tries, since, due FROM reports
         WHERE state = 'waiting' AND origin NOT IN (SELECT value FROM json_each(?1)) ORDER BY row",
    )?;
    let mut rows = query.query([held])?;
    while let Some(r) = rows.next()? {
        let since: String = r.get(4)?;
        let due: Option<String> = r.get(5)?;
        let report = Report {
            row: r.get(0)?,
            url: r.get(1)?,
            body: r.get(2)?,
            tries: r.get(3)?,
            since: serde_json::from_str(&since)?,
        };
        if !pick(report, due.map(|d| serde_json::from_str(&d)).transpose()?) {
            break;
        }
    }
    Ok(())
}

fn wait_of(due: Option<&Stamp>, now: &Stamp) -> Duration {
    due.map_or(Duration::ZERO, |at| until(at, now, LONGEST_WAIT))
}

impl Store for Journal {
    type Error = JournalError;

    async fn due(&self, now: &Stamp, held: &[String]) -> Result<Option<Report>, JournalError> {
        self.read(|connection| {
            let mut oldest = None;
            waiting(connection, held, |report, due| {
                if wait_of(due.as_ref(), now).is_zero() {
                    oldest = Some(report);
                }
                oldest.is_none()
            })?;
            Ok(oldest)
        })
    }

    async fn next_due(&self, now: &Stamp, held: &[String]) -> Result<Option<Duration>, JournalError> {
        self.read(|connection| {
            let mut first: Option<Duration> = None;
            waiting(connection, held, |_, due| {
                let wait = wait_of(due.as_ref(), now);
                first = Some(first.map_or(wait, |f| f.min(wait)));
                !wait.is_zero()
            })?;
            Ok(first)
        })
    }

    async fn attempted(&self, row: i64, _now: &Stamp) -> Result<(), JournalError> {
        self.write_async(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE reports SET tries = tries + 1, wire = wire + 1 WHERE row = ?1 AND state = 'waiting'",
                )?
                .execute([row])?;
            Ok(())
        })
        .await
    }

    async fn answered(&self, row: i64, next: &Next, now: &Stamp) -> Result<(), JournalError> {
        let (next, now) = (next.clone(), *now);
        self.write_async(move |connection| answered(connection, row, &next, &now)).await
    }
}

fn answered(connection: &Connection, row: Row, next: &Next, now: &Stamp) -> Result<(), JournalError> {
    let due = |after: Duration| serde_json::to_string(&now.plus(after));
    let (state, due, unreached, answer) = match next {
        Next::Delivered => (DELIVERED, None, 0, None),
        Next::RetryAfter(wait) => ("waiting", Some(due(*wait)?), 0, Some("no success yet")),
        Next::HostAfter(_) => ("waiting", None, 0, Some("the cloud asks to wait")),
        Next::Unreached(_) => ("waiting", None, 1, Some("the cloud cannot be reached")),
        Next::PauseAll(why) => ("waiting", None, 0, Some(why.as_str())),
        Next::Park(why) => ("parked", None, 0, Some(why.as_str())),
    };
    connection
        .prepare_cached(
            "UPDATE reports SET state = ?2, due = ?3, wire = wire - ?4, answer = ?5 WHERE row = ?1 AND state = 'waiting'",
        )?
        .execute(params![row, state, due, unreached, answer])?;
    if state != "waiting" {
        let (document, device) = connection.query_row(
            "SELECT d.row, d.device FROM reports r JOIN documents d ON d.row = r.document WHERE r.row = ?1",
            [row],
            |r| Ok((r.get::<_, Row>(0)?, r.get::<_, String>(1)?)),
        )?;
        let what = if state == DELIVERED { "report confirmed" } else { "report parked" };
        event(connection, now.wall_ms, &device, Some(document), what, answer.unwrap_or_default())?;
    }
    Ok(())
}
