//! What the intake, the admin page and the local API share: connections, and their limits.

mod body;
mod serve;

pub use body::{BodyFault, BodyLimits, limit_body, whole_body};
pub use serve::{Handshake, Limits, Plain, detached, serve};

#[cfg(test)]
mod serve_tests;
