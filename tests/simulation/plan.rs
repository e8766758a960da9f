//! What will happen in a shop, made from a seed: a list, so that a failing one can be made shorter.
//!
//! Each act carries all that it needs: dropping one leaves the meaning of the others.

use std::time::Duration;

use simulated_disk::{Call, Fault, Trouble};

use crate::chance::Chance;

/// A document as the cloud sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Altegio's sales document.
    pub sale: u8,
    /// Which id of that sale.
    pub id: u8,
    /// A return.
    pub back: bool,
    /// Minutes by which its date is later.
    pub later: u8,
    /// Whole roubles.
    pub price: u16,
    /// Its callback would leave the allow-list.
    pub elsewhere: bool,
}

/// What the cloud answers to one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudSays {
    /// This status; for 429 with a wait of so many seconds.
    Status(u16),
    /// It heard, and its answer was lost.
    HeardAndLost,
    /// It did not hear, but the bytes had left.
    LostUnheard,
    /// No connection.
    Unreachable,
}

/// What a person at the console says of an undecided receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// What the register's books say.
    Right,
    /// "Registered", whatever the books say.
    Yes,
    /// "Not registered", whatever the books say.
    No,
}

/// Where the daemon dies while it reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nowhere.
    None,
    /// After the attempt was stored, before a byte left.
    BeforeSending,
    /// After the answer came, before it was stored.
    BeforeStoring,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The cloud sends a document.
    Post(Sent),
    /// A line of the register's script.
    Script(String),
    /// A fault of the disk waits.
    Disk(Fault),
    /// No fault of the disk waits any more.
    Mend,
    /// The daemon dies at this crossing of the line, and again at the second one, counted from its new start.
    DieAt(u32, Option<u32>),
    /// The daemon dies now.
    Die,
    /// The machine goes down for so many seconds; its wall clock comes back wrong by so many.
    Reboot(u32, i64),
    /// Somebody sets the wall clock.
    Jump(i64),
    /// Nobody does anything.
    Pass(Duration),
    /// The cloud's name is not found for so many days, and nothing else happens.
    Away(u8),
    /// So many steps of the lane.
    Work(u8),
    /// The next answers of the cloud.
    Cloud(CloudSays, u8),
    /// One attempt to report.
    Report(Cut),
    /// A person decides, if one must.
    Decide(Word),
    /// A person agrees to a fenced device.
    Agree,
    /// A person lets the next receipt of a sale through.
    Allow(u8),
    /// A person orders the closing of the shift.
    CloseShift,
}

const PRICES: [u16; 3] = [100, 250, 1000];
/// Commands of a receipt: open, tag, line, subtotal, close; of a shift: open; of a cancel.
const STEPS: [&str; 7] = ["8D", "FF0C", "FF46", "89", "FF45", "E0", "88"];
/// Questions.
const QUESTIONS: [&str; 6] = ["10", "11", "FF01", "FF0A", "FF3A", "FF3B"];

fn fault(chance: &mut Chance, price: u16) -> String {
    let step = if chance.percent(50) { "FF45" } else { chance.one(&STEPS) };
    let kopecks = if chance.percent(70) { u32::from(price) * 100 } else { 4200 };
    match chance.below(34) {
        0 => format!("lose-answer {step}"),
        1 => format!("lose-answer {step} kept"),
        2 => format!("silence {step}"),
        3 => format!("silence {step} {}s", chance.one(&[5, 40, 90])),
        4 => format!("nak {step} x{}", 1 + chance.below(4)),
        5 => format!("no-ack {step}"),
        6 => format!("half-answer {step}"),
        7 => format!("bad-lrc {step}"),
        8 => format!("delay {step} {}s", chance.one(&[2, 12, 100, 300])),
        9 => format!("refuse {step} {}h", chance.one(&["33", "46", "4A", "4E", "50", "58", "6B", "72", "A0"])),
        10 => format!("power-cut before {step} {}s", chance.one(&[1, 5, 60])),
        11 => format!("power-cut after {step} {}s", chance.one(&[1, 5, 60])),
        12 => format!("power-cut {} {step} stays", chance.one(&["before", "after"])),
        13 => format!("paper out {} {step}", chance.one(&["before", "after"])),
        14 => "paper out after-close".to_owned(),
        15 => format!("cover open before {step}"),
        16 => format!("busy {} {} {step}", chance.one(&[1, 5, 40]), chance.one(&["before", "after"])),
        17 => format!("print-time {}s", chance.one(&[0, 3, 20])),
        18 => format!("shift expire before {step}"),
        19 => "shift expire".to_owned(),
        20 => format!("foreign sale {kopecks} {} {step}", chance.one(&["before", "after"])),
        21 => format!("foreign-open {kopecks}"),
        22 => format!("foreign-open {kopecks} {} {step}", chance.one(&["before", "after"])),
        23 => format!("wrong-total {}", chance.one(&[-100, 7, 1])),
        24 => format!("clock {} before {step}", chance.one(&["-1h", "+25h", "+90s", "stop"])),
        25 => format!("silence {} x{}", chance.one(&QUESTIONS), 1 + chance.below(6)),
        26 => format!("refuse {} {}h", chance.one(&QUESTIONS), chance.one(&["37", "50", "08"])),
        27 => format!("lose-answer {}", chance.one(&QUESTIONS)),
        28 => format!("storage full before {step}"),
        29 => format!("noise {} before {step}", 1 + chance.below(5)),
        30 | 31 => {
            let (kind, way) = (chance.one(&["drop", "flip", "dup"]), chance.one(&["in", "out"]));
            format!("{kind} {way} {}", 1 + chance.below(900))
        }
        32 => format!("foreign sale {kopecks}"),
        // Nobody opens a register's case between two bytes.
        _ if chance.percent(10) => "swap-storage".to_owned(),
        _ => "cutter fail".to_owned(),
    }
}

/// What the disk does, within the next two documents or so.
fn disk_fault(chance: &mut Chance) -> Act {
    let trouble = chance.one(&[Trouble::Freeze, Trouble::Freeze, Trouble::Io, Trouble::Full]);
    let call = if trouble == Trouble::Full { Call::Write } else { chance.one(&[Call::Write, Call::Sync, Call::Any]) };
    let times = if trouble == Trouble::Freeze { 1 } else { chance.one(&[1, 1, 3, 20]) };
    Act::Disk(Fault { call, after: chance.below(60) as u32, trouble, times })
}

fn answer(chance: &mut Chance) -> Act {
    let says = match chance.below(10) {
        0 | 1 => CloudSays::HeardAndLost,
        2 => CloudSays::LostUnheard,
        3 => CloudSays::Unreachable,
        4 => CloudSays::Status(429),
        5 => CloudSays::Status(401),
        6 => CloudSays::Status(404),
        7 => CloudSays::Status(302),
        _ => CloudSays::Status(chance.one(&[500, 503, 200])),
    };
    Act::Cloud(says, 1 + chance.below(3) as u8)
}

fn aside(chance: &mut Chance, price: u16, sale: u8) -> Act {
    match chance.below(20) {
        0 | 1 => Act::Die,
        2 | 3 => Act::DieAt(chance.below(700) as u32, chance.percent(50).then(|| chance.below(200) as u32)),
        4 => {
            let wrong = if chance.percent(50) { 0 } else { chance.one(&[-86_400 * 400, -3600, 3600, 86_400]) };
            Act::Reboot(chance.one(&[5, 90, 4000]), wrong)
        }
        5 => Act::Jump(chance.one(&[-86_400 * 3650, -3600, 3600, 86_400 * 30])),
        6 => Act::Pass(Duration::from_secs(chance.one(&[1, 30, 130, 700, 90_000, 3_000_000]))),
        7 => Act::Script(format!("foreign sale {}", u32::from(price) * 100)),
        8 | 9 => answer(chance),
        10 => Act::Report(chance.one(&[Cut::None, Cut::None, Cut::BeforeSending, Cut::BeforeStoring])),
        11 | 12 => Act::Decide(chance.one(&[Word::Right, Word::Right, Word::Yes, Word::No, Word::No])),
        13 => Act::Agree,
        14 => Act::Allow(sale),
        15 => Act::CloseShift,
        16 => disk_fault(chance),
        17 => Act::Mend,
        18 => Act::Away(chance.one(&[1, 7, 30])),
        _ => Act::Script(chance.one(&["power on", "paper in", "cover close", "busy off"]).to_owned()),
    }
}

/// The acts of a seed: one to twelve documents and what befalls them.
pub fn plan(seed: u64) -> Vec<Act> {
    let mut chance = Chance::new(seed);
    let mut acts = Vec::new();
    let mut sent: Vec<Sent> = Vec::new();
    for number in 0..=chance.below(12) as u8 {
        let next = match (chance.below(8), sent.last().copied()) {
            (0, Some(last)) => Sent { later: last.later + 5, ..last },
            (1, Some(last)) => Sent { id: last.id + 1, ..last },
            (2 | 3, Some(last)) => Sent { id: last.id + 1, back: !last.back, ..last },
            _ => Sent {
                sale: number,
                id: 0,
                back: false,
                later: 0,
                price: chance.one(&PRICES),
                elsewhere: chance.percent(4),
            },
        };
        sent.push(next);
        for _ in 0..chance.one(&[0, 0, 1, 1, 2, 3]) {
            acts.push(Act::Script(fault(&mut chance, next.price)));
        }
        if chance.percent(15) {
            acts.push(disk_fault(&mut chance));
        }
        if chance.percent(35) {
            let again = chance.percent(50).then(|| chance.below(160) as u32);
            acts.push(Act::DieAt(chance.one(&[40, 160, 700]).min(1 + chance.below(700)) as u32, again));
        }
        if chance.percent(12) {
            // The hard case: a receipt is broken off, and somebody sells the same by hand before the daemon has looked.
            let by_hand = format!("foreign sale {}", u32::from(next.price) * 100);
            if chance.percent(50) {
                let cut = chance.one(&["power-cut before FF45 1s", "power-cut after FF45 1s", "silence 89 90s"]);
                acts.push(Act::Script(format!("{by_hand} before 8D")));
                acts.push(Act::Script(cut.to_owned()));
            } else {
                acts.push(Act::DieAt(20 + chance.below(260) as u32, None));
            }
            acts.push(Act::Post(next));
            acts.push(Act::Work(1));
            acts.push(Act::Script(by_hand));
            acts.push(Act::Work(chance.one(&[1, 2, 3, 6])));
            acts.push(Act::Decide(chance.one(&[Word::Right, Word::Yes, Word::No, Word::No])));
            if chance.percent(50) {
                acts.push(Act::DieAt(chance.below(120) as u32, None));
            }
        }
        acts.push(Act::Post(next));
        if chance.percent(20) {
            acts.push(Act::Post(next));
        }
        if chance.percent(5) {
            acts.push(Act::Post(Sent { price: next.price + 1, ..next }));
        }
        for _ in 0..chance.below(5) {
            acts.push(Act::Work(chance.one(&[1, 1, 1, 2, 4])));
            if chance.percent(60) {
                acts.push(aside(&mut chance, next.price, next.sale));
            }
            if chance.percent(15) {
                acts.push(Act::Post(chance.one(&sent)));
            }
        }
        if chance.percent(80) {
            acts.push(Act::Work(20));
        }
        for _ in 0..chance.below(3) {
            acts.push(Act::Report(Cut::None));
        }
    }
    acts
}

/// Documents in a plan: each send of the cloud is one.
pub fn documents(acts: &[Act]) -> u64 {
    acts.iter().filter(|act| matches!(act, Act::Post(_))).count() as u64
}
