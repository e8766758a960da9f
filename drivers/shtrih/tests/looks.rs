//! What is asked of the register besides the receipt itself, and what is not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::shop::{Willing, cash, document, draft, line, new_line, receipt, small_sale};
use crate::contract::{Body, Driver, Fault, Money, Outcome, Payments, Witness};
use crate::shtrih::{Level, Settings, Shtrih};
use crate::simulator::books::Kind;
use crate::simulator::{Clock, Device, Manner, MemoryLink, Register};
use crate::transport::{Opener, Port, PortError};

type Log = Arc<Mutex<Vec<String>>>;

/// A line that keeps the names of the commands.
#[derive(Clone)]
struct Listening(MemoryLink, Log);

impl Opener for Listening {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        Ok(Box::new(ListeningPort(self.0.open()?, self.1.clone())))
    }

    fn name(&self) -> String {
        self.0.name()
    }
}

struct ListeningPort(Box<dyn Port>, Log);

impl Port for ListeningPort {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        match bytes {
            [2, _, 0xFF, second, ..] => self.1.lock().expect("whole").push(format!("FF{second:02X}")),
            [2, _, first, ..] => self.1.lock().expect("whole").push(format!("{first:02X}")),
            _ => {}
        }
        self.0.write(bytes, within)
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        self.0.read(buffer, within)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        self.0.discard_input()
    }

    fn pause(&mut self, time: Duration) {
        self.0.pause(time);
    }

    fn now(&self) -> Duration {
        self.0.now()
    }
}

struct Heard {
    line: MemoryLink,
    log: Log,
    driver: Shtrih,
}

impl Heard {
    fn with(settings: Settings) -> Self {
        let (line, log) = (new_line(), Log::default());
        let mut driver = Shtrih::new(Box::new(Listening(line.clone(), log.clone())), settings);
        let opened = driver.execute(&document(Body::OpenShift(None), 1), &mut Willing);
        assert!(matches!(opened, Outcome::Done(..)), "{opened:?}");
        driver.mark().expect("answers");
        driver.capabilities().expect("answers");
        log.lock().expect("whole").clear();
        Self { line, log, driver }
    }

    fn commands(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().expect("whole"))
    }

    fn sell(&mut self, body: Body) {
        let outcome = self.driver.execute(&document(body, 1), &mut Willing);
        assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
    }

    fn drawer_opened(&self) -> usize {
        self.commands().iter().filter(|c| *c == "28").count()
    }
}

#[test]
fn the_look_before_a_receipt_asks_what_its_verdict_needs_and_no_more() {
    let mut shop = Heard::with(Settings::serial());
    shop.driver.status().expect("answers");
    shop.driver.mark_for(&small_sale()).expect("answers");
    assert_eq!(shop.commands(), ["10", "11", "FF01", "FF40", "FF01", "FF40"], "two equal readings of the counters");
    shop.driver.status().expect("answers");
    let mark = shop.driver.mark_for(&Body::CashOut(Money::from_minor(1))).expect("answers");
    assert!(mark.cash.is_some(), "the counters of cash are evidence of cash alone");
    assert_eq!(shop.commands()[6..], ["1B", "1A", "1B", "1A"]);
    shop.driver.mark_for(&small_sale()).expect("answers");
    assert_eq!(shop.commands(), ["FF01", "FF40", "11", "FF01", "FF40"], "without a status right before");
}

#[test]
fn a_mark_does_not_trust_a_status_of_before_a_document_or_of_another_connection() {
    let mut shop = Heard::with(Settings::serial());
    shop.driver.status().expect("answers");
    shop.line.inject("foreign sale 500").expect("understood");
    let mark = shop.driver.mark_for(&small_sale()).expect("answers");
    let booked = shop.line.device(|d| d.register().documents().last().map(|d| d.number)).expect("booked");
    assert_eq!(mark.last_document, u64::from(booked));
    shop.driver.status().expect("answers");
    shop.commands();
    shop.line.inject("power-cut 1s").expect("understood");
    shop.line.advance(Duration::from_secs(2));
    while shop.driver.mark_for(&small_sale()).is_err() {}
    assert!(shop.commands().contains(&"11".to_owned()), "who is there is asked anew");
}

/// At the last moment before the close another storage is put in, and a stranger's receipt is begun.
struct Swapping(MemoryLink);

impl Witness for Swapping {
    fn closing(&mut self) -> Result<(), Fault> {
        self.0.inject("swap-storage").expect("understood");
        Ok(())
    }
}

#[test]
fn a_storage_that_was_changed_right_before_the_close_gets_no_close_of_ours() {
    let mut shop = Heard::with(Settings::serial());
    let mut witness = Swapping(shop.line.clone());
    let outcome = shop.driver.execute(&document(small_sale(), 1), &mut witness);
    assert!(matches!(outcome, Outcome::Doubtful(_)), "{outcome:?}");
    let commands = shop.commands();
    assert!(!commands.contains(&"FF45".to_owned()) && !commands.contains(&"88".to_owned()), "{commands:?}");
    let receipts = shop.line.device(|d| d.register().documents().iter().filter(|d| d.kind == Kind::Receipt).count());
    assert_eq!(receipts, 0);
}

#[test]
fn the_drawer_is_opened_once_for_cash_where_it_is_wanted() {
    let card = Payments { card: Money::from_minor(1000), ..Payments::default() };
    let mut shop = Heard::with(Settings::serial());
    shop.sell(small_sale());
    assert_eq!(shop.drawer_opened(), 0, "never, when nothing is said");
    let mut shop = Heard::with(Settings { drawer: true, ..Settings::serial() });
    shop.sell(small_sale());
    assert_eq!(shop.drawer_opened(), 1);
    shop.sell(Body::Return(receipt(draft(vec![line("Стрижка", 1000)], cash(1000)))));
    assert_eq!(shop.drawer_opened(), 1, "money goes out");
    shop.sell(Body::Sale(receipt(draft(vec![line("Стрижка", 1000)], card))));
    shop.driver.copy_receipt().expect("prints");
    assert_eq!(shop.drawer_opened(), 0, "neither for a card nor for a copy");
}

#[test]
fn a_register_that_opens_its_drawer_by_itself_is_not_told_to() {
    let mut shop = Heard::with(Settings { drawer: true, ..Settings::serial() });
    let place = crate::shtrih::command::table::Place { table: 1, row: 1, field: 6 };
    shop.driver.write_field(place, &[1]).expect("written");
    shop.sell(small_sale());
    assert_eq!(shop.drawer_opened(), 0);
}

#[test]
fn a_drawer_that_stays_shut_takes_nothing_back() {
    let mut shop = Heard::with(Settings { drawer: true, ..Settings::serial() });
    shop.line.inject("refuse 28 37 always").expect("understood");
    shop.sell(small_sale());
}

/// From the look to the paper, at 115200 baud with 20 ms of the device's thought a command.
fn three_lines(level: Level) -> Duration {
    let manner = Manner { baud: Some(115_200), think: Duration::from_millis(20), ..Manner::default() };
    let clock = Clock::Line { start: "2026-02-10T12:34:56".parse().expect("a moment") };
    let line = MemoryLink::new(Device::new(Register::in_memory(clock, Box::new(std::io::sink())), manner));
    let mut driver = Shtrih::new(Box::new(line.clone()), Settings { level, ..Settings::serial() });
    let sale = || Body::Sale(receipt(draft(vec![super::shop::line("Стрижка", 1000); 3], cash(3000))));
    let mut took = Duration::ZERO;
    for body in [Body::OpenShift(None), sale(), sale()] {
        let started = line.now();
        driver.status().expect("answers");
        driver.mark_for(&body).expect("answers");
        let outcome = driver.execute(&document(body, 1), &mut Willing);
        assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
        took = line.now().saturating_sub(started);
    }
    took
}

#[test]
fn a_receipt_of_three_lines_takes_half_a_second_on_a_fast_line() {
    let (standard, numbered) = (three_lines(Level::Standard), three_lines(Level::Numbered));
    println!("three lines, look and receipt: {standard:?}; with numbered packets {numbered:?}");
    // With all counters asked twice and those of cash for every receipt it was 565 ms.
    assert!(standard < Duration::from_millis(450), "{standard:?}");
    assert!(numbered < Duration::from_millis(450), "{numbered:?}");
}

#[test]
fn a_device_that_does_not_answer_numbered_packets_is_spoken_to_on_the_standard_level() {
    let mut shop = Heard::with(Settings::serial());
    // The level was chosen by the first byte after power-on, and stays.
    shop.driver = Shtrih::new(
        Box::new(Listening(shop.line.clone(), shop.log.clone())),
        Settings { level: Level::Numbered, ..Settings::serial() },
    );
    shop.sell(small_sale());
    assert!(shop.commands().contains(&"FF45".to_owned()), "in a frame of the standard level");
    shop.line.inject("power-cut 1s").expect("understood");
    shop.line.advance(Duration::from_secs(2));
    while shop.driver.status().is_err() {}
    shop.commands();
    shop.sell(small_sale());
    assert_eq!(shop.commands(), Vec::<String>::new(), "after power-on in packets");
}

#[test]
fn a_drawer_never_keeps_the_outcome_waiting() {
    let mut shop = Heard::with(Settings { drawer: true, ..Settings::serial() });
    shop.sell(small_sale());
    shop.line.inject("refuse 28 58 always").expect("understood");
    let before = shop.line.now();
    shop.sell(small_sale());
    assert!(shop.line.now().saturating_sub(before) < Duration::from_secs(1));
}
