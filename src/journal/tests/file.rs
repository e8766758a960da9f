//! The file and its owner.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::desk::{Desk, MORNING_MS, sale};
use crate::clock::ManualClock;
use crate::journal::accept::Acceptance;
use crate::journal::{FILE, Journal, JournalError};

fn open(directory: &Path) -> Result<Journal, JournalError> {
    Journal::open(directory, Arc::new(ManualClock::new(MORNING_MS)))
}

#[track_caller]
fn why_not(directory: &Path) -> JournalError {
    open(directory).err().expect("it must not open")
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("read")
}

#[test]
fn a_directory_has_one_owner_at_a_time() {
    let desk = Desk::open();
    assert!(matches!(why_not(desk.dir.path()), JournalError::InUse(_)));
    let row = desk.sale("a", 1);
    let desk = desk.restart();
    assert_eq!(desk.accept(&sale("a", 1)), Acceptance::Pending(row), "the next owner finds all");
}

#[test]
fn a_journal_that_was_let_go_is_closed_to_its_last_byte() {
    for _ in 0..20 {
        let desk = Desk::open();
        desk.sale("a", 1);
        let log = desk.dir.path().join(format!("{FILE}-wal"));
        assert!(log.exists());
        drop(desk.journal);
        assert!(!log.exists(), "the next owner would meet the last one's writer");
    }
}

#[test]
fn a_journal_of_a_newer_program_is_refused_and_left_as_it_is() {
    let desk = Desk::open();
    desk.sale("a", 1);
    let (path, dir) = (desk.path(), desk.dir);
    drop(desk.journal);
    Connection::open(&path).expect("opened").pragma_update(None, "user_version", 99).expect("newer");
    let before = bytes(&path);
    let why = why_not(dir.path());
    assert!(matches!(why, JournalError::Newer { found: 99, known: 1 }), "{why}");
    assert!(why.to_string().contains("install that version"), "{why}");
    assert_eq!(bytes(&path), before);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(FILE);
    let garbage = b"this is a letter, not a database. ".repeat(400);
    std::fs::write(&path, &garbage).expect("written");
    let why = why_not(dir.path());
    assert!(matches!(why, JournalError::Damaged { .. }), "{why}");
    assert!(why.to_string().contains("kkm-bridge restore"), "the way out: {why}");
    assert_eq!(bytes(&path), garbage);
}

#[test]
fn a_journal_that_is_gone_or_empty_is_not_begun_anew() {
    let desk = Desk::open();
    desk.sale("a", 1);
    let (path, dir) = (desk.path(), desk.dir);
    drop(desk.journal);
    std::fs::write(&path, b"").expect("emptied");
    let why = why_not(dir.path());
    assert!(why.to_string().contains("kkm-bridge restore"), "{why}");
    assert_eq!(bytes(&path), b"");
    std::fs::remove_file(&path).expect("removed");
    why_not(dir.path());
    assert!(!path.exists());
}

/// A copy of a journal whose last commits are in the log alone, as a power cut leaves it, with a page overwritten.
fn damaged_copy() -> tempfile::TempDir {
    let desk = Desk::open();
    for n in 0..40 {
        desk.sale(&format!("n{n}"), n);
    }
    // The next owner moves the log into the file, and adds to a new log.
    let desk = desk.restart();
    desk.sale("last", 1000);
    let copy = tempfile::tempdir().expect("a directory");
    for suffix in ["", "-wal"] {
        let name = format!("{FILE}{suffix}");
        std::fs::copy(desk.dir.path().join(&name), copy.path().join(&name)).expect("copied");
    }
    let path = copy.path().join(FILE);
    let mut file = bytes(&path);
    let log = bytes(&copy.path().join(format!("{FILE}-wal")));
    // A page that the log does not replace: frames of 24 and 4096 bytes after a head of 32, each led by its page's number.
    let logged: Vec<usize> =
        log[32..].chunks(24 + 4096).map(|f| u32::from_be_bytes([f[0], f[1], f[2], f[3]]) as usize).collect();
    let page = (2..=file.len() / 4096).rev().find(|page| !logged.contains(page)).expect("a page") - 1;
    file[page * 4096..(page + 1) * 4096].fill(0xA5);
    std::fs::write(&path, file).expect("written");
    copy
}

#[test]
fn a_damaged_journal_is_refused_with_the_way_out_and_nothing_of_it_is_changed() {
    let dir = damaged_copy();
    let (file, log) = (dir.path().join(FILE), dir.path().join(format!("{FILE}-wal")));
    let before = (bytes(&file), bytes(&log));
    assert!(!before.1.is_empty());
    let why = why_not(dir.path());
    assert!(matches!(why, JournalError::Damaged { .. }), "{why}");
    assert!(why.to_string().contains("kkm-bridge restore"), "{why}");
    assert!(bytes(&file) == before.0, "the file was changed");
    assert!(bytes(&log) == before.1, "the log was changed");
    why_not(dir.path());
}

#[test]
fn damage_in_a_large_journal_is_found_beside_the_work() {
    let desk = Desk::open();
    desk.sale("a", 1);
    let path = desk.path();
    let dir = desk.dir;
    drop(desk.journal);
    let connection = Connection::open(&path).expect("opened");
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
             INSERT INTO events (at_ms, device, what, detail) SELECT 0, 'front', 'x', hex(randomblob(1000)) FROM n;",
        )
        .expect("grown");
    drop(connection);
    open(dir.path()).expect("whole").check().expect("whole");
    let mut file = bytes(&path);
    let page = file.len() / 4096 / 2 * 4096;
    assert!(page > 4096 * 1024 / 2, "{page}");
    file[page..page + 4096].fill(0xA5);
    std::fs::write(&path, file).expect("written");
    let journal = open(dir.path()).expect("a shop does not wait");
    assert!(matches!(journal.check(), Err(JournalError::Damaged { .. })));
}

#[test]
fn nobody_else_reads_the_directory() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a directory");
    let inner = dir.path().join("state");
    open(&inner).expect("opened");
    assert_eq!(std::fs::metadata(&inner).expect("there").permissions().mode() & 0o777, 0o700);
}
