//! The journal's rules without a device: its file, its owner, its commits, the arrows as transactions.

mod desk;
mod file;
