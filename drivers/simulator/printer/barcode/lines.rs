//! CODE39 (ISO/IEC 16388), ITF (ISO/IEC 16390), Codabar (EN 798), CODE93.

use super::widths;

/// A wide element, modules; a narrow one is one.
const WIDE: u8 = 3;

const CODE39: &[u8; 44] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";
/// Nine elements a character, bar first, 1 wide.
#[rustfmt::skip]
const CODE39_WIDE: [u16; 44] = [
    0b0_0011_0100, 0b1_0010_0001, 0b0_0110_0001, 0b1_0110_0000, 0b0_0011_0001, 0b1_0011_0000, 0b0_0111_0000,
    0b0_0010_0101, 0b1_0010_0100, 0b0_0110_0100, 0b1_0000_1001, 0b0_0100_1001, 0b1_0100_1000, 0b0_0001_1001,
    0b1_0001_1000, 0b0_0101_1000, 0b0_0000_1101, 0b1_0000_1100, 0b0_0100_1100, 0b0_0001_1100, 0b1_0000_0011,
    0b0_0100_0011, 0b1_0100_0010, 0b0_0001_0011, 0b1_0001_0010, 0b0_0101_0010, 0b0_0000_0111, 0b1_0000_0110,
    0b0_0100_0110, 0b0_0001_0110, 0b1_1000_0001, 0b0_1100_0001, 0b1_1100_0000, 0b0_1001_0001, 0b1_1001_0000,
    0b0_1101_0000, 0b0_1000_0101, 0b1_1000_0100, 0b0_1100_0100, 0b0_1010_1000, 0b0_1010_0010, 0b0_1000_1010,
    0b0_0010_1010, 0b0_1001_0100,
];

/// Five elements a digit, 1 wide.
const ITF_WIDE: [u8; 10] = [0b00110, 0b10001, 0b01001, 0b11000, 0b00101, 0b10100, 0b01100, 0b00011, 0b10010, 0b01010];

const CODABAR: &[u8; 20] = b"0123456789-$:/.+ABCD";
/// Seven elements a character, bar first, 1 wide.
#[rustfmt::skip]
const CODABAR_WIDE: [u8; 20] = [
    0b000_0011, 0b000_0110, 0b000_1001, 0b110_0000, 0b001_0010, 0b100_0010, 0b010_0001, 0b010_0100, 0b011_0000,
    0b100_1000, 0b000_1100, 0b001_1000, 0b100_0101, 0b101_0001, 0b101_0100, 0b001_0101, 0b001_1010, 0b010_1001,
    0b000_1011, 0b000_1110,
];

const CODE93: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
/// Nine modules a character; the last is start and stop, the four before it are shifts.
#[rustfmt::skip]
const CODE93_BITS: [u16; 48] = [
    0x114, 0x148, 0x144, 0x142, 0x128, 0x124, 0x122, 0x150, 0x112, 0x10A, 0x1A8, 0x1A4, 0x1A2, 0x194, 0x192, 0x18A,
    0x168, 0x164, 0x162, 0x134, 0x11A, 0x158, 0x14C, 0x146, 0x12C, 0x116, 0x1B4, 0x1B2, 0x1AC, 0x1A6, 0x196, 0x19A,
    0x16C, 0x166, 0x136, 0x13A, 0x12E, 0x1D4, 0x1D2, 0x1CA, 0x16E, 0x176, 0x1AE, 0x126, 0x1DA, 0x1D6, 0x132, 0x15E,
];

fn elements(bits: u16, count: u32) -> impl Iterator<Item = u8> {
    (0..count).rev().map(move |bit| if bits >> bit & 1 == 1 { WIDE } else { 1 })
}

pub(super) fn code39(data: &[u8]) -> Vec<bool> {
    let inner = data.strip_prefix(b"*").unwrap_or(data);
    let inner = inner.strip_suffix(b"*").unwrap_or(inner);
    let framed = [b"*", inner, b"*"].concat();
    let mut all = Vec::new();
    for place in framed.iter().filter_map(|byte| CODE39.iter().position(|known| known == byte)) {
        all.extend(elements(CODE39_WIDE[place], 9).chain([1]));
    }
    all.pop();
    widths(all)
}

pub(super) fn itf(data: &[u8]) -> Vec<bool> {
    let mut all = vec![1, 1, 1, 1];
    for pair in data.chunks_exact(2) {
        let bits = |digit: u8| elements(u16::from(ITF_WIDE[usize::from(digit - b'0')]), 5);
        all.extend(bits(pair[0]).zip(bits(pair[1])).flat_map(|(bar, space)| [bar, space]));
    }
    all.extend([WIDE, 1, 1]);
    widths(all)
}

pub(super) fn codabar(data: &[u8]) -> Result<Vec<bool>, &'static str> {
    let upper = data.to_ascii_uppercase();
    let framed = [upper.first(), upper.last()].iter().all(|end| end.is_some_and(|byte| matches!(byte, b'A'..=b'D')));
    if !framed {
        return Err("CODABAR begins and ends with A, B, C or D");
    }
    let mut all = Vec::new();
    for place in upper.iter().filter_map(|byte| CODABAR.iter().position(|known| known == byte)) {
        all.extend(elements(u16::from(CODABAR_WIDE[place]), 7).chain([1]));
    }
    all.pop();
    Ok(widths(all))
}

pub(super) fn code93(data: &[u8]) -> Result<Vec<bool>, &'static str> {
    let place = |byte: &u8| CODE93.iter().position(|known| known == byte);
    let mut values: Vec<usize> = data.iter().filter_map(place).collect();
    if values.len() < data.len() {
        return Err("this simulator draws CODE93 of capital letters, digits and -. $/+% only");
    }
    // Check characters C and K: weights from the right, up to 20 and up to 15, modulo 47.
    for most in [20, 15] {
        let sum: usize = values.iter().rev().zip((1..=most).cycle()).map(|(value, weight)| value * weight).sum();
        values.push(sum % 47);
    }
    let framed = std::iter::once(47).chain(values).chain([47]);
    let mut modules: Vec<bool> =
        framed.flat_map(|value| (0..9).rev().map(move |bit| CODE93_BITS[value] >> bit & 1 == 1)).collect();
    modules.push(true);
    Ok(modules)
}
