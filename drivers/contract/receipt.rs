//! A receipt that adds up.
//!
//! [`Receipt::new`] is the only way to one, and the only place where sums are decided. With S the sum of the payments,
//! g = price x quantity of a line and net = round(g - discount) half away from zero, in this order:
//!
//! - **A** sum(net) = S.
//! - **B** there are discounts and sum(round(g)) = S: prices are net already. Noted.
//! - **C** the gap to A is at most one minor unit per line that has a quantity other than 1 or a discount: it goes to
//!   the largest such line that can take it. Noted.
//! - **Change**: a sale of more than nothing is paid above A, card and prepaid are not, cash covers the rest.
//! - **Cash rounding** (off by default): cash is short of A by at most the allowed minor units.
//! - Else the receipt is refused with both sums. Payments are never bent.

use serde::{Deserialize, Serialize};

use super::money::{Money, Quantity, divide_half_away};
use super::tax::{TaxSystem, VatRate};

/// What is sold: FFD tag 1212.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Goods, tag value 1.
    Commodity,
    /// A service, tag value 4.
    Service,
    /// A payment as such, tag value 10.
    Payment,
}

/// How the line is settled: FFD tag 1214.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Full prepayment, tag value 1.
    FullPrepayment,
    /// Part prepayment, tag value 2.
    PartPrepayment,
    /// An advance, tag value 3.
    Advance,
    /// Full settlement, tag value 4.
    Full,
}

/// A line as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDraft {
    /// Any Unicode; made safe by whoever writes it to a device.
    pub title: String,
    /// What is sold.
    pub subject: Subject,
    /// Price of one unit, not negative.
    pub price: Money,
    /// How many units; a line of zero units is skipped.
    pub quantity: Quantity,
    /// Taken off the whole line, not off a unit; not negative.
    pub discount: Money,
    /// Tax of the line.
    pub vat: VatRate,
    /// How it is settled.
    pub settlement: Settlement,
    /// Barcode to print, unchecked.
    pub barcode: Option<String>,
}

/// Sums by kind of payment. In a draft they are what was handed over; cash may exceed the total of a sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// Cash, FFD tag 1031.
    pub cash: Money,
    /// Card and other electronic money, FFD tag 1081.
    pub card: Money,
    /// Offset of an advance, FFD tag 1215.
    pub prepaid: Money,
}

impl Payments {
    /// All kinds together, or `None` when it leaves 64 bits.
    pub fn total(&self) -> Option<Money> {
        Money::checked_sum([self.cash, self.card, self.prepaid])
    }
}

/// Whom the receipt names as cashier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cashier {
    /// Position and name, FFD tag 1021.
    pub title: String,
    /// Taxpayer number of the cashier, FFD tag 1203.
    pub inn: Option<String>,
}

/// A receipt as it was asked for: to be checked by [`Receipt::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptDraft {
    /// Lines in order.
    pub lines: Vec<LineDraft>,
    /// What was handed over.
    pub payments: Payments,
    /// Tax system, FFD tag 1055.
    pub tax_system: TaxSystem,
    /// Cashier, when known.
    pub cashier: Option<Cashier>,
    /// E-mail or phone of the customer, FFD tag 1008, checked by the caller.
    pub contact: Option<String>,
    /// False: an electronic receipt only, where the device can.
    pub print: bool,
    /// Text printed on the receipt.
    pub custom_text: Option<String>,
}

/// Switches of the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumsPolicy {
    /// Rule C on or off.
    pub balance_tolerance: bool,
    /// Greatest number of minor units by which cash may be short, 0 = off.
    pub cash_rounding_minor: u8,
    /// A sale may have change, a return may not.
    pub change: bool,
}

/// A line of a receipt that adds up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    title: String,
    subject: Subject,
    price: Money,
    quantity: Quantity,
    discount: Money,
    total: Money,
    vat: VatRate,
    settlement: Settlement,
    barcode: Option<String>,
}

impl Line {
    /// Title, any Unicode.
    pub fn title(&self) -> &str {
        &self.title
    }
    /// What is sold.
    pub fn subject(&self) -> Subject {
        self.subject
    }
    /// Price of one unit before the discount.
    pub fn price(&self) -> Money {
        self.price
    }
    /// Units, never zero.
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }
    /// Discount of the whole line as the receipt shows it: `round(price x quantity) - total`, never negative.
    pub fn discount(&self) -> Money {
        self.discount
    }
    /// What the line costs; the totals of all lines are the receipt's total. Zero for a gift.
    pub fn total(&self) -> Money {
        self.total
    }
    /// Tax of the line.
    pub fn vat(&self) -> VatRate {
        self.vat
    }
    /// How it is settled.
    pub fn settlement(&self) -> Settlement {
        self.settlement
    }
    /// Barcode to print, unchecked.
    pub fn barcode(&self) -> Option<&str> {
        self.barcode.as_deref()
    }
}

/// A receipt that adds up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    lines: Vec<Line>,
    payments: Payments,
    total: Money,
    change: Money,
    rounding: Money,
    tax_system: TaxSystem,
    cashier: Option<Cashier>,
    contact: Option<String>,
    print: bool,
    custom_text: Option<String>,
}

/// What was noticed while the sums were settled; for the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SumsNote {
    /// Rule B: the prices were net already, discounts are informative.
    PricesAreNet,
    /// Rule C: a gap of so many minor units went to the line with this index (from 0).
    GapOnLine {
        /// Line in the draft, from 0.
        line: usize,
        /// Added to the line, in minor units; negative when taken off.
        minor: i64,
    },
    /// Cash was short by this and the receipt is rounded down.
    CashRounded(Money),
}

/// Why a draft is no receipt. Line numbers count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// No line has a quantity.
    #[error("the receipt has no line")]
    NoLines,
    /// A price, quantity, discount or sum is outside what a register can hold.
    #[error("line {line}: a number is out of range")]
    LineOutOfRange {
        /// Line in the draft, from 0.
        line: usize,
    },
    /// The lines together are more than a register can hold.
    #[error("the total is out of range")]
    TotalOutOfRange,
    /// A discount exceeds its line.
    #[error("line {line}: the discount leaves {net}")]
    NegativeLine {
        /// Line in the draft, from 0.
        line: usize,
        /// What the line would cost.
        net: Money,
    },
    /// A payment is negative or out of range.
    #[error("a payment is out of range")]
    PaymentOutOfRange,
    /// Everything is free.
    #[error("nothing to fiscalize")]
    NothingToPay,
    /// Lines and payments differ and no rule explains it.
    #[error("lines {lines}, payments {payments}")]
    SumsDiffer {
        /// Sum of the lines by rule A.
        lines: Money,
        /// Sum of the payments.
        payments: Money,
    },
}

struct Costed<'a> {
    index: usize,
    draft: &'a LineDraft,
    gross: Money,
    net: Money,
}

impl Receipt {
    /// Checks a draft and settles its sums by the rules of this module.
    pub fn new(draft: ReceiptDraft, policy: SumsPolicy) -> Result<(Self, Vec<SumsNote>), ReceiptError> {
        let paid = checked_payments(&draft.payments)?;
        let mut lines = cost(&draft.lines)?;
        if lines.is_empty() {
            return Err(ReceiptError::NoLines);
        }
        let total = Money::checked_sum(lines.iter().map(|l| l.net)).filter(|&total| total <= Money::LIMIT);
        let total = total.ok_or(ReceiptError::TotalOutOfRange)?;
        if total.is_zero() && paid.is_zero() {
            return Err(ReceiptError::NothingToPay);
        }
        let mut notes = Vec::new();
        let settled = settle(&mut lines, &draft.payments, paid, total, policy, &mut notes)?;
        let lines = lines
            .iter()
            .map(|l| Line {
                title: l.draft.title.clone(),
                subject: l.draft.subject,
                price: l.draft.price,
                quantity: l.draft.quantity,
                discount: Money::from_minor((l.gross.minor() - l.net.minor()).max(0)),
                total: l.net,
                vat: l.draft.vat,
                settlement: l.draft.settlement,
                barcode: l.draft.barcode.clone(),
            })
            .collect();
        let receipt = Self {
            lines,
            payments: draft.payments,
            total: settled.total,
            change: settled.change,
            rounding: settled.rounding,
            tax_system: draft.tax_system,
            cashier: draft.cashier,
            contact: draft.contact,
            print: draft.print,
            custom_text: draft.custom_text,
        };
        Ok((receipt, notes))
    }

    /// Lines in order; a gift has total zero.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
    /// What was handed over: cash includes the change.
    pub fn payments(&self) -> &Payments {
        &self.payments
    }
    /// Sum of the lines; the register's total is this less [`Receipt::rounding`].
    pub fn total(&self) -> Money {
        self.total
    }
    /// Cash given back; zero in a return.
    pub fn change(&self) -> Money {
        self.change
    }
    /// Minor units dropped from the total because cash is rounded; 0 to 99.
    pub fn rounding(&self) -> Money {
        self.rounding
    }
    /// Tax system of the receipt.
    pub fn tax_system(&self) -> TaxSystem {
        self.tax_system
    }
    /// Cashier, when known.
    pub fn cashier(&self) -> Option<&Cashier> {
        self.cashier.as_ref()
    }
    /// E-mail or phone of the customer.
    pub fn contact(&self) -> Option<&str> {
        self.contact.as_deref()
    }
    /// False: an electronic receipt only, where the device can.
    pub fn print(&self) -> bool {
        self.print
    }
    /// Text printed on the receipt.
    pub fn custom_text(&self) -> Option<&str> {
        self.custom_text.as_deref()
    }
}

fn checked_payments(payments: &Payments) -> Result<Money, ReceiptError> {
    let fits = |m: Money| !m.is_negative() && m <= Money::LIMIT;
    if ![payments.cash, payments.card, payments.prepaid].into_iter().all(fits) {
        return Err(ReceiptError::PaymentOutOfRange);
    }
    payments.total().filter(|&t| fits(t)).ok_or(ReceiptError::PaymentOutOfRange)
}

fn cost(drafts: &[LineDraft]) -> Result<Vec<Costed<'_>>, ReceiptError> {
    let mut lines = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let out = ReceiptError::LineOutOfRange { line: index };
        if draft.price.is_negative() || draft.price > Money::LIMIT || draft.quantity > Quantity::LIMIT {
            return Err(out);
        }
        if draft.discount.is_negative() || draft.discount > Money::LIMIT {
            return Err(out);
        }
        if draft.quantity.is_zero() {
            continue;
        }
        let gross = draft.quantity.cost(draft.price).filter(|&g| g <= Money::LIMIT).ok_or(out)?;
        let net = net_of(draft, gross);
        if net.is_negative() {
            return Err(ReceiptError::NegativeLine { line: index, net });
        }
        lines.push(Costed { index, draft, gross, net });
    }
    Ok(lines)
}

/// `round(price x quantity - discount)`. A discount of the whole rounded line leaves nothing, although half a minor unit
/// may be missing from the exact product (half of 12.35 is 6.175, and 6.18 is taken off).
fn net_of(draft: &LineDraft, gross: Money) -> Money {
    if draft.discount == gross {
        return Money::ZERO;
    }
    let exact = draft.quantity.times(draft.price) - i128::from(draft.discount.minor()) * 1_000_000;
    Money::from_minor(divide_half_away(exact, 1_000_000) as i64)
}

struct Settled {
    total: Money,
    change: Money,
    rounding: Money,
}

fn settle(
    lines: &mut [Costed<'_>],
    payments: &Payments,
    paid: Money,
    total: Money,
    policy: SumsPolicy,
    notes: &mut Vec<SumsNote>,
) -> Result<Settled, ReceiptError> {
    let plain = |total| Settled { total, change: Money::ZERO, rounding: Money::ZERO };
    if paid == total {
        return Ok(plain(total));
    }
    let discounted = lines.iter().any(|l| !l.draft.discount.is_zero());
    if discounted && Money::checked_sum(lines.iter().map(|l| l.gross)) == Some(paid) {
        for line in lines.iter_mut() {
            line.net = line.gross;
        }
        notes.push(SumsNote::PricesAreNet);
        return Ok(plain(paid));
    }
    let gap = paid.minor() - total.minor();
    if policy.balance_tolerance
        && let Some(line) = line_for_gap(lines, gap)
    {
        line.net = Money::from_minor(line.net.minor() + gap);
        notes.push(SumsNote::GapOnLine { line: line.index, minor: gap });
        return Ok(plain(paid));
    }
    let others = payments.card.minor() + payments.prepaid.minor();
    // Cash for nothing is a mistake, not a sale with change.
    if policy.change && gap > 0 && !total.is_zero() && others <= total.minor() && payments.cash.minor() >= gap {
        return Ok(Settled { total, change: Money::from_minor(gap), rounding: Money::ZERO });
    }
    if gap < 0 && -gap <= i64::from(policy.cash_rounding_minor).min(99) && !payments.cash.is_zero() {
        let rounding = Money::from_minor(-gap);
        notes.push(SumsNote::CashRounded(rounding));
        return Ok(Settled { total, change: Money::ZERO, rounding });
    }
    Err(ReceiptError::SumsDiffer { lines: total, payments: paid })
}

/// Rule C: the largest line with a quantity other than 1 or a discount, if such lines are as many as the gap and this
/// one stays above zero with it.
fn line_for_gap<'a, 'b>(lines: &'a mut [Costed<'b>], gap: i64) -> Option<&'a mut Costed<'b>> {
    let uneven = |l: &Costed<'_>| l.draft.quantity != Quantity::ONE || !l.draft.discount.is_zero();
    let room = i64::try_from(lines.iter().filter(|l| uneven(l)).count()).ok()?;
    if gap.abs() > room {
        return None;
    }
    lines
        .iter_mut()
        .filter(|l| uneven(l) && l.net.minor() + gap > 0)
        .max_by(|a, b| a.net.cmp(&b.net).then(b.index.cmp(&a.index)))
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
