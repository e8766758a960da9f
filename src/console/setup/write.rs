//! Files that are there whole or not at all, each with its rights from the first moment.
//!
//! A new file is written beside its place, synced, and moved; the directory is synced after it. What stood there is kept as
//! `FILE.1`, `FILE.2`, ... A configuration is read and checked before it is moved. After a failure the tokens are as before.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::secrets::Secrets;
use super::{EXIT_IO, Stop};
use crate::config::{self, Settings};
use crate::console::machine::Machine;
use crate::daemon;

/// The service's user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// Of this name; only root can give files away.
    pub(super) fn of(machine: &Machine, name: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = machine.read("/etc/passwd")?;
        let mut fields = users.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?;
        let (user, group) = (fields.nth(2)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self { user, group })
    }
}

/// Tokens that were written; taken back unless they are kept.
pub(super) struct Written(Vec<(PathBuf, Option<PathBuf>)>);

impl Written {
    /// Writes what is fresh: readable by its owner alone.
    pub(super) fn tokens(secrets: &Secrets, owner: Option<Owner>) -> Result<Self, Stop> {
        let mut written = Self(Vec::new());
        for secret in [&secrets.shop, &secrets.partner] {
            if !secret.fresh {
                continue;
            }
            let text = format!("{}\n", secret.token.expose_secret());
            let new = beside(&secret.file, &text, 0o600)?;
            if let Some(owner) = owner {
                std::os::unix::fs::chown(&new, Some(owner.user), Some(owner.group)).map_err(|e| Stop::io(&new, &e))?;
            }
            let old = keep_old(&secret.file)?;
            std::fs::rename(&new, &secret.file).map_err(|e| Stop::io(&secret.file, &e))?;
            written.0.push((secret.file.clone(), old));
            sync_directory(&secret.file)?;
        }
        Ok(written)
    }

    /// They stay.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for (file, old) in self.0.drain(..) {
            let _ = match old {
                Some(old) => std::fs::rename(old, file),
                None => std::fs::remove_file(file),
            };
        }
    }
}

/// Writes, reads, checks, and moves the configuration to its place; gives it back with the copy of the old one.
pub(super) fn configuration(
    path: &Path,
    text: &str,
    force: bool,
    owner: Option<Owner>,
) -> Result<(Settings, Option<PathBuf>), Stop> {
    let new = beside(path, text, 0o640)?;
    let placed = usable(&new).and_then(|settings| {
        if let Some(owner) = owner {
            std::os::unix::fs::chown(&new, None, Some(owner.group)).map_err(|e| Stop::io(&new, &e))?;
        }
        let old = if force {
            let old = keep_old(path)?;
            std::fs::rename(&new, path).map_err(|e| Stop::io(path, &e))?;
            old
        } else {
            // A link is not made over a file that came in between.
            std::fs::hard_link(&new, path).map_err(|e| Stop::io(path, &e))?;
            None
        };
        sync_directory(path)?;
        Ok((settings, old))
    });
    let _ = std::fs::remove_file(&new);
    placed
}

fn usable(path: &Path) -> Result<Settings, Stop> {
    let settings = config::load(path).map_err(|e| Stop::unfit(e.to_string()))?;
    let mut problems: Vec<String> = config::check(&settings).iter().map(ToString::to_string).collect();
    problems.extend(daemon::tax_table(&settings).err().map(|error| error.to_string()));
    if problems.is_empty() { Ok(settings) } else { Err(Stop::unfit(problems.join("\n"))) }
}

/// A new file beside `path`, whole and synced.
fn beside(path: &Path, text: &str, mode: u32) -> Result<PathBuf, Stop> {
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.as_os_str().is_empty() && !directory.exists() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o750).create(directory).map_err(|e| Stop::io(directory, &e))?;
    }
    let name = path.file_name().ok_or_else(|| Stop(format!("{} is no file name", path.display()), EXIT_IO))?;
    let new = directory.join(format!(".{}.new-{}", name.to_string_lossy(), std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    match write() {
        Ok(()) => Ok(new),
        Err(error) => {
            let _ = std::fs::remove_file(&new);
            Err(Stop::io(&new, &error))
        }
    }
}

/// What stands at `path` under the first free number.
fn keep_old(path: &Path) -> Result<Option<PathBuf>, Stop> {
    if !path.exists() {
        return Ok(None);
    }
    for number in 1..1000 {
        let copy = PathBuf::from(format!("{}.{number}", path.display()));
        match std::fs::hard_link(path, &copy) {
            Ok(()) => return Ok(Some(copy)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Stop::io(&copy, &error)),
        }
    }
    Err(Stop(format!("{} has a thousand old copies; remove some", path.display()), EXIT_IO))
}

fn sync_directory(path: &Path) -> Result<(), Stop> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|d| d.sync_all()).map_err(|e| Stop::io(directory, &e))
}
