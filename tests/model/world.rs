//! What there is: a journal, a register, the lane's memory, and what may still go wrong.

use kkm_bridge::journal::State;

/// A receipt in the register: row of the journal and attempt.
pub type Ours = (u8, u8);

/// A document of the journal; its row is its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The cloud's id.
    pub id: u8,
    pub state: State,
    pub attempt: u8,
    /// Last document of the register when the attempt began.
    pub mark: u8,
    /// Why a person was asked.
    pub puzzle: Option<Asked>,
    /// A person said: not registered.
    pub decided_not: bool,
    /// The report: success or not.
    pub report: Option<bool>,
    pub heard: bool,
}

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    Stranger,
    Unreadable,
    Other,
}

/// What survives a death.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal {
    pub rows: Vec<Row>,
    /// The last document that was seen.
    pub known: u8,
    pub fenced: bool,
    /// A copy took the journal's place, and the device was not looked at since.
    pub restored: bool,
}

impl Journal {
    /// The document to which the device belongs.
    pub fn in_flight(&self) -> Option<u8> {
        self.rows.iter().position(|row| is_in_flight(row.state)).map(|at| at as u8)
    }
}

/// It has the device.
pub fn is_in_flight(state: State) -> bool {
    match state {
        State::Begun | State::Closing | State::Doubtful | State::Cancelling | State::NeedsOperator => true,
        State::Accepted | State::Done | State::Refused | State::Expired => false,
    }
}

/// The register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Register {
    /// Receipts in order; `None` is one by hand. Each has the same sum.
    pub books: Vec<Option<Ours>>,
    pub open: Option<Ours>,
    /// The close of this receipt was sent and is still under way.
    pub late: Option<Ours>,
}

/// What a look at the register came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    Happened,
    DidNot,
    OursIsOpen,
    CannotTell(Asked),
}

/// What the lane has in its hand, in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hand {
    Empty,
    /// Preflight was well; this is the mark.
    Looked(u8, u8),
    /// The mark is stored.
    Begun(u8),
    /// The receipt is open and full.
    Opened(u8),
    /// Closing is stored.
    Closing(u8),
    /// The device said: registered.
    Answered(u8),
    /// The device said no, and nothing is open.
    Refused(u8),
    /// Nothing was heard.
    Silent(u8),
    /// The evidence was weighed.
    Judged(u8, Found),
    /// The intent to cancel is stored.
    Cancelling(u8),
    /// Cancelled, or not.
    Cancelled(u8),
    /// The outcome is stored and the report is not.
    Unreported(u8),
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub journal: Journal,
    pub register: Register,
    pub hand: Hand,
    /// Ids that passed the rules of intake and are not inserted yet; in memory.
    pub intake: Vec<u8>,
    /// Ids that were answered with 200.
    pub answered: [bool; 2],
    /// How often the cloud will still send each.
    pub posts: [u8; 2],
    pub deaths: u8,
    pub strangers: u8,
    pub unreadable: u8,
    pub lates: u8,
    pub backup: Option<Journal>,
    pub backups: u8,
}

/// A bound.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    pub name: &'static str,
    /// The two ids are prints of one sale.
    pub twins: bool,
    pub posts: [u8; 2],
    pub deaths: u8,
    pub strangers: u8,
    pub unreadable: u8,
    pub lates: u8,
    /// Copies of the journal that are put back later.
    pub backups: u8,
    /// Attempts of a document.
    pub attempts: u8,
}

impl Scope {
    /// Together they hold every bug.
    pub const ALL: [Self; 4] = [
        Self {
            name: "two documents, each sent twice, three deaths, a stranger, late execution",
            twins: false,
            posts: [2, 2],
            deaths: 3,
            strangers: 1,
            unreadable: 0,
            lates: 1,
            backups: 0,
            attempts: 2,
        },
        Self {
            name: "one document, what cannot be read back, and a person who is wrong",
            twins: false,
            posts: [2, 0],
            deaths: 3,
            strangers: 2,
            unreadable: 1,
            lates: 2,
            backups: 0,
            attempts: 3,
        },
        Self {
            name: "two prints of one sale",
            twins: true,
            posts: [2, 2],
            deaths: 2,
            strangers: 1,
            unreadable: 0,
            lates: 1,
            backups: 0,
            attempts: 2,
        },
        Self {
            name: "an old copy of the journal is put back",
            twins: false,
            posts: [1, 1],
            deaths: 1,
            strangers: 1,
            unreadable: 0,
            lates: 0,
            backups: 1,
            attempts: 2,
        },
    ];

    /// Where it begins.
    pub fn begin(&self) -> World {
        World {
            journal: Journal::default(),
            register: Register::default(),
            hand: Hand::Empty,
            intake: Vec::new(),
            answered: [false; 2],
            posts: self.posts,
            deaths: self.deaths,
            strangers: self.strangers,
            unreadable: self.unreadable,
            lates: self.lates,
            backup: None,
            backups: self.backups,
        }
    }
}
