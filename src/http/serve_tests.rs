//! The accept loop against raw sockets.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::{BodyFault, BodyLimits, Handshake, Limits, Plain, detached, limit_body, serve};

const DEADLINE: Duration = Duration::from_secs(20);
/// Short for a limit under test, long for a machine under load.
const SHORT: Duration = Duration::from_millis(800);
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router, limits: Limits) -> Self {
        Self::start_with(Plain, router, limits).await
    }

    async fn start_with(handshake: impl Handshake<TcpStream>, router: Router, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, handshake, router, limits, async move {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends, and reads until the server closes.
    async fn talk(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(request).await;
        to_end(&mut stream).await
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn ended(self) {
        in_time(self.task).await.unwrap();
    }
}

async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}

/// What comes until the end, be it a close or a reset.
async fn to_end(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = in_time(stream.read(&mut chunk)).await {
        all.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

async fn one_answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut chunk = [0; 4096];
    let count = in_time(stream.read(&mut chunk)).await.unwrap();
    String::from_utf8_lossy(&chunk[..count]).into_owned()
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// Echoes the length of a body within 1000 bytes and [`SHORT`].
fn lengths() -> Router {
    let answer = |fault: BodyFault| -> Response { format!("fault: {fault}").into_response() };
    let limits = BodyLimits { most_bytes: 1000, time: SHORT, ..BodyLimits::new(answer) };
    let handler = async |body: Bytes| body.len().to_string();
    Router::new().route("/", post(handler)).layer(from_fn_with_state(limits, limit_body))
}

fn short_header() -> Limits {
    Limits { header: SHORT, ..Limits::default() }
}

#[tokio::test]
async fn a_request_is_answered_and_the_handler_knows_the_peer() {
    let handler = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let server = Server::start(Router::new().route("/", get(handler)), Limits::default()).await;
    let mut stream = server.connect().await;
    let own = stream.local_addr().unwrap().to_string();
    for _ in 0..2 {
        stream.write_all(GET).await.unwrap();
        let answer = one_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&own), "{answer}");
    }
}

#[tokio::test]
async fn a_unix_socket_is_served_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let task = tokio::spawn(serve(listener, Plain, hello(), Limits::default(), std::future::pending()));
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert!(one_answer(&mut stream).await.ends_with("hello"));
    task.abort();
}

#[tokio::test]
async fn headers_that_drip_are_cut() {
    let server = Server::start(hello(), short_header()).await;
    let mut stream = server.connect().await;
    let mut chunk = [0; 64];
    let drip = async {
        // One byte after another until the other side has had enough.
        for byte in b"GET / HTTP/1.1\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            if tokio::time::timeout(SHORT / 10, stream.read(&mut chunk)).await.is_ok() {
                return;
            }
        }
    };
    in_time(drip).await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_and_one_that_idles_are_closed() {
    let server = Server::start(hello(), short_header()).await;
    assert_eq!(to_end(&mut server.connect().await).await, "");
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    assert!(one_answer(&mut stream).await.ends_with("hello"));
    assert_eq!(to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_whole_body_reaches_the_handler() {
    let server = Server::start(lengths(), short_header()).await;
    let body = "x".repeat(1000);
    let request = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n{body}");
    assert!(server.talk(request.as_bytes()).await.ends_with("\r\n\r\n1000"));
    let chunked = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert!(server.talk(chunked.as_bytes()).await.ends_with("\r\n\r\n5"));
}

#[tokio::test]
async fn a_body_that_drips_is_answered_408_and_cut() {
    let server = Server::start(lengths(), short_header()).await;
    let answer = server.talk(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nslow").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(
        answer.contains("connection: close") && answer.contains("fault: the request did not arrive in time"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_announced_body_over_the_limit_is_refused_before_it_is_sent() {
    let server = Server::start(lengths(), short_header()).await;
    for length in ["1001", "1073741824", "9223372036854775807"] {
        let answer =
            server.talk(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{length}: {answer}");
    }
}

#[tokio::test]
async fn an_endless_chunked_body_is_cut_at_the_limit() {
    let server = Server::start(lengths(), short_header()).await;
    let (mut read, mut write) = server.connect().await.into_split();
    let sender = tokio::spawn(async move {
        let mut sent = 0_usize;
        let head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        write.write_all(head).await.unwrap();
        while write
            .write_all(b"40\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")
            .await
            .is_ok()
        {
            sent += 64;
        }
        sent
    });
    let answer = to_end(&mut read).await;
    // The reset that ends the sender may overtake the answer; what counts is that both end.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    let sent = in_time(sender).await.unwrap();
    assert!(sent < 64 * 1024 * 1024, "what the kernel buffered, no more: {sent}");
}

#[tokio::test]
async fn broken_chunks_are_answered_400() {
    let server = Server::start(lengths(), short_header()).await;
    let answer = server.talk(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn headers_beyond_the_limits_are_refused() {
    let server = Server::start(hello(), short_header()).await;
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(100));
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024));
    for request in [many, long] {
        let answer = server.talk(request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_can_be_read_in_two_ways_leaves_nothing_behind_for_a_second() {
    let server = Server::start(lengths().route("/smuggled", get(async || "smuggled")), short_header()).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    for head in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length: 4 4",
        "Content-Length: 18446744073709551616",
        "Content-Length : 4",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n0\r\n\r\n{smuggled}");
        let answer = server.talk(request.as_bytes()).await;
        let taken =
            answer.starts_with("HTTP/1.1 200") && head.contains("chunked") && head.contains("Content-Length: 4");
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!((refused || taken) && !answer.contains("smuggled"), "{head:?}: {answer}");
    }
    for chunk in
        ["fffffffffffffffff\r\n", "0x5\r\nabcde\r\n", "+5\r\nabcde\r\n", "-1\r\n", "5\nabcde\r\n", "5 5\r\nabcde\r\n"]
    {
        let request =
            format!("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n{smuggled}");
        let answer = server.talk(request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{chunk:?}: {answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_in_the_backlog() {
    let server = Server::start(hello(), Limits { connections: 2, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.write_all(GET).await.unwrap();
    assert!(one_answer(&mut first).await.ends_with("hello"));
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    assert!(one_answer(&mut second).await.ends_with("hello"));
    let mut third = server.connect().await;
    third.write_all(GET).await.unwrap();
    let mut chunk = [0; 64];
    let early = tokio::time::timeout(SHORT, third.read(&mut chunk)).await;
    assert!(early.is_err(), "two are kept open, the third waits");
    drop(first);
    assert!(one_answer(&mut third).await.ends_with("hello"));
}

/// A handler that tells when it has begun, and ends when it is let.
fn held(begun: &Arc<Notify>, go: &Arc<Notify>) -> Router {
    let (begun, go) = (Arc::clone(begun), Arc::clone(go));
    let handler = async move || {
        begun.notify_one();
        go.notified().await;
        "finished"
    };
    Router::new().route("/", get(handler))
}

#[tokio::test]
async fn a_stop_finishes_the_request_at_hand_and_takes_no_other() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut server = Server::start(held(&begun, &go), Limits::default()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(GET).await.unwrap();
    in_time(begun.notified()).await;
    server.stop();
    assert_eq!(to_end(&mut idle).await, "", "who waits for nothing is let go");
    assert!(TcpStream::connect(server.address).await.is_err());
    go.notify_one();
    let answer = to_end(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("finished"), "{answer}");
    server.ended().await;
}

#[tokio::test]
async fn a_stop_cuts_what_does_not_end_in_time() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut server = Server::start(held(&begun, &go), Limits { stop: SHORT, ..Limits::default() }).await;
    let mut busy = server.connect().await;
    busy.write_all(GET).await.unwrap();
    in_time(begun.notified()).await;
    server.stop();
    server.ended().await;
    assert_eq!(to_end(&mut busy).await, "");
}

/// Tells when it is dropped, and whether it was reached before.
struct Guard(Arc<Notify>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_a_handler_but_not_detached_work() {
    for is_detached in [false, true] {
        let (begun, go, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let done = Arc::new(AtomicBool::new(false));
        let handler = {
            let (begun, go, ended, done) = (Arc::clone(&begun), Arc::clone(&go), Arc::clone(&ended), Arc::clone(&done));
            async move || {
                let work = async move {
                    let _guard = Guard(ended);
                    begun.notify_one();
                    go.notified().await;
                    done.store(true, Ordering::SeqCst);
                };
                if is_detached { detached(work).await } else { work.await }
            }
        };
        let server = Server::start(Router::new().route("/", get(handler)), Limits::default()).await;
        let mut stream = server.connect().await;
        stream.write_all(GET).await.unwrap();
        in_time(begun.notified()).await;
        drop(stream);
        if is_detached {
            go.notify_one();
        }
        in_time(ended.notified()).await;
        assert_eq!(done.load(Ordering::SeqCst), is_detached);
    }
}

#[tokio::test]
async fn a_panic_in_detached_work_goes_on_in_the_caller() {
    let caller = tokio::spawn(detached(async { panic!("inside") }));
    assert!(in_time(caller).await.unwrap_err().is_panic());
}

/// The first connection's handshake hangs, the second's fails, the others are let through.
#[derive(Clone)]
struct Moody(Arc<AtomicUsize>);

impl Handshake<TcpStream> for Moody {
    type Io = TcpStream;

    async fn shake(&self, stream: TcpStream) -> io::Result<TcpStream> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => std::future::pending().await,
            1 => Err(io::Error::other("no")),
            _ => Ok(stream),
        }
    }
}

#[tokio::test]
async fn a_handshake_that_hangs_or_fails_is_cut_and_holds_up_nobody() {
    let server = Server::start_with(Moody(Arc::default()), hello(), short_header()).await;
    let mut hangs = server.connect().await;
    let mut fails = server.connect().await;
    assert_eq!(to_end(&mut fails).await, "");
    let mut good = server.connect().await;
    good.write_all(GET).await.unwrap();
    assert!(one_answer(&mut good).await.ends_with("hello"));
    assert_eq!(to_end(&mut hangs).await, "");
}
