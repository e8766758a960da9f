//! A day of 500 documents over midnight, on simulated time: register, journal and reports agree to the kopeck.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::{TimeZone, offset};
use kkm_bridge::clock::ManualClock;
use kkm_bridge::dispatcher::{Closing, Lane, LaneDoor, Pace, Settings};
use kkm_bridge::journal::Journal;
use kkm_bridge::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use kkm_bridge::journal::life::Limits;
use kkm_bridge::journal::views::Summary;
use kkm_bridge::messages::Locale;
use kkm_drivers::contract::{
    Body, LineDraft, Money, Payments, Quantity, Receipt, ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem,
    VatRate,
};
use kkm_drivers::shtrih::{self, Shtrih};
use kkm_drivers::simulator::books::{BookedDocument, Kind, Operation};
use kkm_drivers::simulator::{Clock, Device, Manner, MemoryLink, Register};

/// 2026-02-10 09:00 at +03:00, Unix ms.
const MORNING_MS: i64 = 1_770_703_200_000;
const MORNING: &str = "2026-02-10T09:00:00";
const DOCUMENTS: i64 = 500;
/// A pause after which the 267th document comes two seconds before 23:50.
const EVERY_S: i64 = 200;
const DEVICE: &str = "front";

/// The roll of the register.
#[derive(Clone, Default)]
struct Roll(Arc<Mutex<Vec<u8>>>);

impl Write for Roll {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Shop {
    line: MemoryLink,
    clock: ManualClock,
    /// Time of the line that the clock has been given.
    given: Duration,
    journal: Journal,
    lane: Lane,
    door: LaneDoor,
    roll: Roll,
    runtime: tokio::runtime::Runtime,
    _directory: tempfile::TempDir,
}

impl Shop {
    fn new(close_at: Option<Time>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let clock = ManualClock::new(MORNING_MS);
        let journal = Journal::open(directory.path(), Arc::new(clock.clone())).expect("a journal");
        let roll = Roll::default();
        let register =
            Register::in_memory(Clock::Line { start: MORNING.parse().expect("a moment") }, Box::new(roll.clone()));
        let manner = Manner { think: Duration::from_millis(20), baud: Some(115_200), ..Manner::default() };
        let line = MemoryLink::new(Device::new(register, manner));
        let driver = Shtrih::new(Box::new(line.clone()), shtrih::Settings::serial());
        let settings = Settings {
            limits: Limits { give_up_after: Duration::from_secs(120), give_up_cap: Duration::from_secs(600) },
            serial: None,
            cancel_foreign: false,
            open_shift: true,
            closing: Closing { at: close_at, zone: Some(TimeZone::fixed(offset(3))), automatic: true },
            close_expired_shift: true,
            locale: Locale::En,
        };
        let door = LaneDoor::default();
        let front = Lane::new(DEVICE.into(), Box::new(driver), journal.clone(), settings, door.clone(), Arc::default())
            .expect("a lane");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Self { line, clock, given: Duration::ZERO, journal, lane: front, door, roll, runtime, _directory: directory }
    }

    /// Gives the clock the time that the line has taken, in whole milliseconds.
    fn keep_time(&mut self) {
        let ms = self.line.now().saturating_sub(self.given).as_millis() as u64;
        self.clock.advance(Duration::from_millis(ms));
        self.given += Duration::from_millis(ms);
    }

    fn pass(&mut self, time: Duration) {
        self.line.advance(time);
        self.keep_time();
    }

    /// Lets the lane work until that time of the line.
    fn run_until(&mut self, until: Duration) {
        while self.line.now() < until {
            let pace = self.lane.step().expect("the journal is whole");
            self.keep_time();
            let left = until.saturating_sub(self.line.now());
            match pace {
                Pace::Again => {}
                Pace::Wait(time) => self.pass(time.min(left).max(Duration::from_millis(1))),
                Pace::Ring => self.pass(left.max(Duration::from_millis(1))),
            }
        }
    }

    fn accept(&mut self, nth: i64) {
        let (kind, body) = document(nth);
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&nth.to_le_bytes());
        let incoming = Incoming {
            device: DEVICE.into(),
            request_id: format!("\"day-{nth}\""),
            document_id: nth,
            kind,
            date_ms: MORNING_MS,
            fiscal_hash: hash,
            twin_hash: hash,
            total: sum_of(nth),
            request: Vec::new(),
            body,
            notes: "[]".into(),
            callback_url: Some("http://127.0.0.1:1/api/v1/integration/kkm/callback/".into()),
            success_body: String::new(),
        };
        let policy = Policy {
            repeat: Repeat::Evidence,
            same_id_after_error: SameId::Retry,
            give_up_cap: Duration::from_secs(600),
            receipt_time: Duration::from_secs(4),
        };
        let accepted = self.runtime.block_on(self.journal.accept(incoming, policy)).expect("accepted");
        assert!(matches!(accepted, Acceptance::Queued(_)), "{accepted:?}");
    }

    fn books(&self) -> Vec<BookedDocument> {
        self.line.device(|device| device.register().documents().to_vec())
    }

    fn of_kind(&self, kind: Kind) -> Vec<BookedDocument> {
        self.books().into_iter().filter(|d| d.kind == kind).collect()
    }

    /// Lines of the roll that give the sum of an operation in an X or Z report, oldest first: count and sum.
    fn reported(&self, operation: &str) -> Vec<(usize, String)> {
        let roll = self.roll.0.lock().expect("whole");
        let text = String::from_utf8_lossy(&roll);
        let totals = text.lines().filter_map(|line| line.strip_prefix(operation)?.strip_prefix(" ("));
        totals
            .map(|rest| {
                let (count, sum) = rest.split_once(')').expect("count in brackets");
                (count.parse().expect("a count"), sum.trim().to_owned())
            })
            .collect()
    }

    fn summaries(&self) -> Vec<Summary> {
        self.journal.newest(u32::MAX).expect("the journal is whole")
    }

    /// Sum and count of the receipts of a shift, by the books.
    fn booked(&self, shift: u32, operation: Operation) -> (usize, Money) {
        let receipts = self.of_kind(Kind::Receipt);
        let mine: Vec<_> = receipts.iter().filter(|d| d.shift == shift && d.operation == Some(operation)).collect();
        (mine.len(), Money::from_minor(mine.iter().map(|d| d.total.minor()).sum()))
    }

    /// Every document done once, its numbers and sum those of the books, its success on the way to the cloud.
    fn assert_books_journal_and_reports_agree(&self) {
        let booked: BTreeMap<u64, BookedDocument> =
            self.of_kind(Kind::Receipt).into_iter().map(|d| (d.number.into(), d)).collect();
        let summaries = self.summaries();
        let receipts: Vec<_> = summaries.iter().filter(|d| matches!(d.kind.as_str(), "sale" | "return")).collect();
        assert_eq!((receipts.len(), booked.len()), (DOCUMENTS as usize, DOCUMENTS as usize));
        for summary in receipts {
            let (id, proof) = (&summary.id, summary.proof.as_ref().expect("registered"));
            let document = &booked[&proof.document_number];
            assert_eq!(document.total.minor(), summary.total_minor, "{id}");
            assert_eq!(document.sign.to_string(), proof.sign, "{id}");
            assert_eq!((summary.state.as_str(), summary.code, summary.attempt), ("done", Some(0), 1), "{id}");
            let report = summary.report.as_ref().expect("a report");
            assert_eq!(report.state, "waiting", "{id}");
        }
        let cancelled = self.line.device(|device| device.register().state().counters.shift.cancelled_count);
        assert_eq!(cancelled, 0, "no receipt was in the way of a closing");
    }

    /// What the paper of the reports says is what the books say of these shifts, and X what had been sold by then.
    fn assert_reports_on_paper(&self, x: [(usize, Money); 2], shifts: &[u32]) {
        let by_books = |operation, x: (usize, Money)| -> Vec<(usize, String)> {
            let closed = shifts.iter().map(|&shift| self.booked(shift, operation));
            std::iter::once(x).chain(closed).map(|(count, sum)| (count, sum.to_string())).collect()
        };
        assert_eq!(self.reported("ПРИХОД"), by_books(Operation::Sale, x[0]));
        assert_eq!(self.reported("ВОЗВРАТ ПРИХОДА"), by_books(Operation::SaleReturn, x[1]));
    }

    /// The whole day with an X report in its middle and a last Z by hand; gives what X had to say.
    fn live(&mut self) -> [(usize, Money); 2] {
        self.line.inject("print-time 3s").expect("a line of the script");
        let mut x = [(0, Money::ZERO); 2];
        for nth in 1..=DOCUMENTS {
            self.run_until(Duration::from_secs((nth * EVERY_S - 2) as u64));
            if nth == DOCUMENTS / 2 {
                x = [Operation::Sale, Operation::SaleReturn].map(|operation| self.booked(1, operation));
                self.journal.order(DEVICE, Body::XReport).expect("ordered");
            }
            self.accept(nth);
        }
        self.run_until(self.line.now() + Duration::from_secs(60));
        self.journal.order(DEVICE, Body::CloseShift(None)).expect("ordered");
        self.run_until(self.line.now() + Duration::from_secs(60));
        x
    }
}

fn sum_of(nth: i64) -> Money {
    Money::from_minor(10_000 + nth * 37)
}

/// Every tenth is a return; every third sale is paid by card.
fn document(nth: i64) -> (&'static str, Body) {
    let (cash, card) = if nth % 3 == 0 { (Money::ZERO, sum_of(nth)) } else { (sum_of(nth), Money::ZERO) };
    let draft = ReceiptDraft {
        lines: vec![LineDraft {
            title: format!("Услуга {nth}"),
            subject: Subject::Service,
            price: sum_of(nth),
            quantity: Quantity::ONE,
            discount: Money::ZERO,
            vat: VatRate::Rate(1000),
            settlement: Settlement::Full,
            barcode: None,
        }],
        payments: Payments { cash, card, prepaid: Money::ZERO },
        tax_system: TaxSystem::DEFAULT,
        cashier: None,
        contact: None,
        print: true,
        custom_text: None,
    };
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    let (receipt, _) = Receipt::new(draft, policy).expect("adds up");
    if nth % 10 == 0 { ("return", Body::Return(receipt)) } else { ("sale", Body::Sale(receipt)) }
}

fn at(documents: &[BookedDocument]) -> Vec<String> {
    documents.iter().map(|d| d.time.to_string()[..16].to_owned()).collect()
}

#[test]
fn a_day_over_midnight_closes_at_its_hour_and_everything_agrees() {
    let mut shop = Shop::new(Some(Time::constant(23, 50, 0, 0)));
    let x = shop.live();
    shop.assert_books_journal_and_reports_agree();
    shop.assert_reports_on_paper(x, &[1, 2]);
    let closed = at(&shop.of_kind(Kind::ShiftClosed));
    assert_eq!((closed.len(), closed[0].as_str()), (2, "2026-02-10T23:50"));
    // The receipt that came two seconds before the hour was printed to its end first.
    let books = shop.books();
    let place = books.iter().position(|d| d.kind == Kind::ShiftClosed).expect("closed");
    assert_eq!(books[place - 1].kind, Kind::Receipt);
    assert_eq!(at(&books[place - 1..place]), ["2026-02-10T23:49"]);
    assert_eq!(books[place + 1].kind, Kind::ShiftOpened, "by the next receipt");
}

#[test]
fn without_an_hour_the_shift_is_closed_before_24_hours_are_over() {
    let mut shop = Shop::new(None);
    let x = shop.live();
    shop.assert_books_journal_and_reports_agree();
    shop.assert_reports_on_paper(x, &[1, 2]);
    let (opened, closed) = (shop.of_kind(Kind::ShiftOpened), shop.of_kind(Kind::ShiftClosed));
    let ages: Vec<_> = opened.iter().zip(&closed).map(|(from, to)| to.time.since_s(from.time)).collect();
    assert_eq!(ages.len(), 2);
    assert!((23 * 3600 + 49 * 60..24 * 3600).contains(&ages[0]), "{ages:?}");
}

#[test]
fn a_closing_that_was_missed_is_on_record_and_the_next_receipt_gets_a_fresh_shift() {
    let mut shop = Shop::new(Some(Time::constant(23, 50, 0, 0)));
    shop.run_until(Duration::from_secs(1));
    shop.accept(1);
    shop.run_until(Duration::from_secs(60));
    shop.line.inject("paper out").expect("a line of the script");
    shop.run_until(Duration::from_secs(25 * 3600));
    assert!(shop.of_kind(Kind::ShiftClosed).is_empty());
    let history = shop.journal.history(1000).expect("the journal is whole");
    let missed: Vec<_> = history.iter().filter(|h| h.what == "closing missed").collect();
    assert_eq!(missed.len(), 1, "said once");
    assert!(missed[0].detail.contains("23:50: no paper"), "{}", missed[0].detail);
    assert_eq!(shop.door.missed.get().expect("an alarm").text, missed[0].detail);
    shop.line.inject("paper in").expect("a line of the script");
    shop.accept(2);
    shop.run_until(Duration::from_secs(25 * 3600 + 60));
    let kinds: Vec<_> = shop.books().iter().map(|d| d.kind).skip(1).collect();
    assert_eq!(
        kinds,
        [Kind::ShiftOpened, Kind::Receipt, Kind::ShiftClosed, Kind::ShiftOpened, Kind::Receipt],
        "the old shift is closed for the new receipt, and the new one is left open"
    );
    assert_eq!(shop.door.missed.get(), None);
}
