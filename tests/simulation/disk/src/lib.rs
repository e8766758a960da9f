//! A disk in memory under `SQLite`, for tests alone.
//!
//! # What it does
//!
//! - Every file has what programs see and what the medium holds. A sync brings the second up to the first; what was
//!   written since is only promised.
//! - [`Disk::kill`] ends a process: what it had written is still seen, and still only promised.
//! - [`Disk::cut_power`] ends the machine: of what was only promised, any part is lost, in pieces of one sector, in any
//!   order; new names and removals that no sync confirmed are as they were or not, by chance.
//! - [`Disk::fault`] makes the nth write or sync from now fail: once, or until [`Disk::mend`]. A sync that failed leaves
//!   its data seen and never written, as Linux does: the next sync says yes and means nothing for them.
//! - [`Trouble::Freeze`] is the end of the machine in the middle of a write: nothing works any more until one of the two
//!   ends is called.
//!
//! A file that was open at an end answers nothing but errors afterwards: its owner is dead.
//!
//! | room | holds |
//! |---|---|
//! | `disk` | directories, faults, ends |
//! | `file` | one file: what is seen, what is durable, what is only promised |
//! | `locks` | the locks between the connections of one life |
//! | `shim` | `SQLite`'s interface, the only unsafe file |

#[forbid(unsafe_code)]
mod disk;
#[forbid(unsafe_code)]
mod file;
#[forbid(unsafe_code)]
mod locks;
#[allow(unsafe_code)]
mod shim;
#[cfg(test)]
mod tests;

pub use disk::{Call, Disk, Fault, Trouble};
pub use shim::install;
