//! A piece of paper and what happened on it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How paper was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Through.
    Full,
    /// But for a bridge in the middle.
    Partial,
}

/// A maintenance counter (`GS g`); its value is counted in the books, so that it outlives power and process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Lines that were fed: number 20, and 148 for all ever.
    Lines,
    /// Cuts: number 50, and 178 for all ever.
    Cuts,
}

impl Counter {
    pub(super) fn counts(self, item: &Item) -> bool {
        match self {
            Self::Lines => matches!(item, Item::Line(_)),
            Self::Cuts => matches!(item, Item::Cut(_)),
        }
    }
}

/// A line of text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// The characters; columns are kept for characters of one size, without spaces at the end.
    pub text: String,
    /// Something in it is bold.
    #[serde(skip_serializing_if = "is_false")]
    pub bold: bool,
    /// Something in it is underlined.
    #[serde(skip_serializing_if = "is_false")]
    pub underlined: bool,
    /// Something in it is white on black.
    #[serde(skip_serializing_if = "is_false")]
    pub reverse: bool,
    /// It stands on its head.
    #[serde(skip_serializing_if = "is_false")]
    pub upside_down: bool,
    /// Greatest width of a character, in plain ones, where it is not 1.
    #[serde(skip_serializing_if = "is_plain")]
    pub wide: u8,
    /// Greatest height of a character, in plain ones, where it is not 1.
    #[serde(skip_serializing_if = "is_plain")]
    pub tall: u8,
}

impl Default for Line {
    fn default() -> Self {
        let text = String::new();
        Self { text, bold: false, underlined: false, reverse: false, upside_down: false, wide: 1, tall: 1 }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_plain(size: &u8) -> bool {
    *size <= 1
}

/// Something on paper, or at the drawer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A line of text; empty: only a line feed.
    Line(Line),
    /// White paper, dots.
    Feed {
        /// Dots.
        rows: usize,
    },
    /// A bar code.
    Barcode {
        /// `ean-13`, `code128`, ...
        system: String,
        /// What a reader says.
        data: String,
        /// Width of a module, dots.
        module: u8,
        /// Its text is printed with it.
        readable: bool,
    },
    /// A QR code.
    Qr {
        /// What a reader says.
        data: String,
        /// `L`, `M`, `Q` or `H`.
        level: char,
        /// 1 or 2.
        model: u8,
        /// Side of a module, dots.
        module: u8,
    },
    /// A PDF417 symbol; only its place is drawn.
    Pdf417 {
        /// What a reader says.
        data: String,
    },
    /// A picture.
    Image {
        /// Dots.
        width: usize,
        /// Dots.
        height: usize,
        /// Fingerprint of its dots, hexadecimal: equal for equal pictures.
        hash: String,
    },
    /// The drawer was given a pulse.
    Pulse {
        /// 2 or 5.
        pin: u8,
        /// Milliseconds.
        on_ms: u16,
        /// Milliseconds.
        off_ms: u16,
    },
    /// A counter was set back.
    CounterReset(Counter),
    /// Something that should not have come.
    Incident(String),
    /// What a reader read in a QR code on the picture of the slip, where pictures are made.
    Scanned(String),
    /// The end of the slip.
    Cut(Cut),
}

impl Item {
    /// True for what a customer sees.
    pub(super) fn is_content(&self) -> bool {
        match self {
            Self::Line(line) => !line.text.is_empty(),
            Self::Barcode { .. } | Self::Qr { .. } | Self::Pdf417 { .. } | Self::Image { .. } => true,
            Self::Feed { .. }
            | Self::Pulse { .. }
            | Self::CounterReset(_)
            | Self::Incident(_)
            | Self::Scanned(_)
            | Self::Cut(_) => false,
        }
    }
}

/// A piece of paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slip {
    /// From 1.
    pub number: u64,
    /// What happened on it.
    pub items: Vec<Item>,
    /// How many slips up to this one show the same, this one counted: 2 is a second copy.
    pub copy: u32,
}

impl Slip {
    /// Its text, one line each.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| if let Item::Line(line) = item { Some(line.text.as_str()) } else { None })
    }

    /// Its text.
    pub fn text(&self) -> String {
        self.lines().collect::<Vec<_>>().join("\n")
    }

    /// How it was cut; `None`: it still hangs in the printer.
    pub fn cut(&self) -> Option<Cut> {
        self.items.iter().find_map(|item| if let Item::Cut(cut) = item { Some(*cut) } else { None })
    }

    /// Contents of its QR codes.
    pub fn qr_codes(&self) -> Vec<&str> {
        self.items
            .iter()
            .filter_map(|item| if let Item::Qr { data, .. } = item { Some(data.as_str()) } else { None })
            .collect()
    }

    /// Its bar codes: system, content.
    pub fn barcodes(&self) -> Vec<(&str, &str)> {
        self.items
            .iter()
            .filter_map(|item| {
                if let Item::Barcode { system, data, .. } = item {
                    Some((system.as_str(), data.as_str()))
                } else {
                    None
                }
            })
            .collect()
    }

    /// Fingerprints of its pictures.
    pub fn images(&self) -> Vec<&str> {
        self.items
            .iter()
            .filter_map(|item| if let Item::Image { hash, .. } = item { Some(hash.as_str()) } else { None })
            .collect()
    }

    /// Pulses for the drawer: pin, on, off in milliseconds.
    pub fn pulses(&self) -> Vec<(u8, u16, u16)> {
        self.items
            .iter()
            .filter_map(
                |item| {
                    if let Item::Pulse { pin, on_ms, off_ms } = *item { Some((pin, on_ms, off_ms)) } else { None }
                },
            )
            .collect()
    }

    /// What should not have come.
    pub fn incidents(&self) -> Vec<&str> {
        self.items
            .iter()
            .filter_map(|item| if let Item::Incident(what) = item { Some(what.as_str()) } else { None })
            .collect()
    }

    /// True when a customer would see something on it.
    pub fn is_printed(&self) -> bool {
        self.items.iter().any(Item::is_content)
    }
}

/// The slip for people: text, `[what else is on it]`, a rule where it was cut.
impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            match item {
                Item::Line(line) => writeln!(f, "{}", line.text)?,
                Item::Feed { .. } => {}
                Item::Barcode { system, data, .. } => writeln!(f, "[{system} {data}]")?,
                Item::Qr { data, .. } => writeln!(f, "[qr {data}]")?,
                Item::Pdf417 { data } => writeln!(f, "[pdf417 {data}]")?,
                Item::Image { width, height, hash } => writeln!(f, "[image {width}x{height} {hash}]")?,
                Item::Pulse { pin, on_ms, off_ms } => {
                    writeln!(f, "[drawer pin {pin}: {on_ms} ms on, {off_ms} ms off]")?;
                }
                Item::CounterReset(_) | Item::Scanned(_) => {}
                Item::Incident(what) => writeln!(f, "[! {what}]")?,
                Item::Cut(Cut::Full) => writeln!(f, "{}", "-".repeat(48))?,
                Item::Cut(Cut::Partial) => writeln!(f, "{}", "- ".repeat(24).trim_end())?,
            }
        }
        Ok(())
    }
}
