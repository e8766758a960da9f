use kkm_drivers::contract::{Capabilities, Identity, OpenReceipt, Reason, Status, StorageLife, TaxSystem, VatRate};

use super::*;

/// 2026-11-25T12:00:00 in Moscow.
const NOON: &str = "2026-11-25T09:00:00Z";

fn healthy() -> Inspection {
    Inspection {
        identity: Identity::default(),
        status: Status {
            shift: Shift::Open(7),
            open_receipt: None,
            hindrance: None,
            paper: Paper::Delivered,
            clock: Some("2026-11-25T12:01:30".into()),
            warnings: Vec::new(),
        },
        capabilities: Capabilities {
            vat_rates: [0, 1000, 2200].map(VatRate::Rate).into_iter().chain([VatRate::Exempt]).collect(),
            tax_systems: vec![TaxSystem::from_mask(1).expect("OSN")],
            max_lines: None,
            zero_lines: true,
            electronic_only: true,
            stores_marker: true,
            cash_rounding: true,
        },
        shift_age_s: Some(3600),
        storage: Some(StorageLife {
            until: "2027-11-25".into(),
            registrations_left: 10,
            documents_left: Some(100_000),
            unsent: 1,
            unsent_since: Some("2026-11-24T10:00".into()),
        }),
    }
}

fn ails(change: impl FnOnce(&mut Inspection)) -> Vec<Ailment> {
    let mut seen = healthy();
    change(&mut seen);
    let zone = TimeZone::get("Europe/Moscow").expect("known");
    judge(&seen, &TaxTable::default(), NOON.parse().expect("a moment"), &zone)
}

fn storage(change: impl FnOnce(&mut StorageLife)) -> Vec<Ailment> {
    ails(|seen| change(seen.storage.as_mut().expect("there")))
}

#[test]
fn a_healthy_device_has_no_ailment() {
    assert_eq!(ails(|_| {}), []);
    assert_eq!(ails(|seen| seen.storage = None), []);
}

#[test]
fn each_thing_that_a_device_says_is_an_ailment_of_its_own() {
    assert_eq!(ails(|s| s.status.hindrance = Some(Reason::PaperOut)), [Ailment::DeviceHindered(Reason::PaperOut)]);
    assert_eq!(ails(|s| s.status.shift = Shift::Expired(7)), [Ailment::ShiftExpired]);
    assert_eq!(ails(|s| s.shift_age_s = Some(23 * 3600)), [Ailment::ShiftOld { hours: 23 }]);
    assert_eq!(ails(|s| s.status.paper = Paper::Pending), [Ailment::PaperPending]);
    let open = OpenReceipt { operation: None, subtotal: None };
    assert_eq!(ails(|s| s.status.open_receipt = Some(open)), [Ailment::ForeignReceipt]);
    let warns = |s: &mut Inspection| s.status.warnings.push("fuse".into());
    assert_eq!(ails(warns), [Ailment::DeviceWarns("fuse".into())]);
}

#[test]
fn clocks_are_compared_in_the_shop_s_zone() {
    let clock = |text: &str| ails(|s| s.status.clock = Some(text.into()));
    assert_eq!(clock("2026-11-25T11:50:00"), [Ailment::DeviceClock { minutes: -10 }]);
    assert_eq!(clock("2026-11-25T12:04:00"), []);
    // A machine's clock and a register's that are both right, and a zone that is not.
    assert_eq!(clock("2026-11-25T09:00:00"), [Ailment::DeviceClock { minutes: -180 }]);
    assert_eq!(clock("2026-11-26T12:00:00"), [Ailment::DeviceClock { minutes: 24 * 60 }]);
}

#[test]
fn a_storage_is_told_of_before_it_ends_fills_or_stops_for_want_of_its_operator() {
    assert_eq!(storage(|s| s.until = "2026-12-25".into()), [Ailment::StorageEnds { days: 30 }]);
    assert_eq!(storage(|s| s.until = "2026-11-20".into()), [Ailment::StorageEnds { days: -5 }]);
    assert_eq!(storage(|s| s.documents_left = Some(400)), [Ailment::StorageFills { documents: 400 }]);
    assert_eq!(
        storage(|s| s.unsent_since = Some("2026-11-10T08:00".into())),
        [Ailment::Unsent { documents: 1, days: 15 }]
    );
}

#[test]
fn a_rate_that_the_shop_will_ask_for_and_the_device_lacks_is_told() {
    let lost = |s: &mut Inspection| s.capabilities.vat_rates.retain(|rate| *rate != VatRate::Rate(2200));
    assert_eq!(ails(lost), [Ailment::RateMissing { slug: "ru_vat_22".into(), system: "ru_osn".into() }]);
    let simplified = |s: &mut Inspection| s.capabilities.tax_systems = vec![TaxSystem::from_mask(2).expect("USN")];
    assert_eq!(ails(simplified), [], "a shop under another system may be exempt");
}
