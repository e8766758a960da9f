//! The two tokens: the shop's, with which Altegio comes, and the partner's, with which results go.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::answers::Answers;
use super::render::Plan;
use super::{Setup, Stop};
use crate::console::hex;

/// Bytes of a token that is made here: 256 bits.
const TOKEN_BYTES: usize = 32;
/// 128 bits have so many characters in base64, the densest usual form.
const SHOP_TOKEN_CHARS: usize = 22;
/// The shortest partner's token that is taken.
const PARTNER_TOKEN_CHARS: usize = 16;

/// A token and its file.
pub(super) struct Secret {
    pub(super) file: PathBuf,
    pub(super) token: SecretString,
    /// To be written; else the file holds it already.
    pub(super) fresh: bool,
}

/// Both tokens.
pub(super) struct Secrets {
    pub(super) shop: Secret,
    pub(super) partner: Secret,
}

impl Secrets {
    /// Takes over, keeps, asks for or makes them.
    pub(super) fn gather(setup: &Setup, plan: &Plan, answers: &mut Answers) -> Result<Self, Stop> {
        let mut shop = given(setup.token_from.as_deref(), plan.shop_token_file(), SHOP_TOKEN_CHARS)?;
        if shop.is_none() && !setup.new_token {
            shop = kept(plan.shop_token_file(), SHOP_TOKEN_CHARS)?;
        }
        let shop = match shop {
            Some(shop) => shop,
            None => Secret { file: plan.shop_token_file().to_owned(), token: made()?, fresh: true },
        };
        let file = plan.partner_token_file();
        let mut partner = given(setup.partner_token_from.as_deref(), file, PARTNER_TOKEN_CHARS)?;
        if partner.is_none() {
            partner = kept(file, PARTNER_TOKEN_CHARS)?;
        }
        let partner = match partner {
            Some(partner) => partner,
            None => {
                let heard = answers.secret("Altegio's partner token (not shown)").ok_or_else(|| {
                    Stop::unfit("Altegio's partner token is needed: --partner-token-from FILE, or - for standard input")
                })?;
                Secret {
                    file: file.to_owned(),
                    token: fit(&heard, "the partner token", PARTNER_TOKEN_CHARS)?,
                    fresh: true,
                }
            }
        };
        Ok(Self { shop, partner })
    }

    /// For the person who enters it in Altegio.
    pub(super) fn shop_token(&self) -> &str {
        self.shop.token.expose_secret()
    }
}

fn given(from: Option<&Path>, file: &Path, least: usize) -> Result<Option<Secret>, Stop> {
    let Some(from) = from else { return Ok(None) };
    let text = if from == Path::new("-") {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|e| Stop::io(from, &e))?;
        line
    } else {
        std::fs::read_to_string(from).map_err(|e| Stop::unfit(format!("{}: {e}", from.display())))?
    };
    let token = fit(&text, &format!("the token in {}", from.display()), least)?;
    Ok(Some(Secret { file: file.to_owned(), token, fresh: true }))
}

/// A token that is there already stays: the other side knows it.
fn kept(file: &Path, least: usize) -> Result<Option<Secret>, Stop> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            println!("Kept: the token in {}", file.display());
            let token = fit(&text, &format!("the token in {}", file.display()), least)?;
            Ok(Some(Secret { file: file.to_owned(), token, fresh: false }))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Stop::io(file, &error)),
    }
}

fn fit(text: &str, what: &str, least: usize) -> Result<SecretString, Stop> {
    let token = text.trim();
    if token.len() >= least && token.bytes().all(|b| b.is_ascii_graphic() && b != b',') {
        return Ok(SecretString::from(token.to_owned()));
    }
    Err(Stop::unfit(format!("{what} must be one line of at least {least} printable characters without blank or comma")))
}

fn made() -> Result<SecretString, Stop> {
    let mut bytes = [0; TOKEN_BYTES];
    let mut filled = 0;
    while filled < TOKEN_BYTES {
        let flags = rustix::rand::GetRandomFlags::empty();
        let count = rustix::rand::getrandom(&mut bytes[filled..], flags);
        filled += count.map_err(|e| Stop::io(Path::new("random numbers"), &e.into()))?;
    }
    Ok(SecretString::from(hex(&bytes)))
}
