//! A journal of years costs what a new one costs.

use std::path::Path;
use std::time::{Duration, Instant};

use kkm_bridge::journal::accept::Acceptance;
use kkm_bridge::journal::{Event, FILE, Journal};

use crate::document::{POLICY, begin, incoming, lives, median_life, numbered, open, proof, word};
use crate::{FEW, hundredths, ratio, way};

/// Longest start of the program with a million documents.
const START: Duration = Duration::from_millis(100);
/// Most that a document may cost in a large journal, in hundredths of its cost in a small one.
const GROWTH_HUNDREDTHS: u128 = 110;
/// Lives in one journal before the other's turn.
const TURN: u32 = 20;

/// The cost of a document and of a start in a small journal and in a large one.
pub(crate) fn measure(documents: u32) -> bool {
    let memory = || tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let (small, large) = (memory(), memory());
    for dir in [&small, &large] {
        lives(&open(dir.path()), 0..FEW);
    }
    grow(large.path(), documents);
    let started = way::start(large.path());
    println!("start of the program to ready with {documents} documents: {started:?}");
    let (small, large) = (open(small.path()), open(large.path()));
    let (few, many) = in_turns(&small, &large);
    let growth = ratio(many, few);
    println!(
        "a document's life (accept, begin, closing, settle, report) without a disk: {few:?} at {FEW} documents, \
         {many:?} at {documents}, ratio {}",
        hundredths(growth)
    );
    look_ups(&large);
    started <= START && growth <= GROWTH_HUNDREDTHS
}

/// A life in each, a few in one and a few in the other, so that what else the machine does is the same for both.
fn in_turns(small: &Journal, large: &Journal) -> (Duration, Duration) {
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for turn in (FEW..2 * FEW).step_by(TURN as usize) {
        few.extend(lives(small, turn..turn + TURN));
        many.extend(lives(large, turn..turn + TURN));
    }
    (median_life(&few), median_life(&many))
}

/// What people ask, and the housekeeper.
fn look_ups(journal: &Journal) {
    let timed = |what: &str, question: &dyn Fn()| {
        let began = Instant::now();
        question();
        println!("  {what}: {:?}", began.elapsed());
    };
    timed("queue", &|| drop(journal.queue().expect("read")));
    timed("newest 50", &|| drop(journal.newest(50).expect("read")));
    timed("find by row", &|| assert!(journal.find("7").expect("read").is_some()));
    timed("find by id", &|| assert!(journal.find("life 7").expect("read").is_some()));
    timed("find by sale", &|| assert!(journal.find("1000000007").expect("read").is_some()));
    timed("find nothing", &|| assert!(journal.find("no such").expect("read").is_none()));
    timed("history 50", &|| drop(journal.history(50).expect("read")));
    timed("a person's decision", &|| decide(journal));
    timed("payloads dropped, one step", &|| assert!(journal.drop_payloads(Duration::ZERO).expect("dropped") > 0));
}

/// A person says that a document was registered, which is compared with all that were.
fn decide(journal: &Journal) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let accept = journal.accept(numbered(&incoming(), u32::MAX), POLICY);
    let Acceptance::Queued(row) = runtime.block_on(accept).expect("stored") else { panic!("not queued") };
    begin(journal, row);
    journal.arrow(row, Event::Doubt, "").expect("stored");
    journal.ask_operator(row, kkm_drivers::contract::Puzzle::NoMemory).expect("stored");
    let number = proof(i64::from(u32::MAX));
    journal.decide_registered(row, 1, number, word()).expect("decided");
}

/// Fills the journal with registered and reported documents, the payloads of nine in ten dropped by age.
fn grow(directory: &Path, documents: u32) {
    let connection = rusqlite::Connection::open(directory.join(FILE)).expect("opened");
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {documents})
             INSERT INTO documents (epoch, device, request_id, document_id, kind, date_ms, fiscal_hash, twin_hash,
                 total_minor, request, body, notes, callback_url, state, attempt, accepted, code, message, proof, paper,
                 settled_ms)
             SELECT epoch, device, 'grown ' || hex(randomblob(16)), 2000000000 + i, kind, date_ms, randomblob(32),
                 randomblob(32), total_minor, iif(i % 10 = 0, request, NULL), iif(i % 10 = 0, body, NULL), notes,
                 callback_url, state, attempt, accepted, code, message,
                 json_set(proof, '$.document_number', 100000 + i), paper, settled_ms
             FROM n, (SELECT * FROM documents WHERE state = 'done' LIMIT 1);
             CREATE TEMP TABLE grown AS SELECT row FROM documents WHERE request_id LIKE 'grown %';
             INSERT INTO attempts (document, attempt, mark, begun_ms)
             SELECT g.row, 1, a.mark, a.begun_ms FROM grown g, (SELECT * FROM attempts LIMIT 1) a;
             INSERT INTO reports (document, url, origin, body, since, state, tries, wire)
             SELECT g.row, r.url, r.origin, r.body, r.since, 'delivered', 1, 1
             FROM grown g, (SELECT * FROM reports LIMIT 1) r;
             INSERT INTO events (at_ms, device, document, what, detail)
             SELECT e.at_ms, e.device, g.row, e.what, e.detail
             FROM grown g, (SELECT * FROM events WHERE document IS NOT NULL LIMIT 5) e;
             COMMIT; PRAGMA journal_mode=WAL;"
        ))
        .expect("grown");
    let count: u32 = connection.query_row("SELECT count(*) FROM documents", [], |r| r.get(0)).expect("counted");
    assert!(count >= documents, "{count}");
}
