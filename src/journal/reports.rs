//! x
use rusqlite::{Connection, params};
use super::{JournalError, Row};
/// Heard.
pub const DELIVERED: &str = "delivered";
pub(super) fn insert(connection: &Connection, document: Row, url: Option<&str>, body: &str) -> Result<(), JournalError> {
    let Some(url) = url else { return Ok(()) };
    connection
        .prepare_cached("INSERT INTO reports (document, url, body) VALUES (?1, ?2, ?3)")?
        .execute(params![document, url, body])?;
    Ok(())
}
