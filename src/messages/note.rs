//! Notes: the document is taken, and this should be known.

use kkm_drivers::contract::{Money, Reason};
use serde::{Deserialize, Serialize};

use super::place::Place;
use super::{Locale, device, quote};

/// What was noticed about a document that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// No date came; the time of receipt stands for it.
    DateAbsent,
    /// The date had no offset and was read in the shop's zone.
    DateWithoutOffset,
    /// A sum had a float's noise, which was taken off.
    FloatNoise {
        /// Which.
        place: Place,
    },
    /// Text was longer than is kept.
    Shortened {
        /// Which.
        place: Place,
    },
    /// Text held broken characters, which were replaced.
    BrokenText {
        /// Which.
        place: Place,
    },
    /// A barcode cannot be used and was left out.
    BarcodeDropped {
        /// Position, from 0.
        line: usize,
    },
    /// A position with quantity 0 was skipped.
    LineSkipped {
        /// Position, from 0.
        line: usize,
    },
    /// Prices are net of their discounts already.
    PricesAreNet,
    /// A gap between positions and payments went to a line.
    GapOnLine {
        /// Position, from 0.
        line: usize,
        /// Added to the line; negative when taken off.
        gap: Money,
    },
    /// Cash is rounded by this.
    CashRounded {
        /// Dropped from the total.
        by: Money,
    },
    /// This rate is unusual under this tax system.
    UnusualPair {
        /// Position, from 0.
        line: usize,
        /// VAT slug.
        vat: String,
        /// Tax slug.
        tax: String,
    },
    /// The rate is no longer in force at the date of the sale; registered as asked.
    VatOutdated {
        /// Position, from 0.
        line: usize,
        /// VAT slug.
        vat: String,
    },
    /// The shop's table put another rate in place of the one asked for.
    VatReplaced {
        /// Position, from 0.
        line: usize,
        /// VAT slug that came.
        from: String,
        /// VAT slug that is registered.
        to: String,
    },
    /// The customer's e-mail is unusable and was left out.
    EmailDropped,
    /// The customer's phone is unusable and was left out.
    PhoneDropped,
    /// Neither paper nor a usable contact: the customer gets no receipt.
    NoWayToCustomer,
    /// The card is taken by hand on a terminal apart.
    ChargedByHand,
    /// Registered; the paper comes when a person has helped.
    PaperPending,
    /// Registered; nobody knows whether it was printed.
    PaperUnknown,
    /// The printer has no way to confirm.
    SentNotConfirmed,
    /// The shift should have been closed and was not.
    ClosingMissed {
        /// Its number.
        shift: u32,
        /// When it should have been, local, `hh:mm`.
        due: String,
        /// Why it cannot be closed.
        why: Obstacle,
    },
}

/// What stands in the way of a closing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The register does not answer.
    Silence,
    /// The register cannot, or said no.
    Register(Reason),
    /// Documents are before it.
    Queue,
    /// A person must decide about a document, or agree to the device.
    Person,
}

impl Obstacle {
    fn render(&self, locale: Locale) -> String {
        match self {
            Self::Silence => locale.pick(
                "касса не отвечает, включите её и проверьте кабель",
                "the register does not answer, switch it on and check its cable",
            ),
            // Here nobody has to print again.
            Self::Register(Reason::PaperOut) => locale.pick("нет бумаги, вставьте рулон", "no paper, put in a roll"),
            Self::Register(Reason::CoverOpen) => locale.pick("открыта крышка, закройте", "the cover is open, close it"),
            Self::Register(Reason::Busy) => locale.pick("касса занята, дождитесь конца", "the register is busy, wait"),
            Self::Register(reason) => device::reason(reason, locale),
            Self::Queue => locale.pick("перед ней другие документы", "other documents are before it"),
            Self::Person => locale.pick(
                "нужно решение человека, смотрите kkm-bridge queue и devices",
                "a person must decide, see kkm-bridge queue and devices",
            ),
        }
    }
}

impl Note {
    /// The note in one line, 200 characters at most.
    pub fn render(&self, locale: Locale) -> String {
        match self {
            Self::DateAbsent => locale.pick(
                "В документе нет даты (date): взято время получения",
                "The document has no date (date): the time of receipt is taken",
            ),
            Self::DateWithoutOffset => locale.pick(
                "Дата (date) без часового пояса: прочитана по времени магазина",
                "The date (date) has no offset: read in the shop's time zone",
            ),
            Self::FloatNoise { place } => {
                let place = place.render(locale);
                locale.pick(
                    format!("Погрешность дробного числа убрана: {place}"),
                    format!("Noise of a float was taken off: {place}"),
                )
            }
            Self::Shortened { place } => {
                let place = place.render(locale);
                locale.pick(
                    format!("Слишком длинный текст сокращён: {place}"),
                    format!("Text too long, shortened: {place}"),
                )
            }
            Self::BrokenText { place } => {
                let place = place.render(locale);
                locale.pick(
                    format!("Испорченные знаки заменены: {place}"),
                    format!("Broken characters replaced: {place}"),
                )
            }
            Self::BarcodeDropped { line } => {
                let line = line + 1;
                locale.pick(
                    format!("Строка {line}: штрихкод (barcode) непригоден и пропущен, проверьте его в карточке товара"),
                    format!("Line {line}: the barcode (barcode) is unusable and left out, check the goods' card"),
                )
            }
            Self::LineSkipped { line } => {
                let line = line + 1;
                locale.pick(
                    format!("Строка {line}: количество (quantity) 0, строка пропущена"),
                    format!("Line {line}: quantity is 0, the line is skipped"),
                )
            }
            Self::PricesAreNet => locale.pick(
                "Цены пришли уже со скидкой: скидка не вычитается второй раз, проверьте чек",
                "Prices came net of their discounts: these are not taken off again, check the receipt",
            ),
            Self::GapOnLine { line, gap } => {
                let line = line + 1;
                locale.pick(
                    format!("Строка {line}: разница округления {gap} отнесена на эту строку"),
                    format!("Line {line}: a rounding gap of {gap} went to this line"),
                )
            }
            Self::CashRounded { by } => locale.pick(
                format!("Итог округлён вниз на {by} (наличные)"),
                format!("The total is rounded down by {by} (cash)"),
            ),
            Self::UnusualPair { line, vat, tax } => {
                let (line, vat, tax) = (line + 1, quote(vat), quote(tax));
                locale.pick(
                    format!("Строка {line}: ставка {vat} необычна для {tax}, пробито как просили: проверьте настройки налогов"),
                    format!("Line {line}: rate {vat} is unusual under {tax}, taken as asked: check the tax settings"),
                )
            }
            Self::VatOutdated { line, vat } => {
                let (line, vat) = (line + 1, quote(vat));
                locale.pick(
                    format!("ВНИМАНИЕ. Строка {line}: ставка {vat} на эту дату уже не действует, пробито как просили: смените ставку в Altegio"),
                    format!("WARNING. Line {line}: rate {vat} is no longer in force at this date, taken as asked: change it in Altegio"),
                )
            }
            Self::VatReplaced { line, from, to } => {
                let (line, from, to) = (line + 1, quote(from), quote(to));
                locale.pick(
                    format!("Строка {line}: ставка {from} заменена на {to} по таблице налогов кассы"),
                    format!("Line {line}: rate {from} is replaced by {to}, as the bridge's tax table orders"),
                )
            }
            Self::EmailDropped => locale.pick(
                "E-mail клиента (customer.email) непригоден и пропущен: исправьте карточку клиента",
                "The customer's e-mail (customer.email) is unusable and left out: correct the customer's card",
            ),
            Self::PhoneDropped => locale.pick(
                "Телефон клиента (customer.phone) непригоден и пропущен: исправьте карточку клиента",
                "The customer's phone (customer.phone) is unusable and left out: correct the customer's card",
            ),
            Self::NoWayToCustomer => locale.pick(
                "Чек без бумаги и без контакта клиента: клиент его не получит, включите печать или добавьте контакт",
                "No paper and no contact: the customer gets no receipt, switch printing on or add a contact",
            ),
            Self::ChargedByHand => locale.pick(
                "Карту примите на отдельном терминале: касса её не списывает",
                "Take the card on a terminal apart: the bridge does not charge it",
            ),
            Self::PaperPending => locale.pick(
                "Чек пробит, но не напечатан: вставьте бумагу, касса допечатает. Второй раз не пробивайте",
                "Registered, but not printed: put in paper, the register prints on. Do not register it again",
            ),
            Self::PaperUnknown => locale.pick(
                "Чек пробит, печать не подтверждена: если бумаги нет, выдайте копию. Второй раз не пробивайте",
                "Registered, its paper is not confirmed: if none came, give a copy. Do not register it again",
            ),
            Self::SentNotConfirmed => locale.pick(
                "Отправлено на принтер, печать не подтверждена: проверьте бумажный чек",
                "Sent to the printer, not confirmed: check the paper",
            ),
            Self::ClosingMissed { shift, due, why } => {
                let why = why.render(locale);
                locale.pick(
                    format!("Смена {shift} не закрыта в {due}: {why}. Закроется сама при первой возможности"),
                    format!("Shift {shift} was not closed at {due}: {why}. It is closed once it can be"),
                )
            }
        }
    }
}
