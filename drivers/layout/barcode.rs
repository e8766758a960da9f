//! Which bar code a text can be, and how wide it gets. A printer that is given wrong data prints nothing, or the bytes
//! as text; so what is not certain becomes text here.

/// Kinds of bar codes that receipt printers draw by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbology {
    /// 13 digits with a check digit.
    Ean13,
    /// 8 digits with a check digit.
    Ean8,
    /// 12 digits with a check digit.
    UpcA,
    /// 14 digits with a check digit, interleaved two of five.
    Itf14,
    /// Digits, capitals and `-. $/+%`.
    Code39,
    /// Any printable ASCII, set B.
    Code128B,
    /// Pairs of digits, set C.
    Code128C,
}

/// A text that is a bar code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barcode {
    /// Kind.
    pub symbology: Symbology,
    /// The characters, check digit included.
    pub data: String,
    /// Dots of the narrowest bar.
    pub module: u8,
}

/// Widths of the narrowest bar that scanners read well, best first (GS w).
const MODULES: [u8; 2] = [3, 2];

impl Barcode {
    /// The bar code of a text on paper of so many dots; `None`: print it as text.
    /// `code128`: the printer draws CODE128; otherwise CODE39 is tried.
    pub fn choose(text: &str, dots: usize, code128: bool) -> Option<Self> {
        let data = text.trim();
        kinds(data, code128).into_iter().find_map(|symbology| {
            let modules = modules(symbology, data.len());
            let module = MODULES.into_iter().find(|&m| modules * usize::from(m) <= dots)?;
            Some(Self { symbology, data: data.to_owned(), module })
        })
    }
}

/// What the text can be, best first.
fn kinds(data: &str, code128: bool) -> Vec<Symbology> {
    let digits = !data.is_empty() && data.bytes().all(|b| b.is_ascii_digit());
    let mut kinds = Vec::new();
    if digits && check_digit_is_right(data) {
        match data.len() {
            8 => kinds.push(Symbology::Ean8),
            12 => kinds.push(Symbology::UpcA),
            13 => kinds.push(Symbology::Ean13),
            14 => kinds.push(Symbology::Itf14),
            _ => {}
        }
    }
    let short = (1..=80).contains(&data.len());
    if code128 && short && digits && data.len().is_multiple_of(2) {
        kinds.push(Symbology::Code128C);
    }
    if code128 && short && data.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        kinds.push(Symbology::Code128B);
    }
    let in_39 = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase() || b"-. $/+%".contains(&b);
    if !code128 && short && data.bytes().all(in_39) {
        kinds.push(Symbology::Code39);
    }
    kinds
}

/// Modules of the whole code with its quiet zones.
fn modules(symbology: Symbology, length: usize) -> usize {
    match symbology {
        // 95 bars; quiet zones 11 and 7, or 9 and 9.
        Symbology::Ean13 | Symbology::UpcA => 113,
        // 67 bars; quiet zones 7 and 7.
        Symbology::Ean8 => 81,
        // 4 + 18 a pair + 5 with wide bars of 3; quiet zones 10 and 10.
        Symbology::Itf14 => 9 + 9 * length + 20,
        // 16 a character with wide bars of 3, start and stop included; quiet zones 10 and 10.
        Symbology::Code39 => 16 * (length + 2) + 20,
        // 11 a character, start and check included, and 13 for the stop; quiet zones 10 and 10.
        Symbology::Code128B => 11 * (length + 2) + 13 + 20,
        Symbology::Code128C => 11 * (length / 2 + 2) + 13 + 20,
    }
}

/// GS1 General Specifications, 7.9: weights 3 and 1 from the right, the check digit itself not counted.
fn check_digit_is_right(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|b| u32::from(b - b'0'))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { 3 * digit } else { digit })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, dots: usize) -> Option<(Symbology, u8)> {
        Barcode::choose(text, dots, true).map(|b| (b.symbology, b.module))
    }

    #[test]
    fn digits_with_a_right_check_digit_are_what_they_look_like() {
        assert_eq!(chosen("4601234567893", 384), Some((Symbology::Ean13, 3)));
        assert_eq!(chosen("96385074", 384), Some((Symbology::Ean8, 3)));
        assert_eq!(chosen("036000291452", 384), Some((Symbology::UpcA, 3)));
        assert_eq!(chosen("14601234567890", 512), Some((Symbology::Itf14, 3)));
    }

    #[test]
    fn a_wrong_check_digit_or_a_letter_makes_it_code_128() {
        assert_eq!(chosen("1324354657687", 576), Some((Symbology::Code128B, 2)));
        assert_eq!(chosen("ABC-12345", 576), Some((Symbology::Code128B, 3)));
        assert_eq!(chosen("12345678", 384), Some((Symbology::Code128C, 3)));
        assert_eq!(
            Barcode::choose("ABC-12345", 576, false).map(|b| b.symbology),
            Some(Symbology::Code39),
            "where the printer has no CODE128"
        );
    }

    #[test]
    fn what_is_wider_than_the_paper_becomes_text() {
        let text = "LOT-2026-02-10-ABCDEFGHIJ-0000000001";
        assert_eq!(text.len(), 36);
        assert_eq!(chosen(text, 576), None);
        assert_eq!(chosen(text, 384), None);
        assert_eq!(chosen("", 576), None);
        assert_eq!(chosen("код", 576), None);
        assert_eq!(chosen("a\u{1B}p", 576), None);
    }
}
