//! CODE128: ISO/IEC 15417.

use super::{Symbol, widths};

/// Widths of bars and spaces of the values 0..105; the stop pattern is apart.
#[rustfmt::skip]
const PATTERNS: [u32; 106] = [
    212_222, 222_122, 222_221, 121_223, 121_322, 131_222, 122_213, 122_312, 132_212, 221_213, 221_312, 231_212, 112_232,
    122_132, 122_231, 113_222, 123_122, 123_221, 223_211, 221_132, 221_231, 213_212, 223_112, 312_131, 311_222, 321_122,
    321_221, 312_212, 322_112, 322_211, 212_123, 212_321, 232_121, 111_323, 131_123, 131_321, 112_313, 132_113, 132_311,
    211_313, 231_113, 231_311, 112_133, 112_331, 132_131, 113_123, 113_321, 133_121, 313_121, 211_331, 231_131, 213_113,
    213_311, 213_131, 311_123, 311_321, 331_121, 312_113, 312_311, 332_111, 314_111, 221_411, 431_111, 111_224, 111_422,
    121_124, 121_421, 141_122, 141_221, 112_214, 112_412, 122_114, 122_411, 142_112, 142_211, 241_211, 221_114, 413_111,
    241_112, 134_111, 111_242, 121_142, 121_241, 114_212, 124_112, 124_211, 411_212, 421_112, 421_211, 212_141, 214_121,
    412_121, 111_143, 111_341, 131_141, 114_113, 114_311, 411_113, 411_311, 113_141, 114_131, 311_141, 411_131, 211_412,
    211_214, 211_232,
];
const STOP: [u8; 7] = [2, 3, 3, 1, 1, 1, 2];

const FNC1: u8 = 102;
/// Values that switch to A, B, C; starting is two more than they (103..105).
const TO: [(u8, Set); 3] = [(101, Set::A), (100, Set::B), (99, Set::C)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

impl Set {
    fn start(self) -> u8 {
        match self {
            Self::A => 103,
            Self::B => 104,
            Self::C => 105,
        }
    }

    fn switch(self) -> u8 {
        TO.iter().find(|(_, set)| *set == self).map_or(0, |(value, _)| *value)
    }

    /// Value of a byte in this set; in set C the byte is the value.
    fn value(self, byte: u8) -> Option<u8> {
        match (self, byte) {
            (Self::A, 0..=31) => Some(byte + 64),
            (Self::A, 32..=95) | (Self::B, 32..=127) => Some(byte - 32),
            (Self::C, 0..=99) => Some(byte),
            (Self::A | Self::B | Self::C, _) => None,
        }
    }
}

/// Data with `{A`, `{B`, `{C`, `{S`, `{1`..`{4` and `{{`, as `GS k 73` has them.
pub(super) fn with_marks(data: &[u8], gs1: bool) -> Result<Symbol, &'static str> {
    let mut set = match data.get(1) {
        Some(b'A') => Set::A,
        Some(b'B') => Set::B,
        Some(b'C') => Set::C,
        _ => return Err("CODE128 begins with {A, {B or {C"),
    };
    let mut values = vec![set.start()];
    if gs1 {
        values.push(FNC1);
    }
    let mut text = String::new();
    let mut rest = data[2..].iter().copied();
    while let Some(byte) = rest.next() {
        let mut literal = byte;
        if byte == b'{' {
            match rest.next() {
                Some(b'{') => literal = b'{',
                Some(b'1') => {
                    values.push(FNC1);
                    continue;
                }
                Some(b'2') => {
                    values.push(97);
                    continue;
                }
                Some(b'3') => {
                    values.push(96);
                    continue;
                }
                Some(b'4') if set != Set::C => {
                    values.push(if set == Set::A { 101 } else { 100 });
                    continue;
                }
                Some(b'S') if set != Set::C => {
                    let other = if set == Set::A { Set::B } else { Set::A };
                    let shifted = rest.next().ok_or("a shift without a character")?;
                    values.extend([98, other.value(shifted).ok_or("a character that the shifted set lacks")?]);
                    text.push(char::from(shifted));
                    continue;
                }
                Some(mark @ b'A'..=b'C') => {
                    let next = [Set::A, Set::B, Set::C][usize::from(mark - b'A')];
                    if next != set {
                        set = next;
                        values.push(set.switch());
                    }
                    continue;
                }
                _ => return Err("a { that marks nothing"),
            }
        }
        values.push(set.value(literal).ok_or("a character that the code set lacks")?);
        match set {
            Set::A | Set::B => text.push(char::from(literal)),
            Set::C => text.extend([literal / 10, literal % 10].map(|digit| char::from(b'0' + digit))),
        }
    }
    if text.is_empty() {
        return Err("an empty CODE128");
    }
    Ok(Symbol { data: text, modules: modules(&values), doubt: None })
}

/// Plain data; set C for an even number of digits, else B, else A.
pub(super) fn automatic(data: &[u8], gs1: bool) -> Result<Symbol, &'static str> {
    let plain: Vec<u8> = data.iter().copied().filter(|byte| !(gs1 && matches!(byte, b'(' | b')' | b' '))).collect();
    let digits = plain.len() >= 4 && plain.len().is_multiple_of(2) && plain.iter().all(u8::is_ascii_digit);
    let marked: Vec<u8> = if digits {
        let pair = |pair: &[u8]| (pair[0] - b'0') * 10 + pair[1] - b'0';
        let doubled = plain.chunks_exact(2).map(pair).flat_map(|value| {
            let twice = if value == b'{' { 2 } else { 1 };
            std::iter::repeat_n(value, twice)
        });
        b"{C".iter().copied().chain(doubled).collect()
    } else {
        let set: &[u8; 2] = if plain.iter().all(|byte| *byte >= 32) { b"{B" } else { b"{A" };
        let doubled = plain.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == b'{' { 2 } else { 1 }));
        set.iter().copied().chain(doubled).collect()
    };
    with_marks(&marked, gs1)
}

/// Patterns of the values, with the check value (modulo 103) and the stop.
fn modules(values: &[u8]) -> Vec<bool> {
    let weights = std::iter::once(1).chain(1_u32..);
    let check = values.iter().zip(weights).map(|(value, weight)| u32::from(*value) * weight).sum::<u32>() % 103;
    let mut all = Vec::new();
    for value in values.iter().copied().chain([check as u8]) {
        let pattern = PATTERNS[usize::from(value)];
        all.extend([100_000, 10_000, 1_000, 100, 10, 1].map(|place| (pattern / place % 10) as u8));
    }
    all.extend(STOP);
    widths(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_that_of_eleven_modules_a_character() {
        let symbol = with_marks(b"{BAB12-9", false).expect("a symbol");
        assert_eq!((symbol.data.as_str(), symbol.modules.len()), ("AB12-9", 11 * (6 + 2) + 13));
        let longest = [b"{B".as_slice(), &[b'x'; 36]].concat();
        assert_eq!(with_marks(&longest, false).expect("a symbol").modules.len(), 431);
    }

    #[test]
    fn every_pattern_has_eleven_modules_and_no_twin() {
        for (place, pattern) in PATTERNS.iter().enumerate() {
            let digits = [100_000, 10_000, 1_000, 100, 10, 1].map(|unit| pattern / unit % 10);
            assert_eq!(digits.iter().sum::<u32>(), 11, "{place}");
            assert!(!PATTERNS[..place].contains(pattern), "{place}");
        }
    }

    #[test]
    fn digits_go_in_pairs() {
        let symbol = automatic(b"12345678", false).expect("a symbol");
        assert_eq!((symbol.data.as_str(), symbol.modules.len()), ("12345678", 11 * (4 + 2) + 13));
    }

    #[test]
    fn marks_are_obeyed() {
        let symbol = with_marks(b"{Bab{C\x0C\x22{A{{", false);
        assert_eq!(symbol, Err("a character that the code set lacks"));
        let symbol = with_marks(b"{Bab{C\x0C\x22{B{{", false).expect("a symbol");
        assert_eq!(symbol.data, "ab1234{");
    }
}
