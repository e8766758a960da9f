//! Decimals exactly as their text says.
//!
//! A number is read from the text of the JSON, never through a float: `0.1` is a tenth. What a sender's own float
//! arithmetic left behind (`10.649999999999999`) is recognised by its closeness to two decimals.

use kkm_drivers::contract::money::divide_half_away;
use kkm_drivers::contract::{Money, Quantity};

/// A minor unit, in billionths.
const MINOR: i128 = 10_000_000;
/// A millionth, in billionths.
const MILLIONTH: i128 = 1_000;
/// How far from two decimals a sum may be and still be taken for float noise: 1e-6, in billionths.
const NOISE: i128 = 1_000;
/// Digits before the point that are read; every limit of a register is far below.
const WHOLE_DIGITS: i64 = 18;
/// Digits after the point that are kept; further ones only make the number inexact.
const KEPT_PLACES: i64 = 9;

/// A number in billionths, cut towards zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    billionths: i128,
    /// Digits beyond the billionths were cut off.
    cut: bool,
}

/// A value and whether the sender's noise was taken off it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken<T> {
    pub(super) value: T,
    pub(super) noisy: bool,
}

/// Why a number is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Negative,
    TooLarge,
    TooPrecise,
}

impl Exact {
    /// Reads the text of a JSON number; `None` when it is larger than any register counts.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(part.bytes()).map(|b| b.wrapping_sub(b'0')).collect();
        let first = digits.iter().position(|&d| d != 0);
        let Some(first) = first else { return Some(Self { billionths: 0, cut: false }) };
        // Where the point stands among the digits, after the exponent has moved it.
        let point = whole.len() as i64 + exponent;
        if point - first as i64 > WHOLE_DIGITS {
            return None;
        }
        let mut billionths: i128 = 0;
        let mut cut = false;
        for (index, &digit) in digits.iter().enumerate().skip(first) {
            let place = point - 1 - index as i64 + KEPT_PLACES;
            match u32::try_from(place) {
                Ok(place) => billionths += i128::from(digit) * 10_i128.pow(place),
                Err(_) => cut |= digit != 0,
            }
        }
        Some(Self { billionths: if negative { -billionths } else { billionths }, cut })
    }

    /// A sum with two decimals; noise within 1e-6 is taken off.
    pub(super) fn money(self) -> Result<Taken<Money>, Unfit> {
        let minor = self.near(MINOR, NOISE).ok_or(Unfit::TooPrecise)?;
        Ok(Taken { value: money(minor)?, noisy: !self.is_just(minor * MINOR) })
    }

    /// A discount in millionths of a minor unit: two decimals as a sum, or up to six, for a percentage leaves more than
    /// two; noise within 1e-9 is taken off these.
    pub(super) fn discount(self) -> Result<Taken<i128>, Unfit> {
        let billionths = match self.near(MINOR, NOISE) {
            Some(minor) => minor * MINOR,
            None => self.near(MILLIONTH, 1).ok_or(Unfit::TooPrecise)? * MILLIONTH,
        };
        if billionths < 0 {
            return Err(Unfit::Negative);
        }
        money(billionths / MINOR)?;
        Ok(Taken { value: billionths / 10, noisy: !self.is_just(billionths) })
    }

    /// A quantity with at most six decimals.
    pub(super) fn quantity(self) -> Result<Quantity, Unfit> {
        if self.billionths < 0 {
            return Err(Unfit::Negative);
        }
        if self.cut || self.billionths % MILLIONTH != 0 {
            return Err(Unfit::TooPrecise);
        }
        let millionths = u64::try_from(self.billionths / MILLIONTH).map_err(|_| Unfit::TooLarge)?;
        let quantity = Quantity::from_millionths(millionths);
        if quantity > Quantity::LIMIT { Err(Unfit::TooLarge) } else { Ok(quantity) }
    }

    /// How many units this is within `tolerance` of.
    fn near(self, unit: i128, tolerance: i128) -> Option<i128> {
        let count = divide_half_away(self.billionths, unit);
        // The digits that were cut off lead further away from zero.
        let beyond = self.billionths.abs() - (count * unit).abs();
        let distance = if self.cut && beyond >= 0 { beyond + 1 } else { beyond.abs() };
        (distance <= tolerance).then_some(count)
    }

    fn is_just(self, billionths: i128) -> bool {
        self.billionths == billionths && !self.cut
    }
}

fn money(minor: i128) -> Result<Money, Unfit> {
    let sum = Money::from_minor(i64::try_from(minor).map_err(|_| Unfit::TooLarge)?);
    if sum.is_negative() {
        return Err(Unfit::Negative);
    }
    if sum > Money::LIMIT { Err(Unfit::TooLarge) } else { Ok(sum) }
}

/// An exponent beyond any meaning is as good as this one; it keeps the sums of places in range.
const FAR: i64 = 1_000_000_000_000;

fn exponent_of(text: &str) -> i64 {
    let far = if text.starts_with('-') { -FAR } else { FAR };
    text.parse::<i64>().map_or(far, |e| e.clamp(-FAR, FAR))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money_of(text: &str) -> Option<Result<(i64, bool), Unfit>> {
        Exact::parse(text).map(|e| e.money().map(|t| (t.value.minor(), t.noisy)))
    }

    #[test]
    fn the_text_of_a_number_decides() {
        assert_eq!(money_of("13.19"), Some(Ok((1319, false))));
        assert_eq!(money_of("13.1900000000000000000000"), Some(Ok((1319, false))));
        assert_eq!(money_of("1319e-2"), Some(Ok((1319, false))));
        assert_eq!(money_of("0.001319E+4"), Some(Ok((1319, false))));
        assert_eq!(money_of("-0.0"), Some(Ok((0, false))));
        assert_eq!(money_of("0e999999999999999999999"), Some(Ok((0, false))));
    }

    #[test]
    fn noise_of_floats_is_taken_off_and_told() {
        assert_eq!(money_of("10.649999999999999"), Some(Ok((1065, true))));
        assert_eq!(money_of("1.7763568394002505e-15"), Some(Ok((0, true))));
        assert_eq!(money_of("-2.842170943040401e-14"), Some(Ok((0, true))));
        assert_eq!(money_of("5.000001"), Some(Ok((500, true))));
        assert_eq!(money_of("5.0000010000000001"), Some(Err(Unfit::TooPrecise)));
        assert_eq!(money_of("5.000002"), Some(Err(Unfit::TooPrecise)));
        assert_eq!(money_of("22.905"), Some(Err(Unfit::TooPrecise)));
    }

    #[test]
    fn numbers_out_of_range_are_told_apart() {
        assert_eq!(money_of("1e400"), None);
        assert_eq!(money_of("9223372036854775808"), None);
        assert_eq!(money_of("100000000"), Some(Err(Unfit::TooLarge)));
        assert_eq!(money_of("99999999.99"), Some(Ok((9_999_999_999, false))));
        assert_eq!(money_of("-0.01"), Some(Err(Unfit::Negative)));
        assert_eq!(money_of("1e-400"), Some(Ok((0, true))));
    }

    #[test]
    fn a_quantity_has_six_decimals_and_no_noise() {
        let quantity = |text| Exact::parse(text).map(|e| e.quantity().map(Quantity::millionths));
        assert_eq!(quantity("0.625"), Some(Ok(625_000)));
        assert_eq!(quantity("1.0000000000"), Some(Ok(1_000_000)));
        assert_eq!(quantity("0.123456"), Some(Ok(123_456)));
        assert_eq!(quantity("0.1234567"), Some(Err(Unfit::TooPrecise)));
        assert_eq!(quantity("0.123456000000000001"), Some(Err(Unfit::TooPrecise)));
        assert_eq!(quantity("-1"), Some(Err(Unfit::Negative)));
        assert_eq!(quantity("1e9"), Some(Err(Unfit::TooLarge)));
    }

    #[test]
    fn a_discount_of_a_percent_keeps_its_half_kopeck() {
        let discount = |text| Exact::parse(text).map(|e| e.discount().map(|t| (t.value, t.noisy)));
        assert_eq!(discount("2.545"), Some(Ok((254_500_000, false))));
        assert_eq!(discount("2.54"), Some(Ok((254_000_000, false))));
        assert_eq!(discount("2.5400000000000005"), Some(Ok((254_000_000, true))));
        assert_eq!(discount("2.5450000000000004"), Some(Ok((254_500_000, true))));
        assert_eq!(discount("2.5449999999999999"), Some(Ok((254_500_000, true))));
        assert_eq!(discount("2.5450001"), Some(Err(Unfit::TooPrecise)));
        assert_eq!(discount("-0.005"), Some(Err(Unfit::Negative)));
        assert_eq!(discount("100000000.005"), Some(Err(Unfit::TooLarge)));
    }

    proptest! {
        #[test]
        fn every_hundredth_round_trips(n in 0i64..=10_000_000, zeros in 0usize..12) {
            let text = format!("{}.{:02}{}", n / 100, n % 100, "0".repeat(zeros));
            prop_assert_eq!(money_of(&text), Some(Ok((n, false))));
            prop_assert_eq!(money_of(&format!("{n}e-2")), Some(Ok((n, false))));
        }

        #[test]
        fn any_number_s_text_is_survived(text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,25})?") {
            if let Some(exact) = Exact::parse(&text) {
                let _ = (exact.money(), exact.discount(), exact.quantity());
            }
        }
    }
}
