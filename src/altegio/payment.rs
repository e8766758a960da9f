//! Payments: sums by kind.

use kkm_drivers::contract::{Money, Payments};

use super::json::{Node, Object};
use super::number::Exact;
use crate::messages::{Message, Note, Part, Problem};

/// More entries than kinds of payment and splits among them can make.
const LIMIT: usize = 1_000;

#[derive(Clone, Copy)]
enum Kind {
    Cash,
    Card,
    Prepaid,
}

/// Reads the list. Zero entries vanish, entries of one kind are summed.
pub(super) fn read(node: &Node<'_>, notes: &mut Vec<Note>) -> Result<Payments, Message> {
    let mut payments = Payments::default();
    for entry in node.objects(Part::Payments, LIMIT)? {
        add(&mut payments, &entry, notes)?;
    }
    Ok(payments)
}

fn add(payments: &mut Payments, entry: &Object<'_>, notes: &mut Vec<Note>) -> Result<(), Message> {
    let kind = entry.need("type")?.word(&["card", "cash", "prepaid"], [Kind::Card, Kind::Cash, Kind::Prepaid])?;
    let node = entry.need("sum")?;
    let sum = node.number(Exact::money, 2)?;
    if sum.noisy {
        notes.push(Note::FloatNoise { place: node.place.clone() });
    }
    let account = match kind {
        Kind::Cash => &mut payments.cash,
        Kind::Card => &mut payments.card,
        Kind::Prepaid => &mut payments.prepaid,
    };
    let total = account.checked_add(sum.value).filter(|&total| total <= Money::LIMIT);
    *account = total.ok_or_else(|| node.fault(Problem::TooLarge))?;
    Ok(())
}
