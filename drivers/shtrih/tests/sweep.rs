//! Every byte of an operation, in both directions, is hurt in every way, one at a time: a dispatcher must end with
//! exactly one document in the register's books, or with a person and none.

use std::collections::BTreeMap;
use std::time::Duration;

use super::shop::{End, Shop, dispatch, new_line, small_sale};
use crate::contract::{Body, Driver, Marker, Money, Outcome};
use crate::shtrih::{Level, Settings, Shtrih};
use crate::simulator::MemoryLink;
use crate::simulator::books::{BookedDocument, Kind};
use crate::transport::faulty::{FaultyOpener, Harm, Plan, Spot, Way};
use crate::transport::{Opener, Port, PortError};

/// A line whose power is cut at a byte.
#[derive(Clone)]
struct Cutting {
    line: MemoryLink,
    plan: Plan,
    at: Option<(Way, u64)>,
}

impl Opener for Cutting {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let port = FaultyOpener::new(self.line.clone(), self.plan.clone()).open()?;
        Ok(Box::new(CuttingPort { port, cutting: self.clone() }))
    }

    fn name(&self) -> String {
        "cut".to_owned()
    }
}

struct CuttingPort {
    port: Box<dyn Port>,
    cutting: Cutting,
}

impl CuttingPort {
    /// Cuts once, when the byte has passed.
    fn cut(&self, before: (u64, u64)) {
        let now = self.cutting.plan.counts();
        let passed = match self.cutting.at {
            Some((Way::ToDevice, at)) => before.0 <= at && at < now.0,
            Some((Way::FromDevice, at)) => before.1 <= at && at < now.1,
            None => false,
        };
        if passed {
            self.cutting.line.inject("power-cut 3s").expect("understood");
        }
    }
}

impl Port for CuttingPort {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        // Byte by byte, so that the cut comes between two bytes of a frame.
        for byte in bytes {
            let before = self.cutting.plan.counts();
            self.port.write(&[*byte], within)?;
            self.cut(before);
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let before = self.cutting.plan.counts();
        let n = self.port.read(buffer, within)?;
        self.cut(before);
        Ok(n)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        self.port.discard_input()
    }

    fn pause(&mut self, time: Duration) {
        self.port.pause(time);
    }

    fn now(&self) -> Duration {
        self.port.now()
    }
}

/// What is done while bytes are hurt, and how the books know it.
#[derive(Clone)]
struct Case {
    name: &'static str,
    level: Level,
    body: Body,
    kind: Kind,
    is_whole: fn(&BookedDocument) -> bool,
}

fn a_sale() -> Case {
    // Our marker, and what was sold.
    let is_whole = |booked: &BookedDocument| {
        booked.tag_text(1192).parse::<Marker>().is_ok()
            && booked.total == Money::from_minor(10_000)
            && booked.payments.cash == booked.total
            && booked.change == Money::ZERO
            && booked.lines.iter().map(|l| l.title.as_str()).eq(["Стрижка", "Шампунь"])
    };
    Case { level: Level::Standard, name: "sale", body: small_sale(), kind: Kind::Receipt, is_whole }
}

fn a_cash_in() -> Case {
    let is_whole = |booked: &BookedDocument| booked.total == Money::from_minor(5000);
    Case {
        level: Level::Standard,
        name: "cash in",
        body: Body::CashIn(Money::from_minor(5000)),
        kind: Kind::CashIn,
        is_whole,
    }
}

fn a_shift_closed() -> Case {
    Case {
        level: Level::Standard,
        name: "close shift",
        body: Body::CloseShift(None),
        kind: Kind::ShiftClosed,
        is_whole: |_| true,
    }
}

fn numbered(case: Case) -> Case {
    Case { level: Level::Numbered, ..case }
}

/// One operation over a spoiled line; gives how it ended, and its documents in the books.
fn one(case: &Case, plan: Plan, at: Option<(Way, u64)>) -> (End, Vec<BookedDocument>) {
    let line = new_line();
    let settings = Settings { level: case.level, ..Settings::serial() };
    let mut opening = Shtrih::new(Box::new(line.clone()), settings.clone());
    let opened = opening.execute(&super::shop::document(Body::OpenShift(None), 1), &mut super::shop::Willing);
    assert!(matches!(opened, Outcome::Done(..)));
    let mut driver = Shtrih::new(Box::new(Cutting { line: line.clone(), plan, at }), settings);
    let end = dispatch(&mut driver, &line, &case.body);
    let _ = driver.status();
    let shop = Shop { line, driver };
    (end, shop.booked(case.kind))
}

/// Spoils every byte in one way and counts the ends.
fn sweep(case: &Case, name: &str, harm: Option<Harm>) {
    let counting = Plan::harmless();
    assert!(matches!(one(case, counting.clone(), None).0, End::Registered(..)));
    let (sent, received) = counting.counts();
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for (way, bytes) in [(Way::ToDevice, sent), (Way::FromDevice, received)] {
        for at in 0..bytes {
            let (plan, cut) = match harm {
                Some(harm) => (Plan::with(Spot { way, at, harm }), None),
                None => (Plan::harmless(), Some((way, at))),
            };
            let (end, books) = one(case, plan, cut);
            let place = format!("{} {:?}, {name} {way:?} {at}: {end:?}", case.name, case.level);
            // A byte that comes twice and equals the frame's sum passes the sum: one field may be hurt, never the count.
            let whole = books.iter().all(case.is_whole);
            let doubled = harm == Some(Harm::Duplicate);
            let kind = match (end, books.len()) {
                (End::Registered(..), 1) if whole => "registered once",
                (End::Registered(..), 1) if doubled => "registered once, a field hurt",
                (End::Person(_), 0) => "a person, nothing registered",
                (End::Person(_), 1) if !whole && doubled => "a person, registered once, a field hurt",
                (End::Refused(_), 0) if doubled => "refused, nothing registered",
                (End::Registered(..) | End::Person(_) | End::Refused(_) | End::Never, many) => {
                    panic!("{place}; {many} in the books, as it should be: {whole}")
                }
            };
            *ends.entry(kind).or_default() += 1;
        }
    }
    println!("{} {:?}, {name}: {sent} bytes to the device, {received} from it: {ends:?}", case.name, case.level);
    assert!(ends.contains_key("registered once"), "{name}: the sweep reached nothing");
}

#[test]
fn a_lost_byte_never_doubles_or_loses_a_receipt() {
    sweep(&a_sale(), "drop", Some(Harm::Drop));
}

#[test]
fn a_turned_bit_never_doubles_or_loses_a_receipt() {
    for bit in [0, 2, 4] {
        sweep(&a_sale(), "flip", Some(Harm::Flip(1 << bit)));
    }
}

#[test]
fn a_byte_that_comes_twice_never_doubles_or_loses_a_receipt() {
    sweep(&a_sale(), "duplicate", Some(Harm::Duplicate));
}

#[test]
fn noise_between_bytes_never_doubles_or_loses_a_receipt() {
    sweep(&a_sale(), "insert FFh", Some(Harm::Insert(0xFF)));
}

#[test]
fn bytes_that_come_late_never_double_or_lose_a_receipt() {
    sweep(&a_sale(), "stall 200 ms", Some(Harm::Stall(Duration::from_millis(200))));
    sweep(&a_sale(), "stall 20 s", Some(Harm::Stall(Duration::from_secs(20))));
}

#[test]
fn a_connection_that_breaks_never_doubles_or_loses_a_receipt() {
    sweep(&a_sale(), "disconnect", Some(Harm::Disconnect));
}

#[test]
fn a_lost_rest_of_an_answer_never_doubles_or_loses_a_receipt() {
    sweep(&a_sale(), "lose 40 bytes", Some(Harm::Lose(40)));
}

#[test]
fn power_that_goes_at_any_byte_never_doubles_or_loses_a_receipt() {
    sweep(&a_sale(), "power cut", None);
}

#[test]
fn cash_goes_in_once_whatever_byte_is_hurt() {
    sweep(&a_cash_in(), "drop", Some(Harm::Drop));
    sweep(&a_cash_in(), "flip", Some(Harm::Flip(4)));
    sweep(&a_cash_in(), "disconnect", Some(Harm::Disconnect));
    sweep(&a_cash_in(), "power cut", None);
}

#[test]
fn a_shift_is_closed_once_whatever_byte_is_hurt() {
    sweep(&a_shift_closed(), "drop", Some(Harm::Drop));
    sweep(&a_shift_closed(), "flip", Some(Harm::Flip(4)));
    sweep(&a_shift_closed(), "disconnect", Some(Harm::Disconnect));
    sweep(&a_shift_closed(), "power cut", None);
}

#[test]
fn numbered_packets_never_double_or_lose_a_receipt_whatever_byte_is_hurt() {
    let case = numbered(a_sale());
    sweep(&case, "drop", Some(Harm::Drop));
    sweep(&case, "flip", Some(Harm::Flip(4)));
    sweep(&case, "duplicate", Some(Harm::Duplicate));
    sweep(&case, "insert FFh", Some(Harm::Insert(0xFF)));
    sweep(&case, "stall 20 s", Some(Harm::Stall(Duration::from_secs(20))));
    sweep(&case, "disconnect", Some(Harm::Disconnect));
    sweep(&case, "lose 40 bytes", Some(Harm::Lose(40)));
    sweep(&case, "power cut", None);
}

#[test]
fn numbered_packets_move_cash_and_close_a_shift_once_whatever_byte_is_hurt() {
    for case in [numbered(a_cash_in()), numbered(a_shift_closed())] {
        sweep(&case, "drop", Some(Harm::Drop));
        sweep(&case, "flip", Some(Harm::Flip(4)));
        sweep(&case, "disconnect", Some(Harm::Disconnect));
        sweep(&case, "power cut", None);
    }
}
