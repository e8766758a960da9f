//! Text for people: its length and its broken characters never stop a sale.

use super::json::Node;
use crate::messages::{Message, Note};

/// The text, at most `limit` characters of it. What was mended or cut is noted.
pub(super) fn free(node: &Node<'_>, limit: usize, notes: &mut Vec<Note>) -> Result<String, Message> {
    let read = node.text()?;
    if read.mended {
        notes.push(Note::BrokenText { place: node.place.clone() });
    }
    match read.text.char_indices().nth(limit) {
        None => Ok(read.text),
        Some((end, _)) => {
            notes.push(Note::Shortened { place: node.place.clone() });
            Ok(read.text[..end].to_owned())
        }
    }
}
