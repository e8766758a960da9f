//! The one writer: a thread that owns the only writing connection.
//!
//! Whatever waits when it is free goes into one transaction, each job in a savepoint of its own, and one durable commit
//! answers them all. A job that fails rolls back alone. When the commit itself fails the disk can no longer be trusted:
//! the process ends at once with [`EXIT_JOURNAL`], nobody is answered, and the next start reads what the disk really holds.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use kkm_drivers::failpoint;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{JournalError, reserve::Reserve};

/// Exit code after a commit that failed: the unit waits for a person before it starts again. `EX_IOERR` of sysexits.h.
pub const EXIT_JOURNAL: i32 = 74;

/// More jobs than this are left for the next commit, so that the first does not wait for the last.
const JOBS_IN_A_COMMIT: usize = 256;

type Reply = Box<dyn FnOnce() + Send>;
type Hook = Box<dyn FnMut() + Send>;
type Job = Box<dyn FnOnce(&Connection) -> Reply + Send>;

/// Hands jobs to the writer's thread. Let go, it waits until what was handed over is written and the file is closed.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    commits: Arc<Commits>,
    thread: Option<JoinHandle<()>>,
}

/// Counts commits for those who wait for one.
#[derive(Debug, Default)]
pub(super) struct Commits {
    count: Mutex<u64>,
    more: Condvar,
}

impl Commits {
    fn one_more(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.more.notify_all();
    }

    /// Waits until more than `seen` commits were made, at most `time`.
    pub(super) fn wait_beyond(&self, seen: u64, time: Duration) -> u64 {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *self.more.wait_timeout_while(count, time, |c| *c <= seen).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Writer {
    /// Starts the thread; `before_commit` is called before each commit.
    pub(super) fn start(connection: Connection, reserve: Reserve, before_commit: Option<Hook>) -> Self {
        let (jobs, inbox) = channel();
        let commits = Arc::new(Commits::default());
        let counted = commits.clone();
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || write_all(&connection, &inbox, reserve, &counted, before_commit))
            .expect("a thread can be started");
        Self { jobs: Some(jobs), commits, thread: Some(thread) }
    }

    /// The count of commits.
    pub(super) fn commits(&self) -> &Commits {
        &self.commits
    }

    /// Runs `job` in the next commit; the answer arrives after that commit is durable.
    pub(super) fn submit<R, F>(&self, job: F) -> oneshot::Receiver<Result<R, JournalError>>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> Result<R, JournalError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, job);
            Box::new(move || {
                let _ = reply.send(result);
            })
        });
        // A writer that is gone drops the job and with it the reply: the caller sees `Stopped`.
        let _ = self.jobs.as_ref().map(|jobs| jobs.send(job));
        answer
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // A reply may let the last handle go on the writer's own thread, which cannot wait for itself.
        if let Some(thread) = self.thread.take().filter(|t| t.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn in_savepoint<R>(
    connection: &Connection,
    job: impl FnOnce(&Connection) -> Result<R, JournalError>,
) -> Result<R, JournalError> {
    connection.execute_batch("SAVEPOINT job")?;
    match job(connection) {
        Ok(value) => {
            connection.execute_batch("RELEASE job")?;
            Ok(value)
        }
        Err(error) => {
            connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            Err(error)
        }
    }
}

fn write_all(
    connection: &Connection,
    inbox: &Receiver<Job>,
    mut reserve: Reserve,
    commits: &Commits,
    mut before_commit: Option<Hook>,
) {
    while let Ok(first) = inbox.recv() {
        while failpoint::fails("journal.hang") {
            std::thread::park();
        }
        reserve.mind();
        let mut replies = Vec::new();
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        if let Err(error) = begun {
            give_up("the journal cannot be written", &error);
        }
        let mut next = Some(first);
        while let Some(job) = next {
            replies.push(job(connection));
            if connection.is_autocommit() {
                tracing::error!("the disk failed inside a transaction; the process ends before it answers anybody");
                std::process::exit(EXIT_JOURNAL);
            }
            next = if replies.len() < JOBS_IN_A_COMMIT { inbox.try_recv().ok() } else { None };
        }
        if let Some(hook) = &mut before_commit {
            hook();
        }
        failpoint::hit("journal.before-commit");
        if let Err(error) = commit(connection) {
            // The next start may need it.
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
                reserve.give_back();
            }
            give_up("a commit failed", &error);
        }
        failpoint::hit("journal.committed");
        commits.one_more();
        for reply in replies {
            reply();
        }
    }
}

fn commit(connection: &Connection) -> Result<(), rusqlite::Error> {
    match failure() {
        None => connection.execute_batch("COMMIT"),
        Some(error) => Err(error),
    }
}

/// A failure that a test asks for: of the disk, or of its room.
fn failure() -> Option<rusqlite::Error> {
    let code = if failpoint::fails("journal.commit") {
        rusqlite::ffi::SQLITE_IOERR_FSYNC
    } else if failpoint::fails("journal.full") {
        rusqlite::ffi::SQLITE_FULL
    } else {
        return None;
    };
    Some(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

fn give_up(what: &str, error: &rusqlite::Error) -> ! {
    tracing::error!(%error, "{what}; the process ends, and the next start reads what the disk holds");
    std::process::exit(EXIT_JOURNAL);
}
