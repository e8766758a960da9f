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

/// How the program ends when the disk cannot be trusted.
pub(super) type End = fn() -> !;

/// Hands jobs to the writer's thread. Let go, it waits until what was handed over is written and the file is closed.
pub(super) struct Writer {
    way: Way,
    commits: Arc<Commits>,
}

enum Way {
    Thread {
        jobs: Option<Sender<Job>>,
        thread: Option<JoinHandle<()>>,
    },
    /// On the caller's thread: a simulation's, which has no other.
    Here(Mutex<Pen>),
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
    /// Starts the thread.
    pub(super) fn start(pen: Pen) -> Self {
        let (jobs, inbox) = channel();
        let commits = pen.commits.clone();
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || write_all(pen, &inbox))
            .expect("a thread can be started");
        Self { way: Way::Thread { jobs: Some(jobs), thread: Some(thread) }, commits }
    }

    /// Without a thread: each job is a commit of its own, made by who brings it.
    pub(super) fn here(pen: Pen) -> Self {
        Self { commits: pen.commits.clone(), way: Way::Here(Mutex::new(pen)) }
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
        match &self.way {
            // A writer that is gone drops the job and with it the reply: the caller sees `Stopped`.
            Way::Thread { jobs, .. } => {
                let _ = jobs.as_ref().map(|jobs| jobs.send(job));
            }
            Way::Here(pen) => pen.lock().unwrap_or_else(PoisonError::into_inner).write(job, || None),
        }
        answer
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Way::Thread { jobs, thread } = &mut self.way else { return };
        *jobs = None;
        // A reply may let the last handle go on the writer's own thread, which cannot wait for itself.
        if let Some(thread) = thread.take().filter(|t| t.thread().id() != std::thread::current().id()) {
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

fn write_all(mut pen: Pen, inbox: &Receiver<Job>) {
    while let Ok(first) = inbox.recv() {
        while failpoint::fails("journal.hang") {
            std::thread::park();
        }
        pen.write(first, || inbox.try_recv().ok());
    }
}

/// What makes the commits.
pub(super) struct Pen {
    connection: Connection,
    reserve: Option<Reserve>,
    commits: Arc<Commits>,
    before_commit: Option<Hook>,
    end: End,
}

impl Pen {
    /// `before_commit` is called before each commit; `end` when one has failed.
    pub(super) fn new(
        connection: Connection,
        reserve: Option<Reserve>,
        before_commit: Option<Hook>,
        end: Option<End>,
    ) -> Self {
        let end = end.unwrap_or(|| std::process::exit(EXIT_JOURNAL));
        Self { connection, reserve, commits: Arc::default(), before_commit, end }
    }

    /// One commit of this job and of what `more` has besides; then all are answered.
    fn write(&mut self, first: Job, mut more: impl FnMut() -> Option<Job>) {
        if let Some(reserve) = &mut self.reserve {
            reserve.mind();
        }
        let mut replies = Vec::new();
        if let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            self.give_up("the journal cannot be written", &error);
        }
        let mut next = Some(first);
        while let Some(job) = next {
            replies.push(job(&self.connection));
            if self.connection.is_autocommit() {
                tracing::error!("the disk failed inside a transaction; the process ends before it answers anybody");
                (self.end)();
            }
            next = if replies.len() < JOBS_IN_A_COMMIT { more() } else { None };
        }
        if let Some(hook) = &mut self.before_commit {
            hook();
        }
        failpoint::hit("journal.before-commit");
        if let Err(error) = commit(&self.connection) {
            // The next start may need the room.
            if let Some(reserve) = &mut self.reserve
                && error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            {
                reserve.give_back();
            }
            self.give_up("a commit failed", &error);
        }
        failpoint::hit("journal.committed");
        self.commits.one_more();
        for reply in replies {
            reply();
        }
    }

    fn give_up(&self, what: &str, error: &rusqlite::Error) -> ! {
        tracing::error!(%error, "{what}; the process ends, and the next start reads what the disk holds");
        (self.end)()
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
