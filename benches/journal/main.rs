//! The journal in ratios: what a shared commit wins on a slow disk, what a document costs beside the sync that it needs,
//! and whether the size of the journal matters.
//!
//! | file | measures |
//! |---|---|
//! | `clients` | accepts a second by one client and by 64, on this disk and with 8 ms more a sync |
//! | `way` | accept to durable, and POST to the receipt's first byte, over one fdatasync |
//! | `size` | start to ready, a document's cost and look-ups in a large journal |
//! | `document` | documents and their lives |
//!
//! `cargo bench --bench journal` measures with 100,000 documents, `cargo bench --bench journal -- 1000000` with a million.
//! Medians are printed; a ratio beyond its limit fails the run. Costs without a disk are taken in `/dev/shm`.

mod clients;
mod document;
mod size;
mod way;

use std::time::Duration;

/// Documents in the small journal, and lives measured in each.
const FEW: u32 = 1000;

fn main() {
    let count = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    let documents = count.map_or(100_000, |count| count.parse().expect("a number of documents"));
    let within = [clients::measure(), way::measure(), size::measure(documents)];
    assert!(within.iter().all(|within| *within), "a limit is not kept");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// One time over another, in hundredths.
fn ratio(time: Duration, over: Duration) -> u128 {
    time.as_nanos() * 100 / over.as_nanos()
}

fn hundredths(ratio: u128) -> String {
    format!("{}.{:02}", ratio / 100, ratio % 100)
}
