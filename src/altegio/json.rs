//! JSON with the place of every field at hand.
//!
//! The syntax of the whole body is checked once by `serde_json`; then each object is opened level by level, its values
//! kept as raw text. So a number is its text, an id is echoed as it came, a key given twice is seen, and whoever reads a
//! field knows where it stands without reading error messages.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::number::{Exact, Unfit};
use crate::messages::{Expected, Message, Part, Place, Problem};

/// Deepest nesting that is read; a document has three levels.
const DEPTH: usize = 16;

/// Opens the body: text, JSON, an object. [`Object::checked`] is still to be asked for, so that the id can be read first.
pub(super) fn open(body: &[u8]) -> Result<Object<'_>, Message> {
    let text = std::str::from_utf8(body).map_err(|_| Message::NotUtf8)?;
    if text.trim().is_empty() {
        return Err(Message::EmptyBody);
    }
    // Raw text is skipped over without recursion, so that any depth is safe here.
    let raw: &RawValue =
        serde_json::from_str(text).map_err(|fault| Message::BadJson { line: fault.line(), column: fault.column() })?;
    Object::open(raw.get(), Part::Document, None).map_err(|_| Message::NotAnObject)
}

/// Refuses a body that is nested deeper than any document.
pub(super) fn check_depth(body: &[u8]) -> Result<(), Message> {
    if depth(body) > DEPTH { Err(Message::TooDeep { limit: DEPTH }) } else { Ok(()) }
}

/// Greatest nesting of brackets outside strings, of a body that is JSON.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// An object whose fields are unread.
#[derive(Debug)]
pub(super) struct Object<'a> {
    fields: Vec<(String, &'a RawValue)>,
    part: Part,
    index: Option<usize>,
}

impl<'a> Object<'a> {
    fn parse(raw: &'a str, part: Part, index: Option<usize>) -> Result<Self, Message> {
        Self::open(raw, part, index)?.checked()
    }

    fn open(raw: &'a str, part: Part, index: Option<usize>) -> Result<Self, Message> {
        match serde_json::from_str(raw) {
            Ok(Fields(fields)) => Ok(Self { fields, part, index }),
            Err(_) => Err(Message::Field {
                place: Place { part, index, field: "".into() },
                problem: Problem::Wrong(Expected::Object),
            }),
        }
    }

    /// The object, if no key stands in it twice.
    pub(super) fn checked(self) -> Result<Self, Message> {
        let mut seen = HashSet::with_capacity(self.fields.len());
        let twice = self.fields.iter().find(|(name, _)| !seen.insert(name.as_str()));
        let Some((twice, _)) = twice else { return Ok(self) };
        let field = Cow::Owned(twice.clone());
        Err(Message::Field { place: Place { part: self.part, index: self.index, field }, problem: Problem::Twice })
    }

    /// The field as raw text, null or not; `None` when it is absent or stands there twice.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let mut all = self.fields.iter().filter(|(field, _)| field == name).map(|(_, raw)| raw.get());
        all.next().filter(|_| all.next().is_none())
    }

    /// The field; `None` when it is absent or null.
    pub(super) fn get(&self, name: &'static str) -> Option<Node<'a>> {
        let raw = self.raw(name).filter(|&raw| raw != "null")?;
        Some(Node { raw, place: self.place(name) })
    }

    /// The field, which must be there.
    pub(super) fn need(&self, name: &'static str) -> Result<Node<'a>, Message> {
        self.get(name).ok_or_else(|| self.fault(name, Problem::Missing))
    }

    pub(super) fn place(&self, name: &'static str) -> Place {
        Place { part: self.part, index: self.index, field: name.into() }
    }

    pub(super) fn fault(&self, name: &'static str, problem: Problem) -> Message {
        Message::Field { place: self.place(name), problem }
    }
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node<'a> {
    raw: &'a str,
    pub(super) place: Place,
}

/// Text, and whether half characters in it had to be replaced.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) mended: bool,
}

impl<'a> Node<'a> {
    pub(super) fn fault(&self, problem: Problem) -> Message {
        Message::Field { place: self.place.clone(), problem }
    }

    /// A string. Half of a surrogate pair, left by a sender that cut its text, becomes a replacement character.
    pub(super) fn text(&self) -> Result<Text, Message> {
        if let Ok(text) = serde_json::from_str(self.raw) {
            return Ok(Text { text, mended: false });
        }
        let bytes: Bytes = serde_json::from_str(self.raw).map_err(|_| self.fault(Problem::Wrong(Expected::Text)))?;
        Ok(Text { text: String::from_utf8_lossy(&bytes.0).into_owned(), mended: true })
    }

    /// A string, or a whole number as its digits.
    pub(super) fn text_or_integer(&self) -> Result<String, Message> {
        let digits = self.raw.bytes().all(|b| b.is_ascii_digit());
        if digits {
            return Ok(self.raw.to_owned());
        }
        self.text().map(|t| t.text).map_err(|_| self.fault(Problem::Wrong(Expected::TextOrInteger)))
    }

    /// One of `words`, given with what each means.
    pub(super) fn word<T: Copy, const N: usize>(
        &self,
        known: &'static [&'static str; N],
        values: [T; N],
    ) -> Result<T, Message> {
        let given = self.text()?.text;
        let found = known.iter().position(|&word| word == given);
        found.map(|at| values[at]).ok_or_else(|| self.fault(Problem::Unknown { given, known }))
    }

    /// A whole number from 0 to 2^63 - 1.
    pub(super) fn integer(&self) -> Result<i64, Message> {
        let number = self.raw.parse().ok().filter(|&n: &i64| n >= 0);
        number.ok_or_else(|| self.fault(Problem::Wrong(Expected::Integer)))
    }

    pub(super) fn flag(&self) -> Result<bool, Message> {
        match self.raw {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.fault(Problem::Wrong(Expected::Flag))),
        }
    }

    /// A number by its text, turned by `take` into what the field holds with at most `places` decimals.
    pub(super) fn number<T>(&self, take: impl Fn(Exact) -> Result<T, Unfit>, places: u8) -> Result<T, Message> {
        if !self.raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Err(self.fault(Problem::Wrong(Expected::Number)));
        }
        let exact = Exact::parse(self.raw).ok_or_else(|| self.fault(Problem::TooLarge))?;
        take(exact).map_err(|unfit| {
            self.fault(match unfit {
                Unfit::Negative => Problem::Negative,
                Unfit::TooLarge => Problem::TooLarge,
                Unfit::TooPrecise => Problem::TooPrecise { places },
            })
        })
    }

    /// The objects of a list, at most `limit`.
    pub(super) fn objects(&self, part: Part, limit: usize) -> Result<Vec<Object<'a>>, Message> {
        let whole = |problem| Message::Field { place: Place { part, index: None, field: "".into() }, problem };
        let items: Vec<&RawValue> =
            serde_json::from_str(self.raw).map_err(|_| whole(Problem::Wrong(Expected::List)))?;
        if items.len() > limit {
            return Err(whole(Problem::TooMany { limit }));
        }
        items.iter().enumerate().map(|(index, raw)| Object::parse(raw.get(), part, Some(index))).collect()
    }

    pub(super) fn object(&self, part: Part) -> Result<Object<'a>, Message> {
        Object::parse(self.raw, part, None)
    }
}

/// Fields in order, doubles kept.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A string's bytes; `serde_json` leaves half of a surrogate pair in them.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsBytes;
        impl Visitor<'_> for AsBytes {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(AsBytes)
    }
}
