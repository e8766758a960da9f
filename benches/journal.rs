//! The journal in ratios: what a shared commit wins on a slow disk, what a commit costs, and whether size matters.
//!
//! `cargo bench --bench journal` measures with 100,000 documents, `-- 1000000` with a million.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kkm_bridge::altegio::{self, Rules};
use kkm_bridge::clock::SystemClock;
use kkm_bridge::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use kkm_bridge::journal::life::{Begin, Final, Limits};
use kkm_bridge::journal::{Event, FILE, Journal};
use kkm_drivers::contract::{Capabilities, Mark, Paper, Proof, VatRate};

const DEVICE: &str = "front";
const POLICY: Policy = Policy {
    repeat: Repeat::Evidence,
    same_id_after_error: SameId::Retry,
    give_up_cap: Duration::from_secs(600),
    receipt_time: Duration::ZERO,
};
const LIMITS: Limits = Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) };

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| !w.starts_with("--")).collect();
    match words.first().map(String::as_str) {
        Some("accepts") => accepts(&words[1..]),
        Some(count) => all(count.parse().expect("a number of documents")),
        None => all(100_000),
    }
}

fn all(documents: u32) {
    for (disk, slow) in [("8 ms more for each sync", true), ("this disk", false)] {
        let one = rate(1, if slow { 100 } else { 1000 }, slow);
        let many = rate(64, if slow { 2000 } else { 10_000 }, slow);
        println!("{disk}: {one} accepts/s by one client, {many} by 64; ratio {}", hundredths(many * 100, one * 100));
    }
    let dir = tempfile::tempdir().expect("a directory");
    let sync = one_sync(dir.path());
    let journal = open(dir.path());
    let few = life(&journal, 1000);
    println!(
        "accept to durable is {} of one fdatasync ({} us); a document's life (three commits) takes {} us",
        hundredths(few.accept.as_micros(), sync.as_micros()),
        sync.as_micros(),
        few.whole.as_micros()
    );
    drop(journal);
    grow(dir.path(), documents);
    let began = Instant::now();
    let journal = open(dir.path());
    println!("start to ready with {documents} documents: {} ms", began.elapsed().as_millis());
    let many = life(&journal, 1000);
    println!(
        "a document's life at {documents} over at 1,000: {} ({} us)",
        hundredths(many.whole.as_nanos(), few.whole.as_nanos()),
        many.whole.as_micros()
    );
}

/// `a / b` with two decimals.
fn hundredths(a: u128, b: u128) -> String {
    let part = a * 100 / b.max(1);
    format!("{}.{:02}", part / 100, part % 100)
}

/// Accepts a second, measured in a process of its own, so that its disk can be slowed down.
fn rate(clients: u32, count: u32, slow: bool) -> u128 {
    let mut command = std::process::Command::new(std::env::current_exe().expect("a name"));
    command.args(["accepts", &clients.to_string(), &count.to_string()]);
    if slow {
        command.env("KKM_BRIDGE_SLOW_AT", "journal.commit:8");
    }
    let output = command.output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a rate")
}

fn accepts(words: &[String]) {
    let number = |n: usize| words[n].parse::<u32>().expect("a number");
    let (clients, count) = (number(0), number(1));
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    let template = incoming();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let began = Instant::now();
    runtime.block_on(async {
        let clients = (0..clients).map(|client| {
            let (journal, template) = (journal.clone(), template.clone());
            tokio::spawn(async move {
                for n in (client..count).step_by(clients as usize) {
                    let mut document = template.clone();
                    document.request_id = format!("\"{n}\"");
                    document.document_id = i64::from(n);
                    let answer = journal.accept(document, POLICY).await.expect("stored");
                    assert!(matches!(answer, Acceptance::Queued(_)));
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.expect("served");
        }
    });
    println!("{}", u128::from(count) * 1_000_000 / began.elapsed().as_micros());
}

struct Life {
    accept: Duration,
    whole: Duration,
}

/// Medians over so many documents, from acceptance to the settled outcome.
fn life(journal: &Journal, count: i64) -> Life {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (mut accepts, mut wholes) = (Vec::new(), Vec::new());
    let template = incoming();
    for n in 0..count {
        let mut document = template.clone();
        let stamp = std::process::id();
        document.request_id = format!("\"life-{stamp}-{n}-{}\"", accepts.capacity());
        document.document_id = 1_000_000_000 + i64::from(stamp) * 10_000 + n;
        document.twin_hash[..8].copy_from_slice(&document.document_id.to_le_bytes());
        let began = Instant::now();
        let answer = runtime.block_on(journal.accept(document, POLICY)).expect("stored");
        accepts.push(began.elapsed());
        let row = match answer {
            Acceptance::Queued(row) => row,
            Acceptance::AlreadyRegistered { .. } | Acceptance::Pending(_) => continue,
            other => panic!("{other:?}"),
        };
        let Ok(Begin::Begun(_)) = journal.begin(row, mark(), LIMITS) else { panic!("not begun") };
        journal.arrow(row, Event::Closing, "").expect("stored");
        let word = Final { code: 0, message: "OK".into(), body: "{}".into() };
        journal.settle_done(row, proof(row), Paper::Delivered, word).expect("stored");
        wholes.push(began.elapsed());
    }
    Life { accept: median(accepts), whole: median(wholes) }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Fills the journal with registered documents, copies of its first one.
fn grow(directory: &Path, documents: u32) {
    let connection = rusqlite::Connection::open(directory.join(FILE)).expect("opened");
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous=OFF; BEGIN;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {documents})
             INSERT INTO documents (epoch, device, request_id, document_id, kind, date_ms, fiscal_hash, twin_hash,
                 total_minor, request, body, notes, callback_url, state, attempt, accepted, code, message, proof, paper, settled_ms)
             SELECT epoch, device, 'grown ' || i, i, kind, date_ms, fiscal_hash, randomblob(32), total_minor, request, body,
                 notes, callback_url, state, attempt, accepted, code, message, proof, paper, settled_ms
             FROM n, (SELECT * FROM documents WHERE state = 'done' LIMIT 1);
             INSERT INTO reports (document, url, origin, body, since, state)
             SELECT row, 'x', 'x', '{{}}', accepted, 'delivered' FROM documents WHERE request_id LIKE 'grown %';
             INSERT INTO events (at_ms, device, document, what, detail)
             SELECT settled_ms, device, row, 'done', 'OK' FROM documents WHERE request_id LIKE 'grown %';
             COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
        ))
        .expect("grown");
}

fn one_sync(directory: &Path) -> Duration {
    let mut file = File::create(directory.join("sync")).expect("made");
    let times = (0..200).map(|_| {
        file.write_all(&[0; 4096]).expect("written");
        let began = Instant::now();
        file.sync_data().expect("synced");
        began.elapsed()
    });
    median(times.collect())
}

fn open(directory: &Path) -> Journal {
    let journal = Journal::open(directory, Arc::new(SystemClock::new().expect("a clock"))).expect("a journal");
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
