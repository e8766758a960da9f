//! What each request does.

use std::collections::BTreeMap;
use std::sync::Arc;

use kkm_drivers::contract::{Money, Proof};

use super::{Ask, DeviceView, Numbers, Tell};
use crate::bell::Bell;
use crate::dispatcher::words;
use crate::journal::views::Details;
use crate::journal::{Journal, JournalError, Row};
use crate::messages::Locale;

/// Answers requests from the journal, and wakes who must know.
pub struct Desk {
    /// Where everything is.
    pub journal: Journal,
    /// The lanes' doorbells by device; of a daemon that does not run, the names alone.
    pub lanes: BTreeMap<String, Arc<Bell>>,
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
            Ask::Show { name } => Tell::Document(self.journal.find(&name)?.map(Box::new)),
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
            Ask::Backup { to } => {
                self.journal.backup(&to)?;
                Tell::Done(format!("copied to {}", to.display()))
            }
        })
    }

    fn devices(&self) -> Result<Vec<DeviceView>, JournalError> {
        self.lanes
            .keys()
            .map(|name| {
                let known = self.journal.device(name)?;
                let fence = known.as_ref().and_then(|k| k.fence.as_ref()).map(serde_json::to_value).transpose()?;
                Ok(match known {
                    Some(k) => DeviceView {
                        name: name.clone(),
                        serial: k.serial,
                        storage: k.storage,
                        last_document: k.last_document,
                        fence,
                    },
                    None => DeviceView {
                        name: name.clone(),
                        serial: String::new(),
                        storage: String::new(),
                        last_document: 0,
                        fence,
                    },
                })
            })
            .collect()
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
        if numbers.number == 0 || sign.is_empty() || !sign.bytes().all(|b| b.is_ascii_digit()) {
            return Err(JournalError::Decision("number and sign (ФД, ФП) are the digits on the receipt".into()));
        }
        let storage = self.journal.device(&details.summary.device)?.map(|d| d.storage).unwrap_or_default();
        Ok(Proof {
            document_number: numbers.number,
            sign: sign.to_owned(),
            storage,
            total: Some(Money::from_minor(details.summary.total_minor)),
            device_time: None,
        })
    }

    fn allow(&self, document_id: i64, device: Option<String>) -> Result<Tell, JournalError> {
        let device = match device {
            Some(device) if self.lanes.contains_key(&device) => device,
            Some(device) => return Err(JournalError::Decision(format!("there is no device {device}"))),
            None if self.lanes.len() == 1 => self.lanes.keys().next().cloned().unwrap_or_default(),
            None => return Err(JournalError::Decision("there are several devices; name one with --device".into())),
        };
        self.journal.allow(&device, document_id)?;
        Ok(Tell::Done(format!(
            "the next receipt for sale {document_id} on {device} is taken; print it again in Altegio"
        )))
    }

    fn wake(&self, device: &str) {
        if let Some(bell) = self.lanes.get(device) {
            bell.ring();
        }
    }
}
