//! The outbox.

pub mod limit;
pub mod origin;
pub mod resolve;
pub mod schedule;

#[cfg(test)]
mod origin_tests;
