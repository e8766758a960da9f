//! Questions on a terminal, each with a default. Without one the default is the answer.

use std::io::IsTerminal;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::console::person::hear;

/// Who answers.
pub(super) struct Answers {
    asks: bool,
}

impl Answers {
    /// Asks on a terminal, or where it was `ordered`; never where that is `forbidden`.
    pub(super) fn new(ordered: bool, forbidden: bool) -> Self {
        Self { asks: ordered || (!forbidden && std::io::stdin().is_terminal()) }
    }

    /// True when somebody can be asked.
    pub(super) fn can_ask(&self) -> bool {
        self.asks
    }

    /// The flag, else the answer, else the default.
    pub(super) fn text(&mut self, flag: Option<&String>, question: &str, default: &str) -> String {
        match flag {
            Some(value) => value.clone(),
            None if self.asks => {
                let heard = hear(&format!("{question} [{default}]: ")).unwrap_or_default();
                if heard.is_empty() { default.to_owned() } else { heard }
            }
            None => default.to_owned(),
        }
    }

    /// The same until `fits` takes it.
    pub(super) fn fitting<T>(
        &mut self,
        flag: Option<&String>,
        question: &str,
        default: &str,
        fits: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, String> {
        loop {
            match fits(&self.text(flag, question, default)) {
                Err(why) if self.asks && flag.is_none() => println!("  {why}"),
                result => return result,
            }
        }
    }

    /// A choice by its number; `None` when nobody can be asked.
    pub(super) fn choice(&mut self, question: &str, choices: &[String]) -> Option<usize> {
        if !self.asks {
            return None;
        }
        for (number, choice) in choices.iter().enumerate() {
            println!("  {}  {choice}", number + 1);
        }
        loop {
            let heard = hear(&format!("{question} [1]: ")).unwrap_or_default();
            let number = if heard.is_empty() { Ok(1) } else { heard.parse::<usize>() };
            match number {
                Ok(number) if (1..=choices.len()).contains(&number) => return Some(number - 1),
                Ok(_) | Err(_) => println!("  a number from 1 to {}", choices.len()),
            }
        }
    }

    /// A secret: not shown while it is typed.
    pub(super) fn secret(&mut self, question: &str) -> Option<String> {
        if !self.asks {
            return None;
        }
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(&stdin, OptionalActions::Flush, &quiet);
        }
        let heard = hear(&format!("{question}: ")).unwrap_or_default();
        if let Some(before) = before {
            let _ = tcsetattr(&stdin, OptionalActions::Flush, &before);
            println!();
        }
        Some(heard).filter(|heard| !heard.is_empty())
    }
}
