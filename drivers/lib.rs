//! Fiscal registers and receipt printers behind one contract.
//!
//! ```text
//!   shtrih   escpos   simulator   families; they do not see each other
//!       \     |    \     |
//!       |     |     layout        a document as lines, letters and dots, for families that print
//!       transport                 ports: serial, tcp, lp; knows no family
//!       contract                  document, receipt, money, tax, outcome, driver; knows nothing of ours
//! ```
//! No HTTP server, no SQL and no async here: drivers are blocking, one thread owns one device.

pub mod contract;
pub mod escpos;
pub mod failpoint;
pub mod layout;
pub mod open;
pub mod pulse;
pub mod shtrih;
#[cfg(feature = "simulators")]
pub mod simulated;
#[cfg(feature = "simulators")]
pub mod simulator;
pub mod spoil;
pub mod transport;
pub mod wording;
