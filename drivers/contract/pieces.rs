//! A line in a form that a device multiplies to the same total.
//!
//! Registers take a price and a quantity and round the product by themselves. Where no price in minor units gives our
//! total, the line is split into pieces whose prices differ by one minor unit; the total is never changed.

use super::money::{Money, Quantity, divide_half_away};

/// A part of a line: `round(price x quantity)` is `total`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Price of one unit.
    pub price: Money,
    /// Units.
    pub quantity: Quantity,
    /// `round(price x quantity)`.
    pub total: Money,
}

const UNIT: i128 = 1_000_000;

/// Splits a line of `quantity` units that cost `total` together; one piece wherever one will do, at most three.
pub fn pieces(quantity: Quantity, total: Money) -> Vec<Piece> {
    let millionths = i128::from(quantity.millionths());
    if millionths == 0 {
        return Vec::new();
    }
    let price = divide_half_away(i128::from(total.minor()) * UNIT, millionths) as i64;
    if let Some(piece) = piece(price, quantity.millionths()).filter(|p| p.total == total) {
        return vec![piece];
    }
    let whole = quantity.millionths() / UNIT as u64;
    let part = quantity.millionths() % UNIT as u64;
    let floor = (i128::from(total.minor()) * UNIT / millionths) as i64;
    let mut list: Vec<Piece> = piece(floor, part).into_iter().collect();
    let rest = total.minor() - list.iter().map(|p| p.total.minor()).sum::<i64>();
    let Ok(units) = i64::try_from(whole) else { return as_one(total) };
    if units == 0 {
        return as_one(total);
    }
    let (low, dearer) = (rest / units, rest % units);
    list.extend(piece(low, (units - dearer) as u64 * UNIT as u64));
    list.extend(piece(low + 1, dearer as u64 * UNIT as u64));
    list
}

/// Less than one unit whose total no whole price gives: sold as one unit at that total.
fn as_one(total: Money) -> Vec<Piece> {
    vec![Piece { price: total, quantity: Quantity::ONE, total }]
}

fn piece(price: i64, millionths: u64) -> Option<Piece> {
    let (price, quantity) = (Money::from_minor(price), Quantity::from_millionths(millionths));
    (millionths > 0).then(|| Some(Piece { price, quantity, total: quantity.cost(price)? })).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(quantity: u64, total: i64) -> Vec<(i64, u64)> {
        pieces(Quantity::from_millionths(quantity), Money::from_minor(total))
            .iter()
            .map(|p| (p.price.minor(), p.quantity.millionths()))
            .collect()
    }

    #[test]
    fn one_piece_where_one_will_do() {
        assert_eq!(shape(1_000_000, 1065), [(1065, 1_000_000)]);
        assert_eq!(shape(625_000, 519), [(830, 625_000)]);
        assert_eq!(shape(2_000_000, 9100), [(4550, 2_000_000)]);
    }

    #[test]
    fn three_for_a_hundred_is_two_and_one() {
        assert_eq!(shape(3_000_000, 10_000), [(3333, 2_000_000), (3334, 1_000_000)]);
    }

    proptest! {
        #[test]
        fn pieces_add_up_and_multiply_as_a_device_does(quantity in 1u64..=50_000_000, total in 0i64..=1_000_000) {
            let list = pieces(Quantity::from_millionths(quantity), Money::from_minor(total));
            prop_assert!(!list.is_empty() && list.len() <= 3);
            prop_assert_eq!(list.iter().map(|p| p.total.minor()).sum::<i64>(), total);
            for p in &list {
                prop_assert_eq!(p.quantity.cost(p.price), Some(p.total));
                prop_assert!(!p.price.is_negative());
            }
        }
    }
}
