//! The status body: the immediate answer to a document and the body of its callback.

use serde::Serialize;

use super::id::RawId;
use super::refusal::Refusal;
use crate::messages::{Locale, Note};

/// State of a document as the cloud knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Received and queued; only in the immediate answer.
    Pending,
    /// Registered; only in the callback.
    Success,
    /// Certainly not registered.
    Error,
}

/// `{"id", "status", "code", "message"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusBody {
    /// The document's id as it came; null when it could not be read.
    pub id: Option<RawId>,
    /// State.
    pub status: Status,
    /// 0, or the cloud's code of the error.
    pub code: u16,
    /// For the cashier.
    pub message: String,
}

impl StatusBody {
    /// The document is received and queued.
    pub fn pending(id: RawId) -> Self {
        Self { id: Some(id), status: Status::Pending, code: 0, message: "OK".to_owned() }
    }

    /// The document is registered; `remark` says what the cashier still has to know.
    pub fn success(id: RawId, remark: Option<&Note>, locale: Locale) -> Self {
        let message = remark.map_or_else(|| "OK".to_owned(), |note| note.render(locale));
        Self { id: Some(id), status: Status::Success, code: 0, message }
    }

    /// The document is refused and certainly not registered.
    pub fn error(id: Option<RawId>, refusal: &Refusal, locale: Locale) -> Self {
        Self { id, status: Status::Error, code: refusal.code.number(), message: refusal.message.render(locale) }
    }

    /// The body as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an id is checked JSON, the rest are plain words")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Message;

    #[test]
    fn the_body_is_what_the_cloud_documents() {
        let id = RawId::from_json("\"d72fece5\"").expect("an id");
        assert_eq!(
            StatusBody::pending(id.clone()).to_json(),
            r#"{"id":"d72fece5","status":"pending","code":0,"message":"OK"}"#
        );
        assert_eq!(
            StatusBody::success(id, None, Locale::En).to_json(),
            r#"{"id":"d72fece5","status":"success","code":0,"message":"OK"}"#
        );
    }

    #[test]
    fn an_unknown_id_is_null() {
        let body = StatusBody::error(None, &Refusal::from(Message::NotUtf8), Locale::En).to_json();
        assert!(body.starts_with(r#"{"id":null,"status":"error","code":1001,"message":""#), "{body}");
    }
}
