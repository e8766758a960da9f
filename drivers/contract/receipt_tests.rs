use proptest::prelude::*;

use super::*;

const POLICY: SumsPolicy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };

fn line(price: i64, millionths: u64, discount: i64) -> LineDraft {
    LineDraft {
        title: "Стрижка".into(),
        subject: Subject::Service,
        price: Money::from_minor(price),
        quantity: Quantity::from_millionths(millionths),
        discount: Money::from_minor(discount),
        vat: VatRate::Exempt,
        settlement: Settlement::Full,
        barcode: None,
    }
}

fn draft(lines: Vec<LineDraft>, cash: i64, card: i64, prepaid: i64) -> ReceiptDraft {
    ReceiptDraft {
        lines,
        payments: Payments {
            cash: Money::from_minor(cash),
            card: Money::from_minor(card),
            prepaid: Money::from_minor(prepaid),
        },
        tax_system: TaxSystem::DEFAULT,
        cashier: None,
        contact: None,
        print: true,
        custom_text: None,
    }
}

#[test]
fn rule_a_the_documented_example_adds_up() {
    let (receipt, notes) =
        Receipt::new(draft(vec![line(1319, 1_000_000, 254)], 455, 555, 55), POLICY).expect("adds up");
    assert_eq!(receipt.total(), Money::from_minor(1065));
    assert_eq!(receipt.lines()[0].discount(), Money::from_minor(254));
    assert!(notes.is_empty());
}

#[test]
fn rule_b_prices_that_are_net_already_are_taken_with_a_note() {
    let (receipt, notes) = Receipt::new(draft(vec![line(1050, 1_000_000, 250)], 1050, 0, 0), POLICY).expect("adds up");
    assert_eq!(receipt.total(), Money::from_minor(1050));
    assert_eq!(receipt.lines()[0].discount(), Money::ZERO);
    assert_eq!(notes, [SumsNote::PricesAreNet]);
}

#[test]
fn rule_c_three_for_a_hundred() {
    let (receipt, notes) = Receipt::new(draft(vec![line(3333, 3_000_000, 0)], 0, 10_000, 0), POLICY).expect("adds up");
    assert_eq!(receipt.total(), Money::from_minor(10_000));
    assert_eq!(notes, [SumsNote::GapOnLine { line: 0, minor: 1 }]);
    let off = SumsPolicy { balance_tolerance: false, ..POLICY };
    assert_eq!(
        Receipt::new(draft(vec![line(3333, 3_000_000, 0)], 0, 10_000, 0), off).map(|_| ()),
        Err(ReceiptError::SumsDiffer { lines: Money::from_minor(9999), payments: Money::from_minor(10_000) })
    );
}

#[test]
fn change_comes_from_cash_alone_and_never_in_a_return() {
    let lines = || vec![line(150_000, 1_000_000, 0)];
    let (receipt, _) = Receipt::new(draft(lines(), 100_000, 100_000, 0), POLICY).expect("adds up");
    assert_eq!(receipt.change(), Money::from_minor(50_000));
    assert!(Receipt::new(draft(lines(), 0, 150_100, 0), POLICY).is_err());
    let back = SumsPolicy { change: false, ..POLICY };
    assert!(Receipt::new(draft(lines(), 100_000, 100_000, 0), back).is_err());
}

#[test]
fn cash_rounding_is_off_until_it_is_allowed() {
    let lines = || vec![line(341_718, 1_000_000, 0)];
    assert!(Receipt::new(draft(lines(), 341_700, 0, 0), POLICY).is_err());
    let rounding = SumsPolicy { cash_rounding_minor: 99, ..POLICY };
    let (receipt, notes) = Receipt::new(draft(lines(), 341_700, 0, 0), rounding).expect("rounded");
    assert_eq!(receipt.rounding(), Money::from_minor(18));
    assert_eq!(notes, [SumsNote::CashRounded(Money::from_minor(18))]);
}

#[test]
fn free_and_empty_lines() {
    let gift = draft(vec![line(500, 1_000_000, 500), line(700, 1_000_000, 0)], 700, 0, 0);
    assert_eq!(Receipt::new(gift, POLICY).expect("adds up").0.lines().len(), 2);
    let skipped = draft(vec![line(700, 1_000_000, 0), line(250, 0, 0)], 700, 0, 0);
    assert_eq!(Receipt::new(skipped, POLICY).expect("adds up").0.lines().len(), 1);
    assert_eq!(Receipt::new(draft(vec![line(250, 0, 0)], 0, 0, 0), POLICY), Err(ReceiptError::NoLines));
    let free = draft(vec![line(500, 1_000_000, 500)], 0, 0, 0);
    assert_eq!(Receipt::new(free, POLICY), Err(ReceiptError::NothingToPay));
    let below = draft(vec![line(1000, 1_000_000, 3000), line(3000, 1_000_000, 0)], 1000, 0, 0);
    assert_eq!(Receipt::new(below, POLICY), Err(ReceiptError::NegativeLine { line: 0, net: Money::from_minor(-2000) }));
}

#[test]
fn half_a_line_for_free_is_free() {
    let lines = vec![line(1235, 500_000, 618), line(700, 1_000_000, 0)];
    let (receipt, notes) = Receipt::new(draft(lines, 700, 0, 0), POLICY).expect("adds up");
    assert_eq!((receipt.lines()[0].total(), receipt.lines()[0].discount()), (Money::ZERO, Money::from_minor(618)));
    assert!(notes.is_empty());
}

#[test]
fn cash_for_nothing_is_no_sale_with_change() {
    let free = draft(vec![line(500, 1_000_000, 500)], 300, 0, 0);
    let differ = ReceiptError::SumsDiffer { lines: Money::ZERO, payments: Money::from_minor(300) };
    assert_eq!(Receipt::new(free, POLICY), Err(differ));
}

#[test]
fn a_total_beyond_every_register_blames_no_line() {
    let lines = || vec![line(9_999_999_999, 1_000_000, 0), line(9_999_999_999, 1_000_000, 0)];
    assert_eq!(Receipt::new(draft(lines(), 100, 0, 0), POLICY), Err(ReceiptError::TotalOutOfRange));
    let discounted = vec![line(9_999_999_999, 1_000_000, 9_999_999_000), line(9_999_999_999, 1_000_000, 9_999_999_000)];
    assert_eq!(
        Receipt::new(draft(discounted, 0, 5000, 0), POLICY),
        Err(ReceiptError::SumsDiffer { lines: Money::from_minor(1998), payments: Money::from_minor(5000) })
    );
}

proptest! {
    #[test]
    fn a_receipt_that_exists_adds_up(
        lines in prop::collection::vec((0i64..=2_000_000, 0u64..=20_000_000, 0i64..=3000), 1..8),
        cash in 0i64..=3_000_000, card in 0i64..=3_000_000, prepaid in 0i64..=3_000_000, fit in any::<bool>(),
    ) {
        let lines: Vec<_> = lines.into_iter().map(|(p, q, d)| line(p, q, d)).collect();
        let exact: i64 = lines.iter().filter(|l| !l.quantity.is_zero())
            .map(|l| net_of(l, l.quantity.cost(l.price).expect("in range")).minor())
            .sum();
        let cash = if fit { (exact - card - prepaid).max(0) } else { cash };
        let asked = draft(lines, cash, card, prepaid);
        let payments = asked.payments;
        if let Ok((receipt, _)) = Receipt::new(asked, POLICY) {
            let sum: i64 = receipt.lines().iter().map(|l| l.total().minor()).sum();
            prop_assert_eq!(sum, receipt.total().minor());
            let paid = receipt.payments().total().expect("in range").minor();
            prop_assert_eq!(paid, sum + receipt.change().minor() - receipt.rounding().minor());
            prop_assert_eq!(*receipt.payments(), payments, "payments are never bent");
            for l in receipt.lines() {
                prop_assert!(!l.total().is_negative() && !l.discount().is_negative());
            }
        }
    }

    #[test]
    fn no_input_overflows(
        lines in prop::collection::vec((any::<i64>(), any::<u64>(), any::<i64>()), 0..5),
        cash in any::<i64>(), card in any::<i64>(), prepaid in any::<i64>(),
    ) {
        let lines = lines.into_iter().map(|(p, q, d)| line(p, q, d)).collect();
        let _ = Receipt::new(draft(lines, cash, card, prepaid), POLICY);
    }
}
