//! The daemon under systemd: readiness, watchdog, reload; and TLS as a client meets it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::rig::{Rig, SHOP_TOKEN, another, patience};

/// A stand-in for systemd.
struct Systemd {
    socket: UnixDatagram,
    path: String,
}

impl Systemd {
    fn of(rig: &Rig) -> Self {
        let path = rig.path("notify");
        let socket = UnixDatagram::bind(&path).expect("bound");
        socket.set_read_timeout(Some(patience())).expect("set");
        Self { socket, path: path.to_str().expect("text").to_owned() }
    }

    fn hear(&self) -> Option<String> {
        let mut buffer = [0; 256];
        let count = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..count]).trim_end().to_owned())
    }

    #[track_caller]
    fn expect(&self, word: &str) {
        while self.hear().unwrap_or_else(|| panic!("never {word}")) != word {}
    }

    /// Everything that has already arrived.
    fn so_far(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).expect("set");
        let all = std::iter::from_fn(|| self.hear()).collect();
        self.socket.set_nonblocking(false).expect("set");
        all
    }
}

#[track_caller]
fn await_logged(rig: &Rig, text: &str, times: usize) {
    let deadline = Instant::now() + patience();
    while rig.log().matches(text).count() < times {
        assert!(Instant::now() < deadline, "never {times} times {text:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn systemd_is_told_of_readiness_of_life_and_of_the_stop() {
    let mut rig = Rig::new();
    let systemd = Systemd::of(&rig);
    rig.start_with(&[("NOTIFY_SOCKET", &systemd.path), ("WATCHDOG_USEC", "600000")]);
    systemd.expect("READY=1");
    for _ in 0..3 {
        systemd.expect("WATCHDOG=1");
    }
    // A reload of a service without a certificate changes nothing.
    rig.signal(Signal::HUP);
    await_logged(&rig, "nothing to read again", 1);
    let document = another("under-systemd", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    for _ in 0..3 {
        systemd.expect("WATCHDOG=1");
    }
    rig.signal(Signal::TERM);
    systemd.expect("STOPPING=1");
    assert_eq!(rig.wait_for_exit(), Some(0));
    assert!(!rig.log().contains("the watchdog is not fed"), "{}", rig.log());
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let mut rig = Rig::new();
    let systemd = Systemd::of(&rig);
    rig.start_with(&[("NOTIFY_SOCKET", &systemd.path), ("WATCHDOG_USEC", "3000"), ("WATCHDOG_PID", "1")]);
    systemd.expect("READY=1");
    let document = another("unwatched", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(systemd.so_far(), [""; 0]);
}

#[test]
fn a_watchdog_is_not_fed_when_the_journal_hangs() {
    let mut rig = Rig::new();
    let systemd = Systemd::of(&rig);
    // The first commits are those of the start, and of looks.
    let environment = [
        ("NOTIFY_SOCKET", systemd.path.as_str()),
        ("WATCHDOG_USEC", "900000"),
        ("KKM_BRIDGE_FAIL_AT", "journal.hang:8"),
    ];
    rig.start_with(&environment);
    systemd.expect("READY=1");
    systemd.expect("WATCHDOG=1");
    await_logged(&rig, "the watchdog is not fed", 3);
    assert!(rig.log().contains("the journal's writer does not answer"));
    systemd.so_far();
    await_logged(&rig, "the watchdog is not fed", 6);
    assert_eq!(systemd.so_far(), [""; 0]);
}

const CA: &str = include_str!("../../src/http/testdata/ca.pem");
const OLD: &str = include_str!("../../src/http/testdata/old.pem");
const NEW: &str = include_str!("../../src/http/testdata/new.pem");

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")
}

fn put(path: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(path).expect("made");
    file.write_all(text.as_bytes()).expect("written");
}

/// Posts over TLS: the answer, and the certificate that was shown.
fn post(rig: &Rig, token: &str, body: &str) -> (String, CertificateDer<'static>) {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(CA)).expect("a root");
    let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = rig.url.strip_prefix("https://").expect("https").trim_end_matches('/');
    let socket = TcpStream::connect(address).expect("connected");
    socket.set_read_timeout(Some(patience())).expect("set");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(client), name).expect("a client"), socket);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(body.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let shown = stream.conn.peer_certificates().expect("shown")[0].clone().into_owned();
    (answer, shown)
}

#[test]
fn documents_come_in_over_tls_and_a_reload_takes_the_new_certificate() {
    let mut rig = Rig::new();
    let path = rig.path("both.pem");
    put(&path, OLD);
    rig.settings_at_top(&format!("tls = {{ certificate = {path:?}, key = {path:?} }}"));
    rig.start();
    let mut document = another("over-tls", 1);
    document["callback_url"] = format!("{}/api/v1/integration/kkm/callback/", rig.cloud.origin).into();
    let (answer, shown) = post(&rig, SHOP_TOKEN, &document.to_string());
    assert!(answer.contains("\"pending\""), "{answer}");
    assert_eq!(shown, certificate(OLD));
    rig.cloud.await_success(&document["id"]);
    let (answer, _) = post(&rig, "another-token-0123456789", &document.to_string());
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");

    put(&path, "not a certificate");
    rig.signal(Signal::HUP);
    await_logged(&rig, "the old one is served on", 1);
    assert_eq!(post(&rig, SHOP_TOKEN, &document.to_string()).1, certificate(OLD));
    put(&path, NEW);
    rig.signal(Signal::HUP);
    await_logged(&rig, "is served from now on", 1);
    assert_eq!(post(&rig, SHOP_TOKEN, &document.to_string()).1, certificate(NEW));
    assert_eq!(rig.receipts().len(), 1);
    rig.signal(Signal::TERM);
    assert_eq!(rig.wait_for_exit(), Some(0));
}
