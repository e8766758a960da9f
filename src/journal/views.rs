//! What people ask of the journal: the queue, a document whole, the history.

use kkm_drivers::contract::{Body, Proof, Puzzle, Reason};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use serde::{Deserialize, Serialize};

use super::operations::{altegio_status, altegio_type};
use super::{Journal, JournalError, Row, State};

/// A line of the queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Row.
    pub row: Row,
    /// Device.
    pub device: String,
    /// The id as it came, without quotes.
    pub id: String,
    /// Altegio's sales document.
    pub document_id: i64,
    /// `sale`, `return`.
    pub kind: String,
    /// Altegio's own number of the operation.
    pub altegio_type: Option<u8>,
    /// Altegio's own number of its status.
    pub altegio_status: Option<u8>,
    /// In minor units.
    pub total_minor: i64,
    /// State.
    pub state: String,
    /// Attempts so far.
    pub attempt: u16,
    /// When it was accepted, Unix ms.
    pub accepted_ms: i64,
    /// Code of the final word.
    pub code: Option<u16>,
    /// Its message.
    pub message: Option<String>,
    /// Numbers of the registered document.
    pub proof: Option<Proof>,
    /// What became of the paper.
    pub paper: Option<String>,
    /// The report to the cloud.
    pub report: Option<ReportView>,
}

/// A report to the cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportView {
    /// Where it goes.
    pub url: String,
    /// `waiting`, `delivered`, `parked`.
    pub state: String,
    /// Attempts so far.
    pub tries: u32,
    /// What came back last.
    pub answer: Option<String>,
}

/// A document whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Details {
    /// The line of the queue.
    pub summary: Summary,
    /// What the device was asked to do; gone when closed and old.
    pub body: Option<Body>,
    /// What was noticed at intake, JSON.
    pub notes: serde_json::Value,
    /// Why it waits, when the device said so.
    pub hindrance: Option<Reason>,
    /// What it waits for, for people; the control socket fills it in.
    pub waits_for: Option<String>,
    /// Why a person must decide.
    pub puzzle: Option<Puzzle>,
    /// What happened, oldest first.
    pub history: Vec<Happened>,
}

/// A row of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Happened {
    /// Unix ms.
    pub at_ms: i64,
    /// Device.
    pub device: String,
    /// Document, if it was about one.
    pub document: Option<Row>,
    /// What.
    pub what: String,
    /// More about it.
    pub detail: String,
}

const SUMMARY: &str = "SELECT d.row, d.device, d.request_id, d.document_id, d.kind, d.total_minor, d.state, d.attempt,
        d.accepted ->> 'wall_ms', d.code, d.message, d.proof, d.paper, r.url, r.state, r.tries, r.answer
    FROM documents d LEFT JOIN reports r ON r.document = d.row";

/// What is not ended, and what is not heard: the indexes of both are named, for the whole table is far larger.
pub(super) const OPEN: &str = "WHERE d.row IN (SELECT row FROM documents INDEXED BY documents_open
    WHERE state NOT IN ('done', 'refused', 'expired')) ORDER BY d.row";
pub(super) const UNHEARD: &str =
    "WHERE d.row IN (SELECT document FROM reports INDEXED BY reports_waiting WHERE state = 'waiting'
    UNION ALL SELECT document FROM reports INDEXED BY reports_parked WHERE state = 'parked') ORDER BY d.row";

/// By row, by id, by sale, the newest of it. Indexes begin with the device, so devices are hopped over first.
pub(super) const FIND: &str = "WITH RECURSIVE device(name) AS (
        SELECT min(device) FROM documents
        UNION ALL SELECT (SELECT min(device) FROM documents WHERE device > name) FROM device WHERE name IS NOT NULL)
    SELECT row FROM (
        SELECT row, 1 AS rank FROM documents
            WHERE row = CAST(?1 AS INTEGER) AND ?1 = CAST(CAST(?1 AS INTEGER) AS TEXT)
        UNION ALL SELECT row, 2 FROM documents
            WHERE device IN (SELECT name FROM device) AND request_id IN (?1, ?2) AND superseded = 0
        UNION ALL SELECT row, 3 FROM documents
            WHERE device IN (SELECT name FROM device)
            AND document_id = CAST(?1 AS INTEGER) AND ?1 = CAST(CAST(?1 AS INTEGER) AS TEXT))
    ORDER BY rank, row DESC LIMIT 1";

impl Journal {
    /// Everything that is not at its end: waiting, in doubt, or with a report that is not delivered.
    pub fn queue(&self) -> Result<Vec<Summary>, JournalError> {
        self.read(|connection| {
            let open = summaries(connection, &format!("{SUMMARY} {OPEN}"), [])?;
            let unheard = summaries(connection, &format!("{SUMMARY} {UNHEARD}"), [])?;
            Ok(unheard.into_iter().chain(open).collect())
        })
    }

    /// The newest documents.
    pub fn newest(&self, limit: u32) -> Result<Vec<Summary>, JournalError> {
        self.read(|c| summaries(c, &format!("{SUMMARY} ORDER BY d.row DESC LIMIT ?1"), [limit]))
    }

    /// A document by row, by its id, or by Altegio's number (the newest of it).
    pub fn find(&self, name: &str) -> Result<Option<Details>, JournalError> {
        let quoted = serde_json::to_string(name)?;
        self.read(|connection| {
            let row: Option<Row> = connection.query_row(FIND, params![name, quoted], |r| r.get(0)).optional()?;
            row.map(|row| details(connection, row)).transpose()
        })
    }

    /// The id of a document as it came, JSON text.
    pub fn request_id(&self, row: Row) -> Result<String, JournalError> {
        self.read(|c| {
            c.query_row("SELECT request_id FROM documents WHERE row = ?1", [row], |r| r.get(0))
                .optional()?
                .ok_or(JournalError::NoDocument(row))
        })
    }

    /// The history, newest first.
    pub fn history(&self, limit: u32) -> Result<Vec<Happened>, JournalError> {
        self.read(|connection| {
            happened(
                connection,
                "SELECT at_ms, device, document, what, detail FROM events ORDER BY row DESC LIMIT ?1",
                i64::from(limit),
            )
        })
    }
}

fn details(connection: &Connection, row: Row) -> Result<Details, JournalError> {
    let summary = summaries(connection, &format!("{SUMMARY} WHERE d.row = ?1"), [row])?
        .pop()
        .ok_or(JournalError::NoDocument(row))?;
    let (body, notes, puzzle, hindrance) = connection.query_row(
        "SELECT d.body, d.notes, a.puzzle, d.hindrance FROM documents d
         LEFT JOIN attempts a ON a.document = d.row AND a.attempt = d.attempt WHERE d.row = ?1",
        [row],
        |r| {
            let text = |column| r.get::<_, Option<String>>(column);
            Ok((text(0)?, r.get::<_, String>(1)?, text(2)?, text(3)?))
        },
    )?;
    Ok(Details {
        summary,
        body: body.map(|b| serde_json::from_str(&b)).transpose()?,
        notes: serde_json::from_str(&notes)?,
        hindrance: hindrance.map(|h| serde_json::from_str(&h)).transpose()?,
        waits_for: None,
        puzzle: puzzle.map(|p| serde_json::from_str(&p)).transpose()?,
        history: happened(
            connection,
            "SELECT at_ms, device, document, what, detail FROM events WHERE document = ?1 ORDER BY row",
            row,
        )?,
    })
}

fn summaries(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Summary>, JournalError> {
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map(parameters, summary)?;
    rows.map(|r| Ok(r?)).collect()
}

fn summary(r: &SqlRow<'_>) -> rusqlite::Result<Summary> {
    let proof: Option<String> = r.get(11)?;
    let url: Option<String> = r.get(13)?;
    let report = match url {
        Some(url) => Some(ReportView { url, state: r.get(14)?, tries: r.get(15)?, answer: r.get(16)? }),
        None => None,
    };
    let kind: String = r.get(4)?;
    let state: String = r.get(6)?;
    Ok(Summary {
        altegio_type: altegio_type(&kind),
        altegio_status: State::named(&state).map(altegio_status),
        row: r.get(0)?,
        device: r.get(1)?,
        id: r.get::<_, String>(2)?.trim_matches('"').to_owned(),
        document_id: r.get(3)?,
        kind,
        total_minor: r.get(5)?,
        state,
        attempt: r.get(7)?,
        accepted_ms: r.get(8)?,
        code: r.get(9)?,
        message: r.get(10)?,
        proof: proof.and_then(|p| serde_json::from_str(&p).ok()),
        paper: r.get::<_, Option<String>>(12)?.map(|p| p.trim_matches('"').to_owned()),
        report,
    })
}

fn happened(connection: &Connection, sql: &str, parameter: i64) -> Result<Vec<Happened>, JournalError> {
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([parameter], |r| {
        Ok(Happened { at_ms: r.get(0)?, device: r.get(1)?, document: r.get(2)?, what: r.get(3)?, detail: r.get(4)? })
    })?;
    rows.map(|r| Ok(r?)).collect()
}
