//! UPC and EAN: ISO/IEC 15420.

use super::Symbol;

/// Left-hand patterns of odd parity, seven modules a digit; the right-hand ones are their complements.
const ODD: [u8; 10] = [
    0b000_1101, 0b001_1001, 0b001_0011, 0b011_1101, 0b010_0011, 0b011_0001, 0b010_1111, 0b011_1011, 0b011_0111,
    0b000_1011,
];

/// Which of six left-hand digits have even parity, by the first digit of EAN-13; for UPC-E by the check digit, inverted.
const EAN_PARITY: [u8; 10] =
    [0, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101, 0b01_0110, 0b01_1010];

const WRONG_CHECK: &str = "the check digit is wrong";

fn digits(data: &[u8]) -> Vec<u8> {
    data.iter().map(|byte| byte - b'0').collect()
}

/// Check digit: the last of the others weighs 3, the one before it 1, and so on.
fn check(digits: &[u8]) -> u8 {
    let sum: u32 =
        digits.iter().rev().zip([3, 1].into_iter().cycle()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    ((10 - sum % 10) % 10) as u8
}

/// Adds the check digit where it is missing, and looks at it where it is there.
fn complete(data: &[u8], length: usize) -> (Vec<u8>, Option<&'static str>) {
    let mut all = digits(data);
    if all.len() < length {
        all.push(check(&all));
        return (all, None);
    }
    let right = check(&all[..length - 1]) == all[length - 1];
    (all, (!right).then_some(WRONG_CHECK))
}

fn push(modules: &mut Vec<bool>, bits: u8, count: usize) {
    modules.extend((0..count).rev().map(|bit| bits >> bit & 1 == 1));
}

fn left(modules: &mut Vec<bool>, digit: u8, even: bool) {
    let odd = ODD[usize::from(digit)];
    let bits = if even { (!odd & 0x7F).reverse_bits() >> 1 } else { odd };
    push(modules, bits, 7);
}

fn right(modules: &mut Vec<bool>, digit: u8) {
    push(modules, !ODD[usize::from(digit)] & 0x7F, 7);
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

fn two_halves(left_digits: &[u8], parity: u8, right_digits: &[u8]) -> Vec<bool> {
    let mut modules = vec![true, false, true];
    for (place, digit) in left_digits.iter().enumerate() {
        left(&mut modules, *digit, parity >> (5 - place) & 1 == 1);
    }
    push(&mut modules, 0b01010, 5);
    for digit in right_digits {
        right(&mut modules, *digit);
    }
    push(&mut modules, 0b101, 3);
    modules
}

pub(super) fn ean13(data: &[u8]) -> Symbol {
    let (all, doubt) = complete(data, 13);
    let modules = two_halves(&all[1..7], EAN_PARITY[usize::from(all[0])], &all[7..]);
    Symbol { data: text(&all), modules, doubt }
}

pub(super) fn upc_a(data: &[u8]) -> Symbol {
    let (all, doubt) = complete(data, 12);
    Symbol { data: text(&all), modules: two_halves(&all[..6], 0, &all[6..]), doubt }
}

pub(super) fn ean8(data: &[u8]) -> Symbol {
    let (all, doubt) = complete(data, 8);
    Symbol { data: text(&all), modules: two_halves(&all[..4], 0, &all[4..]), doubt }
}

/// Six digits stand for eleven of UPC-A whose number system is 0; the check digit is that of the eleven.
pub(super) fn upc_e(data: &[u8]) -> Result<Symbol, &'static str> {
    let all = digits(data);
    let (six, given) = match all.len() {
        6 => (all.clone(), None),
        7 | 8 if all[0] == 0 => (all[1..7].to_vec(), all.get(7).copied()),
        11 | 12 if all[0] == 0 => (shortened(&all)?, all.get(11).copied()),
        _ => return Err("UPC-E takes the number system 0 only"),
    };
    let check = check(&lengthened(&six));
    let doubt = given.is_some_and(|given| given != check).then_some(WRONG_CHECK);
    let odd = EAN_PARITY[usize::from(check)];
    let parity = if check == 0 { 0b11_1000 } else { !odd & 0x3F };
    let mut modules = vec![true, false, true];
    for (place, digit) in six.iter().enumerate() {
        left(&mut modules, *digit, parity >> (5 - place) & 1 == 1);
    }
    push(&mut modules, 0b01_0101, 6);
    Ok(Symbol { data: format!("0{}{check}", text(&six)), modules, doubt })
}

fn lengthened(six: &[u8]) -> [u8; 11] {
    let [first, second, third, fourth, fifth, last] = *six else { return [0; 11] };
    match last {
        0..=2 => [0, first, second, last, 0, 0, 0, 0, third, fourth, fifth],
        3 => [0, first, second, third, 0, 0, 0, 0, 0, fourth, fifth],
        4 => [0, first, second, third, fourth, 0, 0, 0, 0, 0, fifth],
        _ => [0, first, second, third, fourth, fifth, 0, 0, 0, 0, last],
    }
}

fn shortened(all: &[u8]) -> Result<Vec<u8>, &'static str> {
    let eleven = &all[..11];
    let tails = [
        [all[1], all[2], all[8], all[9], all[10], all[3]],
        [all[1], all[2], all[3], all[9], all[10], 3],
        [all[1], all[2], all[3], all[4], all[10], 4],
        [all[1], all[2], all[3], all[4], all[5], all[10]],
    ];
    let six = tails.into_iter().find(|six| lengthened(six) == *eleven);
    six.map(Vec::from).ok_or("the number cannot be written as UPC-E")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_known_numbers() {
        assert_eq!(ean13(b"132435465768").data, "1324354657680");
        assert_eq!(ean13(b"1324354657687").doubt, Some(WRONG_CHECK));
        assert_eq!(ean13(b"460123456789").data, "4601234567893");
        assert_eq!(upc_a(b"03600029145").data, "036000291452");
        assert_eq!(ean8(b"9638507").data, "96385074");
        assert_eq!(upc_e(b"425261").expect("a symbol").data, "04252614");
        assert_eq!(upc_e(b"042100005264").expect("a symbol").data, "04252614");
    }

    #[test]
    fn symbols_are_as_long_as_the_standard_has_them() {
        assert_eq!(ean13(b"460123456789").modules.len(), 95);
        assert_eq!(upc_a(b"03600029145").modules.len(), 95);
        assert_eq!(ean8(b"9638507").modules.len(), 67);
        assert_eq!(upc_e(b"425261").expect("a symbol").modules.len(), 51);
    }
}
