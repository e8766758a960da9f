//! Many seeds, one after another on each thread; and the shortest story of one that fails.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::plan::{Act, documents, plan};
use crate::shop::Shop;
use crate::truth::Broken;

/// A seed that broke a promise.
#[derive(Debug)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// What broke.
    pub broken: Broken,
}

/// One life of a shop.
pub fn live(seed: u64, acts: &[Act]) -> (Vec<String>, Result<(), Broken>) {
    Shop::open(seed).live(acts)
}

/// Hash of a story: FNV-1a.
pub fn hash(story: &[String]) -> u64 {
    let bytes = story.iter().flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Drops acts, many at once and then one by one, as long as the same promise still breaks.
pub fn shrink(seed: u64, promise: &str) -> Vec<Act> {
    let mut acts = plan(seed);
    let mut size = acts.len();
    while size > 0 {
        let mut at = 0;
        while at < acts.len() {
            let mut fewer = acts.clone();
            fewer.drain(at..(at + size).min(acts.len()));
            let (_, lived) = live(seed, &fewer);
            if lived.is_err_and(|b| b.promise == promise) {
                acts = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    acts
}

/// The failure, and the shortest way to it.
pub fn explain(failure: &Failure) -> String {
    let acts = shrink(failure.seed, failure.broken.promise);
    let (story, lived) = live(failure.seed, &acts);
    let acts: Vec<_> = acts.iter().map(|act| format!("{act:?}")).collect();
    format!(
        "seed {}: {} does not hold: {}\nthe shortest acts that break it:\n  {}\ntheir story:\n  {}\n{:?}\nagain: KKM_SIM_SEED={}",
        failure.seed,
        failure.broken.promise,
        failure.broken.how,
        acts.join("\n  "),
        story.join("\n  "),
        lived.err(),
        failure.seed,
    )
}

/// What is counted in the stories, so that a campaign which never meets a thing is seen: a name, and the text of a line.
const MET: [(&str, &str); 18] = [
    ("deaths", "died; life"),
    ("power cuts", "the power went"),
    ("deaths of the disk or at a start", "at the start"),
    ("starts refused by the disk", "no start: "),
    ("days without the cloud", "Unreachable"),
    ("doubts", " doubtful: "),
    ("cancels", " cancelling: "),
    ("questions to a person", " needs_operator: "),
    ("fences", " fenced: "),
    ("strangers", " stranger: "),
    ("done", " done: "),
    ("refused", " refused: "),
    ("expired", " expired: "),
    ("twins", " twin: "),
    ("shifts closed", " shift closed"),
    ("reports lost or refused", "NoAnswer"),
    ("reports parked", " report parked: "),
    ("answered with an error", "400 {"),
];

/// What came of many seeds.
pub struct Counted {
    /// Seeds that were run.
    pub seeds: u64,
    /// Documents that the cloud sent in them.
    pub documents: u64,
    /// How often each thing was met.
    pub met: Vec<(&'static str, u64)>,
    /// The first failure, if any.
    pub failure: Option<Failure>,
}

/// Runs seeds from `first` on, on so many threads, until so many documents were sent or one fails.
pub fn run(first: u64, wanted: u64, threads: u64) -> Counted {
    let (next, sent, ran) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let met: Vec<AtomicU64> = MET.iter().map(|_| AtomicU64::new(0)).collect();
    let stop = AtomicBool::new(false);
    let failure = std::sync::Mutex::new(None::<Failure>);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && sent.load(Ordering::Relaxed) < wanted {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let acts = plan(seed);
                    let (story, lived) = live(seed, &acts);
                    for (count, (_, text)) in met.iter().zip(MET) {
                        let lines = story.iter().filter(|line| line.contains(text)).count();
                        count.fetch_add(lines as u64, Ordering::Relaxed);
                    }
                    sent.fetch_add(documents(&acts), Ordering::Relaxed);
                    ran.fetch_add(1, Ordering::Relaxed);
                    if let Err(broken) = lived {
                        stop.store(true, Ordering::Relaxed);
                        let mut first = failure.lock().expect("whole");
                        if first.as_ref().is_none_or(|f| f.seed > seed) {
                            *first = Some(Failure { seed, broken });
                        }
                    }
                }
            });
        }
    });
    Counted {
        seeds: ran.into_inner(),
        documents: sent.into_inner(),
        met: MET.iter().zip(met).map(|((name, _), count)| (*name, count.into_inner())).collect(),
        failure: failure.into_inner().expect("whole"),
    }
}
