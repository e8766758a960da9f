//! The log. By hand it is lines on standard error; under systemd each event goes to the journal with fields of its own:
//!
//! - `MESSAGE` is the whole line, as a person reads it: the sentence, then every `name=value`;
//! - `PRIORITY` is 3 (error), 4 (warn), 6 (info) or 7; so `journalctl -u kkm-bridge -p warning` shows what needs a look;
//! - `KKM_DOCUMENT`, `KKM_DEVICE`, `KKM_SHOP` ...: each field of the event and of the spans around it, in capitals;
//!   `journalctl KKM_DOCUMENT=17` is the story of one document.
//!
//! A journal that does not take a line in time loses it: a receipt never waits for its log.

use std::fmt::{Debug, Write};
use std::io::{ErrorKind, IsTerminal};
use std::os::unix::net::UnixDatagram;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Where systemd's journal takes entries with fields.
const SOCKET: &str = "/run/systemd/journal/socket";

/// Starts it, once in a process. `KKM_BRIDGE_LOG` says how much: `warn`, `info`, `debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("KKM_BRIDGE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::registry().with(filter);
    match Journald::found() {
        Some(journald) => log.with(journald).init(),
        // Standard output belongs to what was asked for.
        None => {
            let lines = tracing_subscriber::fmt::layer()
                .with_target(false)
                .with_ansi(std::io::stderr().is_terminal())
                .with_writer(std::io::stderr);
            log.with(lines).init();
        }
    }
}

/// Writes events in the journal's native form.
struct Journald {
    socket: UnixDatagram,
}

impl Journald {
    /// Only where standard error leads to the journal too: who redirects it wants the lines there.
    fn found() -> Option<Self> {
        let announced = std::env::var("JOURNAL_STREAM").ok()?;
        let stderr = rustix::fs::fstat(std::io::stderr()).ok()?;
        if announced != format!("{}:{}", stderr.st_dev, stderr.st_ino) {
            return None;
        }
        let socket = UnixDatagram::unbound().ok()?;
        socket.connect(SOCKET).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket })
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Journald {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.named.extend_from_slice(&around.named);
            }
        }
        event.record(&mut fields);
        let line = fields.line();
        match self.socket.send(&entry(*event.metadata().level(), &line, &fields)) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => eprintln!("{line}"),
            Ok(_) | Err(_) => {}
        }
    }
}

/// What an event or a span says.
#[derive(Default)]
struct Fields {
    sentence: String,
    named: Vec<(&'static str, String)>,
}

impl Fields {
    fn line(&self) -> String {
        let mut line = self.sentence.clone();
        for (name, value) in &self.named {
            // Writing to a string cannot fail.
            let _ = write!(line, " {name}={value}");
        }
        line
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.sentence = format!("{value:?}");
        } else {
            self.named.push((field.name(), format!("{value:?}")));
        }
    }
}

fn entry(level: Level, line: &str, fields: &Fields) -> Vec<u8> {
    let priority = match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    };
    let mut entry = Vec::new();
    put(&mut entry, "MESSAGE", line);
    put(&mut entry, "PRIORITY", priority);
    put(&mut entry, "SYSLOG_IDENTIFIER", env!("CARGO_PKG_NAME"));
    for (name, value) in &fields.named {
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        put(&mut entry, &format!("KKM_{}", name.to_ascii_uppercase()), value);
    }
    entry
}

/// A field with its length, so that no value can begin another field.
fn put(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an entry as the journal does.
    fn fields(mut entry: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        while let Some(end) = entry.iter().position(|b| *b == b'\n') {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
            let length = u64::from_le_bytes(entry[end + 1..end + 9].try_into().expect("eight bytes"));
            let value = &entry[end + 9..][..length as usize];
            found.push((text(&entry[..end]), text(value)));
            entry = &entry[end + 10 + value.len()..];
        }
        found
    }

    #[test]
    fn an_event_reaches_the_journal_as_a_line_for_people_and_as_fields() {
        let (socket, journal) = UnixDatagram::pair().expect("a pair");
        let log = tracing_subscriber::registry().with(Journald { socket });
        tracing::subscriber::with_default(log, || {
            let _lane = tracing::info_span!("lane", device = "front").entered();
            tracing::warn!(document = 17, error = %"no\nMESSAGE=forged", "the document waits");
        });
        let mut entry = [0; 4096];
        let length = journal.recv(&mut entry).expect("sent");
        let expected = [
            ("MESSAGE", "the document waits device=front document=17 error=no\nMESSAGE=forged"),
            ("PRIORITY", "4"),
            ("SYSLOG_IDENTIFIER", "kkm-bridge"),
            ("KKM_DEVICE", "front"),
            ("KKM_DOCUMENT", "17"),
            ("KKM_ERROR", "no\nMESSAGE=forged"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(&entry[..length]), expected);
    }
}
