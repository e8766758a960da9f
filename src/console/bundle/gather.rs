//! What goes in: of the journal and the configuration only what is known to be harmless.

use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::config::Settings;
use crate::console::answering::Answering;
use crate::console::machine::Machine;
use crate::console::ports;
use crate::control::{Ask, Tell};
use crate::daemon;
use crate::journal::views::{Details, Happened, Summary};
use crate::outbox::origin;

/// Documents and entries of the history that are shown.
const NEWEST: u32 = 200;
const HISTORY: u32 = 1000;

/// Explains the bundle to whoever opens it.
pub(super) fn readme() -> String {
    "kkm-bridge support bundle\n\
     \n\
     versions.json  program, system, USB devices\n\
     doctor.*       what the doctor found, with the ways out\n\
     config.json    the configuration, without secrets, comments and cashiers\n\
     journal.json   documents by state, code, sum and number\n\
     history.json   what happened\n\
     service.log    the last lines of the service\n\
     \n\
     Left out: requests, lines, customers, cashiers, messages to the cashier, tokens.\n\
     Masked in every text: tokens, e-mails, phones, long numbers, words of the shop's documents.\n"
        .to_owned()
}

/// Program, system, USB devices by id.
pub(super) fn versions(machine: &Machine) -> Value {
    let release = machine.read("/etc/os-release").unwrap_or_default();
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown");
    let usb: Vec<Value> = ports::list(machine)
        .iter()
        .map(|p| json!({ "port": p.name, "node": p.node, "usb": p.usb.as_ref().map(|u| format!("{} {}", u.id, u.words)) }))
        .collect();
    let now = daemon::now_ms().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    json!({
        "kkm-bridge": env!("CARGO_PKG_VERSION"),
        "architecture": std::env::consts::ARCH,
        "simulators": cfg!(feature = "simulators"),
        "system": system.trim_matches('"'),
        "kernel": machine.read("/proc/sys/kernel/osrelease"),
        "at": now.map(|t| t.to_string()),
        "ports": usb,
        "environment": std::env::vars().map(|(key, _)| key).filter(|key| key.starts_with("KKM_BRIDGE")).collect::<Vec<_>>(),
    })
}

/// The configuration; of one that is no TOML, the keys alone.
pub(super) fn configuration(path: &Path) -> Value {
    let Ok(text) = std::fs::read_to_string(path) else { return json!({ "missing": path }) };
    match toml::from_str::<Map<String, Value>>(&text) {
        Ok(mut map) => {
            hide(&mut map, "");
            Value::Object(map)
        }
        Err(_) => {
            let keys = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).map(|line| {
                let section = line.starts_with('[').then(|| line.split('=').next().unwrap_or_default());
                section.or_else(|| line.split_once('=').map(|(key, _)| key.trim())).unwrap_or_default()
            });
            json!({ "no_toml_keys": keys.filter(|key| !key.is_empty()).collect::<Vec<_>>() })
        }
    }
}

/// Secrets belong into files; but one that was written here by mistake must not go out either.
fn hide(map: &mut Map<String, Value>, section: &str) {
    if section == "cashiers" {
        *map = std::iter::once(("count".to_owned(), json!(map.len()))).collect();
        return;
    }
    for (key, value) in map {
        let secret = ["token", "password", "secret", "key"].iter().any(|word| key.contains(word));
        match value {
            Value::Object(inner) if secret && inner.keys().all(|k| k == "file" || k == "credential") => {}
            Value::Object(inner) if !secret => hide(inner, key),
            Value::String(url) if url.contains("://") => {
                let (scheme, rest) = url.split_once("://").unwrap_or_default();
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                *url = format!("{scheme}://{place}");
            }
            // The path of a certificate's key is no secret.
            Value::String(path) if key == "key" && path.starts_with('/') => {}
            _ if secret => *value = json!("(secret)"),
            Value::Array(_) | Value::String(_) | Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            }
        }
    }
}

/// The journal, as far as it goes in; and the words that must not.
pub(super) struct Journal {
    pub(super) documents: Value,
    pub(super) history: Value,
    pub(super) words: Vec<String>,
}

/// By the running service, else from the journal itself.
pub(super) fn journal(settings: &Settings) -> Journal {
    let who = Answering::find(settings).unwrap_or(Answering::Nobody);
    let answer = |ask: Ask| who.answer(ask).ok().flatten();
    let list = |ask: Ask| if let Some(Tell::Documents(list)) = answer(ask) { list } else { Vec::new() };
    let mut documents = list(Ask::Queue);
    let newest = list(Ask::Newest { limit: NEWEST });
    documents.extend(newest.into_iter().filter(|d| !documents.iter().any(|q| q.row == d.row)).collect::<Vec<_>>());
    let mut words = Vec::new();
    for document in &documents {
        if let Some(Tell::Document(Some(details))) = answer(Ask::Show { name: document.row.to_string() }) {
            words_of(&details, &mut words);
        }
    }
    let history =
        if let Some(Tell::History(list)) = answer(Ask::History { limit: HISTORY }) { list } else { Vec::new() };
    Journal { documents: documents.iter().map(harmless).collect(), history: history.iter().map(entry).collect(), words }
}

fn harmless(d: &Summary) -> Value {
    json!({
        "row": d.row,
        "device": d.device,
        "kind": d.kind,
        "state": d.state,
        "attempt": d.attempt,
        "accepted": time(d.accepted_ms),
        "total_minor": d.total_minor,
        "sale": d.document_id,
        "code": d.code,
        "paper": d.paper,
        "document_number": d.proof.as_ref().map(|p| p.document_number),
        "storage": d.proof.as_ref().map(|p| p.storage.clone()),
        "report": d.report.as_ref().map(|r| json!({
            "origin": origin::origin_of(&r.url),
            "state": r.state,
            "tries": r.tries,
            "answer": r.answer,
        })),
    })
}

fn entry(h: &Happened) -> Value {
    json!({ "at": time(h.at_ms), "device": h.device, "row": h.document, "what": h.what, "detail": h.detail })
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|t| t.to_string()).unwrap_or_default()
}

/// Titles, customers, cashiers, texts, and what was told: wherever they turn up, they go.
fn words_of(details: &Details, words: &mut Vec<String>) {
    words.push(details.summary.id.clone());
    words.extend(details.summary.message.clone());
    words.extend(details.notes.as_array().into_iter().flatten().filter_map(|n| n.as_str().map(str::to_owned)));
    if let Ok(body) = serde_json::to_value(&details.body) {
        collect(&body, "", words);
    }
}

/// Words of the contract's own, which are no words of the shop.
const PERSONAL: [&str; 9] = ["title", "contact", "email", "phone", "name", "inn", "text", "barcode", "slip"];

fn collect(value: &Value, key: &str, words: &mut Vec<String>) {
    match value {
        Value::String(text) if PERSONAL.iter().any(|p| key.contains(p)) => words.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|v| collect(v, key, words)),
        Value::Object(map) => map.iter().for_each(|(key, v)| collect(v, key, words)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The last lines that systemd kept of the service; in words why there are none.
pub(super) fn log(lines: u32) -> String {
    let mut command = Command::new("journalctl");
    command.args(["-u", "kkm-bridge", "-o", "short-iso", "--no-pager", "-n"]).arg(lines.to_string());
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => format!("journalctl ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        Err(error) => format!("no journalctl here: {error}"),
    }
}
