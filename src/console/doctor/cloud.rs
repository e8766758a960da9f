//! The way of a document in and of its result out: certificate, and the callback's address.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};

use super::Sight;
use super::finding::{Ailment, Finding};
use crate::outbox::origin;

/// A certificate that ends within so many days should have been renewed.
const CERTIFICATE_DAYS: i64 = 14;
/// For name, connection, handshake and answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// Seconds of a day.
const DAY_S: i64 = 24 * 3600;

/// The certificate, and unless `offline` the callback.
pub(super) fn look(sight: &Sight<'_>, offline: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(tls) = &sight.settings.intake.tls
        && let Some(end_s) = ends_at_s(&tls.certificate)
    {
        let days = (end_s - sight.now_ms() / 1000).div_euclid(DAY_S);
        if days < CERTIFICATE_DAYS {
            findings.push(Finding::new(tls.certificate.display().to_string(), Ailment::CertificateEnds { days }));
        }
    }
    let url = &sight.settings.callback.default_url;
    if !offline && let Err(why) = reach(url) {
        findings.push(Finding::new(origin::origin_of(url), Ailment::CallbackUnreachable(why)));
    }
    findings
}

/// Last second of a certificate's life, Unix. The library that also verifies certificates says so when it is asked about a
/// day that lies behind every life.
fn ends_at_s(path: &Path) -> Option<i64> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).ok()?.collect::<Result<_, _>>().ok()?;
    let certificate = chain.first()?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let late = UnixTime::since_unix_epoch(Duration::from_secs(u64::from(u32::MAX) * 60));
    let name = ServerName::try_from("localhost").ok()?;
    match verifier.verify_server_cert(certificate, &[], &name, &[], late) {
        Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            i64::try_from(not_after.as_secs()).ok()
        }
        Ok(_) | Err(_) => None,
    }
}

/// Any answer will do: the address is reached. No token is sent.
fn reach(url: &str) -> Result<(), String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let client =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
        let client = if url.starts_with("http:") { client.tls_certs_only([]) } else { client };
        let client = client.build().map_err(|e| causes(&e))?;
        client.get(url).send().await.map(|_| ()).map_err(|e| causes(&e.without_url()))
    })
}

/// The last cause is the one that says something.
fn causes(error: &dyn std::error::Error) -> String {
    let last = std::iter::successors(Some(error), |error| error.source()).last();
    last.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/testdata/old.pem");
        // 2126-11-01T07:37:56Z.
        assert_eq!(ends_at_s(&path), Some(4_949_192_276));
        assert_eq!(ends_at_s(Path::new("/nowhere")), None);
    }
}
