//! TLS against rustls clients in threads of their own, over the real accept loop.

use std::fs::Permissions;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Limits, Tls, TlsError, TlsFiles, renew, serve};

/// Keys and certificates, made by openssl: `old`, `new` (localhost) and `client` are signed by `ca`, `stranger` by another.
/// They protect nothing.
const CA: &str = include_str!("testdata/ca.pem");
const OLD: &str = include_str!("testdata/old.pem");
const NEW: &str = include_str!("testdata/new.pem");
const CLIENT: &str = include_str!("testdata/client.pem");
const STRANGER: &str = include_str!("testdata/stranger.pem");

const DEADLINE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(800);

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// Files in a directory that goes with the test.
struct Files {
    directory: tempfile::TempDir,
    files: TlsFiles,
}

impl Files {
    fn new(pem: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let files = TlsFiles { certificate: path("fullchain.pem"), key: path("key.pem"), client_ca: None };
        let files = Self { directory, files };
        files.renew(pem);
        files
    }

    fn with_clients(pem: &str) -> Self {
        let mut files = Self::new(pem);
        let path = files.directory.path().join("clients.pem");
        put(&path, CA, 0o644);
        files.files.client_ca = Some(path);
        files
    }

    /// As a renewal does: one file after the other, each whole.
    fn renew(&self, pem: &str) {
        put(&self.files.certificate, pem, 0o600);
        put(&self.files.key, pem, 0o600);
    }

    fn open(&self) -> Result<Tls, TlsError> {
        Tls::open(self.files.clone())
    }
}

fn put(path: &Path, text: &str, mode: u32) {
    let fresh = PathBuf::from(format!("{}.new", path.display()));
    std::fs::write(&fresh, text).unwrap();
    std::fs::set_permissions(&fresh, Permissions::from_mode(mode)).unwrap();
    std::fs::rename(&fresh, path).unwrap();
}

struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(tls: &Tls) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "hello"));
        let limits = Limits { header: SHORT, ..Limits::default() };
        let task = tokio::spawn(serve(listener, tls.clone(), router, limits, std::future::pending()));
        Self { address, task }
    }

    /// One request on a connection of its own, from another thread.
    async fn ask(&self, client: &Arc<ClientConfig>) -> io::Result<CertificateDer<'static>> {
        let (address, client) = (self.address, client.clone());
        tokio::task::spawn_blocking(move || ask(address, client)).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client that trusts the CA, and shows the certificate of `identity`.
fn client(identity: Option<&str>, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(CA)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate(pem)], key).unwrap()
        }
    })
}

fn any(identity: Option<&str>) -> Arc<ClientConfig> {
    client(identity, rustls::ALL_VERSIONS)
}

/// The server's certificate, if it answered as it should.
fn ask(address: SocketAddr, client: Arc<ClientConfig>) -> io::Result<CertificateDer<'static>> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(DEADLINE))?;
    let connection = ClientConnection::new(client, ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    // An end without a goodbye is an error here, so the server says goodbye.
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    Ok(stream.conn.peer_certificates().unwrap()[0].clone().into_owned())
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_served() {
    let server = Server::start(&Files::new(OLD).open().unwrap()).await;
    for version in rustls::ALL_VERSIONS {
        assert_eq!(server.ask(&client(None, &[version])).await.unwrap(), certificate(OLD), "{version:?}");
    }
}

/// A hello that offers `version` at most: the same for each, so that the version alone decides.
fn hello(version: u8) -> Vec<u8> {
    let mut body = vec![3, version];
    body.extend([7; 32]);
    // No session; ECDHE_ECDSA with AES_128_CBC_SHA or AES_128_GCM_SHA256; no compression.
    body.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x2b, 1, 0]);
    // Extensions: signature ecdsa_secp256r1_sha256; group secp256r1; points uncompressed; extended master secret.
    body.extend([0, 26, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 23, 0, 0]);
    let length = body.len() as u8;
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(body);
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn older_versions_and_plain_http_get_no_answer() {
    let server = Server::start(&Files::new(OLD).open().unwrap()).await;
    let say = |bytes: &[u8]| {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        answer
    };
    // SSL 3, TLS 1.0, TLS 1.1: a fatal alert, 70 being protocol_version (RFC 5246, 7.2).
    for version in 0..=2 {
        let answer = say(&hello(version));
        assert_eq!((answer[0], &answer[5..]), (21, &[2, 70][..]), "3.{version}");
    }
    // The control, TLS 1.2: a handshake goes on with the server's hello.
    let answer = say(&hello(3));
    assert_eq!((answer[0], answer[5]), (22, 2));
    let answer = say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!answer.windows(5).any(|w| w == b"hello"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_hangs_is_cut_and_holds_up_nobody() {
    let server = Server::start(&Files::new(OLD).open().unwrap()).await;
    let mut silent = TcpStream::connect(server.address).unwrap();
    let mut half = TcpStream::connect(server.address).unwrap();
    half.write_all(&hello(3)[..20]).unwrap();
    server.ask(&any(None)).await.unwrap();
    for socket in [&mut silent, &mut half] {
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        assert_eq!(socket.read(&mut [0; 64]).unwrap_or(0), 0, "closed");
    }
}

async fn only_clients_of_ours(server: &Server) {
    server.ask(&any(Some(CLIENT))).await.unwrap();
    for identity in [None, Some(STRANGER)] {
        for version in rustls::ALL_VERSIONS {
            assert!(server.ask(&client(identity, &[version])).await.is_err(), "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_of_ours_is_refused_also_after_a_reload() {
    let files = Files::with_clients(OLD);
    let tls = files.open().unwrap();
    let server = Server::start(&tls).await;
    only_clients_of_ours(&server).await;
    files.renew(NEW);
    tls.reload().unwrap();
    only_clients_of_ours(&server).await;
    assert_eq!(server.ask(&any(Some(CLIENT))).await.unwrap(), certificate(NEW));
    put(&files.directory.path().join("clients.pem"), "nothing", 0o644);
    assert!(matches!(tls.reload(), Err(TlsError::Form { .. })));
    only_clients_of_ours(&server).await;
}

#[tokio::test]
async fn a_session_of_before_a_reload_is_not_resumed_after_it() {
    let files = Files::with_clients(OLD);
    let tls = files.open().unwrap();
    let server = Server::start(&tls).await;
    let known = any(Some(CLIENT));
    server.ask(&known).await.unwrap();
    // The authority of the client is not trusted any more.
    put(&files.directory.path().join("clients.pem"), STRANGER, 0o644);
    tls.reload().unwrap();
    assert!(server.ask(&known).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_swapped_under_load_without_a_failed_request() {
    let files = Files::new(OLD);
    let tls = files.open().unwrap();
    let server = Server::start(&tls).await;
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (address, over, answered) = (server.address, over.clone(), answered.clone());
            std::thread::spawn(move || {
                let client = any(None);
                while !over.load(Ordering::SeqCst) {
                    let shown = ask(address, client.clone()).expect("no request fails");
                    assert!(shown == certificate(OLD) || shown == certificate(NEW));
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut refused = 0;
    for swap in 1..=40 {
        // Each swap meets requests of its own.
        while answered.load(Ordering::SeqCst) < swap * 10 && clients.iter().all(|c| !c.is_finished()) {
            tokio::task::yield_now().await;
        }
        let pem = if swap % 2 == 0 { OLD } else { NEW };
        put(&files.files.certificate, pem, 0o600);
        refused += usize::from(matches!(tls.reload(), Err(TlsError::Pair { .. })));
        put(&files.files.key, pem, 0o600);
        tls.reload().unwrap();
    }
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(refused, 40, "between the two writes of a renewal nothing is taken");
    assert_eq!(server.ask(&any(None)).await.unwrap(), certificate(OLD));
    assert!(answered.load(Ordering::SeqCst) >= 400);
}

#[tokio::test]
async fn a_bad_file_keeps_the_old_certificate() {
    let files = Files::new(OLD);
    let tls = files.open().unwrap();
    let server = Server::start(&tls).await;
    let good = |path: &PathBuf| put(path, OLD, 0o600);
    let (chain, key) = (files.files.certificate.clone(), files.files.key.clone());
    for bad in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &OLD[..OLD.len() / 4], NEW] {
        put(&chain, bad, 0o600);
        assert!(tls.reload().is_err(), "{bad:?}");
        assert_eq!(server.ask(&any(None)).await.unwrap(), certificate(OLD));
    }
    good(&chain);
    for (bad, mode) in [("", 0o600), (CA, 0o600), (NEW, 0o600), (OLD, 0o644), (OLD, 0o602)] {
        put(&key, bad, mode);
        assert!(tls.reload().is_err(), "{bad:?}");
        assert_eq!(server.ask(&any(None)).await.unwrap(), certificate(OLD));
    }
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Read { .. })));
    good(&key);
    tls.reload().unwrap();
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_way_out() {
    let files = Files::new(OLD);
    put(&files.files.key, OLD, 0o604);
    let text = files.open().unwrap_err().to_string();
    assert!(text.contains(&format!("chmod o-rwx {}", files.files.key.display())), "{text}");
    put(&files.files.key, OLD, 0o640);
    files.open().unwrap();
}

#[tokio::test]
async fn a_renewal_is_taken_on_request_and_when_the_files_change() {
    let files = Files::new(OLD);
    let tls = files.open().unwrap();
    let server = Server::start(&tls).await;
    let awaited = async |pem: &str| {
        let shown = async { while server.ask(&any(None)).await.unwrap() != certificate(pem) {} };
        tokio::time::timeout(DEADLINE, shown).await.expect("served in time");
    };
    let asked = Arc::new(Notify::new());
    let by_request = tokio::spawn(renew(tls.clone(), Duration::MAX, asked.clone()));
    files.renew(NEW);
    assert!(tls.changed());
    asked.notify_one();
    awaited(NEW).await;
    assert!(!tls.changed());
    by_request.abort();
    let by_itself = tokio::spawn(renew(tls.clone(), Duration::from_millis(10), Arc::default()));
    files.renew(OLD);
    awaited(OLD).await;
    // Rights alone are a change too: a key that was open and refused is taken once it is closed.
    put(&files.files.certificate, NEW, 0o600);
    put(&files.files.key, NEW, 0o644);
    std::fs::set_permissions(&files.files.key, Permissions::from_mode(0o600)).unwrap();
    awaited(NEW).await;
    by_itself.abort();
}
