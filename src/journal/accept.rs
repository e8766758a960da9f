//! A document comes in: everything that decides whether it is a new one happens inside the write transaction.
//!
//! In order: the same id; an earlier print of the same sale that is undecided; a twin that is registered; the state and
//! length of the lane; then the row. Two requests at once are two jobs of one writer, so the second sees the first.

use std::time::Duration;

use kkm_drivers::contract::{Body, Capabilities, Money, Proof, Reason};
use kkm_drivers::spoil::{self, Spoil};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::devices::RESTORED;
use super::{Journal, JournalError, Row, State, event, reports};
use crate::clock::Stamp;

/// A checked document on its way into the journal.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Device that it is for.
    pub device: String,
    /// The id as it came, JSON text.
    pub request_id: String,
    /// Altegio's sales document.
    pub document_id: i64,
    /// `sale` or `return`.
    pub kind: &'static str,
    /// When it was sent for printing, Unix ms.
    pub date_ms: i64,
    /// Hash of the fiscal content.
    pub fiscal_hash: [u8; 32],
    /// Hash of what makes a twin.
    pub twin_hash: [u8; 32],
    /// Total, for people and for returns.
    pub total: Money,
    /// The body as it came.
    pub request: Vec<u8>,
    /// What the device is asked to do.
    pub body: Body,
    /// What was noticed, JSON.
    pub notes: String,
    /// Whom to tell.
    pub callback_url: Option<String>,
    /// Status bodies for a twin that is registered already: the success to send for this id.
    pub success_body: String,
}

/// What a registered twin without a return between means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Nothing reached the cloud yet: one receipt for both ids. Otherwise refuse.
    #[default]
    Evidence,
    /// Always refuse.
    Refuse,
    /// Always a sale of its own.
    Print,
}

/// What the same id means after an error that the cloud confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameId {
    /// With a later date the cashier pressed again.
    #[default]
    Retry,
    /// Always the stored answer.
    Stored,
}

/// Switches of intake.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// For twins.
    pub repeat: Repeat,
    /// For the same id after an error.
    pub same_id_after_error: SameId,
    /// The longest that a document may wait; a lane that needs longer refuses.
    pub give_up_cap: Duration,
    /// How long a receipt takes on this device at present.
    pub receipt_time: Duration,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// New and stored.
    Queued(Row),
    /// Stored before, and not ended in an error: pending.
    Pending(Row),
    /// Stored before and ended in this error.
    Failed {
        /// Code.
        code: u16,
        /// Message.
        message: String,
    },
    /// Registered once for an earlier id whose success nobody has heard yet; reported for both.
    Twin(Row),
    /// The id belongs to another content.
    OtherContent,
    /// An earlier print of this sale is undecided.
    EarlierUndecided,
    /// Registered before under another id.
    AlreadyRegistered {
        /// Its numbers.
        proof: Proof,
        /// When, Unix ms.
        at_ms: i64,
        /// Whether the cloud has confirmed its success.
        confirmed: bool,
    },
    /// The lane is longer than it can serve.
    LaneFull {
        /// Receipts ahead.
        ahead: u32,
    },
    /// A person must decide about an earlier receipt, or agree to the device.
    PersonNeeded,
    /// By its last word the device can never take it.
    DeviceCannot(Reason),
    /// The disk is full.
    NoRoom,
}

impl Journal {
    /// Stores a document, or says what it is instead. The answer is durable.
    pub async fn accept(&self, incoming: Incoming, policy: Policy) -> Result<Acceptance, JournalError> {
        if !self.has_room() {
            return Ok(Acceptance::NoRoom);
        }
        let (clock, epoch) = (self.clock().clone(), self.epoch());
        self.write_async(move |connection| accept(connection, &incoming, policy, epoch, &clock.now())).await
    }

    /// Lets the next document of this sale through although it is a twin. Journalled.
    pub fn allow(&self, device: &str, document_id: i64) -> Result<(), JournalError> {
        let (device, clock) = (device.to_owned(), self.clock().clone());
        self.write(move |connection| {
            let now = clock.now().wall_ms;
            connection.execute(
                "INSERT OR REPLACE INTO allowances (device, document_id, given_ms) VALUES (?1, ?2, ?3)",
                params![device, document_id, now],
            )?;
            event(connection, now, &device, None, "allowed", &format!("another receipt for sale {document_id}"))
        })
    }
}

struct Earlier {
    row: Row,
    state: State,
    fiscal_hash: [u8; 32],
    date_ms: i64,
    code: Option<u16>,
    message: Option<String>,
    proof: Option<Proof>,
    settled_ms: Option<i64>,
    report_state: Option<String>,
    wire: Option<i64>,
}

const EARLIER: &str = "SELECT d.row, d.state, d.fiscal_hash, d.date_ms, d.code, d.message, d.proof, d.settled_ms,
        r.state, r.wire
    FROM documents d LEFT JOIN reports r ON r.document = d.row";

/// Whether a person must come first. The states stand as in the index of what is under way, so that it serves.
pub(super) const STOPPED: &str = "SELECT 1 WHERE EXISTS (
        SELECT 1 FROM documents WHERE device = ?1 AND state = 'needs_operator'
        AND state IN ('begun', 'closing', 'doubtful', 'cancelling', 'needs_operator'))
    OR EXISTS (SELECT 1 FROM devices WHERE name = ?1 AND fence <> ?2 AND agreed = 0)";

/// How many are ahead.
pub(super) const AHEAD: &str =
    "SELECT count(*) FROM documents WHERE device = ?1 AND state NOT IN ('done', 'refused', 'expired')";

impl Earlier {
    fn read(sql: &SqlRow<'_>) -> rusqlite::Result<Self> {
        let state: String = sql.get(1)?;
        let proof: Option<String> = sql.get(6)?;
        Ok(Self {
            row: sql.get(0)?,
            state: State::named(&state).ok_or(rusqlite::Error::InvalidQuery)?,
            fiscal_hash: sql.get(2)?,
            date_ms: sql.get(3)?,
            code: sql.get(4)?,
            message: sql.get(5)?,
            proof: proof.and_then(|p| serde_json::from_str(&p).ok()),
            settled_ms: sql.get(7)?,
            report_state: sql.get(8)?,
            wire: sql.get(9)?,
        })
    }

    fn confirmed(&self) -> bool {
        self.report_state.as_deref() == Some(reports::DELIVERED)
    }
}

/// What is refused leaves nothing behind: no answer is superseded and no allowance used up for a document that is not taken.
fn accept(
    connection: &Connection,
    new: &Incoming,
    policy: Policy,
    epoch: u32,
    now: &Stamp,
) -> Result<Acceptance, JournalError> {
    connection.execute_batch("SAVEPOINT intake")?;
    let answer = weigh(connection, new, policy, epoch, now)?;
    let taken = match answer {
        Acceptance::Queued(_) | Acceptance::Twin(_) => true,
        Acceptance::Pending(_)
        | Acceptance::Failed { .. }
        | Acceptance::OtherContent
        | Acceptance::EarlierUndecided
        | Acceptance::AlreadyRegistered { .. }
        | Acceptance::LaneFull { .. }
        | Acceptance::PersonNeeded
        | Acceptance::DeviceCannot(_)
        | Acceptance::NoRoom => false,
    };
    connection.execute_batch(if taken { "RELEASE intake" } else { "ROLLBACK TO intake; RELEASE intake" })?;
    Ok(answer)
}

fn weigh(
    connection: &Connection,
    new: &Incoming,
    policy: Policy,
    epoch: u32,
    now: &Stamp,
) -> Result<Acceptance, JournalError> {
    if let Some(answer) = same_id(connection, new, policy)? {
        return Ok(answer);
    }
    if undecided(connection, new)? {
        return Ok(Acceptance::EarlierUndecided);
    }
    if let Some(answer) = twin(connection, new, policy, epoch, now)? {
        return Ok(answer);
    }
    if let Some(reason) = device_cannot(connection, new)? {
        return Ok(Acceptance::DeviceCannot(reason));
    }
    if let Some(answer) = lane(connection, new, policy)? {
        return Ok(answer);
    }
    let original = original(connection, new)?;
    let row = insert(connection, new, State::Accepted, original, epoch, now)?;
    event(connection, now.wall_ms, &new.device, Some(row), "accepted", &new.total.to_string())?;
    Ok(Acceptance::Queued(row))
}

fn same_id(connection: &Connection, new: &Incoming, policy: Policy) -> Result<Option<Acceptance>, JournalError> {
    let earlier = connection
        .prepare_cached(&format!("{EARLIER} WHERE d.device = ?1 AND d.request_id = ?2 AND d.superseded = 0"))?
        .query_row(params![new.device, new.request_id], Earlier::read)
        .optional()?;
    let Some(earlier) = earlier else { return Ok(None) };
    let same_content = earlier.fiscal_hash == new.fiscal_hash;
    match earlier.state {
        State::Refused | State::Expired => {
            let pressed_again =
                earlier.confirmed() && new.date_ms > earlier.date_ms && policy.same_id_after_error == SameId::Retry;
            if pressed_again {
                connection.execute("UPDATE documents SET superseded = 1 WHERE row = ?1", [earlier.row])?;
                return Ok(None);
            }
            Ok(Some(if same_content {
                Acceptance::Failed {
                    code: earlier.code.unwrap_or_default(),
                    message: earlier.message.unwrap_or_default(),
                }
            } else {
                Acceptance::OtherContent
            }))
        }
        State::Accepted
        | State::Begun
        | State::Closing
        | State::Doubtful
        | State::Cancelling
        | State::NeedsOperator
        | State::Done => {
            Ok(Some(if same_content { Acceptance::Pending(earlier.row) } else { Acceptance::OtherContent }))
        }
    }
}

fn undecided(connection: &Connection, new: &Incoming) -> Result<bool, JournalError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM documents WHERE device = ?1 AND document_id = ?2 AND kind = ?3
             AND state NOT IN ('done', 'refused', 'expired') LIMIT 1",
        )?
        .exists(params![new.device, new.document_id, new.kind])?)
}

fn twin(
    connection: &Connection,
    new: &Incoming,
    policy: Policy,
    epoch: u32,
    now: &Stamp,
) -> Result<Option<Acceptance>, JournalError> {
    if policy.repeat == Repeat::Print || spoil::is(Spoil::TwinUnchecked) {
        return Ok(None);
    }
    // The newest registered one of the same content, unless the opposite operation was registered after it.
    let earlier = connection
        .prepare_cached(&format!(
            "{EARLIER} WHERE d.device = ?1 AND d.document_id = ?2 AND d.kind = ?3 AND d.twin_hash = ?4
             AND d.state = 'done' AND NOT EXISTS (
                 SELECT 1 FROM documents o WHERE o.device = ?1 AND o.document_id = ?2 AND o.kind <> ?3
                 AND o.kind IN ('sale', 'return')
                 AND o.state = 'done' AND o.row > d.row)
             ORDER BY d.row DESC LIMIT 1"
        ))?
        .query_row(params![new.device, new.document_id, new.kind, new.twin_hash], Earlier::read)
        .optional()?;
    let Some(earlier) = earlier else { return Ok(None) };
    let allowed = connection.execute(
        "DELETE FROM allowances WHERE device = ?1 AND document_id = ?2",
        params![new.device, new.document_id],
    )? > 0;
    if allowed {
        return Ok(None);
    }
    let Some(proof) = earlier.proof.clone() else { return Ok(Some(Acceptance::EarlierUndecided)) };
    if policy.repeat == Repeat::Evidence && earlier.report_state.is_some() && earlier.wire == Some(0) {
        let row = insert(connection, new, State::Done, None, epoch, now)?;
        connection.execute(
            "UPDATE documents SET twin_of = ?2, proof = ?3, code = 0, settled_ms = ?4,
                 message = (SELECT message FROM documents WHERE row = ?2), paper = (SELECT paper FROM documents WHERE row = ?2)
             WHERE row = ?1",
            params![row, earlier.row, serde_json::to_string(&proof)?, now.wall_ms],
        )?;
        reports::insert(connection, row, new.callback_url.as_deref(), &new.success_body, now)?;
        let detail = format!("one receipt for this and document {}", earlier.row);
        event(connection, now.wall_ms, &new.device, Some(row), "twin", &detail)?;
        return Ok(Some(Acceptance::Twin(row)));
    }
    Ok(Some(Acceptance::AlreadyRegistered {
        proof,
        at_ms: earlier.settled_ms.unwrap_or_default(),
        confirmed: earlier.confirmed(),
    }))
}

fn lane(connection: &Connection, new: &Incoming, policy: Policy) -> Result<Option<Acceptance>, JournalError> {
    if connection.prepare_cached(STOPPED)?.exists([new.device.as_str(), RESTORED])? {
        return Ok(Some(Acceptance::PersonNeeded));
    }
    let ahead: u32 = connection.prepare_cached(AHEAD)?.query_row([&new.device], |r| r.get(0))?;
    let wait = policy.receipt_time.saturating_mul(ahead);
    Ok((wait > policy.give_up_cap).then_some(Acceptance::LaneFull { ahead }))
}

/// What the device's last snapshot says against it.
fn device_cannot(connection: &Connection, new: &Incoming) -> Result<Option<Reason>, JournalError> {
    let snapshot: Option<Option<String>> = connection
        .prepare_cached("SELECT capabilities FROM devices WHERE name = ?1")?
        .query_row([&new.device], |r| r.get(0))
        .optional()?;
    let capabilities = snapshot.flatten().and_then(|text| serde_json::from_str::<Capabilities>(&text).ok());
    Ok(capabilities.and_then(|c| c.hinder(&new.body)))
}

/// The registered sale that a return undoes: the newest of the same sales document.
fn original(connection: &Connection, new: &Incoming) -> Result<Option<Row>, JournalError> {
    if new.kind != "return" {
        return Ok(None);
    }
    Ok(connection
        .prepare_cached(
            "SELECT row FROM documents WHERE device = ?1 AND document_id = ?2 AND kind = 'sale' AND state = 'done'
             ORDER BY row DESC LIMIT 1",
        )?
        .query_row(params![new.device, new.document_id], |r| r.get(0))
        .optional()?)
}

fn insert(
    connection: &Connection,
    new: &Incoming,
    state: State,
    original: Option<Row>,
    epoch: u32,
    now: &Stamp,
) -> Result<Row, JournalError> {
    connection
        .prepare_cached(
            "INSERT INTO documents (epoch, device, request_id, document_id, kind, date_ms, fiscal_hash, twin_hash, total_minor,
                 request, body, notes, callback_url, original, state, accepted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            epoch,
            new.device,
            new.request_id,
            new.document_id,
            new.kind,
            new.date_ms,
            new.fiscal_hash,
            new.twin_hash,
            new.total.minor(),
            new.request,
            serde_json::to_string(&new.body)?,
            new.notes,
            new.callback_url,
            original,
            state.name(),
            serde_json::to_string(now)?,
        ])?;
    Ok(connection.last_insert_rowid())
}
