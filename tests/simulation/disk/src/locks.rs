//! Locks between the connections of one life: those of the file, and those of the shared memory of its log.
//!
//! The rules are `SQLite`'s: <https://sqlite.org/lockingv3.html>, and `xShmLock` in <https://sqlite.org/c3ref/io_methods.html>.

use rusqlite::ffi;

/// Slots of the log's shared memory.
pub(crate) const SLOTS: usize = ffi::SQLITE_SHM_NLOCK as usize;

/// Another connection has what is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// What a connection holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// `SQLITE_LOCK_NONE` to `SQLITE_LOCK_EXCLUSIVE`.
    pub(crate) level: i32,
    shared: u8,
    exclusive: u8,
}

/// All locks of one file.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    readers: usize,
    /// Somebody is at RESERVED or above.
    writer: bool,
    /// Somebody is at PENDING or above: no new readers.
    closed: bool,
    /// -1: exclusive; else so many share it.
    slots: [i32; SLOTS],
}

impl Locks {
    /// Takes the file's lock to `level`.
    pub(crate) fn lock(&mut self, held: &mut Held, level: i32) -> Result<(), Busy> {
        if held.level >= level {
            return Ok(());
        }
        if held.level < ffi::SQLITE_LOCK_SHARED {
            if self.closed {
                return Err(Busy);
            }
            self.readers += 1;
            held.level = ffi::SQLITE_LOCK_SHARED;
        }
        if level == ffi::SQLITE_LOCK_SHARED {
            return Ok(());
        }
        if held.level < ffi::SQLITE_LOCK_RESERVED {
            if self.writer {
                return Err(Busy);
            }
            self.writer = true;
            held.level = ffi::SQLITE_LOCK_RESERVED;
        }
        if level == ffi::SQLITE_LOCK_RESERVED {
            return Ok(());
        }
        self.closed = true;
        held.level = ffi::SQLITE_LOCK_PENDING;
        if self.readers > 1 {
            return Err(Busy);
        }
        held.level = ffi::SQLITE_LOCK_EXCLUSIVE;
        Ok(())
    }

    /// Takes it down to `level`: SHARED or NONE.
    pub(crate) fn unlock(&mut self, held: &mut Held, level: i32) {
        if held.level >= ffi::SQLITE_LOCK_PENDING && level < ffi::SQLITE_LOCK_PENDING {
            self.closed = false;
        }
        if held.level >= ffi::SQLITE_LOCK_RESERVED && level < ffi::SQLITE_LOCK_RESERVED {
            self.writer = false;
        }
        if held.level >= ffi::SQLITE_LOCK_SHARED && level < ffi::SQLITE_LOCK_SHARED {
            self.readers -= 1;
        }
        held.level = held.level.min(level);
    }

    /// Whether somebody means to write.
    pub(crate) fn has_writer(&self) -> bool {
        self.writer
    }

    /// Takes slots of the shared memory.
    pub(crate) fn lock_slots(&mut self, held: &mut Held, first: usize, count: usize, alone: bool) -> Result<(), Busy> {
        let wanted = first..(first + count).min(SLOTS);
        let free = |slot: usize| if alone { self.slots[slot] == 0 } else { self.slots[slot] >= 0 };
        let mine = |slot: usize| held.exclusive & (1 << slot) != 0 || (!alone && held.shared & (1 << slot) != 0);
        if wanted.clone().all(mine) {
            return Ok(());
        }
        if !wanted.clone().all(|slot| mine(slot) || free(slot)) {
            return Err(Busy);
        }
        for slot in wanted {
            if alone {
                self.slots[slot] = -1;
                held.exclusive |= 1 << slot;
            } else if held.shared & (1 << slot) == 0 {
                self.slots[slot] += 1;
                held.shared |= 1 << slot;
            }
        }
        Ok(())
    }

    /// Lets slots go.
    pub(crate) fn unlock_slots(&mut self, held: &mut Held, first: usize, count: usize) {
        for slot in first..(first + count).min(SLOTS) {
            if held.exclusive & (1 << slot) != 0 {
                self.slots[slot] = 0;
                held.exclusive &= !(1 << slot);
            }
            if held.shared & (1 << slot) != 0 {
                self.slots[slot] -= 1;
                held.shared &= !(1 << slot);
            }
        }
    }

    /// The connection is closed.
    pub(crate) fn leave(&mut self, held: &mut Held) {
        self.unlock(held, ffi::SQLITE_LOCK_NONE);
        self.unlock_slots(held, 0, SLOTS);
    }
}
