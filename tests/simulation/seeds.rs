//! The seeds that are run.

use std::time::Instant;

use simulated_disk::{Call, Fault, Trouble};

use crate::campaign::{explain, hash, live, run};
use crate::plan::{Act, Cut, Sent, plan};

/// Documents of the slice that runs with all other tests.
const SLICE: u64 = 10_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn whatever_befalls_a_shop_its_promises_hold() {
    if let Some(seed) = number("KKM_SIM_SEED") {
        let (story, lived) = live(seed, &plan(seed));
        println!("{}\nhash {:016x}", story.join("\n"), hash(&story));
        if let Err(broken) = lived {
            panic!("{}", explain(&crate::campaign::Failure { seed, broken }));
        }
        return;
    }
    let (first, wanted) = (number("KKM_SIM_FIRST").unwrap_or(1), number("KKM_SIM_DOCUMENTS").unwrap_or(SLICE));
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let began = Instant::now();
    let counted = run(first, wanted, number("KKM_SIM_THREADS").unwrap_or(cores));
    // Read by tests/simulate.sh.
    println!(
        "simulated: first={first} seeds={} documents={} seconds={} failed={}",
        counted.seeds,
        counted.documents,
        began.elapsed().as_secs(),
        counted.failure.as_ref().map_or(0, |f| f.seed),
    );
    for (what, count) in &counted.met {
        println!("met: {count} {what}");
    }
    if let Some(failure) = counted.failure {
        // What was broken on purpose needs no explanation.
        let explained = std::env::var_os("KKM_BRIDGE_SPOIL").is_none();
        assert!(explained, "seed {}: {} does not hold: {}", failure.seed, failure.broken.promise, failure.broken.how);
        panic!("{}", explain(&failure));
    }
}

#[test]
fn the_same_seed_lives_the_same_life() {
    for seed in 1..40 {
        let first = live(seed, &plan(seed)).0;
        let second = live(seed, &plan(seed)).0;
        let differs = first.iter().zip(&second).find(|(a, b)| a != b);
        assert_eq!(hash(&first), hash(&second), "seed {seed} differs at {differs:?}");
    }
}

/// The sale with the number 0 shared it with operations of our own: the closing of the shift passed for its return, and a
/// twin was printed.
#[test]
fn the_closing_of_a_shift_is_no_return_of_a_sale() {
    let first = Sent { sale: 0, id: 0, back: false, later: 0, price: 250, elsewhere: false };
    let acts = [
        Act::Post(first),
        Act::Work(20),
        Act::Report(Cut::None),
        Act::CloseShift,
        Act::Work(20),
        Act::Post(Sent { id: 1, ..first }),
        Act::Work(20),
    ];
    assert_eq!(live(0, &acts).1, Ok(()));
}

/// A sync fails, the daemon ends and starts again, and the power goes: what the failed sync should have written had been
/// moved from the log into the file, the log itself was an older one, and the journal was damaged.
#[test]
fn what_a_failed_sync_should_have_written_is_written_anew_at_the_start() {
    let sent = |sale| Sent { sale, id: 0, back: false, later: 0, price: 250, elsewhere: false };
    for seed in 280..320 {
        let sync = (seed % 20) as u32;
        // The power goes soon after the sync failed: a commit is five calls or so.
        let stop = sync * 5 + (seed / 20) as u32;
        let fault = |call, after, trouble| Act::Disk(Fault { call, after, trouble, times: 1 });
        let acts = [
            Act::Post(sent(0)),
            Act::Work(20),
            Act::Die,
            fault(Call::Sync, sync, Trouble::Io),
            fault(Call::Any, stop, Trouble::Freeze),
            Act::Post(sent(1)),
            Act::Work(20),
            Act::Report(Cut::None),
        ];
        let (story, lived) = live(seed, &acts);
        assert_eq!(lived, Ok(()), "sync {sync}, stop {stop}:\n{}", story.join("\n"));
    }
}
