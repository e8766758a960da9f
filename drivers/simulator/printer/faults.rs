//! The script of faults: words on the command line and, while the printer runs, on its standard input. [`HELP`] lists
//! them; what is said happens at once, bytes and lines are counted from that moment on.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// All that the script understands, one a line.
pub const HELP: &str = "\
paper    paper out|in    paper out after N lines    paper low|ok    roll N (lines; low under 50)
body     cover open|close    cutter fail|ok    drawer open|closed
power    power off|on    power-cut after byte N [TIME]    (without a time: until power on)
answers  silence [off]    with|without real-time|automatic|queued|process-id|counters|identity|clearing
         lag [off] (each answer comes with the next one)    lose-answer [N]    counters stand|run
bytes    drop from byte N [for K]    spoil byte N    garbage HEX... (to the host)
link     disconnect    disconnect after byte|answer N    idle TIME|off    stall TIME    deaf [off] (accepts and reads nothing)
buffer   buffer N [dropping|xon-xoff]    slow N|off (bytes a second)
look     slips    help";

/// What a printer does when its buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Takes no more bytes: DTR/DSR, USB, TCP.
    Hold,
    /// Sends XOFF in time and XON later; who does not listen loses bytes.
    XonXoff,
    /// Says nothing and loses what does not fit.
    Drop,
}

/// A question that a printer may answer or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the fields of `Known`")]
pub enum Question {
    RealTime,
    Automatic,
    Queued,
    ProcessId,
    Counters,
    Identity,
    Clearing,
}

impl Question {
    fn named(word: &str) -> Result<Self, FaultError> {
        match word {
            "real-time" => Ok(Self::RealTime),
            "automatic" => Ok(Self::Automatic),
            "queued" => Ok(Self::Queued),
            "process-id" => Ok(Self::ProcessId),
            "counters" => Ok(Self::Counters),
            "identity" => Ok(Self::Identity),
            "clearing" => Ok(Self::Clearing),
            _ => Err(bad(format!("{word:?} is no question"))),
        }
    }
}

/// A line of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Paper is out, or an endless roll is in.
    Paper(bool),
    /// Paper ends after so many lines.
    PaperOutAfter(usize),
    /// The roll is nearly used up, or not.
    PaperLow(bool),
    /// A roll of so many lines is put in.
    Roll(usize),
    /// The cover is open.
    Cover(bool),
    /// The cutter works.
    Cutter(bool),
    /// The drawer's signal is high.
    Drawer(bool),
    /// Power is on.
    Power(bool),
    /// Power goes after so many bytes, for so long.
    PowerCut(u64, Option<Duration>),
    /// Nothing is answered.
    Silence(bool),
    /// The printer answers this, or never learnt to.
    Answers(Question, bool),
    /// Counters show what they showed now, whatever is printed: they are saved from time to time only.
    CountersStand(bool),
    /// The connection is closed after so long without a byte from the host.
    Idle(Option<Duration>),
    /// Answers come one question late.
    Lag(bool),
    /// So many answers are lost.
    LoseAnswer(u32),
    /// From the n-th byte on, so many are lost; without a number all.
    DropFrom(u64, Option<u64>),
    /// The n-th byte comes with one bit turned over.
    Spoil(u64),
    /// These bytes go to the host.
    Garbage(Vec<u8>),
    /// The connection breaks now; power stays.
    Disconnect,
    /// The connection breaks when so many bytes came.
    DisconnectAfterByte(u64),
    /// The connection breaks when so many bytes were answered.
    DisconnectAfterAnswer(u64),
    /// Nothing is read for so long.
    Stall(Duration),
    /// Nothing is read.
    Deaf(bool),
    /// Size of the buffer, bytes.
    Buffer(usize, Flow),
    /// Bytes that are printed in a second.
    Slow(Option<u32>),
    /// Shows the slips.
    Slips,
    /// Shows [`HELP`].
    Help,
}

/// A line that is not understood, and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; accepted is\n{HELP}")]
pub struct FaultError {
    /// What is wrong with it.
    pub problem: String,
}

fn bad(problem: impl fmt::Display) -> FaultError {
    FaultError { problem: problem.to_string() }
}

fn number<T: FromStr>(word: &str) -> Result<T, FaultError> {
    word.parse().map_err(|_| bad(format!("{word:?} is no number that fits here")))
}

/// A number from 1.
fn count<T: FromStr + Default + PartialEq>(word: &str) -> Result<T, FaultError> {
    let count: T = number(word)?;
    if count == T::default() { Err(bad("0 is not enough")) } else { Ok(count) }
}

/// `250ms`, `5s`, `10m`.
fn time(word: &str) -> Result<Duration, FaultError> {
    let split = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let wrong = || bad(format!("{word:?} is no time, as 250ms, 5s, 10m"));
    let count: u32 = word[..split].parse().map_err(|_| wrong())?;
    match &word[split..] {
        "ms" => Ok(Duration::from_millis(count.into())),
        "s" => Ok(Duration::from_secs(count.into())),
        "m" => Ok(Duration::from_secs(60) * count),
        _ => Err(wrong()),
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(line: &str) -> Result<Self, FaultError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match *words {
            ["paper", "out", "after", n, "lines" | "line"] => Self::PaperOutAfter(number(n)?),
            ["paper", word @ ("in" | "out")] => Self::Paper(word == "in"),
            ["paper", word @ ("low" | "ok")] => Self::PaperLow(word == "low"),
            ["roll", n] => Self::Roll(count(n)?),
            ["cover", word @ ("open" | "close" | "closed")] => Self::Cover(word == "open"),
            ["cutter", word @ ("fail" | "ok")] => Self::Cutter(word == "ok"),
            ["drawer", word @ ("open" | "close" | "closed")] => Self::Drawer(word == "open"),
            ["power", word @ ("on" | "off")] => Self::Power(word == "on"),
            ["power-cut", "after", "byte", n] => Self::PowerCut(count(n)?, None),
            ["power-cut", "after", "byte", n, length] => Self::PowerCut(count(n)?, Some(time(length)?)),
            ["silence"] => Self::Silence(true),
            ["silence", "off"] => Self::Silence(false),
            ["with", question] => Self::Answers(Question::named(question)?, true),
            ["without", question] => Self::Answers(Question::named(question)?, false),
            ["counters", word @ ("stand" | "run")] => Self::CountersStand(word == "stand"),
            ["idle", "off"] => Self::Idle(None),
            ["idle", length] => Self::Idle(Some(time(length)?)),
            ["lag"] => Self::Lag(true),
            ["lag", "off"] => Self::Lag(false),
            ["lose-answer"] => Self::LoseAnswer(1),
            ["lose-answer", n] => Self::LoseAnswer(count(n)?),
            ["drop", "from", "byte", n] => Self::DropFrom(count(n)?, None),
            ["drop", "from", "byte", n, "for", k] => Self::DropFrom(count(n)?, Some(count(k)?)),
            ["spoil", "byte", n] => Self::Spoil(count(n)?),
            ["garbage", ref bytes @ ..] if !bytes.is_empty() => {
                let byte = |word: &&str| u8::from_str_radix(word, 16).map_err(|_| bad(format!("{word:?} is no byte")));
                Self::Garbage(bytes.iter().map(byte).collect::<Result<_, _>>()?)
            }
            ["disconnect"] => Self::Disconnect,
            ["disconnect", "after", "byte", n] => Self::DisconnectAfterByte(count(n)?),
            ["disconnect", "after", "answer", n] => Self::DisconnectAfterAnswer(count(n)?),
            ["stall", length] => Self::Stall(time(length)?),
            ["deaf"] => Self::Deaf(true),
            ["deaf", "off"] => Self::Deaf(false),
            ["buffer", n] => Self::Buffer(count(n)?, Flow::Hold),
            ["buffer", n, "dropping"] => Self::Buffer(count(n)?, Flow::Drop),
            ["buffer", n, "xon-xoff"] => Self::Buffer(count(n)?, Flow::XonXoff),
            ["slow", "off"] => Self::Slow(None),
            ["slow", n] => Self::Slow(Some(count(n)?)),
            ["slips"] => Self::Slips,
            ["help"] => Self::Help,
            _ => return Err(bad(format!("{line:?} is not understood"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_happens() {
        let parsed = |line: &str| line.parse::<Fault>().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(parsed("paper out after 12 lines"), Fault::PaperOutAfter(12));
        assert_eq!(parsed("power-cut after byte 300 5s"), Fault::PowerCut(300, Some(Duration::from_secs(5))));
        assert_eq!(parsed("buffer 4096 dropping"), Fault::Buffer(4096, Flow::Drop));
        assert_eq!(parsed("slow 1024"), Fault::Slow(Some(1024)));
        assert_eq!(parsed("without process-id"), Fault::Answers(Question::ProcessId, false));
        assert_eq!(parsed("garbage 00 fF"), Fault::Garbage(vec![0, 0xFF]));
        assert_eq!(parsed("disconnect after answer 3"), Fault::DisconnectAfterAnswer(3));
        assert_eq!(parsed("drop from byte 7 for 2"), Fault::DropFrom(7, Some(2)));
    }

    #[test]
    fn a_line_that_is_not_understood_says_what_is() {
        for line in [
            "",
            "paper",
            "buffer 0",
            "slow x",
            "power-cut after byte 3 5",
            "power-cut after byte",
            "lag on",
            "without sense",
        ] {
            let error = line.parse::<Fault>().expect_err(line).to_string();
            assert!(error.contains("lose-answer [N]"), "{error}");
        }
    }
}
