//! Rows as plain text, for tests and previews.

use std::fmt::Write;

use super::rows::Row;

/// One line a row; what is no text stands in brackets.
pub fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = match row {
            Row::Text(row) => text.write_str(row.text.trim_end()),
            Row::Qr(data) => write!(text, "[QR {data}]"),
            Row::Barcode(code) => write!(text, "[{:?} {}]", code.symbology, code.data),
            Row::Image(picture) => write!(text, "[picture {}x{}]", picture.width(), picture.height()),
            Row::Feed(lines) => text.write_str(&"\n".repeat(usize::from(lines.saturating_sub(1)))),
            Row::Cut => text.write_str("[cut]"),
            Row::Drawer => text.write_str("[drawer]"),
        };
        text.push('\n');
    }
    text
}
