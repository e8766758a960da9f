//! Bar codes of `GS k`: what may be in them, and their modules.
//!
//! | form A | form B | system | data |
//! |---|---|---|---|
//! | 0 | 65 | UPC-A | 11 or 12 digits |
//! | 1 | 66 | UPC-E | 6 to 8, 11 or 12 digits |
//! | 2 | 67 | EAN-13 | 12 or 13 digits |
//! | 3 | 68 | EAN-8 | 7 or 8 digits |
//! | 4 | 69 | CODE39 | `0-9A-Z $%*+-./` |
//! | 5 | 70 | ITF | an even number of digits |
//! | 6 | 71 | CODABAR | `0-9A-D$+-./:` |
//! | | 72 | CODE93 | 0..127 |
//! | | 73, 74, 79 | CODE128, GS1-128, CODE128 auto | 0..127; 73 begins with `{A`, `{B` or `{C` |
//! | | 75..78 | GS1 `DataBar` | kept as text, drawn as a frame |
//!
//! A bad byte ends the command: nothing is printed, and the bytes from it on are text.

mod code128;
mod ean;
mod lines;

/// A symbology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    UpcA,
    UpcE,
    Ean13,
    Ean8,
    Code39,
    Itf,
    Codabar,
    Code93,
    Code128,
    Gs1Code128,
    DataBar,
    Code128Auto,
}

/// What a symbol looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// The content, without code set marks.
    pub(crate) data: String,
    /// Black and white modules, without margins.
    pub(crate) modules: Vec<bool>,
    /// Said when the content is doubtful.
    pub(crate) doubt: Option<&'static str>,
}

impl System {
    /// Of a form A number, 0..6.
    pub(crate) fn of_form_a(m: u8) -> Option<Self> {
        [Self::UpcA, Self::UpcE, Self::Ean13, Self::Ean8, Self::Code39, Self::Itf, Self::Codabar]
            .get(usize::from(m))
            .copied()
    }

    /// Of a form B number, 65..79.
    pub(crate) fn of_form_b(m: u8) -> Option<Self> {
        match m {
            65..=71 => Self::of_form_a(m - 65),
            72 => Some(Self::Code93),
            73 => Some(Self::Code128),
            74 => Some(Self::Gs1Code128),
            75..=78 => Some(Self::DataBar),
            79 => Some(Self::Code128Auto),
            _ => None,
        }
    }

    /// Name in the books.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UpcA => "upc-a",
            Self::UpcE => "upc-e",
            Self::Ean13 => "ean-13",
            Self::Ean8 => "ean-8",
            Self::Code39 => "code39",
            Self::Itf => "itf",
            Self::Codabar => "codabar",
            Self::Code93 => "code93",
            Self::Code128 | Self::Code128Auto => "code128",
            Self::Gs1Code128 => "gs1-128",
            Self::DataBar => "gs1-databar",
        }
    }

    /// True when so many bytes may be in it.
    pub(crate) fn takes(self, length: usize) -> bool {
        match self {
            Self::UpcA => (11..=12).contains(&length),
            Self::UpcE => matches!(length, 6..=8 | 11 | 12),
            Self::Ean13 => (12..=13).contains(&length),
            Self::Ean8 => (7..=8).contains(&length),
            Self::Itf => (2..=254).contains(&length) && length.is_multiple_of(2),
            Self::Code39 | Self::Code93 | Self::Code128Auto => (1..=255).contains(&length),
            Self::Codabar | Self::Code128 | Self::Gs1Code128 | Self::DataBar => (2..=255).contains(&length),
        }
    }

    /// True when this byte may be the one at `place`.
    pub(crate) fn takes_byte(self, place: usize, byte: u8) -> bool {
        match self {
            Self::UpcA | Self::UpcE | Self::Ean13 | Self::Ean8 | Self::Itf => byte.is_ascii_digit(),
            Self::Code39 => {
                byte.is_ascii_digit() || byte.is_ascii_uppercase() || matches!(byte, b' ' | b'$' | b'%' | b'*'..=b'/')
            }
            Self::Codabar => {
                byte.is_ascii_digit()
                    || matches!(byte, b'A'..=b'D' | b'a'..=b'd' | b'$' | b'+' | b'-' | b'.' | b'/' | b':')
            }
            Self::Code128 if place == 0 => byte == b'{',
            Self::Code128 if place == 1 => matches!(byte, b'A'..=b'C'),
            Self::Code93 | Self::Code128 | Self::Gs1Code128 | Self::DataBar | Self::Code128Auto => byte < 128,
        }
    }

    /// The symbol; an error where the bytes fit one by one but make none.
    pub(crate) fn symbol(self, data: &[u8]) -> Result<Symbol, &'static str> {
        let text = || data.iter().map(|byte| char::from(*byte)).collect::<String>();
        let plain = |modules| Ok(Symbol { data: text(), modules, doubt: None });
        match self {
            Self::UpcA => Ok(ean::upc_a(data)),
            Self::UpcE => ean::upc_e(data),
            Self::Ean13 => Ok(ean::ean13(data)),
            Self::Ean8 => Ok(ean::ean8(data)),
            Self::Code39 => plain(lines::code39(data)),
            Self::Itf => plain(lines::itf(data)),
            Self::Codabar => lines::codabar(data).and_then(plain),
            Self::Code93 => lines::code93(data).and_then(plain),
            Self::Code128 => code128::with_marks(data, false),
            Self::Gs1Code128 => code128::automatic(data, true),
            Self::Code128Auto => code128::automatic(data, false),
            Self::DataBar => plain(frame()),
        }
    }
}

/// Not a symbol, but paper that shows where it would be.
fn frame() -> Vec<bool> {
    (0..96).map(|place| !(2..94).contains(&place)).collect()
}

/// Bars and spaces from the widths of each, bar first.
fn widths(widths: impl IntoIterator<Item = u8>) -> Vec<bool> {
    let mut modules = Vec::new();
    for (place, width) in widths.into_iter().enumerate() {
        modules.extend(std::iter::repeat_n(place % 2 == 0, usize::from(width)));
    }
    modules
}
