//! A journal on simulated time, and documents for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kkm_drivers::contract::{Mark, Paper, Proof, Puzzle};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::altegio::{self, Rules};
use crate::clock::{Clock, ManualClock};
use crate::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use crate::journal::life::{Begin, Final, Limits};
use crate::journal::views::Summary;
use crate::journal::{Event, FILE, Journal, JournalError, Row, State, operations};
use crate::outbox::{Next, Store};

pub(super) const DEVICE: &str = "front";
/// 2026-11-25 09:00 at +03:00.
pub(super) const MORNING_MS: i64 = 1_795_586_400_000;
pub(super) const LIMITS: Limits =
    Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) };
pub(super) const POLICY: Policy = Policy {
    repeat: Repeat::Evidence,
    same_id_after_error: SameId::Retry,
    give_up_cap: LIMITS.give_up_cap,
    receipt_time: Duration::from_secs(4),
};

pub(super) struct Desk {
    pub(super) dir: tempfile::TempDir,
    pub(super) clock: ManualClock,
    pub(super) journal: Journal,
}

impl Desk {
    pub(super) fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::new(MORNING_MS);
        let journal = Journal::open(dir.path(), Arc::new(clock.clone())).expect("a journal");
        Self { dir, clock, journal }
    }

    /// The same directory in a process that was started anew.
    pub(super) fn restart(self) -> Self {
        let Self { dir, clock, journal } = self;
        drop(journal);
        let journal = Journal::open(dir.path(), Arc::new(clock.clone())).expect("the lock is free");
        Self { dir, clock, journal }
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join(FILE)
    }

    /// A number that a question to the file gives.
    pub(super) fn count(&self, sql: &str) -> i64 {
        count(&self.path(), sql)
    }

    pub(super) fn try_accept(&self, document: &Value) -> Result<Acceptance, JournalError> {
        wait(self.journal.accept(incoming(document), POLICY))
    }

    pub(super) fn accept(&self, document: &Value) -> Acceptance {
        self.try_accept(document).expect("the journal answers")
    }

    /// A sale that must be taken.
    #[track_caller]
    pub(super) fn sale(&self, id: &str, document_id: i64) -> Row {
        match self.accept(&sale(id, document_id)) {
            Acceptance::Queued(row) => row,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn begin(&self, row: Row) {
        let begun = self.journal.begin(row, mark(), LIMITS).expect("begun");
        assert!(matches!(begun, Begin::Begun(_)), "{begun:?}");
    }

    /// Registered under this number, from waiting.
    #[track_caller]
    pub(super) fn register(&self, row: Row, number: u64) {
        self.begin(row);
        self.journal.arrow(row, Event::Closing, "").expect("closing");
        self.journal.settle_done(row, proof(number), Paper::Delivered, success()).expect("settled");
    }

    /// Brings a waiting document into a state.
    pub(super) fn bring(&self, row: Row, to: State) {
        let take = |event| self.journal.arrow(row, event, "").map(drop).expect("an arrow");
        match to {
            State::Accepted => {}
            State::Begun => self.begin(row),
            State::Closing => {
                self.begin(row);
                take(Event::Closing);
            }
            State::Doubtful => {
                self.begin(row);
                take(Event::Doubt);
            }
            State::Cancelling => {
                self.bring(row, State::Doubtful);
                take(Event::Cancel);
            }
            State::NeedsOperator => {
                self.bring(row, State::Doubtful);
                self.journal.ask_operator(row, Puzzle::NoMemory).expect("asked");
            }
            State::Done => self.register(row, 7),
            State::Refused => self.journal.settle_refused(row, failure()).expect("refused"),
            State::Expired => {
                self.clock.advance(LIMITS.give_up_after);
                self.journal.expire(DEVICE, LIMITS, |_| failure()).expect("expired");
            }
        }
    }

    #[track_caller]
    pub(super) fn summary(&self, row: Row) -> Summary {
        self.journal.find(&row.to_string()).expect("read").expect("there").summary
    }

    #[track_caller]
    pub(super) fn state(&self, row: Row) -> State {
        State::named(&self.summary(row).state).expect("a state")
    }

    /// Expires what must; says how many.
    pub(super) fn expire(&self) -> usize {
        self.journal.expire(DEVICE, LIMITS, |_| failure()).expect("looked").len()
    }

    /// One attempt to report what is due.
    pub(super) fn report(&self, next: &Next) {
        wait(async {
            let now = self.clock.now();
            let report = self.journal.due(&now, &[]).await.expect("read").expect("one is due");
            self.journal.attempted(report.row, &now).await.expect("written");
            self.journal.answered(report.row, next, &now).await.expect("written");
        });
    }
}

pub(super) fn count(file: &Path, sql: &str) -> i64 {
    Connection::open(file).expect("opened").query_row(sql, [], |r| r.get(0)).expect("counted")
}

pub(super) fn wait<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

pub(super) fn sale(id: &str, document_id: i64) -> Value {
    json!({
        "id": id, "date": "2026-11-25T09:00:00+03:00", "document_id": document_id, "type": "sale",
        "positions": [{"type": "service", "title": "Стрижка", "price": 700, "quantity": 1, "discount_amount": 0,
            "vat": "ru_vat_none", "payment_method": "payment"}],
        "payments": [{"type": "cash", "sum": 700}], "tax": "ru_osn"
    })
}

pub(super) fn incoming(document: &Value) -> Incoming {
    let at = Timestamp::from_millisecond(MORNING_MS).expect("a time");
    let order = altegio::read(document.to_string().as_bytes(), &Rules::default(), at).expect("a document");
    Incoming {
        device: DEVICE.into(),
        request_id: order.id.json().into(),
        document_id: order.document_id,
        kind: operations::kind(&order.body()),
        date_ms: order.date.as_millisecond(),
        fiscal_hash: order.fiscal_hash,
        twin_hash: order.twin_hash,
        total: order.receipt.total(),
        request: document.to_string().into_bytes(),
        notes: "[]".into(),
        callback_url: Some("https://app.alteg.io/api/v1/integration/kkm/callback/".into()),
        success_body: success().body,
        body: order.body(),
    }
}

pub(super) fn mark() -> Mark {
    Mark { serial: "1".into(), storage: "fn".into(), shift: 1, last_document: 1, cash: None }
}

pub(super) fn proof(number: u64) -> Proof {
    Proof { document_number: number, sign: "1".into(), storage: "fn".into(), total: None, device_time: None }
}

pub(super) fn success() -> Final {
    Final { code: 0, message: "OK".into(), body: r#"{"status":"success"}"#.into() }
}

pub(super) fn failure() -> Final {
    Final { code: 2002, message: "gave up".into(), body: r#"{"status":"error"}"#.into() }
}
