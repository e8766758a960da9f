//! The configuration, the files that it names, and the service that uses them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::Sight;
use super::finding::{Ailment, Finding};
use crate::config::{self, ConfigError, Settings, TokenSource};
use crate::console::machine::Machine;
use crate::daemon;

/// Reads and checks it; the settings name files below the machine's root.
pub(super) fn read(machine: &Machine, path: &Path) -> (Option<Settings>, Vec<Finding>) {
    let about = path.display().to_string();
    // One that lies elsewhere speaks of files that lie elsewhere too.
    let inside = machine.has(path) || !path.exists();
    let mut settings = match config::load(&if inside { machine.path(path) } else { path.to_owned() }) {
        Ok(settings) => settings,
        Err(error) => return (None, vec![Finding::new(about, unreadable(error))]),
    };
    if inside {
        move_below(machine, &mut settings);
    }
    let problems = config::check(&settings).into_iter().filter(|p| !passed_by_systemd(&settings, &p.key));
    let mut findings: Vec<Finding> = problems.map(|p| Finding::new(p.key, Ailment::ConfigProblem(p.what))).collect();
    if let Err(error) = daemon::tax_table(&settings) {
        findings.push(Finding::new("tax_table", Ailment::ConfigProblem(error.to_string())));
    }
    (Some(settings), findings)
}

/// Every token with its key.
fn tokens(settings: &Settings) -> impl Iterator<Item = (String, &TokenSource)> {
    let shops = settings.shops.iter().map(|(name, shop)| (format!("shops.{name}.token"), &shop.token));
    let token = settings.callback.token.iter().map(|token| ("callback.token".to_owned(), token));
    let user = settings.callback.user_token.iter().map(|token| ("callback.user_token".to_owned(), token));
    shops.chain(token).chain(user)
}

/// A credential is given to the service alone; who runs the doctor has none.
fn passed_by_systemd(settings: &Settings, key: &str) -> bool {
    let outside = std::env::var_os("CREDENTIALS_DIRECTORY").is_none();
    outside && tokens(settings).any(|(k, token)| k == key && matches!(token, TokenSource::Credential(_)))
}

/// Credentials that the unit does not load.
fn credentials(sight: &Sight<'_>) -> Vec<Finding> {
    let Some(unit) = super::users::unit(sight.machine) else { return Vec::new() };
    let loads = |name: &str| {
        unit.iter().any(|(key, value)| key.starts_with("LoadCredential") && value.split(':').next() == Some(name))
    };
    tokens(sight.settings)
        .filter_map(|(key, token)| match token {
            TokenSource::Credential(name) if !loads(name) => {
                Some(Finding::new(key, Ailment::CredentialNotLoaded { name: name.clone() }))
            }
            TokenSource::Credential(_) | TokenSource::File(_) => None,
        })
        .collect()
}

fn unreadable(error: ConfigError) -> Ailment {
    match error {
        ConfigError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Ailment::ConfigMissing,
        ConfigError::Read { source, .. } => Ailment::ConfigForm(source.to_string()),
        // The line itself is left out: a token may have been written into it.
        ConfigError::Form { text, .. } => {
            let place = text.lines().next().unwrap_or_default().trim_start_matches("TOML parse error ").to_owned();
            let why = text.lines().filter(|l| !l.contains('|')).skip(1).collect::<Vec<_>>().join(" ");
            Ailment::ConfigForm(format!("{place}: {}", why.trim()))
        }
        ConfigError::Layer(error) => Ailment::ConfigForm(error.to_string()),
    }
}

/// Puts every path of the machine below its root.
fn move_below(machine: &Machine, settings: &mut Settings) {
    if machine.is_here() {
        return;
    }
    let below = |path: &mut PathBuf| *path = machine.path(&*path);
    below(&mut settings.journal.directory);
    settings.tax_table.iter_mut().for_each(below);
    if let Some(tls) = &mut settings.intake.tls {
        below(&mut tls.certificate);
        below(&mut tls.key);
        tls.client_ca.iter_mut().for_each(below);
    }
    let shops = settings.shops.values_mut().map(|shop| &mut shop.token);
    let callback = settings.callback.token.iter_mut().chain(&mut settings.callback.user_token);
    for token in shops.chain(callback) {
        if let TokenSource::File(path) = token {
            below(path);
        }
    }
    for port in settings.devices.values_mut().map(|d| &mut d.driver.port) {
        let (kind, path) = if port.starts_with("lp:") { port.split_at(3) } else { ("", port.as_str()) };
        if path.starts_with('/') {
            *port = format!("{kind}{}", machine.path(path).display());
        }
    }
}

/// Who may read the secrets, whether the service runs, and whether its address is free when it does not.
pub(super) fn files(sight: &Sight<'_>) -> Vec<Finding> {
    let mut findings = credentials(sight);
    if let Some(user) = &sight.user {
        for file in secrets(sight.settings) {
            if let Some(rights) = sight.machine.rights(&file)
                && !user.may(rights, 4)
            {
                let ailment = Ailment::SecretUnreadable { user: user.name.clone() };
                findings.push(Finding::new(file.display().to_string(), ailment));
            }
        }
    }
    if sight.running.is_some() {
        return findings;
    }
    findings.push(Finding::new("kkm-bridge.service", Ailment::ServiceDown));
    let address = sight.settings.intake.listen;
    if sight.machine.is_here()
        && let Err(error) = TcpListener::bind(address)
    {
        findings.push(Finding::new(format!("intake.listen {address}"), Ailment::ListenTaken(error.to_string())));
    }
    findings
}

fn secrets(settings: &Settings) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = tokens(settings)
        .filter_map(|(_, token)| match token {
            TokenSource::File(path) => Some(path.clone()),
            TokenSource::Credential(_) => None,
        })
        .collect();
    files.extend(settings.intake.tls.iter().map(|tls| tls.key.clone()));
    files.sort();
    files.dedup();
    files
}
