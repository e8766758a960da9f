//! What this register is set up for: read from its tables once, and kept.

use super::Shtrih;
use super::command::storage::Registration;
use super::command::table::{FieldShape, Place, ReadField, TableShape, WriteField};
use super::link::Failure;
use super::tax::{Groups, MOST_GROUPS, SIX_GROUPS};
use super::text;
use crate::contract::{Capabilities, Fault, TaxSystem};

/// Settings of a register, as far as they decide about a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    /// Tax groups, table 6.
    pub(super) groups: Groups,
    /// Lines of sum zero may be registered: table 1 field 23.
    pub(super) zero_lines: bool,
    /// Mask of the tax systems of the registration: table 18 field 5, or FF09; 0 when the register does not say.
    pub(super) tax_systems: u8,
    /// The model said that it lacks FF46: it is sold on with the commands of old models.
    pub(super) old: bool,
    /// The register opens its drawer by itself: table 1 field 6.
    pub(super) opens_drawer: bool,
    /// Format of fiscal data, when the register says: 0 and 1 are 1.0, 2 is 1.05, 3 is 1.1, 4 is 1.2.
    pub(super) format: Option<u8>,
    /// The field "do not print" of table 17, when it is there.
    pub(super) no_print: Option<Place>,
}

/// Table 1, type and mode.
const MODE_TABLE: u8 = 1;
/// Its field "forbid a zero receipt".
const FORBID_ZERO: u8 = 23;
/// Its field "opens the drawer".
const OPENS_DRAWER: u8 = 6;
/// Table 6, taxes: field 1 is the rate in 0.01 %.
const TAX_TABLE: u8 = 6;
/// Table 17, regional settings.
const REGIONAL_TABLE: u8 = 17;
/// Its field "do not print" on most models.
const NO_PRINT: u8 = 7;
/// Its field "format of fiscal data".
const FORMAT: u8 = 17;
/// Values of [`NO_PRINT`]: 0 print, 1 skip one document, 2 never print.
const NO_PRINT_ONCE: u8 = 1;
/// Table 18, fiscal storage; field 5 holds the tax systems.
const STORAGE_TABLE: u8 = 18;
const TAX_SYSTEMS: u8 = 5;

impl Shtrih {
    /// What is known of the register; read at the first call.
    pub(super) fn about(&mut self) -> Result<About, Fault> {
        if let Some(about) = &self.about {
            return Ok(about.clone());
        }
        self.read_about()
    }

    /// Reads it anew.
    pub(super) fn read_about(&mut self) -> Result<About, Fault> {
        let rows = self.unless_refused(&TableShape(TAX_TABLE))?.map_or(SIX_GROUPS, |(rows, _)| rows);
        let mut rates = Vec::new();
        for row in 1..=rows.min(MOST_GROUPS) {
            if let Some(rate) = self.number_at(Place { table: TAX_TABLE, row, field: 1 })? {
                rates.push((row, rate as u32));
            }
        }
        let forbid_zero = self.number_at(Place { table: MODE_TABLE, row: 1, field: FORBID_ZERO })?;
        let opens_drawer = if self.settings.drawer {
            self.number_at(Place { table: MODE_TABLE, row: 1, field: OPENS_DRAWER })? == Some(1)
        } else {
            false
        };
        let about = About {
            opens_drawer,
            old: self.about.as_ref().is_some_and(|a| a.old),
            groups: Groups::from_table(&rates, self.settings.profile),
            zero_lines: forbid_zero == Some(0),
            tax_systems: self.tax_systems()?,
            format: self.format()?,
            no_print: self.no_print_field()?,
        };
        self.about = Some(about.clone());
        Ok(about)
    }

    pub(super) fn read_capabilities(&mut self) -> Result<Capabilities, Fault> {
        let about = self.read_about()?;
        let systems = (0..8).map(|bit| about.tax_systems & (1 << bit)).filter(|&mask| mask != 0);
        Ok(Capabilities {
            vat_rates: about.groups.rates(),
            tax_systems: systems.filter_map(TaxSystem::from_mask).collect(),
            max_lines: self.settings.max_lines,
            zero_lines: about.zero_lines,
            electronic_only: about.no_print.is_some(),
            stores_marker: true,
            cash_rounding: true,
        })
    }

    /// Lets one document go without paper.
    pub(super) fn skip_paper_once(&mut self, place: Place) -> Result<(), Failure> {
        self.link.run_patiently(&WriteField(place, vec![NO_PRINT_ONCE]))
    }

    /// Takes [`Shtrih::skip_paper_once`] back when the document for which it was set never came.
    pub(super) fn restore_paper(&mut self, place: Place) -> Result<(), Failure> {
        let restored = self.link.run_patiently(&ReadField(place)).and_then(|value| match value[..] {
            [NO_PRINT_ONCE] => self.link.run_patiently(&WriteField(place, vec![0])),
            _ => Ok(()),
        });
        match restored {
            // A sale with paper at risk is better than none.
            Err(failure @ Failure::Refused { .. }) => {
                tracing::warn!(refused = ?failure, "whether the register prints is not known");
                Ok(())
            }
            other => other,
        }
    }

    /// The table, where the field is text or a number by model; else FF09.
    fn tax_systems(&mut self) -> Result<u8, Fault> {
        let place = Place { table: STORAGE_TABLE, row: 1, field: TAX_SYSTEMS };
        let shape = self.unless_refused(&FieldShape { table: place.table, field: place.field })?;
        let value = self.unless_refused(&ReadField(place))?;
        let mask = match (shape, value) {
            (Some(shape), Some(value)) if shape.range.is_some() => value.first().copied(),
            (_, Some(value)) => text::from_cp1251(&value).parse().ok(),
            (_, None) => None,
        };
        match mask {
            Some(mask) => Ok(mask),
            None => Ok(self.unless_refused(&Registration)?.unwrap_or(0)),
        }
    }

    /// The usual field, where it has the shape of this setting.
    fn format(&mut self) -> Result<Option<u8>, Fault> {
        let place = Place { table: REGIONAL_TABLE, row: 1, field: FORMAT };
        let shape = self.unless_refused(&FieldShape { table: place.table, field: place.field })?;
        match shape {
            Some(shape) if shape.size == 1 && shape.range == Some((0, 4)) => {
                Ok(self.number_at(place)?.map(|value| value as u8))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Field numbers move between models: by its name first, else the usual number if the field has its shape.
    fn no_print_field(&mut self) -> Result<Option<Place>, Fault> {
        let place = |field| Place { table: REGIONAL_TABLE, row: 1, field };
        let mut usual = None;
        let Some((_, fields)) = self.unless_refused(&TableShape(REGIONAL_TABLE))? else {
            // Without a description of the table the usual number counts where it holds one of the three values.
            let value = self.number_at(place(NO_PRINT))?;
            return Ok(value.is_some_and(|v| v <= 2).then(|| place(NO_PRINT)));
        };
        for field in 1..=fields {
            let Some(shape) = self.unless_refused(&FieldShape { table: REGIONAL_TABLE, field })? else { continue };
            if shape.size != 1 || shape.range.is_none_or(|(least, most)| least != 0 || most == 0) {
                continue;
            }
            let name = shape.name.to_lowercase();
            if name.contains("не печатать док") {
                return Ok(Some(place(field)));
            }
            if field == NO_PRINT && shape.range == Some((0, 2)) {
                usual = Some(place(field));
            }
        }
        Ok(usual)
    }

    fn number_at(&mut self, place: Place) -> Result<Option<u64>, Fault> {
        let value = self.unless_refused(&ReadField(place))?;
        Ok(value.map(|bytes| bytes.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))))
    }

    /// A question that an older model may refuse.
    pub(super) fn unless_refused<C: super::command::Command>(
        &mut self,
        command: &C,
    ) -> Result<Option<C::Answer>, Fault> {
        match self.link.run_patiently(command) {
            Ok(answer) => Ok(Some(answer)),
            // A wrong password is no answer about the model.
            Err(failure @ Failure::Refused { code: 0x4F | 0x59, .. }) => Err(failure.fault()),
            Err(Failure::Refused { .. }) => Ok(None),
            Err(Failure::Lost(fault)) => Err(fault),
        }
    }
}
