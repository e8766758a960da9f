//! The brain is fast enough for campaigns of many thousand receipts.

use std::time::{Duration, Instant};

use super::host::Host;

#[test]
fn two_thousand_receipts_in_memory_take_seconds_at_most() {
    let mut host = Host::new();
    host.open_shift();
    let started = Instant::now();
    for kopecks in 1..=2000 {
        host.sell(kopecks).expect("sold");
    }
    assert_eq!(host.documents().len(), 2002);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
