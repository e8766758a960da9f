//! Rows as a picture, for previews; with the cargo feature `preview` as a PNG file.
//!
//! Letters are drawn in the font of [`super::glyphs`], whatever the printer would use. Codes that a printer draws by
//! itself are shown as frames of their size with their data inside.

use super::bitmap::Bitmap;
use super::glyphs::{CELL_HEIGHT, draw};
use super::rows::Row;

/// Height of a frame in place of a bar code.
const BARCODE_HEIGHT: usize = 96;
/// Side of a frame in place of a QR code.
const QR_SIDE: usize = 192;

/// The whole document, so many columns wide.
pub fn picture(rows: &[Row], columns: usize) -> Bitmap {
    let parts: Vec<Bitmap> = rows.iter().map(|row| part(row, columns)).collect();
    let width = parts.iter().map(Bitmap::width).max().unwrap_or(1);
    let mut whole = Bitmap::new(width, parts.iter().map(Bitmap::height).sum::<usize>().max(1));
    let mut top = 0;
    for (row, part) in rows.iter().zip(&parts) {
        let left = if matches!(row, Row::Text(_)) { 0 } else { (width - part.width()) / 2 };
        whole.stamp(part, left, top);
        top += part.height();
    }
    whole
}

fn part(row: &Row, columns: usize) -> Bitmap {
    match row {
        Row::Text(row) => draw(&row.text, columns, row.style.scale(), row.style.is_bold()),
        Row::Image(picture) => picture.clone(),
        Row::Barcode(code) => frame(&code.data, columns, BARCODE_HEIGHT),
        Row::Qr(data) => frame(data, QR_SIDE / 12, QR_SIDE),
        Row::Feed(lines) => Bitmap::new(1, usize::from(*lines) * CELL_HEIGHT),
        Row::Cut => draw(&"- ".repeat(columns / 2), columns, 1, false),
        Row::Drawer => Bitmap::new(1, 0),
    }
}

fn frame(text: &str, columns: usize, height: usize) -> Bitmap {
    let inside = draw(text, columns, 1, false);
    let (width, height) = (inside.width(), height.max(CELL_HEIGHT));
    let mut framed = Bitmap::new(width, height);
    framed.stamp(&inside, 4, (height - CELL_HEIGHT) / 2);
    for x in 0..width {
        framed.blacken(x, 0);
        framed.blacken(x, height - 1);
    }
    for y in 0..height {
        framed.blacken(0, y);
        framed.blacken(width - 1, y);
    }
    framed
}

/// The picture as a PNG file, one bit a dot.
#[cfg(any(feature = "preview", test))]
pub fn to_png(picture: &Bitmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width() as u32, picture.height() as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    // In a PNG of one bit 0 is black.
    let light: Vec<u8> = picture.bytes().iter().map(|byte| !byte).collect();
    encoder.write_header()?.write_image_data(&light)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Ink, Page, Style, TextRow};

    #[test]
    fn a_document_is_one_picture_and_a_png_of_the_same_size() {
        let line = TextRow { text: "Стрижка  10.00".into(), ink: Ink::Page(Page::Cp866), style: Style::Bold };
        let rows = [Row::Text(line), Row::Feed(2), Row::Qr("https://example.com".into()), Row::Cut];
        let whole = picture(&rows, 32);
        assert_eq!((whole.width(), whole.height()), (384, 24 + 48 + 192 + 24));
        let file = to_png(&whole).expect("encoded");
        assert_eq!(file[..8], [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("decoded");
        assert_eq!((reader.info().width, reader.info().height), (384, 288));
    }
}
