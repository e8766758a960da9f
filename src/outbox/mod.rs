//! The outbox: reports until the cloud says yes.
//!
//! A report is the final word on one document, stored in the same transaction as the outcome. This part takes reports from
//! its [`Store`], sends each to the document's callback URL, and stores what came of it. It holds no truth of its own: a
//! crash between any two steps costs at most one repeat of the same bytes.
//!
//! # Promises
//! 1. *Nothing is lost.* A report ends as delivered (a 2xx), or parked for a person; it is never deleted here.
//! 2. *At least once, the same bytes.* An attempt is stored before its first byte leaves ([`Store::attempted`]), its end
//!    after. The body is stored once and sent as it is, each time.
//! 3. *Oldest first for each host*, one at a time; a report that waits for its own retry lets later ones pass. While a host
//!    cannot be reached its order is kept, and one report at a time looks whether it can again.
//! 4. *Hosts do not hold up each other.* A host out of reach, or one that asks to wait (429), stops its own reports.
//!    Only a refused token (401, 403) stops all, for there is one token: then one report each 15 min, and one at each ring
//!    of the doorbell, looks whether it is taken again.
//! 5. *The token goes only where [`origin::Policy`] allows*, to addresses that [`resolve`] has checked.
//! 6. *Memory is flat*: at most [`MOST_IN_FLIGHT`] reports are held, however many wait, however long.
//! 7. *No polling*: the loop sleeps until the earliest of a due time, a ring, an answer. A ring also lifts the wait of hosts
//!    out of reach, since a new document is a sign that the network is back.
//! 8. At most 5 requests a second and 200 a minute to a host ([`limit`]).
//!
//! The files: [`schedule`] (what follows an answer), [`lanes`] (which hosts wait), [`run()`] (the loop), [`send`] (HTTP),
//! [`memory`] (a store for tests).

use std::future::Future;
use std::time::Duration;

use crate::clock::Stamp;

pub mod lanes;
pub mod limit;
pub mod memory;
pub mod origin;
pub mod resolve;
mod run;
pub mod schedule;
pub mod send;

pub use run::{MOST_IN_FLIGHT, run};
pub use schedule::{Answer, Next};

#[cfg(test)]
mod origin_tests;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod send_tests;

/// A report as the store hands it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The store's key; a smaller one is older.
    pub row: i64,
    /// The callback URL as the document gave it.
    pub url: String,
    /// The status body: the same bytes at each attempt.
    pub body: String,
    /// Attempts made before this one.
    pub tries: u32,
    /// When it entered the outbox.
    pub since: Stamp,
}

/// Where reports are kept: the journal.
///
/// All calls come from one loop, one at a time. They are async, so that a store may hand the work to its writer's thread;
/// none may block. An error ends the loop: a store that cannot write must not send either.
///
/// `held` lists origins as [`origin::origin_of`] spells them.
pub trait Store: Send + Sync + 'static {
    /// What goes wrong in the store.
    type Error: std::error::Error + Send + 'static;

    /// The oldest report (by row) that is neither final nor parked, whose due time has come, and whose origin is not held.
    fn due(&self, now: &Stamp, held: &[String]) -> impl Future<Output = Result<Option<Report>, Self::Error>> + Send;

    /// How long until [`Store::due`] has something for these holds; zero if it has now, `None` if nothing waits.
    /// Due times are kept as stamps and read with [`crate::clock::until`] and [`schedule::LONGEST_WAIT`].
    fn next_due(
        &self,
        now: &Stamp,
        held: &[String],
    ) -> impl Future<Output = Result<Option<Duration>, Self::Error>> + Send;

    /// Stores durably, before it returns, that an attempt begins now, and counts it in `tries`. From here on "an attempt
    /// has reached the wire" holds, until [`Next::Unreached`] takes it back for this attempt.
    fn attempted(&self, row: i64, now: &Stamp) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Stores what came of the attempt. [`Next::RetryAfter`] moves the due time to `now` plus the wait;
    /// [`Next::HostAfter`], [`Next::Unreached`] and [`Next::PauseAll`] leave the report due.
    fn answered(&self, row: i64, next: &Next, now: &Stamp) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What sends a report: [`send::Sender`], or a stand-in.
pub trait Post: Send + Sync + 'static {
    /// One attempt; it ends by itself in bounded time.
    fn send(&self, report: &Report) -> impl Future<Output = Answer> + Send;
}
