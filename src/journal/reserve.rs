//! Room kept for outcomes: a full disk stops intake before it can stop a receipt that was begun.
//!
//! The room is given back before a commit that may need it, not after one that failed: `SQLite` has rolled back by then.
//! What else fills the disk within that very commit ends the process, and the next start has the room.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::hand_over;

/// Room held by the file. An outcome needs a few KiB, a start moves the log into the file.
const RESERVED_BYTES: u64 = 4 * 1024 * 1024;
/// With less than this free the room is given back: a few commits of outcomes.
const COMMIT_BYTES: u64 = 1024 * 1024;
/// Below this much free room nothing more is accepted.
const LOW_WATER_BYTES: u64 = 32 * 1024 * 1024;

/// A file that only takes up room.
pub(super) struct Reserve {
    directory: PathBuf,
    held: bool,
}

impl Reserve {
    /// The room of this directory, as the last owner left it.
    pub(super) fn of(directory: &Path) -> Self {
        let held = std::fs::metadata(directory.join("reserve")).is_ok_and(|m| m.len() > 0);
        Self { directory: directory.to_owned(), held }
    }

    /// Gives the room back when the disk is nearly full, and takes it up when there is plenty.
    pub(super) fn mind(&mut self) {
        self.mind_with(free_bytes(&self.directory));
    }

    fn mind_with(&mut self, free: u64) {
        if self.held && free < COMMIT_BYTES {
            tracing::error!(free, "the disk is full; the reserved room is used up to finish what was begun");
            self.give_back();
        } else if !self.held && free >= LOW_WATER_BYTES + RESERVED_BYTES {
            self.take_up();
        }
    }

    fn file(&self) -> std::io::Result<File> {
        let path = self.directory.join("reserve");
        let file = File::options().create(true).append(true).open(&path)?;
        hand_over(&path, &self.directory)?;
        Ok(file)
    }

    /// A file system that cannot reserve is used without.
    fn take_up(&mut self) {
        self.held = true;
        let taken = self.file().and_then(|f| Ok(fallocate(&f, FallocateFlags::empty(), 0, RESERVED_BYTES)?));
        if let Err(error) = taken {
            tracing::warn!(%error, "no room could be reserved on the journal's disk");
        }
    }

    /// Gives it back now.
    pub(super) fn give_back(&mut self) {
        self.held = false;
        let _ = self.file().and_then(|f| f.set_len(0));
    }
}

/// Room that is left; what cannot be asked has plenty.
fn free_bytes(directory: &Path) -> u64 {
    statvfs(directory).map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize))
}

/// Whether the disk has room for more documents.
pub(super) fn has_room(directory: &Path) -> bool {
    free_bytes(directory) >= LOW_WATER_BYTES
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn room_is_taken_up_when_there_is_plenty_and_given_back_before_the_disk_is_full() {
        let directory = tempfile::tempdir().expect("a directory");
        let blocks = || std::fs::metadata(directory.path().join("reserve")).map_or(0, |m| m.blocks() * 512);
        let mut reserve = Reserve::of(directory.path());
        reserve.mind_with(LOW_WATER_BYTES);
        assert_eq!(blocks(), 0, "a small disk is not made smaller");
        reserve.mind_with(LOW_WATER_BYTES + RESERVED_BYTES);
        assert!(blocks() >= RESERVED_BYTES, "it is real");
        reserve.mind_with(COMMIT_BYTES);
        assert!(blocks() >= RESERVED_BYTES);
        // The next owner knows what the last one took up.
        let mut reserve = Reserve::of(directory.path());
        reserve.mind_with(COMMIT_BYTES - 1);
        assert_eq!(blocks(), 0);
        reserve.mind_with(0);
        reserve.mind_with(u64::MAX);
        assert!(blocks() >= RESERVED_BYTES);
        assert!(has_room(directory.path()));
    }
}
