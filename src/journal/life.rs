//! The arrows of a document's life as transactions. Each is conditional: the state it starts from is part of the update.

use std::time::Duration;

use kkm_drivers::contract::{Body, Document, Found, Mark, Marker, Paper, Proof, Puzzle, Reason};
use kkm_drivers::spoil::{self, Spoil};
use rusqlite::{Connection, OptionalExtension, params};

use super::devices::is_fenced;
use super::{Event, Journal, JournalError, Row, State, event, reports};
use crate::clock::{Age, Stamp, age};

/// How long a document may wait before its first byte.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When neither it nor the lane moved for so long, it expires.
    pub give_up_after: Duration,
    /// When it waited so long, it expires.
    pub give_up_cap: Duration,
}

/// A document that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Row.
    pub row: Row,
    /// The id as it came, JSON text.
    pub request_id: String,
    /// What the device is asked to do.
    pub body: Body,
    /// When it was accepted.
    pub accepted: Stamp,
    /// Why it waits, if it could not be begun before.
    pub hindrance: Option<Reason>,
    /// For a return: the numbers of its sale.
    pub original: Option<Proof>,
    /// Attempts before this.
    pub attempt: u16,
}

/// A document whose attempt is not ended.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Row.
    pub row: Row,
    /// The id as it came, JSON text.
    pub request_id: String,
    /// State.
    pub state: State,
    /// What the device was asked to do.
    pub document: Document,
    /// The evidence base of the attempt.
    pub mark: Mark,
    /// What a person saw when the facts did not decide.
    pub puzzle: Option<Puzzle>,
    /// A person said that it was not registered.
    pub decided_not: bool,
}

/// The final word of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Final {
    /// Code for the cloud; 0 is success.
    pub code: u16,
    /// For the cashier.
    pub message: String,
    /// The status body to report, byte for byte.
    pub body: String,
}

/// What begin came to.
#[derive(Debug)]
pub enum Begin {
    /// The mark is durable: bytes may leave.
    Begun(Box<Document>),
    /// Its time was over.
    Late,
}

/// Another document with these numbers.
pub(super) const TAKEN: &str = "SELECT row FROM documents WHERE row <> ?1 AND twin_of IS NULL
    AND device = (SELECT device FROM documents WHERE row = ?1)
    AND proof ->> 'document_number' = ?2 AND proof ->> 'storage' = ?3";

impl Journal {
    /// Whatever was interrupted by the end of the last process becomes doubtful.
    pub fn interrupted(&self, device: &str) -> Result<(), JournalError> {
        if let Some(flight) = self.in_flight(device)? {
            match flight.state {
                State::Begun | State::Closing | State::Cancelling => {
                    self.arrow(flight.row, Event::Doubt, "the program ended in the middle")?;
                }
                State::Accepted
                | State::Doubtful
                | State::NeedsOperator
                | State::Done
                | State::Refused
                | State::Expired => {}
            }
        }
        Ok(())
    }

    /// The document to which the device belongs, if any.
    pub fn in_flight(&self, device: &str) -> Result<Option<Flight>, JournalError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT d.row, d.request_id, d.state, d.body, d.attempt, a.mark, a.puzzle, a.decision, o.proof, d.epoch
                     FROM documents d JOIN attempts a ON a.document = d.row AND a.attempt = d.attempt
                     LEFT JOIN documents o ON o.row = d.original
                     WHERE d.device = ?1
                     AND d.state IN ('begun', 'closing', 'doubtful', 'cancelling', 'needs_operator')",
                )?
                .query_row([device], |r| {
                    Ok((
                        r.get::<_, Row>(0)?,
                        r.get::<_, String>(1)?,
                        r.get::<_, String>(2)?,
                        r.get::<_, String>(3)?,
                        r.get::<_, u16>(4)?,
                        r.get::<_, String>(5)?,
                        r.get::<_, Option<String>>(6)?,
                        r.get::<_, Option<String>>(7)?,
                        r.get::<_, Option<String>>(8)?,
                        r.get::<_, u32>(9)?,
                    ))
                })
                .optional()?;
            let Some((row, request_id, state, body, attempt, mark, puzzle, decision, original, epoch)) = found else {
                return Ok(None);
            };
            Ok(Some(Flight {
                row,
                request_id,
                state: State::named(&state).ok_or(rusqlite::Error::InvalidQuery)?,
                document: document(epoch, row, attempt, serde_json::from_str(&body)?, parse(original)?)?,
                mark: serde_json::from_str(&mark)?,
                puzzle: parse(puzzle)?,
                decided_not: decision.is_some(),
            }))
        })
    }

    /// The document that waits longest.
    pub fn next_waiting(&self, device: &str) -> Result<Option<Waiting>, JournalError> {
        self.read(|connection| first_waiting(connection, device))
    }

    /// Ends every document of the device whose time is over; `word` says what is reported. Behind a fence none
    /// ends: an old copy of the journal may take for waiting what is registered.
    pub fn expire<F>(&self, device: &str, limits: Limits, word: F) -> Result<Vec<Row>, JournalError>
    where
        F: Fn(&Waiting) -> Final + Send + 'static,
    {
        let (device, clock) = (device.to_owned(), self.clock().clone());
        self.write(move |connection| {
            let now = clock.now();
            if is_fenced(connection, &device)? {
                return Ok(Vec::new());
            }
            let moved = last_settled(connection, &device)?;
            let mut ended = Vec::new();
            // Oldest first; the first whose time is left ends the search, for all share the lane's progress.
            while let Some(document) = first_waiting(connection, &device)? {
                if time_left(&document.accepted, moved.as_ref(), &now, limits).is_some() {
                    break;
                }
                end(connection, document.row, Event::Expire, &word(&document), None, &now)?;
                ended.push(document.row);
            }
            Ok(ended)
        })
    }

    /// How long until the first waiting document of the device expires; `None` when none waits.
    pub fn time_to_expiry(&self, device: &str, limits: Limits) -> Result<Option<Duration>, JournalError> {
        let now = self.clock().now();
        self.read(|connection| {
            if is_fenced(connection, device)? {
                return Ok(None);
            }
            let moved = last_settled(connection, device)?;
            Ok(first_waiting(connection, device)?
                .map(|w| time_left(&w.accepted, moved.as_ref(), &now, limits).unwrap_or_default()))
        })
    }

    /// Begins an attempt: its mark is durable when this returns. Checks the deadline again.
    pub fn begin(&self, row: Row, mark: Mark, limits: Limits) -> Result<Begin, JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| {
            let now = clock.now();
            let (device, body, attempt, accepted, original, epoch) = connection
                .prepare_cached(
                    "SELECT d.device, d.body, d.attempt, d.accepted, o.proof, d.epoch FROM documents d
                     LEFT JOIN documents o ON o.row = d.original WHERE d.row = ?1",
                )?
                .query_row([row], |r| {
                    Ok((
                        r.get::<_, String>(0)?,
                        r.get::<_, String>(1)?,
                        r.get::<_, u16>(2)?,
                        r.get::<_, String>(3)?,
                        r.get::<_, Option<String>>(4)?,
                        r.get::<_, u32>(5)?,
                    ))
                })
                .optional()?
                .ok_or(JournalError::NoDocument(row))?;
            let moved = last_settled(connection, &device)?;
            if time_left(&serde_json::from_str(&accepted)?, moved.as_ref(), &now, limits).is_none() {
                return Ok(Begin::Late);
            }
            let attempt = attempt + 1;
            connection
                .prepare_cached("INSERT INTO attempts (document, attempt, mark, begun_ms) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![row, attempt, serde_json::to_string(&mark)?, now.wall_ms])?;
            connection
                .prepare_cached("UPDATE documents SET attempt = ?2, hindrance = NULL WHERE row = ?1")?
                .execute(params![row, attempt])?;
            step(
                connection,
                row,
                Event::Begin,
                &format!("attempt {attempt}, last document {}", mark.last_document),
                &now,
            )?;
            Ok(Begin::Begun(Box::new(document(epoch, row, attempt, serde_json::from_str(&body)?, parse(original)?)?)))
        })
    }

    /// Takes an arrow that carries nothing but itself.
    pub fn arrow(&self, row: Row, event: Event, detail: &str) -> Result<State, JournalError> {
        let (clock, detail) = (self.clock().clone(), detail.to_owned());
        self.write(move |connection| step(connection, row, event, &detail, &clock.now()))
    }

    /// Back to waiting: nothing was registered and nothing is open. `hindrance` says why it waits.
    pub fn back(&self, row: Row, event: Event, hindrance: Option<Reason>, detail: &str) -> Result<(), JournalError> {
        let (clock, detail) = (self.clock().clone(), detail.to_owned());
        self.write(move |connection| {
            step(connection, row, event, &detail, &clock.now())?;
            hinder(connection, row, hindrance.as_ref())
        })
    }

    /// Notes why a waiting document cannot be begun.
    pub fn hindered(&self, row: Row, hindrance: Reason) -> Result<(), JournalError> {
        self.write(move |connection| hinder(connection, row, Some(&hindrance)))
    }

    /// Registered: the outcome and the report are one transaction.
    pub fn settle_done(&self, row: Row, proof: Proof, paper: Paper, word: Final) -> Result<(), JournalError> {
        let clock = self.clock().clone();
        let spoiled = spoil::is(Spoil::ReportApart).then(|| (word.clone(), clock.clone()));
        self.write(move |connection| {
            let now = clock.now();
            let facts = (serde_json::to_string(&proof)?, serde_json::to_string(&paper)?);
            end(connection, row, Event::Registered, &word, Some(facts), &now)?;
            connection
                .prepare_cached(
                    "UPDATE devices SET last_document = max(last_document, ?2)
                     WHERE name = (SELECT device FROM documents WHERE row = ?1)",
                )?
                .execute(params![row, proof.document_number as i64])?;
            Ok(())
        })?;
        if let Some((word, clock)) = spoiled {
            self.write(move |connection| report(connection, row, &word, &clock.now()))?;
        }
        Ok(())
    }

    /// Certainly not registered and never will be: the error and its report are one transaction.
    pub fn settle_refused(&self, row: Row, word: Final) -> Result<(), JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| end(connection, row, Event::Refuse, &word, None, &clock.now()))
    }

    /// The evidence does not decide: a person must, who is shown the puzzle.
    pub fn ask_operator(&self, row: Row, puzzle: Puzzle) -> Result<(), JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| {
            let text = serde_json::to_string(&puzzle)?;
            connection
                .prepare_cached(
                    "UPDATE attempts SET puzzle = ?2, decision = NULL
                     WHERE document = ?1 AND attempt = (SELECT attempt FROM documents WHERE row = ?1)",
                )?
                .execute(params![row, text])?;
            step(connection, row, Event::AskOperator, &text, &clock.now())?;
            Ok(())
        })
    }

    /// A person says that the attempt was not registered; the evidence is looked at once more before that counts.
    pub fn decide_not(&self, row: Row, attempt: u16) -> Result<(), JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| {
            named_attempt(connection, row, attempt)?;
            step(connection, row, Event::DecidedNot, "a person said: not registered", &clock.now())?;
            connection.execute(
                "UPDATE attempts SET decision = 'not registered' WHERE document = ?1 AND attempt = ?2",
                params![row, attempt],
            )?;
            Ok(())
        })
    }

    /// A person says that the attempt was registered, and gives number and sign.
    pub fn decide_registered(&self, row: Row, attempt: u16, proof: Proof, word: Final) -> Result<(), JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| {
            named_attempt(connection, row, attempt)?;
            let text = serde_json::to_string(&proof)?;
            let taken: Option<Row> = connection
                .query_row(TAKEN, params![row, proof.document_number as i64, proof.storage], |r| r.get(0))
                .optional()?;
            if let Some(other) = taken {
                let number = proof.document_number;
                return Err(JournalError::Decision(format!("fiscal document {number} belongs to document {other}")));
            }
            connection.execute(
                "UPDATE attempts SET decision = ?3 WHERE document = ?1 AND attempt = ?2",
                params![row, attempt, format!("registered: {text}")],
            )?;
            let facts = (text, serde_json::to_string(&Paper::Unknown)?);
            end(connection, row, Event::DecidedRegistered, &word, Some(facts), &clock.now())
        })
    }
}

fn named_attempt(connection: &Connection, row: Row, attempt: u16) -> Result<(), JournalError> {
    let current: u16 = connection
        .query_row("SELECT attempt FROM documents WHERE row = ?1", [row], |r| r.get(0))
        .optional()?
        .ok_or(JournalError::NoDocument(row))?;
    if current == attempt {
        return Ok(());
    }
    Err(JournalError::Decision(format!("document {row} is at attempt {current}, not {attempt}; look at it again")))
}

/// Takes an arrow inside a transaction.
fn step(connection: &Connection, row: Row, by: Event, detail: &str, now: &Stamp) -> Result<State, JournalError> {
    let (device, name) = connection
        .prepare_cached("SELECT device, state FROM documents WHERE row = ?1")?
        .query_row([row], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))
        .optional()?
        .ok_or(JournalError::NoDocument(row))?;
    let from = State::named(&name).ok_or(rusqlite::Error::InvalidQuery)?;
    let to = from.after(by).map_err(|source| JournalError::Arrow { row, source })?;
    connection.prepare_cached("UPDATE documents SET state = ?3 WHERE row = ?1 AND state = ?2")?.execute(params![
        row,
        from.name(),
        to.name()
    ])?;
    event(connection, now.wall_ms, &device, Some(row), to.name(), detail)?;
    Ok(to)
}

/// Takes an arrow to a final state and queues the report with it.
fn end(
    connection: &Connection,
    row: Row,
    by: Event,
    word: &Final,
    facts: Option<(String, String)>,
    now: &Stamp,
) -> Result<(), JournalError> {
    step(connection, row, by, &word.message, now)?;
    let (proof, paper) = facts.unzip();
    connection
        .prepare_cached(
            "UPDATE documents SET code = ?2, message = ?3, proof = ?4, paper = ?5, settled_ms = ?6 WHERE row = ?1",
        )?
        .execute(params![row, word.code, word.message, proof, paper, now.wall_ms])?;
    // An expiry is no progress of the lane: were it, each one would let the next wait longer.
    if by != Event::Expire {
        connection
            .prepare_cached(
                "UPDATE devices SET last_settled = ?2 WHERE name = (SELECT device FROM documents WHERE row = ?1)",
            )?
            .execute(params![row, serde_json::to_string(now)?])?;
    }
    if by == Event::Registered && spoil::is(Spoil::ReportApart) {
        return Ok(());
    }
    report(connection, row, word, now)
}

/// Queues the report of a document.
fn report(connection: &Connection, row: Row, word: &Final, now: &Stamp) -> Result<(), JournalError> {
    let url: Option<String> = connection
        .prepare_cached("SELECT callback_url FROM documents WHERE row = ?1")?
        .query_row([row], |r| r.get(0))?;
    reports::insert(connection, row, url.as_deref(), &word.body, now)
}

/// A waiting document that stands in the register: an older copy of the journal was restored.
pub(super) fn settle_waiting(
    connection: &Connection,
    row: Row,
    found: &Found,
    word: &Final,
    now: &Stamp,
) -> Result<(), JournalError> {
    step(connection, row, Event::Begin, "found in the register", now)?;
    let facts = (serde_json::to_string(&found.proof)?, serde_json::to_string(&Paper::Unknown)?);
    end(connection, row, Event::Registered, word, Some(facts), now)
}

fn hinder(connection: &Connection, row: Row, hindrance: Option<&Reason>) -> Result<(), JournalError> {
    let text = hindrance.map(serde_json::to_string).transpose()?;
    connection
        .prepare_cached("UPDATE documents SET hindrance = ?2 WHERE row = ?1 AND hindrance IS NOT ?2")?
        .execute(params![row, text])?;
    Ok(())
}

/// The document that waits longest.
fn first_waiting(connection: &Connection, device: &str) -> Result<Option<Waiting>, JournalError> {
    const FIRST: &str = "SELECT d.row, d.request_id, d.body, d.accepted, d.hindrance, d.attempt, o.proof
         FROM documents d LEFT JOIN documents o ON o.row = d.original
         WHERE d.device = ?1 AND d.state = 'accepted' AND d.state NOT IN ('done', 'refused', 'expired')
         ORDER BY d.row LIMIT 1";
    let last = spoil::is(Spoil::LastFirst).then(|| FIRST.replace("ORDER BY d.row", "ORDER BY d.row DESC"));
    let mut query = connection.prepare_cached(last.as_deref().unwrap_or(FIRST))?;
    let mut rows = query.query([device])?;
    let Some(r) = rows.next()? else { return Ok(None) };
    Ok(Some(Waiting {
        row: r.get(0)?,
        request_id: r.get(1)?,
        body: serde_json::from_str(&r.get::<_, String>(2)?)?,
        accepted: serde_json::from_str(&r.get::<_, String>(3)?)?,
        hindrance: parse(r.get(4)?)?,
        attempt: r.get(5)?,
        original: parse(r.get(6)?)?,
    }))
}

fn last_settled(connection: &Connection, device: &str) -> Result<Option<Stamp>, JournalError> {
    let text: Option<Option<String>> = connection
        .prepare_cached("SELECT last_settled FROM devices WHERE name = ?1")?
        .query_row([device], |r| r.get(0))
        .optional()?;
    parse(text.flatten())
}

/// How long a document may still wait; `None` when its time is over. A clock that cannot be trusted ends the wait: an old
/// receipt must not come out of the blue.
fn time_left(accepted: &Stamp, lane_moved: Option<&Stamp>, now: &Stamp, limits: Limits) -> Option<Duration> {
    let Age::Known(waited) = age(accepted, now) else { return None };
    let quiet = match lane_moved.map(|moved| age(moved, now)) {
        Some(Age::Known(since)) => since.min(waited),
        Some(Age::Implausible) | None => waited,
    };
    let left = limits.give_up_after.checked_sub(quiet)?.min(limits.give_up_cap.checked_sub(waited)?);
    (!left.is_zero()).then_some(left)
}

fn document(epoch: u32, row: Row, attempt: u16, body: Body, original: Option<Proof>) -> Result<Document, JournalError> {
    let marker = u32::try_from(row).ok().and_then(|row| Marker::new(epoch, row, attempt));
    let marker = marker.ok_or_else(|| JournalError::Decision(format!("document {row} has no marker left")))?;
    Ok(Document { marker, body, original })
}

fn parse<T: serde::de::DeserializeOwned>(text: Option<String>) -> Result<Option<T>, JournalError> {
    Ok(text.map(|t| serde_json::from_str(&t)).transpose()?)
}
