//! A shop in a test: a register with a driver at it, documents for it, and a dispatcher as the daemon has one.

use std::io;
use std::time::Duration;

use crate::contract::{
    Body, Document, Driver, Fault, LineDraft, Mark, Marker, Money, Outcome, Paper, Payments, Proof, Puzzle, Quantity,
    Receipt, ReceiptDraft, Refusal, Settlement, Shift, Subject, SumsPolicy, TaxSystem, VatRate, Verdict, Witness,
};
use crate::shtrih::{Level, Settings, Shtrih};
use crate::simulator::books::{BookedDocument, Kind};
use crate::simulator::{Clock, Device, Manner, MemoryLink, Register};
use crate::transport::Opener;

/// A dispatcher gives up after so many attempts or questions.
const PATIENCE: u32 = 30;

/// A register and its line.
pub(super) struct Shop {
    pub(super) line: MemoryLink,
    pub(super) driver: Shtrih,
}

impl Shop {
    /// With an open shift.
    pub(super) fn open() -> Self {
        let mut shop = Self::closed();
        let opened = shop.execute(Body::OpenShift(None));
        assert!(matches!(opened, Outcome::Done(..)), "{opened:?}");
        shop
    }

    /// With a closed shift.
    pub(super) fn closed() -> Self {
        Self::over(|line| Box::new(line))
    }

    /// With an open shift, over numbered packets.
    pub(super) fn numbered() -> Self {
        let shop = Self::open();
        // The level is chosen anew when power comes.
        shop.inject("power-cut 1s");
        shop.line.advance(Duration::from_secs(2));
        let settings = Settings { level: Level::Numbered, ..Settings::serial() };
        Self { driver: Shtrih::new(Box::new(shop.line.clone()), settings), line: shop.line }
    }

    /// With a port between the driver and the line.
    pub(super) fn over(port: impl FnOnce(MemoryLink) -> Box<dyn Opener>) -> Self {
        let line = new_line();
        let driver = Shtrih::new(port(line.clone()), Settings::serial());
        Self { line, driver }
    }

    /// One attempt without a dispatcher.
    pub(super) fn execute(&mut self, body: Body) -> Outcome {
        self.driver.execute(&document(body, 1), &mut Willing)
    }

    /// [`dispatch`] at this shop.
    pub(super) fn dispatch(&mut self, body: &Body) -> End {
        dispatch(&mut self.driver, &self.line, body)
    }

    pub(super) fn inject(&self, line: &str) {
        self.line.inject(line).unwrap_or_else(|e| panic!("{e}"));
    }

    /// Documents of one kind in the register's books.
    pub(super) fn booked(&self, kind: Kind) -> Vec<BookedDocument> {
        self.line.device(|device| device.register().documents().iter().filter(|d| d.kind == kind).cloned().collect())
    }

    /// Receipts in the books that carry a marker of the document of these tests.
    pub(super) fn ours(&self) -> Vec<BookedDocument> {
        let mut receipts = self.booked(Kind::Receipt);
        receipts.retain(|d| d.tag_text(1192).parse::<Marker>().is_ok_and(|m| m.document() == DOCUMENT));
        receipts
    }
}

/// A device in memory with a clock of its own.
pub(super) fn new_line() -> MemoryLink {
    let clock = Clock::Line { start: "2026-02-10T12:34:56".parse().expect("a moment") };
    let register = Register::in_memory(clock, Box::new(io::sink()));
    MemoryLink::new(Device::new(register, Manner::default()))
}

/// Row of the documents of these tests.
const DOCUMENT: u32 = 9;

pub(super) fn marker(attempt: u16) -> Marker {
    Marker::new(5, DOCUMENT, attempt).expect("in range")
}

pub(super) fn document(body: Body, attempt: u16) -> Document {
    Document { marker: marker(attempt), body, original: None }
}

/// A witness that lets everything pass.
pub(super) struct Willing;

impl Witness for Willing {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// A line of one unit.
pub(super) fn line(title: &str, minor: i64) -> LineDraft {
    LineDraft {
        title: title.into(),
        subject: Subject::Service,
        price: Money::from_minor(minor),
        quantity: Quantity::ONE,
        discount: Money::ZERO,
        vat: VatRate::Exempt,
        settlement: Settlement::Full,
        barcode: None,
    }
}

pub(super) fn cash(minor: i64) -> Payments {
    Payments { cash: Money::from_minor(minor), ..Payments::default() }
}

pub(super) fn draft(lines: Vec<LineDraft>, payments: Payments) -> ReceiptDraft {
    ReceiptDraft {
        lines,
        payments,
        tax_system: TaxSystem::DEFAULT,
        cashier: None,
        contact: None,
        print: true,
        custom_text: None,
    }
}

pub(super) fn receipt(draft: ReceiptDraft) -> Receipt {
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 99, change: true };
    Receipt::new(draft, policy).expect("adds up").0
}

/// Two lines, 100.00 in cash.
pub(super) fn small_sale() -> Body {
    Body::Sale(receipt(draft(vec![line("Стрижка", 7000), line("Шампунь", 3000)], cash(10_000))))
}

/// How the way of a document ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Registered(Proof, Paper),
    Refused(Refusal),
    Person(Puzzle),
    Never,
}

/// Carries a document out as the daemon's dispatcher does: look, mark, execute; after a doubt ask until there is an
/// answer; a new attempt only after a certain "no". A second passes before it tries again.
pub(super) fn dispatch(driver: &mut dyn Driver, line: &MemoryLink, body: &Body) -> End {
    let mut attempt = 0;
    for _ in 0..PATIENCE {
        if attempt > 0 {
            line.advance(Duration::from_secs(1));
        }
        let Some(mark) = preflight(driver, line) else { return End::Never };
        attempt += 1;
        let document = document(body.clone(), attempt);
        match driver.execute(&document, &mut Willing) {
            Outcome::Done(proof, paper) => return End::Registered(proof, paper),
            Outcome::Refused(refusal) => return End::Refused(refusal),
            Outcome::Untouched(_) => {}
            Outcome::Doubtful(_) => {
                if let Some(end) = reconcile(driver, line, &document, &mark) {
                    return end;
                }
            }
        }
    }
    End::Never
}

fn preflight(driver: &mut dyn Driver, line: &MemoryLink) -> Option<Mark> {
    for _ in 0..PATIENCE {
        if let Ok(status) = driver.status()
            && status.hindrance.is_none()
            && matches!(status.shift, Shift::Open(_))
            && let Ok(mark) = driver.mark()
        {
            return Some(mark);
        }
        line.advance(Duration::from_secs(1));
    }
    None
}

/// The end, or nothing when the document was certainly not registered.
fn reconcile(driver: &mut dyn Driver, line: &MemoryLink, document: &Document, mark: &Mark) -> Option<End> {
    for _ in 0..PATIENCE {
        match driver.verdict(document, mark) {
            Ok(Verdict::Happened(proof, paper)) => return Some(End::Registered(proof, paper)),
            Ok(Verdict::CannotTell(puzzle)) => return Some(End::Person(puzzle)),
            Ok(Verdict::OursIsOpen) => drop(driver.cancel_open()),
            Ok(Verdict::DidNot) => return None,
            Err(_) => line.advance(Duration::from_secs(1)),
        }
    }
    Some(End::Never)
}
