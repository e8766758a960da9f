//! From the words of the script to its lines.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Action, ByteFault, ClockChange, Command, Direction, Fault, FaultError, When};

fn bad(problem: impl fmt::Display) -> FaultError {
    FaultError { problem: problem.to_string() }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(line: &str) -> Result<Self, FaultError> {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let times = take_times(&mut words)?;
        let place = take_place(&mut words)?;
        let (action, with) = parse_action(&words)?;
        let when = match (place, with) {
            (Some(place), None) => place,
            (Some(_), Some(_)) => return Err(bad(format!("{line:?} names two commands"))),
            (None, Some(with)) => with,
            (None, None) => When::Now,
        };
        Ok(Self { action, when, times })
    }
}

fn take_times(words: &mut Vec<&str>) -> Result<Option<u32>, FaultError> {
    match words.last() {
        Some(&"always") => {
            words.pop();
            Ok(None)
        }
        Some(word) if word.strip_prefix('x').is_some_and(|rest| rest.parse::<u32>().is_ok_and(|n| n > 0)) => {
            let times = word[1..].parse().map_err(bad)?;
            words.pop();
            Ok(Some(times))
        }
        _ => Ok(Some(1)),
    }
}

fn take_place(words: &mut Vec<&str>) -> Result<Option<When>, FaultError> {
    let Some(at) = words.iter().position(|word| matches!(*word, "before" | "after")) else { return Ok(None) };
    let before = words[at] == "before";
    let command = command(words.get(at + 1).ok_or_else(|| bad("a command is missing"))?)?;
    words.drain(at..at + 2);
    Ok(Some(if before { When::Before(command) } else { When::After(command) }))
}

/// `8D`, `FF45`, `8Dh`.
fn command(word: &str) -> Result<Command, FaultError> {
    let digits = word.strip_suffix('h').unwrap_or(word);
    let value = u16::from_str_radix(digits, 16).map_err(|_| bad(format!("{word:?} is no command")))?;
    let well = value < 0xFF || value >> 8 == 0xFF;
    if well { Ok(value) } else { Err(bad(format!("{word:?} is no command"))) }
}

/// `250ms`, `5s`, `10m`, `25h`.
fn time(word: &str) -> Result<Duration, FaultError> {
    let split = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let count: u64 = word[..split].parse().map_err(|_| bad(format!("{word:?} is no time, as 5s, 250ms, 10m, 25h")))?;
    match &word[split..] {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        "m" => Ok(Duration::from_secs(count * 60)),
        "h" => Ok(Duration::from_secs(count * 3600)),
        _ => Err(bad(format!("{word:?} is no time, as 5s, 250ms, 10m, 25h"))),
    }
}

fn number<T: FromStr>(word: &str) -> Result<T, FaultError> {
    word.parse().map_err(|_| bad(format!("{word:?} is no number that fits here")))
}

fn clock(word: &str) -> Result<ClockChange, FaultError> {
    Ok(match word {
        "stop" => ClockChange::Stop,
        "system" => ClockChange::System,
        _ if word.starts_with('+') => ClockChange::Shift(time(&word[1..])?.as_secs() as i64),
        _ if word.starts_with('-') => ClockChange::Shift(-(time(&word[1..])?.as_secs() as i64)),
        _ => ClockChange::Set(word.parse().map_err(bad)?),
    })
}

/// An action, and for one of the line the moment that it waits for.
fn parse_action(words: &[&str]) -> Result<(Action, Option<When>), FaultError> {
    let any = Some(When::With(None));
    let on = |word: &str| command(word).map(|command| Some(When::With(Some(command))));
    let now = |action| Ok((action, None));
    let hex_mask = |word: &str| u8::from_str_radix(word, 16).map_err(|_| bad(format!("{word:?} is no mask")));
    match *words {
        ["lose-answer"] => Ok((Action::LoseAnswer { kept: false }, any)),
        ["lose-answer", "kept"] => Ok((Action::LoseAnswer { kept: true }, any)),
        ["lose-answer", cmd] => Ok((Action::LoseAnswer { kept: false }, on(cmd)?)),
        ["lose-answer", cmd, "kept"] => Ok((Action::LoseAnswer { kept: true }, on(cmd)?)),
        ["silence"] => Ok((Action::Silence(Duration::ZERO), any)),
        ["silence", word] => match time(word) {
            Ok(length) => now(Action::Silence(length)),
            Err(_) => Ok((Action::Silence(Duration::ZERO), on(word)?)),
        },
        ["silence", cmd, length] => Ok((Action::Silence(time(length)?), on(cmd)?)),
        ["refuse", cmd, code] => {
            let code = code.strip_suffix('h').unwrap_or(code);
            Ok((Action::Refuse(hex_mask(code)?), on(cmd)?))
        }
        ["nak"] => Ok((Action::Nak, any)),
        ["nak", cmd] => Ok((Action::Nak, on(cmd)?)),
        ["no-ack"] => Ok((Action::NoAck, any)),
        ["no-ack", cmd] => Ok((Action::NoAck, on(cmd)?)),
        ["half-answer"] => Ok((Action::HalfAnswer, any)),
        ["half-answer", cmd] => Ok((Action::HalfAnswer, on(cmd)?)),
        ["bad-lrc"] => Ok((Action::BadLrc, any)),
        ["bad-lrc", cmd] => Ok((Action::BadLrc, on(cmd)?)),
        ["delay", length] => Ok((Action::Delay(time(length)?), any)),
        ["delay", cmd, length] => Ok((Action::Delay(time(length)?), on(cmd)?)),
        ["power-cut"] => now(Action::PowerOff(Some(Duration::from_secs(2)))),
        ["power-cut", "stays"] | ["power", "off"] => now(Action::PowerOff(None)),
        ["power-cut", length] => now(Action::PowerOff(Some(time(length)?))),
        ["power", "on"] => now(Action::PowerOn),
        [what @ ("drop" | "flip" | "dup"), way @ ("in" | "out"), n] => {
            let fault = match what {
                "drop" => ByteFault::Drop,
                "flip" => ByteFault::Flip,
                _ => ByteFault::Double,
            };
            let way = if way == "in" { Direction::In } else { Direction::Out };
            now(Action::Byte(way, fault, number(n)?))
        }
        ["noise"] => now(Action::Noise(1)),
        ["noise", n] => now(Action::Noise(number(n)?)),
        ["paper", "out", "after-close" | "in-print"] => now(Action::PaperEndsInNext),
        ["paper", word @ ("in" | "out")] => now(Action::Paper(word == "in")),
        ["cover", word @ ("open" | "close" | "closed")] => now(Action::Cover(word == "open")),
        ["cutter", word @ ("fail" | "ok")] => now(Action::Cutter(word == "ok")),
        ["busy", "for-ever"] => now(Action::Busy(u32::MAX)),
        ["busy", "off"] => now(Action::Busy(0)),
        ["busy", n] => now(Action::Busy(number(n)?)),
        ["print-time", length] => now(Action::PrintTime(time(length)?)),
        ["shift", "expire"] => now(Action::ShiftExpire),
        ["clock", change] => now(Action::Clock(clock(change)?)),
        ["drawer", sum] => now(Action::Drawer(number(sum)?)),
        ["wrong-total", n] => now(Action::WrongTotal(number(n)?)),
        ["buffer", n] => now(Action::Buffer(number(n)?)),
        ["tax-systems", mask] => now(Action::TaxSystems(hex_mask(mask)?)),
        ["vat", row, rate] => now(Action::Vat(number(row)?, number(rate)?)),
        ["storage", word @ ("full" | "ok")] => now(Action::StorageFull(word == "full")),
        ["swap-storage"] => now(Action::SwapStorage),
        ["mode", "off"] => now(Action::Mode(None)),
        ["mode", byte] => now(Action::Mode(Some(hex_mask(byte)?))),
        ["auto-open", word @ ("on" | "off")] => now(Action::AutoOpen(word == "on")),
        ["foreign", "sale", sum] => now(Action::ForeignSale(number(sum)?)),
        ["foreign-open", sum] => now(Action::ForeignOpen(number(sum)?)),
        ["foreign-cash-in", sum] => now(Action::ForeignCashIn(number(sum)?)),
        ["books"] => now(Action::Books),
        ["help"] => now(Action::Help),
        _ => Err(bad(format!("{:?} is not understood", words.join(" ")))),
    }
}
