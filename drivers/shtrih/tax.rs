//! Tax groups: which bit of FF46 stands for which rate, from the register's own table 6 (section 6.7).
//!
//! A group's place gives its kind and its bit, the table gives its rate. A rate that no group has is refused: never
//! printed as a neighbouring one.

use crate::contract::{Money, VatRate};

/// Kinds of groups by their place in table 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Zero,
    Exempt,
    Calculated,
}

/// Row of table 6, bit in FF46 and kind (section 6.3). Rows 7 and 8 exist on firmware with ten groups only.
const GROUPS: [(u16, u8, Kind); 8] = [
    (1, 0x01, Kind::Plain),
    (2, 0x02, Kind::Plain),
    (3, 0x04, Kind::Zero),
    (4, 0x08, Kind::Exempt),
    (5, 0x10, Kind::Calculated),
    (6, 0x20, Kind::Calculated),
    (7, 0x40, Kind::Plain),
    (8, 0x80, Kind::Plain),
];

/// Rows that every firmware has.
pub(super) const SIX_GROUPS: u16 = 6;
/// Rows of firmware that knows 5 % and 7 %.
pub(super) const TEN_GROUPS: u16 = 10;

/// A group that the register has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Row of table 6.
    pub(super) row: u16,
    /// Bit in FF46.
    pub(super) bit: u8,
    /// Rate.
    pub(super) rate: VatRate,
}

/// The groups of a register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups(Vec<Group>);

impl Groups {
    /// Rows of table 6 that are to be read when the table has `rows`.
    pub(super) fn rows(rows: u16) -> impl Iterator<Item = u16> {
        let known = if rows >= TEN_GROUPS { 8 } else { SIX_GROUPS };
        1..=known.min(rows)
    }

    /// From the table: rates in 0.01 %, row by row.
    pub(super) fn from_table(table: &[(u16, u32)]) -> Self {
        let groups = table.iter().filter_map(|&(row, value)| {
            let &(_, bit, kind) = GROUPS.iter().find(|g| g.0 == row)?;
            let rate = match kind {
                Kind::Plain if value > 0 => VatRate::Rate(value),
                Kind::Zero if value == 0 => VatRate::Rate(0),
                Kind::Exempt if value == 0 => VatRate::Exempt,
                Kind::Calculated => VatRate::Calculated(calculated(value, table)?),
                Kind::Plain | Kind::Zero | Kind::Exempt => return None,
            };
            Some(Group { row, bit, rate })
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

/// A calculated group's rate: the table holds either the plain rate (20.00) or the fraction (16.67).
fn calculated(value: u32, table: &[(u16, u32)]) -> Option<u32> {
    let plain = |row| table.iter().find(|(r, _)| *r == row).map(|&(_, v)| v);
    [1, 2].into_iter().filter_map(plain).find(|&rate| value == rate || value == fraction(rate))
}

/// `rate / (100 + rate)` in 0.01 %, rounded.
fn fraction(basis_points: u32) -> u32 {
    Money::from_minor(10_000).included_tax(basis_points).minor() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rates: &[u32]) -> Groups {
        let rows: Vec<(u16, u32)> = (1..).zip(rates.iter().copied()).collect();
        Groups::from_table(&rows)
    }

    #[test]
    fn six_groups_have_the_bits_of_the_manual() {
        let groups = table(&[2000, 1000, 0, 0, 2000, 1000]);
        let bit = |rate| groups.of(rate).map(|g| g.bit);
        assert_eq!(bit(VatRate::Rate(2000)), Some(0x01));
        assert_eq!(bit(VatRate::Rate(1000)), Some(0x02));
        assert_eq!(bit(VatRate::Rate(0)), Some(0x04));
        assert_eq!(bit(VatRate::Exempt), Some(0x08));
        assert_eq!(bit(VatRate::Calculated(2000)), Some(0x10));
        assert_eq!(bit(VatRate::Calculated(1000)), Some(0x20));
        assert_eq!(bit(VatRate::Rate(2200)), None, "22 % is never printed as 20 %");
        assert_eq!(bit(VatRate::Rate(500)), None);
    }

    #[test]
    fn the_register_s_own_table_decides_the_rate_of_a_group() {
        let groups = table(&[2200, 1000, 0, 0, 1803, 909]);
        assert_eq!(groups.of(VatRate::Rate(2200)).map(|g| g.bit), Some(0x01));
        assert_eq!(groups.of(VatRate::Calculated(2200)).map(|g| g.bit), Some(0x10));
        assert_eq!(groups.of(VatRate::Calculated(1000)).map(|g| g.bit), Some(0x20));
        assert_eq!(groups.of(VatRate::Rate(2000)), None);
    }

    #[test]
    fn five_and_seven_per_cent_exist_only_with_ten_groups() {
        assert_eq!(Groups::rows(6).last(), Some(6));
        assert_eq!(Groups::rows(10).last(), Some(8));
        let groups = table(&[2200, 1000, 0, 0, 2200, 1000, 500, 700]);
        assert_eq!(groups.of(VatRate::Rate(500)).map(|g| g.bit), Some(0x40));
        assert_eq!(groups.of(VatRate::Rate(700)).map(|g| g.bit), Some(0x80));
    }
}
