//! The outbox.

pub mod origin;

#[cfg(test)]
mod origin_tests;
