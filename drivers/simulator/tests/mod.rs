//! Promises of the simulated register, each in a file of its own.

mod host;

mod altegio;
mod cash;
mod faults;
mod golden;
mod line;
mod paper;
mod restart;
mod rules;
mod served;
mod speed;
