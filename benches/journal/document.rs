//! Documents of a shop, and their lives in the journal.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kkm_bridge::altegio::{self, Rules};
use kkm_bridge::clock::{Clock, SystemClock};
use kkm_bridge::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use kkm_bridge::journal::life::{Begin, Final, Limits};
use kkm_bridge::journal::{Event, Journal};
use kkm_bridge::outbox::{Next, Store};
use kkm_drivers::contract::{Capabilities, Mark, Paper, Proof, VatRate};

use crate::median;

/// The one device.
pub(crate) const DEVICE: &str = "front";
/// The documented example.
pub(crate) const EXAMPLE: &[u8] = include_bytes!("../../src/console/simulate/example.json");
/// As the daemon decides by default.
pub(crate) const POLICY: Policy = Policy {
    repeat: Repeat::Evidence,
    same_id_after_error: SameId::Retry,
    give_up_cap: Duration::from_secs(600),
    receipt_time: Duration::ZERO,
};
/// As a document waits by default.
pub(crate) const LIMITS: Limits =
    Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) };

/// How long it took.
pub(crate) struct Life {
    /// From the checked body to durable.
    pub(crate) accept: Duration,
    /// To the confirmed report.
    pub(crate) whole: Duration,
}

/// Documents from acceptance to their confirmed report, one after another.
pub(crate) fn lives(journal: &Journal, numbers: Range<u32>) -> Vec<Life> {
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

/// A receipt is begun.
pub(crate) fn begin(journal: &Journal, row: i64) {
    let begun = journal.begin(row, mark(), LIMITS).expect("stored");
    assert!(matches!(begun, Begin::Begun(_)), "{begun:?}");
}

/// The whole life of one in the middle.
pub(crate) fn median_life(lives: &[Life]) -> Duration {
    median(lives.iter().map(|life| life.whole).collect())
}

/// The machine's.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new().expect("a clock"))
}

/// A journal that knows the device.
pub(crate) fn open(directory: &Path) -> Journal {
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

/// What the device says of itself.
pub(crate) fn mark() -> Mark {
    Mark { serial: "1".into(), storage: "fn".into(), shift: 1, last_document: 1, cash: None }
}

/// A registration.
pub(crate) fn proof(row: i64) -> Proof {
    let document_number = row.unsigned_abs();
    Proof { document_number, sign: "1".into(), storage: "fn".into(), total: None, device_time: None }
}

/// What is reported.
pub(crate) fn word() -> Final {
    Final { code: 0, message: "OK".into(), body: r#"{"status":"success"}"#.into() }
}

/// A sale of its own.
pub(crate) fn numbered(template: &Incoming, n: u32) -> Incoming {
    let document_id = 1_000_000_000 + i64::from(n);
    Incoming { request_id: format!("\"life {n}\""), document_id, ..template.clone() }
}

/// The same for one of many devices, so that no lane is longer than a shop's.
pub(crate) fn spread(template: &Incoming, n: u32) -> Incoming {
    Incoming { device: format!("{DEVICE} {}", n / 100), ..numbered(template, n) }
}

/// The documented example, read.
pub(crate) fn incoming() -> Incoming {
    let order = altegio::read(EXAMPLE, &Rules::default(), jiff::Timestamp::UNIX_EPOCH).expect("the example");
    Incoming {
        device: DEVICE.into(),
        request_id: String::new(),
        document_id: 0,
        kind: "sale",
        date_ms: 0,
        fiscal_hash: order.fiscal_hash,
        twin_hash: order.twin_hash,
        total: order.receipt.total(),
        request: EXAMPLE.to_vec(),
        notes: "[]".into(),
        body: order.body(),
        callback_url: Some("https://app.alteg.io/api/v1/integration/kkm/callback/".into()),
        success_body: String::new(),
    }
}
