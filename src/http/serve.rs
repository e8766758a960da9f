//! The accept loop: HTTP/1.1 for an axum router, over TCP or a unix socket, within limits.
//!
//! - At most [`Limits::connections`] at once; further ones wait in the kernel's backlog, and nothing is accepted that cannot
//!   be served.
//! - A connection that does not finish a request's headers in [`Limits::header`] is closed. The same limit runs while a
//!   kept connection is idle. (hyper counts it by a timer that must be set, else the limit is silently off.)
//! - When `stop` ends, nothing more is accepted, idle connections close, requests at hand are finished within
//!   [`Limits::stop`], and what is left then is cut.
//! - TLS is a [`Handshake`]: it runs in the connection's own task, under the header limit, and holds up nobody.
//!
//! The router sees the peer as `ConnectInfo<L::Addr>`. hyper drops a handler when its client hangs up; work that must not
//! end half-way runs in [`detached`].

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::response::Response;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// The headers of one request may take so many bytes; more is answered 431.
const MOST_HEADER_BYTES: usize = 32 * 1024;

/// So many headers a request may have; more is answered 431.
const MOST_HEADERS: usize = 64;

/// The limits of [`serve`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// For the handshake, for a request's headers, and for an idle connection.
    pub header: Duration,
    /// For the requests at hand after the stop.
    pub stop: Duration,
}

impl Default for Limits {
    /// 256 connections, 10 s, 10 s.
    fn default() -> Self {
        Self { connections: 256, header: Duration::from_secs(10), stop: Duration::from_secs(10) }
    }
}

/// What happens to a connection before HTTP: nothing ([`Plain`]), or TLS.
pub trait Handshake<S>: Clone + Send + Sync + 'static {
    /// The stream that HTTP is spoken on.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Makes it.
    fn shake(&self, stream: S) -> impl Future<Output = io::Result<Self::Io>> + Send;
}

/// HTTP in the clear: loopback, unix sockets.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Handshake<S> for Plain {
    type Io = S;

    async fn shake(&self, stream: S) -> io::Result<S> {
        Ok(stream)
    }
}

/// Serves until `stop` ends and the requests at hand are answered or cut.
pub async fn serve<L, H>(
    mut listener: L,
    handshake: H,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) where
    L: Listener,
    L::Addr: Clone + Send + Sync + 'static,
    H: Handshake<L::Io>,
{
    let free = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let next = async {
            let permit = Arc::clone(&free).acquire_owned().await.expect("never closed");
            (permit, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = &mut stop => break,
            (permit, (stream, peer)) = next => {
                let connection = Connection { router: router.clone(), limits, permit, watcher: graceful.watcher() };
                let handshake = handshake.clone();
                tasks.spawn(connection.run(stream, peer, handshake));
                while tasks.try_join_next().is_some() {}
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.stop, graceful.shutdown()).await.is_err() {
        tracing::warn!(left = tasks.len(), "connections cut at the end of the time for stopping");
    }
    tasks.shutdown().await;
}

struct Connection {
    router: Router,
    limits: Limits,
    permit: OwnedSemaphorePermit,
    watcher: Watcher,
}

impl Connection {
    async fn run<S, A, H>(self, stream: S, peer: A, handshake: H)
    where
        A: Clone + Send + Sync + 'static,
        H: Handshake<S>,
    {
        let Self { router, limits, permit, watcher } = self;
        let stream = match tokio::time::timeout(limits.header, handshake.shake(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%error, "handshake failed"),
            Err(_) => return tracing::debug!("handshake not finished in time"),
        };
        let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer.clone()));
            answer(router.clone(), request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header)
            .max_buf_size(MOST_HEADER_BYTES)
            .max_headers(MOST_HEADERS);
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "connection ended");
        }
        drop(permit);
    }
}

async fn answer(router: Router, request: hyper::Request<hyper::body::Incoming>) -> Result<Response, Infallible> {
    // hyper lets chunks win over a `Content-Length` beside them and hides the latter. A proxy before us may have counted
    // otherwise; so nothing that follows chunks on a connection is read as a request (RFC 9112, 6.1).
    let last = request.headers().contains_key(TRANSFER_ENCODING);
    let request: Request = request.map(axum::body::Body::new);
    let mut response = router.oneshot(request).await?;
    if last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Runs `future` to its end even if the caller is dropped, as a handler is when its client hangs up. A panic inside goes on
/// in the caller.
pub async fn detached<F>(future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match tokio::spawn(future).await {
        Ok(output) => output,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only the end of the runtime cancels it, and then nobody waits here either.
            Err(_) => std::future::pending().await,
        },
    }
}
