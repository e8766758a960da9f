//! This machine as its file system shows it. `--root` puts another directory in the place of `/`, so that a machine can be
//! looked at from outside, and a broken one be built for a test.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The root under which `/dev`, `/etc`, `/proc`, `/run`, `/sys` and `/usr` are looked up.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    root: PathBuf,
}

/// Who may use a file: owner, group, rights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rights {
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) mode: u32,
}

impl Machine {
    /// The machine below `root`; `/` is this one.
    pub(super) fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// True for the machine that this program runs on.
    pub(super) fn is_here(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where an absolute path of the machine is; one that lies below the root already stays as it is.
    pub(super) fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        let absolute = absolute.as_ref();
        if absolute.starts_with(&self.root) {
            return absolute.to_owned();
        }
        self.root.join(absolute.strip_prefix("/").unwrap_or(absolute))
    }

    /// A file's text without blanks at its ends.
    pub(super) fn read(&self, absolute: impl AsRef<Path>) -> Option<String> {
        let bytes = std::fs::read(self.path(absolute)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// True when something is there; a link that leads nowhere is not.
    pub(super) fn has(&self, absolute: impl AsRef<Path>) -> bool {
        self.path(absolute).exists()
    }

    /// Names in a directory, sorted; none when there is no directory.
    pub(super) fn list(&self, absolute: impl AsRef<Path>) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(absolute)) else { return Vec::new() };
        let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Where links lead, as a path of the machine.
    pub(super) fn resolve(&self, absolute: impl AsRef<Path>) -> Option<PathBuf> {
        Some(self.inner(&self.path(absolute).canonicalize().ok()?))
    }

    /// The same for a name that a person or the configuration gives: one that the machine does not have is looked up as
    /// it stands, for a machine below another root may be described from outside.
    pub(super) fn target(&self, name: impl AsRef<Path>) -> Option<PathBuf> {
        let name = name.as_ref();
        // A link to the kernel's printer device is marked as one.
        let name = name.to_str().and_then(|text| text.strip_prefix("lp:")).map_or(name, Path::new);
        self.resolve(name).or_else(|| Some(self.inner(&name.canonicalize().ok()?)))
    }

    /// What a link says, without going there.
    pub(super) fn link(&self, absolute: impl AsRef<Path>) -> Option<PathBuf> {
        std::fs::read_link(self.path(absolute)).ok()
    }

    fn inner(&self, real: &Path) -> PathBuf {
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        real.strip_prefix(&root).map_or_else(|_| real.to_owned(), |inner| Path::new("/").join(inner))
    }

    /// Who may use it.
    pub(super) fn rights(&self, absolute: impl AsRef<Path>) -> Option<Rights> {
        let metadata = std::fs::metadata(self.path(absolute)).ok()?;
        Some(Rights { owner: metadata.uid(), group: metadata.gid(), mode: metadata.mode() & 0o7777 })
    }
}
