//! The daemon.

pub mod clock;
pub mod http;
pub mod outbox;
