//! The promises, checked from outside: the journal's file against the register's own books and what the cloud heard.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kkm_bridge::journal::{FILE, Row};
use kkm_drivers::contract::{Mark, Marker};
use kkm_drivers::simulator::books::{BookedDocument, Kind};
use rusqlite::{Connection, OpenFlags};

use crate::cloud::Cloud;

/// A promise that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which promise.
    pub promise: &'static str,
    /// How.
    pub how: String,
}

/// A promise that did not hold, as an error.
pub fn broken(promise: &'static str, how: impl Into<String>) -> Broken {
    Broken { promise, how: how.into() }
}

/// A document as the journal's file has it.
#[derive(Clone, Debug)]
pub struct Doc {
    pub row: Row,
    pub epoch: u32,
    pub request_id: String,
    pub sale: i64,
    pub kind: String,
    pub total: i64,
    pub state: String,
    pub twin_of: Option<Row>,
    pub number: Option<u64>,
    pub word: Option<String>,
    pub report_state: Option<String>,
}

impl Doc {
    /// It will not change any more.
    pub fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "done" | "refused" | "expired")
    }
}

/// A receipt of ours in the books.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub marker: Marker,
    pub number: u64,
    pub sign: u32,
    pub storage: String,
}

/// Receipts in the books that were not keyed by hand.
pub fn receipts(books: &[BookedDocument]) -> Result<Vec<Receipt>, Broken> {
    books
        .iter()
        .filter(|d| d.kind == Kind::Receipt && !d.foreign)
        .map(|d| {
            let marker = marker(d).ok_or_else(|| broken("marked", format!("document {} has no marker", d.number)))?;
            Ok(Receipt { marker, number: d.number.into(), sign: d.sign, storage: d.storage.clone() })
        })
        .collect()
}

/// The marker in tag 1192, or inside 1084 where the register did not take that.
fn marker(document: &BookedDocument) -> Option<Marker> {
    document.tags.iter().filter(|t| matches!(t.tag, 1192 | 1084)).find_map(|tag| {
        let digits = tag.hex.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Vec<u8> = digits.filter_map(byte).collect();
        bytes.windows(16).find_map(|text| std::str::from_utf8(text).ok()?.parse().ok())
    })
}

/// Looks at the journal's file with a connection of its own.
pub struct Eyes {
    file: Connection,
}

impl Eyes {
    /// On the journal in that directory.
    pub fn open(directory: &Path) -> rusqlite::Result<Self> {
        let file = Connection::open_with_flags(directory.join(FILE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        file.set_prepared_statement_cache_capacity(32);
        Ok(Self { file })
    }

    /// Sales and returns in the journal.
    pub fn docs(&self) -> rusqlite::Result<Vec<Doc>> {
        self.file
            .prepare_cached(
                "SELECT d.row, d.epoch, d.request_id, d.document_id, d.kind, d.state, d.twin_of,
                        d.proof ->> 'document_number', r.body, r.state, d.total_minor
                 FROM documents d LEFT JOIN reports r ON r.document = d.row
                 WHERE d.kind IN ('sale', 'return') ORDER BY d.row",
            )?
            .query_map([], |r| {
                Ok(Doc {
                    row: r.get(0)?,
                    epoch: r.get(1)?,
                    request_id: r.get(2)?,
                    sale: r.get(3)?,
                    kind: r.get(4)?,
                    state: r.get(5)?,
                    twin_of: r.get(6)?,
                    number: r.get::<_, Option<i64>>(7)?.map(|n| n as u64),
                    word: r.get(8)?,
                    report_state: r.get(9)?,
                    total: r.get(10)?,
                })
            })?
            .collect()
    }

    /// Documents of any kind that are not ended: sales, and operations of our own.
    pub fn open_documents(&self) -> rusqlite::Result<u32> {
        self.file
            .prepare_cached("SELECT count(*) FROM documents WHERE state NOT IN ('done', 'refused', 'expired')")?
            .query_row([], |r| r.get(0))
    }

    /// The document of any kind that a person must decide about: row and attempt.
    pub fn undecided(&self) -> rusqlite::Result<Option<(Row, u16)>> {
        use rusqlite::OptionalExtension;
        self.file
            .prepare_cached("SELECT row, attempt FROM documents WHERE state = 'needs_operator'")?
            .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()
    }

    /// True when a document has the device.
    pub fn in_flight(&self) -> rusqlite::Result<bool> {
        self.file.prepare_cached(
            "SELECT 1 FROM documents WHERE state IN ('begun', 'closing', 'doubtful', 'cancelling', 'needs_operator')",
        )?.exists([])
    }

    /// True when the device is fenced.
    pub fn fenced(&self) -> rusqlite::Result<bool> {
        self.file.prepare_cached("SELECT 1 FROM devices WHERE fence IS NOT NULL")?.exists([])
    }

    /// True when the journal has this id.
    pub fn knows(&self, request_id: &str) -> rusqlite::Result<bool> {
        self.file.prepare_cached("SELECT 1 FROM documents WHERE request_id = ?1")?.exists([request_id])
    }

    /// The whole history, a line an event.
    pub fn history(&self) -> rusqlite::Result<Vec<String>> {
        self.file
            .prepare("SELECT at_ms, ifnull(document, 0), what, detail FROM events ORDER BY row")?
            .query_map([], |r| {
                let (at, document, what, detail): (i64, Row, String, String) =
                    (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
                Ok(format!("{at} {document} {what}: {detail}"))
            })?
            .collect()
    }

    fn mark(&self, marker: Marker) -> rusqlite::Result<Option<String>> {
        use rusqlite::OptionalExtension;
        self.file
            .prepare_cached("SELECT mark FROM attempts WHERE document = ?1 AND attempt = ?2")?
            .query_row((marker.document(), marker.attempt()), |r| r.get(0))
            .optional()
    }
}

/// What was seen before, and what people said that was not so.
#[derive(Default)]
pub struct Truth {
    finals: BTreeMap<Row, (String, Option<String>)>,
    /// Documents of which a person said "registered" against the books.
    pub lied_yes: BTreeSet<Row>,
    /// Sales for which a person allowed another receipt.
    pub allowed: BTreeSet<i64>,
}

impl Truth {
    /// Every promise that can be checked at any moment.
    pub fn check(&mut self, eyes: &Eyes, books: &[BookedDocument], cloud: &Cloud) -> Result<(), Broken> {
        let sql = |error: rusqlite::Error| broken("readable", error.to_string());
        let docs = eyes.docs().map_err(sql)?;
        let receipts = receipts(books)?;
        let by_row: BTreeMap<Row, &Doc> = docs.iter().map(|d| (d.row, d)).collect();
        let mut owners = Vec::new();
        for receipt in &receipts {
            let owner = by_row.get(&Row::from(receipt.marker.document())).filter(|d| d.epoch == receipt.marker.epoch());
            let Some(owner) = owner else {
                return Err(broken("marked", format!("{receipt:?} belongs to no document")));
            };
            // No mark, no registration: it was stored before, and lies before.
            let Some(mark) = eyes.mark(receipt.marker).map_err(sql)? else {
                return Err(broken("mark-first", format!("{receipt:?} has no stored attempt")));
            };
            let mark: Mark = serde_json::from_str(&mark).map_err(|e| broken("readable", e.to_string()))?;
            if mark.storage == receipt.storage && mark.last_document >= receipt.number {
                return Err(broken("mark-first", format!("{receipt:?} is not after its mark {}", mark.last_document)));
            }
            owners.push(*owner);
        }
        once(&owners)?;
        in_order(&owners)?;
        self.once_a_sale(&owners)?;
        for doc in &docs {
            self.truthful(doc, &by_row, &receipts)?;
            self.for_ever(doc)?;
        }
        heard_well(&docs, cloud)
    }

    fn truthful(&self, doc: &Doc, by_row: &BTreeMap<Row, &Doc>, receipts: &[Receipt]) -> Result<(), Broken> {
        let booked = receipts.iter().find(|r| Row::from(r.marker.document()) == doc.row);
        match doc.state.as_str() {
            "done" if self.lied_yes.contains(&doc.row) => Ok(()),
            "done" => {
                if let Some(first) = doc.twin_of {
                    let done = by_row.get(&first).is_some_and(|d| d.state == "done");
                    return if done { Ok(()) } else { Err(broken("success-is-registered", format!("twin {doc:?}"))) };
                }
                match booked {
                    Some(receipt) if Some(receipt.number) == doc.number => Ok(()),
                    Some(_) | None => Err(broken("success-is-registered", format!("{doc:?} against {booked:?}"))),
                }
            }
            "refused" | "expired" if booked.is_some() => {
                Err(broken("error-is-not-registered", format!("{doc:?} is {booked:?}")))
            }
            _ => Ok(()),
        }
    }

    fn for_ever(&mut self, doc: &Doc) -> Result<(), Broken> {
        let now = (doc.state.clone(), doc.word.clone());
        match self.finals.get(&doc.row) {
            Some(before) if *before != now => Err(broken("one-word", format!("{doc:?} was {before:?}"))),
            Some(_) => Ok(()),
            None if doc.is_final() && doc.word.is_none() => Err(broken("one-word", format!("{doc:?} has no report"))),
            None => {
                if doc.is_final() {
                    self.finals.insert(doc.row, now);
                }
                Ok(())
            }
        }
    }

    /// Two receipts of one sale in the same direction and of the same sum: only with the opposite between, or a
    /// person's leave.
    fn once_a_sale(&self, owners: &[&Doc]) -> Result<(), Broken> {
        let mut last: Vec<&Doc> = Vec::new();
        for owner in owners {
            last.retain(|before| before.sale != owner.sale || before.kind == owner.kind);
            let twin = last.iter().find(|before| before.sale == owner.sale && before.total == owner.total);
            if let Some(before) = twin
                && !self.allowed.contains(&owner.sale)
            {
                return Err(broken("once-a-sale", format!("{before:?} and {owner:?}")));
            }
            last.push(owner);
        }
        Ok(())
    }
}

fn once(owners: &[&Doc]) -> Result<(), Broken> {
    let (mut rows, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for owner in owners {
        if !rows.insert(owner.row) || !ids.insert(&owner.request_id) {
            return Err(broken("registered-once", format!("{owner:?} is in the books twice")));
        }
    }
    Ok(())
}

fn in_order(owners: &[&Doc]) -> Result<(), Broken> {
    match owners.windows(2).find(|pair| pair[0].row > pair[1].row) {
        Some(pair) => Err(broken("in-order", format!("{:?} before {:?}", pair[0], pair[1]))),
        None => Ok(()),
    }
}

/// The cloud hears one word for a document, the stored one, and after a success of an id never an error.
fn heard_well(docs: &[Doc], cloud: &Cloud) -> Result<(), Broken> {
    for words in cloud.heard.values() {
        let stored = docs.iter().any(|d| d.word.as_ref() == words.first() && d.is_final());
        if !stored || words.iter().any(|w| *w != words[0]) {
            return Err(broken("one-word", format!("heard {words:?}")));
        }
    }
    for (id, words) in &cloud.heard_by_id {
        let success = words.iter().position(|w| w == "success");
        if success.is_some_and(|at| words[at..].iter().any(|w| w != "success")) {
            return Err(broken("monotone", format!("{id} heard {words:?}")));
        }
    }
    Ok(())
}
