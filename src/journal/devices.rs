//! Which device was seen last, up to which document, and the fence.
//!
//! A device that is not the one of yesterday, or whose memory holds a receipt that this journal cannot explain, gets
//! nothing dispatched until a person agrees: an old backup was restored, the storage was swapped, or a second box sells
//! on the same register.

use std::time::Duration;

use kkm_drivers::contract::{Capabilities, Found, FoundMarker, Mark, Marker, Trace};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::clock::Stamp;

use super::life::Final;
use super::{Journal, JournalError, Row, State, event};

/// What the journal knows of a device.
#[derive(Clone, Debug)]
pub struct Known {
    /// Serial number of the device.
    pub serial: String,
    /// Serial number of its storage.
    pub storage: String,
    /// The last document number that this journal has seen.
    pub last_document: u64,
    /// Why nothing is dispatched.
    pub fence: Option<Fence>,
    /// A person agreed to take the device as it is now.
    pub agreed: bool,
    /// What it can do, as it said last.
    pub capabilities: Option<Capabilities>,
}

impl Known {
    /// True when a copy of the journal from before the first contact was put back.
    pub fn is_unseen(&self) -> bool {
        self.storage.is_empty()
    }
}

/// Why nothing is dispatched to a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fence {
    /// Another device or storage than the one adopted.
    IdentityChanged {
        /// Adopted: serial and storage.
        expected: String,
        /// Found.
        found: String,
    },
    /// The storage's counter is lower than it was.
    CounterWentBack {
        /// It was.
        expected: u64,
        /// It is.
        found: u64,
    },
    /// A receipt carries our kind of marker for an attempt that this journal does not know: an old backup, a second box.
    UnknownAttempt {
        /// Number of the fiscal document.
        number: u64,
        /// Its marker.
        marker: Marker,
    },
    /// A receipt carries the marker of a document that this journal believes unregistered or registered elsewhere.
    Contradiction {
        /// Number of the fiscal document.
        number: u64,
        /// The document here.
        document: Row,
        /// What it is believed to be.
        state: String,
    },
    /// A document could not be read back.
    Unreadable {
        /// Its number.
        number: u64,
    },
    /// A copy took the journal's place, and the device was not looked at since: what waits here may be registered. Falls
    /// by itself when the look finds nothing that the copy cannot explain.
    Restored,
}

/// [`Fence::Restored`] as it is stored.
pub(super) const RESTORED: &str = "\"restored\"";

/// A shift that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenShift {
    /// Its number.
    pub number: u32,
    /// When it was opened, as far as the device tells; else when it was first seen open.
    pub since: Stamp,
}

/// What stands behind documents that appeared since the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing that we must worry about; strangers are logged.
    Explained,
    /// Closed until a person agrees.
    Fenced(Fence),
}

impl Journal {
    /// What is known of a device; `None` before its first adoption.
    pub fn device(&self, name: &str) -> Result<Option<Known>, JournalError> {
        self.read(|connection| known(connection, name))
    }

    /// Takes the device as it is: at the first start, or after a person agreed.
    pub fn adopt(&self, name: &str, mark: &Mark, capabilities: &Capabilities) -> Result<(), JournalError> {
        let (name, mark, clock) = (name.to_owned(), mark.clone(), self.clock().clone());
        let capabilities = serde_json::to_string(capabilities)?;
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO devices (name, serial, storage, last_document, capabilities) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (name) DO UPDATE SET serial = ?2, storage = ?3, last_document = ?4, capabilities = ?5,
                     fence = NULL, agreed = 0",
                params![name, mark.serial, mark.storage, mark.last_document as i64, capabilities],
            )?;
            let detail = format!("{} / {}, last document {}", mark.serial, mark.storage, mark.last_document);
            event(connection, clock.now().wall_ms, &name, None, "device adopted", &detail)
        })
    }

    /// Keeps what the device can do.
    pub fn keep_capabilities(&self, name: &str, capabilities: &Capabilities) -> Result<(), JournalError> {
        let (name, text) = (name.to_owned(), serde_json::to_string(capabilities)?);
        self.write(move |connection| {
            connection.execute(
                "UPDATE devices SET capabilities = ?2 WHERE name = ?1 AND capabilities IS NOT ?2",
                params![name, text],
            )?;
            Ok(())
        })
    }

    /// Weighs the documents that appeared since the last look, and either moves on (strangers are logged) or closes the
    /// fence.
    pub fn weigh(&self, name: &str, last_document: u64, found: Vec<Found>) -> Result<News, JournalError> {
        let (name, clock) = (name.to_owned(), self.clock().clone());
        self.write(move |connection| {
            let now = clock.now().wall_ms;
            for document in &found {
                if let Some(fence) = contradiction(connection, &name, document)? {
                    close(connection, &name, &fence, now)?;
                    return Ok(News::Fenced(fence));
                }
            }
            for stranger in found.iter().filter(|f| f.marker == FoundMarker::None && is_receipt(f.trace)) {
                let detail = format!("fiscal document {} was made by hand or by another program", stranger.number);
                event(connection, now, &name, None, "stranger", &detail)?;
            }
            connection
                .prepare_cached("UPDATE devices SET last_document = ?2, fence = nullif(fence, ?3) WHERE name = ?1")?
                .execute(params![name, last_document as i64, RESTORED])?;
            Ok(News::Explained)
        })
    }

    /// Notes the number of the open shift and how long ago it was opened, or that none is open.
    pub fn saw_shift(&self, name: &str, open: Option<u32>, ago: Duration) -> Result<(), JournalError> {
        if self.open_shift(name)?.map(|s| s.number) == open {
            return Ok(());
        }
        let (name, clock) = (name.to_owned(), self.clock().clone());
        self.write(move |connection| {
            let since = open.map(|_| serde_json::to_string(&clock.now().minus(ago))).transpose()?;
            connection.execute(
                "UPDATE devices SET shift = ?2, shift_since = ?3 WHERE name = ?1 AND shift IS NOT ?2",
                params![name, open, since],
            )?;
            Ok(())
        })
    }

    /// The shift that was seen open last.
    pub fn open_shift(&self, name: &str) -> Result<Option<OpenShift>, JournalError> {
        self.read(|connection| {
            let seen: Option<(Option<u32>, Option<String>)> = connection
                .prepare_cached("SELECT shift, shift_since FROM devices WHERE name = ?1")?
                .query_row([name], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?;
            let Some((Some(number), Some(since))) = seen else { return Ok(None) };
            Ok(Some(OpenShift { number, since: serde_json::from_str(&since)? }))
        })
    }

    /// Closes the fence.
    pub fn fence(&self, name: &str, fence: Fence) -> Result<(), JournalError> {
        let (name, clock) = (name.to_owned(), self.clock().clone());
        self.write(move |connection| close(connection, &name, &fence, clock.now().wall_ms))
    }

    /// A person agrees to take the device as it is; carried out at the next contact.
    pub fn agree(&self, name: &str) -> Result<(), JournalError> {
        let (name, clock) = (name.to_owned(), self.clock().clone());
        self.write(move |connection| {
            let changed =
                connection.execute("UPDATE devices SET agreed = 1 WHERE name = ?1 AND fence IS NOT NULL", [&name])?;
            if changed == 0 {
                return Err(JournalError::Decision(format!(
                    "device {name} is not fenced; there is nothing to agree to"
                )));
            }
            event(connection, clock.now().wall_ms, &name, None, "agreed", "a person takes the device as it is")
        })
    }

    /// Before a person's agreement takes effect: waiting documents whose marker stands in the register are registered,
    /// whatever this journal believed. `word` makes their report.
    pub fn settle_found<F>(&self, name: &str, found: Vec<Found>, word: F) -> Result<u32, JournalError>
    where
        F: Fn(&str, &Found) -> Final + Send + 'static,
    {
        let (name, clock) = (name.to_owned(), self.clock().clone());
        self.write(move |connection| {
            let now = clock.now();
            let mut settled = 0;
            for document in &found {
                let FoundMarker::Ours(marker) = document.marker else { continue };
                let row = Row::from(marker.document());
                let waiting: Option<String> = connection
                    .query_row(
                        "SELECT request_id FROM documents WHERE row = ?1 AND device = ?2 AND state = 'accepted'
                         AND epoch = ?3",
                        params![row, name, marker.epoch()],
                        |r| r.get(0),
                    )
                    .optional()?;
                let Some(request_id) = waiting else { continue };
                super::life::settle_waiting(connection, row, document, &word(&request_id, document), &now)?;
                settled += 1;
            }
            Ok(settled)
        })
    }
}

/// True while nothing is dispatched to the device: then nothing is known of what waits for it either.
pub(super) fn is_fenced(connection: &Connection, name: &str) -> Result<bool, JournalError> {
    Ok(connection.prepare_cached("SELECT 1 FROM devices WHERE name = ?1 AND fence IS NOT NULL")?.exists([name])?)
}

fn known(connection: &Connection, name: &str) -> Result<Option<Known>, JournalError> {
    let found = connection
        .prepare_cached(
            "SELECT serial, storage, last_document, fence, agreed, capabilities FROM devices WHERE name = ?1",
        )?
        .query_row([name], |r| {
            Ok((
                r.get::<_, String>(0)?,
                r.get::<_, String>(1)?,
                r.get::<_, i64>(2)?,
                r.get::<_, Option<String>>(3)?,
                r.get::<_, bool>(4)?,
                r.get::<_, Option<String>>(5)?,
            ))
        })
        .optional()?;
    let Some((serial, storage, last_document, fence, agreed, capabilities)) = found else { return Ok(None) };
    Ok(Some(Known {
        serial,
        storage,
        last_document: last_document as u64,
        fence: fence.map(|f| serde_json::from_str(&f)).transpose()?,
        agreed,
        capabilities: capabilities.and_then(|c| serde_json::from_str(&c).ok()),
    }))
}

fn close(connection: &Connection, name: &str, fence: &Fence, now_ms: i64) -> Result<(), JournalError> {
    let text = serde_json::to_string(fence)?;
    let changed = connection.execute(
        "UPDATE devices SET fence = ?2 WHERE name = ?1 AND fence IS NOT ?2 AND agreed = 0",
        params![name, text],
    )?;
    if changed > 0 {
        event(connection, now_ms, name, None, "fenced", &text)?;
    }
    Ok(())
}

fn is_receipt(trace: Trace) -> bool {
    match trace {
        Trace::Receipt { .. } | Trace::Correction { .. } => true,
        Trace::ShiftOpened | Trace::ShiftClosed | Trace::Other => false,
    }
}

/// A found document that this journal cannot explain.
fn contradiction(connection: &Connection, device: &str, found: &Found) -> Result<Option<Fence>, JournalError> {
    let number = found.number;
    let marker = match found.marker {
        FoundMarker::None => return Ok(None),
        FoundMarker::Unreadable => return Ok(Some(Fence::Unreadable { number })),
        FoundMarker::Ours(marker) => marker,
    };
    let row = Row::from(marker.document());
    let attempt = connection
        .prepare_cached(
            "SELECT d.state, d.proof ->> 'document_number' FROM attempts a JOIN documents d ON d.row = a.document
             WHERE a.document = ?1 AND a.attempt = ?2 AND d.epoch = ?3 AND d.device = ?4",
        )?
        .query_row(params![row, marker.attempt(), marker.epoch(), device], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, Option<i64>>(1)?))
        })
        .optional()?;
    let Some((state, registered_as)) = attempt else {
        return Ok(Some(Fence::UnknownAttempt { number, marker }));
    };
    if State::named(&state) == Some(State::Done) && registered_as == Some(number as i64) {
        return Ok(None);
    }
    Ok(Some(Fence::Contradiction { number, document: row, state }))
}
