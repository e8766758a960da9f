//! Everything that the daemon says to a cashier, in one place.
//!
//! A [`Message`] is a refusal, a [`Note`] accompanies a document that is taken. Each says what to do, in the shop's
//! [`Locale`]; none holds a path or a secret. Text that came from outside is cut and freed of control characters before
//! it is embedded. Lines and payments are counted from 1, as people count.

mod device;
mod note;
mod place;
mod refusal;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;

pub use note::Note;
pub use place::{Expected, Part, Place, Problem};
pub use refusal::Message;

/// Language of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

impl Locale {
    /// The text in this language.
    fn pick<'a>(self, ru: impl Into<Cow<'a, str>>, en: impl Into<Cow<'a, str>>) -> String {
        match self {
            Self::Ru => ru.into().into_owned(),
            Self::En => en.into().into_owned(),
        }
    }
}

/// Longest piece of outside text within a message, in characters.
const QUOTE_CHARS: usize = 40;

/// Outside text made fit to stand in a message: one line, no control or direction characters, at most 40 characters.
fn quote(text: &str) -> String {
    let unsafe_here = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut clean: String = text.chars().map(|c| if unsafe_here(c) { ' ' } else { c }).take(QUOTE_CHARS + 1).collect();
    if clean.chars().count() > QUOTE_CHARS {
        clean = clean.chars().take(QUOTE_CHARS - 1).chain(['…']).collect();
    }
    clean
}
