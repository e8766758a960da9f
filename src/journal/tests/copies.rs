//! What is kept how long, and copies of the journal.

use std::time::Duration;

use serde_json::json;

use super::desk::{DEVICE, Desk, count, proof, sale};
use crate::journal::accept::Acceptance;
use crate::journal::{FILE, JournalError, State, keep};
use crate::outbox::Next;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn payloads_go_when_closed_heard_and_old_and_never_before() {
    let desk = Desk::open();
    let heard = desk.sale("heard", 1);
    desk.register(heard, 2);
    desk.report(&Next::Delivered);
    let unheard = desk.sale("unheard", 2);
    desk.register(unheard, 3);
    let open = desk.sale("open", 3);
    assert_eq!(desk.journal.drop_payloads(90 * DAY).expect("looked"), 0, "young");
    desk.clock.advance(91 * DAY);
    assert_eq!(desk.journal.drop_payloads(90 * DAY).expect("looked"), 1);
    let body = |row: i64| desk.journal.find(&row.to_string()).expect("read").expect("there").body;
    assert!(body(heard).is_none());
    assert!(body(unheard).is_some(), "its report may have to be explained");
    assert!(body(open).is_some(), "it is not ended");
}

#[test]
fn thirteen_months_later_a_return_finds_its_sale_and_a_duplicate_is_caught() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.register(row, 41);
    desk.report(&Next::Delivered);
    desk.clock.advance(399 * DAY);
    assert_eq!(desk.journal.drop_payloads(90 * DAY).expect("looked"), 1);
    assert_eq!(desk.accept(&sale("a", 1)), Acceptance::Pending(row));
    assert!(matches!(desk.accept(&sale("b", 1)), Acceptance::AlreadyRegistered { .. }));
    let mut back = sale("r", 1);
    back["type"] = json!("return");
    assert!(matches!(desk.accept(&back), Acceptance::Queued(_)));
    let waiting = desk.journal.next_waiting(DEVICE).expect("read").expect("the return");
    assert_eq!(waiting.original, Some(proof(41)));
    assert_eq!(desk.summary(row).total_minor, 70_000);
}

#[test]
fn a_long_backlog_of_payloads_goes_in_steps() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    desk.register(row, 2);
    desk.report(&Next::Delivered);
    let grown = desk.journal.inner.writer.submit(move |connection| {
        Ok(connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
             INSERT INTO documents (epoch, device, request_id, document_id, kind, date_ms, fiscal_hash, twin_hash, total_minor,
                 request, body, notes, state, accepted, settled_ms)
             SELECT epoch, device, 'n' || i, 100 + i, kind, date_ms, fiscal_hash, twin_hash, total_minor, request, body, notes,
                 state, accepted, settled_ms FROM documents, n",
            [],
        )?)
    });
    assert_eq!(grown.blocking_recv().expect("answered").expect("grown"), 1200);
    desk.clock.advance(91 * DAY);
    let steps: Vec<usize> = (0..4).map(|_| desk.journal.drop_payloads(90 * DAY).expect("dropped")).collect();
    assert_eq!(steps, [500, 500, 201, 0]);
}

#[test]
fn a_backup_is_whole_while_work_goes_on_and_takes_the_journal_s_place() {
    let desk = Desk::open();
    let done = desk.sale("a", 1);
    desk.register(done, 2);
    let waiting = desk.sale("b", 2);
    let copy = desk.dir.path().join("copy.db");
    keep::backup(desk.dir.path(), &copy).expect("copied");
    desk.sale("after", 3);
    assert_eq!(count(&copy, "SELECT count(*) FROM documents"), 2);

    let directory = desk.dir.path().to_owned();
    assert!(matches!(keep::restore(&copy, &directory, &[], 5), Err(JournalError::InUse(_))), "a daemon owns it");
    let Desk { dir, clock, journal } = desk;
    drop(journal);
    keep::restore(&copy, &directory, &[], 5).expect("restored");
    let kept = dir.path().join(format!("{FILE}.before-restore-5"));
    assert_eq!(count(&kept, "SELECT count(*) FROM documents"), 3, "what was there is kept beside it");

    let journal = crate::journal::Journal::open(dir.path(), std::sync::Arc::new(clock.clone())).expect("opened");
    let desk = Desk { dir, clock, journal };
    assert_eq!((desk.state(done), desk.state(waiting)), (State::Done, State::Accepted));
    assert_eq!(desk.accept(&sale("a", 1)), Acceptance::Pending(done), "it still guards against duplicates");
    assert!(desk.journal.history(10).expect("read").iter().any(|h| h.what == "restored"));
}

#[test]
fn a_backup_never_overwrites_and_a_damaged_copy_never_takes_the_place() {
    let desk = Desk::open();
    desk.sale("a", 1);
    let copy = desk.dir.path().join("copy.db");
    keep::backup(desk.dir.path(), &copy).expect("copied");
    assert!(keep::backup(desk.dir.path(), &copy).is_err(), "there is one already");
    let mut bytes = std::fs::read(&copy).expect("read");
    bytes[4096 * 3..4096 * 4].fill(0xA5);
    std::fs::write(&copy, bytes).expect("written");
    let (path, Desk { dir, journal, .. }) = (desk.path(), desk);
    drop(journal);
    let before = std::fs::read(&path).expect("read");
    let why = keep::restore(&copy, dir.path(), &[], 5).expect_err("damaged");
    assert!(matches!(why, JournalError::Damaged { .. } | JournalError::Sqlite(_)), "{why}");
    assert!(std::fs::read(&path).expect("read") == before);
}
