//! Two-dimensional symbols of `GS ( k`: settings, storage, drawing.

use qrcodegen::{QrCode, QrCodeEcc};

use super::bitmap::Bitmap;
use super::books::Item;

const PDF417: u8 = 48;
const QR: u8 = 49;

/// Settings and the stored content; ESC @ brings them back to these.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    model: u8,
    module: u8,
    level: u8,
    qr: Vec<u8>,
    pdf417: Vec<u8>,
}

impl Default for Symbols {
    fn default() -> Self {
        Self { model: 50, module: 3, level: 48, qr: Vec::new(), pdf417: Vec::new() }
    }
}

/// What a function does to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// Nothing.
    Nothing,
    /// A symbol to be printed.
    Symbol(Item, Bitmap),
    /// Bytes for the host.
    Answer(Vec<u8>),
}

impl Symbols {
    /// Carries out a function; an error says why a printer would not.
    pub(crate) fn function(&mut self, kind: u8, function: u8, data: &[u8]) -> Result<Made, &'static str> {
        match (kind, function, data) {
            (QR, 65, [model @ 49..=51, 0]) => self.model = *model,
            (QR, 67, [module @ 1..=16]) => self.module = *module,
            (QR, 69, [level @ 48..=51]) => self.level = *level,
            (QR, 80, [48, content @ ..]) if (1..=7089).contains(&content.len()) => self.qr = content.to_vec(),
            (QR, 81, [48]) => return self.print_qr(),
            (QR, 82, [48]) => return self.size(),
            (PDF417, 65..=70, _) => {}
            (PDF417, 80, [48, content @ ..]) if !content.is_empty() => self.pdf417 = content.to_vec(),
            (PDF417, 81, [48]) if self.pdf417.is_empty() => return Err("no symbol is stored"),
            (PDF417, 81, [48]) => {
                let data = String::from_utf8_lossy(&self.pdf417).into_owned();
                return Ok(Made::Symbol(Item::Pdf417 { data }, place_of_pdf417()));
            }
            (QR | PDF417, ..) => return Err("GS ( k with parameters out of range"),
            _ => return Err("an unknown kind of symbol"),
        }
        Ok(Made::Nothing)
    }

    fn code(&self) -> Result<QrCode, &'static str> {
        if self.qr.is_empty() {
            return Err("no symbol is stored");
        }
        if self.model == 51 {
            return Err("this simulator draws no Micro QR");
        }
        let level = match self.level {
            49 => QrCodeEcc::Medium,
            50 => QrCodeEcc::Quartile,
            51 => QrCodeEcc::High,
            _ => QrCodeEcc::Low,
        };
        QrCode::encode_binary(&self.qr, level).map_err(|_| "more than a QR code holds")
    }

    fn print_qr(&self) -> Result<Made, &'static str> {
        let code = self.code()?;
        let (side, module) = (code.size() as usize, usize::from(self.module));
        let dots = Bitmap::drawn(side, side, |x, y| code.get_module(x as i32, y as i32)).scaled(module, module);
        let item = Item::Qr {
            data: String::from_utf8_lossy(&self.qr).into_owned(),
            level: ['L', 'M', 'Q', 'H'][usize::from(self.level - 48)],
            model: self.model - 48,
            module: self.module,
        };
        Ok(Made::Symbol(item, dots))
    }

    /// `37 36 X 1F Y 1F 31 1F code 00`: sides in dots, 31 fixed, 30 printable.
    fn size(&self) -> Result<Made, &'static str> {
        let side = self.code()?.size() as usize * usize::from(self.module);
        Ok(Made::Answer(format!("76{side}\x1F{side}\x1F1\x1F0\0").into_bytes()))
    }
}

/// A frame.
fn place_of_pdf417() -> Bitmap {
    Bitmap::drawn(200, 60, |x, y| !(2..198).contains(&x) || !(2..58).contains(&y))
}
