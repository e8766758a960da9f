use super::*;
use crate::contract::{
    Cashier, LineDraft, Payments, Quantity, Receipt, ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem, VatRate,
};

fn receipt(totals: &[i64]) -> Receipt {
    let lines = totals
        .iter()
        .map(|&t| LineDraft {
            title: "x".into(),
            subject: Subject::Service,
            price: Money::from_minor(t),
            quantity: Quantity::ONE,
            discount: Money::ZERO,
            vat: VatRate::Exempt,
            settlement: Settlement::Full,
            barcode: None,
        })
        .collect();
    let draft = ReceiptDraft {
        lines,
        payments: Payments { cash: Money::from_minor(totals.iter().sum()), ..Payments::default() },
        tax_system: TaxSystem::DEFAULT,
        cashier: None::<Cashier>,
        contact: None,
        print: true,
        custom_text: None,
    };
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    Receipt::new(draft, policy).expect("adds up").0
}

fn sale(attempt: u16) -> Document {
    Document {
        marker: Marker::new(5, 9, attempt).expect("in range"),
        body: Body::Sale(receipt(&[700, 300])),
        original: None,
    }
}

fn mark() -> Mark {
    Mark { serial: "1".into(), storage: "fn".into(), shift: 3, last_document: 10, cash: None }
}

fn found(number: u64, marker: FoundMarker, operation: Operation) -> Found {
    Found {
        number,
        trace: Trace::Receipt { operation, total: Money::from_minor(1000) },
        marker,
        proof: Proof {
            document_number: number,
            sign: "77".into(),
            storage: "fn".into(),
            total: Some(Money::from_minor(1000)),
            device_time: None,
        },
    }
}

fn facts(found: Vec<Found>) -> Facts {
    Facts {
        serial: "1".into(),
        storage: "fn".into(),
        open: None,
        last_document: 10 + found.len() as u64,
        found,
        cash: None,
        paper: Paper::Delivered,
    }
}

#[test]
fn an_unmoved_counter_means_not_registered() {
    assert_eq!(judge(&sale(1), &mark(), &facts(vec![])), Verdict::DidNot);
}

#[test]
fn our_marker_means_registered_and_gives_the_numbers() {
    let ours = FoundMarker::Ours(sale(1).marker);
    match judge(&sale(1), &mark(), &facts(vec![found(11, ours, Operation::Sale)])) {
        Verdict::Happened(proof, _) => assert_eq!(proof.document_number, 11),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_equal_sum_without_our_marker_is_never_taken_for_ours() {
    let stranger = facts(vec![found(11, FoundMarker::None, Operation::Sale)]);
    assert!(matches!(judge(&sale(1), &mark(), &stranger), Verdict::CannotTell(Puzzle::Unmarked { number: 11, .. })));
}

#[test]
fn a_document_of_another_kind_or_of_another_attempt_of_ours_is_not_ours() {
    let other = facts(vec![
        found(11, FoundMarker::None, Operation::Return),
        found(12, FoundMarker::Ours(sale(7).marker), Operation::Sale),
    ]);
    assert_eq!(judge(&sale(1), &mark(), &other), Verdict::DidNot);
}

#[test]
fn a_document_that_cannot_be_read_is_not_a_no() {
    let dark = facts(vec![found(11, FoundMarker::Unreadable, Operation::Return)]);
    assert!(matches!(judge(&sale(1), &mark(), &dark), Verdict::CannotTell(Puzzle::Unreadable { number: 11 })));
}

#[test]
fn an_open_receipt_is_ours_only_when_kind_and_subtotal_are() {
    let open = |operation, subtotal| {
        let mut facts = facts(vec![]);
        facts.open = Some(OpenReceipt { operation, subtotal });
        judge(&sale(1), &mark(), &facts)
    };
    let minor = |m| Some(Money::from_minor(m));
    assert_eq!(open(Some(Operation::Sale), minor(0)), Verdict::OursIsOpen);
    assert_eq!(open(Some(Operation::Sale), minor(700)), Verdict::OursIsOpen);
    assert_eq!(open(Some(Operation::Sale), minor(1000)), Verdict::OursIsOpen);
    for foreign in [
        open(Some(Operation::Sale), minor(4200)),
        open(Some(Operation::Sale), None),
        open(Some(Operation::Return), minor(700)),
        open(None, minor(0)),
    ] {
        assert!(matches!(foreign, Verdict::CannotTell(Puzzle::ForeignReceiptOpen(_))), "{foreign:?}");
    }
}

#[test]
fn another_storage_or_a_counter_that_went_back_goes_to_a_person() {
    let mut swapped = facts(vec![]);
    swapped.storage = "other".into();
    assert!(matches!(judge(&sale(1), &mark(), &swapped), Verdict::CannotTell(Puzzle::IdentityChanged { .. })));
    let mut back = facts(vec![]);
    back.last_document = 3;
    assert!(matches!(judge(&sale(1), &mark(), &back), Verdict::CannotTell(Puzzle::CounterWentBack { .. })));
}

#[test]
fn two_documents_with_one_marker_are_an_incident() {
    let ours = FoundMarker::Ours(sale(1).marker);
    let twice = facts(vec![found(11, ours, Operation::Sale), found(12, ours, Operation::Sale)]);
    assert!(matches!(judge(&sale(1), &mark(), &twice), Verdict::CannotTell(Puzzle::Doubled { .. })));
}

#[test]
fn cash_operations_are_judged_by_their_counters() {
    let document = Document { body: Body::CashIn(Money::from_minor(500)), ..sale(1) };
    let at =
        |count, sum| Some(CashCounters { in_count: count, in_sum: Money::from_minor(sum), ..CashCounters::default() });
    let begun = Mark { cash: at(4, 1000), ..mark() };
    let now = |cash| judge(&document, &begun, &Facts { cash, ..facts(vec![]) });
    assert_eq!(now(at(4, 1000)), Verdict::DidNot);
    assert!(matches!(now(at(5, 1500)), Verdict::Happened(..)));
    assert!(matches!(now(at(5, 1400)), Verdict::CannotTell(Puzzle::CashCountersMoved)));
    assert!(matches!(now(None), Verdict::CannotTell(Puzzle::NoMemory)));
}
