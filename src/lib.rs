//! The daemon.

pub mod altegio;
pub mod messages;
