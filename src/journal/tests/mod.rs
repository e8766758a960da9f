//! The journal's rules without a device: its file, its owner, its commits, the arrows as transactions.

mod arrows;
mod commits;
mod copies;
mod desk;
mod file;
mod intake;
mod plans;
mod waiting;
