//! Tax groups: which code of FF46 stands for which rate, from the register's own table 6 (section 6.7).
//!
//! A group's place in the table gives its kind and its code, the table gives its rate. A rate that no group has is
//! refused: never printed as a neighbouring one.

use crate::contract::{Money, VatRate};

/// Which codes a model has for groups 11 and 12, which differ between models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Groups 11 and 12 are not used.
    #[default]
    Standard,
    /// Firmware of 2026 with both 20 % and 22 %.
    Vat22,
    /// The same on "Shtrih-Nano".
    Vat22Nano,
}

impl Profile {
    /// All, with the names of the configuration.
    pub const NAMES: [(&'static str, Self); 3] =
        [("standard", Self::Standard), ("vat22", Self::Vat22), ("vat22-nano", Self::Vat22Nano)];

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, profile)| *profile)
    }
}

/// Kinds of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Zero,
    Exempt,
    /// The calculated form of the group in this row.
    CalculatedOf(u16),
}

/// Row of table 6, code in FF46 and kind. Codes of 1..6 are bits (section 6.3); those of 7..10 are the vendor's own
/// driver's (`javapos_shtrih`, VAT rates of 2026).
const GROUPS: [(u16, u8, Kind); 10] = [
    (1, 0x01, Kind::Plain),
    (2, 0x02, Kind::Plain),
    (3, 0x04, Kind::Zero),
    (4, 0x08, Kind::Exempt),
    (5, 0x10, Kind::CalculatedOf(1)),
    (6, 0x20, Kind::CalculatedOf(2)),
    (7, 0x81, Kind::Plain),
    (8, 0x82, Kind::Plain),
    (9, 0x84, Kind::CalculatedOf(7)),
    (10, 0x88, Kind::CalculatedOf(8)),
];
const VAT22: [(u16, u8, Kind); 2] = [(11, 0xCB, Kind::Plain), (12, 0xCC, Kind::CalculatedOf(11))];
const VAT22_NANO: [(u16, u8, Kind); 2] = [(11, 0x90, Kind::Plain), (12, 0xA0, Kind::CalculatedOf(11))];

/// Rows that every firmware has.
pub(super) const SIX_GROUPS: u16 = 6;
/// Rows that a known firmware has at most.
pub(super) const MOST_GROUPS: u16 = 12;

/// A group that the register has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Row of table 6.
    pub(super) row: u16,
    /// Code in FF46.
    pub(super) code: u8,
    /// Rate.
    pub(super) rate: VatRate,
}

/// The groups of a register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups(Vec<Group>);

impl Groups {
    /// From the table: rows and their rates in 0.01 %.
    pub(super) fn from_table(table: &[(u16, u32)], profile: Profile) -> Self {
        let late: &[_] = match profile {
            Profile::Standard => &[],
            Profile::Vat22 => &VAT22,
            Profile::Vat22Nano => &VAT22_NANO,
        };
        let value_of = |row| table.iter().find(|(r, _)| *r == row).map(|&(_, value)| value);
        let groups = GROUPS.iter().chain(late).filter_map(|&(row, code, kind)| {
            let value = value_of(row)?;
            let rate = match kind {
                Kind::Plain if value > 0 => VatRate::Rate(value),
                Kind::Zero if value == 0 => VatRate::Rate(0),
                Kind::Exempt if value == 0 => VatRate::Exempt,
                Kind::CalculatedOf(row) => VatRate::Calculated(calculated(value, value_of(row)?)?),
                Kind::Plain | Kind::Zero | Kind::Exempt => return None,
            };
            Some(Group { row, code, rate })
        });
        Self(groups.collect())
    }

    /// The group of a rate.
    pub(super) fn of(&self, rate: VatRate) -> Option<Group> {
        self.0.iter().find(|g| g.rate == rate).copied()
    }

    /// All rates.
    pub(super) fn rates(&self) -> Vec<VatRate> {
        self.0.iter().map(|g| g.rate).collect()
    }
}

/// A calculated group's rate: the table holds the plain rate (20.00) or the fraction (16.67).
fn calculated(value: u32, plain: u32) -> Option<u32> {
    let fraction = Money::from_minor(10_000).included_tax(plain).minor();
    (plain > 0 && (value == plain || i64::from(value) == fraction)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(rates: &[u32], profile: Profile, rate: VatRate) -> Option<u8> {
        let rows: Vec<(u16, u32)> = (1..).zip(rates.iter().copied()).collect();
        Groups::from_table(&rows, profile).of(rate).map(|g| g.code)
    }

    #[test]
    fn six_groups_have_the_bits_of_the_manual() {
        let code = |rate| code(&[2000, 1000, 0, 0, 2000, 1000], Profile::Vat22, rate);
        assert_eq!(code(VatRate::Rate(2000)), Some(0x01));
        assert_eq!(code(VatRate::Rate(1000)), Some(0x02));
        assert_eq!(code(VatRate::Rate(0)), Some(0x04));
        assert_eq!(code(VatRate::Exempt), Some(0x08));
        assert_eq!(code(VatRate::Calculated(2000)), Some(0x10));
        assert_eq!(code(VatRate::Calculated(1000)), Some(0x20));
        assert_eq!(code(VatRate::Rate(2200)), None, "22 % is never printed as 20 %");
        assert_eq!(code(VatRate::Rate(500)), None);
    }

    #[test]
    fn the_register_s_own_table_decides_the_rate_of_a_group() {
        let code = |rate| code(&[2200, 1000, 0, 0, 1803, 909], Profile::Standard, rate);
        assert_eq!(code(VatRate::Rate(2200)), Some(0x01));
        assert_eq!(code(VatRate::Calculated(2200)), Some(0x10));
        assert_eq!(code(VatRate::Calculated(1000)), Some(0x20));
        assert_eq!(code(VatRate::Rate(2000)), None);
    }

    #[test]
    fn five_and_seven_per_cent_exist_only_with_ten_groups() {
        let code = |rate| code(&[2200, 1000, 0, 0, 2200, 1000, 500, 700, 500, 700], Profile::Standard, rate);
        assert_eq!(code(VatRate::Rate(500)), Some(0x81));
        assert_eq!(code(VatRate::Rate(700)), Some(0x82));
        assert_eq!(code(VatRate::Calculated(500)), Some(0x84));
        assert_eq!(code(VatRate::Calculated(700)), Some(0x88));
    }

    #[test]
    fn twenty_and_twenty_two_per_cent_together_need_the_model_s_profile() {
        let table = [2000, 1000, 0, 0, 2000, 1000, 500, 700, 500, 700, 2200, 2200];
        assert_eq!(code(&table, Profile::Standard, VatRate::Rate(2200)), None);
        assert_eq!(code(&table, Profile::Vat22, VatRate::Rate(2200)), Some(0xCB));
        assert_eq!(code(&table, Profile::Vat22, VatRate::Calculated(2200)), Some(0xCC));
        assert_eq!(code(&table, Profile::Vat22Nano, VatRate::Rate(2200)), Some(0x90));
    }
}
