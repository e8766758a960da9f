//! What was sent and what was heard: lines of JSON, and at the end whether every document got its one true word.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::answers::Answer;
use super::load::How;
use crate::clock::{Clock, SystemClock};

/// What is known of one document.
#[derive(Debug, Default)]
struct Known {
    /// It was answered 200.
    taken: bool,
    /// Words of its callbacks, without repeats.
    words: Vec<Value>,
    /// A callback was answered with success.
    heard: bool,
    /// Callbacks after that.
    after: u32,
}

#[derive(Debug, Default)]
struct Inner {
    documents: BTreeMap<String, Known>,
    sent: BTreeMap<String, u32>,
    answers: BTreeMap<String, u32>,
    callbacks: u32,
    without_token: u32,
}

/// The books.
#[derive(Debug)]
pub(super) struct Books {
    clock: SystemClock,
    record: Option<Mutex<File>>,
    inner: Mutex<Inner>,
    /// Rung at every callback.
    pub(super) heard: Notify,
}

impl Books {
    /// Books that also go to a file.
    pub(super) fn open(record: Option<&Path>) -> Result<Self, String> {
        let file = record.map(|path| {
            let file = File::options().create(true).append(true).open(path);
            file.map(Mutex::new).map_err(|e| format!("{}: {e}", path.display()))
        });
        let clock = SystemClock::new().map_err(|e| e.to_string())?;
        Ok(Self { clock, record: file.transpose()?, inner: Mutex::default(), heard: Notify::new() })
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut line: Value) {
        line["at"] = json!(Timestamp::from_millisecond(self.clock.now().wall_ms).map(|t| t.to_string()).ok());
        if let Some(file) = &self.record
            && let Err(error) = writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}")
        {
            eprintln!("the record: {error}");
        }
    }

    /// A document went out; `answer` is the HTTP code with the body, or why there was none.
    pub(super) fn sent(&self, how: How, document: &Value, answer: &Result<(u16, Value), String>) {
        let (status, body) = match answer {
            Ok((status, body)) => (status.to_string(), body.clone()),
            Err(why) => ("none".to_owned(), json!(why)),
        };
        self.write(
            json!({ "kind": "request", "how": how.name(), "id": document["id"], "answered": status, "body": body,
            "document": document }),
        );
        let mut inner = self.inner();
        *inner.sent.entry(how.name().to_owned()).or_default() += 1;
        *inner.answers.entry(status.clone()).or_default() += 1;
        if status == "200" {
            inner.documents.entry(document["id"].to_string()).or_default().taken = true;
        }
    }

    /// A callback came.
    pub(super) fn called(&self, authorized: bool, answer: Answer, body: &Value) {
        self.write(json!({ "kind": "callback", "authorized": authorized, "answered": answer.name(), "id": body["id"],
            "body": body }));
        let mut inner = self.inner();
        inner.callbacks += 1;
        inner.without_token += u32::from(!authorized);
        let known = inner.documents.entry(body["id"].to_string()).or_default();
        known.after += u32::from(known.heard);
        known.heard |= answer.ends();
        if !known.words.contains(body) {
            known.words.push(body.clone());
        }
        drop(inner);
        self.heard.notify_one();
    }

    /// Documents that were taken, and whose word was not yet heard.
    pub(super) fn open_documents(&self) -> usize {
        self.inner().documents.values().filter(|d| d.taken && !d.heard).count()
    }

    /// The count of everything, and true when every document that was taken got one word.
    pub(super) fn summary(&self) -> (String, bool) {
        let inner = self.inner();
        let list = |map: &BTreeMap<String, u32>| {
            map.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
        };
        let without: Vec<&str> = ids(&inner, |d| d.taken && !d.heard);
        let contradicted: Vec<&str> = ids(&inner, |d| d.words.len() > 1);
        let by =
            |status: &str| inner.documents.values().filter(|d| d.words.iter().any(|w| w["status"] == status)).count();
        let repeated: u32 = inner.documents.values().map(|d| d.after).sum();
        let mut text = format!(
            "sent: {}\nanswered: {}\ncallbacks: {}, without the right token {}, repeated after a 2xx {repeated}\n\
             documents: success {}, error {}, without a word {}, with two different words {}\n",
            list(&inner.sent),
            list(&inner.answers),
            inner.callbacks,
            inner.without_token,
            by("success"),
            by("error"),
            without.len(),
            contradicted.len(),
        );
        for (what, ids) in [("without a word", &without), ("with two words", &contradicted)] {
            if !ids.is_empty() {
                let _ = writeln!(text, "{what}: {}", ids.join(" "));
            }
        }
        (text, without.is_empty() && contradicted.is_empty() && inner.without_token == 0)
    }
}

fn ids(inner: &Inner, fits: impl Fn(&Known) -> bool) -> Vec<&str> {
    inner.documents.iter().filter(|(_, d)| fits(d)).map(|(id, _)| id.as_str()).collect()
}
