//! The ESC/POS driver and the simulated printer were written from the command reference by two hands; here they meet.
//!
//! Whatever happens on the line, at the printer or with a title, the outcome of the driver and the paper say the same.
#![cfg(feature = "simulators")]

mod golden;
mod line;
mod paper;
#[allow(unreachable_pub, reason = "a test program has no public")]
mod rig;
mod text;
mod trial;
