//! Many clients share a commit.

use std::time::{Duration, Instant};

use kkm_bridge::journal::accept::Acceptance;
use kkm_bridge::journal::{Journal, Options};

use crate::document::{POLICY, clock, incoming, spread};
use crate::hundredths;

const CLIENTS: u32 = 64;
/// What a sync of a worn SD card takes.
const SLOW_SYNC: Duration = Duration::from_millis(8);
/// Least gain of 64 clients on such a disk, in hundredths.
const GAIN_HUNDREDTHS: u128 = 2000;

/// This disk, and a slow one.
pub(crate) fn measure() -> bool {
    clients("this disk", None, [2_000, 20_000]) & clients("8 ms more a sync", Some(SLOW_SYNC), [100, 6_400])
}

/// Accepts a second by one client and by many.
fn clients(disk: &str, sync: Option<Duration>, counts: [u32; 2]) -> bool {
    let [one, many] = [(1, counts[0]), (CLIENTS, counts[1])].map(|(clients, count)| rate(clients, count, sync));
    let ratio = many * 100 / one;
    println!("{disk}: {one} accepts/s by one client, {many} by {CLIENTS}, ratio {}", hundredths(ratio));
    sync.is_none() || ratio >= GAIN_HUNDREDTHS
}

fn rate(clients: u32, count: u32, sync: Option<Duration>) -> u128 {
    let dir = tempfile::tempdir().expect("a directory");
    let slow = |time| Box::new(move || std::thread::sleep(time)) as Box<dyn FnMut() + Send>;
    let options = Options { before_commit: sync.map(slow), ..Options::default() };
    let journal = Journal::open_with(dir.path(), clock(), options).expect("a journal");
    let template = incoming();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let began = Instant::now();
    runtime.block_on(async {
        let tasks = (0..clients).map(|client| {
            let (journal, template) = (journal.clone(), template.clone());
            tokio::spawn(async move {
                for n in (client..count).step_by(clients as usize) {
                    let answer = journal.accept(spread(&template, n), POLICY).await.expect("stored");
                    assert!(matches!(answer, Acceptance::Queued(_)), "{answer:?}");
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("served");
        }
    });
    u128::from(count) * 1_000_000 / began.elapsed().as_micros()
}
