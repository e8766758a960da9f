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

pub use note::{Note, Obstacle};
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
    pub(crate) fn pick<'a>(self, ru: impl Into<Cow<'a, str>>, en: impl Into<Cow<'a, str>>) -> String {
        match self {
            Self::Ru => ru.into().into_owned(),
            Self::En => en.into().into_owned(),
        }
    }
}

/// What hinders a device, and the way out.
pub fn hindrance(reason: &kkm_drivers::contract::Reason, locale: Locale) -> String {
    device::reason(reason, locale)
}

/// Longest piece of a document's text within a message, in characters.
const QUOTE_CHARS: usize = 40;
/// Longest piece of a device's own text within a message, in characters.
const DEVICE_TEXT_CHARS: usize = 72;

/// A document's text made fit to stand in a message.
fn quote(text: &str) -> String {
    fit(text, QUOTE_CHARS)
}

/// A device's own text made fit to stand in a message.
fn quote_longer(text: &str) -> String {
    fit(text, DEVICE_TEXT_CHARS)
}

/// One line, no control or direction characters, at most `limit` characters.
fn fit(text: &str, limit: usize) -> String {
    let mut clean: Vec<char> =
        text.chars().map(|c| if disturbs(c) { ' ' } else { c }).skip_while(|&c| c == ' ').take(limit + 1).collect();
    if clean.len() > limit {
        clean.truncate(limit - 1);
        clean.push('…');
    }
    clean.iter().collect::<String>().trim_end().to_owned()
}

/// Characters that would break a line, hide, or turn the text around.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
