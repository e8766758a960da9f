//! What callbacks are answered, by script: `500,500,429:2,slow:5s,reset,401x3`, and then 200.

use std::str::FromStr;
use std::time::Duration;

/// Longest time in a script, in seconds.
const LONGEST_S: u64 = 3600;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This code, with `Retry-After` seconds where given.
    Code(u16, Option<u64>),
    /// 200 after so long.
    Slow(Duration),
    /// None: the connection is reset.
    Reset,
}

impl Answer {
    /// For the record.
    pub(super) fn name(self) -> String {
        match self {
            Self::Code(code, _) => code.to_string(),
            Self::Slow(_) => "slow".to_owned(),
            Self::Reset => "reset".to_owned(),
        }
    }

    /// The sender may forget the report after it.
    pub(super) fn ends(self) -> bool {
        match self {
            Self::Code(code, _) => (200..300).contains(&code),
            Self::Slow(_) => true,
            Self::Reset => false,
        }
    }
}

/// One word of the script; `x3` at its end: three times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) answer: Answer,
    pub(super) times: u32,
}

impl FromStr for Word {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let wrong = || format!("\"{word}\" is none of 500, 429:2, slow:5s, reset; x3 at the end repeats it");
        let (body, times) = match word.rsplit_once('x') {
            Some((body, times)) => (body, times.parse().map_err(|_| wrong())?),
            None => (word, 1),
        };
        let seconds = |text: &str| text.parse::<u64>().ok().filter(|s| *s <= LONGEST_S).ok_or_else(wrong);
        let answer = match body.split_once(':') {
            Some(("slow", time)) => {
                let whole = time.strip_suffix("ms").map(str::parse::<u64>);
                match whole {
                    Some(ms) => Answer::Slow(Duration::from_millis(ms.map_err(|_| wrong())?)),
                    None => Answer::Slow(Duration::from_secs(seconds(time.strip_suffix('s').ok_or_else(wrong)?)?)),
                }
            }
            Some((code, after)) => Answer::Code(code.parse().map_err(|_| wrong())?, Some(seconds(after)?)),
            None if body == "reset" => Answer::Reset,
            None => Answer::Code(body.parse().map_err(|_| wrong())?, None),
        };
        match answer {
            Answer::Code(code, _) if !(200..600).contains(&code) => Err(wrong()),
            _ if times == 0 => Err(wrong()),
            answer => Ok(Self { answer, times }),
        }
    }
}

/// The script, and where in it we are.
#[derive(Debug)]
pub(super) struct Script {
    words: Vec<Answer>,
    at: usize,
    again: bool,
}

impl Script {
    /// From its words; `again`: from the beginning when it is over.
    pub(super) fn new(words: &[Word], again: bool) -> Self {
        let words = words.iter().flat_map(|w| std::iter::repeat_n(w.answer, w.times as usize)).collect();
        Self { words, at: 0, again }
    }

    /// The next answer.
    pub(super) fn next(&mut self) -> Answer {
        if self.again && self.at == self.words.len() {
            self.at = 0;
        }
        let answer = self.words.get(self.at).copied().unwrap_or(Answer::Code(200, None));
        self.at += 1;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_word_by_word_and_ends_in_200() {
        let words: Vec<Word> =
            "500x2,429:7,slow:5s,slow:20ms,reset".split(',').map(|w| w.parse().expect("a word")).collect();
        let mut script = Script::new(&words, false);
        let said: Vec<Answer> = (0..7).map(|_| script.next()).collect();
        let wanted = [
            Answer::Code(500, None),
            Answer::Code(500, None),
            Answer::Code(429, Some(7)),
            Answer::Slow(Duration::from_secs(5)),
            Answer::Slow(Duration::from_millis(20)),
            Answer::Reset,
            Answer::Code(200, None),
        ];
        assert_eq!(said, wanted);
        let mut again = Script::new(&words[..1], true);
        assert_eq!((0..5).filter(|_| again.next() == Answer::Code(500, None)).count(), 5);
    }

    #[test]
    fn a_word_that_is_none_is_refused() {
        for word in ["", "99", "600", "slow", "slow:5", "500x0", "500xx", "reset:1", "429:-1", "slow:9999s"] {
            assert!(word.parse::<Word>().is_err(), "{word}");
        }
    }
}
