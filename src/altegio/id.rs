//! The id of a print attempt: a string (UUID) or an integer, echoed exactly as it came.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Longest id that is echoed, in bytes of its JSON text; a UUID has 38.
const LIMIT_BYTES: usize = 256;

/// An id as it stood in the document. Two ids are the same when their text is, quoted or not.
#[derive(Clone, Debug)]
pub struct RawId {
    json: String,
    key: String,
}

impl RawId {
    /// Reads the JSON text of an id: a string without control characters, or a whole number.
    pub fn from_json(json: &str) -> Option<Self> {
        if json.len() > LIMIT_BYTES {
            return None;
        }
        let key = if json.starts_with('"') {
            serde_json::from_str::<String>(json).ok()?
        } else {
            let digits = json.strip_prefix('-').unwrap_or(json);
            (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| json.to_owned())?
        };
        let usable = !key.trim().is_empty() && !key.chars().any(char::is_control);
        usable.then(|| Self { json: json.to_owned(), key })
    }

    /// The JSON text, quotes included, as it came: to store and to restore by [`RawId::from_json`].
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The id itself: the key of idempotency.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl PartialEq for RawId {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for RawId {}

impl Serialize for RawId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.json.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_echoed_as_it_came() {
        for json in [r#""d72fece5-6825""#, r#""\u0041""#, "239083104", "18446744073709551616"] {
            let id = RawId::from_json(json).expect("an id");
            assert_eq!(serde_json::to_string(&id).expect("JSON"), json);
        }
        assert_eq!(RawId::from_json(r#""\u0041""#), RawId::from_json(r#""A""#));
    }

    #[test]
    fn what_is_no_id_is_not_echoed() {
        for json in
            ["", "null", "true", "1.5", "1e3", "-", "[]", "{}", r#""""#, r#""  ""#, r#""a\u0000""#, r#""\ud800""#]
        {
            assert_eq!(RawId::from_json(json), None, "{json}");
        }
        assert_eq!(RawId::from_json(&format!("\"{}\"", "a".repeat(300))), None);
    }
}
