//! The cloud: answers reports as it is told, and remembers every word that it heard.

use std::collections::{BTreeMap, VecDeque};

use kkm_bridge::journal::Row;
use kkm_bridge::outbox::Answer;

use crate::plan::CloudSays;

/// What stands behind the callback's URL.
#[derive(Default)]
pub struct Cloud {
    answers: VecDeque<CloudSays>,
    /// Nobody can reach it.
    pub away: bool,
    /// Words by report, in the order in which they were heard.
    pub heard: BTreeMap<Row, Vec<String>>,
    /// The same by id, over all its reports.
    pub heard_by_id: BTreeMap<String, Vec<String>>,
    /// All words.
    pub words: usize,
}

impl Cloud {
    /// The next answers.
    pub fn will_say(&mut self, says: CloudSays, times: u8) {
        self.answers.extend(std::iter::repeat_n(says, times.into()));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&mut self) {
        self.answers.clear();
    }

    /// One report arrives, or does not.
    pub fn receive(&mut self, report: Row, body: &str) -> Answer {
        let status = |code: u16| Answer::Status {
            code,
            retry_after: (code == 429).then(|| "20".to_owned()),
            note: String::new(),
        };
        let says = if self.away { Some(CloudSays::Unreachable) } else { self.answers.pop_front() };
        let (heard, answer) = match says {
            None => (true, status(200)),
            // Whatever it answers, it may have taken the word.
            Some(CloudSays::Status(code)) => (true, status(code)),
            Some(CloudSays::HeardAndLost) => (true, Answer::NoAnswer("reset".to_owned())),
            Some(CloudSays::LostUnheard) => (false, Answer::NoAnswer("reset".to_owned())),
            Some(CloudSays::Unreachable) => (false, Answer::Unreachable("no route".to_owned())),
        };
        if heard {
            self.words += 1;
            let parsed: serde_json::Value = serde_json::from_str(body).expect("a status body is JSON");
            let status = parsed["status"].as_str().unwrap_or_default().to_owned();
            self.heard_by_id.entry(parsed["id"].to_string()).or_default().push(status);
            self.heard.entry(report).or_default().push(body.to_owned());
        }
        answer
    }
}
