//! What a start would trip over, found before it.

use std::collections::BTreeMap;
use std::fmt;

use kkm_drivers::open::{FAMILIES, OpenError, open};

use super::secrets;
use super::settings::Settings;
use crate::http::Tls;
use crate::outbox::origin::Policy;

/// Something wrong, with its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as it is written in the file.
    pub key: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.what)
    }
}

/// All problems of a configuration; none means that a start will not fail on it.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |key: String, what: String| problems.push(Problem { key, what });
    if settings.devices.is_empty() {
        say("devices".into(), "no device is configured; add a section [devices.NAME]".into());
    }
    if settings.shops.is_empty() {
        say("shops".into(), "nobody may send documents; add a section [shops.NAME] with token and device".into());
    }
    match &settings.intake.tls {
        Some(files) => {
            if let Err(error) = Tls::open(files.clone()) {
                say("intake.tls".into(), error.to_string());
            }
        }
        None if settings.intake.listen.ip().is_loopback() => {}
        None => {
            let what = "beyond loopback TLS is needed; name certificate and key in [intake.tls], or listen on 127.0.0.1 \
                        behind a reverse proxy or tunnel";
            say("intake.listen".into(), what.into());
        }
    }
    if settings.intake.give_up_after > settings.intake.give_up_cap {
        say("intake.give_up_after".into(), "must not be longer than intake.give_up_cap".into());
    }
    let mut ways = BTreeMap::new();
    for (name, shop) in &settings.shops {
        let key = format!("shops.{name}");
        if !settings.devices.contains_key(&shop.device) {
            let known: Vec<_> = settings.devices.keys().map(String::as_str).collect();
            say(
                format!("{key}.device"),
                format!("there is no device \"{}\"; known: {}", shop.device, known.join(", ")),
            );
        }
        match secrets::read(&shop.token) {
            Ok(token) => {
                use secrecy::ExposeSecret;
                let way = (token.expose_secret().to_owned(), shop.path.clone());
                if let Some(other) = ways.insert(way, name) {
                    say(key, format!("has the same token and path as shops.{other}; give one of them a path"));
                }
            }
            Err(error) => say(format!("{key}.token"), error.to_string()),
        }
    }
    match &settings.callback.token {
        None => say("callback.token".into(), "Altegio's partner token is missing; name its file or credential".into()),
        Some(source) => {
            if let Err(error) = secrets::read(source) {
                say("callback.token".into(), error.to_string());
            }
        }
    }
    if let Some(Err(error)) = settings.callback.user_token.as_ref().map(secrets::read) {
        say("callback.user_token".into(), error.to_string());
    }
    match Policy::new(&settings.callback.allowed) {
        Err(error) => say("callback.allowed".into(), error.to_string()),
        Ok(policy) => {
            if let Err(error) = policy.check(&settings.callback.default_url) {
                say("callback.default_url".into(), error.to_string());
            }
        }
    }
    for (name, device) in &settings.devices {
        // Nothing is sent and no port is opened.
        match open(&device.driver).map(|_| ()) {
            Ok(()) => {}
            Err(OpenError::UnknownFamily { family }) => {
                let known: Vec<_> = FAMILIES.iter().map(|(family, _)| *family).collect();
                let what = format!("\"{family}\" is unknown; known: {}", known.join(", "));
                say(format!("devices.{name}.driver.family"), what);
            }
            Err(error) => say(format!("devices.{name}.driver"), error.to_string()),
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::http::TlsFiles;

    fn intake(settings: &Settings) -> Vec<String> {
        check(settings).into_iter().filter(|p| p.key.starts_with("intake")).map(|p| p.to_string()).collect()
    }

    #[test]
    fn beyond_loopback_documents_come_in_by_tls_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("both.pem");
        std::fs::write(&path, include_str!("../http/testdata/old.pem")).expect("written");
        let mut settings = Settings::default();
        assert_eq!(intake(&settings), [""; 0]);
        for address in ["0.0.0.0:8181", "[::]:8181", "192.168.1.5:8181"] {
            settings.intake.listen = address.parse().expect("an address");
            settings.intake.tls = None;
            let said = intake(&settings);
            assert!(
                said.len() == 1 && said[0].contains("intake.listen") && said[0].contains("[intake.tls]"),
                "{said:?}"
            );
            settings.intake.tls =
                Some(TlsFiles { certificate: path.clone(), key: path.clone(), client_ca: Some(path.clone()) });
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
            let said = intake(&settings);
            assert!(said.len() == 1 && said[0].contains("intake.tls") && said[0].contains("chmod"), "{said:?}");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("set");
            assert_eq!(intake(&settings), [""; 0]);
        }
    }
}
