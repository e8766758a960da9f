//! What each request does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kkm_drivers::contract::{Body, Money, Proof};

use super::{Ask, DeviceView, Numbers, Operate, Tell};
use crate::dispatcher::errand::{Errand, ErrandTold};
use crate::dispatcher::{LaneDoor, words};
use crate::journal::views::Details;
use crate::journal::{Journal, JournalError, Row, State};
use crate::messages::{self, Locale};

/// A report may print for a minute, a receipt before it too.
const OPERATION_PATIENCE: Duration = Duration::from_secs(180);
/// A device that is not printing answers a question within this.
const ERRAND_PATIENCE: Duration = Duration::from_secs(20);

/// Answers requests from the journal, and wakes who must know.
pub struct Desk {
    /// Where everything is.
    pub journal: Journal,
    /// The lanes by device; of a daemon that does not run, the names alone.
    pub lanes: BTreeMap<String, LaneDoor>,
    /// A daemon runs, so that devices can be asked.
    pub running: bool,
    /// Wakes the outbox.
    pub reports: Arc<tokio::sync::Notify>,
    /// Language of what is reported.
    pub locale: Locale,
}

impl Desk {
    /// Answers one request. Blocks for a commit.
    pub fn answer(&self, ask: Ask) -> Tell {
        self.try_answer(ask).unwrap_or_else(|error| Tell::Refused(error.to_string()))
    }

    fn try_answer(&self, ask: Ask) -> Result<Tell, JournalError> {
        Ok(match ask {
            Ask::Queue => Tell::Documents(self.journal.queue()?),
            Ask::Newest { limit } => Tell::Documents(self.journal.newest(limit)?),
            Ask::Show { name } => self.show(&name)?,
            Ask::History { limit } => Tell::History(self.journal.history(limit)?),
            Ask::Devices => Tell::Devices(self.devices()?),
            Ask::Decide { row, attempt, registered } => self.decide(row, attempt, registered)?,
            Ask::Allow { document_id, device } => self.allow(document_id, device)?,
            Ask::Agree { device } => {
                self.journal.agree(&device)?;
                self.wake(&device);
                Tell::Done(format!("{device} is taken as it is at the next contact"))
            }
            Ask::Retry { row } => {
                let sent = self.journal.unpark(row)?;
                self.reports.notify_one();
                Tell::Done(format!("reports sent again: {sent}"))
            }
            Ask::Operate { device, operate } => self.operate(device, operate)?,
            Ask::Errand { device, errand } => self.errand(device, errand)?,
        })
    }

    fn devices(&self) -> Result<Vec<DeviceView>, JournalError> {
        self.lanes
            .iter()
            .map(|(name, lane)| {
                let missed_closing = lane.missed.get();
                let known = self.journal.device(name)?;
                let port = lane.place.port();
                let fence = known.as_ref().and_then(|k| k.fence.as_ref()).map(serde_json::to_value).transpose()?;
                Ok(match known {
                    Some(k) => DeviceView {
                        name: name.clone(),
                        serial: k.serial,
                        storage: k.storage,
                        last_document: k.last_document,
                        port,
                        fence,
                        missed_closing,
                    },
                    None => DeviceView {
                        name: name.clone(),
                        serial: String::new(),
                        storage: String::new(),
                        last_document: 0,
                        port,
                        fence,
                        missed_closing,
                    },
                })
            })
            .collect()
    }

    /// A document, and what it waits for: what the device said, what cannot be reached, or the one before it.
    fn show(&self, name: &str) -> Result<Tell, JournalError> {
        let Some(mut details) = self.journal.find(name)? else { return Ok(Tell::Document(None)) };
        let d = &details.summary;
        if d.state == State::Accepted.name() {
            let before = self.journal.queue()?.into_iter().find(|q| {
                q.device == d.device && q.row < d.row && State::named(&q.state).is_some_and(|s| !s.is_final())
            });
            let trouble = self.lanes.get(&d.device).and_then(|lane| lane.place.trouble());
            let fenced = self.journal.device(&d.device)?.is_some_and(|known| known.fence.is_some());
            details.waits_for = match (before, &details.hindrance) {
                _ if fenced => Some(format!("a person: {} is fenced, see `kkm-bridge devices`", d.device)),
                (Some(before), _) => Some(format!("document {} of the same device ({})", before.row, before.state)),
                (None, Some(reason)) => Some(messages::hindrance(reason, Locale::En)),
                (None, None) => trouble,
            };
        }
        Ok(Tell::Document(Some(Box::new(details))))
    }

    fn decide(&self, row: Row, attempt: u16, registered: Option<Numbers>) -> Result<Tell, JournalError> {
        let Some(details) = self.journal.find(&row.to_string())? else { return Err(JournalError::NoDocument(row)) };
        let device = details.summary.device.clone();
        let told = match registered {
            Some(numbers) => {
                let proof = self.proof(&details, &numbers)?;
                let id = self.journal.request_id(row)?;
                self.journal.decide_registered(row, attempt, proof, words::success(&id, None, self.locale))?;
                self.reports.notify_one();
                format!("document {row} is reported as registered")
            }
            None => {
                self.journal.decide_not(row, attempt)?;
                format!("document {row}: the device is asked once more; without evidence against it your word counts")
            }
        };
        self.wake(&device);
        Ok(Tell::Done(told))
    }

    fn proof(&self, details: &Details, numbers: &Numbers) -> Result<Proof, JournalError> {
        let sign = numbers.sign.trim();
        let storage = self.journal.device(&details.summary.device)?.map(|d| d.storage).unwrap_or_default();
        if numbers.number == 0 && sign.is_empty() && storage.is_empty() {
            // A receipt printer gives a document no numbers that a person could read.
        } else if numbers.number == 0 || sign.is_empty() || !sign.bytes().all(|b| b.is_ascii_digit()) {
            return Err(JournalError::Decision("number and sign (ФД, ФП) are the digits on the receipt".into()));
        }
        Ok(Proof {
            document_number: numbers.number,
            sign: sign.to_owned(),
            storage,
            total: Some(Money::from_minor(details.summary.total_minor)),
            device_time: None,
        })
    }

    fn allow(&self, document_id: i64, device: Option<String>) -> Result<Tell, JournalError> {
        let device = self.one_device(device)?;
        self.journal.allow(&device, document_id)?;
        Ok(Tell::Done(format!(
            "the next receipt for sale {document_id} on {device} is taken; print it again in Altegio"
        )))
    }

    /// The device that is meant.
    fn one_device(&self, named: Option<String>) -> Result<String, JournalError> {
        match named {
            Some(device) if self.lanes.contains_key(&device) => Ok(device),
            Some(device) => Err(JournalError::Decision(format!("there is no device {device}"))),
            None if self.lanes.len() == 1 => Ok(self.lanes.keys().next().cloned().unwrap_or_default()),
            None => Err(JournalError::Decision("there are several devices; name one with --device".into())),
        }
    }

    /// Orders an operation and waits for its end.
    fn operate(&self, device: Option<String>, operate: Operate) -> Result<Tell, JournalError> {
        let device = self.one_device(device)?;
        self.must_run()?;
        let body = match operate {
            Operate::OpenShift => Body::OpenShift(None),
            Operate::CloseShift => Body::CloseShift(None),
            Operate::XReport => Body::XReport,
            Operate::CashIn(sum) => Body::CashIn(sum),
            Operate::CashOut(sum) => Body::CashOut(sum),
            Operate::Correction(correction) => Body::Correction(*correction),
        };
        let mut commits = self.journal.wait_for_commit(u64::MAX, Duration::ZERO);
        let row = self.journal.order(&device, body)?;
        self.wake(&device);
        let patience = self.journal.clock().now().plus(OPERATION_PATIENCE);
        while !self.journal.state_of(row)?.is_final() && self.journal.clock().now().boot_ms < patience.boot_ms {
            commits = self.journal.wait_for_commit(commits, Duration::from_secs(1));
        }
        Ok(Tell::Document(self.journal.find(&row.to_string())?.map(Box::new)))
    }

    fn errand(&self, device: Option<String>, errand: Errand) -> Result<Tell, JournalError> {
        let device = self.one_device(device)?;
        self.must_run()?;
        let heard = self.lanes[&device].errands.leave(errand);
        self.wake(&device);
        Ok(match heard.recv_timeout(ERRAND_PATIENCE) {
            Ok(ErrandTold::Failed(why)) => Tell::Refused(why),
            Ok(told) => Tell::Errand(told),
            Err(_) => Tell::Refused(format!("{device} is busy with a document; see `kkm-bridge queue`")),
        })
    }

    fn must_run(&self) -> Result<(), JournalError> {
        if self.running {
            return Ok(());
        }
        Err(JournalError::Decision("the service does not run; start it first (systemctl start kkm-bridge)".into()))
    }

    fn wake(&self, device: &str) {
        if let Some(lane) = self.lanes.get(device) {
            lane.bell.ring();
        }
    }
}
