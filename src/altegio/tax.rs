//! Tax systems and VAT rates by slug, as data.
//!
//! The table of `config/tax/ru.toml` is compiled in (its head explains the form); a shop's own file extends it and takes
//! precedence slug by slug. Systems and rates are two maps that never share a look-up, and a slug may stand in one only:
//! a code of one kind must not be understood as the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kkm_drivers::contract::{TaxSystem, VatRate};
use serde::{Deserialize, Deserializer};

mod reference;

pub use reference::{Lacks, Named, ReferenceError};

const RUSSIA: &str = include_str!("../../config/tax/ru.toml");

/// Highest rate that is taken for one: 100 %.
const HIGHEST_BASIS_POINTS: u32 = 10_000;

/// A tax system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// For people.
    pub title: String,
    /// As registers know it.
    pub system: TaxSystem,
    /// Slugs of the rates that are usual under it.
    vats: BTreeSet<String>,
}

impl System {
    /// Whether a rate is usual under this system.
    pub fn is_usual(&self, vat_slug: &str) -> bool {
        self.vats.contains(vat_slug)
    }
}

/// A VAT rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vat {
    /// For people.
    pub title: String,
    /// The rate.
    pub rate: VatRate,
    /// Last day on which it is in force for sales.
    valid_until: Option<Date>,
}

impl Vat {
    /// Whether a sale of this day should no longer carry the rate.
    pub fn is_outdated(&self, day: Date) -> bool {
        self.valid_until.is_some_and(|last| day > last)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Replacement {
    by: String,
    from: Date,
}

/// All systems and rates that a shop knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxTable {
    systems: BTreeMap<String, System>,
    vats: BTreeMap<String, Vat>,
    replacements: BTreeMap<String, Replacement>,
}

/// Why a table is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxTableError {
    /// The file is no table of this form; the text names line and key.
    #[error("{0}")]
    Form(String),
    /// An entry is wrong.
    #[error("[{entry}] {what}")]
    Entry {
        /// The entry, as `vats.ru_vat_20`.
        entry: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

impl Default for TaxTable {
    /// The compiled-in tables.
    fn default() -> Self {
        let empty = Self { systems: BTreeMap::new(), vats: BTreeMap::new(), replacements: BTreeMap::new() };
        empty.extended(RUSSIA).expect("the compiled-in table is checked by a test")
    }
}

impl TaxTable {
    /// This table with the entries of a TOML file in front of its own.
    pub fn extended(mut self, text: &str) -> Result<Self, TaxTableError> {
        let file: File = toml::from_str(text).map_err(|fault| TaxTableError::Form(fault.to_string()))?;
        for (slug, entry) in file.systems {
            let system = entry.check(&slug).map_err(|what| wrong("systems", &slug, what))?;
            self.systems.insert(slug, system);
        }
        for (slug, entry) in file.vats {
            let vat = entry.check(&slug).map_err(|what| wrong("vats", &slug, what))?;
            self.vats.insert(slug, vat);
        }
        for entry in file.replace {
            self.replacements.insert(entry.vat, Replacement { by: entry.by, from: entry.from });
        }
        self.check()?;
        Ok(self)
    }

    /// The system of a slug.
    pub fn system(&self, slug: &str) -> Option<&System> {
        self.systems.get(slug)
    }

    /// The rate of a slug.
    pub fn vat(&self, slug: &str) -> Option<&Vat> {
        self.vats.get(slug)
    }

    /// All systems with their slugs.
    pub fn systems(&self) -> impl Iterator<Item = (&str, &System)> {
        self.systems.iter().map(|(slug, system)| (slug.as_str(), system))
    }

    /// All rates with their slugs.
    pub fn vats(&self) -> impl Iterator<Item = (&str, &Vat)> {
        self.vats.iter().map(|(slug, vat)| (slug.as_str(), vat))
    }

    /// The rate that the shop puts in place of `slug` in a sale of this day, with its own slug.
    pub fn replacement(&self, slug: &str, day: Date) -> Option<(&str, &Vat)> {
        let replacement = self.replacements.get(slug).filter(|r| day >= r.from)?;
        Some((replacement.by.as_str(), self.vat(&replacement.by)?))
    }

    /// What holds between entries.
    fn check(&self) -> Result<(), TaxTableError> {
        if let Some(slug) = self.systems.keys().find(|&slug| self.vats.contains_key(slug)) {
            return Err(wrong("vats", slug, "is a tax system too; a slug can be one of them".to_owned()));
        }
        for (slug, system) in &self.systems {
            if let Some(vat) = system.vats.iter().find(|&vat| !self.vats.contains_key(vat)) {
                return Err(wrong("systems", slug, format!("vats: \"{vat}\" is in no [vats] table")));
            }
        }
        for (slug, replacement) in &self.replacements {
            for name in [slug, &replacement.by] {
                if !self.vats.contains_key(name) {
                    return Err(wrong("replace", slug, format!("\"{name}\" is in no [vats] table")));
                }
            }
        }
        Ok(())
    }
}

fn wrong(kind: &str, slug: &str, what: String) -> TaxTableError {
    TaxTableError::Entry { entry: format!("{kind}.{slug}"), what }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    systems: BTreeMap<String, SystemEntry>,
    #[serde(default)]
    vats: BTreeMap<String, VatEntry>,
    #[serde(default)]
    replace: Vec<ReplaceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemEntry {
    title: String,
    mask: u8,
    #[serde(default)]
    vats: BTreeSet<String>,
}

impl SystemEntry {
    fn check(self, slug: &str) -> Result<System, String> {
        check_slug(slug)?;
        let system = TaxSystem::from_mask(self.mask)
            .filter(|system| system.mask() <= 32)
            .ok_or_else(|| format!("mask: {} is none of 0 1 2 4 8 16 32", self.mask))?;
        Ok(System { title: self.title, system, vats: self.vats })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VatEntry {
    title: String,
    #[serde(default)]
    exempt: bool,
    basis_points: Option<u32>,
    #[serde(default, deserialize_with = "day_if_any")]
    valid_until: Option<Date>,
}

impl VatEntry {
    fn check(self, slug: &str) -> Result<Vat, String> {
        check_slug(slug)?;
        let rate = match (self.exempt, self.basis_points) {
            (true, None) => VatRate::Exempt,
            (false, Some(bp)) if bp <= HIGHEST_BASIS_POINTS => VatRate::Rate(bp),
            (false, Some(bp)) => {
                return Err(format!("basis_points: {bp} is above {HIGHEST_BASIS_POINTS}, which is 100 %"));
            }
            (true, Some(_)) | (false, None) => {
                return Err("needs either exempt = true or basis_points (100 = 1 %)".to_owned());
            }
        };
        Ok(Vat { title: self.title, rate, valid_until: self.valid_until })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplaceEntry {
    vat: String,
    by: String,
    #[serde(deserialize_with = "day")]
    from: Date,
}

fn check_slug(slug: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !slug.is_empty() && slug.len() <= 64 && slug.bytes().all(plain) {
        return Ok(());
    }
    Err("a slug has 1 to 64 characters of a-z, 0-9 and _".to_owned())
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("\"{text}\" is no day such as \"2026-01-01\"")))
}

fn day_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    day(deserializer).map(Some)
}

#[cfg(test)]
#[path = "tax_tests.rs"]
mod tests;
