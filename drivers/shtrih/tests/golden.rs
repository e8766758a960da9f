//! A whole sale as it was recorded from the simulated register, played back from a file: what the driver writes must not
//! change by a byte, however the answers arrive.
//!
//! `KKM_BRIDGE_RECORD=1` prints the conversation of today instead, for a new golden; a released one is never edited.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::shop::{Shop, Willing, document, new_line, small_sale};
use crate::contract::{Body, Driver, Outcome, Paper};
use crate::shtrih::{Settings, Shtrih};
use crate::transport::tape::Tape;
use crate::transport::{Opener, Port, PortError};

const GOLDEN: &str = include_str!("../golden/sale.txt");

/// A port that writes down what passes.
struct Recorder {
    port: Box<dyn Port>,
    tape: Arc<Mutex<String>>,
}

impl Recorder {
    fn note(&self, side: char, bytes: &[u8]) {
        let mut tape = self.tape.lock().expect("not poisoned");
        let _ = write!(tape, "{side}");
        for byte in bytes {
            let _ = write!(tape, " {byte:02X}");
        }
        tape.push('\n');
    }
}

impl Port for Recorder {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        self.note('>', bytes);
        self.port.write(bytes, within)
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let n = self.port.read(buffer, within)?;
        if n > 0 {
            self.note('<', &buffer[..n]);
        }
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

/// Opens one port, once.
struct Once(Option<Box<dyn Port>>);

impl Opener for Once {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        self.0.take().ok_or_else(|| PortError::Unreachable("the tape is played once".to_owned()))
    }

    fn name(&self) -> String {
        "tape".to_owned()
    }
}

fn recorded() -> String {
    let line = new_line();
    let mut opening = Shtrih::new(Box::new(line.clone()), Settings::serial());
    let opened = opening.execute(&document(Body::OpenShift(None), 1), &mut Willing);
    assert!(matches!(opened, Outcome::Done(..)));
    let tape = Arc::new(Mutex::new(String::new()));
    let port = line.clone().open().expect("powered");
    let recorder = Recorder { port, tape: Arc::clone(&tape) };
    let mut shop = Shop { line, driver: Shtrih::new(Box::new(Once(Some(Box::new(recorder)))), Settings::serial()) };
    assert!(matches!(shop.execute(small_sale()), Outcome::Done(..)));
    let tape = tape.lock().expect("not poisoned");
    tape.clone()
}

fn play(tape: Tape) -> Outcome {
    let mut driver = Shtrih::new(Box::new(Once(Some(Box::new(tape)))), Settings::serial());
    driver.execute(&document(small_sale(), 1), &mut Willing)
}

#[test]
fn the_recorded_sale_is_written_byte_for_byte_however_the_answers_arrive() {
    if std::env::var_os("KKM_BRIDGE_RECORD").is_some() {
        println!("{}", recorded());
        return;
    }
    for chunk in [usize::MAX, 1, 2, 7] {
        match play(Tape::parse(GOLDEN).in_chunks_of(chunk)) {
            Outcome::Done(proof, Paper::Delivered) => assert_eq!(proof.document_number, 3),
            other => panic!("chunks of {chunk}: {other:?}"),
        }
    }
}

#[test]
fn another_byte_of_ours_would_be_seen() {
    let other = GOLDEN.replacen("> 02 06 8D 1E 00 00 00 00 95", "> 02 06 8D 1E 00 00 00 01 94", 1);
    assert_ne!(other, GOLDEN);
    assert!(!matches!(play(Tape::parse(&other)), Outcome::Done(..)));
}
