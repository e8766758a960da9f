//! The daemon.

pub mod clock;
pub mod outbox;
