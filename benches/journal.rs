//! The journal in ratios: what a shared commit wins on a slow disk, what an accept costs beside the sync that it needs,
//! and whether the size of the journal matters.
//!
//! `cargo bench --bench journal` measures with 100,000 documents, `cargo bench --bench journal -- 1000000` with a million.
//! Medians are printed; a ratio beyond its limit fails the run. Costs without a disk are taken in `/dev/shm`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kkm_bridge::altegio::{self, Rules};
use kkm_bridge::clock::{Clock, SystemClock};
use kkm_bridge::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use kkm_bridge::journal::life::{Begin, Final, Limits};
use kkm_bridge::journal::{Event, FILE, Journal, Options};
use kkm_bridge::outbox::{Next, Store};
use kkm_drivers::contract::{Capabilities, Mark, Paper, Proof, VatRate};

const DEVICE: &str = "front";
const CLIENTS: u32 = 64;
/// What a sync of a worn SD card takes.
const SLOW_SYNC: Duration = Duration::from_millis(8);
/// Least gain of 64 clients on such a disk, in hundredths.
const GAIN_HUNDREDTHS: u128 = 2000;
/// Longest start with a million documents.
const START: Duration = Duration::from_millis(100);
/// Most that a document may cost in a large journal, in hundredths of its cost in a small one.
const GROWTH_HUNDREDTHS: u128 = 110;
/// Documents in the small journal, and lives measured in each.
const FEW: u32 = 1000;

const POLICY: Policy = Policy {
    repeat: Repeat::Evidence,
    same_id_after_error: SameId::Retry,
    give_up_cap: Duration::from_secs(600),
    receipt_time: Duration::ZERO,
};
const LIMITS: Limits = Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) };

fn main() {
    let count = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    let documents = count.map_or(100_000, |count| count.parse().expect("a number of documents"));
    let mut within = true;
    within &= clients("this disk", None, [2_000, 20_000]);
    within &= clients("8 ms more a sync", Some(SLOW_SYNC), [100, 6_400]);
    one_accept();
    within &= size(documents);
    assert!(within, "a limit is not kept");
}

/// Accepts a second by one client and by many.
fn clients(disk: &str, sync: Option<Duration>, counts: [u32; 2]) -> bool {
    let [one, many] = [(1, counts[0]), (CLIENTS, counts[1])].map(|(clients, count)| rate(clients, count, sync));
    let ratio = many * 100 / one;
    println!("{disk}: {one} accepts/s by one client, {many} by {CLIENTS}, ratio {}", hundredths(ratio));
    sync.is_none() || ratio >= GAIN_HUNDREDTHS
}

fn rate(clients: u32, count: u32, sync: Option<Duration>) -> u128 {
    let dir = tempfile::tempdir().expect("a directory");
    let slow = |time| Box::new(move || std::thread::sleep(time)) as Box<dyn FnMut() + Send>;
    let options = Options { before_commit: sync.map(slow), ..Options::default() };
    let journal = Journal::open_with(dir.path(), clock(), options).expect("a journal");
    let template = incoming();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let began = Instant::now();
    runtime.block_on(async {
        let tasks = (0..clients).map(|client| {
            let (journal, template) = (journal.clone(), template.clone());
            tokio::spawn(async move {
                for n in (client..count).step_by(clients as usize) {
                    let answer = journal.accept(spread(&template, n), POLICY).await.expect("stored");
                    assert!(matches!(answer, Acceptance::Queued(_)), "{answer:?}");
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("served");
        }
    });
    u128::from(count) * 1_000_000 / began.elapsed().as_micros()
}

/// From the request's checked body to durable, against the one sync that it needs.
fn one_accept() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut file = File::create(dir.path().join("sync")).expect("made");
    let syncs = (0..500).map(|_| {
        // A commit of an accept appends about five pages to the log.
        file.write_all(&vec![0; 5 * 4096]).expect("written");
        let began = Instant::now();
        file.sync_data().expect("synced");
        began.elapsed()
    });
    let sync = median(syncs.collect());
    let journal = open(dir.path());
    let accept = median(lives(&journal, 0..FEW).into_iter().map(|life| life.accept).collect());
    let ratio = accept.as_nanos() * 100 / sync.as_nanos();
    println!("accept to durable {accept:?}, one fdatasync {sync:?}, ratio {}", hundredths(ratio));
}

/// The cost of a document and of a start in a small journal and in a large one.
fn size(documents: u32) -> bool {
    let memory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let dir = memory.path();
    let journal = open(dir);
    lives(&journal, 0..FEW);
    let few = whole(&lives(&journal, FEW..2 * FEW));
    drop(journal);
    grow(dir, documents);
    let began = Instant::now();
    let journal = open(dir);
    start(&journal);
    let started = began.elapsed();
    println!("start with {documents} documents: {started:?}");
    lives(&journal, 2 * FEW..3 * FEW);
    let many = whole(&lives(&journal, 3 * FEW..4 * FEW));
    let ratio = many.as_nanos() * 100 / few.as_nanos();
    println!(
        "a document's life (accept, begin, closing, settle, report) without a disk: {few:?} at {FEW} documents, \
         {many:?} at {documents}, ratio {}",
        hundredths(ratio)
    );
    look_ups(&journal);
    started <= START && ratio <= GROWTH_HUNDREDTHS
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

/// What the daemon asks before it is ready.
fn start(journal: &Journal) {
    journal.interrupted(DEVICE).expect("read");
    journal.expire(DEVICE, LIMITS, |_| word()).expect("looked");
    journal.next_waiting(DEVICE).expect("read");
    journal.time_to_expiry(DEVICE, LIMITS).expect("read");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(journal.next_due(&journal.clock().now(), &[])).expect("read");
}

struct Life {
    accept: Duration,
    whole: Duration,
}

/// Documents from acceptance to their confirmed report, one after another.
fn lives(journal: &Journal, numbers: std::ops::Range<u32>) -> Vec<Life> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let template = incoming();
    let live = |n| {
        let document = numbered(&template, n);
        let began = Instant::now();
        let answer = runtime.block_on(journal.accept(document, POLICY)).expect("stored");
        let accept = began.elapsed();
        let Acceptance::Queued(row) = answer else { panic!("{answer:?}") };
        begin(journal, row);
        journal.arrow(row, Event::Closing, "").expect("stored");
        journal.settle_done(row, proof(row), Paper::Delivered, word()).expect("stored");
        let now = journal.clock().now();
        runtime.block_on(async {
            let report = journal.due(&now, &[]).await.expect("read").expect("one is due");
            journal.attempted(report.row, &now).await.expect("stored");
            journal.answered(report.row, &Next::Delivered, &now).await.expect("stored");
        });
        Life { accept, whole: began.elapsed() }
    };
    numbers.map(live).collect()
}

fn begin(journal: &Journal, row: i64) {
    let begun = journal.begin(row, mark(), LIMITS).expect("stored");
    assert!(matches!(begun, Begin::Begun(_)), "{begun:?}");
}

fn whole(lives: &[Life]) -> Duration {
    median(lives.iter().map(|life| life.whole).collect())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn hundredths(ratio: u128) -> String {
    format!("{}.{:02}", ratio / 100, ratio % 100)
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

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new().expect("a clock"))
}

fn open(directory: &Path) -> Journal {
    let journal = Journal::open(directory, clock()).expect("a journal");
    if journal.device(DEVICE).expect("read").is_none() {
        let capabilities = Capabilities {
            vat_rates: vec![VatRate::Exempt, VatRate::Rate(1000)],
            tax_systems: Vec::new(),
            max_lines: None,
            zero_lines: true,
            electronic_only: true,
            stores_marker: true,
            cash_rounding: true,
        };
        journal.adopt(DEVICE, &mark(), &capabilities).expect("stored");
    }
    journal
}

fn mark() -> Mark {
    Mark { serial: "1".into(), storage: "fn".into(), shift: 1, last_document: 1, cash: None }
}

fn proof(row: i64) -> Proof {
    let document_number = row.unsigned_abs();
    Proof { document_number, sign: "1".into(), storage: "fn".into(), total: None, device_time: None }
}

fn word() -> Final {
    Final { code: 0, message: "OK".into(), body: r#"{"status":"success"}"#.into() }
}

fn numbered(template: &Incoming, n: u32) -> Incoming {
    let document_id = 1_000_000_000 + i64::from(n);
    Incoming { request_id: format!("\"life {n}\""), document_id, ..template.clone() }
}

/// The same for one of many devices, so that no lane is longer than a shop's.
fn spread(template: &Incoming, n: u32) -> Incoming {
    Incoming { device: format!("{DEVICE} {}", n / 100), ..numbered(template, n) }
}

fn incoming() -> Incoming {
    let text = include_bytes!("../src/console/simulate/example.json");
    let order = altegio::read(text, &Rules::default(), jiff::Timestamp::UNIX_EPOCH).expect("the example");
    Incoming {
        device: DEVICE.into(),
        request_id: String::new(),
        document_id: 0,
        kind: "sale",
        date_ms: 0,
        fiscal_hash: order.fiscal_hash,
        twin_hash: order.twin_hash,
        total: order.receipt.total(),
        request: text.to_vec(),
        notes: "[]".into(),
        body: order.body(),
        callback_url: Some("https://app.alteg.io/api/v1/integration/kkm/callback/".into()),
        success_body: String::new(),
    }
}
