//! Receives callbacks, and answers them as the script says.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::answers::{Answer, Script};
use super::books::Books;
use crate::http::{self, Limits};

/// A callback as it came.
#[derive(Debug)]
pub(super) struct Callback {
    pub(super) authorized: bool,
    pub(super) answered: Answer,
    pub(super) body: Value,
}

/// What every callback meets.
pub(super) struct Desk {
    pub(super) token: String,
    pub(super) script: Mutex<Script>,
    pub(super) books: Arc<Books>,
    pub(super) heard: tokio::sync::mpsc::UnboundedSender<Callback>,
}

/// Serves for ever.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let router = Router::new().fallback(receive).with_state(desk);
    http::serve(Doors(listener), http::Plain, router, Limits::default(), std::future::pending()).await;
}

/// A listener that tells each connection's handler its socket, so that it can be reset.
struct Doors(TcpListener);

/// The socket of a connection.
#[derive(Clone, Debug)]
struct Socket(Option<Arc<std::net::TcpStream>>);

impl Listener for Doors {
    type Io = TcpStream;
    type Addr = Socket;

    async fn accept(&mut self) -> (TcpStream, Socket) {
        loop {
            let Ok((stream, _)) = self.0.accept().await else { continue };
            let copy = rustix::io::dup(&stream).ok().map(|fd| Arc::new(std::net::TcpStream::from(fd)));
            return (stream, Socket(copy));
        }
    }

    fn local_addr(&self) -> io::Result<Socket> {
        self.0.local_addr().map(|_: SocketAddr| Socket(None))
    }
}

async fn receive(
    Shared(desk): Shared<Arc<Desk>>,
    ConnectInfo(socket): ConnectInfo<Socket>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let expected = format!("Bearer {}", desk.token);
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let authorized = value.split(',').next().unwrap_or_default().trim() == expected;
    let answered = desk.script.lock().unwrap_or_else(PoisonError::into_inner).next();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    desk.books.called(authorized, answered, &body);
    let _ = desk.heard.send(Callback { authorized, answered, body });
    match answered {
        Answer::Code(code, after) => {
            let code = StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
            match after {
                Some(seconds) => (code, [(header::RETRY_AFTER, seconds.to_string())]).into_response(),
                None => code.into_response(),
            }
        }
        Answer::Slow(time) => {
            tokio::time::sleep(time).await;
            StatusCode::OK.into_response()
        }
        Answer::Reset => {
            if let Some(socket) = &socket.0 {
                // With it the end of the socket is a reset.
                let _ = rustix::net::sockopt::set_socket_linger(&**socket, Some(std::time::Duration::ZERO));
                let _ = socket.shutdown(std::net::Shutdown::Both);
            }
            std::future::pending().await
        }
    }
}
