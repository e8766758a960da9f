//! The same over a real pseudo terminal and a real socket, opened from a configuration as a shop writes it.

use std::time::{Duration, Instant};

use super::shop::{Willing, document, small_sale};
use crate::contract::{Body, Driver, Outcome, Verdict};
use crate::open::{DeviceConfig, open};
use crate::simulator::books::Kind;
use crate::simulator::{Link, Options, Simulator};

/// Longest time that anything here may take.
const DEADLINE: Duration = Duration::from_secs(60);

fn driver(port: &str, level: &str) -> Box<dyn Driver> {
    let json = serde_json::json!({ "family": "shtrih", "port": port, "quiet_ms": 50, "level": level });
    let config: DeviceConfig = serde_json::from_value(json).expect("a configuration");
    open(&config).expect("a family")
}

fn receipts(simulator: &Simulator) -> usize {
    simulator.device(|d| d.register().documents().iter().filter(|d| d.kind == Kind::Receipt).count())
}

/// Asks until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "no answer in time");
    }
}

fn sell_and_lose_power(level: &str, link: Link, port_of: impl Fn(&Simulator) -> String) {
    let books = tempfile::tempdir().expect("a directory");
    let mut options = Options::new(link, books.path());
    options.durable = false;
    let simulator = Simulator::start(&options).expect("starts");
    let mut driver = driver(&port_of(&simulator), level);
    let opened = driver.execute(&document(Body::OpenShift(None), 1), &mut Willing);
    assert!(matches!(opened, Outcome::Done(..)), "{opened:?}");
    let sold = driver.execute(&document(small_sale(), 1), &mut Willing);
    assert!(matches!(sold, Outcome::Done(..)), "{sold:?}");
    let mark = driver.mark().expect("answers");
    simulator.inject("power-cut after FF45 300ms").expect("understood");
    let cut = driver.execute(&document(small_sale(), 2), &mut Willing);
    assert!(matches!(cut, Outcome::Doubtful(_)), "{cut:?}");
    match until(|| driver.verdict(&document(small_sale(), 2), &mark).ok()) {
        Verdict::Happened(proof, _) => assert_eq!(proof.document_number, mark.last_document + 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(receipts(&simulator), 2);
}

#[test]
fn over_a_pseudo_terminal_a_sale_and_one_with_a_power_cut_are_registered_once_each() {
    let place = tempfile::tempdir().expect("a directory");
    for level in ["standard", "numbered"] {
        let path = place.path().join(level);
        sell_and_lose_power(level, Link::Pty(path), |s| s.name().to_owned());
    }
}

#[test]
fn over_a_socket_a_sale_and_one_with_a_power_cut_are_registered_once_each() {
    for level in ["standard", "numbered"] {
        let address = "127.0.0.1:0".to_owned();
        sell_and_lose_power(level, Link::Tcp(address), |s| format!("tcp://{}", s.name()));
    }
}
