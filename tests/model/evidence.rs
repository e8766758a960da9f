//! From the abstract register to the real judge and back.

use std::cell::OnceCell;

use kkm_drivers::contract::{
    Body, Document, Facts, Found as FoundDocument, FoundMarker, LineDraft, Mark, Marker, Money, OpenReceipt, Operation,
    Paper, Payments, Proof, Puzzle, Quantity, Receipt, ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem, Trace,
    VatRate, Verdict, judge,
};

use crate::bugs::Bug;
use crate::world::{Asked, Found, Ours, World};

thread_local! {
    static SALE: OnceCell<Body> = const { OnceCell::new() };
}

/// The one sale of all documents: equal sums, so that a sum alone decides nothing.
fn sale() -> Body {
    let make = || {
        let line = LineDraft {
            title: "Haircut".to_owned(),
            subject: Subject::Service,
            price: Money::from_minor(100),
            quantity: Quantity::ONE,
            discount: Money::ZERO,
            vat: VatRate::Exempt,
            settlement: Settlement::Full,
            barcode: None,
        };
        let draft = ReceiptDraft {
            lines: vec![line],
            payments: Payments { cash: Money::from_minor(100), card: Money::ZERO, prepaid: Money::ZERO },
            tax_system: TaxSystem::from_mask(1).expect("one bit"),
            cashier: None,
            contact: None,
            print: true,
            custom_text: None,
        };
        let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
        Body::Sale(Receipt::new(draft, policy).expect("adds up").0)
    };
    SALE.with(|sale| sale.get_or_init(make).clone())
}

fn marker(ours: Ours) -> Marker {
    Marker::new(1, u32::from(ours.0) + 1, ours.1.into()).expect("in range")
}

fn proof(number: u64) -> Proof {
    Proof { document_number: number, sign: "1".into(), storage: "1".into(), total: None, device_time: None }
}

/// Weighs what the register says about the attempt of a row. `unreadable`: the last document cannot be read back.
pub fn weigh(world: &World, row: u8, unreadable: bool, bug: Option<Bug>) -> Found {
    let doc = &world.journal.rows[usize::from(row)];
    let books = &world.register.books;
    let since = if bug == Some(Bug::NoMark) { books.len() as u8 } else { doc.mark };
    let trace = Trace::Receipt { operation: Operation::Sale, total: Money::from_minor(100) };
    let found: Vec<_> = books
        .iter()
        .enumerate()
        .skip(since.into())
        .map(|(at, entry)| FoundDocument {
            number: at as u64 + 1,
            trace,
            marker: match entry {
                _ if unreadable && at + 1 == books.len() => FoundMarker::Unreadable,
                Some(ours) => FoundMarker::Ours(marker(*ours)),
                None => FoundMarker::None,
            },
            proof: proof(at as u64 + 1),
        })
        .collect();
    if bug == Some(Bug::AmountOnlyMatch) && !found.is_empty() {
        return Found::Happened;
    }
    let mark = Mark { serial: "1".into(), storage: "1".into(), shift: 1, last_document: since.into(), cash: None };
    let facts = Facts {
        serial: "1".into(),
        storage: "1".into(),
        open: world
            .register
            .open
            .map(|_| OpenReceipt { operation: Some(Operation::Sale), subtotal: Some(Money::from_minor(100)) }),
        last_document: books.len() as u64,
        found,
        cash: None,
        paper: Paper::Delivered,
    };
    let document = Document { marker: marker((row, doc.attempt)), body: sale(), original: None };
    match judge(&document, &mark, &facts) {
        Verdict::Happened(..) => Found::Happened,
        Verdict::DidNot => Found::DidNot,
        Verdict::OursIsOpen => Found::OursIsOpen,
        Verdict::CannotTell(Puzzle::Unmarked { .. }) => Found::CannotTell(Asked::Stranger),
        Verdict::CannotTell(Puzzle::Unreadable { .. }) => Found::CannotTell(Asked::Unreadable),
        Verdict::CannotTell(
            Puzzle::IdentityChanged { .. }
            | Puzzle::ForeignReceiptOpen(_)
            | Puzzle::CounterWentBack { .. }
            | Puzzle::Doubled { .. }
            | Puzzle::CashCountersMoved
            | Puzzle::StaysOpen
            | Puzzle::NoMemory,
        ) => Found::CannotTell(Asked::Other),
    }
}
