//! The sender against hand-made servers on loopback.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

use super::memory::{MemoryStore, State};
use super::origin::{OriginError, Policy};
use super::resolve::{Found, Lookup};
use super::send::{MOST_BODY_BYTES, Options, Sender, SenderError};
use super::{Answer, Post, Report, run};
use crate::clock::{Clock, FLOOR_WALL_MS, ManualClock};

/// What must be seen nowhere but in the header to an allowed host.
const CANARY: &str = "CANARY-7f3a9c51e2d84b06";
const DEADLINE: Duration = Duration::from_secs(20);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// How a server treats one connection.
#[derive(Clone)]
enum Turn {
    /// Reads the request, writes this, closes.
    Say(String),
    /// Writes this, then 1 KiB after another until the other side hangs up; counts the bytes.
    Endless(String, Arc<AtomicUsize>),
    /// Writes this, then nothing.
    Hang(String),
    /// Breaks the connection after the request.
    Reset,
}

/// A server on loopback: it takes its turns in order, the last one again and again, and tells every request.
struct Server {
    origin: String,
    seen: mpsc::UnboundedReceiver<String>,
}

impl Server {
    async fn start(turns: Vec<Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (tell, seen) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for count in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let turn = turns[usize::min(count, turns.len() - 1)].clone();
                tokio::spawn(serve(stream, turn, tell.clone()));
            }
        });
        Self { origin, seen }
    }

    fn url(&self) -> String {
        format!("{}/api/v1/integration/kkm/callback/", self.origin)
    }

    async fn next(&mut self) -> String {
        tokio::time::timeout(DEADLINE, self.seen.recv()).await.expect("a request in time").unwrap()
    }

    fn saw_nothing_more(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }
}

async fn serve(mut stream: TcpStream, turn: Turn, tell: mpsc::UnboundedSender<String>) {
    let request = read_request(&mut stream).await;
    let _ = tell.send(request);
    match turn {
        Turn::Say(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Turn::Endless(head, count) => {
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&[b'x'; 1024]).await.is_ok() {
                count.fetch_add(1024, Ordering::SeqCst);
            }
        }
        Turn::Hang(head) => {
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.read(&mut [0; 16]).await;
        }
        Turn::Reset => stream.set_zero_linger().unwrap(),
    }
}

/// A whole request with a `Content-Length`, or what came before the end.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        request.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if count == 0 || whole {
            return text;
        }
    }
}

fn sender_with(allowed: &[&str], options: Options) -> Sender {
    Sender::new(Arc::new(Policy::new(allowed).unwrap()), SecretString::from(CANARY), options).unwrap()
}

fn sender(allowed: &[&str]) -> Sender {
    sender_with(allowed, Options::default())
}

fn quick() -> Options {
    Options { total_timeout: Duration::from_millis(300), ..Options::default() }
}

fn report(url: &str) -> Report {
    let since = ManualClock::new(FLOOR_WALL_MS).now();
    let body = "{\"id\":\"d72fece5\", \"status\":\"success\",\"code\":0,\"message\":\"Чек №5\"}".to_owned();
    Report { row: 1, url: url.to_owned(), body, tries: 0, since }
}

fn code(answer: &Answer) -> u16 {
    match answer {
        Answer::Status { code, .. } => *code,
        Answer::Unreachable(_) | Answer::NoAnswer(_) | Answer::NotAllowed(_) => panic!("{answer:?}"),
    }
}

fn say(text: &str) -> Turn {
    Turn::Say(text.to_owned())
}

fn redirect(code: u16, place: &str) -> Turn {
    Turn::Say(format!("HTTP/1.1 {code} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"))
}

#[tokio::test]
async fn the_request_is_what_the_vendor_documents_and_its_body_is_untouched() {
    let mut server = Server::start(vec![say(OK)]).await;
    let answer = sender(&[&server.origin]).send(&report(&server.url())).await;
    assert_eq!(answer, Answer::Status { code: 200, retry_after: None, note: "{}".to_owned() });
    let request = server.next().await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, report("").body);
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /api/v1/integration/kkm/callback/ http/1.1\r\n"));
    for line in [
        format!("authorization: bearer {}", CANARY.to_ascii_lowercase()),
        "accept: application/vnd.api.v2+json".to_owned(),
        "content-type: application/json".to_owned(),
    ] {
        assert_eq!(head.lines().filter(|have| *have == line).count(), 1, "{line}");
    }
    assert!(!head.contains("accept-encoding"), "nothing is decompressed, so nothing is offered");
}

#[tokio::test]
async fn the_user_token_is_the_second_part() {
    let mut server = Server::start(vec![say(OK)]).await;
    let options = Options { user_token: Some(SecretString::from("user-9")), ..Options::default() };
    sender_with(&[&server.origin], options).send(&report(&server.url())).await;
    assert!(server.next().await.contains(&format!("Bearer {CANARY}, User user-9\r\n")));
}

#[test]
fn a_token_that_no_header_can_carry_is_refused() {
    for token in ["", "a b", "a\r\nX: y", "a,b", "тест", "a\0"] {
        let made = Sender::new(Arc::default(), SecretString::from(token), Options::default());
        assert!(matches!(made, Err(SenderError::Token)), "{token:?}");
    }
}

#[tokio::test]
async fn every_status_comes_back_as_it_is() {
    for status in [200, 201, 204, 400, 401, 403, 404, 408, 425, 429, 500, 502, 503] {
        let text = format!("HTTP/1.1 {status} X\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n");
        let server = Server::start(vec![Turn::Say(text)]).await;
        let answer = sender(&[&server.origin]).send(&report(&server.url())).await;
        assert_eq!(answer, Answer::Status { code: status, retry_after: Some("17".into()), note: String::new() });
    }
}

#[tokio::test]
async fn see_other_and_its_like_are_failures_and_the_place_sees_nothing() {
    for status in [300, 301, 302, 303] {
        let mut other = Server::start(vec![say(OK)]).await;
        let mut server = Server::start(vec![redirect(status, &other.url())]).await;
        let answer = sender(&[&server.origin, &other.origin]).send(&report(&server.url())).await;
        assert_eq!(code(&answer), status);
        server.next().await;
        assert!(other.saw_nothing_more() && server.saw_nothing_more());
    }
}

#[tokio::test]
async fn a_307_or_308_is_followed_to_an_allowed_place_with_the_same_body() {
    for status in [307, 308] {
        let mut other = Server::start(vec![say(OK)]).await;
        let mut server = Server::start(vec![redirect(status, "/moved/here"), redirect(status, &other.url())]).await;
        let answer = sender(&[&server.origin, &other.origin]).send(&report(&server.url())).await;
        assert_eq!(code(&answer), 200);
        server.next().await;
        assert!(server.next().await.starts_with("POST /moved/here "));
        let request = other.next().await;
        assert!(request.ends_with(&report("").body) && request.contains(CANARY));
    }
}

#[tokio::test]
async fn a_foreign_place_of_a_redirect_never_sees_the_token() {
    let mut foreign = Server::start(vec![say(OK)]).await;
    let port = foreign.origin.rsplit_once(':').unwrap().1.to_owned();
    let places = [
        foreign.url(),
        format!("//127.0.0.1:{port}/api/"),
        format!("http://x@127.0.0.1:{port}/api/"),
        format!("http:\\\\127.0.0.1:{port}/api/"),
        format!("http://localhost:{port}/api/"),
        "../up".to_owned(),
        "/a/../b".to_owned(),
        String::new(),
    ];
    for place in places {
        let mut server = Server::start(vec![redirect(307, &place)]).await;
        let answer = sender(&[&server.origin]).send(&report(&server.url())).await;
        assert_eq!(code(&answer), 307, "{place}");
        server.next().await;
        assert!(server.saw_nothing_more(), "{place}");
    }
    assert!(foreign.saw_nothing_more());
}

#[tokio::test]
async fn redirects_end_after_three() {
    let mut server = Server::start(vec![redirect(307, "/again")]).await;
    let answer = sender(&[&server.origin]).send(&report(&server.url())).await;
    assert_eq!(code(&answer), 307);
    for _ in 0..4 {
        server.next().await;
    }
    assert!(server.saw_nothing_more());
}

#[tokio::test]
async fn a_url_outside_the_list_is_not_dialled() {
    let mut server = Server::start(vec![say(OK)]).await;
    let answer = sender(&[]).send(&report(&server.url())).await;
    assert_eq!(answer, Answer::NotAllowed(OriginError::NotListed));
    assert!(server.saw_nothing_more());
}

#[tokio::test]
async fn an_endless_body_is_left_after_eight_kibibytes() {
    let count = Arc::new(AtomicUsize::new(0));
    let head = "HTTP/1.1 500 X\r\nTransfer-Encoding: identity\r\n\r\n".to_owned();
    let server = Server::start(vec![Turn::Endless(head, Arc::clone(&count))]).await;
    let before = Instant::now();
    let answer = sender(&[&server.origin]).send(&report(&server.url())).await;
    assert!(before.elapsed() < Duration::from_secs(4), "not by a time-out");
    let Answer::Status { code: 500, note, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(note.len(), 200);
    // What the kernel's buffers took besides is not ours.
    assert!(count.load(Ordering::SeqCst) < 16 * 1024 * 1024 + MOST_BODY_BYTES);
}

#[tokio::test]
async fn a_slow_body_does_not_undo_the_status() {
    let server = Server::start(vec![Turn::Hang("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow".into())]).await;
    let options = Options { total_timeout: Duration::from_secs(2), ..Options::default() };
    let answer = sender_with(&[&server.origin], options).send(&report(&server.url())).await;
    assert_eq!(answer, Answer::Status { code: 200, retry_after: None, note: "slow".to_owned() });
}

#[tokio::test]
async fn silence_garbage_endless_headers_and_a_reset_are_no_answer() {
    let endless = Turn::Endless("HTTP/1.1 200 OK\r\nX: ".into(), Arc::default());
    for turn in [
        Turn::Hang(String::new()),
        Turn::Hang("HTTP/1.1 200".into()),
        say("garbage\r\n\r\n"),
        say(""),
        Turn::Reset,
        endless,
    ] {
        let server = Server::start(vec![turn]).await;
        let answer = sender_with(&[&server.origin], quick()).send(&report(&server.url())).await;
        assert!(matches!(answer, Answer::NoAnswer(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let answer = sender(&[&origin]).send(&report(&format!("{origin}/x"))).await;
    assert!(matches!(answer, Answer::Unreachable(_)), "{answer:?}");
}

#[tokio::test]
async fn after_a_redirect_a_closed_port_is_no_answer_for_bytes_have_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::start(vec![redirect(307, &format!("{closed}/x"))]).await;
    let answer = sender(&[&server.origin, &closed]).send(&report(&server.url())).await;
    assert!(matches!(answer, Answer::NoAnswer(_)), "{answer:?}");
}

/// Gives other addresses at each question, and counts the questions.
struct Rebinding {
    turns: Vec<IpAddr>,
    asked: AtomicUsize,
}

impl Lookup for Rebinding {
    fn lookup(&self, _host: &str) -> Found {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let address = self.turns[turn.min(self.turns.len() - 1)];
        Box::pin(async move { Ok(vec![address]) })
    }
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_dialled() {
    let mut server = Server::start(vec![say(OK)]).await;
    let port = server.origin.rsplit_once(':').unwrap().1.to_owned();
    let turns = vec![Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(10, 9, 9, 9).into()];
    let lookup = Arc::new(Rebinding { turns, asked: AtomicUsize::new(0) });
    let options = Options { lookup: Arc::clone(&lookup) as Arc<dyn Lookup>, ..Options::default() };
    let origin = format!("http://localhost:{port}");
    let sender = sender_with(&[&origin], options);
    assert_eq!(code(&sender.send(&report(&format!("{origin}/x"))).await), 200);
    server.next().await;
    assert_eq!(lookup.asked.load(Ordering::SeqCst), 1, "one question for one attempt");
    let answer = sender.send(&report(&format!("{origin}/x"))).await;
    assert!(matches!(&answer, Answer::Unreachable(why) if why.contains("10.9.9.9")), "{answer:?}");
    assert!(server.saw_nothing_more());
}

#[tokio::test]
async fn a_public_name_that_resolves_to_this_machine_is_not_dialled() {
    let mut server = Server::start(vec![say(OK)]).await;
    let port = server.origin.rsplit_once(':').unwrap().1.to_owned();
    let lookup = Arc::new(Rebinding { turns: vec![Ipv4Addr::LOCALHOST.into()], asked: AtomicUsize::new(0) });
    let origin = format!("https://relay.example:{port}");
    let options = Options { lookup, roots: vec![ca()], ..quick() };
    let answer = sender_with(&[&origin], options).send(&report(&format!("{origin}/x"))).await;
    assert!(matches!(&answer, Answer::Unreachable(why) if why.contains("may not")), "{answer:?}");
    assert!(server.saw_nothing_more());
}

#[tokio::test]
async fn an_echoed_token_is_withheld_from_the_note() {
    let text = format!("HTTP/1.1 404 X\r\nContent-Length: {}\r\n\r\n{CANARY}", CANARY.len());
    let server = Server::start(vec![Turn::Say(text)]).await;
    let answer = sender(&[&server.origin]).send(&report(&server.url())).await;
    assert!(matches!(&answer, Answer::Status { note, .. } if note.contains("withheld")), "{answer:?}");
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_at_its_finest_never_holds_the_token() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // For the whole test program: a subscriber of one thread misses places that another thread passed first.
    tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
    let echo = format!("HTTP/1.1 404 X\r\nContent-Length: {}\r\n\r\n{CANARY}", CANARY.len());
    let gone = Server::start(vec![Turn::Reset]).await;
    let server = Server::start(vec![Turn::Say(echo), say(OK)]).await;
    let store = Arc::new(MemoryStore::default());
    let clock = ManualClock::new(FLOOR_WALL_MS);
    let rows = [gone.url(), server.url(), server.url()].map(|url| store.add(&url, "{}", &clock.now()));
    let sender = Arc::new(sender(&[&gone.origin, &server.origin]));
    let loop_ = run(Arc::clone(&store), sender, clock, Arc::default(), std::future::pending());
    let done = async {
        while store.row(rows[2]).state != State::Delivered || store.row(rows[0]).report.tries == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = loop_ => ended.unwrap(),
        ended = tokio::time::timeout(DEADLINE, done) => ended.unwrap(),
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("report delivered") && text.contains("report parked"), "{text}");
    assert!(!text.contains("CANARY"), "{text}");
}

#[tokio::test]
async fn two_failures_and_a_success_end_as_delivered_with_the_same_bytes() {
    let bad = "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n";
    let mut server = Server::start(vec![say(bad), say(bad), say(OK)]).await;
    let store = Arc::new(MemoryStore::default());
    let clock = ManualClock::new(FLOOR_WALL_MS);
    let row = store.add(&server.url(), &report("").body, &clock.now());
    let sender = Arc::new(sender(&[&server.origin]));
    let doorbell = Arc::new(Notify::new());
    let task = tokio::spawn(run(Arc::clone(&store), sender, clock.clone(), doorbell, std::future::pending()));
    let mut requests = Vec::new();
    for wait_s in [5, 30, 0] {
        requests.push(server.next().await);
        let answered = async {
            while store.row(row).state != State::Delivered && clock.next_wake() != Some(Duration::from_secs(wait_s)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, answered).await.unwrap();
        clock.advance(Duration::from_secs(wait_s));
    }
    assert_eq!(store.row(row).state, State::Delivered);
    assert!(requests.iter().all(|request| *request == requests[0]));
    task.abort();
}

#[test]
fn proxies_of_the_environment_are_ignored() {
    const URL: &str = "KKM_BRIDGE_TEST_URL";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Ok(url) = std::env::var(URL) {
        // The child: its environment names a proxy. A client that obeys it is the control.
        runtime.block_on(async {
            let origin = url.trim_end_matches("/api/v1/integration/kkm/callback/").to_owned();
            assert_eq!(code(&sender(&[&origin]).send(&report(&url)).await), 200);
            let obedient = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
            let _ = obedient.get(format!("{origin}/control")).send().await;
        });
        return;
    }
    runtime.block_on(async {
        let mut proxy = Server::start(vec![say(OK)]).await;
        let mut server = Server::start(vec![say(OK)]).await;
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "outbox::send_tests::proxies_of_the_environment_are_ignored"]).env(URL, server.url());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            child.env(name, &proxy.origin);
        }
        let end = child.env_remove("NO_PROXY").env_remove("no_proxy").output().await.unwrap();
        assert!(end.status.success(), "{}", String::from_utf8_lossy(&end.stdout));
        assert!(server.next().await.contains(CANARY));
        let control = proxy.next().await;
        assert!(control.contains("/control") && !control.contains(CANARY), "{control}");
        assert!(proxy.saw_nothing_more());
    });
}

/// Keys and certificates of the TLS tests. They protect nothing.
const CA: &str = include_str!("testdata/ca.pem");
const GOOD: &str = include_str!("testdata/localhost.pem");
const OTHER_HOST: &str = include_str!("testdata/otherhost.pem");
const EXPIRED: &str = include_str!("testdata/expired.pem");
const SELF_SIGNED: &str = include_str!("testdata/selfsigned.pem");

fn ca() -> reqwest::Certificate {
    reqwest::Certificate::from_pem(CA.as_bytes()).unwrap()
}

/// Serves one TLS connection in a thread of its own: what the client said in it, or the failure of the handshake.
fn serve_tls(pem: &str) -> (u16, std::thread::JoinHandle<Result<String, std::io::Error>>) {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(certificates, key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept()?;
        socket.set_read_timeout(Some(DEADLINE))?;
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let mut request = [0; 4096];
        let count = stream.read(&mut request)?;
        stream.write_all(OK.as_bytes())?;
        Ok(String::from_utf8_lossy(&request[..count]).into_owned())
    });
    (port, task)
}

async fn over_tls(pem: &str) -> (Answer, Result<String, std::io::Error>) {
    let (port, server) = serve_tls(pem);
    let origin = format!("https://localhost:{port}");
    let options = Options {
        roots: vec![ca()],
        lookup: Arc::new(Rebinding { turns: vec![Ipv4Addr::LOCALHOST.into()], asked: AtomicUsize::new(0) }),
        ..Options::default()
    };
    let answer = sender_with(&[&origin], options).send(&report(&format!("{origin}/x"))).await;
    (answer, server.join().unwrap())
}

#[tokio::test]
async fn a_trusted_certificate_is_taken() {
    let (answer, seen) = over_tls(GOOD).await;
    assert_eq!(code(&answer), 200);
    assert!(seen.unwrap().contains(CANARY));
}

#[tokio::test]
async fn a_wrong_expired_or_self_signed_certificate_gets_no_byte_of_the_request() {
    for pem in [OTHER_HOST, EXPIRED, SELF_SIGNED] {
        let (answer, seen) = over_tls(pem).await;
        assert!(matches!(&answer, Answer::Unreachable(why) if why.contains("certificate")), "{answer:?}");
        assert!(seen.is_err(), "{seen:?}");
    }
}
