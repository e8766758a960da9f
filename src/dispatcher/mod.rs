//! One lane a device: take, look, mark, begin, execute, settle; and after any doubt, reconcile.
//!
//! # Specification
//!
//! - A lane is a thread of its own and the only one who speaks to its device. It meets the rest of the daemon in the
//!   journal; a doorbell only wakes it.
//! - A document to which the device belongs comes first: while it is undecided, nothing else is begun.
//! - Before a document is begun the lane looks ([`preflight`]): who is there, what its memory says since the last look,
//!   what it can do, whether a shift is open. What can be refused is refused there, before a byte of the receipt leaves.
//! - The mark is read last and durable before the first byte; *closing* is durable before the one command that registers.
//! - After a doubt only evidence decides ([`reconcile`]): registered, not registered, our receipt is open (journal the
//!   intent, cancel, look again), or a person must. A query without an answer waits: silence is not a no.
//! - A cause that can go (paper, cover, a long print) holds the document; one that cannot is reported at once as 2001.
//! - A document whose time is over is reported 2002 and never begun.
//! - A shift is closed when its time has come ([`shift`]); a closing that was missed is an alarm and is made up for.
//!
//! Everything a lane does is one [`Lane::step`] after another, so that tests can turn time by hand between them.

mod door;
pub mod errand;
mod missed;
mod paper;
mod preflight;
mod reconcile;
mod shift;
#[cfg(all(test, feature = "simulators"))]
mod tests;
pub mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kkm_drivers::contract::{
    Body, Capabilities, Driver, Fault, FaultKind, Lasting, Mark, Outcome, Reason, Refusal, Witness,
};
use kkm_drivers::failpoint;
use kkm_drivers::spoil::{self, Spoil};

pub use self::door::{LaneDoor, ReceiptTime};
pub use self::missed::{Missed, MissedClosing};
pub use self::shift::Closing;
use crate::journal::life::{Begin, Flight, Limits, Waiting};
use crate::journal::{Event, Journal, JournalError, Row, State};
use crate::messages::Locale;

/// First wait after a device did not answer; doubled up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a lane is told by the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long documents may wait.
    pub limits: Limits,
    /// Serial number that the device must have; `None` adopts what is there.
    pub serial: Option<String>,
    /// Nobody else uses the device: a stranger's open receipt is cancelled.
    pub cancel_foreign: bool,
    /// Opens a shift when a receipt needs one.
    pub open_shift: bool,
    /// When shifts are closed by themselves.
    pub closing: Closing,
    /// Closes a shift that is older than 24 hours when a receipt needs a fresh one.
    pub close_expired_shift: bool,
    /// Language of what is reported.
    pub locale: Locale,
}

/// When to take the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once.
    Again,
    /// After this time or a ring.
    Wait(Duration),
    /// After a ring, or when the first waiting document expires.
    Ring,
}

/// A device, its driver, and the documents for it.
pub struct Lane {
    name: String,
    driver: Box<dyn Driver>,
    journal: Journal,
    settings: Settings,
    door: LaneDoor,
    reports: Arc<tokio::sync::Notify>,
    closing: Option<shift::Duty>,
    capabilities: Option<Capabilities>,
    wait: Duration,
    paper_wait: Option<Duration>,
    cancels: u8,
}

impl Lane {
    /// A lane for the device called `name`. Whatever the last process left in the middle is doubtful from here on.
    pub fn new(
        name: String,
        driver: Box<dyn Driver>,
        journal: Journal,
        settings: Settings,
        door: LaneDoor,
        reports: Arc<tokio::sync::Notify>,
    ) -> Result<Self, JournalError> {
        journal.interrupted(&name)?;
        let paper_wait = paper::held_back(&journal, &name)?;
        Ok(Self {
            name,
            driver,
            journal,
            settings,
            door,
            reports,
            closing: None,
            capabilities: None,
            wait: FIRST_WAIT,
            paper_wait,
            cancels: 0,
        })
    }

    /// Steps until `stop` is set and the bell rung; the receipt at hand is finished first.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), JournalError> {
        let _span = tracing::info_span!("lane", device = %self.name).entered();
        let LaneDoor { bell, pulse, .. } = self.door.clone();
        pulse.adopt();
        while !stop.load(Ordering::SeqCst) {
            pulse.begin();
            let pace = self.step()?;
            self.door.place.set_port(self.driver.port());
            let wait = match pace {
                Pace::Again => continue,
                Pace::Wait(time) => self.until_expiry(Some(time))?,
                Pace::Ring => self.until_expiry(None)?,
            };
            pulse.rest();
            bell.wait(wait);
        }
        pulse.rest();
        Ok(())
    }

    fn until_expiry(&self, time: Option<Duration>) -> Result<Option<Duration>, JournalError> {
        // A little later than the deadline, so that it is over when we look.
        let slack = Duration::from_millis(5);
        let expiry = self.journal.time_to_expiry(&self.name, self.settings.limits)?.map(|t| t + slack);
        Ok([time, expiry].into_iter().flatten().min())
    }

    /// One step.
    pub fn step(&mut self) -> Result<Pace, JournalError> {
        self.expire()?;
        if let Some(flight) = self.journal.in_flight(&self.name)? {
            let late = self.watch_closing(flight.state)?;
            return Ok(match (self.pursue(&flight)?, late) {
                (Pace::Ring, Some(left)) => Pace::Wait(left),
                (pace, _) => pace,
            });
        }
        let shift = self.shift_duty()?;
        self.run_errands()?;
        let Some(waiting) = self.journal.next_waiting(&self.name)? else {
            return Ok(match [self.paper_duty(), shift].into_iter().flatten().min() {
                None => Pace::Ring,
                Some(Duration::ZERO) => Pace::Again,
                Some(left) => Pace::Wait(left),
            });
        };
        let look = self.preflight(&waiting)?;
        self.door.place.set_trouble(match &look {
            preflight::Look::Unreachable(fault) => Some(fault.to_string()),
            preflight::Look::Ready(_)
            | preflight::Look::Hold(_)
            | preflight::Look::Refuse(_)
            | preflight::Look::Fenced => None,
        });
        match look {
            preflight::Look::Ready(mark) => self.attempt(&waiting, mark),
            preflight::Look::Hold(reason) => {
                self.journal.hindered(waiting.row, reason)?;
                Ok(self.slower())
            }
            preflight::Look::Refuse(refusal) => {
                self.refuse(waiting.row, &waiting.request_id, &refusal)?;
                Ok(Pace::Again)
            }
            preflight::Look::Unreachable(fault) => {
                tracing::warn!(document = waiting.row, %fault, "the device cannot be used; the document waits");
                self.capabilities = None;
                Ok(self.slower())
            }
            preflight::Look::Fenced => Ok(Pace::Ring),
        }
    }

    fn expire(&self) -> Result<(), JournalError> {
        let locale = self.settings.locale;
        let ended = self.journal.expire(&self.name, self.settings.limits, move |w| words::expired(w, locale))?;
        if !ended.is_empty() {
            failpoint::hit("dispatcher.expired");
            tracing::warn!(documents = ?ended, "gave up waiting; reported, and never printed later");
            self.reports.notify_one();
        }
        Ok(())
    }

    fn attempt(&mut self, waiting: &Waiting, mark: Mark) -> Result<Pace, JournalError> {
        let row = waiting.row;
        let document = match self.journal.begin(row, mark, self.settings.limits)? {
            Begin::Begun(document) => document,
            Begin::Late => return Ok(Pace::Again),
        };
        failpoint::hit("dispatcher.marked");
        let began = self.journal.clock().now();
        let mut witness = JournalWitness { journal: &self.journal, row };
        let outcome = self.driver.execute(&document, &mut witness);
        failpoint::hit("dispatcher.executed");
        match outcome {
            Outcome::Done(proof, paper) => {
                let took = self.journal.clock().now().boot_ms.saturating_sub(began.boot_ms);
                self.door.receipt_time.seen(u64::try_from(took).unwrap_or_default());
                self.wait = FIRST_WAIT;
                self.done(row, &waiting.request_id, &document.body, proof, paper)?;
                Ok(Pace::Again)
            }
            Outcome::Refused(refusal) => match refusal.reason.lasting() {
                Lasting::Yes => {
                    self.refuse(row, &waiting.request_id, &refusal)?;
                    Ok(Pace::Again)
                }
                Lasting::No => {
                    let detail = format!("the device cannot now: {:?}", refusal.reason);
                    self.journal.back(row, Event::Untouched, Some(refusal.reason), &detail)?;
                    Ok(self.slower())
                }
            },
            Outcome::Untouched(fault) => {
                tracing::warn!(document = row, %fault, "nothing was registered; the document waits");
                self.journal.back(row, Event::Untouched, None, &fault.to_string())?;
                Ok(self.slower())
            }
            Outcome::Doubtful(fault) if spoil::is(Spoil::DoubtIsError) => {
                tracing::warn!(%fault, "spoiled: taken for an error");
                self.refuse(row, &waiting.request_id, &Refusal::of(Reason::Busy))?;
                Ok(Pace::Again)
            }
            Outcome::Doubtful(fault) => {
                tracing::warn!(document = row, %fault, "how it ended is not known; the device will be asked");
                self.journal.arrow(row, Event::Doubt, &fault.to_string())?;
                failpoint::hit("dispatcher.doubtful");
                Ok(Pace::Again)
            }
        }
    }

    /// A document to which the device belongs.
    fn pursue(&mut self, flight: &Flight) -> Result<Pace, JournalError> {
        match flight.state {
            State::Doubtful => self.reconcile(flight),
            State::NeedsOperator => Ok(Pace::Ring),
            // Only a step that was cut off by an error of the journal leaves these behind.
            State::Begun | State::Closing | State::Cancelling => {
                self.journal.arrow(flight.row, Event::Doubt, "left in the middle")?;
                Ok(Pace::Again)
            }
            State::Accepted | State::Done | State::Refused | State::Expired => Ok(Pace::Again),
        }
    }

    fn done(
        &mut self,
        row: Row,
        request_id: &str,
        body: &Body,
        proof: kkm_drivers::contract::Proof,
        paper: kkm_drivers::contract::Paper,
    ) -> Result<(), JournalError> {
        tracing::info!(document = row, fiscal_document = proof.document_number, sign = %proof.sign, ?paper, "registered");
        let word = words::done(request_id, body, paper, self.settings.locale);
        failpoint::hit("dispatcher.before-settle");
        self.journal.settle_done(row, proof, paper, word)?;
        self.saw_paper(paper);
        if matches!(body, Body::CloseShift(_)) {
            self.journal.saw_shift(&self.name, None, Duration::ZERO)?;
        }
        failpoint::hit("dispatcher.settled");
        self.reports.notify_one();
        Ok(())
    }

    fn refuse(&self, row: Row, request_id: &str, refusal: &Refusal) -> Result<(), JournalError> {
        let word = words::refused(request_id, refusal, self.settings.locale);
        tracing::warn!(document = row, code = refusal.device_code, reason = ?refusal.reason, "refused by the device");
        self.journal.settle_refused(row, word)?;
        failpoint::hit("dispatcher.refused");
        self.reports.notify_one();
        Ok(())
    }

    fn slower(&mut self) -> Pace {
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST_WAIT);
        Pace::Wait(wait)
    }
}

struct JournalWitness<'a> {
    journal: &'a Journal,
    row: Row,
}

impl Witness for JournalWitness<'_> {
    fn closing(&mut self) -> Result<(), Fault> {
        failpoint::hit("dispatcher.before-closing");
        self.journal
            .arrow(self.row, Event::Closing, "the command that registers is next")
            .map_err(|error| Fault::new("closing", FaultKind::Journal(error.to_string())))?;
        failpoint::hit("dispatcher.closing");
        Ok(())
    }
}
