//! The words of a printed document, in two languages.

use serde::{Deserialize, Serialize};

use crate::contract::VatRate;

/// Language of the paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

/// What stands on paper.
#[derive(Debug)]
pub struct Words {
    /// Heading of a sale.
    pub sale: &'static str,
    /// Heading of a return.
    pub refund: &'static str,
    /// Before the number of the sale that is returned.
    pub refund_of: &'static str,
    /// Heading of a cash-in.
    pub cash_in: &'static str,
    /// Heading of a cash-out.
    pub cash_out: &'static str,
    /// Across a second print.
    pub copy: &'static str,
    /// Discount of a line.
    pub discount: &'static str,
    /// A line that costs nothing.
    pub free: &'static str,
    /// Total.
    pub total: &'static str,
    /// Dropped from the total.
    pub rounding: &'static str,
    /// Paid in cash.
    pub cash: &'static str,
    /// Paid by card.
    pub card: &'static str,
    /// Paid earlier.
    pub prepaid: &'static str,
    /// Given back.
    pub change: &'static str,
    /// Before the cashier's name.
    pub cashier: &'static str,
    /// Before the document's number in our journal.
    pub number: &'static str,
    /// Before a rate of tax that is inside the total.
    pub vat: &'static str,
}

const RU: Words = Words {
    sale: "ТОВАРНЫЙ ЧЕК",
    refund: "ВОЗВРАТ",
    refund_of: "К документу №",
    cash_in: "ВНЕСЕНИЕ",
    cash_out: "ВЫПЛАТА",
    copy: "ПОВТОР",
    discount: "Скидка",
    free: "Бесплатно",
    total: "ИТОГ",
    rounding: "Округление",
    cash: "Наличными",
    card: "Картой",
    prepaid: "Предоплата",
    change: "Сдача",
    cashier: "Кассир",
    number: "Документ №",
    vat: "В т.ч. НДС",
};

const EN: Words = Words {
    sale: "RECEIPT",
    refund: "REFUND",
    refund_of: "Of document No.",
    cash_in: "CASH IN",
    cash_out: "CASH OUT",
    copy: "COPY",
    discount: "Discount",
    free: "Free",
    total: "TOTAL",
    rounding: "Rounding",
    cash: "Cash",
    card: "Card",
    prepaid: "Prepaid",
    change: "Change",
    cashier: "Cashier",
    number: "Document No.",
    vat: "Incl. VAT",
};

impl Locale {
    /// The words of this language.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Ru => &RU,
            Self::En => &EN,
        }
    }
}

impl Words {
    /// Tax inside the total: `В т.ч. НДС 20%`.
    pub fn vat_line(&self, rate: VatRate) -> String {
        format!("{} {rate}", self.vat)
    }
}
