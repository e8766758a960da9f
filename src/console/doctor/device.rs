//! What each device says of itself.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use kkm_drivers::contract::{Paper, Shift};
use kkm_drivers::open;

use super::Sight;
use super::finding::{Ailment, Finding};
use crate::altegio::TaxTable;
use crate::console::ports;
use crate::control::{self, Ask, Tell};
use crate::daemon;
use crate::dispatcher::errand::{Errand, ErrandTold, Inspection};

/// A difference of clocks that is worth a word.
const CLOCK_MINUTES: i64 = 5;
/// A shift of 24 hours sells no more; one that is so old is not closed by itself any more, or will be within the hour.
const SHIFT_HOURS: u64 = 23;
/// A storage that ends within so many days must be ordered anew.
const STORAGE_DAYS: i64 = 45;
/// Room for less documents than this is some weeks of a shop.
const STORAGE_DOCUMENTS: u32 = 5000;
/// The operator is asked by the device itself; a day or two is a holiday's cable.
const UNSENT_DAYS: i64 = 3;

/// Asks each device, by the running service where there is one.
pub(super) fn look(sight: &Sight<'_>) -> Vec<Finding> {
    let table = daemon::tax_table(sight.settings).unwrap_or_default();
    let now = Timestamp::from_millisecond(sight.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut findings = Vec::new();
    for name in sight.settings.devices.keys() {
        let about = format!("devices.{name}");
        let found = match inspect(sight, name) {
            Ok(inspection) => judge(&inspection, &table, now, &sight.settings.altegio.time_zone),
            Err(None) => continue,
            Err(Some(why)) => vec![Ailment::DeviceSilent(why)],
        };
        let views = sight.running.iter().flatten().filter(|view| view.name == *name);
        let missed = views.filter_map(|view| view.missed_closing.as_ref());
        findings.extend(missed.map(|m| Finding::new(about.clone(), Ailment::ClosingMissed(m.text.clone()))));
        findings.extend(found.into_iter().map(|ailment| Finding::new(about.clone(), ailment)));
    }
    findings
}

/// `Err(None)`: its port is not there, which is said already.
fn inspect(sight: &Sight<'_>, name: &str) -> Result<Inspection, Option<String>> {
    let config = &sight.settings.devices[name].driver;
    if sight.running.is_some() {
        let ask = Ask::Errand { device: Some(name.to_owned()), errand: Errand::Inspect };
        return match control::ask(&daemon::socket(sight.settings), &ask) {
            Ok(Some(Tell::Errand(ErrandTold::Inspected(inspection)))) => Ok(*inspection),
            Ok(Some(Tell::Refused(why))) => Err(Some(why)),
            Ok(_) => Err(Some("the service gives no answer".to_owned())),
            Err(error) => Err(Some(error.to_string())),
        };
    }
    let here = super::ports::path_of(config);
    if here.is_some_and(|port| sight.machine.target(port).is_none()) {
        return Err(None);
    }
    if let Some(program) = here.and_then(|port| ports::user_of(sight.machine, port)) {
        return Err(Some(format!("the port is in use by {program}")));
    }
    // A configuration that opens nothing was told already.
    let mut driver = open::open(config).map_err(|_| None)?;
    Inspection::of(&mut *driver).map_err(|fault| Some(fault.to_string()))
}

/// From what a device says to what ails it.
fn judge(seen: &Inspection, table: &TaxTable, now: Timestamp, zone: &TimeZone) -> Vec<Ailment> {
    let status = &seen.status;
    let mut found = Vec::new();
    if let Some(reason) = &status.hindrance {
        found.push(Ailment::DeviceHindered(reason.clone()));
    }
    match status.shift {
        Shift::Expired(_) => found.push(Ailment::ShiftExpired),
        Shift::Open(_) => {
            let hours = seen.shift_age_s.unwrap_or_default() / 3600;
            found.extend((hours >= SHIFT_HOURS).then_some(Ailment::ShiftOld { hours }));
        }
        Shift::Closed(_) | Shift::None => {}
    }
    if status.open_receipt.is_some() {
        found.push(Ailment::ForeignReceipt);
    }
    match status.paper {
        // A cause that is told already leads to the same hands.
        Paper::Pending if status.hindrance.is_none() => found.push(Ailment::PaperPending),
        Paper::Pending => {}
        Paper::Delivered | Paper::Suppressed | Paper::Sent | Paper::Unknown => {}
    }
    let shop = now.to_zoned_datetime(zone.clone());
    if let Some(clock) = status.clock.as_deref().and_then(|text| text.parse::<DateTime>().ok()) {
        let minutes = clock.since((Unit::Minute, shop.datetime())).map_or(0, |span| span.get_minutes());
        if minutes.abs() >= CLOCK_MINUTES {
            found.push(Ailment::DeviceClock { minutes });
        }
    }
    if let Some(storage) = &seen.storage {
        let days_to = |day: Date| day.since((Unit::Day, shop.date())).map_or(0, |span| i64::from(span.get_days()));
        if let Ok(until) = storage.until.parse::<Date>()
            && days_to(until) <= STORAGE_DAYS
        {
            found.push(Ailment::StorageEnds { days: days_to(until) });
        }
        if let Some(documents) = storage.documents_left.filter(|left| *left < STORAGE_DOCUMENTS) {
            found.push(Ailment::StorageFills { documents });
        }
        let waits = storage.unsent_since.as_deref().and_then(|text| text.parse::<DateTime>().ok());
        let days = waits.map_or(0, |since| -days_to(since.date()));
        if storage.unsent > 0 && days >= UNSENT_DAYS {
            found.push(Ailment::Unsent { documents: storage.unsent, days });
        }
    }
    found.extend(status.warnings.iter().cloned().map(Ailment::DeviceWarns));
    found.extend(taxes(seen, table, shop.date()));
    found
}

/// FFD tag 1055: the general system, under which the law's rates must be charged. Under the others a shop may be exempt,
/// so the lack of a rate says nothing.
const GENERAL_SYSTEM: u8 = 1;

/// The tax table against the device: what a document of this shop may well ask for, and would be refused.
fn taxes(seen: &Inspection, table: &TaxTable, today: Date) -> Vec<Ailment> {
    let mut found = Vec::new();
    let rates = &seen.capabilities.vat_rates;
    for system in &seen.capabilities.tax_systems {
        let Some((slug, known)) = table.systems().find(|(_, known)| known.system == *system) else {
            found.push(Ailment::SystemUnknown { mask: system.mask() });
            continue;
        };
        if system.mask() != GENERAL_SYSTEM {
            continue;
        }
        for (vat, rate) in table.vats() {
            let usual = known.is_usual(vat) && !rate.is_outdated(today) && table.replacement(vat, today).is_none();
            // A device without rates of its own takes any.
            if usual && !rates.is_empty() && !rates.contains(&rate.rate) {
                found.push(Ailment::RateMissing { slug: vat.to_owned(), system: slug.to_owned() });
            }
        }
    }
    found
}

#[cfg(test)]
#[path = "device_tests.rs"]
mod tests;
