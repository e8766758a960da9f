//! The daemon between Altegio's cloud and a shop's cash equipment: a document that was accepted is registered exactly
//! once, and its author is told the truth about it.
//!
//! ```text
//!  Altegio --POST--> inbox --+                          +--> outbox --POST--> Altegio's callback
//!                            v                          |
//!                         JOURNAL (SQLite, the only meeting place)
//!                            ^                          |
//!       console -> control --+------> dispatcher -------+
//!  ====================================|==========================================
//!                              kkm_drivers::open()      registers, printers, the simulator
//! ```
//! The parts never call each other: each reads and writes the journal, and a doorbell only wakes the next. A crash
//! between any two of them is the same as no crash.
//!
//! | part | does |
//! |---|---|
//! | [`config`] | reads and checks the settings |
//! | [`altegio`] | the cloud's wire: a document in, a status body out |
//! | [`messages`] | what people are told, in their language |
//! | [`http`] | serves a router within limits |
//! | [`inbox`] | takes documents in |
//! | [`journal`] | keeps everything, durably |
//! | [`dispatcher`] | brings documents to devices, by evidence |
//! | [`outbox`] | reports until the cloud says yes |
//! | [`control`] | how people act on a running daemon |
//! | [`console`] | the commands |
//! | [`daemon`] | starts and stops the parts |
//! | [`notify`] | what systemd is told |
//! | [`log`] | what happened, for people and for systemd's journal |
//! | [`clock`], [`bell`] | time, and doorbells |

pub mod altegio;
pub mod bell;
pub mod clock;
pub mod config;
pub mod console;
pub mod control;
pub mod daemon;
pub mod dispatcher;
pub mod http;
pub mod inbox;
pub mod journal;
pub mod log;
pub mod messages;
pub mod notify;
pub mod outbox;
