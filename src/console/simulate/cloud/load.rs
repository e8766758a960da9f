//! Which documents are sent, and how: files in turn, each under an id of its own; some twice, some as twins, some with a
//! client that hangs up. Chance comes from a seed, so that a run can be repeated.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

/// How a document is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As Altegio does.
    First,
    /// The same once more.
    Duplicate,
    /// The same sale under another id.
    Twin,
    /// The connection is closed before the answer.
    HangUp,
}

impl How {
    /// For the record.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Duplicate => "duplicate",
            Self::Twin => "twin",
            Self::HangUp => "hang_up",
        }
    }
}

/// How often: `5`, `5/s`, `30/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(pub(super) Duration);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no rate such as 5/s or 30/m");
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let count: u32 = count.parse().map_err(|_| wrong())?;
        let time = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            _ => return Err(wrong()),
        };
        if (1..=1000).contains(&count) { Ok(Self(time / count)) } else { Err(wrong()) }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Documents in all, without what is sent again.
    pub(super) count: usize,
    /// Percent that is sent again, sent as a twin, cut off.
    pub(super) duplicates: u8,
    pub(super) twins: u8,
    pub(super) hang_ups: u8,
    pub(super) seed: u64,
    /// Every document gets an id and a sale of its own, also the first time.
    pub(super) fresh: bool,
}

/// Files, and directories of `*.json` in the order of their names.
pub(super) fn read(paths: &[PathBuf], example: &str) -> Result<Vec<Value>, String> {
    let mut texts = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
            let mut inside: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
            inside.retain(|p| p.extension().is_some_and(|e| e == "json"));
            inside.sort();
            for file in inside {
                texts.push((file.display().to_string(), one(&file)?));
            }
        } else {
            texts.push((path.display().to_string(), one(path)?));
        }
    }
    if texts.is_empty() {
        texts.push(("the example".to_owned(), example.to_owned()));
    }
    texts.into_iter().map(|(name, text)| serde_json::from_str(&text).map_err(|e| format!("{name}: {e}"))).collect()
}

fn one(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

impl Plan {
    /// Everything in the order in which it is sent.
    pub(super) fn documents(&self, files: &[Value], callback: &str) -> Vec<(How, Value)> {
        let mut chance = Chance(self.seed);
        let mut all = Vec::new();
        for number in 0..self.count {
            let mut document = files[number % files.len()].clone();
            document["callback_url"] = json!(callback);
            if self.fresh || number >= files.len() {
                document["id"] = json!(format!("sim-{}-{number}", self.seed));
                document["document_id"] = json!(1_000_000 + number);
            }
            let how = if chance.percent(self.hang_ups) { How::HangUp } else { How::First };
            let again = chance.percent(self.duplicates) || how == How::HangUp;
            let twin = chance.percent(self.twins);
            all.push((how, document.clone()));
            // Whoever heard no answer asks again.
            if again {
                all.push((How::Duplicate, document.clone()));
            }
            if twin {
                document["id"] = json!(format!("twin-{}-{number}", self.seed));
                all.push((How::Twin, document));
            }
        }
        all
    }
}

/// A small generator: the same seed, the same run (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn percent(&mut self, percent: u8) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % 100 < u64::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_run_again_and_repeats_follow_their_document() {
        let files = [json!({ "id": "a", "document_id": 1 }), json!({ "id": "b", "document_id": 2 })];
        let plan = Plan { count: 200, duplicates: 20, twins: 10, hang_ups: 10, seed: 7, fresh: false };
        let run = plan.documents(&files, "http://127.0.0.1/");
        assert_eq!(run, plan.documents(&files, "http://127.0.0.1/"));
        assert_eq!((&run[0].1["id"], &run[0].1["callback_url"]), (&json!("a"), &json!("http://127.0.0.1/")));
        let count = |how| run.iter().filter(|(h, _)| *h == how).count();
        assert_eq!(count(How::First) + count(How::HangUp), 200);
        assert!(count(How::Duplicate) >= count(How::HangUp) && count(How::Duplicate) > 30);
        assert!(count(How::Twin) > 5 && count(How::HangUp) > 5);
        for pair in run.windows(2).filter(|pair| pair[1].0 == How::Duplicate) {
            assert_eq!(pair[0].1, pair[1].1);
        }
    }

    #[test]
    fn rates_are_counts_in_a_second_or_a_minute() {
        assert_eq!("4/s".parse(), Ok(Rate(Duration::from_millis(250))));
        assert_eq!("30/m".parse(), Ok(Rate(Duration::from_secs(2))));
        assert_eq!("2".parse(), Ok(Rate(Duration::from_millis(500))));
        for wrong in ["0", "-1", "5/h", "1.5", ""] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
