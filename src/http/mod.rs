//! What the intake, the admin page and the local API share: connections, and their limits.

mod body;
mod serve;
mod strangers;
mod tls;

pub use body::{BodyFault, BodyLimits, limit_body, whole_body};
pub use serve::{Handshake, Limits, Plain, detached, serve};
pub use strangers::{Strangers, Verdict as StrangerVerdict};
pub use tls::{LOOK_EVERY, Tls, TlsError, TlsFiles, renew};

#[cfg(test)]
mod serve_tests;
#[cfg(test)]
mod tls_tests;
