//! `SQLite`'s interface to a disk (<https://sqlite.org/vfs.html>), on top of [`Disk`].
//!
//! # Why the unsafe code here is sound
//!
//! - `SQLite` gives each `sqlite3_file` the `szOsFile` bytes that `VFS` asks for, which is a [`Wrapped`]; it calls no
//!   method of a file whose `pMethods` is null, none after `xClose`, and none of one file from two threads at once, for a
//!   connection is used by one thread at a time. So a [`Wrapped`] that `xOpen` has filled is alive in every method and is
//!   ours alone there.
//! - Buffers are as long as the length beside them says; names end with a zero. Both live during the call.
//! - The shared memory of a log is given out as raw pointers. Its regions are never moved or freed before the last
//!   connection that may hold one is closed: each [`Open`] keeps the [`Shared`] alive.
//!
//! The rest is `SQLite`'s documented contract for `xOpen` and its siblings; nothing else is relied on.

use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError, Weak};

use rusqlite::ffi;

use crate::disk::{Disk, No};
use crate::file::File;
use crate::locks::Held;

/// An open file.
struct Open {
    kind: Kind,
    held: Held,
    shared: Option<Arc<Shared>>,
}

enum Kind {
    /// On a disk, by its name, in a life.
    Named { disk: Disk, path: String, name_at: usize, life: u32 },
    /// Without a name: room that a statement needs for a while.
    Scratch(File),
}

/// `SQLite`'s file with ours behind it.
#[repr(C)]
struct Wrapped {
    base: ffi::sqlite3_file,
    open: *mut Open,
}

/// The memory that the connections to one log share.
#[derive(Default)]
struct Shared {
    regions: Mutex<Vec<Region>>,
}

type Region = Box<[UnsafeCell<u64>]>;

// SAFETY: the words are only touched by SQLite, which orders its accesses by locks and barriers of its own.
unsafe impl Send for Shared {}
// SAFETY: as above; the list itself is behind a mutex.
unsafe impl Sync for Shared {}

/// Logs by path and life.
static SHARED: LazyLock<Mutex<Logs>> = LazyLock::new(Mutex::default);

type Logs = BTreeMap<(String, u32), Weak<Shared>>;

/// Makes the simulated disks the place where `SQLite` opens its files, in this process. A path that is on no mounted disk
/// cannot be opened any more.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Nobody asks how much memory it has, and to count costs a lock at each piece. Refused once SQLite is in use.
        // SAFETY: an option with one number behind it.
        unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0) };
        // SAFETY: SQLite's own first disk is never freed.
        let builtin = unsafe { ffi::sqlite3_vfs_find(null_mut()).as_ref() }.expect("SQLite has a disk");
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: size_of::<Wrapped>() as c_int,
            mxPathname: 512,
            pNext: null_mut(),
            zName: c"simulated-disk".as_ptr(),
            pAppData: null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: builtin.xCurrentTime,
            ..*builtin
        }));
        // SAFETY: `vfs` is whole and lives for ever.
        let done = unsafe { ffi::sqlite3_vfs_register(vfs, 1) };
        assert_eq!(done, ffi::SQLITE_OK, "SQLite takes another disk");
    });
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

impl Open {
    /// Works on the file itself.
    fn file<R>(&mut self, work: impl FnOnce(&mut File) -> R) -> Result<R, No> {
        match &mut self.kind {
            Kind::Named { disk, path, name_at, life } => {
                disk.with(*life, &path[*name_at..], |node| work(&mut node.file))
            }
            Kind::Scratch(file) => Ok(work(file)),
        }
    }

    /// Works on the locks of a file with a name.
    fn locks<R>(&mut self, work: impl FnOnce(&mut crate::locks::Locks, &mut Held) -> R) -> Result<R, No> {
        match &self.kind {
            Kind::Named { disk, path, name_at, life } => {
                disk.with(*life, &path[*name_at..], |node| work(&mut node.locks, &mut self.held))
            }
            Kind::Scratch(_) => Err(No::Absent),
        }
    }

    /// The memory shared with the other connections of this life.
    fn shared(&mut self) -> Option<Arc<Shared>> {
        let Kind::Named { path, life, .. } = &self.kind else { return None };
        if self.shared.is_none() {
            let mut all = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            let place = all.entry((path.clone(), *life)).or_default();
            let shared = place.upgrade().unwrap_or_default();
            *place = Arc::downgrade(&shared);
            self.shared = Some(shared);
        }
        self.shared.clone()
    }
}

/// The open file behind `SQLite`'s.
///
/// # Safety
/// `file` was filled by [`open`] and not yet closed, and nobody else uses it during `'a`.
unsafe fn of<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Open {
    // SAFETY: see the head of this file: a file whose methods are called is a `Wrapped` that `open` has filled.
    unsafe { &mut *(*file.cast::<Wrapped>()).open }
}

/// A path from `SQLite`.
///
/// # Safety
/// `name` is null or ends with a zero, and lives during `'a`.
unsafe fn text<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and SQLite's names end with a zero.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

fn said(result: &Result<(), No>, io: c_int) -> c_int {
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(No::Full) => ffi::SQLITE_FULL,
        Err(No::Io | No::Absent) => io,
    }
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives room for a `Wrapped`; methods that stay null tell it that nothing is open.
    unsafe { (*file).pMethods = std::ptr::null() };
    // SAFETY: a name from SQLite.
    let kind = match unsafe { text(name) } {
        None => Kind::Scratch(File::default()),
        Some(path) => {
            let Some((disk, name)) = Disk::of(path) else { return ffi::SQLITE_CANTOPEN };
            let Ok(life) = disk.open(name, flags & ffi::SQLITE_OPEN_CREATE != 0) else { return ffi::SQLITE_CANTOPEN };
            let name_at = path.len() - name.len();
            Kind::Named { disk, path: path.to_owned(), name_at, life }
        }
    };
    let open = Box::into_raw(Box::new(Open { kind, held: Held::default(), shared: None }));
    // SAFETY: room for a `Wrapped`; `out` may be null.
    unsafe {
        file.cast::<Wrapped>().write(Wrapped { base: ffi::sqlite3_file { pMethods: &raw const METHODS }, open });
        if !out.is_null() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the last call for this file; the box came from `open`.
    let mut open = unsafe { Box::from_raw((*file.cast::<Wrapped>()).open) };
    // A file of the dead has no locks any more.
    let _ = open.locks(crate::locks::Locks::leave);
    if let (Kind::Named { path, life, .. }, Some(shared)) = (&open.kind, open.shared.take()) {
        let mut all = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::strong_count(&shared) == 1 {
            all.remove(&(path.clone(), *life));
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: `into` has room for `count` bytes; SQLite may not have written there, and u8 takes any value once zeroed.
    let into = unsafe {
        into.cast::<u8>().write_bytes(0, count as usize);
        std::slice::from_raw_parts_mut(into.cast::<u8>(), count as usize)
    };
    // SAFETY: an open file.
    match unsafe { of(file) }.file(|f| f.read(at as usize, into)) {
        Ok(got) if got == into.len() => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(_) => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: `from` holds `count` bytes.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), count as usize) };
    // SAFETY: an open file.
    let done = match &mut unsafe { of(file) }.kind {
        Kind::Named { disk, path, name_at, life } => disk.write(*life, &path[*name_at..], at as usize, from),
        Kind::Scratch(scratch) => {
            scratch.write(at as usize, from);
            Ok(())
        }
    };
    said(&done, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    said(&unsafe { of(file) }.file(|f| f.cut(size as usize)), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    let done = match &unsafe { of(file) }.kind {
        Kind::Named { disk, path, name_at, life } => disk.sync(*life, &path[*name_at..]),
        Kind::Scratch(_) => Ok(()),
    };
    said(&done, ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    match unsafe { of(file) }.file(|f| f.size()) {
        Ok(bytes) => {
            // SAFETY: room for one number.
            unsafe { *size = bytes as ffi::sqlite3_int64 };
            ffi::SQLITE_OK
        }
        Err(_) => ffi::SQLITE_IOERR_FSTAT,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    match unsafe { of(file) }.locks(|locks, held| locks.lock(held, level)) {
        Ok(Ok(())) => ffi::SQLITE_OK,
        Ok(Err(_)) => ffi::SQLITE_BUSY,
        Err(_) => ffi::SQLITE_IOERR_LOCK,
    }
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let _ = unsafe { of(file) }.locks(|locks, held| locks.unlock(held, level));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open file.
    let writer = unsafe { of(file) }.locks(|locks, _| locks.has_writer());
    // SAFETY: room for one number.
    unsafe { *out = c_int::from(writer.unwrap_or(false)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _op: c_int, _arg: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4096
}

/// As `SQLite` takes a Linux disk: a write changes no byte beside it.
unsafe extern "C" fn characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file.
    let Some(shared) = unsafe { of(file) }.shared() else { return ffi::SQLITE_IOERR_SHMMAP };
    let mut regions = shared.regions.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = region as usize;
    while extend != 0 && regions.len() <= wanted {
        regions.push((0..size as usize / size_of::<u64>()).map(|_| UnsafeCell::new(0)).collect());
    }
    // Cells may be written through a shared reference; the box stays where it is until the last connection is closed.
    let place = regions.get(wanted).map_or(null_mut(), |region| region[0].get().cast::<c_void>());
    // SAFETY: room for one pointer.
    unsafe { *out = place };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    let (first, count) = (first as usize, count as usize);
    let alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    // SAFETY: an open file.
    let open = unsafe { of(file) };
    let done = if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        open.locks(|locks, held| {
            locks.unlock_slots(held, first, count);
            Ok(())
        })
    } else {
        open.locks(|locks, held| locks.lock_slots(held, first, count, alone))
    };
    match done {
        Ok(Ok(())) => ffi::SQLITE_OK,
        Ok(Err(_)) => ffi::SQLITE_BUSY,
        Err(_) => ffi::SQLITE_IOERR_SHMLOCK,
    }
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(_file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // The regions go when the last connection is closed.
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    // SAFETY: a name from SQLite.
    let Some((disk, name)) = unsafe { text(name) }.and_then(Disk::of) else { return ffi::SQLITE_IOERR_DELETE };
    match disk.remove(name, sync_directory != 0) {
        Ok(()) => ffi::SQLITE_OK,
        Err(No::Absent) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(No::Io | No::Full) => ffi::SQLITE_IOERR_DELETE,
    }
}

unsafe extern "C" fn access(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, _flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: a name from SQLite.
    let there = unsafe { text(name) }.and_then(Disk::of).is_some_and(|(disk, name)| disk.exists(name));
    // SAFETY: room for one number.
    unsafe { *out = c_int::from(there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a name from SQLite, which ends with a zero.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > room as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has `room` bytes, and the name fits.
    unsafe { out.cast::<u8>().copy_from_nonoverlapping(name.as_ptr(), name.len()) };
    ffi::SQLITE_OK
}

/// Always the same: a seed that is run again makes the same bytes.
unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, count: c_int, out: *mut c_char) -> c_int {
    // SAFETY: `out` has `count` bytes.
    unsafe { out.cast::<u8>().write_bytes(0x5A, count as usize) };
    count
}

/// Nobody waits: all connections are used by one thread, and a lock that is held stays held.
unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    micros
}
