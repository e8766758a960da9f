//! The shop's switches for reading documents.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use kkm_drivers::contract::{Operation, Settlement, SumsPolicy};
use serde::{Deserialize, Deserializer};

use super::tax::TaxTable;
use crate::messages::Locale;

/// Everything that reading a document depends on besides the document.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Section `[altegio]`.
    pub altegio: AltegioRules,
    /// Section `[sums]`.
    pub sums: SumsRules,
    /// Tax systems and rates.
    pub taxes: TaxTable,
}

impl Rules {
    /// The switches of the sums for one direction: change is given in a sale alone.
    pub(super) fn sums_policy(&self, kind: Operation) -> SumsPolicy {
        SumsPolicy {
            balance_tolerance: self.sums.balance_tolerance,
            cash_rounding_minor: self.sums.cash_rounding_minor,
            change: kind == Operation::Sale,
        }
    }
}

/// Section `[altegio]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AltegioRules {
    /// Language of the messages: `"ru"` (default) or `"en"`.
    pub locale: Locale,
    /// The shop's zone, an IANA name such as `"Europe/Moscow"`; default: the machine's. A date without an offset is
    /// read in it, and it decides on which day a sale was.
    #[serde(deserialize_with = "zone")]
    pub time_zone: TimeZone,
    /// What to do with a document that asks for a card payment on a terminal; default `"refuse"`.
    pub pos_without_terminal: PosWithoutTerminal,
    /// Settlement (FFD tag 1214) of a prepaid service or commodity; default `"full"`.
    pub prepayment: Prepayment,
    /// A prepayment is taxed by the calculated rate (20/120); default true.
    pub calculated_vat_for_prepayment: bool,
    /// Refuse a document without a usable e-mail or phone (1004), where the law demands one; default false.
    pub contact_required: bool,
    /// Refuse a document without a cashier (1005), where the device demands one; default `"nothing"`.
    pub cashier_required: CashierNeed,
    /// Taxpayer numbers (12 digits) of the cashiers by their `uid`, FFD tag 1203; default none.
    #[serde(deserialize_with = "inns")]
    pub cashiers: BTreeMap<String, String>,
}

impl Default for AltegioRules {
    fn default() -> Self {
        Self {
            locale: Locale::default(),
            time_zone: TimeZone::system(),
            pos_without_terminal: PosWithoutTerminal::default(),
            prepayment: Prepayment::default(),
            calculated_vat_for_prepayment: true,
            contact_required: false,
            cashier_required: CashierNeed::default(),
            cashiers: BTreeMap::new(),
        }
    }
}

impl AltegioRules {
    /// The taxpayer number of a cashier; the case of the uid does not matter.
    pub(super) fn inn_of(&self, uid: &str) -> Option<&str> {
        self.cashiers.get(&uid.to_lowercase()).map(String::as_str)
    }
}

/// What to do with `pos.enabled` while no terminal is configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PosWithoutTerminal {
    /// Refuse with 1003 and the way out.
    #[default]
    Refuse,
    /// The cashier charges the card on a terminal apart; the document is taken and this is noted.
    ChargedByHand,
}

/// Settlement of a prepaid service or commodity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prepayment {
    /// Full prepayment, tag value 1.
    #[default]
    Full,
    /// Part prepayment, tag value 2.
    Part,
}

impl Prepayment {
    pub(super) fn settlement(self) -> Settlement {
        match self {
            Self::Full => Settlement::FullPrepayment,
            Self::Part => Settlement::PartPrepayment,
        }
    }
}

/// What must be known of the cashier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CashierNeed {
    /// Nothing.
    #[default]
    Nothing,
    /// A name.
    Name,
    /// A name and a taxpayer number in `cashiers`.
    Inn,
}

/// Section `[sums]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SumsRules {
    /// A gap of at most one minor unit per line with a quantity other than 1 or a discount is put on a line and noted;
    /// default true.
    pub balance_tolerance: bool,
    /// By how many minor units (0 to 99) cash may be short where the law lets the register round; default 0, off.
    #[serde(deserialize_with = "under_a_hundred")]
    pub cash_rounding_minor: u8,
}

impl Default for SumsRules {
    fn default() -> Self {
        Self { balance_tolerance: true, cash_rounding_minor: 0 }
    }
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name)
        .map_err(|_| serde::de::Error::custom(format!("\"{name}\" is no time zone such as \"Europe/Moscow\"")))
}

fn inns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let given = BTreeMap::<String, String>::deserialize(deserializer)?;
    let wrong = given.iter().find(|(_, inn)| inn.len() != 12 || !inn.bytes().all(|b| b.is_ascii_digit()));
    if let Some((uid, _)) = wrong {
        return Err(serde::de::Error::custom(format!("the INN of cashier \"{uid}\" must have 12 digits")));
    }
    Ok(given.into_iter().map(|(uid, inn)| (uid.to_lowercase(), inn)).collect())
}

fn under_a_hundred<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let minor = u8::deserialize(deserializer)?;
    if minor > 99 { Err(serde::de::Error::custom("must be 0 to 99 minor units")) } else { Ok(minor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_with_its_defaults() {
        let rules: AltegioRules = toml::from_str(
            "locale = \"en\"\ntime_zone = \"Asia/Almaty\"\nprepayment = \"part\"\n[cashiers]\n\"4895-A\" = \"123456789012\"",
        )
        .expect("a section");
        assert_eq!((rules.locale, rules.prepayment), (Locale::En, Prepayment::Part));
        assert_eq!(rules.inn_of("4895-a"), Some("123456789012"));
        assert!(rules.calculated_vat_for_prepayment);
        assert_eq!(rules.pos_without_terminal, PosWithoutTerminal::Refuse);
        let sums: SumsRules = toml::from_str("").expect("a section");
        assert!(sums.balance_tolerance && sums.cash_rounding_minor == 0);
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_name() {
        for (text, part) in [
            ("lokale = \"ru\"", "lokale"),
            ("locale = \"de\"", "locale"),
            ("time_zone = \"Mars/Base\"", "Mars/Base"),
            ("[cashiers]\nu = \"12\"", "cashier \"u\""),
        ] {
            let error = toml::from_str::<AltegioRules>(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(toml::from_str::<SumsRules>("cash_rounding_minor = 100").is_err());
    }
}
