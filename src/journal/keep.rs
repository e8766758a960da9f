//! What is kept how long, and copies of the journal.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use kkm_drivers::failpoint;
use rusqlite::{Connection, OpenFlags, params};

use super::devices::RESTORED;
use super::{FILE, Journal, JournalError, event, hand_over, own};

/// Payloads dropped in one transaction, so that a long backlog holds nobody up.
const ROWS_IN_A_STEP: u32 = 500;

impl Journal {
    /// Drops the payload (request, body) of documents that were closed and heard longer than `after` ago. The rows stay:
    /// they guard against duplicates, and hold proofs and sums for the return that may come; no row is ever deleted.
    pub fn drop_payloads(&self, after: Duration) -> Result<usize, JournalError> {
        let clock = self.clock().clone();
        self.write(move |connection| {
            let before = clock.now().wall_ms - i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2);
            Ok(connection.execute(
                "UPDATE documents SET request = NULL, body = NULL WHERE row IN (
                     SELECT d.row FROM documents d LEFT JOIN reports r ON r.document = d.row
                     WHERE d.request IS NOT NULL AND d.settled_ms IS NOT NULL AND d.settled_ms < ?1
                     AND d.state IN ('done', 'refused', 'expired') AND ifnull(r.state, 'delivered') = 'delivered'
                     ORDER BY d.settled_ms LIMIT ?2)",
                params![before, ROWS_IN_A_STEP],
            )?)
        })
    }
}

/// Writes a whole copy of the journal of `directory` to a new file, which its owner alone reads, while work goes on: also
/// where the daemon itself may write nothing.
pub fn backup(directory: &Path, to: &Path) -> Result<(), JournalError> {
    let io = |source| JournalError::Io { path: to.to_owned(), source };
    let connection = Connection::open_with_flags(directory.join(FILE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let file = File::options().write(true).create_new(true).mode(0o600).open(to).map_err(io)?;
    // It goes into an empty file too.
    let copied = connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]);
    if let Err(error) = copied {
        let _ = std::fs::remove_file(to);
        return Err(error.into());
    }
    file.sync_all().map_err(io)
}

/// Puts a copy in the place of the journal of `directory`, which no daemon may own. What was there is kept beside it. A
/// device whose memory holds receipts that the copy does not know is fenced at the first contact. One of `devices` that
/// the copy has never seen is fenced until a person agrees: nobody can say what it did since.
pub fn restore(from: &Path, directory: &Path, devices: &[&str], now_ms: i64) -> Result<(), JournalError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| JournalError::Io { path, source }
    };
    std::fs::create_dir_all(directory).map_err(io(directory))?;
    let _lock = own(directory)?;
    let check = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: String = check.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0))?;
    if found != "ok" {
        return Err(JournalError::Damaged { path: from.to_owned(), found });
    }
    let incoming = directory.join("journal.db.incoming");
    std::fs::copy(from, &incoming).map_err(io(&incoming))?;
    hand_over(&incoming, directory).map_err(io(&incoming))?;
    {
        let connection = Connection::open(&incoming)?;
        connection.execute_batch("PRAGMA synchronous=FULL; BEGIN IMMEDIATE")?;
        connection.execute("UPDATE devices SET fence = ?1 WHERE fence IS NULL", [RESTORED])?;
        for device in devices {
            connection.execute(
                "INSERT INTO devices (name, serial, storage, last_document, fence) VALUES (?1, '', '', 0, ?2)
                 ON CONFLICT (name) DO NOTHING",
                [*device, RESTORED],
            )?;
        }
        event(&connection, now_ms, "", None, "restored", "a copy took the journal's place")?;
        connection.execute_batch("COMMIT")?;
    }
    failpoint::hit("restore.copied");
    // From here on it is decided: whoever comes next carries it out.
    let decided = directory.join(format!("{RESTORING}{now_ms}"));
    std::fs::rename(&incoming, &decided).map_err(io(&decided))?;
    sync(directory)?;
    failpoint::hit("restore.decided");
    finish_restore(directory)
}

/// A copy that will take the journal's place, before the time of the decision.
const RESTORING: &str = "journal.db.restoring-";

/// Carries out a restore that was decided, whatever of it is done already. The directory is owned.
pub(super) fn finish_restore(directory: &Path) -> Result<(), JournalError> {
    let io = |source| JournalError::Io { path: directory.to_owned(), source };
    for entry in std::fs::read_dir(directory).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(decided_ms) = name.strip_prefix(RESTORING) else { continue };
        for suffix in ["-shm", "-wal", ""] {
            let file = directory.join(format!("{FILE}{suffix}"));
            if file.exists() {
                let aside = directory.join(format!("{FILE}.before-restore-{decided_ms}{suffix}"));
                std::fs::rename(&file, &aside).map_err(io)?;
                failpoint::hit("restore.aside");
            }
        }
        std::fs::rename(entry.path(), directory.join(FILE)).map_err(io)?;
        failpoint::hit("restore.placed");
        sync(directory)?;
    }
    Ok(())
}

fn sync(directory: &Path) -> Result<(), JournalError> {
    let io = |source| JournalError::Io { path: directory.to_owned(), source };
    File::open(directory).and_then(|d| d.sync_all()).map_err(io)
}
