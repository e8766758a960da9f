//! Value added tax and tax systems as data: no country is compiled in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a line is taxed. Rates are in basis points: 20 % is 2000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VatRate {
    /// No tax is charged ("без НДС"); not the same as 0 %.
    Exempt,
    /// Tax of this rate is inside the sum.
    Rate(u32),
    /// The calculated form `rate / (100 + rate)` of an advance: 20/120, 10/110.
    Calculated(u32),
}

impl VatRate {
    /// The calculated form of a plain rate; 0 % and exempt stay what they are.
    #[must_use]
    pub fn calculated(self) -> Self {
        match self {
            Self::Rate(0) => Self::Rate(0),
            Self::Rate(bp) | Self::Calculated(bp) => Self::Calculated(bp),
            Self::Exempt => Self::Exempt,
        }
    }

    /// The rate in basis points by which tax is inside the sum; `None` when no tax is charged.
    pub fn basis_points(self) -> Option<u32> {
        match self {
            Self::Exempt => None,
            Self::Rate(bp) | Self::Calculated(bp) => Some(bp),
        }
    }
}

impl fmt::Display for VatRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exempt => f.pad("без НДС"),
            Self::Rate(bp) => f.pad(&format!("{}%", percent(bp))),
            Self::Calculated(bp) => f.pad(&format!("{}/{}", percent(bp), percent(bp + 10_000))),
        }
    }
}

fn percent(bp: u32) -> String {
    if bp.is_multiple_of(100) {
        (bp / 100).to_string()
    } else {
        let digits = format!("{}.{:02}", bp / 100, bp % 100);
        digits.trim_end_matches('0').to_owned()
    }
}

/// A tax system as the register knows it: the one-bit mask of FFD tag 1055, or 0 where the country has none.
///
/// 1 OSN, 2 USN income, 4 USN income less expense, 8 ENVD, 16 ESN, 32 PSN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaxSystem(u8);

impl TaxSystem {
    /// The register's own default.
    pub const DEFAULT: Self = Self(0);

    /// A system by its mask; at most one bit may be set.
    pub fn from_mask(mask: u8) -> Option<Self> {
        (mask.count_ones() <= 1).then_some(Self(mask))
    }

    /// The mask of FFD tag 1055.
    pub const fn mask(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_named_as_receipts_name_them() {
        assert_eq!(VatRate::Rate(2000).to_string(), "20%");
        assert_eq!(VatRate::Rate(1250).to_string(), "12.5%");
        assert_eq!(VatRate::Rate(2200).calculated().to_string(), "22/122");
        assert_eq!(VatRate::Exempt.calculated(), VatRate::Exempt);
        assert_eq!(VatRate::Rate(0).calculated(), VatRate::Rate(0));
    }

    #[test]
    fn a_receipt_has_one_tax_system() {
        assert_eq!(TaxSystem::from_mask(3), None);
        assert_eq!(TaxSystem::from_mask(32).map(TaxSystem::mask), Some(32));
    }
}
