//! Killed at any moment, again and again: a shop's day in lives of a daemon that end by SIGKILL.
//!
//! A life is a start, customers who send one document several times at once, and a kill at a random moment: of the
//! start, of the recovery from the last life, of a receipt or a report. Sometimes several daemons race for the journal
//! and the port; the register loses an answer, its power, its power together with the daemon's, or a stranger sells for
//! our sum. A person answers what the daemon asks, by the register's books.
//!
//! `KKM_TEST_KILLS` says how many lives there are, `KKM_TEST_SEED` which; `tests/kills.sh` is the long campaign. A seed
//! fixes what is tried and for how long, not where exactly a kill falls.

use std::collections::BTreeSet;
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kkm_drivers::simulator::books::BookedDocument;
use serde_json::{Value, json};

use crate::rig::{Rig, another, patience};

/// Most of a life is waiting for devices, so many go at once.
const LANES: usize = 12;
const LIVES_IN_A_SHOP: usize = 15;
/// A start takes about 100 ms and so does a receipt.
const LONGEST_LIFE_MS: u64 = 400;
/// On a busy machine; whoever is not ready by then is killed in its start.
const LONGEST_START: Duration = Duration::from_secs(3);
/// Exit code of a daemon that finds the journal owned.
const IN_USE: i32 = 75;

/// What happens at the register: to the answer of the command that registers, to the power, by a stranger.
const FAULTS: &[&[&str]] = &[
    &["lose-answer FF45"],
    &["power-cut before FF45 50ms"],
    &["power-cut after FF45 50ms"],
    &["lose-answer FF45", "silence FF0A 200ms"],
    &["power-cut before FF45 50ms", "foreign sale 1065 after 88"],
];

#[derive(Debug, Default)]
struct Counts {
    kills: AtomicUsize,
    documents: AtomicUsize,
    duplicates: AtomicUsize,
    /// A document was in the middle when the daemon started, and still was when it was killed.
    in_recovery: AtomicUsize,
    /// The same, and the life before it too.
    in_recovery_of_recovery: AtomicUsize,
    races: AtomicUsize,
    decisions: AtomicUsize,
}

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

#[test]
fn killed_at_any_moment_each_document_is_registered_once_and_told_the_truth() {
    let (kills, seed) = (number("KKM_TEST_KILLS", 30) as usize, number("KKM_TEST_SEED", 1));
    let shops = kills.div_ceil(LIVES_IN_A_SHOP);
    let (next, counts, began) = (AtomicUsize::new(0), Counts::default(), Instant::now());
    let broken = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..LANES.min(shops) {
            scope.spawn(|| {
                let _watch = Watch(&broken);
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= shops || broken.load(Ordering::Relaxed) {
                        break;
                    }
                    let lives = LIVES_IN_A_SHOP.min(kills - nth * LIVES_IN_A_SHOP);
                    Day::new(seed + nth as u64).run(lives, &counts);
                }
            });
        }
    });
    let count = |n: &AtomicUsize| n.load(Ordering::Relaxed);
    println!(
        "moments: seeds {seed} to {}: {} kills, {} inside the recovery, {} inside the recovery of the recovery, \
         {} documents, {} duplicates at once, {} races for the journal and the port, {} questions to a person, {} s",
        seed + shops as u64 - 1,
        count(&counts.kills),
        count(&counts.in_recovery),
        count(&counts.in_recovery_of_recovery),
        count(&counts.documents),
        count(&counts.duplicates),
        count(&counts.races),
        count(&counts.decisions),
        began.elapsed().as_secs(),
    );
}

/// Tells the other lanes that a promise was broken in this one.
struct Watch<'a>(&'a AtomicBool);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(std::thread::panicking(), Ordering::Relaxed);
    }
}

struct Day {
    rig: Rig,
    dice: Dice,
    seed: u64,
    /// Documents of this day, and which of them were answered.
    sent: Vec<Value>,
    answered: Mutex<BTreeSet<String>>,
    /// How many lives in a row ended with the same document in the middle.
    unrecovered: usize,
}

impl Day {
    fn new(seed: u64) -> Self {
        let dice = Dice((seed << 20) | 0x5_EED1);
        let mut rig = Rig::new();
        rig.listen_at_one_port();
        Self { rig, dice, seed, sent: Vec::new(), answered: Mutex::default(), unrecovered: 0 }
    }

    fn run(mut self, lives: usize, counts: &Counts) {
        for _ in 0..lives {
            self.live(counts);
        }
        self.rig.start();
        self.end(counts);
        counts.documents.fetch_add(self.sent.len(), Ordering::Relaxed);
    }

    fn live(&mut self, counts: &Counts) {
        if self.dice.one_in(3) {
            for fault in FAULTS[self.dice.below(FAULTS.len() as u64) as usize] {
                self.rig.register(fault);
            }
        }
        if self.sent.is_empty() || self.dice.one_in(2) {
            let number = self.sent.len() as i64 + 1;
            let mut document = another(&format!("day-{}-{number}", self.seed), number);
            document["positions"][0]["title"] = json!(name(&document));
            self.sent.push(document);
        }
        let before = self.in_the_middle();
        let daemons: Vec<Child> = (0..=self.dice.below(3) / 2 * 2).map(|_| self.rig.spawn()).collect();
        let at_once = 1 + self.dice.below(3);
        counts.duplicates.fetch_add(at_once as usize - 1, Ordering::Relaxed);
        let moment = Duration::from_millis(self.dice.below(LONGEST_LIFE_MS));
        // Two of three fall after an answer, the others into the start.
        let (over, taken) = (AtomicBool::new(false), AtomicBool::new(self.dice.one_in(3)));
        let daemons = std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| self.customers(&over, &taken));
            }
            let deadline = Instant::now() + LONGEST_START;
            while !taken.load(Ordering::SeqCst) && Instant::now() < deadline {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            let daemons = killed_after(moment, daemons);
            over.store(true, Ordering::SeqCst);
            daemons
        });
        if daemons > 1 {
            counts.races.fetch_add(1, Ordering::Relaxed);
        }
        counts.kills.fetch_add(1, Ordering::Relaxed);
        let stuck = before.is_some() && self.in_the_middle() == before;
        self.unrecovered = if stuck { self.unrecovered + 1 } else { 0 };
        if self.unrecovered == 1 {
            counts.in_recovery.fetch_add(1, Ordering::Relaxed);
        } else if self.unrecovered > 1 {
            counts.in_recovery_of_recovery.fetch_add(1, Ordering::Relaxed);
        }
        if self.dice.one_in(4) {
            self.rig.kill_register();
            self.rig.start_register(&[]);
        }
        self.kept();
        self.true_so_far();
    }

    /// The cloud sends the newest document, and again what was not answered.
    fn customers(&self, over: &AtomicBool, taken: &AtomicBool) {
        let newest = self.sent.last().into_iter();
        let unanswered = self.sent.iter().filter(|d| !self.is_answered(d));
        for document in newest.chain(unanswered) {
            while !over.load(Ordering::SeqCst) && !self.send(document) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            taken.store(true, Ordering::SeqCst);
        }
    }

    fn is_answered(&self, document: &Value) -> bool {
        self.answered.lock().expect("whole").contains(&name(document))
    }

    /// True when it was taken. "Too many ahead" and "a person must decide" are for a later try.
    fn send(&self, document: &Value) -> bool {
        let taken = self.rig.try_post(document).is_ok_and(|reply| reply.status == 200);
        if taken {
            self.answered.lock().expect("whole").insert(name(document));
        }
        taken
    }

    /// The document and its attempt that the journal holds in the middle.
    fn in_the_middle(&self) -> Option<(i64, i64)> {
        let query = "SELECT row, attempt FROM documents \
                     WHERE state IN ('begun', 'closing', 'doubtful', 'cancelling', 'needs_operator')";
        self.rig.journal_copy()?.query_row(query, [], |r| Ok((r.get(0)?, r.get(1)?))).ok()
    }

    /// What the cloud has heard by now is true already.
    fn true_so_far(&self) {
        let receipts = self.rig.receipts();
        for document in &self.sent {
            let (name, words) = (name(document), self.rig.cloud.words_for(&document["id"]));
            let times = receipts.iter().filter(|r| is(r, document)).count();
            assert!(times <= 1, "seed {}: {name} is registered {times} times", self.seed);
            assert!(words.len() <= 1, "seed {}: {name}: {words:?}", self.seed);
            for word in words {
                assert_eq!((&word["status"], times), (&json!("success"), 1), "seed {}: {name}: {word}", self.seed);
            }
        }
    }

    /// What was not answered is sent again; then each document is registered once, and its author knows.
    fn end(&mut self, counts: &Counts) {
        let (mut deadline, mut left) = (Instant::now() + patience(), usize::MAX);
        loop {
            for document in self.sent.iter().filter(|d| !self.is_answered(d)) {
                self.send(document);
            }
            let unheard: Vec<_> =
                self.sent.iter().filter(|d| self.rig.cloud.words_for(&d["id"]).is_empty()).map(name).collect();
            // An attempt that was cut off is made again later, at last after hours.
            let later = self.told_later();
            if unheard.iter().all(|name| later.contains(name)) {
                break;
            }
            if unheard.len() < left {
                (deadline, left) = (Instant::now() + patience(), unheard.len());
            }
            self.not_fenced();
            assert!(Instant::now() < deadline, "unheard: seed {}, {unheard:?}\n{}", self.seed, self.rig.log());
            std::thread::park_timeout(Duration::from_millis(20));
            if let Some((row, attempt)) = self.asked() {
                counts.decisions.fetch_add(1, Ordering::Relaxed);
                self.decide(row, attempt);
            }
        }
        self.true_so_far();
        let (ours, sent) = (self.rig.receipts().iter().filter(|r| !r.foreign).count(), self.sent.len());
        assert_eq!(ours, sent, "seed {}: nothing else is in the books", self.seed);
        self.rig.kill();
    }

    /// One box at one register: the journal never believes of a document what its receipt contradicts.
    fn not_fenced(&self) {
        let query = "SELECT fence FROM devices WHERE fence IS NOT NULL";
        let fence = self.rig.journal_copy().and_then(|j| j.query_row(query, [], |r| r.get::<_, String>(0)).ok());
        assert!(fence.is_none(), "seed {}: fenced, {fence:?}", self.seed);
    }

    /// Documents that are done and whose report waits for its next attempt, after one that was cut off.
    fn told_later(&self) -> BTreeSet<String> {
        let query = "SELECT d.request_id ->> '$' FROM documents d JOIN reports r ON r.document = d.row \
                     WHERE d.state = 'done' AND r.state = 'waiting' AND r.tries > 0";
        let Some(journal) = self.rig.journal_copy() else { return BTreeSet::new() };
        let Ok(mut query) = journal.prepare(query) else { return BTreeSet::new() };
        query.query_map([], |r| r.get(0)).map_or_else(|_| BTreeSet::new(), |names| names.flatten().collect())
    }

    /// What was answered is in the journal. Asked while no daemon runs.
    fn kept(&self) {
        let answered = self.answered.lock().expect("whole");
        if answered.is_empty() {
            return;
        }
        let journal = self.rig.journal_copy().expect("there is a journal");
        for name in answered.iter() {
            let there = journal.prepare_cached("SELECT 1 FROM documents WHERE request_id = ?1");
            let there = there.and_then(|mut query| query.exists([json!(name).to_string()]));
            assert!(matches!(there, Ok(true)), "seed {}: {name} was answered and is not in the journal", self.seed);
        }
    }

    /// What a person is asked about.
    fn asked(&self) -> Option<(i64, i64)> {
        let query = "SELECT row, attempt FROM documents WHERE state = 'needs_operator'";
        self.rig.journal_copy()?.query_row(query, [], |r| Ok((r.get(0)?, r.get(1)?))).ok()
    }

    /// By the books, as a person who looks at the paper.
    fn decide(&self, row: i64, attempt: i64) {
        let id: String = self
            .rig
            .journal_copy()
            .and_then(|j| {
                j.query_row("SELECT request_id ->> '$' FROM documents WHERE row = ?1", [row], |r| r.get(0)).ok()
            })
            .expect("the journal has it");
        let document = self.sent.iter().find(|d| name(d) == id).expect("it was sent");
        let receipt = self.rig.receipts().into_iter().find(|r| is(r, document));
        let (row, attempt) = (row.to_string(), attempt.to_string());
        let mut words = vec!["decide", &row, "--attempt", &attempt];
        let (number, sign);
        if let Some(receipt) = receipt {
            (number, sign) = (receipt.number.to_string(), receipt.sign.to_string());
            words.extend(["--registered", &number, &sign]);
        } else {
            words.push("--not-registered");
        }
        self.rig.command(&words);
    }
}

/// Kills all of them at that moment; at most one of them owned the journal. Gives their number.
fn killed_after(moment: Duration, mut daemons: Vec<Child>) -> usize {
    let until = Instant::now() + moment;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
    let ended: Vec<_> = daemons.iter_mut().map(|d| d.try_wait().expect("asked")).collect();
    for status in ended.iter().flatten() {
        assert_eq!(status.code(), Some(IN_USE), "a daemon ended by itself");
    }
    assert!(ended.iter().any(Option::is_none), "no daemon owns the journal");
    for daemon in &mut daemons {
        let _ = daemon.kill();
        daemon.wait().expect("it is dead");
    }
    daemons.len()
}

fn is(receipt: &BookedDocument, document: &Value) -> bool {
    !receipt.foreign && receipt.lines.first().is_some_and(|line| line.title == title(document))
}

fn name(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

fn title(document: &Value) -> &str {
    document["positions"][0]["title"].as_str().expect("a title")
}
