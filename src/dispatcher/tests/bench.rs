//! A shop on simulated time: every wait of a lane turns the clocks by hand.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kkm_drivers::contract::{Body, Fault, Witness};
use kkm_drivers::shtrih::{Settings as ShtrihSettings, Shtrih};
use kkm_drivers::simulator::books::{BookedDocument, Kind};
use kkm_drivers::simulator::{Clock as RegisterClock, Device, Manner, MemoryLink, Register};
use serde_json::{Value, json};

use crate::altegio::{self, Rules};
use crate::clock::{Clock, ManualClock};
use crate::dispatcher::{Closing, Lane, LaneDoor, Pace, Settings};
use crate::journal::Journal;
use crate::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use crate::journal::life::Limits;
use crate::journal::views::Summary;
use crate::messages::Locale;
use crate::outbox::{Next, Store};

pub(super) const DEVICE: &str = "front";
/// 2026-11-25 09:00 at +03:00.
const MORNING_MS: i64 = 1_795_586_400_000;

pub(super) const LIMITS: Limits =
    Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) };

pub(super) struct Shop {
    pub(super) dir: tempfile::TempDir,
    pub(super) clock: ManualClock,
    pub(super) link: MemoryLink,
    pub(super) journal: Journal,
    pub(super) lane: Option<Lane>,
    pub(super) door: LaneDoor,
    pub(super) policy: Policy,
    pub(super) cancel_foreign: bool,
    pub(super) closing: Closing,
}

impl Shop {
    pub(super) fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::new(MORNING_MS);
        let start = "2026-11-25T09:00:00".parse().expect("a moment");
        let register = Register::in_memory(RegisterClock::Line { start }, Box::new(std::io::sink()));
        let link = MemoryLink::new(Device::new(register, Manner::default()));
        let journal = Journal::open(dir.path(), Arc::new(clock.clone())).expect("a journal");
        let policy = Policy {
            repeat: Repeat::Evidence,
            same_id_after_error: SameId::Retry,
            give_up_cap: LIMITS.give_up_cap,
            receipt_time: Duration::from_secs(4),
        };
        let mut shop = Self {
            dir,
            clock,
            link,
            journal,
            lane: None,
            door: LaneDoor::default(),
            policy,
            cancel_foreign: false,
            closing: Closing::default(),
        };
        shop.start();
        shop
    }

    /// A lane as a new process makes it.
    pub(super) fn start(&mut self) {
        self.door = LaneDoor::default();
        let settings = Settings {
            limits: LIMITS,
            serial: None,
            cancel_foreign: self.cancel_foreign,
            open_shift: true,
            closing: self.closing.clone(),
            close_expired_shift: true,
            locale: Locale::En,
        };
        let driver = self.another();
        let reports = Arc::new(tokio::sync::Notify::new());
        let lane =
            Lane::new(DEVICE.into(), Box::new(driver), self.journal.clone(), settings, self.door.clone(), reports);
        self.lane = Some(lane.expect("a lane"));
    }

    /// The process dies and comes back over the same directory, or over `copy` of it.
    pub(super) fn restart(&mut self) {
        self.lane = None;
        // The old journal lets its lock go with its last handle.
        let spare = tempfile::tempdir().expect("a directory");
        self.journal = Journal::open(spare.path(), Arc::new(self.clock.clone())).expect("a journal");
        self.journal = Journal::open(self.dir.path(), Arc::new(self.clock.clone())).expect("the lock is free");
        self.start();
    }

    /// Another program at the same register.
    pub(super) fn another(&self) -> Shtrih {
        Shtrih::new(Box::new(self.link.clone()), ShtrihSettings::serial())
    }

    /// What the device is asked to do for a waiting document.
    pub(super) fn body(&self, row: i64) -> Body {
        self.journal.find(&row.to_string()).expect("read").expect("there").body.expect("not dropped")
    }

    pub(super) fn inject(&self, line: &str) {
        self.link.inject(line).expect("a line of the script");
    }

    pub(super) fn document(id: &str, document_id: i64, kind: &str) -> Value {
        json!({
            "id": id, "date": "2026-11-25T09:00:00+03:00", "document_id": document_id, "type": kind,
            "positions": [{"type": "service", "title": "Стрижка", "price": 700, "quantity": 1, "discount_amount": 0,
                "vat": "ru_vat_none", "payment_method": "payment"}],
            "payments": [{"type": "cash", "sum": 700}], "tax": "ru_osn"
        })
    }

    pub(super) fn accept(&self, document: &Value) -> Acceptance {
        let at = Timestamp::from_millisecond(self.clock.now().wall_ms).expect("a time");
        let order = altegio::read(document.to_string().as_bytes(), &Rules::default(), at).expect("a document");
        let kind = crate::journal::operations::kind(&order.body());
        let incoming = Incoming {
            device: DEVICE.into(),
            request_id: order.id.json().into(),
            document_id: order.document_id,
            kind,
            date_ms: order.date.as_millisecond(),
            fiscal_hash: order.fiscal_hash,
            twin_hash: order.twin_hash,
            total: order.receipt.total(),
            request: document.to_string().into_bytes(),
            notes: "[]".into(),
            callback_url: Some("https://app.alteg.io/api/v1/integration/kkm/callback/".into()),
            success_body: crate::dispatcher::words::success(order.id.json(), None, Locale::En).body,
            body: order.body(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(self.journal.accept(incoming, self.policy)).expect("the journal answers")
    }

    /// A sale that must be taken.
    #[track_caller]
    pub(super) fn sale(&self, id: &str, document_id: i64) -> i64 {
        match self.accept(&Self::document(id, document_id, "sale")) {
            Acceptance::Queued(row) => row,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn advance(&self, time: Duration) {
        self.clock.advance(time);
        self.link.advance(time);
    }

    pub(super) fn step(&mut self) -> Pace {
        self.lane.as_mut().expect("a lane").step().expect("the journal works")
    }

    /// Steps until nothing is left to do before a ring; waits turn the clocks, `steps` at most.
    pub(super) fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.step() {
                Pace::Again => {}
                Pace::Wait(time) => self.advance(time),
                Pace::Ring => return,
            }
        }
    }

    #[track_caller]
    pub(super) fn summary(&self, row: i64) -> Summary {
        self.journal.find(&row.to_string()).expect("read").expect("there").summary
    }

    #[track_caller]
    pub(super) fn assert_state(&self, row: i64, state: &str) {
        let found = self.journal.find(&row.to_string()).expect("read").expect("there");
        assert_eq!(found.summary.state, state, "{found:#?}");
    }

    /// Receipts in the register's books, strangers' included.
    pub(super) fn receipts(&self) -> Vec<BookedDocument> {
        self.link.device(|d| d.register().documents().iter().filter(|b| b.kind == Kind::Receipt).cloned().collect())
    }

    pub(super) fn ours(&self) -> usize {
        self.receipts().iter().filter(|r| r.tag_text(1192).starts_with('K')).count()
    }

    /// The cloud takes every report that waits.
    pub(super) fn deliver(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let now = self.clock.now();
            while let Some(report) = self.journal.due(&now, &[]).await.expect("read") {
                self.journal.attempted(report.row, &now).await.expect("written");
                self.journal.answered(report.row, &Next::Delivered, &now).await.expect("written");
            }
        });
    }
}

/// Lets everything pass.
pub(super) struct Willing;

impl Witness for Willing {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
