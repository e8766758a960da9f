//! A request's body, whole, within a size and a time, or a fault with its own answer.
//!
//! The body is read before any handler runs, so a handler holds no connection that a slow sender keeps open, and what it
//! sees is complete. Nothing is decompressed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why there is no whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// More bytes than allowed, announced or sent.
    #[error("the request is too large")]
    TooLarge,
    /// Not complete in time.
    #[error("the request did not arrive in time")]
    TooSlow,
    /// The connection broke, or the chunks are malformed.
    #[error("the request is incomplete")]
    Broken,
}

impl BodyFault {
    /// 413, 408 or 400.
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a body to its end.
pub async fn whole_body(body: Body, most_bytes: usize, time: Duration) -> Result<Bytes, BodyFault> {
    use axum::body::HttpBody;
    if body.size_hint().lower() > most_bytes as u64 {
        return Err(BodyFault::TooLarge);
    }
    match tokio::time::timeout(time, Limited::new(body, most_bytes).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge),
        Ok(Err(_)) => Err(BodyFault::Broken),
        Err(_) => Err(BodyFault::TooSlow),
    }
}

/// The limits of [`limit_body`], and what a fault is answered with.
#[derive(Clone)]
pub struct BodyLimits {
    /// So large a body is still taken: 1 MiB unless set otherwise.
    pub most_bytes: usize,
    /// So long it may take from the end of the headers: 10 s.
    pub time: Duration,
    /// Builds the answer; its status is set to [`BodyFault::status`] afterwards.
    pub answer: Arc<dyn Fn(BodyFault) -> Response + Send + Sync>,
}

impl BodyLimits {
    /// 1 MiB within 10 s, and this answer to a fault.
    pub fn new(answer: impl Fn(BodyFault) -> Response + Send + Sync + 'static) -> Self {
        Self { most_bytes: 1024 * 1024, time: Duration::from_secs(10), answer: Arc::new(answer) }
    }
}

impl fmt::Debug for BodyLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyLimits")
            .field("most_bytes", &self.most_bytes)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// Middleware: `router.layer(axum::middleware::from_fn_with_state(limits, limit_body))`. After a fault the connection ends.
pub async fn limit_body(State(limits): State<BodyLimits>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match whole_body(body, limits.most_bytes, limits.time).await {
        Ok(whole) => next.run(Request::from_parts(parts, Body::from(whole))).await,
        Err(fault) => {
            let mut response = (limits.answer)(fault);
            *response.status_mut() = fault.status();
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}
