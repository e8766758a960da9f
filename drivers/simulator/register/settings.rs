//! What is set up in a register, beside its identity.

use serde::{Deserialize, Serialize};

use crate::contract::VatRate;

/// Whether documents are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintMode {
    /// Each is printed.
    #[default]
    All,
    /// The next one is not; falls back to `All` by itself.
    SkipOne,
    /// None is.
    Never,
}

/// A row of the tax table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRow {
    /// Rate.
    pub rate: VatRate,
    /// Name on paper.
    pub name: String,
}

/// An operator of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Password, a number.
    pub password: u32,
    /// Name on paper.
    pub name: String,
}

/// Number of the administrator; the system administrator comes after.
pub const ADMINISTRATOR: u8 = 29;
/// Number of the system administrator.
pub const SYSTEM_ADMINISTRATOR: u8 = 30;

/// Set-up of a register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether documents are printed.
    pub print: PrintMode,
    /// A receipt of total zero is refused.
    pub forbid_zero: bool,
    /// Tax is computed over the receipt's groups, not line by line.
    pub tax_per_receipt: bool,
    /// The drawer is counted down to zero when a shift closes.
    pub zero_cash_at_close: bool,
    /// The first receipt opens a closed shift.
    pub opens_shift_itself: bool,
    /// Greatest number of lines in a receipt.
    pub max_lines: u32,
    /// Tax table, group 1 first.
    pub taxes: Vec<TaxRow>,
    /// Operators, number 1 first.
    pub operators: Vec<Operator>,
}

impl Settings {
    /// The row of a tax group, from 1.
    pub fn tax(&self, group: u8) -> Option<&TaxRow> {
        self.taxes.get(usize::from(group).checked_sub(1)?)
    }

    /// The number of the operator with this password.
    pub fn operator_by_password(&self, password: u32) -> Option<u8> {
        self.operators.iter().position(|o| o.password == password).map(|place| place as u8 + 1)
    }

    /// The name of an operator; empty for a number that is none.
    pub fn operator_name(&self, number: u8) -> &str {
        let place = usize::from(number).checked_sub(1);
        place.and_then(|place| self.operators.get(place)).map_or("", |operator| operator.name.as_str())
    }
}

impl Default for Settings {
    /// Six tax groups as registers have had them since 2026 (22 %, 10 %, 0 %, none, 22/122, 10/110) and passwords
    /// equal to the operators' numbers.
    fn default() -> Self {
        let row = |rate: VatRate, name: &str| TaxRow { rate, name: name.to_owned() };
        let operator = |number: u8| {
            let name = match number {
                ADMINISTRATOR => "АДМИНИСТРАТОР".to_owned(),
                SYSTEM_ADMINISTRATOR => "СИСТЕМНЫЙ АДМИНИСТРАТОР".to_owned(),
                other => format!("ОПЕРАТОР{other}"),
            };
            Operator { password: u32::from(number), name }
        };
        Self {
            print: PrintMode::All,
            forbid_zero: true,
            tax_per_receipt: false,
            zero_cash_at_close: false,
            opens_shift_itself: true,
            max_lines: 1000,
            taxes: vec![
                row(VatRate::Rate(2200), "НДС 22%"),
                row(VatRate::Rate(1000), "НДС 10%"),
                row(VatRate::Rate(0), "НДС 0%"),
                row(VatRate::Exempt, "БЕЗ НДС"),
                row(VatRate::Calculated(2200), "НДС 22/122"),
                row(VatRate::Calculated(1000), "НДС 10/110"),
            ],
            operators: (1..=SYSTEM_ADMINISTRATOR).map(operator).collect(),
        }
    }
}
