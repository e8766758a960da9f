//! Room kept for outcomes: a full disk stops intake before it can stop a receipt that was begun.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::hand_over;

/// Room held by the file, given back when a commit meets a full disk. An outcome needs a few KiB.
pub(super) const RESERVED_BYTES: u64 = 4 * 1024 * 1024;
/// Below this much free room nothing more is accepted.
const LOW_WATER_BYTES: u64 = 32 * 1024 * 1024;

/// A file that only takes up room.
pub(super) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// Takes the room up, if there is any. A file system that cannot reserve is used without.
    pub(super) fn take(directory: &Path, bytes: u64) -> Self {
        let path = directory.join("reserve");
        if let Ok(file) = File::options().create(true).append(true).open(&path)
            && let Err(error) =
                hand_over(&path, directory).and_then(|()| Ok(fallocate(&file, FallocateFlags::empty(), 0, bytes)?))
        {
            tracing::warn!(%error, "no room could be reserved on the journal's disk");
        }
        Self { path }
    }

    /// Gives the room back; false when there was none.
    pub(super) fn release(&self) -> bool {
        File::options().write(true).open(&self.path).and_then(|f| f.set_len(0)).is_ok()
    }
}

/// Whether the disk has room for more documents.
pub(super) fn has_room(directory: &Path) -> bool {
    statvfs(directory).map_or(true, |s| s.f_bavail.saturating_mul(s.f_frsize) >= LOW_WATER_BYTES)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn reserved_room_is_real_and_can_be_given_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let reserve = Reserve::take(directory.path(), RESERVED_BYTES);
        let blocks = || std::fs::metadata(directory.path().join("reserve")).expect("there").blocks() * 512;
        assert!(blocks() >= RESERVED_BYTES);
        assert!(reserve.release());
        assert_eq!(blocks(), 0);
        assert!(has_room(directory.path()));
    }
}
