//! What comes out of the printer: a document as text, in the layout of a Russian receipt, 48 columns.

use super::register::State;
use super::register::books::{BookedDocument, Kind, Line, Operation};
use super::register::counters::Counters;
use crate::contract::{Money, VatRate};

/// Columns of the paper.
pub const WIDTH: usize = 48;

const PRINTED_TAGS: [(u16, &str); 4] =
    [(1021, "КАССИР"), (1203, "ИНН КАССИРА"), (1008, "ЭЛ.АДР.ПОКУПАТЕЛЯ"), (1192, "ДОП.РЕКВИЗИТ")];

/// The paper of a document, as the register with this state prints it.
pub fn render(document: &BookedDocument, state: &State) -> String {
    let mut sheet = Sheet(String::new());
    sheet.center(&state.identity.user);
    sheet.center(&state.identity.address);
    match document.kind {
        Kind::Receipt => receipt(&mut sheet, document, "КАССОВЫЙ ЧЕК"),
        Kind::Correction => receipt(&mut sheet, document, "КАССОВЫЙ ЧЕК КОРРЕКЦИИ"),
        Kind::Registration => sheet.center("ОТЧЕТ О РЕГИСТРАЦИИ"),
        Kind::ShiftOpened => sheet.center("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ"),
        Kind::Settlement => sheet.center("ОТЧЕТ О СОСТОЯНИИ РАСЧЕТОВ"),
        Kind::ShiftClosed => {
            sheet.center("ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ");
            totals(&mut sheet, &state.counters);
        }
        Kind::XReport => {
            sheet.center("СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ");
            totals(&mut sheet, &state.counters);
        }
        Kind::CashIn => sheet.pair("ВНЕСЕНИЕ", &document.total.to_string()),
        Kind::CashOut => sheet.pair("ВЫПЛАТА", &document.total.to_string()),
    }
    foot(&mut sheet, document, state);
    sheet.0
}

fn receipt(sheet: &mut Sheet, document: &BookedDocument, title: &str) {
    sheet.center(title);
    sheet.center(document.operation.map_or("", operation_name));
    notes(sheet, document, 0);
    for (number, line) in (1..).zip(&document.lines) {
        goods(sheet, line, document);
        notes(sheet, document, number);
    }
    for adjustment in &document.adjustments {
        let name = if adjustment.sum.is_negative() { "СКИДКА" } else { "НАДБАВКА" };
        sheet.pair(&format!("{name} {}", adjustment.text), &adjustment.sum.to_string());
    }
    if !document.rounding.is_zero() {
        sheet.pair("ОКРУГЛЕНИЕ", &format!("-{}", document.rounding));
    }
    sheet.pair("ИТОГ", &format!("={}", document.total));
    let tendered = Money::from_minor(document.payments.cash.minor() + document.change.minor());
    for (name, sum) in [
        ("НАЛИЧНЫМИ", tendered),
        ("БЕЗНАЛИЧНЫМИ", document.payments.electronic_total()),
        ("ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)", document.payments.prepaid),
        ("ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)", document.payments.credit),
        ("ИНАЯ ФОРМА ОПЛАТЫ", document.payments.barter),
        ("СДАЧА", document.change),
    ] {
        if !sum.is_zero() {
            sheet.pair(name, &format!("={sum}"));
        }
    }
    for vat in document.vat.values() {
        match vat.rate {
            VatRate::Exempt => sheet.pair("СУММА БЕЗ НДС", &format!("={}", vat.turnover)),
            VatRate::Rate(0) => sheet.pair("СУММА С НДС 0%", &format!("={}", vat.turnover)),
            rate @ (VatRate::Rate(_) | VatRate::Calculated(_)) => {
                sheet.pair(&format!("СУММА НДС {rate}"), &format!("={}", vat.tax));
            }
        }
    }
    sheet.pair("СНО", &tax_system(document.tax_system));
}

fn goods(sheet: &mut Sheet, line: &Line, document: &BookedDocument) {
    // A name that begins with two slashes goes to the tax server and is not printed.
    if !line.title.starts_with("//") {
        sheet.text(&line.title);
    }
    sheet.pair(&format!("{} x {}", line.quantity, line.price), &format!("={}", line.sum));
    let rate = document.vat.get(&line.vat_group).map_or(VatRate::Exempt, |vat| vat.rate);
    match rate {
        VatRate::Exempt => sheet.text("БЕЗ НДС"),
        VatRate::Rate(_) | VatRate::Calculated(_) => sheet.pair(&format!("НДС {rate}"), &format!("={}", line.vat_tax)),
    }
}

fn notes(sheet: &mut Sheet, document: &BookedDocument, after_line: usize) {
    document.notes.iter().filter(|note| note.after_line == after_line).for_each(|note| sheet.text(&note.text));
}

fn totals(sheet: &mut Sheet, counters: &Counters) {
    for (place, operation) in Operation::ALL.into_iter().enumerate() {
        let shift = &counters.shift;
        if shift.receipts[place] > 0 {
            let count = shift.receipts[place];
            sheet.pair(&format!("{} ({count})", operation_name(operation)), &shift.turnover[place].to_string());
            sheet.pair("  НАЛИЧНЫМИ", &shift.cash[place].to_string());
        }
    }
    sheet.pair("ВНЕСЕНО", &counters.shift.cash_in.to_string());
    sheet.pair("ВЫПЛАЧЕНО", &counters.shift.cash_out.to_string());
    sheet.pair("НАЛИЧНЫХ В КАССЕ", &counters.drawer.to_string());
}

fn foot(sheet: &mut Sheet, document: &BookedDocument, state: &State) {
    if document.tag_text(1021).is_empty() {
        sheet.pair("КАССИР", &document.cashier);
    }
    for (tag, name) in PRINTED_TAGS {
        if !document.tag_text(tag).is_empty() {
            sheet.pair(name, document.tag_text(tag));
        }
    }
    let time = document.time.to_string().replace('T', " ");
    sheet.pair(&time[..16], &format!("СМЕНА {}", document.shift));
    if document.receipt_number > 0 {
        sheet.pair("ЧЕК №", &document.receipt_number.to_string());
    }
    sheet.pair(&format!("ЗН ККТ {}", state.identity.serial), &format!("ИНН {}", state.identity.inn));
    sheet.pair(&format!("РН ККТ {}", state.identity.rnm), &format!("ФН {}", document.storage));
    if document.number > 0 {
        sheet.pair(&format!("ФД {}", document.number), &format!("ФП {:010}", document.sign));
    }
    sheet.text(&"-".repeat(WIDTH));
}

fn operation_name(operation: Operation) -> &'static str {
    match operation {
        Operation::Sale => "ПРИХОД",
        Operation::SaleReturn => "ВОЗВРАТ ПРИХОДА",
        Operation::Buy => "РАСХОД",
        Operation::BuyReturn => "ВОЗВРАТ РАСХОДА",
    }
}

/// FFD tag 1055 on paper.
fn tax_system(mask: u8) -> String {
    let names = [(1, "ОСН"), (2, "УСН доход"), (4, "УСН доход - расход"), (8, "ЕНВД"), (16, "ЕСХН"), (32, "Патент")];
    names.into_iter().filter(|(bit, _)| mask & bit != 0).map(|(_, name)| name).collect::<Vec<_>>().join(" ")
}

struct Sheet(String);

impl Sheet {
    /// A text, cut into lines of the paper's width.
    fn text(&mut self, text: &str) {
        for line in text.lines() {
            let letters: Vec<char> = line.chars().collect();
            for piece in letters.chunks(WIDTH) {
                self.0.extend(piece);
                self.0.push('\n');
            }
        }
    }

    fn center(&mut self, text: &str) {
        let room = WIDTH.saturating_sub(text.chars().count());
        self.text(&format!("{}{text}", " ".repeat(room / 2)));
    }

    /// Left and right edge; on two lines where one is too short.
    fn pair(&mut self, left: &str, right: &str) {
        let (left_width, right_width) = (left.chars().count(), right.chars().count());
        if left_width + right_width < WIDTH {
            self.text(&format!("{left}{}{right}", " ".repeat(WIDTH - left_width - right_width)));
        } else {
            self.text(left);
            self.text(&format!("{}{right}", " ".repeat(WIDTH.saturating_sub(right_width))));
        }
    }
}
