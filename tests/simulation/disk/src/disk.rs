//! A directory on the disk: its files, the faults that wait, and the ends of processes and machines.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::file::{Fate, File};
use crate::locks::Locks;

/// What a fault waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A write.
    Write,
    /// A sync.
    Sync,
    /// Whichever of both comes first.
    Any,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// `EIO`. Half of a write may have been made; what a sync should have written never is, and later syncs say yes.
    Io,
    /// `ENOSPC`: a write that needs more room is refused.
    Full,
    /// The machine stands still, with half of the write made.
    Freeze,
}

/// A fault that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which calls count.
    pub call: Call,
    /// How many of them pass before.
    pub after: u32,
    /// What happens.
    pub trouble: Trouble,
    /// For so many calls.
    pub times: u32,
}

/// [`Disk::write_anew`] writes so much at once.
const PIECE: usize = 4096;

/// A directory of simulated files; clones are the same.
#[derive(Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Counts the ends: a file that was opened before the last one is dead.
    life: u32,
    files: BTreeMap<String, Node>,
    /// Removed, and no sync has confirmed that.
    ghosts: BTreeMap<String, File>,
    faults: Vec<Fault>,
    frozen: bool,
    /// Writes and syncs that were called.
    calls: u64,
    /// Faults that came.
    troubles: u64,
}

/// A file and its locks.
#[derive(Default)]
pub(crate) struct Node {
    pub(crate) file: File,
    pub(crate) locks: Locks,
}

/// What a call may say other than yes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum No {
    Io,
    Full,
    Absent,
}

static DISKS: LazyLock<Mutex<BTreeMap<String, Disk>>> = LazyLock::new(Mutex::default);

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// An empty disk behind the path of this directory; it takes the place of one that was there.
    pub fn mount(directory: &Path) -> Self {
        let disk = Self::default();
        held(&DISKS).insert(directory.to_string_lossy().into_owned(), disk.clone());
        disk
    }

    /// Nothing is behind that path any more.
    pub fn unmount(directory: &Path) {
        held(&DISKS).remove(directory.to_string_lossy().as_ref());
    }

    /// The disk and the name in it of a path.
    pub(crate) fn of(path: &str) -> Option<(Self, &str)> {
        let (directory, name) = path.rsplit_once('/')?;
        Some((held(&DISKS).get(directory)?.clone(), name))
    }

    /// A fault waits from now on.
    pub fn fault(&self, fault: Fault) {
        held(&self.state).faults.push(fault);
    }

    /// No fault waits any more.
    pub fn mend(&self) {
        held(&self.state).faults.clear();
    }

    /// True when the machine stands still.
    pub fn is_frozen(&self) -> bool {
        held(&self.state).frozen
    }

    /// Writes and syncs until now: as long as this stays, nothing has changed.
    pub fn calls(&self) -> u64 {
        held(&self.state).calls
    }

    /// Faults that came until now.
    pub fn troubles(&self) -> u64 {
        held(&self.state).troubles
    }

    /// All files as they are seen: a start for another disk.
    pub fn image(&self) -> BTreeMap<String, Vec<u8>> {
        let state = held(&self.state);
        state.files.iter().map(|(name, node)| (name.clone(), node.file.bytes().to_vec())).collect()
    }

    /// These files stand on the disk, durable, and no others.
    pub fn fill(&self, image: &BTreeMap<String, Vec<u8>>) {
        let node = |bytes: &Vec<u8>| Node { file: File::holding(bytes.clone()), locks: Locks::default() };
        held(&self.state).files = image.iter().map(|(name, bytes)| (name.clone(), node(bytes))).collect();
    }

    /// Writes what a file holds once more and syncs it, as a program does that does not believe an earlier sync.
    pub fn write_anew(&self, name: &str) -> std::io::Result<()> {
        let no = |no: No| std::io::Error::other(format!("{no:?}"));
        let life = held(&self.state).life;
        let Ok(bytes) = self.with(life, name, |node| node.file.bytes().to_vec()) else { return Ok(()) };
        for (index, piece) in bytes.chunks(PIECE).enumerate() {
            self.write(life, name, index * PIECE, piece).map_err(no)?;
        }
        self.sync(life, name).map_err(no)
    }

    /// The processes end: what they wrote is seen by the next ones, synced or not.
    pub fn kill(&self) {
        let mut state = held(&self.state);
        state.life += 1;
        state.frozen = false;
        for node in state.files.values_mut() {
            node.locks = Locks::default();
        }
    }

    /// The machine ends: of what no sync has confirmed, `dice` decides. It is given an end and says a number below it.
    pub fn cut_power(&self, mut dice: impl FnMut(u64) -> u64) {
        let mut state = held(&self.state);
        state.life += 1;
        state.frozen = false;
        let sector = if dice(2) == 0 { 512 } else { 4096 };
        // All, nothing, an orderly beginning, or any mixture.
        let manner = dice(4);
        let mut left = dice(12);
        let mut files = BTreeMap::new();
        let ghosts = std::mem::take(&mut state.ghosts);
        let names = std::mem::take(&mut state.files);
        let mut fate = |dice: &mut dyn FnMut(u64) -> u64| {
            let kept = match manner {
                0 => true,
                1 => false,
                2 => {
                    let kept = left > 0;
                    left = left.saturating_sub(1);
                    kept
                }
                _ => dice(2) == 0,
            };
            if kept { Fate::Kept } else { Fate::Lost }
        };
        for (name, file) in ghosts {
            if fate(&mut dice) == Fate::Lost {
                files.insert(name, file.after_power_cut(sector, || fate(&mut dice)));
            }
        }
        for (name, Node { file, .. }) in names {
            if file.named || fate(&mut dice) == Fate::Kept {
                files.insert(name, file.after_power_cut(sector, || fate(&mut dice)));
            }
        }
        state.files = files
            .into_iter()
            .map(|(name, bytes)| (name, Node { file: File::holding(bytes), locks: Locks::default() }))
            .collect();
    }

    pub(crate) fn open(&self, name: &str, create: bool) -> Result<u32, No> {
        let mut state = held(&self.state);
        state.alive(state.life)?;
        if !state.files.contains_key(name) {
            if !create {
                return Err(No::Absent);
            }
            state.files.insert(name.to_owned(), Node::default());
        }
        Ok(state.life)
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        held(&self.state).files.contains_key(name)
    }

    pub(crate) fn remove(&self, name: &str, at_once: bool) -> Result<(), No> {
        let mut state = held(&self.state);
        state.alive(state.life)?;
        let node = state.files.remove(name).ok_or(No::Absent)?;
        if at_once {
            state.files.values_mut().for_each(|node| node.file.named = true);
            state.ghosts.clear();
        } else if node.file.named {
            state.ghosts.insert(name.to_owned(), node.file);
        }
        Ok(())
    }

    /// Works on a file that was opened in this life.
    pub(crate) fn with<R>(&self, life: u32, name: &str, work: impl FnOnce(&mut Node) -> R) -> Result<R, No> {
        let mut state = held(&self.state);
        state.alive(life)?;
        state.files.get_mut(name).map(work).ok_or(No::Io)
    }

    pub(crate) fn write(&self, life: u32, name: &str, at: usize, bytes: &[u8]) -> Result<(), No> {
        let mut state = held(&self.state);
        state.alive(life)?;
        state.calls += 1;
        let grows = state.files.get(name).is_some_and(|node| at + bytes.len() > node.file.size());
        let trouble = state.trouble(Call::Write, grows);
        let file = &mut state.files.get_mut(name).ok_or(No::Io)?.file;
        match trouble {
            None => {
                file.write(at, bytes);
                Ok(())
            }
            Some(Trouble::Full) => Err(No::Full),
            Some(Trouble::Io | Trouble::Freeze) => {
                file.write(at, &bytes[..bytes.len() / 2]);
                Err(No::Io)
            }
        }
    }

    pub(crate) fn sync(&self, life: u32, name: &str) -> Result<(), No> {
        let mut state = held(&self.state);
        state.alive(life)?;
        state.calls += 1;
        let trouble = state.trouble(Call::Sync, false);
        let file = &mut state.files.get_mut(name).ok_or(No::Io)?.file;
        match trouble {
            None => {
                file.sync();
                // The first sync of a log is one of its directory too, as in SQLite's own disk.
                if !file.named && (name.ends_with("-wal") || name.ends_with("-journal")) {
                    state.files.values_mut().for_each(|node| node.file.named = true);
                    state.ghosts.clear();
                }
                Ok(())
            }
            Some(Trouble::Full | Trouble::Io) => {
                // Every other sector reaches the medium.
                let mut kept = false;
                file.fail_to_sync(512, || {
                    kept = !kept;
                    if kept { Fate::Kept } else { Fate::Lost }
                });
                Err(No::Io)
            }
            // Nothing is written, and the power will decide what was.
            Some(Trouble::Freeze) => Err(No::Io),
        }
    }
}

impl State {
    fn alive(&self, life: u32) -> Result<(), No> {
        if self.frozen || life != self.life { Err(No::Io) } else { Ok(()) }
    }

    /// The fault whose turn it is, if any.
    fn trouble(&mut self, call: Call, grows: bool) -> Option<Trouble> {
        let mut come = None;
        for fault in &mut self.faults {
            if come.is_some() || (fault.call != call && fault.call != Call::Any) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if fault.times > 0 && (fault.trouble != Trouble::Full || grows) {
                fault.times -= 1;
                come = Some(fault.trouble);
            }
        }
        self.faults.retain(|fault| fault.times > 0);
        self.troubles += u64::from(come.is_some());
        self.frozen |= come == Some(Trouble::Freeze);
        come
    }
}
