//! Promises of the simulated register, each in a file of its own.

mod host;

mod altegio;
mod golden;
