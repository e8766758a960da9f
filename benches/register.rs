//! How long a receipt of 20 lines takes against what the protocol needs, on simulated time: the line paced at 115200
//! baud, 20 ms of the device's thought a command.
//!
//! "Needed" are the bytes of one conversation without a repeat: for each command of the documented sequence the frame,
//! its acknowledgement, the answer, its acknowledgement, and the device's thought. The look before (status and mark) is
//! measured apart. The run fails when the receipt takes more than 1.05 times what is needed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kkm_drivers::contract::{
    Body, Cashier, Document, Driver, Fault, LineDraft, Marker, Money, Outcome, Payments, Quantity, Receipt,
    ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem, VatRate, Witness,
};
use kkm_drivers::shtrih::{Settings, Shtrih};
use kkm_drivers::simulator::{Clock, Device, Manner, MemoryLink, Register};
use kkm_drivers::transport::{Opener, Port, PortError};

const BAUD: u32 = 115_200;
const THINK: Duration = Duration::from_millis(20);
const LINES: i64 = 20;
/// Most that a receipt may take, in hundredths of what is needed.
const LIMIT_HUNDREDTHS: u128 = 105;
/// Commands without which a receipt is not registered safely: state and counter before, the receipt, the counter again
/// right before the close, state after.
const SEQUENCE: [&[u8]; 7] = [&[0x10], &[0xFF, 0x01], &[0x8D], &[0xFF, 0x0C], &[0xFF, 0x46], &[0x89], &[0xFF, 0x45]];
const STX: u8 = 2;

/// Frames of the host and bytes from the device since then, in order.
type Tap = Arc<Mutex<Vec<(Vec<u8>, usize)>>>;

#[derive(Clone)]
struct Tapped(MemoryLink, Tap);

impl Opener for Tapped {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        Ok(Box::new(TappedPort(self.0.open()?, self.1.clone())))
    }

    fn name(&self) -> String {
        self.0.name()
    }
}

struct TappedPort(Box<dyn Port>, Tap);

impl Port for TappedPort {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        if bytes.first() == Some(&STX) {
            self.1.lock().expect("whole").push((bytes.to_vec(), 0));
        }
        self.0.write(bytes, within)
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let count = self.0.read(buffer, within)?;
        if let Some((_, answered)) = self.1.lock().expect("whole").last_mut() {
            // The NAK to the next command's ENQ is the device's byte too, and no part of an answer.
            *answered += if count == 1 && buffer[0] == 0x15 { 0 } else { count };
        }
        Ok(count)
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

struct Willing;

impl Witness for Willing {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

fn sale() -> Body {
    let line = |n| LineDraft {
        title: format!("Позиция {n:03} обычной длины"),
        subject: Subject::Service,
        price: Money::from_minor(10_000 + n),
        quantity: Quantity::ONE,
        discount: Money::ZERO,
        vat: VatRate::Rate(1000),
        settlement: Settlement::Full,
        barcode: None,
    };
    let lines: Vec<_> = (1..=LINES).map(line).collect();
    let cash = Money::from_minor(lines.iter().map(|l| l.price.minor()).sum());
    let draft = ReceiptDraft {
        lines,
        payments: Payments { cash, ..Payments::default() },
        tax_system: TaxSystem::DEFAULT,
        cashier: Some(Cashier { title: "Кассир Иванова".into(), inn: None }),
        contact: Some("customer@example.com".into()),
        print: true,
        custom_text: None,
    };
    let policy = SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true };
    Body::Sale(Receipt::new(draft, policy).expect("adds up").0)
}

fn run(driver: &mut Shtrih, body: Body, attempt: u16) {
    let document = Document { marker: Marker::new(1, 1, attempt).expect("in range"), body, original: None };
    let outcome = driver.execute(&document, &mut Willing);
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
}

fn name(frame: &[u8]) -> String {
    if frame[2] == 0xFF { format!("FF{:02X}", frame[3]) } else { format!("{:02X}h", frame[2]) }
}

fn main() {
    let clock = Clock::Line { start: "2026-02-10T12:34:56".parse().expect("a moment") };
    let manner = Manner { baud: Some(BAUD), think: THINK, ..Manner::default() };
    let line = MemoryLink::new(Device::new(Register::in_memory(clock, Box::new(std::io::sink())), manner));
    let tap = Tap::default();
    let mut driver = Shtrih::new(Box::new(Tapped(line.clone(), tap.clone())), Settings::serial());
    // Once for a register, not for a receipt: its identity and its tables.
    driver.mark().expect("a mark");
    run(&mut driver, Body::OpenShift(None), 1);
    run(&mut driver, sale(), 2);

    let started = line.now();
    tap.lock().expect("whole").clear();
    driver.status().expect("status");
    driver.mark_for(&sale()).expect("a mark");
    let (looked, questions) = (line.now().saturating_sub(started), tap.lock().expect("whole").len());
    tap.lock().expect("whole").clear();
    run(&mut driver, sale(), 3);
    let took = line.now().saturating_sub(started + looked);

    let byte = Duration::from_secs(10) / BAUD;
    let (mut needed, mut counts) = (Duration::ZERO, std::collections::BTreeMap::new());
    for (frame, answered) in tap.lock().expect("whole").iter() {
        *counts.entry(name(frame)).or_insert(0) += 1;
        if SEQUENCE.iter().any(|code| frame[2..].starts_with(code)) {
            // One byte more: our acknowledgement of the answer.
            needed += byte * (frame.len() + answered + 1) as u32 + THINK;
        }
    }
    let hundredths = took.as_micros() * 100 / needed.as_micros();
    println!("look before:  {looked:?} in {questions} questions");
    println!("receipt:      {took:?}, needed {needed:?}, ratio {}.{:02}", hundredths / 100, hundredths % 100);
    println!("commands:     {counts:?}");
    assert!(hundredths <= LIMIT_HUNDREDTHS, "the receipt takes too long");
}
