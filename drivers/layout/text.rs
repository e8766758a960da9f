//! Rows as plain text, for tests and previews.

use super::rows::Row;

/// One line a row; what is no text stands in brackets.
pub fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        match row {
            Row::Text(row) => text.push_str(row.text.trim_end()),
            Row::Qr(data) => text.push_str(&format!("[QR {data}]")),
            Row::Barcode(code) => text.push_str(&format!("[{:?} {}]", code.symbology, code.data)),
            Row::Image(picture) => text.push_str(&format!("[picture {}x{}]", picture.width(), picture.height())),
            Row::Feed(lines) => text.push_str(&"\n".repeat(usize::from(lines.saturating_sub(1)))),
            Row::Cut => text.push_str("[cut]"),
            Row::Drawer => text.push_str("[drawer]"),
        }
        text.push('\n');
    }
    text
}
