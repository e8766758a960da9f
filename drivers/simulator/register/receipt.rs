//! The receipt in progress: lines, adjustments, tags and texts until it is closed or cancelled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::books::{Adjustment, Line, Note, Operation, Tag, VatSum, sum};
use super::denied::Denied;
use super::settings::Settings;
use crate::contract::{Money, Quantity};

/// Number of kinds of payment: 1 cash, 2 to 13 cashless, 14 advance, 15 credit, 16 barter.
pub const PAYMENT_KINDS: usize = 16;

/// A line as a host sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDraft {
    /// Name.
    pub title: String,
    /// Amount.
    pub quantity: Quantity,
    /// Price of one.
    pub price: Money,
    /// Sum; computed when not said.
    pub sum: Option<Money>,
    /// Tax group, from 1.
    pub vat_group: u8,
    /// Tax; computed when not said.
    pub vat_tax: Option<Money>,
    /// Department.
    pub department: u8,
    /// FFD tag 1214, or 0.
    pub method: u8,
    /// FFD tag 1212, or 0.
    pub subject: u8,
}

/// A receipt between its opening and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenReceipt {
    /// Direction.
    pub operation: Operation,
    /// Who opened it.
    pub operator: u8,
    /// Lines so far.
    pub lines: Vec<Line>,
    /// Discounts and charges so far.
    pub adjustments: Vec<Adjustment>,
    /// Texts so far.
    pub notes: Vec<Note>,
    /// Tags so far.
    pub tags: Vec<Tag>,
    /// The script makes the register count wrongly by so many minor units.
    pub skew: i64,
    /// Keyed by hand.
    pub foreign: bool,
}

impl OpenReceipt {
    /// An empty one.
    pub fn new(operation: Operation, operator: u8) -> Self {
        let (lines, adjustments, notes, tags) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { operation, operator, lines, adjustments, notes, tags, skew: 0, foreign: false }
    }

    /// Sum of lines and adjustments.
    pub fn subtotal(&self) -> Money {
        let lines = self.lines.iter().map(|line| line.sum);
        let all = sum(lines.chain(self.adjustments.iter().map(|a| a.sum)));
        if self.lines.is_empty() { all } else { Money::from_minor(all.minor() + self.skew) }
    }

    /// Adds a line.
    pub fn add(&mut self, draft: LineDraft, settings: &Settings) -> Result<(), Denied> {
        let line = costed(draft, settings)?;
        self.check_room(settings)?;
        let total = self.subtotal().checked_add(line.sum).ok_or(Denied::OutOfRange)?;
        if total > Money::LIMIT {
            return Err(Denied::OutOfRange);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Takes an earlier line back: one with the same numbers must stand in the receipt.
    pub fn take_back(&mut self, draft: LineDraft, settings: &Settings) -> Result<(), Denied> {
        let mut line = costed(draft, settings)?;
        self.check_room(settings)?;
        let sold = |sign: i64| {
            let same =
                |l: &&Line| l.price == line.price && l.quantity == line.quantity && l.sum.minor().signum() == sign;
            self.lines.iter().filter(same).count()
        };
        if sold(1) <= sold(-1) {
            return Err(Denied::NegativeTotal);
        }
        line.sum = Money::from_minor(-line.sum.minor());
        line.vat_tax = Money::from_minor(-line.vat_tax.minor());
        self.lines.push(line);
        Ok(())
    }

    fn check_room(&self, settings: &Settings) -> Result<(), Denied> {
        if self.lines.len() >= settings.max_lines as usize { Err(Denied::ReceiptFull) } else { Ok(()) }
    }

    /// Adds a discount (negative) or charge; group 0 means that of the last line.
    pub fn adjust(&mut self, sum: Money, vat_group: u8, text: String) -> Result<(), Denied> {
        if sum.is_zero() {
            return Ok(());
        }
        let vat_group = match vat_group {
            0 => self.lines.last().ok_or(Denied::NegativeTotal)?.vat_group,
            other => other,
        };
        if self.subtotal().minor() + sum.minor() < 0 {
            return Err(Denied::NegativeTotal);
        }
        self.adjustments.push(Adjustment { sum, vat_group, text });
        Ok(())
    }

    /// Turnover and tax by group.
    pub fn vat(&self, settings: &Settings) -> BTreeMap<u8, VatSum> {
        let mut groups: BTreeMap<u8, VatSum> = BTreeMap::new();
        let mut add = |group: u8, turnover: i64, tax: i64| {
            let Some(row) = settings.tax(group) else { return };
            let entry =
                groups.entry(group).or_insert(VatSum { rate: row.rate, turnover: Money::ZERO, tax: Money::ZERO });
            entry.turnover = Money::from_minor(entry.turnover.minor() + turnover);
            entry.tax = Money::from_minor(entry.tax.minor() + tax);
        };
        for line in &self.lines {
            add(line.vat_group, line.sum.minor(), line.vat_tax.minor());
        }
        for adjustment in &self.adjustments {
            let tax = tax_inside(adjustment.sum, adjustment.vat_group, settings);
            add(adjustment.vat_group, adjustment.sum.minor(), tax.minor());
        }
        if settings.tax_per_receipt {
            for (group, entry) in &mut groups {
                entry.tax = tax_inside(entry.turnover, *group, settings);
            }
        }
        groups
    }
}

/// Tax inside a sum of a group.
pub(crate) fn tax_inside(sum: Money, group: u8, settings: &Settings) -> Money {
    let rate = settings.tax(group).and_then(|row| row.rate.basis_points());
    rate.map_or(Money::ZERO, |basis_points| sum.included_tax(basis_points))
}

fn costed(draft: LineDraft, settings: &Settings) -> Result<Line, Denied> {
    if settings.tax(draft.vat_group).is_none() {
        return Err(Denied::NoSuchTax);
    }
    if draft.price.is_negative() || draft.price > Money::LIMIT || draft.department > 16 || draft.quantity.is_zero() {
        return Err(Denied::OutOfRange);
    }
    let cost = draft.quantity.cost(draft.price).filter(|cost| *cost <= Money::LIMIT).ok_or(Denied::OutOfRange)?;
    let sum = draft.sum.unwrap_or(cost);
    if (sum.minor() - cost.minor()).abs() > 1 {
        return Err(Denied::SumOff);
    }
    let vat_tax = draft.vat_tax.unwrap_or_else(|| tax_inside(sum, draft.vat_group, settings));
    Ok(Line {
        title: draft.title,
        quantity: draft.quantity,
        price: draft.price,
        sum,
        vat_group: draft.vat_group,
        vat_tax,
        department: draft.department,
        method: draft.method,
        subject: draft.subject,
        tags: Vec::new(),
    })
}

/// What is paid, as a host says it at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// By kind of payment, kind 1 (cash) first; cash includes the change.
    pub paid: [Money; PAYMENT_KINDS],
    /// Minor units to drop from the total, 0 to 99.
    pub rounding: Money,
    /// Tax by group, group 1 first, where the host computes it.
    pub taxes: Vec<Option<Money>>,
    /// Mask of FFD tag 1055; 0 for the registration's own.
    pub tax_system: u8,
    /// Text.
    pub text: String,
}
