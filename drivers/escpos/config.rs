//! From a shop's configuration to a printer.

use serde::Deserialize;

use super::link::Speed;
use super::profile::{Changes, Profile, ProfileError};
use super::{EscPos, Settings};
use crate::layout::bitmap::NotAPicture;
use crate::layout::{Bitmap, Locale, Shop};
use crate::transport::Opener;

/// What stands on paper besides the document, as a shop describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptText {
    /// Language: `ru`, `en`.
    pub locale: Locale,
    /// Lines above each document, centred.
    pub header: Vec<String>,
    /// Lines below each receipt, centred.
    pub footer: Vec<String>,
    /// A QR code below them, printable ASCII.
    pub footer_qr: Option<String>,
    /// A picture above everything: the path of a PBM file (P4).
    pub logo: Option<String>,
    /// A cash drawer hangs on the printer and is opened for cash.
    pub drawer: bool,
    /// Further slips of each receipt, 0 to 3, marked as copies.
    pub copies: u8,
}

/// What is wrong with a printer's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The profile, or the changes to it.
    #[error("printer: {0}")]
    Profile(#[from] ProfileError),
    /// No such profile.
    #[error("unknown profile {0:?}; known: {names}", names = Profile::names())]
    UnknownProfile(String),
    /// More paper than anybody wants.
    #[error("receipt.copies: {0} is out of range 0..3")]
    Copies(u8),
    /// The logo cannot be read.
    #[error("receipt.logo {path}: {why}")]
    Logo {
        /// As configured.
        path: String,
        /// The system's words, or what is wrong with the picture.
        why: String,
    },
}

/// Bytes a second of a link without a speed of its own: slower than any printer prints.
const UNHURRIED: u32 = 1000;
/// Further slips of a receipt.
const MOST_COPIES: u8 = 3;
/// Start bit, eight data bits, stop bit.
const BITS_A_BYTE: u32 = 10;

/// Makes a printer; nothing is sent yet. `baud`: of a serial line, `None` for other links.
pub fn printer(
    opener: Box<dyn Opener>,
    profile: &str,
    changes: &Changes,
    text: &ReceiptText,
    serial: Option<String>,
    baud: Option<u32>,
) -> Result<EscPos, ConfigError> {
    let profile = Profile::named(profile).ok_or_else(|| ConfigError::UnknownProfile(profile.into()))??.with(changes)?;
    if text.copies > MOST_COPIES {
        return Err(ConfigError::Copies(text.copies));
    }
    let speed = Speed {
        bytes_per_s: baud.map_or(UNHURRIED, |baud| (baud / BITS_A_BYTE).max(1)),
        buffered_here: baud.is_some(),
        pace: profile.pace,
    };
    let shop = Shop {
        locale: text.locale,
        logo: text.logo.as_deref().map(picture).transpose()?,
        header: text.header.clone(),
        footer: text.footer.clone(),
        footer_qr: text.footer_qr.clone(),
        drawer: text.drawer,
    };
    Ok(EscPos::new(opener, Settings { profile, shop, copies: text.copies, speed, serial }))
}

fn picture(path: &str) -> Result<Bitmap, ConfigError> {
    let logo = |why: String| ConfigError::Logo { path: path.to_owned(), why };
    let file = std::fs::read(path).map_err(|e| logo(e.to_string()))?;
    Bitmap::from_pbm(&file).map_err(|e: NotAPicture| logo(e.to_string()))
}
