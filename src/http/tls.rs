//! TLS for listeners beyond loopback: a [`Handshake`] whose certificate is renewed while it serves.
//!
//! - TLS 1.2 and 1.3 by rustls with ring; HTTP/1.1 alone by ALPN. The time of a handshake is limited by the accept loop.
//! - With `client_ca` a client must show a certificate that leads to one of these; without it none is asked for.
//! - [`Tls::reload`] reads every file again and builds everything anew: chain, key, and the demand on clients. Only what is
//!   whole is taken; else the old one goes on and the error says why. A handshake at hand ends as it began, connections
//!   stay, and a session of before is not resumed after it.
//! - A certificate and a key that do not belong together are refused, so a reload between the two writes of a renewal is
//!   harmless.
//! - A key that others can read is refused.
//! - [`renew`] reloads on request, and looks once in [`LOOK_EVERY`] whether a file has changed.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Handshake;

/// How often [`renew`] looks at the files by itself.
pub const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A certificate file is a few KiB; a bundle of every public authority has 250 KiB.
const MOST_FILE_BYTES: u64 = 1024 * 1024;

/// Read or write for others.
const OTHERS: u32 = 0o006;

/// Section `[intake.tls]`: files in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, and after it the intermediate ones: what certbot calls `fullchain.pem`.
    pub certificate: PathBuf,
    /// Its key; others must not be able to read it.
    pub key: PathBuf,
    /// Clients must show a certificate that leads to one of these.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

/// Why the files cannot be served with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Others can read or write the key.
    #[error("others can read or write the key {0}; run: chmod o-rwx {0}")]
    Open(PathBuf),
    /// Not the PEM that is wanted.
    #[error("{path} holds no {what} in PEM ({source})")]
    Form {
        /// Which.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
    /// The certificate and the key cannot be used, or not together.
    #[error("{certificate} with {key}: {source}")]
    Pair {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The authorities of clients cannot be used.
    #[error("{path}: {why}")]
    Authorities {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The handshake; clones share what is loaded.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: TlsFiles,
    /// As the files were when they were read last, whatever came of it.
    seen: Mutex<Vec<Seen>>,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        // Looked at before it is read: a change in between is seen as a change.
        let seen = look(&files);
        let config = RwLock::new(Arc::new(load(&files)?));
        Ok(Self(Arc::new(Inner { files, seen: Mutex::new(seen), config })))
    }

    /// Reads the files again; after an error everything is as before.
    pub fn reload(&self) -> Result<(), TlsError> {
        // Held to the end: of two reloads at once the one that looked last is the one that stays.
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = look(&self.0.files);
        let fresh = Arc::new(load(&self.0.files)?);
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// True when a file is not the one that was read last.
    pub fn changed(&self) -> bool {
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner) != look(&self.0.files)
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.0.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Handshake<S> for Tls {
    type Io = TlsStream<S>;

    fn shake(&self, stream: S) -> impl Future<Output = io::Result<TlsStream<S>>> + Send {
        TlsAcceptor::from(self.config()).accept(stream)
    }
}

/// Reloads whenever `asked` is rung, and when a look each `every` finds a file changed; for ever.
pub async fn renew(tls: Tls, every: Duration, asked: Arc<Notify>) {
    loop {
        let by_hand = tokio::select! {
            () = asked.notified() => true,
            () = tokio::time::sleep(every) => false,
        };
        let tls = tls.clone();
        let renewed = tokio::task::spawn_blocking(move || (by_hand || tls.changed()).then(|| tls.reload()));
        match renewed.await {
            Ok(None) | Err(_) => {}
            Ok(Some(Ok(()))) => tracing::info!("the certificate was read again and is served from now on"),
            Ok(Some(Err(error))) => {
                tracing::error!(%error, "the new certificate cannot be used; the old one is served on");
            }
        }
    }
}

/// What tells one version of a file from another: device, inode, size, and the time of the last change, be it of rights
/// alone (s, ns).
type Seen = Option<(u64, u64, u64, i64, i64)>;

fn look(files: &TlsFiles) -> Vec<Seen> {
    let one =
        |path: &PathBuf| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino(), m.size(), m.ctime(), m.ctime_nsec()));
    [Some(&files.certificate), Some(&files.key), files.client_ca.as_ref()].into_iter().flatten().map(one).collect()
}

fn load(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key, Privacy::Secret)?).map_err(|source| TlsError::Form {
        path: files.key.clone(),
        what: "private key",
        source,
    })?;
    let pair = |source| TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone(), source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(pair)?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(authorities(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(
                verifier.map_err(|error| TlsError::Authorities { path: path.clone(), why: error.to_string() })?,
            )
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| TlsError::Authorities { path: path.to_owned(), why: error.to_string() })?;
    }
    Ok(roots)
}

/// At least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let form = |source| TlsError::Form { path: path.to_owned(), what: "certificate", source };
    let all = CertificateDer::pem_slice_iter(&read(path, Privacy::Public)?).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(form)?;
    if all.is_empty() { Err(form(pem::Error::NoItemsFound)) } else { Ok(all) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Privacy {
    Public,
    Secret,
}

fn read(path: &Path, privacy: Privacy) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // Asked of the open file, so that it is the one that is read.
    if privacy == Privacy::Secret && file.metadata().map_err(failed)?.mode() & OTHERS != 0 {
        return Err(TlsError::Open(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MOST_FILE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
