//! What the device's codes mean and what is done about each: errors (section 9), modes (5.1) and submodes (5.2).

use crate::contract::{Operation, Reason, Refusal, Shift};
use Decision::{CancelOurs, CloseShift, ContinuePrint, Person, Refuse, Wait};

/// What is done about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The device is at work or recovers: ask its state, then send the command again; it was not carried out.
    Wait,
    /// It waits for B0h; then as [`Decision::Wait`].
    ContinuePrint,
    /// It does not accept what we ask in this state or form: cancel our receipt and report the device's text.
    CancelOurs,
    /// The shift is too old: cancel, and say so.
    CloseShift,
    /// Only a person at the device can help: cancel, and say so.
    Person,
    /// Cancel, and give this reason.
    Refuse(Reason),
}

/// An error code with its meaning.
#[derive(Clone, Debug)]
pub struct Entry {
    code: u8,
    /// What is done.
    pub decision: Decision,
    /// The manual's words; in Russian and English where a cashier reads them.
    pub text: &'static str,
}

const fn e(code: u8, decision: Decision, text: &'static str) -> Entry {
    Entry { code, decision, text }
}

/// The meaning of an error in the answer to a command; `of_storage` for commands of the family FF..h.
///
/// Registers with a fiscal storage use the storage's meanings for low codes in answers to every command.
pub fn entry(code: u8, of_storage: bool) -> Option<&'static Entry> {
    let own = (of_storage || code <= 0x30).then(|| STORAGE.iter().find(|e| e.code == code)).flatten();
    own.or_else(|| GENERAL.iter().find(|e| e.code == code))
}

/// The refusal that an error amounts to when nothing more is tried.
pub fn refusal(code: u8, of_storage: bool) -> Refusal {
    let entry = entry(code, of_storage);
    let words = |e: &Entry| Reason::Other(e.text.to_owned());
    let reason = match entry.map(|e| &e.decision) {
        Some(Wait | ContinuePrint) => Reason::Busy,
        Some(CloseShift) => Reason::ShiftExpired,
        Some(Refuse(reason)) if *reason != Reason::Other(String::new()) => reason.clone(),
        Some(Refuse(_) | CancelOurs) => entry.map_or(Reason::NeedsService, words),
        Some(Person) => Reason::NeedsService,
        None => Reason::Other(format!("unknown error {code:02X}h")),
    };
    Refusal { reason, device_code: Some(format!("{code:02X}h")) }
}

/// What the mode byte says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// 2: shift open.
    Open,
    /// 3: shift open for more than 24 hours.
    Expired,
    /// 4: shift closed.
    Closed,
    /// 8: a receipt is open; `None` for kinds that we never open (purchase, non-fiscal).
    Receipt(Option<Operation>),
    /// 1, 11, 12, 14: at work with something that ends by itself.
    Working,
    /// 0, 5, 6, 7, 9, 10, 13, 15 and unknown ones: a person must help.
    NeedsPerson,
}

impl Mode {
    /// Section 5.1: low nibble mode, high nibble kind of document.
    pub fn of(byte: u8) -> Self {
        match (byte & 0x0F, byte >> 4) {
            (2, _) => Self::Open,
            (3, _) => Self::Expired,
            (4, _) => Self::Closed,
            (8, 0) => Self::Receipt(Some(Operation::Sale)),
            (8, 2) => Self::Receipt(Some(Operation::Return)),
            (8, _) => Self::Receipt(None),
            (1 | 11 | 12 | 14, _) => Self::Working,
            _ => Self::NeedsPerson,
        }
    }

    /// The shift, when the mode tells; `number` is that of FF40.
    pub fn shift(self, number: u32) -> Option<Shift> {
        match self {
            Self::Open | Self::Receipt(_) => Some(Shift::Open(number)),
            Self::Expired => Some(Shift::Expired(number)),
            Self::Closed => Some(Shift::Closed(number)),
            Self::Working | Self::NeedsPerson => None,
        }
    }
}

/// What the submode byte says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submode {
    /// 0: paper present, nothing printing.
    Idle,
    /// 1: no paper, nothing printing.
    NoPaper,
    /// 2: paper ended during a print.
    PaperEnded,
    /// 3: paper is back, B0h is awaited.
    AwaitsContinue,
    /// 4, 5: printing.
    Printing,
    /// Unknown to the manual.
    Unknown,
}

impl Submode {
    /// Section 5.2.
    pub fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Idle,
            1 => Self::NoPaper,
            2 => Self::PaperEnded,
            3 => Self::AwaitsContinue,
            4 | 5 => Self::Printing,
            _ => Self::Unknown,
        }
    }
}

/// Errors of the register.
static GENERAL: [Entry; 204] = [
    e(0x01, Person, "FM: FM1 FM2 or RTC error"),
    e(0x02, Person, "FM: FM1 missing"),
    e(0x03, Person, "FM: FM2 missing"),
    e(0x04, Person, "FM: Incorrect parameters in FM command"),
    e(0x05, Person, "FM: No data requested available"),
    e(0x06, Person, "FM: FM is in data output mode"),
    e(0x07, Person, "FM: Invalid FM command parameters"),
    e(0x08, Person, "FM: Command is not supported by FM"),
    e(0x09, Person, "FM: Invalid command length"),
    e(0x0A, Person, "FM: Data format is not BCD"),
    e(0x0B, Person, "FM: FM memory failure"),
    e(0x0C, Person, "FM: Gross amount overflow"),
    e(0x0D, Person, "FM: Day totals overflow"),
    e(0x11, Person, "FM: License is not entered"),
    e(0x13, Refuse(Reason::ClockWrong), "FM: Current date less than last record date"),
    e(0x14, Person, "FM: Day total area overflow"),
    e(0x15, Person, "FM: Shift is opened"),
    e(0x16, Person, "FM: Shift is closed"),
    e(0x17, Person, "FM: First day number more than last day number"),
    e(0x18, Person, "FM: First day date more than last day date"),
    e(0x19, Person, "FM: No data available"),
    e(0x1A, Person, "FM: Fiscalization area overflow"),
    e(0x1B, Person, "FM: Serial number not assigned"),
    e(0x1C, Person, "FM: There is corrupted record in the defined range"),
    e(0x1D, Person, "FM: Last day record is corrupted"),
    e(0x1E, Person, "FM: Fiscalizations overflow"),
    e(0x1F, Person, "FM: Registers memory is missing"),
    e(0x20, Person, "FM: Cash register overflow after add"),
    e(0x21, Person, "FM: Subtracted amount is more then register value"),
    e(0x22, Person, "FM: Invalid date"),
    e(0x23, Person, "FM: No activation record available"),
    e(0x24, Person, "FM: Activation area overflow"),
    e(0x25, Person, "FM: Activation with specified number not found"),
    e(0x26, Person, "FM: More than 3 records corrupted"),
    e(0x27, Person, "FM: Check sum error"),
    e(0x28, Person, "FM: Technological sign is present"),
    e(0x29, Person, "FM: Technological sign is not present"),
    e(0x2A, Person, "FM: FM size is not matched with firmware version"),
    e(
        0x2B,
        Refuse(Reason::Other(String::new())),
        "прошлую команду нельзя отменить / previous command cannot be cancelled",
    ),
    e(0x2C, Refuse(Reason::ShiftClosed), "shift is closed"),
    e(0x2D, CancelOurs, "скидка больше суммы чека / receipt total less than discount amount"),
    e(0x2E, Refuse(Reason::NotEnoughCash), "there is not enough money in ECR"),
    e(0x2F, Refuse(Reason::StorageUnusable), "FS: I2C timeout"),
    e(0x30, Refuse(Reason::StorageUnusable), "FS: NAK returned"),
    e(0x31, Refuse(Reason::StorageUnusable), "FS: Format error"),
    e(0x32, Refuse(Reason::StorageUnusable), "FS: CRC error"),
    e(0x33, CancelOurs, "неверные параметры команды / incorrect command parameters"),
    e(0x34, CancelOurs, "нет данных / no data available"),
    e(0x35, CancelOurs, "неверные параметры (настройки) / settings: incorrect parameters"),
    e(0x36, CancelOurs, "неверные параметры (модель) / model: incorrect parameters"),
    e(0x37, Refuse(Reason::Unsupported), "command is not supported"),
    e(0x38, Person, "PROM error"),
    e(0x39, Person, "internal software error"),
    e(0x3A, Refuse(Reason::SumTooLarge), "day charge total overflow"),
    e(0x3B, Refuse(Reason::SumTooLarge), "day total overflow"),
    e(0x3C, CancelOurs, "неверный рег. номер в ЭКЛЗ / EJ: Invalid registration number"),
    e(0x3D, Refuse(Reason::ShiftClosed), "day closed, operation is invalid"),
    e(0x3E, Refuse(Reason::SumTooLarge), "day departments amount overflow"),
    e(0x3F, Refuse(Reason::SumTooLarge), "day discount total overflow"),
    e(0x40, CancelOurs, "скидка вне пределов / discount range error"),
    e(0x41, CancelOurs, "сумма наличных вне пределов / cash amount range overflow"),
    e(0x42, CancelOurs, "сумма вида оплаты 2 вне пределов / pay type 2 amount range overflow"),
    e(0x43, CancelOurs, "сумма вида оплаты 3 вне пределов / pay type 3 amount range overflow"),
    e(0x44, CancelOurs, "сумма вида оплаты 4 вне пределов / pay type 4 amount range overflow"),
    e(0x45, CancelOurs, "оплата меньше суммы чека / payment total less than receipt total"),
    e(0x46, Refuse(Reason::NotEnoughCash), "no enough cash in ECR"),
    e(0x47, Refuse(Reason::SumTooLarge), "day tax accumulator overflow"),
    e(0x48, Refuse(Reason::SumTooLarge), "receipt total overflow"),
    e(0x49, CancelOurs, "открыт чек, операция невозможна / a receipt is open"),
    e(0x4A, CancelOurs, "открыт чек, операция невозможна / a receipt is open"),
    e(0x4B, Refuse(Reason::ReceiptTooLarge), "receipt buffer overflow"),
    e(0x4C, Refuse(Reason::SumTooLarge), "shift tax turnover accumulator overflow"),
    e(0x4D, CancelOurs, "безналичных больше суммы чека / cashless above receipt total"),
    e(0x4E, CloseShift, "shift exceeds 24 hours"),
    e(0x4F, Refuse(Reason::PasswordWrong), "invalid password"),
    e(0x50, Wait, "printing previous command"),
    e(0x51, Refuse(Reason::SumTooLarge), "day cash accumulator overflow"),
    e(0x52, Refuse(Reason::SumTooLarge), "day payment type 2 accumulator overflow"),
    e(0x53, Refuse(Reason::SumTooLarge), "day payment type 3 accumulator overflow"),
    e(0x54, Refuse(Reason::SumTooLarge), "day payment type 4 accumulator overflow"),
    e(0x55, CancelOurs, "чек закрыт, операция невозможна / receipt closed, operation is invalid"),
    e(0x56, Refuse(Reason::Other(String::new())), "нет документа для копии / no document to repeat"),
    e(0x57, Person, "EJ: Day count not equal to FM day count"),
    e(0x58, ContinuePrint, "waiting for repeat print command"),
    e(0x59, Refuse(Reason::PasswordWrong), "document is opened by another operator"),
    e(0x5A, CancelOurs, "скидка больше суммы чека / discount sum more than receipt sum"),
    e(0x5B, Refuse(Reason::SumTooLarge), "charge accumulator overflow"),
    e(0x5C, Refuse(Reason::PrinterFailed), "low power supply voltage, 24v"),
    e(0x5D, Refuse(Reason::Other(String::new())), "нет такой таблицы / table is undefined"),
    e(0x5E, CancelOurs, "неверная операция / invalid command"),
    e(0x5F, CancelOurs, "отрицательный итог чека / negative receipt total"),
    e(0x60, Refuse(Reason::SumTooLarge), "overflow on multiplication"),
    e(0x61, Refuse(Reason::SumTooLarge), "price range overflow"),
    e(0x62, Refuse(Reason::SumTooLarge), "quantity range overflow"),
    e(0x63, CancelOurs, "отдел или налог вне регистрации / department or tax system out of range"),
    e(0x64, Refuse(Reason::StorageUnusable), "FM missing"),
    e(0x65, Refuse(Reason::NotEnoughCash), "no cash in department"),
    e(0x66, Refuse(Reason::SumTooLarge), "department total overflow"),
    e(0x67, Refuse(Reason::StorageUnusable), "FM connection error"),
    e(0x68, CancelOurs, "мало оборота по налогу / insufficient tax turnover amount"),
    e(0x69, Refuse(Reason::SumTooLarge), "tax turnover overflow"),
    e(0x6A, Wait, "power supply error on reading I2C answer"),
    e(0x6B, Refuse(Reason::PaperOut), "no receipt paper"),
    e(0x6C, Refuse(Reason::PaperOut), "no journal paper"),
    e(0x6D, CancelOurs, "мало налога / insufficient tax amount"),
    e(0x6E, Refuse(Reason::SumTooLarge), "tax amount overflow"),
    e(0x6F, Refuse(Reason::SumTooLarge), "shift cash out overflow"),
    e(0x70, Refuse(Reason::StorageUnusable), "FM overflow"),
    e(0x71, Refuse(Reason::PrinterFailed), "cutter failure"),
    e(0x72, Refuse(Reason::Busy), "command not supported in this submode"),
    e(0x73, CancelOurs, "команда не для этого режима / command not supported in this mode"),
    e(0x74, Person, "RAM failure"),
    e(0x75, Wait, "power supply failure"),
    e(0x76, Refuse(Reason::PrinterFailed), "printer failure: no pulse"),
    e(0x77, Refuse(Reason::PrinterFailed), "printer failure: no sensor"),
    e(0x78, Person, "software replaced"),
    e(0x79, Refuse(Reason::StorageUnusable), "FM replaced"),
    e(0x7A, CancelOurs, "поле нельзя изменить / field cannot be edited"),
    e(0x7B, Person, "hardware failure"),
    e(0x7C, Refuse(Reason::ClockWrong), "invalid date"),
    e(0x7D, Refuse(Reason::ClockWrong), "invalid date format"),
    e(0x7E, CancelOurs, "неверная длина команды / invalid frame length"),
    e(0x7F, Refuse(Reason::SumTooLarge), "total amount overflow"),
    e(0x80, Refuse(Reason::StorageUnusable), "FM connection error"),
    e(0x81, Refuse(Reason::StorageUnusable), "FM connection error"),
    e(0x82, Refuse(Reason::StorageUnusable), "FM connection error"),
    e(0x83, Refuse(Reason::StorageUnusable), "FM connection error"),
    e(0x84, Refuse(Reason::SumTooLarge), "cash amount overflow"),
    e(0x85, Refuse(Reason::SumTooLarge), "shift sale total overflow"),
    e(0x86, Refuse(Reason::SumTooLarge), "shift buy total overflow"),
    e(0x87, Refuse(Reason::SumTooLarge), "shift return sale total overflow"),
    e(0x88, Refuse(Reason::SumTooLarge), "shift return buy total overflow"),
    e(0x89, Refuse(Reason::SumTooLarge), "shift cash in total overflow"),
    e(0x8A, Refuse(Reason::SumTooLarge), "receipt charge total overflow"),
    e(0x8B, Refuse(Reason::SumTooLarge), "receipt discount total overflow"),
    e(0x8C, CancelOurs, "отрицательная надбавка чека / negative receipt charge total"),
    e(0x8D, CancelOurs, "отрицательная скидка чека / negative receipt discount total"),
    e(0x8E, CancelOurs, "нулевой итог чека / zero receipt total"),
    e(0x8F, CancelOurs, "не фискальный принтер / non fiscal printer"),
    e(0x90, Refuse(Reason::SumTooLarge), "field range overflow"),
    e(0x91, CancelOurs, "строка шире бумаги / print width error"),
    e(0x92, Refuse(Reason::SumTooLarge), "field overflow"),
    e(0x93, Person, "RAM recovery successful"),
    e(0x94, Refuse(Reason::ReceiptTooLarge), "receipt operation limit"),
    e(0x95, Person, "unknown electronic journal error"),
    e(0x96, CloseShift, "shift end required"),
    e(0x9B, CancelOurs, "неверное действие / incorrect operation"),
    e(0x9C, CancelOurs, "нет такого товара / item code is not found"),
    e(0x9D, CancelOurs, "неверные данные товара / incorrect item data"),
    e(0x9E, CancelOurs, "неверный размер данных товара / invalid item data size"),
    e(0xA0, Person, "EJ connection error"),
    e(0xA1, Person, "EJ missing"),
    e(0xA2, Person, "EJ: Invalid parameter or command format"),
    e(0xA3, Person, "EJ: Invalid state"),
    e(0xA4, Person, "EJ: Failure"),
    e(0xA5, Person, "EJ: Cryptoprocessor failure"),
    e(0xA6, Person, "EJ: Time limit exceeded"),
    e(0xA7, Person, "EJ: Overflow"),
    e(0xA8, Refuse(Reason::ClockWrong), "EJ: Invalid date or time"),
    e(0xA9, Person, "EJ: No data available"),
    e(0xAA, Person, "EJ: Negative document total"),
    e(0xAF, Person, "incorrect received EJ data"),
    e(0xB0, Refuse(Reason::SumTooLarge), "EJ: Quantity parameter overflow"),
    e(0xB1, Refuse(Reason::SumTooLarge), "EJ: Amount parameter overflow"),
    e(0xB2, Person, "EJ: Already activated"),
    e(0xB4, Person, "fiscalization record corrupted"),
    e(0xB5, Person, "serial number record corrupted"),
    e(0xB6, Person, "activation record corrupted"),
    e(0xB7, Person, "day totals records not found"),
    e(0xB8, Person, "last day total record not written"),
    e(0xB9, Person, "FM data version mismatch"),
    e(0xBA, Person, "FM data corrupted"),
    e(0xBB, Refuse(Reason::ClockWrong), "current date less than EJ activation date"),
    e(0xBC, Refuse(Reason::ClockWrong), "current date less than fiscalization date"),
    e(0xBD, Refuse(Reason::ClockWrong), "current date less than last Z-report date"),
    e(0xBE, Refuse(Reason::Unsupported), "command is not supported in current state"),
    e(0xBF, Person, "FM initialization is impossible"),
    e(0xC0, Person, "confirm date and time"),
    e(0xC1, Person, "EJ report can not be interrupted"),
    e(0xC2, Refuse(Reason::PrinterFailed), "increased supply voltage"),
    e(0xC3, CancelOurs, "итоги чека и ЭКЛЗ расходятся / receipt and EJ totals differ"),
    e(0xC4, Person, "day number mismatch"),
    e(0xC5, CancelOurs, "буфер подкладного пуст / slip buffer is empty"),
    e(0xC6, Refuse(Reason::PaperOut), "slip paper is missing"),
    e(0xC7, CancelOurs, "поле нельзя изменить сейчас / field is not editable in this mode"),
    e(0xC8, Refuse(Reason::PrinterFailed), "printer connection error"),
    e(0xC9, Refuse(Reason::PrinterFailed), "thermal head overheated"),
    e(0xCA, Refuse(Reason::PrinterFailed), "temperature is not in valid range"),
    e(0xCB, CancelOurs, "неверный подытог чека / invalid receipt subtotal"),
    e(0xCC, Person, "shift in EJ is opened"),
    e(0xCD, Person, "EJ archive test is failed"),
    e(0xCE, Person, "RAM or ROM overflow"),
    e(0xCF, Refuse(Reason::ClockWrong), "invalid date. Please, set date"),
    e(0xD0, Person, "EJ: Shift journal not printed"),
    e(0xD1, CancelOurs, "нет документов в буфере / no documents in buffer"),
    e(0xD2, Person, "modem failure"),
    e(0xD3, CancelOurs, "товар не выпущен или выбыл / item was not produced or was out"),
    e(0xD4, CancelOurs, "неверный код маркировки / invalid marking code"),
    e(0xD5, Person, "authentication error"),
    e(0xE0, Person, "bill acceptor connection error"),
    e(0xE1, Person, "bill acceptor is busy"),
    e(0xE2, Person, "bill acceptor receipt total mismatch"),
    e(0xE3, Person, "bill acceptor error"),
    e(0xE4, Person, "bill acceptor total not zero"),
];

/// Errors of the fiscal storage.
static STORAGE: [Entry; 26] = [
    e(0x01, CancelOurs, "ФН не знает команды / unknown command or invalid format"),
    e(0x02, CancelOurs, "ФН не в том состоянии / incorrect status"),
    e(0x03, Refuse(Reason::StorageUnusable), "error, read extended error code"),
    e(0x04, Refuse(Reason::StorageUnusable), "CRC error, read extended error code"),
    e(0x05, Refuse(Reason::StorageUnusable), "device expired"),
    e(0x06, Refuse(Reason::StorageUnusable), "archive overflow error"),
    e(0x07, Refuse(Reason::ClockWrong), "invalid date/time value"),
    e(0x08, CancelOurs, "в ФН нет данных / no data available"),
    e(0x09, CancelOurs, "неверный параметр для ФН / invalid parameter value"),
    e(0x10, CancelOurs, "слишком длинный реквизит / TLV size too large"),
    e(0x11, Person, "no transport connection"),
    e(0x12, Refuse(Reason::StorageUnusable), "cryptographic coprocessor resource exhausted"),
    e(0x14, Refuse(Reason::StorageUnusable), "documents resource exhausted"),
    e(0x15, Refuse(Reason::StorageUnusable), "maximum send time limit reached"),
    e(0x16, CloseShift, "shift last for 24 hours"),
    e(0x17, Refuse(Reason::ClockWrong), "invalid time range between two operations"),
    e(0x20, Person, "server message can not be received"),
    e(0x23, Person, "negative answer from key update server"),
    e(0x24, Person, "unknown answer from key update server"),
    e(0x30, Person, "key update repeat required"),
    e(0xA0, Person, "item marking is disabled"),
    e(0xA1, Person, "invalid 0xBx commands sequence"),
    e(0xA2, Person, "item marking is temporary blocked"),
    e(0xA3, Person, "item marking table overflow"),
    e(0xAA, CancelOurs, "нет обязательных реквизитов / TLV block has no required requisites"),
    e(0xAC, Person, "tag 2007 has already checked marking code"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranges of the manual's list; what lies between is not assigned.
    const LISTED: [std::ops::RangeInclusive<u8>; 9] = [
        0x01..=0x0D,
        0x11..=0x96,
        0x9B..=0x9E,
        0xA0..=0xAA,
        0xAF..=0xB2,
        0xB4..=0xD5,
        0xE0..=0xE4,
        0x10..=0x10,
        0xAA..=0xAA,
    ];

    #[test]
    fn every_listed_code_has_a_decision_and_words() {
        for code in LISTED.into_iter().flatten() {
            let entry = entry(code, false).unwrap_or_else(|| panic!("{code:02X}h lacks an entry"));
            assert!(!entry.text.is_empty());
        }
        for code in [0xA0, 0xA1, 0xA2, 0xA3, 0xAA, 0xAC] {
            assert!(entry(code, true).is_some(), "{code:02X}h of the storage lacks an entry");
        }
    }

    #[test]
    fn no_code_leads_to_an_empty_reason() {
        for code in 1..=255 {
            for of_storage in [false, true] {
                let refusal = refusal(code, of_storage);
                assert_ne!(refusal.reason, Reason::Other(String::new()), "{code:02X}h");
                assert_eq!(refusal.device_code, Some(format!("{code:02X}h")));
            }
        }
    }

    #[test]
    fn codes_that_decide_about_a_sale_decide_as_the_manual_says() {
        let reason = |code| refusal(code, true).reason;
        assert_eq!(entry(0x50, true).map(|e| &e.decision), Some(&Wait));
        assert_eq!(entry(0x58, true).map(|e| &e.decision), Some(&ContinuePrint));
        assert_eq!(reason(0x4E), Reason::ShiftExpired);
        assert_eq!(reason(0x16), Reason::ShiftExpired);
        assert_eq!(reason(0x46), Reason::NotEnoughCash);
        assert_eq!(reason(0x4B), Reason::ReceiptTooLarge);
        assert_eq!(reason(0x6B), Reason::PaperOut);
        assert_eq!(reason(0x4F), Reason::PasswordWrong);
        assert_eq!(reason(0x05), Reason::StorageUnusable);
        assert_eq!(reason(0x33), Reason::Other("неверные параметры команды / incorrect command parameters".into()));
    }

    #[test]
    fn words_that_a_cashier_reads_are_in_both_languages_and_fit() {
        for e in GENERAL.iter().chain(&STORAGE) {
            let read = match &e.decision {
                CancelOurs => true,
                Refuse(reason) => matches!(reason, Reason::Other(_)),
                Wait | ContinuePrint | CloseShift | Person => false,
            };
            let (ru, en) = e.text.split_once(" / ").unwrap_or((e.text, ""));
            let cyrillic = |t: &str| t.chars().any(|c| ('а'..='я').contains(&c));
            assert!(!read || cyrillic(ru) && !en.is_empty() && !cyrillic(en), "{:02X}h: {}", e.code, e.text);
            assert!(!read || e.text.chars().count() <= 72, "{:02X}h: {}", e.code, e.text);
        }
    }

    #[test]
    fn no_code_stands_twice() {
        for table in [&GENERAL[..], &STORAGE[..]] {
            for pair in table.windows(2) {
                assert!(pair[0].code < pair[1].code, "{:02X}h", pair[1].code);
            }
        }
    }

    #[test]
    fn every_mode_and_submode_has_its_decision() {
        let receipt = |operation| Mode::Receipt(Some(operation));
        // Section 5.1, in its order; then kinds of document in the high half.
        let modes = [
            (0x00, Mode::NeedsPerson),
            (0x01, Mode::Working),
            (0x02, Mode::Open),
            (0x03, Mode::Expired),
            (0x04, Mode::Closed),
            (0x05, Mode::NeedsPerson),
            (0x06, Mode::NeedsPerson),
            (0x07, Mode::NeedsPerson),
            (0x08, receipt(Operation::Sale)),
            (0x09, Mode::NeedsPerson),
            (0x0A, Mode::NeedsPerson),
            (0x0B, Mode::Working),
            (0x0C, Mode::Working),
            (0x0D, Mode::NeedsPerson),
            (0x0E, Mode::Working),
            (0x0F, Mode::NeedsPerson),
            (0x28, receipt(Operation::Return)),
            (0x18, Mode::Receipt(None)),
            (0x38, Mode::Receipt(None)),
            (0x48, Mode::Receipt(None)),
        ];
        for (byte, mode) in modes {
            assert_eq!(Mode::of(byte), mode, "{byte:02X}h");
        }
        let submodes = [
            Submode::Idle,
            Submode::NoPaper,
            Submode::PaperEnded,
            Submode::AwaitsContinue,
            Submode::Printing,
            Submode::Printing,
            Submode::Unknown,
        ];
        for (byte, submode) in (0..).zip(submodes) {
            assert_eq!(Submode::of(byte), submode, "{byte}");
        }
        assert!((6..=255).all(|byte| Submode::of(byte) == Submode::Unknown));
    }
}
