//! The final words: what the cloud and the cashier are told.

use kkm_drivers::contract::{Body, Found, Paper, Refusal as DeviceRefusal};

use crate::altegio::{RawId, Refusal, StatusBody};
use crate::journal::life::{Final, Waiting};
use crate::messages::{Locale, Message, Note};

/// Registered; with a remark when the paper is not out.
pub fn done(request_id: &str, _body: &Body, paper: Paper, locale: Locale) -> Final {
    let remark = match paper {
        Paper::Pending => Some(Note::PaperPending),
        Paper::Sent => Some(Note::SentNotConfirmed),
        Paper::Delivered | Paper::Suppressed | Paper::Unknown => None,
    };
    success(request_id, remark.as_ref(), locale)
}

/// Found in the register's memory after a person agreed to the device.
pub fn found(request_id: &str, _found: &Found, locale: Locale) -> Final {
    success(request_id, None, locale)
}

/// A person said that it was registered.
pub fn decided(request_id: &str, locale: Locale) -> Final {
    success(request_id, None, locale)
}

/// Registered.
pub fn success(request_id: &str, remark: Option<&Note>, locale: Locale) -> Final {
    match RawId::from_json(request_id) {
        Some(id) => {
            let body = StatusBody::success(id, remark, locale);
            Final { code: 0, body: body.to_json(), message: body.message }
        }
        // An operation of our own: nobody is told.
        None => Final { code: 0, message: "OK".into(), body: String::new() },
    }
}

/// The device said no.
pub fn refused(request_id: &str, refusal: &DeviceRefusal, locale: Locale) -> Final {
    error(request_id, Message::Device(refusal.clone()), locale)
}

/// It waited too long: with the cause, when one is known.
pub fn expired(waiting: &Waiting, locale: Locale) -> Final {
    let message = match &waiting.hindrance {
        Some(reason) => Message::GaveUpBecause(reason.clone()),
        None => Message::GaveUp,
    };
    error(&waiting.request_id, message, locale)
}

fn error(request_id: &str, message: Message, locale: Locale) -> Final {
    let refusal = Refusal::from(message);
    let body = StatusBody::error(RawId::from_json(request_id), &refusal, locale);
    Final { code: body.code, body: body.to_json(), message: body.message }
}
