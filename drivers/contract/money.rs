//! Money in whole minor units and quantities in whole millionths.
//!
//! Neither ever meets a float: a product of the two is carried in `i128`, and rounding is half away from zero,
//! as tax law and every register round.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A sum in minor units of the shop's currency (kopecks, cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The largest sum that any register of ours takes in one field: 99,999,999.99 (Shtrih-M firmware limit,
    /// ten decimal digits of minor units).
    pub const LIMIT: Self = Self(9_999_999_999);

    /// A sum of `minor` minor units.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The sum in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// True for zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// True below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// `self + other`, or `None` when it leaves 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `self - other`, or `None` when it leaves 64 bits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum of many, or `None` when it leaves 64 bits.
    pub fn checked_sum(items: impl IntoIterator<Item = Self>) -> Option<Self> {
        items.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The part of a gross sum that is tax at `basis_points` (1 % = 100), tax included:
    /// `sum * rate / (100 % + rate)`, rounded half away from zero.
    #[must_use]
    pub fn included_tax(self, basis_points: u32) -> Self {
        let rate = i128::from(basis_points);
        Self(divide_half_away(i128::from(self.0) * rate, 10_000 + rate) as i64)
    }
}

impl fmt::Display for Money {
    /// `13.19`: two decimals and a point, whatever the locale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let abs = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", abs / 100, abs % 100))
    }
}

/// An amount of goods in millionths of a unit; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(u64);

impl Quantity {
    /// Exactly one.
    pub const ONE: Self = Self(1_000_000);

    /// The largest quantity: 999,999,999 units, which every register's field holds.
    pub const LIMIT: Self = Self(999_999_999_000_000);

    /// A quantity of `millionths`.
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// The quantity in millionths.
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// True for zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `price * quantity` before rounding, in millionths of a minor unit.
    pub fn times(self, price: Money) -> i128 {
        i128::from(price.minor()) * i128::from(self.0)
    }

    /// `price * quantity` rounded to minor units, or `None` when it leaves 64 bits.
    pub fn cost(self, price: Money) -> Option<Money> {
        i64::try_from(divide_half_away(self.times(price), 1_000_000)).ok().map(Money)
    }
}

impl fmt::Display for Quantity {
    /// `0.625`, `3`: no trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / 1_000_000;
        let part = self.0 % 1_000_000;
        if part == 0 {
            return f.pad(&whole.to_string());
        }
        let digits = format!("{part:06}");
        f.pad(&format!("{whole}.{}", digits.trim_end_matches('0')))
    }
}

/// `dividend / divisor`, rounded half away from zero; the divisor is positive.
pub fn divide_half_away(dividend: i128, divisor: i128) -> i128 {
    let half = divisor / 2;
    let shifted = if dividend < 0 { dividend - half } else { dividend + half };
    shifted / divisor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_goes_away_from_zero() {
        assert_eq!(divide_half_away(5, 10), 1);
        assert_eq!(divide_half_away(-5, 10), -1);
        assert_eq!(divide_half_away(4, 10), 0);
        assert_eq!(divide_half_away(15, 10), 2);
        assert_eq!(divide_half_away(1, 3), 0);
        assert_eq!(divide_half_away(2, 3), 1);
    }

    #[test]
    fn a_fractional_quantity_costs_what_the_scale_says() {
        let quantity = Quantity::from_millionths(625_000);
        assert_eq!(quantity.cost(Money::from_minor(830)), Some(Money::from_minor(519)));
    }

    #[test]
    fn tax_inside_a_sum_is_the_register_s_arithmetic() {
        assert_eq!(Money::from_minor(1065).included_tax(1000), Money::from_minor(97));
        assert_eq!(Money::from_minor(122_000).included_tax(2200), Money::from_minor(22_000));
    }

    #[test]
    fn sums_and_quantities_print_without_noise() {
        assert_eq!(Money::from_minor(-5).to_string(), "-0.05");
        assert_eq!(Money::from_minor(1319).to_string(), "13.19");
        assert_eq!(Quantity::from_millionths(625_000).to_string(), "0.625");
        assert_eq!(Quantity::ONE.to_string(), "1");
    }
}
