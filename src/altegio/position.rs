//! Positions: the lines of the receipt.

use jiff::civil::Date;
use kkm_drivers::contract::money::divide_half_away;
use kkm_drivers::contract::{LineDraft, Money, Operation, Quantity, Settlement, Subject};

use super::json::{Node, Object};
use super::number::Exact;
use super::rules::Rules;
use super::tax::{System, Vat};
use super::text;
use crate::messages::{Message, Note, Part, Place, Problem};

/// Most positions of one document.
const LIMIT: usize = 1_000;
/// Longest title that is kept, in characters; FFD tag 1030 takes 128, a printer wraps.
const TITLE_CHARS: usize = 1_000;
/// Longest barcode that is kept, in characters.
const BARCODE_CHARS: usize = 128;

/// What the rate of a line depends on besides the line.
#[derive(Clone, Copy)]
pub(super) struct Context<'r> {
    pub(super) rules: &'r Rules,
    pub(super) system: &'r System,
    pub(super) tax_slug: &'r str,
    pub(super) kind: Operation,
    /// Day of the sale in the shop's zone.
    pub(super) day: Date,
}

/// A position as it came, numbers in canonical form, and the line made of it.
pub(super) struct Position {
    pub(super) line: LineDraft,
    pub(super) vat_slug: String,
    pub(super) prepayment: bool,
    /// Discount in millionths of a minor unit.
    pub(super) discount: i128,
    /// What the line costs: `round(price x quantity - discount)`.
    pub(super) net: Money,
}

/// Reads the list.
pub(super) fn read(node: &Node<'_>, context: Context<'_>, notes: &mut Vec<Note>) -> Result<Vec<Position>, Message> {
    let entries = node.objects(Part::Positions, LIMIT)?;
    if entries.is_empty() {
        return Err(Message::Field {
            place: Place { part: Part::Positions, index: None, field: "".into() },
            problem: Problem::Empty,
        });
    }
    entries.iter().enumerate().map(|(index, entry)| one(index, entry, context, notes)).collect()
}

fn one(index: usize, entry: &Object<'_>, context: Context<'_>, notes: &mut Vec<Note>) -> Result<Position, Message> {
    let subjects = [Subject::Service, Subject::Commodity, Subject::Payment];
    let subject = entry.need("type")?.word(&["service", "commodity", "payment"], subjects)?;
    let title = title(entry, notes)?;
    let price = price(&entry.need("price")?, notes)?;
    let quantity = entry.need("quantity")?.number(Exact::quantity, 6)?;
    let discount = match entry.get("discount_amount") {
        Some(node) => {
            let taken = node.number(Exact::discount, 6)?;
            note_noise(taken.noisy, &node, notes);
            taken.value
        }
        None => 0,
    };
    let prepayment = entry.need("payment_method")?.word(&["payment", "prepayment"], [false, true])?;
    let (vat_slug, vat) = vat(index, &entry.need("vat")?, context, notes)?;
    let barcode = barcode(index, entry, notes);
    if quantity.is_zero() {
        notes.push(Note::LineSkipped { line: index });
    }
    let (net, shown) = settle(price, quantity, discount).ok_or_else(|| entry.fault("price", Problem::TooLarge))?;
    let calculated = prepayment && context.rules.altegio.calculated_vat_for_prepayment;
    let line = LineDraft {
        title,
        subject,
        price,
        quantity,
        discount: shown,
        vat: if calculated { vat.rate.calculated() } else { vat.rate },
        settlement: settlement(subject, prepayment, context.rules),
        barcode,
    };
    Ok(Position { line, vat_slug, prepayment, discount, net })
}

/// What the line costs and the discount in whole minor units that leads there; `None` beyond a register's numbers.
///
/// A percentage may leave part of a minor unit in the discount. With g = price x quantity the net is rounded once, from
/// the exact g - discount, and the receipt shows `round(g) - net`. A discount of the whole `round(g)` leaves nothing.
fn settle(price: Money, quantity: Quantity, discount: i128) -> Option<(Money, Money)> {
    let gross = quantity.cost(price).filter(|&gross| gross <= Money::LIMIT)?;
    if discount == i128::from(gross.minor()) * 1_000_000 {
        return Some((Money::ZERO, gross));
    }
    let net = divide_half_away(quantity.times(price) - discount, 1_000_000);
    let net = Money::from_minor(i64::try_from(net).ok()?);
    Some((net, gross.checked_sub(net)?))
}

fn price(node: &Node<'_>, notes: &mut Vec<Note>) -> Result<Money, Message> {
    let taken = node.number(Exact::money, 2)?;
    note_noise(taken.noisy, node, notes);
    Ok(taken.value)
}

fn note_noise(noisy: bool, node: &Node<'_>, notes: &mut Vec<Note>) {
    if noisy {
        notes.push(Note::FloatNoise { place: node.place.clone() });
    }
}

/// The title, kept as it came up to a length: drivers make it safe for their devices.
fn title(entry: &Object<'_>, notes: &mut Vec<Note>) -> Result<String, Message> {
    let node = entry.need("title")?;
    let text = text::free(&node, TITLE_CHARS, notes)?;
    if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
        return Err(node.fault(Problem::Empty));
    }
    Ok(text)
}

/// The barcode; trouble with it never stops a sale.
fn barcode(index: usize, entry: &Object<'_>, notes: &mut Vec<Note>) -> Option<String> {
    let code = entry.get("barcode")?.text_or_integer().map(|code| code.trim().to_owned());
    match code {
        Ok(code) if code.is_empty() => None,
        Ok(code) if code.chars().count() <= BARCODE_CHARS => Some(code),
        Ok(_) | Err(_) => {
            notes.push(Note::BarcodeDropped { line: index });
            None
        }
    }
}

/// The rate: never guessed. An unusual or outdated one is noted, an unknown one refused.
fn vat<'r>(
    line: usize,
    node: &Node<'_>,
    context: Context<'r>,
    notes: &mut Vec<Note>,
) -> Result<(String, &'r Vat), Message> {
    let slug = node.text()?.text;
    let table = &context.rules.taxes;
    let Some(mut vat) = table.vat(&slug) else { return Err(Message::UnknownVat { line, slug }) };
    if !context.system.is_usual(&slug) {
        notes.push(Note::UnusualPair { line, vat: slug.clone(), tax: context.tax_slug.to_owned() });
    }
    // A return keeps the rate that it carries.
    if context.kind == Operation::Sale {
        if let Some((to, replacement)) = table.replacement(&slug, context.day) {
            notes.push(Note::VatReplaced { line, from: slug.clone(), to: to.to_owned() });
            vat = replacement;
        } else if vat.is_outdated(context.day) {
            notes.push(Note::VatOutdated { line, vat: slug.clone() });
        }
    }
    Ok((slug, vat))
}

fn settlement(subject: Subject, prepayment: bool, rules: &Rules) -> Settlement {
    match (prepayment, subject) {
        (false, Subject::Service | Subject::Commodity | Subject::Payment) => Settlement::Full,
        (true, Subject::Payment) => Settlement::Advance,
        (true, Subject::Service | Subject::Commodity) => rules.altegio.prepayment.settlement(),
    }
}

#[cfg(test)]
mod tests {
    use kkm_drivers::contract::{Payments, Receipt, ReceiptDraft, SumsPolicy, TaxSystem};
    use proptest::prelude::*;

    use super::*;

    fn settled(price: i64, quantity: u64, discount: i128) -> Option<(i64, i64)> {
        settle(Money::from_minor(price), Quantity::from_millionths(quantity), discount)
            .map(|(net, shown)| (net.minor(), shown.minor()))
    }

    #[test]
    fn a_net_is_rounded_once() {
        assert_eq!(settled(2545, 1_000_000, 254_500_000), Some((2291, 254)));
        assert_eq!(settled(1319, 1_000_000, 254_000_000), Some((1065, 254)));
        assert_eq!(settled(830, 625_000, 0), Some((519, 0)));
        assert_eq!(settled(10_000, 1_000_000, 12_000_000_000), Some((-2000, 12_000)));
        assert_eq!(settled(1235, 500_000, 617_500_000), Some((0, 618)));
        assert_eq!(settled(1235, 500_000, 618_000_000), Some((0, 618)));
        assert_eq!(settled(9_999_999_999, 999_999_999_000_000, 0), None);
    }

    proptest! {
        /// A discount with part of a minor unit leads the contract, which knows whole ones, to the same net.
        #[test]
        fn the_shown_discount_leads_to_the_same_net(
            price in 1i64..5_000, quantity in 1u64..40, discount in 0i128..20_000_000,
        ) {
            let quantity = Quantity::from_millionths(quantity * 125_000);
            let discount = discount * 500;
            let (net, shown) = settle(Money::from_minor(price), quantity, discount).expect("in range");
            let exact = divide_half_away(quantity.times(Money::from_minor(price)) - discount, 1_000_000);
            prop_assert!(i128::from(net.minor()) == exact || (net.is_zero() && exact == -1));
            let line = LineDraft {
                title: "x".into(),
                subject: Subject::Service,
                price: Money::from_minor(price),
                quantity,
                discount: shown,
                vat: kkm_drivers::contract::VatRate::Exempt,
                settlement: Settlement::Full,
                barcode: None,
            };
            // A line of 1 beside it, so that a free line is no free receipt.
            let beside = LineDraft { price: Money::from_minor(1), quantity: Quantity::ONE, discount: Money::ZERO, ..line.clone() };
            let draft = ReceiptDraft {
                lines: vec![line, beside],
                payments: Payments { card: Money::from_minor(net.minor().max(0) + 1), ..Payments::default() },
                tax_system: TaxSystem::DEFAULT,
                cashier: None,
                contact: None,
                print: true,
                custom_text: None,
            };
            let policy = SumsPolicy { balance_tolerance: false, cash_rounding_minor: 0, change: false };
            match Receipt::new(draft, policy) {
                Ok((receipt, notes)) => {
                    prop_assert_eq!(receipt.lines()[0].total(), net);
                    prop_assert!(notes.is_empty());
                }
                Err(error) => prop_assert!(net.is_negative(), "{error} for {net}"),
            }
        }
    }
}
