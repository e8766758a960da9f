//! Closing of a receipt, and corrections (manual, "receipt").

use super::Call;
use super::receipt::{old_tax, old_text};
use crate::contract::{Money, money};
use crate::simulator::register::books::{Operation, PaymentSums};
use crate::simulator::register::end::{Closed, CorrectionDraft};
use crate::simulator::register::receipt::{Closing, PAYMENT_KINDS};
use crate::simulator::register::{Begun, Booked};
use crate::simulator::shtrih::codes::Code;
use crate::simulator::shtrih::wire::{self, Answer, Fields};

/// Text of FF45 where the sums of the groups above six follow it.
const FULL_TEXT: usize = 64;

/// 85h: cash and kinds 2 to 4, discount in hundredths of a percent, tax, text.
pub(super) fn four_kinds(call: &mut Call<'_>) -> Result<Answer, Code> {
    let closed = old_close(call, 4)?;
    Ok(call.operator().uint(closed.change.minor() as u64, 5))
}

/// 8Eh: the same with sixteen kinds.
pub(super) fn sixteen_kinds(call: &mut Call<'_>) -> Result<Answer, Code> {
    let closed = old_close(call, PAYMENT_KINDS)?;
    Ok(call.operator().uint(closed.change.minor() as u64, 5))
}

fn old_close(call: &mut Call<'_>, kinds: usize) -> Result<Closed, Code> {
    let paid = paid(&mut call.fields, kinds)?;
    // Two's complement; positive is a discount.
    let percent = call.fields.u16()? as i16;
    let _group = old_tax(&mut call.fields)?;
    let text = old_text(&mut call.fields)?;
    let subtotal = call.register.subtotal()?;
    let part = i128::from(subtotal.minor()) * i128::from(percent);
    let discount = money::divide_half_away(part, 10_000) as i64;
    let adjusted = call.register.state().receipt.clone();
    call.register.adjust(Money::from_minor(-discount), 0, String::new())?;
    let closing = Closing { paid, rounding: Money::ZERO, taxes: Vec::new(), tax_system: 0, text };
    call.register.close_receipt(&closing).map_err(|denied| {
        // A refused closing leaves the receipt as it was, without the discount.
        match call.register.alter(|state| state.receipt = adjusted) {
            Ok(()) => denied.into(),
            Err(worse) => worse.into(),
        }
    })
}

/// Sums by kind of payment, five bytes each.
fn paid(fields: &mut Fields<'_>, kinds: usize) -> Result<[Money; PAYMENT_KINDS], Code> {
    let mut paid = [Money::ZERO; PAYMENT_KINDS];
    for sum in &mut paid[..kinds] {
        *sum = fields.money()?;
    }
    Ok(paid)
}

/// FF45: sixteen sums, rounding, six taxes, tax system, text [padded to 64, then four more taxes].
pub(super) fn v2(call: &mut Call<'_>) -> Result<Answer, Code> {
    let fields = &mut call.fields;
    let paid = paid(fields, PAYMENT_KINDS)?;
    let rounding = Money::from_minor(i64::from(fields.u8()?));
    let mut taxes = taxes(fields, 6)?;
    let tax_system = fields.u8()?;
    let text = if fields.0.len() == FULL_TEXT + 20 {
        let text = wire::text(fields.bytes(FULL_TEXT)?);
        taxes.extend(self::taxes(fields, 4)?);
        text
    } else {
        fields.text(FULL_TEXT)?
    };
    let closing = Closing { paid, rounding, taxes, tax_system, text };
    let closed = call.register.close_receipt(&closing)?;
    let change = Answer::default().uint(closed.change.minor() as u64, 5);
    Ok(numbers(change, closed.booked))
}

/// A tax of zero, or of five times `FFh`, is left to the register.
fn taxes(fields: &mut Fields<'_>, count: usize) -> Result<Vec<Option<Money>>, Code> {
    let said = |fields: &mut Fields<'_>| Ok(fields.money_or_unsaid()?.filter(|tax| !tax.is_zero()));
    (0..count).map(|_| said(fields)).collect()
}

/// FD, FP, time.
fn numbers(answer: Answer, booked: Booked) -> Answer {
    answer.uint(u64::from(booked.number), 4).uint(u64::from(booked.sign), 4).storage_time(booked.time)
}

/// FF35.
pub(super) fn begin_correction(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.begin(Begun::Correction)?;
    Ok(Answer::default())
}

/// FF36: sum and type; all of it cash.
pub(super) fn correction(call: &mut Call<'_>) -> Result<Answer, Code> {
    let total = call.fields.money()?;
    let operation = Operation::from_code(call.fields.u8()?).ok_or(Code::BAD_PARAMETERS)?;
    call.fields.end()?;
    let payments = PaymentSums { cash: total, ..PaymentSums::default() };
    let (by_order, taxes, tax_system) = (false, Vec::new(), 0);
    correct(call, CorrectionDraft { operation, by_order, total, payments, taxes, tax_system })
}

/// FF4A: type, direction, total, five kinds of payment, six taxes, tax system.
pub(super) fn correction_v2(call: &mut Call<'_>) -> Result<Answer, Code> {
    let fields = &mut call.fields;
    let by_order = match fields.u8()? {
        0 => false,
        1 => true,
        _ => return Err(Code::BAD_PARAMETERS),
    };
    let operation = Operation::from_code(fields.u8()?).ok_or(Code::BAD_PARAMETERS)?;
    let total = fields.money()?;
    let payments = PaymentSums {
        cash: fields.money()?,
        electronic: vec![fields.money()?],
        prepaid: fields.money()?,
        credit: fields.money()?,
        barter: fields.money()?,
    };
    let taxes = (0..6).map(|_| fields.money()).collect::<Result<_, _>>()?;
    let tax_system = fields.u8()?;
    call.fields.end()?;
    correct(call, CorrectionDraft { operation, by_order, total, payments, taxes, tax_system })
}

fn correct(call: &mut Call<'_>, draft: CorrectionDraft) -> Result<Answer, Code> {
    let booked = call.register.correct(draft, call.operator)?;
    let receipt = Answer::default().uint(u64::from(booked.receipt_number), 2);
    Ok(numbers(receipt, booked))
}
