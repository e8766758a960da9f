//! The tables of settings (manual, "tables"): structure, reading, writing.
//!
//! Cells that the register understands live in its [`Settings`](crate::simulator::register::settings::Settings);
//! every other cell is remembered as it was written.

use super::codes::Code;
use super::commands::Call;
use super::wire::{Answer, cp1251, number, padded, text};
use crate::contract::VatRate;
use crate::simulator::register::settings::PrintMode;
use crate::simulator::register::{Register, ShiftPhase};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A number of so many bytes, from 0 up to this.
    Number(usize, u64),
    /// Text of so many bytes.
    Text(usize),
}

#[derive(Clone, Copy, Debug)]
struct Field {
    name: &'static str,
    shape: Shape,
    fixed: bool,
}

struct Table {
    name: &'static str,
    rows: u16,
    fields: Vec<Field>,
}

const fn bin(name: &'static str, max: u8) -> Field {
    Field { name, shape: Shape::Number(1, max as u64), fixed: false }
}

const fn letters(name: &'static str, size: usize) -> Field {
    Field { name, shape: Shape::Text(size), fixed: false }
}

const fn fixed(name: &'static str, size: usize) -> Field {
    Field { name, shape: Shape::Text(size), fixed: true }
}

/// Fields 1, 2, ... of a table of which only some have a meaning here.
fn sparse(count: u8, known: &[(u8, Field)]) -> Vec<Field> {
    let meaning = |number| known.iter().find(|(known, _)| *known == number).map(|(_, field)| *field);
    (1..=count).map(|number| meaning(number).unwrap_or(bin("РЕЗЕРВ", 255))).collect()
}

fn table(register: &Register, number: u8) -> Option<Table> {
    let (name, rows, fields) = match number {
        1 => {
            let known = [
                (1, bin("НОМЕР ККТ В МАГАЗИНЕ", 99)),
                (2, bin("АВТОМАТИЧЕСКОЕ ОБНУЛЕНИЕ ДЕНЕЖНОЙ НАЛИЧНОСТИ", 1)),
                (6, bin("ОТКРЫВАНИЕ ДЕНЕЖНОГО ЯЩИКА", 1)),
                (7, bin("ОТРЕЗКА ЧЕКА", 2)),
                (14, bin("НАЧИСЛЕНИЕ НАЛОГОВ", 1)),
                (20, bin("ПЕЧАТЬ ЧЕКА ПО ЗАКРЫТИЮ", 1)),
                (23, bin("ЗАПРЕТ НУЛЕВОГО ЧЕКА", 1)),
                (39, bin("ПЕЧАТЬ КЛИШЕ ПОСЛЕ ДОКУМЕНТА", 1)),
            ];
            ("ТИП И РЕЖИМ ККТ", 1, sparse(39, &known))
        }
        2 => {
            let password = Field { name: "ПАРОЛЬ", shape: Shape::Number(4, 99_999_999), fixed: false };
            ("ПАРОЛИ КАССИРОВ И АДМИНИСТРАТОРОВ", 30, vec![password, letters("ФАМИЛИЯ", 21)])
        }
        4 => ("ТЕКСТ В ЧЕКЕ", 14, vec![letters("ТЕКСТ СТРОКИ", 57)]),
        5 => ("НАИМЕНОВАНИЯ ТИПОВ ОПЛАТЫ", 16, vec![letters("НАИМЕНОВАНИЕ ТИПА ОПЛАТЫ", 57)]),
        6 => {
            let rate = Field { name: "ВЕЛИЧИНА НАЛОГА", shape: Shape::Number(2, 10_000), fixed: false };
            let rows = register.state().settings.taxes.len() as u16;
            ("НАЛОГОВЫЕ СТАВКИ", rows, vec![rate, letters("НАИМЕНОВАНИЕ НАЛОГА", 57)])
        }
        7 => ("НАИМЕНОВАНИЕ ОТДЕЛОВ", 16, vec![letters("НАИМЕНОВАНИЕ ОТДЕЛА", 57)]),
        17 => {
            let known = [
                (3, bin("РЕЖИМ ИСЧИСЛЕНИЯ СКИДОК", 2)),
                (7, bin("НЕ ПЕЧАТАТЬ ДОКУМЕНТ", 2)),
                (8, bin("СОКРАЩЕНИЕ СМЕНЫ В МИНУТАХ", 255)),
                (12, bin("ПЕЧАТЬ РЕКВИЗИТОВ ПОЛЬЗОВАТЕЛЯ", 255)),
                (17, bin("ФОРМАТ ФД", 4)),
            ];
            ("РЕГИОНАЛЬНЫЕ НАСТРОЙКИ", 1, sparse(17, &known))
        }
        18 => {
            let system = Field {
                name: "СИСТЕМА НАЛОГООБЛОЖЕНИЯ", shape: Shape::Number(1, 63), fixed: true
            };
            let mode = Field { name: "РЕЖИМ РАБОТЫ", shape: Shape::Number(1, 63), fixed: true };
            let fields = vec![
                fixed("ЗАВОДСКОЙ НОМЕР ККТ", 16),
                fixed("ИНН", 12),
                fixed("РНМ", 16),
                fixed("НОМЕР ФН", 16),
                system,
                mode,
                letters("ПОЛЬЗОВАТЕЛЬ", 128),
                letters("ОПЕРАТОР", 64),
                letters("АДРЕС РАСЧЕТОВ", 128),
                letters("НАИМЕНОВАНИЕ ОФД", 64),
                letters("АДРЕС САЙТА ОФД", 64),
                letters("ИНН ОФД", 12),
                letters("АДРЕС САЙТА ФНС", 64),
                letters("МЕСТО РАСЧЕТОВ", 128),
            ];
            ("ФИСКАЛЬНЫЙ НАКОПИТЕЛЬ", 1, fields)
        }
        19 => {
            let port = Field { name: "ПОРТ", shape: Shape::Number(2, 65_535), fixed: false };
            let wait =
                Field { name: "ТАЙМАУТ ОТВЕТА ОФД", shape: Shape::Number(2, 65_535), fixed: false };
            ("ПАРАМЕТРЫ ОФД", 1, vec![letters("СЕРВЕР", 64), port, wait])
        }
        _ => return None,
    };
    Some(Table { name, rows, fields })
}

struct Cell {
    table: u8,
    row: u16,
    field: u8,
    about: Field,
}

/// 1Eh: a number may come in fewer bytes than its field has, a text in fewer letters.
pub(super) fn write(call: &mut Call<'_>) -> Result<Answer, Code> {
    let asked = asked_cell(call)?;
    let value = call.fields.rest();
    if asked.about.fixed || (asked.table == 5 && asked.row == 1) {
        return Err(Code::FIELD_READ_ONLY);
    }
    let fits = match asked.about.shape {
        Shape::Number(size, max) => !value.is_empty() && value.len() <= size && number(value) <= max,
        Shape::Text(size) => value.len() <= size,
    };
    if !fits {
        return Err(Code::FIELD_RANGE);
    }
    if asked.table == 6 && call.register.shift_phase() != ShiftPhase::Closed {
        return Err(Code::WRONG_MODE);
    }
    put(call.register, &asked, value)?;
    Ok(Answer::default())
}

/// 1Fh.
pub(super) fn read(call: &mut Call<'_>) -> Result<Answer, Code> {
    let asked = asked_cell(call)?;
    call.fields.end()?;
    let value = get(call.register, &asked);
    Ok(Answer::default().bytes(&match asked.about.shape {
        Shape::Number(size, _) => value.into_iter().chain(std::iter::repeat(0)).take(size).collect(),
        Shape::Text(size) => padded(&text(&value), size),
    }))
}

fn asked_cell(call: &mut Call<'_>) -> Result<Cell, Code> {
    let (table, row, field) = (call.fields.u8()?, call.fields.u16()?, call.fields.u8()?);
    let found = self::table(call.register, table).ok_or(Code::TABLE)?;
    let about = usize::from(field).checked_sub(1).and_then(|place| found.fields.get(place)).ok_or(Code::TABLE)?;
    if row == 0 || row > found.rows {
        return Err(Code::TABLE);
    }
    Ok(Cell { table, row, field, about: *about })
}

/// 2Dh: name, rows, fields.
pub(super) fn table_structure(call: &mut Call<'_>) -> Result<Answer, Code> {
    let table = table(call.register, call.fields.u8()?).ok_or(Code::TABLE)?;
    call.fields.end()?;
    let answer = Answer::default().bytes(&padded(table.name, 40)).uint(u64::from(table.rows), 2);
    Ok(answer.u8(table.fields.len() as u8))
}

/// 2Eh: name, type, size, and for a number its least and greatest value.
pub(super) fn field_structure(call: &mut Call<'_>) -> Result<Answer, Code> {
    let table = table(call.register, call.fields.u8()?).ok_or(Code::TABLE)?;
    let place = usize::from(call.fields.u8()?).checked_sub(1);
    call.fields.end()?;
    let field = place.and_then(|place| table.fields.get(place)).ok_or(Code::TABLE)?;
    let answer = Answer::default().bytes(&padded(field.name, 40));
    Ok(match field.shape {
        Shape::Number(size, max) => answer.u8(0).u8(size as u8).uint(0, size).uint(max, size),
        Shape::Text(size) => answer.u8(1).u8(size as u8),
    })
}

fn get(register: &Register, cell: &Cell) -> Vec<u8> {
    let state = register.state();
    let settings = &state.settings;
    let row = usize::from(cell.row) - 1;
    let flag = |on: bool| vec![u8::from(on)];
    match (cell.table, cell.field) {
        (1, 2) => flag(settings.zero_cash_at_close),
        (1, 14) => flag(settings.tax_per_receipt),
        (1, 23) => flag(settings.forbid_zero),
        (2, 1) => settings.operators.get(row).map_or(Vec::new(), |o| o.password.to_le_bytes().to_vec()),
        (2, 2) => settings.operators.get(row).map_or(Vec::new(), |o| cp1251(&o.name)),
        (6, 1) => {
            let rate = settings.taxes.get(row).and_then(|tax| tax.rate.basis_points()).unwrap_or(0);
            rate.to_le_bytes()[..2].to_vec()
        }
        (6, 2) => settings.taxes.get(row).map_or(Vec::new(), |tax| cp1251(&tax.name)),
        (17, 7) => vec![match settings.print {
            PrintMode::All => 0,
            PrintMode::SkipOne => 1,
            PrintMode::Never => 2,
        }],
        (18, 1) => cp1251(&state.identity.serial),
        (18, 2) => cp1251(&state.identity.inn),
        (18, 3) => cp1251(&state.identity.rnm),
        (18, 4) => cp1251(&state.storage.number),
        (18, 5) => vec![state.storage.tax_systems],
        (18, 7) => cp1251(&state.identity.user),
        (18, 9) => cp1251(&state.identity.address),
        _ => state.cells.get(&key(cell)).cloned().unwrap_or_else(|| factory(cell)),
    }
}

fn key(cell: &Cell) -> String {
    format!("{}.{}.{}", cell.table, cell.row, cell.field)
}

/// What a cell holds before it is written.
fn factory(cell: &Cell) -> Vec<u8> {
    match (cell.table, cell.row, cell.field) {
        (1, 1, 1 | 20) => vec![1],
        // Fiscal data format 1.05.
        (17, 1, 17) => vec![2],
        (5, 1, 1) => cp1251("НАЛИЧНЫМИ"),
        (5, 2, 1) => cp1251("БАНКОВСКОЙ КАРТОЙ"),
        (5, 14, 1) => cp1251("АВАНСОМ"),
        (5, 15, 1) => cp1251("В КРЕДИТ"),
        (7, row, 1) => cp1251(&format!("ОТДЕЛ {row}")),
        _ => Vec::new(),
    }
}

fn put(register: &mut Register, cell: &Cell, value: &[u8]) -> Result<(), Code> {
    let row = usize::from(cell.row) - 1;
    let on = number(value) != 0;
    let words = text(value);
    register.alter(|state| {
        let settings = &mut state.settings;
        match (cell.table, cell.field) {
            (1, 2) => settings.zero_cash_at_close = on,
            (1, 14) => settings.tax_per_receipt = on,
            (1, 23) => settings.forbid_zero = on,
            (2, 1) => settings.operators[row].password = number(value) as u32,
            (2, 2) => settings.operators[row].name = words,
            (6, 1) => {
                let rate = number(value) as u32;
                let tax = &mut settings.taxes[row];
                tax.rate = match tax.rate {
                    VatRate::Exempt => VatRate::Exempt,
                    VatRate::Rate(_) => VatRate::Rate(rate),
                    VatRate::Calculated(_) => VatRate::Calculated(rate),
                };
            }
            (6, 2) => settings.taxes[row].name = words,
            (17, 7) => {
                settings.print = match value[0] {
                    0 => PrintMode::All,
                    1 => PrintMode::SkipOne,
                    _ => PrintMode::Never,
                }
            }
            (18, 7) => state.identity.user = words,
            (18, 9) => state.identity.address = words,
            _ => {
                state.cells.insert(key(cell), value.to_vec());
            }
        }
    })?;
    Ok(())
}
