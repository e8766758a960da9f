use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::*;

struct Mounted(Disk, String);

impl Mounted {
    fn new(name: &str) -> Self {
        install();
        let path = format!("/simulated/{name}");
        Self(Disk::mount(Path::new(&path)), path)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(format!("{}/t.db", self.1))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER)")?;
        Ok(connection)
    }

    fn reader(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(format!("{}/t.db", self.1), flags).expect("it opens")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        Disk::unmount(Path::new(&self.1));
    }
}

fn count(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM t", [], |r| r.get(0)).expect("it reads")
}

fn add(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO t VALUES (1)", [])
}

/// Numbers from a seed, as the simulation draws them.
fn dice(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |end| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    }
}

#[test]
fn what_was_committed_survives_any_power_cut() {
    for seed in 0..400 {
        let disk = Mounted::new("committed");
        let writer = disk.connect().expect("it opens");
        let reader = disk.reader();
        for n in 0..seed % 7 {
            add(&writer).expect("committed");
            assert_eq!(count(&reader), n as i64 + 1, "another connection sees it");
        }
        writer.execute_batch("BEGIN; INSERT INTO t VALUES (2)").expect("begun");
        disk.0.cut_power(dice(seed));
        drop((writer, reader));
        let again = disk.connect().expect("it opens again");
        assert_eq!(count(&again), (seed % 7) as i64, "seed {seed}");
        let whole: String = again.query_row("PRAGMA integrity_check", [], |r| r.get(0)).expect("checked");
        assert_eq!(whole, "ok", "seed {seed}");
    }
}

#[test]
fn without_syncs_what_was_committed_is_lost() {
    let lost = (0..100).filter(|seed| {
        let disk = Mounted::new("unsynced");
        let writer = disk.connect().expect("it opens");
        writer.pragma_update(None, "synchronous", "OFF").expect("set");
        add(&writer).expect("committed");
        disk.0.cut_power(dice(*seed));
        drop(writer);
        disk.connect().map_or(true, |again| again.query_row("SELECT count(*) FROM t", [], |r| r.get(0)) != Ok(1))
    });
    assert!(lost.count() > 10, "a disk that never loses shows nothing");
}

#[test]
fn a_killed_process_leaves_what_it_wrote() {
    let disk = Mounted::new("killed");
    let writer = disk.connect().expect("it opens");
    writer.pragma_update(None, "synchronous", "OFF").expect("set");
    add(&writer).expect("committed");
    disk.0.kill();
    assert!(add(&writer).is_err(), "the dead write nothing");
    drop(writer);
    assert_eq!(count(&disk.connect().expect("it opens again")), 1);
}

#[test]
fn a_commit_fails_at_every_write_and_sync_and_is_whole_or_absent_after_it() {
    for (call, trouble) in [
        (Call::Write, Trouble::Io),
        (Call::Write, Trouble::Full),
        (Call::Sync, Trouble::Io),
        (Call::Any, Trouble::Freeze),
    ] {
        let mut failures = 0;
        for after in 0..8 {
            let disk = Mounted::new("failing");
            let writer = disk.connect().expect("it opens");
            add(&writer).expect("committed");
            disk.0.fault(Fault { call, after, trouble, times: 1 });
            let failed = add(&writer).is_err();
            failures += u32::from(failed);
            assert_eq!(disk.0.is_frozen(), failed && trouble == Trouble::Freeze);
            disk.0.mend();
            disk.0.cut_power(dice(after.into()));
            drop(writer);
            let found = count(&disk.connect().expect("it opens again"));
            assert!(found == 2 || (failed && found == 1), "{call:?} {trouble:?} after {after}: {found}");
        }
        assert!(failures > 0, "{call:?} {trouble:?} never came");
    }
}

#[test]
fn readers_and_writers_lock_each_other_out_as_they_should() {
    let disk = Mounted::new("locks");
    let (one, two) = (disk.connect().expect("it opens"), disk.connect().expect("it opens"));
    one.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").expect("begun");
    assert!(two.execute_batch("BEGIN IMMEDIATE").is_err(), "one writer");
    assert_eq!(count(&two), 0, "what is not committed is not seen");
    one.execute_batch("COMMIT").expect("committed");
    assert_eq!(count(&two), 1);
}
