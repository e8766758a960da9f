//! One writer: jobs that wait share a commit, and each is a unit of its own.

use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Waker};
use std::time::Duration;

use super::desk::{DEVICE, Desk, POLICY, incoming, sale, wait};
use crate::journal::accept::Acceptance;
use crate::journal::{Journal, JournalError};

/// Keeps the writer at its first job until the sender speaks.
fn gate(journal: &Journal) -> Sender<()> {
    let (open, closed) = channel::<()>();
    let (reached, there) = channel();
    drop(journal.inner.writer.submit(move |_| {
        reached.send(()).expect("the test waits");
        closed.recv().expect("the test opens it");
        Ok(())
    }));
    there.recv().expect("the writer runs");
    open
}

fn commits(journal: &Journal) -> u64 {
    journal.wait_for_commit(u64::MAX, Duration::ZERO)
}

type Accepting<'a> = Pin<Box<dyn Future<Output = Result<Acceptance, JournalError>> + 'a>>;

/// Accepts that have all reached the writer, which is held up.
fn crowd<'a>(desk: &'a Desk, documents: impl Iterator<Item = (String, i64)>) -> Vec<Accepting<'a>> {
    let mut crowd: Vec<Accepting<'a>> = documents
        .map(|(id, document_id)| desk.journal.accept(incoming(&sale(&id, document_id)), POLICY))
        .map(|accepting| Box::pin(accepting) as Accepting<'a>)
        .collect();
    for accepting in &mut crowd {
        assert!(accepting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    crowd
}

fn answers(crowd: Vec<Accepting<'_>>) -> Vec<Acceptance> {
    wait(async {
        let mut answers = Vec::new();
        for accepting in crowd {
            answers.push(accepting.await.expect("the journal answers"));
        }
        answers
    })
}

#[test]
fn ten_accepts_of_one_id_at_once_are_one_row_and_one_answer_in_one_commit() {
    let desk = Desk::open();
    let gate = gate(&desk.journal);
    let before = commits(&desk.journal);
    let crowd = crowd(&desk, (0..10).map(|_| ("a".to_owned(), 1)));
    gate.send(()).expect("the writer waits");
    let answers = answers(crowd);
    assert_eq!(commits(&desk.journal) - before, 1);
    let Acceptance::Queued(row) = answers[0] else { panic!("{answers:?}") };
    assert!(answers[1..].iter().all(|a| *a == Acceptance::Pending(row)), "{answers:?}");
    assert_eq!(desk.count("SELECT count(*) FROM documents"), 1);
}

#[test]
fn two_ids_of_one_sale_in_one_commit_see_each_other() {
    let desk = Desk::open();
    let gate = gate(&desk.journal);
    let crowd = crowd(&desk, ["a", "b"].into_iter().map(|id| (id.to_owned(), 1)));
    gate.send(()).expect("the writer waits");
    let answers = answers(crowd);
    assert!(matches!(answers[..], [Acceptance::Queued(_), Acceptance::EarlierUndecided]), "{answers:?}");
}

#[test]
fn whatever_waits_takes_few_commits_and_no_commit_grows_without_end() {
    let desk = Desk::open();
    let policy = crate::journal::accept::Policy { receipt_time: Duration::ZERO, ..POLICY };
    let gate = gate(&desk.journal);
    let before = commits(&desk.journal);
    let mut crowd: Vec<Accepting<'_>> = Vec::new();
    for n in 0..600 {
        crowd.push(Box::pin(desk.journal.accept(incoming(&sale(&format!("n{n}"), n)), policy)));
        let accepting = crowd.last_mut().expect("the one just made");
        assert!(accepting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    gate.send(()).expect("the writer waits");
    let answers = answers(crowd);
    assert!(answers.iter().all(|a| matches!(a, Acceptance::Queued(_))));
    assert_eq!(commits(&desk.journal) - before, 3, "256 and 256, the gate among them, and the rest");
    assert_eq!(desk.count("SELECT count(*) FROM documents"), 600);
}

#[test]
fn a_job_that_fails_takes_nothing_of_its_neighbours_along() {
    let desk = Desk::open();
    let gate = gate(&desk.journal);
    let mut crowd = crowd(&desk, [("a".to_owned(), 1)].into_iter());
    let failing = desk.journal.inner.writer.submit(|connection| {
        connection.execute("INSERT INTO allowances (device, document_id, given_ms) VALUES ('front', 5, 0)", [])?;
        connection.execute("INSERT INTO no_such_table VALUES (1)", [])?;
        Ok(())
    });
    crowd.extend(self::crowd(&desk, [("b".to_owned(), 2)].into_iter()));
    gate.send(()).expect("the writer waits");
    assert!(answers(crowd).iter().all(|a| matches!(a, Acceptance::Queued(_))));
    assert!(matches!(failing.blocking_recv().expect("answered"), Err(JournalError::Sqlite(_))));
    assert_eq!(desk.count("SELECT count(*) FROM documents"), 2);
    assert_eq!(desk.count("SELECT count(*) FROM allowances"), 0);
}

#[test]
fn a_client_that_hangs_up_changes_nothing_of_what_was_begun() {
    let desk = Desk::open();
    let gate = gate(&desk.journal);
    drop(crowd(&desk, [("a".to_owned(), 1)].into_iter()));
    gate.send(()).expect("the writer waits");
    desk.journal.note(DEVICE, "after it", "").expect("written");
    assert!(matches!(desk.accept(&sale("a", 1)), Acceptance::Pending(_)), "it was stored");
}

#[test]
fn what_was_answered_is_in_the_file_with_full_syncs_and_a_log() {
    let desk = Desk::open();
    let row = desk.sale("a", 1);
    let settings = desk.journal.inner.writer.submit(|connection| {
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |r| r.get(0))?;
        let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |r| r.get(0))?;
        let foreign_keys: bool = connection.query_row("PRAGMA foreign_keys", [], |r| r.get(0))?;
        Ok((mode, synchronous, foreign_keys))
    });
    assert_eq!(settings.blocking_recv().expect("answered").expect("read"), ("wal".to_owned(), 2, true));
    assert_eq!(desk.count("SELECT max(row) FROM documents"), row, "another connection sees it");
}
