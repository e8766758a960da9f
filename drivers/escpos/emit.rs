//! Rows as bytes for the printer: the whole document before the first byte leaves.
//!
//! `escpos` builds the commands that it builds right (ESC @, E, a, GS !, GS ( k, GS k of form A); the rest is ours
//! ([`super::command`]): that crate's drawer pulse lacks its times, its partial cut is the full one, and its text passes
//! control bytes. Every document begins with ESC @, FS . and the code page.

use std::cell::RefCell;
use std::rc::Rc;

use escpos::driver::Driver as Sink;
use escpos::errors::PrinterError;
use escpos::printer::Printer;
use escpos::utils::{
    BarcodeFont, BarcodeHeight, BarcodeOption, BarcodePosition, BarcodeWidth, JustifyMode, Protocol,
    QRCodeCorrectionLevel, QRCodeModel, QRCodeOption,
};

use super::command::{self, BAND_BYTES};
use super::profile::Profile;
use crate::layout::barcode::{Barcode, Symbology};
use crate::layout::letters::cells;
use crate::layout::rows::Paper;
use crate::layout::{Bitmap, Ink, Layout, Letters, Page, Row, Style, TextRow, glyphs, rows};

/// Rows of a picture that go with one command.
const BAND_ROWS: usize = 255;
/// Lines of the highest code, or of the way to the cutter.
const CODE_LINES: u32 = 14;
/// Dots of a module of a QR code.
const QR_MODULE: u8 = 4;

/// Collects what the crate would send.
#[derive(Clone, Default)]
struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Sink for Buffer {
    fn name(&self) -> String {
        "buffer".into()
    }

    fn write(&self, data: &[u8]) -> Result<(), PrinterError> {
        self.0.borrow_mut().extend(data);
        Ok(())
    }

    fn read(&self, _buf: &mut [u8]) -> Result<usize, PrinterError> {
        Ok(0)
    }

    fn flush(&self) -> Result<(), PrinterError> {
        Ok(())
    }
}

/// A document for the printer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its height, in lines.
    pub lines: u32,
    /// How often the paper is cut.
    pub cuts: u32,
}

/// The whole document.
pub fn emit(layout: &Layout, profile: &Profile) -> Result<Job, PrinterError> {
    let pages: Vec<Page> = profile.pages.iter().map(|p| p.page).collect();
    let paper = Paper {
        columns: profile.columns.into(),
        dots: profile.dots.into(),
        letters: Letters { pages: &pages, draws: profile.raster },
        code128: profile.code128,
        qr: profile.qr,
    };
    let buffer = Buffer::default();
    let printer = Printer::new(buffer.clone(), Protocol::default(), None);
    let mut emitter = Emitter { printer, profile, page: pages.first().copied() };
    emitter.begin()?;
    let rows = rows(layout, &paper);
    for row in &rows {
        emitter.row(row)?;
    }
    emitter.printer.print()?;
    let cuts = rows.iter().filter(|row| matches!(row, Row::Cut)).count() as u32;
    Ok(Job { bytes: buffer.0.take(), lines: rows.iter().map(lines).sum(), cuts })
}

/// Height of a row, in lines.
fn lines(row: &Row) -> u32 {
    match row {
        Row::Text(_) => 1,
        Row::Feed(lines) => u32::from(*lines),
        Row::Image(picture) => picture.height().div_ceil(glyphs::CELL_HEIGHT) as u32,
        Row::Qr(_) | Row::Barcode(_) | Row::Cut => CODE_LINES,
        Row::Drawer => 0,
    }
}

struct Emitter<'a> {
    printer: Printer<Buffer>,
    profile: &'a Profile,
    page: Option<Page>,
}

impl Emitter<'_> {
    fn begin(&mut self) -> Result<(), PrinterError> {
        self.printer.init()?.custom(&command::CANCEL_CHINESE)?;
        if let Some(page) = self.page {
            self.select(page)?;
        }
        Ok(())
    }

    fn select(&mut self, page: Page) -> Result<(), PrinterError> {
        if let Some(numbered) = self.profile.pages.iter().find(|p| p.page == page) {
            self.printer.custom(&command::code_page(numbered.number))?;
            self.page = Some(page);
        }
        Ok(())
    }

    fn row(&mut self, row: &Row) -> Result<(), PrinterError> {
        match row {
            Row::Text(row) => self.text(row),
            Row::Qr(data) => self.qr(data),
            Row::Barcode(code) => self.barcode(code),
            Row::Image(picture) => {
                self.printer.justify(JustifyMode::CENTER)?;
                self.picture(picture)?;
                self.printer.justify(JustifyMode::LEFT)?;
                Ok(())
            }
            Row::Feed(0) => Ok(()),
            Row::Feed(lines) => self.printer.feeds(*lines).map(|_| ()),
            Row::Cut => self.printer.custom(&command::cut(self.profile.cut, self.profile.feed)).map(|_| ()),
            Row::Drawer => self.printer.custom(&command::drawer(self.profile.drawer)).map(|_| ()),
        }
    }

    fn text(&mut self, row: &TextRow) -> Result<(), PrinterError> {
        let text = row.text.trim_end();
        let page = match row.ink {
            Ink::Drawn => {
                let drawn = glyphs::draw(text, cells(text, Ink::Drawn).max(1), row.style.scale(), row.style.is_bold());
                return self.picture(&drawn);
            }
            Ink::Page(page) => page,
        };
        if self.page != Some(page) {
            self.select(page)?;
        }
        let mut bytes: Vec<u8> = text.chars().filter_map(|c| page.byte(c)).collect();
        bytes.push(command::LINE_FEED);
        match row.style {
            Style::Plain => self.printer.custom(&bytes)?,
            Style::Bold => self.printer.bold(true)?.custom(&bytes)?.bold(false)?,
            Style::Large => self.printer.bold(true)?.size(2, 2)?.custom(&bytes)?.size(1, 1)?.bold(false)?,
        };
        Ok(())
    }

    /// In bands that every buffer holds; each says exactly how many bytes it has.
    fn picture(&mut self, picture: &Bitmap) -> Result<(), PrinterError> {
        let row_bytes = picture.row_bytes();
        let band = (BAND_BYTES / row_bytes).clamp(1, BAND_ROWS) * row_bytes;
        for rows in picture.bytes().chunks(band) {
            self.printer.custom(&command::raster(row_bytes, rows))?;
        }
        Ok(())
    }

    fn qr(&mut self, data: &str) -> Result<(), PrinterError> {
        let option = QRCodeOption::new(QRCodeModel::Model2, QR_MODULE, QRCodeCorrectionLevel::M);
        self.printer.justify(JustifyMode::CENTER)?.qrcode_option(data, option)?.justify(JustifyMode::LEFT)?;
        Ok(())
    }

    fn barcode(&mut self, code: &Barcode) -> Result<(), PrinterError> {
        let width = if code.module >= 3 { BarcodeWidth::M } else { BarcodeWidth::S };
        let option = BarcodeOption::new(width, BarcodeHeight::S, BarcodeFont::A, BarcodePosition::Below);
        self.printer.justify(JustifyMode::CENTER)?;
        match code.symbology {
            Symbology::Ean13 => self.printer.ean13_option(&code.data, option)?,
            Symbology::Ean8 => self.printer.ean8_option(&code.data, option)?,
            Symbology::UpcA => self.printer.upca_option(&code.data, option)?,
            Symbology::Itf14 => self.printer.itf_option(&code.data, option)?,
            Symbology::Code39 => self.printer.code39_option(&code.data, option)?,
            Symbology::Code128B => self.code_128(code, b'B', code.data.as_bytes())?,
            Symbology::Code128C => self.code_128(code, b'C', &command::pairs(&code.data))?,
        };
        self.printer.justify(JustifyMode::LEFT)?;
        Ok(())
    }

    /// GS w, h, f, H as the crate sets them, then the symbol, which it lacks.
    fn code_128(&mut self, code: &Barcode, set: u8, data: &[u8]) -> Result<&mut Printer<Buffer>, PrinterError> {
        self.printer
            .custom(&[0x1D, 0x77, code.module, 0x1D, 0x68, 102, 0x1D, 0x66, 0, 0x1D, 0x48, 2])?
            .custom(&command::code_128(set, data))
    }
}

#[cfg(test)]
#[path = "emit_tests.rs"]
mod tests;
