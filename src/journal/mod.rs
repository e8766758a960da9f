//! The journal: the only place where the parts of the daemon meet.
//!
//! # Specification
//!
//! - One `SQLite` file, WAL, `synchronous=FULL`. What was answered is on the disk.
//! - One writer thread; every change is a job in a shared transaction with a savepoint of its own ([`writer`]). A job sees
//!   all jobs before it, so duplicates, twins, expiry, begin and an operator cannot race.
//! - A document's [`State`] changes only by [`State::after`], as a conditional update, with a row in `events`.
//! - At most one document of a device is between *begun* and its end (unique index).
//! - The mark is stored in the transaction of *begin*; nothing of a receipt leaves before that commit.
//! - A final state and its report to the cloud are one transaction; a document has at most one report (unique index),
//!   so a final word cannot flip.
//! - Row numbers are never used twice; with the epoch and the attempt they make the marker. The epoch is drawn at each
//!   opening and kept in the rows accepted under it, so that a copy of a journal never makes a marker twice.
//! - A failed commit ends the process with [`EXIT_JOURNAL`]. Each start first writes the WAL over itself and syncs it, for a
//!   sync that failed is not made good by the next, then moves it whole into the file; if either fails, it does not start.
//! - A directory has one owner at a time (lock file). An older program refuses a newer journal. Where a journal was made,
//!   a missing or empty one is refused as damaged: a new one would sell again what the old one knew.
//! - The payload of a closed document is dropped after a while; its row stays as guard against duplicates, with proof and
//!   sums for the return that may come.
//!
//! | room | holds |
//! |---|---|
//! | [`state`] | the life of a document, pure |
//! | [`accept`] | a document comes in: duplicates, twins, the length of the lane |
//! | [`life`] | begin, closing, settle, doubt, decide: the arrows as transactions |
//! | [`operations`] | what the cloud's protocol lacks: shifts, reports, cash |
//! | [`devices`] | which device was seen last, and the fence |
//! | [`reports`] | what the cloud must still hear |
//! | [`views`] | what people ask |
//! | [`keep`] | retention, backup, restore |
//! | [`writer`], [`reserve`] | the commit, and room for it |

pub mod accept;
pub mod devices;
pub mod keep;
pub mod life;
pub mod operations;
pub mod reports;
mod reserve;
pub mod state;
#[cfg(test)]
mod tests;
pub mod views;
mod writer;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use kkm_drivers::failpoint;
use kkm_drivers::spoil::{self, Spoil};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use rustix::fs::{FlockOperation, flock};

use crate::clock::Clock;

pub use state::{Event, State};
pub use writer::EXIT_JOURNAL;

/// The file in the state directory.
pub const FILE: &str = "journal.db";

const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_documents.sql")];

/// A journal of up to so many pages (4 KiB each) is checked whole before the start; a larger one while work goes on, for
/// a shop does not wait.
const PAGES_CHECKED_AT_START: i64 = 1024;

/// More than the journal has: none is compiled twice by one connection.
const STATEMENTS: usize = 128;

/// Stands in the lock file once a journal was made: from then on a missing one is a lost one, and none is begun anew.
const MADE: &[u8] = b"a journal was made here\n";

/// Row of a document; never used twice.
pub type Row = i64;

/// Why the journal said no.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another daemon owns the directory.
    #[error("{0} is in use by another kkm-bridge; stop that one first")]
    InUse(PathBuf),
    /// The directory or the file cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Made by a newer program.
    #[error(
        "the journal was written by a newer kkm-bridge (schema {found}, this one knows {known}); install that version again"
    )]
    Newer {
        /// In the file.
        found: i64,
        /// Known here.
        known: i64,
    },
    /// Damaged.
    #[error(
        "the journal {path} is damaged ({found}); nothing was changed. Restore the newest backup with \
         `kkm-bridge restore FILE`; documents since then are found in the register before anything is sold"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What the check says.
        found: String,
    },
    /// The arrow does not exist, or another hand was faster.
    #[error("document {row}: {source}")]
    Arrow {
        /// Document.
        row: Row,
        /// Why.
        source: state::NoSuchArrow,
    },
    /// No such document.
    #[error("there is no document {0}")]
    NoDocument(Row),
    /// A decision that does not fit what the journal knows.
    #[error("{0}")]
    Decision(String),
    /// The writer has ended.
    #[error("the journal is closed")]
    Stopped,
    /// `SQLite`.
    #[error("journal: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored value cannot be read.
    #[error("journal: a stored value cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// A handle; clones share the journal.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

/// Let go in this order: the writer closes the file as the last one, which empties the log; then the lock falls.
struct Inner {
    reader: Mutex<Connection>,
    writer: writer::Writer,
    directory: PathBuf,
    epoch: u32,
    clock: Arc<dyn Clock>,
    _lock: File,
}

/// What a simulation or a bench chooses; no setting reaches it.
#[doc(hidden)]
#[derive(Default)]
pub struct Options {
    /// The epoch; drawn when absent: a simulation that is run again makes the same markers.
    pub epoch: Option<u32>,
    /// Called by the writer before each commit: a bench makes a slow disk of it.
    pub before_commit: Option<Box<dyn FnMut() + Send>>,
    /// Writes the log anew at the start, where it is no file of this system's.
    pub write_log_anew: Option<Box<dyn FnOnce() -> std::io::Result<()>>>,
    /// There is no writer's thread: each job is committed by who brings it, and this ends the program when a commit fails.
    pub alone: Option<fn() -> !>,
}

impl Journal {
    /// Opens or makes the journal in `directory` and becomes its owner.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        Self::open_with(directory, clock, Options::default())
    }

    /// The same with what only a program can choose.
    #[doc(hidden)]
    pub fn open_with(directory: &Path, clock: Arc<dyn Clock>, options: Options) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: directory.to_owned(), source };
        // Requests hold customers' contacts: nobody else reads here.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
        let lock = own(directory)?;
        failpoint::hit("journal.owned");
        keep::finish_restore(directory)?;
        let epoch = options.epoch.map_or_else(draw_epoch, Ok)?;
        let path = directory.join(FILE);
        // The disk of a simulation holds the journal elsewhere, and has no room to be reserved.
        let alone = options.alone.is_some();
        let mut reserve = (!alone).then(|| reserve::Reserve::of(directory));
        // On a full disk there must be room to move the log into the file.
        if let Some(reserve) = &mut reserve {
            reserve.mind();
        }
        let made = alone || lock.metadata().map_err(io)?.len() > 0;
        if made && !alone && !std::fs::metadata(&path).is_ok_and(|m| m.len() > 0) {
            return Err(JournalError::Damaged { path, found: "it is gone, or empty".into() });
        }
        options.write_log_anew.map_or_else(|| write_log_anew(directory), |write| write()).map_err(io)?;
        let mut connection = Connection::open(&path)?;
        prepare(&mut connection, &path)?;
        failpoint::hit("journal.prepared");
        if !made {
            (&lock).write_all(MADE).and_then(|()| lock.sync_all()).map_err(io)?;
        }
        let reader =
            Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        reader.busy_timeout(std::time::Duration::from_secs(5))?;
        for connection in [&connection, &reader] {
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
        }
        let pen = writer::Pen::new(connection, reserve, options.before_commit, options.alone);
        let writer = if alone { writer::Writer::here(pen) } else { writer::Writer::start(pen) };
        Ok(Self {
            inner: Arc::new(Inner {
                reader: Mutex::new(reader),
                writer,
                directory: directory.to_owned(),
                epoch,
                clock,
                _lock: lock,
            }),
        })
    }

    /// The epoch of this opening, part of the markers of what is accepted under it.
    fn epoch(&self) -> u32 {
        self.inner.epoch
    }

    /// Waits until something was committed after `seen`, at most `time`; gives the count of commits.
    pub fn wait_for_commit(&self, seen: u64, time: std::time::Duration) -> u64 {
        self.inner.writer.commits().wait_beyond(seen, time)
    }

    /// Ends when the writer has made one more commit, of nothing: it is alive.
    pub async fn answers(&self) -> Result<(), JournalError> {
        self.write_async(|_| Ok(())).await
    }

    /// The clock by which the journal stamps.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Whether the disk has room to accept more.
    pub fn has_room(&self) -> bool {
        reserve::has_room(&self.inner.directory) && !failpoint::fails("journal.room")
    }

    /// Looks at every page; slow on a large journal, so done beside the work. Opens a connection of its own.
    pub fn check(&self) -> Result<(), JournalError> {
        let path = self.inner.directory.join(FILE);
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        quick_check(&connection, &path)
    }

    /// Adds to the history of a device, before something is done to it.
    pub fn note(&self, device: &str, what: &'static str, detail: &str) -> Result<(), JournalError> {
        let (device, detail, clock) = (device.to_owned(), detail.to_owned(), self.clock().clone());
        self.write(move |connection| event(connection, clock.now().wall_ms, &device, None, what, &detail))
    }

    /// Runs a job in the next commit and waits until that commit is durable. For threads.
    fn write<R, F>(&self, job: F) -> Result<R, JournalError>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> Result<R, JournalError> + Send + 'static,
    {
        self.inner.writer.submit(job).blocking_recv().map_err(|_| JournalError::Stopped)?
    }

    /// The same, for tasks.
    async fn write_async<R, F>(&self, job: F) -> Result<R, JournalError>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> Result<R, JournalError> + Send + 'static,
    {
        self.inner.writer.submit(job).await.map_err(|_| JournalError::Stopped)?
    }

    /// Reads what is committed.
    fn read<R>(&self, query: impl FnOnce(&Connection) -> Result<R, JournalError>) -> Result<R, JournalError> {
        let reader = self.inner.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        query(&reader)
    }
}

/// Takes the directory's lock; it falls with the process.
pub(crate) fn own(directory: &Path) -> Result<File, JournalError> {
    let path = directory.join("lock");
    let io = |source| JournalError::Io { path: path.clone(), source };
    let file = File::options().create(true).append(true).open(&path).map_err(io)?;
    hand_over(&path, directory).map_err(io)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| JournalError::InUse(directory.to_owned()))?;
    Ok(file)
}

/// What root makes in the service's directory belongs to the service, which could not open it otherwise.
fn hand_over(path: &Path, directory: &Path) -> std::io::Result<()> {
    let (is, should) = (std::fs::metadata(path)?, std::fs::metadata(directory)?);
    if is.uid() == should.uid() {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(should.uid()), Some(should.gid()))
}

/// Writes the log over itself and syncs it. The end before may have been a sync that failed: then Linux shows what was
/// written, does not hold it on the disk, and says yes to the next sync. Moved into the file from there, it would stand
/// beside an older log after a power cut, and the two do not fit.
fn write_log_anew(directory: &Path) -> std::io::Result<()> {
    let log = match File::options().read(true).write(true).open(directory.join(format!("{FILE}-wal"))) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let (mut piece, mut at) = (vec![0; 64 * 1024], 0);
    loop {
        let read = log.read_at(&mut piece, at)?;
        if read == 0 {
            return log.sync_all();
        }
        log.write_all_at(&piece[..read], at)?;
        at += read as u64;
    }
}

fn prepare(connection: &mut Connection, path: &Path) -> Result<(), JournalError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // Until it is known to be whole and ours, closing must not move the log into the file.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let damaged = |found: String| JournalError::Damaged { path: path.to_owned(), found };
    let version: i64 =
        connection.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(|error| damaged(error.to_string()))?;
    let known = MIGRATIONS.len() as i64;
    if version > known {
        return Err(JournalError::Newer { found: version, known });
    }
    let pages: i64 =
        connection.query_row("PRAGMA page_count", [], |r| r.get(0)).map_err(|error| damaged(error.to_string()))?;
    if pages <= PAGES_CHECKED_AT_START {
        quick_check(connection, path)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |r| r.get(0))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", if spoil::is(Spoil::SyncOff) { "OFF" } else { "FULL" })?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A new journal, or a copy that was put back, has no log yet, and SQLite calls that locked.
    if mode == "wal" {
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
        if busy != 0 {
            return Err(damaged("the log cannot be moved into the file".into()));
        }
        failpoint::hit("journal.moved");
    }
    let migrations = Migrations::new(MIGRATIONS.iter().map(|sql| M::up(sql)).collect());
    migrations.to_latest(connection).map_err(|error| damaged(error.to_string()))?;
    Ok(())
}

fn quick_check(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let damaged = |found: String| JournalError::Damaged { path: path.to_owned(), found };
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).map_err(|error| damaged(error.to_string()))?;
    if found == "ok" { Ok(()) } else { Err(damaged(found)) }
}

/// A new epoch: markers of this opening differ from all that were made before.
fn draw_epoch() -> Result<u32, JournalError> {
    let mut bytes = [0u8; 4];
    let source = |error: rustix::io::Errno| JournalError::Io { path: "getrandom".into(), source: error.into() };
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(source)?;
    Ok(u32::from_le_bytes(bytes) & kkm_drivers::contract::Marker::MAX_EPOCH)
}

/// A row in the history, for people.
fn event(
    connection: &Connection,
    at_ms: i64,
    device: &str,
    document: Option<Row>,
    what: &str,
    detail: &str,
) -> Result<(), JournalError> {
    connection
        .prepare_cached("INSERT INTO events (at_ms, device, document, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((at_ms, device, document, what, detail))?;
    Ok(())
}
