//! What systemd is told: ready, stopping, and alive while the loops that matter are.
//!
//! - Nothing is told where no `NOTIFY_SOCKET` is set.
//! - `WATCHDOG=1` goes out three times in the interval that systemd sets, each time after a look that found all of this:
//!   - the journal's writer has committed an empty job, within a third of the interval;
//!   - the outbox has not ended before the stop;
//!   - every lane rests, or has given a sign of life in the last [`SILENCE`]: a step begun, a call of its device's port.
//! - The look itself is a task, so a runtime that hangs tells nothing either.
//! - What it does not see: a lane that talks to its device for ever. The device's protocol bounds its own tries.
//!
//! After a look that failed nothing is told, and systemd ends the process when its interval is over: as safe as a crash,
//! and the next start goes on from the journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kkm_drivers::pulse::Pulse;
use sd_notify::NotifyState;
use tokio::task::AbortHandle;

use crate::journal::{Journal, JournalError};

/// The longest honest silence of a lane at work: a port's call ends in a minute or two; a large backup, during which the
/// journal cannot be read, takes some more.
pub const SILENCE: Duration = Duration::from_secs(600);

/// True when systemd, or who plays it, wants to be told.
pub fn is_wanted() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// Documents can come in.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// The stop has begun.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// What must be alive.
pub struct Vitals {
    /// Its writer must answer.
    pub journal: Journal,
    /// The lanes by name.
    pub lanes: Vec<(String, Arc<Pulse>)>,
    /// The outbox's task.
    pub outbox: AbortHandle,
    /// The stop has begun, so that the outbox may end.
    pub stopping: Arc<AtomicBool>,
}

/// Feeds the watchdog of systemd for ever, or not at all where none is set.
pub async fn feed(vitals: Vitals) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let every = interval / 3;
    let mut watch = Watch::new(vitals);
    loop {
        let look = tokio::time::timeout(every, watch.look(every)).await;
        match look.unwrap_or(Err(Dead::Writer)) {
            Ok(()) => tell(NotifyState::Watchdog),
            Err(dead) => tracing::error!(%dead, "the watchdog is not fed; systemd will start the service again"),
        }
        tokio::time::sleep(every).await;
    }
}

/// What is not alive.
#[derive(Debug, thiserror::Error)]
enum Dead {
    #[error("the journal's writer does not answer")]
    Writer,
    #[error("the journal's writer: {0}")]
    Journal(#[from] JournalError),
    #[error("the outbox has ended")]
    Outbox,
    #[error("the lane of {0} gives no sign of life")]
    Lane(String),
}

struct Watch {
    vitals: Vitals,
    lanes: Vec<Silence>,
}

/// How long a lane has been silent at work.
#[derive(Clone, Debug, Default)]
struct Silence {
    heard: Option<u64>,
    lasts: Duration,
}

impl Watch {
    fn new(vitals: Vitals) -> Self {
        let lanes = vec![Silence::default(); vitals.lanes.len()];
        Self { vitals, lanes }
    }

    /// One look, `since` after the one before.
    async fn look(&mut self, since: Duration) -> Result<(), Dead> {
        // First, for what follows must count also when the writer hangs.
        let mut silent = None;
        for ((name, pulse), silence) in self.vitals.lanes.iter().zip(&mut self.lanes) {
            if silence.listen(pulse, since) > SILENCE {
                silent = Some(name.clone());
            }
        }
        if let Some(name) = silent {
            return Err(Dead::Lane(name));
        }
        if self.vitals.outbox.is_finished() && !self.vitals.stopping.load(Ordering::SeqCst) {
            return Err(Dead::Outbox);
        }
        Ok(self.vitals.journal.answers().await?)
    }
}

impl Silence {
    fn listen(&mut self, pulse: &Pulse, since: Duration) -> Duration {
        let heard = pulse.beats();
        let alive = heard.is_none() || heard != self.heard;
        self.lasts = if alive { Duration::ZERO } else { self.lasts + since };
        self.heard = heard;
        self.lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{FLOOR_WALL_MS, ManualClock};

    const MINUTE: Duration = Duration::from_secs(60);

    fn vitals(directory: &tempfile::TempDir, outbox: AbortHandle, pulse: &Arc<Pulse>) -> Vitals {
        let journal = Journal::open(directory.path(), Arc::new(ManualClock::new(FLOOR_WALL_MS))).expect("opened");
        Vitals { journal, lanes: vec![("front".into(), pulse.clone())], outbox, stopping: Arc::default() }
    }

    #[tokio::test]
    async fn a_lane_may_rest_for_ever_and_work_long_but_not_in_silence() {
        let directory = tempfile::tempdir().expect("a directory");
        let pulse = Arc::new(Pulse::default());
        let outbox = tokio::spawn(std::future::pending::<()>());
        let mut watch = Watch::new(vitals(&directory, outbox.abort_handle(), &pulse));
        for _ in 0..100 {
            watch.look(MINUTE).await.expect("it rests");
        }
        pulse.adopt();
        pulse.begin();
        for _ in 0..100 {
            kkm_drivers::pulse::beat();
            watch.look(MINUTE).await.expect("it works");
        }
        for _ in 0..10 {
            watch.look(MINUTE).await.expect("silent, but not for long");
        }
        assert!(matches!(watch.look(MINUTE).await, Err(Dead::Lane(name)) if name == "front"));
        pulse.begin();
        watch.look(MINUTE).await.expect("it came back");
    }

    #[tokio::test]
    async fn an_outbox_may_end_at_the_stop_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let outbox = tokio::spawn(async {});
        let handle = outbox.abort_handle();
        outbox.await.expect("ended");
        let vitals = vitals(&directory, handle, &Arc::default());
        let stopping = vitals.stopping.clone();
        let mut watch = Watch::new(vitals);
        assert!(matches!(watch.look(MINUTE).await, Err(Dead::Outbox)));
        stopping.store(true, Ordering::SeqCst);
        watch.look(MINUTE).await.expect("as it should");
    }
}
