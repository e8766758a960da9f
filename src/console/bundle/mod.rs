//! `support-bundle`: what a service person needs to see, and nothing that is nobody's business.
//!
//! | file | holds |
//! |---|---|
//! | `README.txt` | what is in it, and what was left out |
//! | `versions.json` | program, system, USB devices by id |
//! | `doctor.txt`, `doctor.json` | the doctor's report |
//! | `config.json` | the configuration without secrets, comments, cashiers |
//! | `journal.json` | documents by state, code, sum and number; without lines, customers, cashiers, messages |
//! | `history.json` | what happened, masked |
//! | `service.log` | the last lines of the service, masked |
//!
//! Two nets, one behind the other: only fields that are known to be harmless are taken, and every text passes the
//! [`mask::Mask`], which knows the shop's tokens and the words of its documents.

mod gather;
mod mask;

use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use serde_json::Value;

use self::mask::Mask;
use super::doctor;
use super::machine::Machine;
use crate::config::{self, Settings};
use crate::messages::Locale;

#[derive(Args, Debug)]
#[command(
    after_help = "Left out or masked: tokens, passwords, e-mails, phones, titles, customers, cashiers, messages. Look into it\nbefore you hand it on: it is a directory of plain text, packed."
)]
pub(super) struct Bundle {
    /// Where it is written; default: kkm-bridge-support.tar.gz here
    #[arg(value_name = "FILE", default_value = "kkm-bridge-support.tar.gz")]
    to: PathBuf,
    /// Leave it a directory of this name, unpacked
    #[arg(long)]
    directory: bool,
    /// Leave the network alone
    #[arg(long)]
    offline: bool,
    /// Lines of the service's log
    #[arg(long, value_name = "COUNT", default_value_t = 3000)]
    log_lines: u32,
    /// Look at the machine whose root is here instead of at this one
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

pub(super) fn run(path: &Path, bundle: &Bundle) -> ExitCode {
    match make(path, bundle) {
        Ok(place) => {
            println!("Written: {}", place.display());
            println!("It holds no token, contact, title or cashier; look into it before you hand it on.");
            ExitCode::SUCCESS
        }
        Err(why) => super::fail(&why, 1),
    }
}

fn make(path: &Path, bundle: &Bundle) -> Result<PathBuf, String> {
    if bundle.to.exists() {
        return Err(format!("{} is there already", bundle.to.display()));
    }
    let machine = Machine::below(&bundle.root);
    let settings = config::load(path).ok();
    // The words of the documents must be known even when the configuration cannot be read: then where it usually lies.
    let journal = gather::journal(&settings.clone().unwrap_or_default());
    let mask = Mask::new(secrets(settings.as_ref()), journal.words.clone());
    let name = "kkm-bridge-support";
    let stage = if bundle.directory {
        bundle.to.clone()
    } else {
        std::env::temp_dir().join(format!("kkm-bridge-bundle-{}", std::process::id())).join(name)
    };
    let pack = Pack { directory: stage.clone(), mask };
    pack.begin()?;
    pack.text("README.txt", &gather::readme())?;
    pack.json("versions.json", gather::versions(&machine))?;
    pack.json("config.json", gather::configuration(path))?;
    let report = doctor::look(path, &bundle.root, bundle.offline, Some(Locale::En))?;
    pack.text("doctor.txt", &report.text())?;
    pack.json("doctor.json", report.json())?;
    pack.json("journal.json", journal.documents)?;
    pack.json("history.json", journal.history)?;
    pack.text("service.log", &gather::log(bundle.log_lines))?;
    if bundle.directory {
        return Ok(stage);
    }
    let packed = pack_up(&stage, name, &bundle.to);
    let _ = std::fs::remove_dir_all(stage.parent().unwrap_or(&stage));
    packed.map(|()| bundle.to.clone())
}

/// Tokens as they are, so that they are found wherever they got to.
fn secrets(settings: Option<&Settings>) -> Vec<String> {
    use secrecy::ExposeSecret;
    let Some(settings) = settings else { return Vec::new() };
    let shops = settings.shops.values().map(|shop| &shop.token);
    let tokens = shops.chain(&settings.callback.token).chain(&settings.callback.user_token);
    tokens.filter_map(|t| config::read_secret(t).ok()).map(|t| t.expose_secret().to_owned()).collect()
}

fn pack_up(stage: &Path, name: &str, to: &Path) -> Result<(), String> {
    let parent = stage.parent().unwrap_or(Path::new("."));
    let mut command = Command::new("tar");
    command.arg("-czf").arg(to).arg("-C").arg(parent).arg(name).stdin(Stdio::null());
    let status = command.status().map_err(|e| format!("tar: {e}; --directory needs none"))?;
    if status.success() { Ok(()) } else { Err(format!("tar ended with {status}")) }
}

/// The files of a bundle, each masked as it is written.
struct Pack {
    directory: PathBuf,
    mask: Mask,
}

impl Pack {
    fn begin(&self) -> Result<(), String> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&self.directory).map_err(|e| self.wrong("", &e))
    }

    fn text(&self, name: &str, text: &str) -> Result<(), String> {
        self.put(name, &self.mask.text(text))
    }

    fn json(&self, name: &str, mut value: Value) -> Result<(), String> {
        self.mask.value(&mut value);
        self.put(name, &serde_json::to_string_pretty(&value).unwrap_or_default())
    }

    fn put(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.directory.join(name);
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|e| self.wrong(name, &e))
    }

    fn wrong(&self, name: &str, error: &std::io::Error) -> String {
        format!("{}: {error}", self.directory.join(name).display())
    }
}
