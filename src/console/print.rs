//! Answers as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kkm_drivers::contract::{Money, Paper, Puzzle, Shift};

use crate::control::{DeviceView, Tell};
use crate::dispatcher::errand::ErrandTold;
use crate::journal::views::{Details, Happened, Summary};

/// Prints an answer on standard output.
pub(super) fn tell(tell: &Tell) {
    match tell {
        Tell::Documents(list) => documents(list),
        Tell::Document(Some(details)) => document(details),
        Tell::Document(None) => println!("There is no such document."),
        Tell::History(list) => list.iter().for_each(|h| println!("{}", happened(h))),
        Tell::Devices(list) => list.iter().for_each(device),
        Tell::Errand(told) => errand(told),
        Tell::Done(text) | Tell::Refused(text) => println!("{text}"),
    }
}

fn errand(told: &ErrandTold) {
    match told {
        ErrandTold::Looked(looked) => {
            let (identity, status) = looked.as_ref();
            println!(
                "{} {}, serial {}, storage {}",
                identity.model, identity.firmware, identity.serial, identity.storage
            );
            match status.shift {
                Shift::Closed(number) => println!("  shift      closed (last was {number})"),
                Shift::Open(number) => println!("  shift      {number} is open"),
                Shift::Expired(number) => println!("  shift      {number} is older than 24 hours and must be closed"),
                Shift::None => println!("  shift      the device knows none"),
            }
            if let Some(clock) = &status.clock {
                println!("  clock      {clock}");
            }
            println!("  paper      {}", paper(status.paper));
            if let Some(open) = &status.open_receipt {
                println!("  receipt    one is open: {open:?}");
            }
            if let Some(hindrance) = &status.hindrance {
                println!("  hindered   {hindrance:?}");
            }
            for warning in &status.warnings {
                println!("  warning    {warning}");
            }
        }
        ErrandTold::Inspected(inspection) => {
            let i = inspection.as_ref();
            println!("{} {}, serial {}", i.identity.model, i.identity.firmware, i.identity.serial);
        }
        ErrandTold::Paper(state) => println!("The paper of the last document is {}.", paper(*state)),
        ErrandTold::Copied => println!("A copy of the last receipt is printed."),
        ErrandTold::Failed(why) => println!("{why}"),
    }
}

fn paper(paper: Paper) -> &'static str {
    match paper {
        Paper::Delivered => "printed",
        Paper::Pending => "waiting for a roll or the cover",
        Paper::Suppressed => "not wanted",
        Paper::Sent => "sent, not confirmed",
        Paper::Unknown => "unknown",
    }
}

fn time(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn documents(list: &[Summary]) {
    if list.is_empty() {
        println!("Nothing waits: every document is at its end and reported.");
        return;
    }
    for d in list {
        let sum = Money::from_minor(d.total_minor);
        let report =
            d.report.as_ref().map_or_else(String::new, |r| format!(", report {} ({} tries)", r.state, r.tries));
        println!(
            "{:>6}  {}  {:<6} {sum:>12}  {}{report}  sale {}  id {}",
            d.row,
            time(d.accepted_ms),
            d.kind,
            d.state,
            d.document_id,
            d.id
        );
        if d.state == "needs_operator" {
            println!("        a person must decide: kkm-bridge show {}", d.row);
        }
    }
}

fn document(details: &Details) {
    let d = &details.summary;
    println!("document {} on {}: {} {}", d.row, d.device, d.kind, Money::from_minor(d.total_minor));
    println!("  id         {}", d.id);
    println!("  sale       {}", d.document_id);
    println!("  accepted   {}", time(d.accepted_ms));
    println!("  state      {} (attempt {})", d.state, d.attempt);
    if let Some(cause) = &details.waits_for {
        println!("  waits for  {cause}");
    }
    if let Some(proof) = &d.proof {
        println!(
            "  registered fiscal document {}, sign {}, storage {}",
            proof.document_number, proof.sign, proof.storage
        );
    }
    if let Some(paper) = &d.paper {
        println!("  paper      {paper}");
    }
    if let (Some(code), Some(message)) = (d.code, &d.message) {
        println!("  told       {code}: {message}");
    }
    if let Some(report) = &d.report {
        let answer = report.answer.as_deref().map_or_else(String::new, |a| format!(", {a}"));
        println!("  report     {} after {} tries{answer}, to {}", report.state, report.tries, report.url);
    }
    for note in details.notes.as_array().into_iter().flatten().filter_map(|n| n.as_str()) {
        println!("  note       {note}");
    }
    if let Some(receipt) = details.body.as_ref().and_then(|b| b.receipt()) {
        for line in receipt.lines() {
            println!(
                "  line       {} x {} = {}  {}  {}",
                line.quantity(),
                line.price(),
                line.total(),
                line.vat(),
                line.title()
            );
        }
        let p = receipt.payments();
        println!("  paid       cash {}, card {}, prepaid {}, change {}", p.cash, p.card, p.prepaid, receipt.change());
    }
    if d.state == "needs_operator" {
        let printer = details.puzzle == Some(Puzzle::NoMemory);
        match &details.puzzle {
            Some(Puzzle::NoMemory) => println!("  undecided  the device cannot say whether the receipt came out"),
            Some(puzzle) => println!("  undecided  {puzzle:?}"),
            None => {}
        }
        println!("  a person must decide: look at the receipt, then one of");
        let told = if printer { "--printed" } else { "--registered NUMBER SIGN" };
        println!("    kkm-bridge decide {} --attempt {} {told}", d.row, d.attempt);
        println!("    kkm-bridge decide {} --attempt {} --not-registered", d.row, d.attempt);
        if printer {
            println!("  After --not-registered it is printed again, marked as a copy: a part may be on paper already.");
        }
    }
    println!("  history");
    details.history.iter().for_each(|h| println!("    {}", happened(h)));
}

fn happened(h: &Happened) -> String {
    let document = h.document.map_or_else(String::new, |d| format!(" document {d}"));
    format!("{}  {}{document}: {}  {}", time(h.at_ms), h.device, h.what, h.detail)
}

pub(super) fn device(d: &DeviceView) {
    if d.serial.is_empty() {
        println!("{}: not met yet", d.name);
    } else {
        println!("{}: serial {}, storage {}, last document {}", d.name, d.serial, d.storage, d.last_document);
    }
    if let Some(port) = &d.port {
        println!("  at {port}");
    }
    if let Some(fence) = &d.fence {
        println!("  FENCED, nothing is dispatched: {fence}");
        println!("  If the device is the right one: kkm-bridge agree {}", d.name);
    }
    if let Some(missed) = &d.missed_closing {
        println!("  ALARM      {}", missed.text);
    }
}
