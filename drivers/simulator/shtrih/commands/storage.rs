//! The fiscal storage (manual, "FN information" and the annex "FN commands").

use std::collections::VecDeque;

use super::Call;
use crate::contract::{Money, VatRate};
use crate::simulator::register::books::{BookedDocument, Kind, Line};
use crate::simulator::register::{Begun, Register};
use crate::simulator::shtrih::codes::Code;
use crate::simulator::shtrih::wire::{Answer, tlv, unhex, vln};
use encoding_rs::IBM866;

/// Longest TLV that fits into an answer of FF3B.
const READ_BACK: usize = 252;

/// FF01: phase, current document, its data, shift, warnings, time of the last document, number, last FD.
pub(super) fn status(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let state = call.register.state();
    let current = match (&state.receipt, &state.begun) {
        (Some(_), _) => 0x04,
        (None, Some((Begun::ShiftOpening, _))) => 0x02,
        (None, Some((Begun::ShiftClosing, _))) => 0x08,
        (None, Some((Begun::Correction, _))) => 0x14,
        (None, Some((Begun::Settlement, _))) => 0x17,
        (None, None) => 0x00,
    };
    // Bit 1: resource of 30 days, bit 2: memory is nearly full.
    let warnings = if state.storage.full { 0b0100 } else { 0 };
    Ok(Answer::default()
        .u8(3)
        .u8(current)
        .u8(u8::from(current != 0))
        .u8(u8::from(state.shift.opened_at.is_some()))
        .u8(warnings)
        .storage_time(state.storage.last_time.unwrap_or_default())
        .bytes(state.storage.number.as_bytes())
        .uint(u64::from(state.storage.last), 4))
}

/// FF02.
pub(super) fn number(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(Answer::default().bytes(call.register.state().storage.number.as_bytes()))
}

/// FF03: YY MM DD, registrations left and made.
pub(super) fn expiry(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(Answer::default().bytes(&[30, 12, 31, 29, 1]))
}

/// FF04: version of the storage's program, type 1 (serial).
pub(super) fn version(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(Answer::default().bytes(b"fn_v_1_2_sim    ").u8(1))
}

/// FF08.
pub(super) fn cancel(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.forget_begun()?;
    Ok(Answer::default())
}

/// FF09: data of the registration.
pub(super) fn registration(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.rest();
    let first = document(call.register, 1)?;
    Ok(registration_data(registration_head(first), call.register, first.tax_system)
        .uint(u64::from(first.number), 4)
        .uint(u64::from(first.sign), 4))
}

fn registration_head(document: &BookedDocument) -> Answer {
    Answer::default().storage_time(document.time)
}

fn registration_data(answer: Answer, register: &Register, tax_systems: u8) -> Answer {
    let identity = &register.state().identity;
    let inn = format!("{:<12}", identity.inn);
    let rnm = format!("{:<20}", identity.rnm);
    answer.bytes(inn.as_bytes()).bytes(rnm.as_bytes()).u8(tax_systems).u8(0)
}

/// FF0A: type, ticket, and what the type has.
pub(super) fn find(call: &mut Call<'_>) -> Result<Answer, Code> {
    let number = call.fields.u32()?;
    call.fields.end()?;
    let found = document(call.register, number)?;
    let head = Answer::default()
        .u8(form(found.kind))
        .u8(0)
        .storage_time(found.time)
        .uint(u64::from(found.number), 4)
        .uint(u64::from(found.sign), 4);
    Ok(match found.kind {
        Kind::Receipt | Kind::Correction => {
            let operation = found.operation.map_or(0, crate::simulator::register::books::Operation::code);
            head.u8(operation).uint(found.total.minor() as u64, 5)
        }
        Kind::ShiftOpened | Kind::ShiftClosed => head.uint(u64::from(found.shift), 2),
        Kind::Registration => registration_data(head, call.register, found.tax_system),
        Kind::Settlement => head.uint(0, 4).bytes(&[0, 0, 0]),
        Kind::CashIn | Kind::CashOut | Kind::XReport => return Err(Code::STORAGE_NO_DATA),
    })
}

fn document(register: &Register, number: u32) -> Result<&BookedDocument, Code> {
    register.document(number).ok_or(Code::STORAGE_NO_DATA)
}

/// Codes of the forms in the fiscal data format.
fn form(kind: Kind) -> u8 {
    match kind {
        Kind::Registration => 1,
        Kind::ShiftOpened => 2,
        Kind::Receipt => 3,
        Kind::ShiftClosed => 5,
        Kind::Settlement => 21,
        Kind::Correction => 31,
        Kind::CashIn | Kind::CashOut | Kind::XReport => 0,
    }
}

/// FF37.
pub(super) fn begin_settlement(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    call.register.begin(Begun::Settlement)?;
    Ok(Answer::default())
}

/// FF38: FD, FP, number of unconfirmed documents, date of the first.
pub(super) fn settlement(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let booked = call.register.settlement_report(call.operator)?;
    let answer = Answer::default().uint(u64::from(booked.number), 4).uint(u64::from(booked.sign), 4);
    Ok(answer.uint(0, 4).bytes(&[0, 0, 0]).storage_time(booked.time))
}

/// FF39: everything was sent to the operator of fiscal data.
pub(super) fn exchange(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(Answer::default().bytes(&[0, 0]).uint(0, 2).uint(0, 4).bytes(&[0; 5]))
}

/// FF3F.
pub(super) fn unconfirmed(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    Ok(Answer::default().uint(0, 2))
}

/// FF3C: there are no tickets.
pub(super) fn ticket(call: &mut Call<'_>) -> Result<Answer, Code> {
    let _number = call.fields.u32()?;
    call.fields.end()?;
    Err(Code::STORAGE_NO_DATA)
}

/// FF40: state, number, receipts of the shift.
pub(super) fn shift_parameters(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let shift = &call.register.state().shift;
    let answer = Answer::default().u8(u8::from(shift.opened_at.is_some())).uint(u64::from(shift.number), 2);
    Ok(answer.uint(u64::from(shift.receipts), 2))
}

/// FF63: documents of five years, kilobytes of thirty days.
pub(super) fn resource(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let left = 200_000_u32.saturating_sub(call.register.state().storage.last);
    Ok(Answer::default().uint(u64::from(left), 4).uint(50_000, 4))
}

/// FF3A: type and length of a document that is then read with FF3B.
pub(super) fn begin_read_back(call: &mut Call<'_>) -> Result<Answer, Code> {
    let number = call.fields.u32()?;
    call.fields.end()?;
    let found = document(call.register, number)?;
    let tags = read_back_tags(found);
    let answer = Answer::default().uint(u64::from(form(found.kind)), 2);
    let length: usize = tags.iter().map(Vec::len).sum();
    call.session.read_back = tags;
    Ok(answer.uint(length as u64, 2))
}

/// FF3B: one tag, until there are none.
pub(super) fn read_back(call: &mut Call<'_>) -> Result<Answer, Code> {
    call.fields.end()?;
    let tag = call.session.read_back.pop_front().ok_or(Code::STORAGE_NO_DATA)?;
    Ok(Answer::default().bytes(&tag))
}

/// A document as the storage keeps it: its own numbers, sums, lines, and the host's tags.
fn read_back_tags(document: &BookedDocument) -> VecDeque<Vec<u8>> {
    let mut tags = VecDeque::new();
    let mut add = |tag: u16, value: &[u8]| tags.push_back(tlv(tag, value));
    add(1041, document.storage.as_bytes());
    add(1040, &document.number.to_le_bytes());
    add(1077, &[&[0, 0], document.sign.to_be_bytes().as_slice()].concat());
    add(1012, &(document.time.unix_s() as u32).to_le_bytes());
    add(1038, &document.shift.to_le_bytes());
    if let Some(operation) = document.operation {
        add(1042, &document.receipt_number.to_le_bytes());
        add(1054, &[operation.code()]);
        add(1020, &sum(document.total));
        add(1031, &sum(document.payments.cash));
        add(1081, &sum(document.payments.electronic_total()));
        add(1215, &sum(document.payments.prepaid));
        add(1216, &sum(document.payments.credit));
        add(1217, &sum(document.payments.barter));
        add(1055, &[document.tax_system]);
        for (group, vat) in &document.vat {
            // Groups 3 and 4 (0 % and none) tell the turnover, the others the tax.
            let turnover = matches!(vat.rate, VatRate::Exempt | VatRate::Rate(0));
            if (1..=6).contains(group) {
                add(1101 + u16::from(*group), &sum(if turnover { vat.turnover } else { vat.tax }));
            }
        }
        for line in &document.lines {
            add(1059, &line_tags(line));
        }
    }
    for tag in &document.tags {
        add(tag.tag, &unhex(&tag.hex));
    }
    tags
}

/// The inside of tag 1059; the host's tags of the line as far as they fit into one answer.
fn line_tags(line: &Line) -> Vec<u8> {
    let title = IBM866.encode(&line.title).0.into_owned();
    let quantity = [&[6], vln(line.quantity.millionths()).as_slice()].concat();
    let mut value = [
        tlv(1030, &title),
        tlv(1079, &sum(line.price)),
        tlv(1023, &quantity),
        tlv(1043, &sum(line.sum)),
        tlv(1199, &[line.vat_group]),
        tlv(1214, &[line.method]),
        tlv(1212, &[line.subject]),
    ]
    .concat();
    for tag in &line.tags {
        let more = tlv(tag.tag, &unhex(&tag.hex));
        if value.len() + more.len() + 4 <= READ_BACK {
            value.extend(more);
        }
    }
    value
}

fn sum(money: Money) -> Vec<u8> {
    vln(money.minor().unsigned_abs())
}
