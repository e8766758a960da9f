//! Where in a document something is wrong, and what.

use std::borrow::Cow;

use super::{Locale, quote};

/// Part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The document's own fields.
    Document,
    /// A position.
    Positions,
    /// A payment.
    Payments,
    /// The customer.
    Customer,
    /// The cashier.
    Cashier,
    /// The payment terminal.
    Pos,
}

/// A field of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Part.
    pub part: Part,
    /// Which position or payment, from 0; `None` for the list as a whole.
    pub index: Option<usize>,
    /// Name of the field, empty for the part as a whole.
    pub field: Cow<'static, str>,
}

impl Place {
    /// `line 1, field "price"`.
    pub(super) fn render(&self, locale: Locale) -> String {
        let number = self.index.map(|i| i + 1);
        let part = match (self.part, number) {
            (Part::Document, _) => String::new(),
            (Part::Positions, Some(n)) => locale.pick(format!("строка {n}"), format!("line {n}")),
            (Part::Payments, Some(n)) => locale.pick(format!("оплата {n}"), format!("payment {n}")),
            (Part::Positions, None) => locale.pick("позиции (positions)", "positions"),
            (Part::Payments, None) => locale.pick("оплаты (payments)", "payments"),
            (Part::Customer, _) => locale.pick("клиент (customer)", "customer"),
            (Part::Cashier, _) => locale.pick("кассир (cashier)", "cashier"),
            (Part::Pos, _) => locale.pick("терминал (pos)", "terminal (pos)"),
        };
        if self.field.is_empty() {
            return if part.is_empty() { locale.pick("документ", "the document") } else { part };
        }
        let field = quote(&self.field);
        let field = locale.pick(format!("поле «{field}»"), format!("field \"{field}\""));
        if part.is_empty() { field } else { format!("{part}, {field}") }
    }
}

/// What a field should have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Text.
    Text,
    /// Text or a whole number.
    TextOrInteger,
    /// A decimal number.
    Number,
    /// A whole number within 64 bits, not negative.
    Integer,
    /// True or false.
    Flag,
    /// A list.
    List,
    /// An object.
    Object,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is absent or null.
    Missing,
    /// It is there more than once.
    Twice,
    /// It is empty.
    Empty,
    /// It is of another kind.
    Wrong(Expected),
    /// It is below zero.
    Negative,
    /// It is larger than a register counts.
    TooLarge,
    /// It has more decimals than this.
    TooPrecise {
        /// Decimals that are taken.
        places: u8,
    },
    /// It has more entries than this.
    TooMany {
        /// Entries that are taken.
        limit: usize,
    },
    /// A word that is not in the list.
    Unknown {
        /// What came.
        given: String,
        /// What could have come.
        known: &'static [&'static str],
    },
    /// It is no date and time.
    BadDate {
        /// What came.
        given: String,
    },
    /// It is no address on the web.
    BadUrl,
}

impl Problem {
    pub(super) fn render(&self, locale: Locale) -> String {
        match self {
            Self::Missing => locale.pick("не заполнено", "is missing"),
            Self::Twice => locale.pick("передано дважды", "is given twice"),
            Self::Empty => locale.pick("пусто", "is empty"),
            Self::Wrong(expected) => expected.render(locale),
            Self::Negative => locale.pick("число меньше нуля", "is below zero"),
            Self::TooLarge => locale.pick("число слишком велико для кассы", "is too large for a register"),
            Self::TooPrecise { places } => {
                locale.pick(format!("больше {places} знаков после запятой"), format!("has more than {places} decimals"))
            }
            Self::TooMany { limit } => locale.pick(
                format!("больше {limit} записей, разделите чек"),
                format!("has more than {limit} entries, split it"),
            ),
            Self::Unknown { given, known } => {
                let (given, known) = (quote(given), known.join(", "));
                locale.pick(
                    format!("значение «{given}» неизвестно, бывает: {known}"),
                    format!("value \"{given}\" is unknown, it can be: {known}"),
                )
            }
            Self::BadDate { given } => {
                let given = quote(given);
                locale.pick(
                    format!("«{given}» — не дата вида 2026-09-21T23:00:00+03:00"),
                    format!("\"{given}\" is no date such as 2026-09-21T23:00:00+03:00"),
                )
            }
            Self::BadUrl => locale.pick("это не веб-адрес", "is no web address"),
        }
    }
}

impl Expected {
    fn render(self, locale: Locale) -> String {
        match self {
            Self::Text => locale.pick("нужен текст", "must be text"),
            Self::TextOrInteger => locale.pick("нужен текст или целое число", "must be text or a whole number"),
            Self::Number => locale.pick("нужно число", "must be a number"),
            Self::Integer => locale.pick("нужно целое число не меньше нуля", "must be a whole number, not negative"),
            Self::Flag => locale.pick("нужно true или false", "must be true or false"),
            Self::List => locale.pick("нужен список", "must be a list"),
            Self::Object => locale.pick("нужен объект", "must be an object"),
        }
    }
}
