//! The person at the device, or who stands for one at a simulated device.

use std::io::Write;
use std::path::PathBuf;

use super::script::Words;
use crate::console::person::hear;
use crate::messages::Locale;

/// Where a person was needed.
const NOBODY: &str = "nobody is at the terminal";

/// Who pulls the paper.
pub(super) enum Person {
    /// Somebody at this terminal.
    Terminal(Locale),
    /// Lines into this file: a simulated register's fault script.
    Script(PathBuf),
}

impl Person {
    /// Asks for something to be done, and waits until it is; gives what was done.
    pub(super) fn act(&self, words: Option<&Words>, lines: &[String]) -> Result<Option<String>, String> {
        match (self, words) {
            (Self::Terminal(locale), Some(words)) => {
                let text = locale.pick(words.ru.as_str(), words.en.as_str());
                let press = locale.pick("Готово — Enter", "Done: Enter");
                hear(&format!("\n  >>> {text}\n      {press}: ")).ok_or(NOBODY)?;
                Ok(Some(text))
            }
            (Self::Script(path), _) if !lines.is_empty() => {
                let text = format!("{}\n", lines.join("\n"));
                let file = std::fs::File::options().create(true).append(true).open(path);
                let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
                written.map_err(|e| format!("{}: {e}", path.display()))?;
                Ok(Some(format!("simulated: {}", lines.join("; "))))
            }
            (Self::Terminal(_) | Self::Script(_), _) => Ok(None),
        }
    }

    /// Asks about the paper; a simulated person has no eyes, and says nothing.
    pub(super) fn sees(&self, words: Option<&Words>) -> Result<Option<bool>, String> {
        let (Self::Terminal(locale), Some(words)) = (self, words) else { return Ok(None) };
        let text = locale.pick(words.ru.as_str(), words.en.as_str());
        let choice = locale.pick("д/н", "y/n");
        loop {
            let heard = hear(&format!("\n  ??? {text} ({choice}): ")).ok_or(NOBODY)?.to_lowercase();
            match heard.chars().next() {
                Some('y' | 'д') => return Ok(Some(true)),
                Some('n' | 'н') => return Ok(Some(false)),
                Some(_) | None => {}
            }
        }
    }
}
