//! What a model of printer can do: data, compiled in from `config/printers/*.toml`, and a shop's changes to it.
//!
//! Code page numbers differ between vendors; a wrong number prints wrong letters, so a shop prints the test page
//! ([`super::test_page`]) once and corrects what it shows.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::layout::Page;

/// A code page and its number in this printer (ESC t n).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberedPage {
    /// Which letters.
    pub page: Page,
    /// The printer's number for them.
    pub number: u8,
}

/// How paper is cut (GS V).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// Feeds to the cutter by itself, leaves a bridge.
    FeedPartial,
    /// Feeds to the cutter by itself, cuts through.
    FeedFull,
    /// Leaves a bridge where the paper stands.
    Partial,
    /// Cuts through where the paper stands.
    Full,
    /// No cutter.
    None,
}

/// To which pin of its connector the drawer is wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DrawerPin {
    /// Pin 2, the usual one.
    #[serde(rename = "2")]
    Two,
    /// Pin 5.
    #[serde(rename = "5")]
    Five,
}

/// By what a printed document is known to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// The printer's answer in its turn, after the last byte.
    Answer,
    /// The printer's own counter of cuts, before and after. For a printer that nobody else prints on.
    Counter,
    /// Nothing but that all bytes were written. Only by a shop's explicit choice; reported as "sent, not confirmed".
    Write,
}

/// Which question is answered in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// GS ( H function 48, with four characters of ours.
    ProcessId,
    /// GS r 1: one byte, which names no document.
    PaperStatus,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name for people.
    pub name: String,
    /// Letters of font A in a line.
    pub columns: u8,
    /// Dots in a line.
    pub dots: u16,
    /// Code pages, the shop's own first.
    pub pages: Vec<NumberedPage>,
    /// How it cuts.
    pub cut: Cut,
    /// Empty lines before the cut, or in its place.
    pub feed: u8,
    /// Pin of the drawer.
    pub drawer: DrawerPin,
    /// How a document is known to be printed.
    pub confirm: Confirm,
    /// The question of `confirm = "answer"`.
    pub question: Question,
    /// Number of the counter of cuts (GS g 2), where it has one.
    pub counter: Option<u8>,
    /// Answers real-time status (DLE EOT).
    pub status: bool,
    /// Tells model and serial number (GS I 67, 68).
    pub identity: bool,
    /// Draws QR codes.
    pub qr: bool,
    /// Draws CODE128.
    pub code128: bool,
    /// Prints pictures (GS v 0).
    pub raster: bool,
    /// Bytes a second that the printer takes without dropping any, where its link has no flow control.
    pub pace: Option<u32>,
}

/// A shop's changes to its model's profile; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    /// As [`Profile::columns`].
    pub columns: Option<u8>,
    /// As [`Profile::dots`].
    pub dots: Option<u16>,
    /// As [`Profile::pages`].
    pub pages: Option<Vec<NumberedPage>>,
    /// As [`Profile::cut`].
    pub cut: Option<Cut>,
    /// As [`Profile::feed`].
    pub feed: Option<u8>,
    /// As [`Profile::drawer`].
    pub drawer: Option<DrawerPin>,
    /// As [`Profile::confirm`].
    pub confirm: Option<Confirm>,
    /// As [`Profile::question`].
    pub question: Option<Question>,
    /// As [`Profile::counter`].
    pub counter: Option<u8>,
    /// As [`Profile::status`].
    pub status: Option<bool>,
    /// As [`Profile::identity`].
    pub identity: Option<bool>,
    /// As [`Profile::qr`].
    pub qr: Option<bool>,
    /// As [`Profile::code128`].
    pub code128: Option<bool>,
    /// As [`Profile::raster`].
    pub raster: Option<bool>,
    /// As [`Profile::pace`].
    pub pace: Option<u32>,
}

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The file is no profile.
    #[error("{0}")]
    Unreadable(String),
    /// Lines too short for a receipt, or longer than any paper.
    #[error("columns: {0} is out of range 16..96")]
    Columns(u8),
    /// Dots that cannot hold the columns, or more than any head has.
    #[error("dots: {0} is out of range 192..832")]
    Dots(u16),
    /// No code page.
    #[error("pages: at least one code page is needed")]
    NoPage,
    /// `confirm = "counter"` without a counter.
    #[error("confirm = \"counter\" needs counter, the number of the printer's counter of cuts, and a cutter")]
    NoCounter,
}

/// Profiles that are compiled in, by name.
pub const PROFILES: [(&str, &str); 9] = [
    ("epson-tm-t20", include_str!("../../config/printers/epson-tm-t20.toml")),
    ("epson-tm-t88", include_str!("../../config/printers/epson-tm-t88.toml")),
    ("star-escpos", include_str!("../../config/printers/star-escpos.toml")),
    ("xprinter", include_str!("../../config/printers/xprinter.toml")),
    ("bixolon-srp", include_str!("../../config/printers/bixolon-srp.toml")),
    ("citizen-ct", include_str!("../../config/printers/citizen-ct.toml")),
    ("rongta-rp", include_str!("../../config/printers/rongta-rp.toml")),
    ("atol-rp", include_str!("../../config/printers/atol-rp.toml")),
    ("mprint", include_str!("../../config/printers/mprint.toml")),
];

impl Profile {
    /// A compiled-in profile; `None` for an unknown name.
    pub fn named(name: &str) -> Option<Result<Self, ProfileError>> {
        PROFILES.iter().find(|(known, _)| *known == name).map(|(_, text)| Self::parse(text))
    }

    /// Reads a profile file.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|e| ProfileError::Unreadable(e.to_string()))?;
        profile.checked()
    }

    /// The profile with a shop's changes.
    pub fn with(mut self, changes: &Changes) -> Result<Self, ProfileError> {
        fn put<T: Clone>(place: &mut T, change: Option<&T>) {
            if let Some(change) = change {
                *place = change.clone();
            }
        }
        put(&mut self.columns, changes.columns.as_ref());
        put(&mut self.dots, changes.dots.as_ref());
        put(&mut self.pages, changes.pages.as_ref());
        put(&mut self.cut, changes.cut.as_ref());
        put(&mut self.feed, changes.feed.as_ref());
        put(&mut self.drawer, changes.drawer.as_ref());
        put(&mut self.confirm, changes.confirm.as_ref());
        put(&mut self.question, changes.question.as_ref());
        self.counter = changes.counter.or(self.counter);
        put(&mut self.status, changes.status.as_ref());
        put(&mut self.identity, changes.identity.as_ref());
        put(&mut self.qr, changes.qr.as_ref());
        put(&mut self.code128, changes.code128.as_ref());
        put(&mut self.raster, changes.raster.as_ref());
        self.pace = changes.pace.or(self.pace);
        self.checked()
    }

    fn checked(self) -> Result<Self, ProfileError> {
        if !(16..=96).contains(&self.columns) {
            return Err(ProfileError::Columns(self.columns));
        }
        if !(192..=832).contains(&self.dots) {
            return Err(ProfileError::Dots(self.dots));
        }
        if self.pages.is_empty() {
            return Err(ProfileError::NoPage);
        }
        if self.confirm == Confirm::Counter && (self.counter.is_none() || self.cut == Cut::None) {
            return Err(ProfileError::NoCounter);
        }
        Ok(self)
    }

    /// As lines of a shop's configuration for the device of this name: all that [`Changes`] can hold.
    pub fn as_changes(&self, device: &str) -> String {
        let mut text = format!("[devices.{device}.driver.printer]\n");
        let _ = writeln!(text, "columns = {}\ndots = {}\npages = [", self.columns, self.dots);
        for page in &self.pages {
            let _ = writeln!(text, "    {{ page = {}, number = {} }},", word(&page.page), page.number);
        }
        let _ = writeln!(text, "]\ncut = {}\nfeed = {}", word(&self.cut), self.feed);
        let _ = writeln!(text, "drawer = {}\nconfirm = {}", word(&self.drawer), word(&self.confirm));
        let _ = writeln!(text, "question = {}", word(&self.question));
        if let Some(counter) = self.counter {
            let _ = writeln!(text, "counter = {counter}");
        }
        let _ = writeln!(text, "status = {}\nidentity = {}", self.status, self.identity);
        let _ = writeln!(text, "qr = {}\ncode128 = {}\nraster = {}", self.qr, self.code128, self.raster);
        if let Some(pace) = self.pace {
            let _ = writeln!(text, "pace = {pace}");
        }
        text
    }

    /// Names of all profiles, for messages.
    pub fn names() -> String {
        PROFILES.map(|(name, _)| name).join(", ")
    }
}

/// A word of the configuration in its quotes, which JSON and TOML share.
fn word(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compiled_in_profile_is_sound_and_asks_for_evidence() {
        for (name, _) in PROFILES {
            let profile = Profile::named(name).expect("known").unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_ne!(profile.confirm, Confirm::Write, "{name}: only a shop may choose that");
            assert!(profile.pages.iter().any(|p| p.page == Page::Cp866 || p.page == Page::Cp1251), "{name}");
        }
        assert!(Profile::named("epson").is_none());
    }

    #[test]
    fn a_shop_s_changes_win_and_are_checked() {
        let base = || Profile::named("xprinter").expect("known").expect("sound");
        let read = |text: &str| toml::from_str::<Changes>(text).expect("parses");
        let changed = base().with(&read("columns = 32\ndots = 384\nconfirm = 'write'\nstatus = false")).expect("sound");
        assert_eq!((changed.columns, changed.dots, changed.confirm, changed.status), (32, 384, Confirm::Write, false));
        assert_eq!(base().with(&read("columns = 8")), Err(ProfileError::Columns(8)));
        assert_eq!(base().with(&read("pages = []")), Err(ProfileError::NoPage));
        let uncounted = Profile { counter: None, ..base() };
        assert_eq!(uncounted.with(&read("confirm = 'counter'")), Err(ProfileError::NoCounter));
        assert!(toml::from_str::<Changes>("colums = 32").is_err());
    }
}
