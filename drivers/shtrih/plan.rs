//! A receipt in the register's words, whole, before the first byte leaves.

use super::Settings;
use super::about::About;
use super::command::old::{OldClose, OldItem};
use super::command::print::Text;
use super::command::receipt::{Close, Item};
use super::command::tlv::{self, SendTags};
use super::tax::Group;
use super::text;
use crate::contract::pieces::{Piece, pieces};
use crate::contract::{Cashier, Line, Marker, Money, Operation, Reason, Receipt, Refusal, Settlement, Subject};

/// Longest place of settlement, bytes: with its header it fits a command (section 6.6).
const MAX_PLACE: usize = 240;

/// What is sent between opening and close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// FF46.
    Item(Item),
    /// 80h or 82h.
    OldItem(OldItem),
    /// 17h.
    Text(Text),
}

/// The command that registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// FF45.
    V2(Close),
    /// 85h.
    Old(OldClose),
}

/// All of a receipt.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Direction.
    pub(super) operation: Operation,
    /// Tags that the receipt can do without.
    pub(super) tags: Vec<SendTags>,
    /// Lines and text.
    pub(super) steps: Vec<Step>,
    /// The close.
    pub(super) close: Closing,
    /// What the register's subtotal must be.
    pub(super) subtotal: Money,
}

impl Plan {
    /// Encodes a receipt, or says what this register cannot do.
    pub(super) fn new(
        receipt: &Receipt,
        operation: Operation,
        about: &About,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        let department = settings.department;
        let system = receipt.tax_system().mask();
        if system != 0 && about.tax_systems != 0 && about.tax_systems & system == 0 {
            return Err(Refusal::of(Reason::TaxSystemUnsupported));
        }
        let mut steps = Vec::new();
        for line in receipt.lines() {
            if line.total().is_zero() && !about.zero_lines {
                steps.extend(text_lines(&format!("{}  0.00", line.title())));
                continue;
            }
            let group = about.groups.of(line.vat()).ok_or_else(|| {
                let reason = Reason::VatUnsupported(line.vat());
                Refusal::of(reason)
            })?;
            let name = text::title(line.title(), Item::MAX_NAME);
            let parts = pieces(line.quantity(), line.total());
            for piece in parts.iter().filter(|p| !p.total.is_zero() || about.zero_lines) {
                if about.old {
                    steps.push(Step::OldItem(old_item(operation, line, piece, group, department)?));
                    continue;
                }
                steps.push(Step::Item(Item {
                    operation,
                    quantity: piece.quantity,
                    price: piece.price,
                    sum: piece.total,
                    rate: group.code,
                    department,
                    method: method(line.settlement()),
                    object: object(line.subject()),
                    name: name.clone(),
                }));
            }
            steps.extend(notes(line));
        }
        steps.extend(receipt.custom_text().into_iter().flat_map(text_lines));
        let payments = receipt.payments();
        let close = if about.old {
            Closing::Old(old_close(receipt, about)?)
        } else {
            Closing::V2(Close {
                cash: payments.cash,
                card: payments.card,
                prepaid: payments.prepaid,
                rounding: receipt.rounding().minor() as u8,
                tax_system: system,
            })
        };
        let mut tags = cashier_tags(receipt.cashier(), about.format);
        tags.extend(contact_tag(receipt.contact()));
        tags.extend(place_tag(settings.place.as_deref(), about.format));
        Ok(Self { operation, tags, steps, close, subtotal: receipt.total() })
    }
}

/// A line for a model without FF46. What it cannot say is refused.
fn old_item(
    operation: Operation,
    line: &Line,
    piece: &Piece,
    group: Group,
    department: u8,
) -> Result<OldItem, Refusal> {
    let millionths = piece.quantity.millionths();
    let group = u8::try_from(group.row).ok().filter(|row| (1..=6).contains(row));
    match (group, line.settlement()) {
        (Some(group), Settlement::Full) if millionths.is_multiple_of(1000) => Ok(OldItem {
            operation,
            thousandths: millionths / 1000,
            price: piece.price,
            department,
            group,
            name: text::title(line.title(), OldItem::MAX_NAME),
        }),
        (None, _) => Err(Refusal::of(Reason::VatUnsupported(line.vat()))),
        (Some(_), _) => Err(Refusal::of(Reason::Unsupported)),
    }
}

/// The close of such a model knows no advance, no rounding and no tax system but the one it is registered for.
fn old_close(receipt: &Receipt, about: &About) -> Result<OldClose, Refusal> {
    let payments = receipt.payments();
    if !payments.prepaid.is_zero() || !receipt.rounding().is_zero() {
        return Err(Refusal::of(Reason::Unsupported));
    }
    let system = receipt.tax_system().mask();
    if system != 0 && system != about.tax_systems {
        return Err(Refusal::of(Reason::TaxSystemUnsupported));
    }
    Ok(OldClose { cash: payments.cash, card: payments.card })
}

/// Discount and barcode in print: the line itself holds what is paid.
fn notes(line: &Line) -> Vec<Step> {
    let mut steps = Vec::new();
    if !line.discount().is_zero() {
        steps.extend(text_lines(&format!("Скидка {}", line.discount())));
    }
    steps.extend(line.barcode().into_iter().flat_map(text_lines));
    steps
}

fn text_lines(text: &str) -> Vec<Step> {
    text::lines(text, Text::MAX).into_iter().map(|line| Step::Text(Text(line))).collect()
}

/// Tags 1021 and 1203.
pub(super) fn cashier_tags(cashier: Option<&Cashier>, format: Option<u8>) -> Vec<SendTags> {
    let Some(cashier) = cashier else { return Vec::new() };
    let name = text::tag(&cashier.title, 64);
    let mut tags = Vec::new();
    if !name.is_empty() {
        tags.push(SendTags(tlv::tag(tlv::CASHIER, &name)));
    }
    let inn = cashier.inn.as_deref().unwrap_or_default();
    if since_1_05(format) && matches!(inn.len(), 10 | 12) && inn.bytes().all(|b| b.is_ascii_digit()) {
        tags.push(SendTags(tlv::tag(tlv::CASHIER_INN, format!("{inn:<12}").as_bytes())));
    }
    tags
}

/// Formats of fiscal data before 1.05 lack the cashier's number and the place of settlement; one that is not known may
/// have them, and a register that refuses a tag goes without it.
fn since_1_05(format: Option<u8>) -> bool {
    format.is_none_or(|format| format >= 2)
}

/// Tag 1187, where the shop sells elsewhere than its register is registered.
fn place_tag(place: Option<&str>, format: Option<u8>) -> Option<SendTags> {
    let place = text::tag(place?, MAX_PLACE);
    (since_1_05(format) && !place.is_empty()).then(|| SendTags(tlv::tag(tlv::PLACE, &place)))
}

/// Tag 1192.
pub(super) fn marker_tag(marker: Marker) -> SendTags {
    SendTags(tlv::tag(tlv::ADDITIONAL, marker.to_string().as_bytes()))
}

/// Tag 1084, for firmware that refuses 1192.
pub(super) fn marker_attribute(marker: Marker) -> SendTags {
    let mut inner = tlv::tag(tlv::USER_ATTRIBUTE_NAME, b"kkm-bridge");
    inner.extend(tlv::tag(tlv::USER_ATTRIBUTE_VALUE, marker.to_string().as_bytes()));
    SendTags(tlv::tag(tlv::USER_ATTRIBUTE, &inner))
}

/// Tag 1008. The register refuses what is neither an address nor `+` and digits, and the receipt with it; so that is
/// left out.
fn contact_tag(contact: Option<&str>) -> Option<SendTags> {
    let contact = contact?.trim();
    if is_phone(contact) || is_email(contact) {
        return Some(SendTags(tlv::tag(tlv::CONTACT, contact.as_bytes())));
    }
    tracing::warn!("the customer's contact is neither an e-mail address nor a phone number and is left out");
    None
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_email(text: &str) -> bool {
    let plain = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic());
    let Some((user, host)) = text.split_once('@') else { return false };
    let labels = |host: &str| host.split('.').filter(|l| !l.is_empty()).count() == host.matches('.').count() + 1;
    plain && !user.is_empty() && !host.contains('@') && host.contains('.') && labels(host)
}

/// Tag 1214.
fn method(settlement: Settlement) -> u8 {
    match settlement {
        Settlement::FullPrepayment => 1,
        Settlement::PartPrepayment => 2,
        Settlement::Advance => 3,
        Settlement::Full => 4,
    }
}

/// Tag 1212.
fn object(subject: Subject) -> u8 {
    match subject {
        Subject::Commodity => 1,
        Subject::Service => 4,
        Subject::Payment => 10,
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
