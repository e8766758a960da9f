//! The receipt up to its closing (manual, "receipt").

use super::Call;
use super::status::BY_TYPE;
use crate::contract::{Money, Quantity};
use crate::simulator::register::books::Operation;
use crate::simulator::register::receipt::LineDraft;
use crate::simulator::shtrih::codes::Code;
use crate::simulator::shtrih::wire::{self, Answer, Fields};

/// Group of goods without tax.
const NO_VAT: u8 = 4;
/// Millionths in a thousandth.
const THOUSANDTH: u64 = 1000;
/// Longest text field of the old commands, as newer models take it.
const TEXT: usize = 220;

/// 8Dh: type.
pub(super) fn open(call: &mut Call<'_>) -> Result<Answer, Code> {
    let kind = call.fields.u8()?;
    call.fields.end()?;
    let operation = BY_TYPE.get(usize::from(kind)).ok_or(Code::BAD_PARAMETERS)?;
    call.register.open_receipt(*operation, call.operator)?;
    Ok(call.operator())
}

/// 80h.
pub(super) fn sale(call: &mut Call<'_>) -> Result<Answer, Code> {
    old_line(call, Operation::Sale)
}

/// 81h.
pub(super) fn buy(call: &mut Call<'_>) -> Result<Answer, Code> {
    old_line(call, Operation::Buy)
}

/// 82h.
pub(super) fn sale_return(call: &mut Call<'_>) -> Result<Answer, Code> {
    old_line(call, Operation::SaleReturn)
}

/// 83h.
pub(super) fn buy_return(call: &mut Call<'_>) -> Result<Answer, Code> {
    old_line(call, Operation::BuyReturn)
}

fn old_line(call: &mut Call<'_>, operation: Operation) -> Result<Answer, Code> {
    let draft = old_draft(&mut call.fields)?;
    call.register.add_line(operation, draft, call.operator)?;
    Ok(call.operator())
}

/// 84h: takes an earlier line back.
pub(super) fn storno(call: &mut Call<'_>) -> Result<Answer, Code> {
    let draft = old_draft(&mut call.fields)?;
    call.register.take_line_back(draft)?;
    Ok(call.operator())
}

/// Quantity in thousandths, price, department, four tax groups, text of 40 bytes or more.
fn old_draft(fields: &mut Fields<'_>) -> Result<LineDraft, Code> {
    let quantity = Quantity::from_millionths(fields.uint(5)? * THOUSANDTH);
    let price = fields.money()?;
    let department = fields.u8()?;
    let vat_group = old_tax(fields)?;
    let title = old_text(fields)?;
    let (method, subject) = (4, 1);
    Ok(LineDraft { title, quantity, price, sum: None, vat_group, vat_tax: None, department, method, subject })
}

/// Four bytes of a tax group each; the first that is not zero counts.
pub(super) fn old_tax(fields: &mut Fields<'_>) -> Result<u8, Code> {
    let groups = fields.bytes(4)?;
    Ok(groups.iter().copied().find(|group| *group != 0).unwrap_or(NO_VAT))
}

/// A text of at least 40 bytes, padded with zeros.
pub(super) fn old_text(fields: &mut Fields<'_>) -> Result<String, Code> {
    if fields.0.len() < 40 {
        return Err(Code::FRAME_LENGTH);
    }
    fields.text(TEXT)
}

/// A mask with one bit, lowest for group 1.
fn tax_mask(mask: u8) -> Result<u8, Code> {
    if mask.is_power_of_two() { Ok(mask.trailing_zeros() as u8 + 1) } else { Err(Code::BAD_PARAMETERS) }
}

/// FF46: type, quantity in millionths, price, sum, tax, rate, department, method, subject, name.
pub(super) fn item_v2(call: &mut Call<'_>) -> Result<Answer, Code> {
    let fields = &mut call.fields;
    let operation = Operation::from_code(fields.u8()?).ok_or(Code::BAD_PARAMETERS)?;
    let quantity = Quantity::from_millionths(fields.uint(6)?);
    let price = fields.money()?;
    let sum = fields.money_or_unsaid()?;
    let vat_tax = fields.money_or_unsaid()?;
    let vat_group = tax_mask(fields.u8()?)?;
    let department = fields.u8()?;
    let (method, subject) = (fields.u8()?, fields.u8()?);
    let title = fields.text(128)?;
    if !(1..=7).contains(&method) || !(1..=33).contains(&subject) {
        return Err(Code::BAD_PARAMETERS);
    }
    let draft = LineDraft { title, quantity, price, sum, vat_group, vat_tax, department, method, subject };
    call.register.add_line(operation, draft, call.operator)?;
    Ok(Answer::default())
}

/// FF0D: the item of the first data format, with its own discount and charge.
pub(super) fn item_with_discount(call: &mut Call<'_>) -> Result<Answer, Code> {
    let fields = &mut call.fields;
    let operation = Operation::from_code(fields.u8()?).ok_or(Code::BAD_PARAMETERS)?;
    let quantity = Quantity::from_millionths(fields.uint(5)? * THOUSANDTH);
    let price = fields.money()?;
    let (discount, charge) = (fields.money()?, fields.money()?);
    let department = fields.u8()?;
    let mask = fields.u8()?;
    let vat_group = if mask == 0 { NO_VAT } else { tax_mask(mask)? };
    let _barcode = fields.bytes(5)?;
    let title = fields.text(TEXT)?;
    let (method, subject) = (4, 1);
    let draft = LineDraft { title, quantity, price, sum: None, vat_group, vat_tax: None, department, method, subject };
    call.register.add_line(operation, draft, call.operator)?;
    let difference = Money::from_minor(charge.minor() - discount.minor());
    call.register.adjust(difference, vat_group, String::new())?;
    Ok(Answer::default())
}

/// 86h.
pub(super) fn discount(call: &mut Call<'_>) -> Result<Answer, Code> {
    adjust(call, -1)
}

/// 87h.
pub(super) fn charge(call: &mut Call<'_>) -> Result<Answer, Code> {
    adjust(call, 1)
}

fn adjust(call: &mut Call<'_>, sign: i64) -> Result<Answer, Code> {
    let sum = call.fields.money()?;
    let groups = call.fields.bytes(4)?;
    let group = groups.iter().copied().find(|group| *group != 0).unwrap_or(0);
    let text = old_text(&mut call.fields)?;
    call.register.adjust(Money::from_minor(sign * sum.minor()), group, text)?;
    Ok(call.operator())
}

/// FF4B: discount, charge, tax mask, text.
pub(super) fn receipt_discount(call: &mut Call<'_>) -> Result<Answer, Code> {
    let (discount, charge) = (call.fields.money()?, call.fields.money()?);
    let mask = call.fields.u8()?;
    let group = if mask == 0 { 0 } else { tax_mask(mask)? };
    let text = call.fields.text(128)?;
    call.register.adjust(Money::from_minor(charge.minor() - discount.minor()), group, text)?;
    Ok(Answer::default())
}

/// 88h.
pub(super) fn cancel(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.cancel_receipt()?;
    Ok(call.operator())
}

/// 89h.
pub(super) fn subtotal(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let subtotal = call.register.subtotal()?;
    Ok(call.operator().uint(subtotal.minor() as u64, 5))
}

/// 8Ch.
pub(super) fn copy(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.print_copy()?;
    Ok(call.operator())
}

/// FF0C: tags of the document.
pub(super) fn tag(call: &mut Call<'_>) -> Result<Answer, Code> {
    for tag in tags(call)? {
        call.register.add_tag(tag)?;
    }
    Ok(Answer::default())
}

/// FF4D: tags of the last line.
pub(super) fn item_tag(call: &mut Call<'_>) -> Result<Answer, Code> {
    for tag in tags(call)? {
        call.register.add_line_tag(tag)?;
    }
    Ok(Answer::default())
}

fn tags(call: &mut Call<'_>) -> Result<Vec<crate::simulator::register::books::Tag>, Code> {
    let bytes = call.fields.rest();
    if bytes.len() > 250 {
        return Err(Code::BAD_PARAMETERS);
    }
    wire::tags(bytes)
}
