//! Documents in the fiscal storage, and the verdict over an attempt (section 7).
//!
//! The line is quiet before anything is believed: every command begins with ENQ until the device is idle, an answer
//! that was pending is kept, and 10h is asked until nothing prints. One full round trip on the line comes after
//! everything that was sent on it before, so nothing of ours can still run.

use std::time::Duration;

use super::codes::{Mode, Submode};
use super::command::receipt::Closed;
use super::command::shift::Corrected;
use super::command::status::LongStatus;
use super::command::storage::{BeginTags, FindDocument, NextTag};
use super::command::tlv;
use super::link::Failure;
use super::moment;
use super::state::paper;
use super::text;
use super::{Shtrih, moves_cash};
use crate::contract::{
    Body, Document, Facts, Fault, FaultKind, Found, FoundMarker, Mark, Marker, Paper, Proof, Trace, Verdict, judge,
};
use crate::spoil::{self, Spoil};

/// Error of FF3B after the last tag: no data available.
const NO_MORE: u8 = 0x08;
/// Documents among which the opening of a shift is looked for.
const OPENING_LOOKS: usize = 8;
/// Reading a document's tags begins anew so often when an answer is lost.
const TAG_TRIES: u32 = 3;
/// Tags after which a document is no document.
const MAX_TAGS: u32 = 10_000;

impl Shtrih {
    pub(super) fn read_verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        match self.gather(document, since) {
            Ok(facts) => Ok(judge(document, since, &facts)),
            Err(_) if spoil::is(Spoil::SilenceIsNo) => Ok(Verdict::DidNot),
            Err(fault) => Err(fault),
        }
    }

    fn gather(&mut self, document: &Document, since: &Mark) -> Result<Facts, Fault> {
        let short = self.link.wait_idle().map_err(Failure::fault)?;
        if Submode::of(short.submode) == Submode::Printing {
            return Err(Fault::new("10h short status", FaultKind::Answered("still printing".to_owned())));
        }
        let identity = self.read_identity()?;
        let (storage, _) = self.steady_counters()?;
        let last = u64::from(storage.last_document);
        let same = identity.serial == since.serial && storage.number == since.storage;
        let mut found = Vec::new();
        if same {
            found = self.found_between(&storage.number, since.last_document, last)?;
        }
        let strays = self.link.take_stray();
        self.evidence.extend(strays);
        for one in &mut found {
            self.recognise(document, one);
        }
        recognise_report(document, &mut found);
        let suppressed = document.body.receipt().is_some_and(|r| !r.print());
        Ok(Facts {
            serial: identity.serial,
            storage: storage.number,
            open: self.open_receipt(Mode::of(short.mode))?,
            last_document: last,
            found,
            cash: if moves_cash(&document.body) { self.cash_counters()? } else { None },
            paper: if suppressed { Paper::Suppressed } else { paper(short.submode) },
        })
    }

    pub(super) fn read_found_since(&mut self, since: u64) -> Result<Vec<Found>, Fault> {
        let (storage, _) = self.steady_counters()?;
        self.found_between(&storage.number, since, storage.last_document.into())
    }

    /// From the storage's record of the opening to the register's clock. In an open shift at least as many documents
    /// came after its opening as it has receipts; a few more may have, as reports of settlements.
    pub(super) fn read_shift_age(&mut self) -> Result<Option<Duration>, Fault> {
        let (storage, shift) = self.steady_counters()?;
        let Some(newest) = storage.last_document.checked_sub(shift.receipts.into()).filter(|_| shift.open) else {
            return Ok(None);
        };
        for number in (1..=newest).rev().take(OPENING_LOOKS) {
            let found = match self.link.run_patiently(&FindDocument(number)) {
                Ok(found) => found,
                Err(Failure::Refused { .. }) => return Ok(None),
                Err(Failure::Lost(fault)) => return Err(fault),
            };
            if found.trace == Trace::ShiftOpened {
                let clock = self.link.run_patiently(&LongStatus).map_err(Failure::fault)?.clock;
                let opened = found.time.as_deref().and_then(moment::seconds);
                let age = opened.zip(moment::seconds(&clock)).and_then(|(from, to)| to.checked_sub(from));
                return Ok(age.map(|s| Duration::from_secs(s.into())));
            }
        }
        Ok(None)
    }

    fn found_between(&mut self, storage: &str, since: u64, last: u64) -> Result<Vec<Found>, Fault> {
        (since + 1..=last).map(|number| self.found(storage, number)).collect()
    }

    fn found(&mut self, storage: &str, number: u64) -> Result<Found, Fault> {
        let storage = storage.to_owned();
        let proof = |sign, total, device_time| Proof { document_number: number, sign, storage, total, device_time };
        let asked = u32::try_from(number).unwrap_or(u32::MAX);
        match self.link.run_patiently(&FindDocument(asked)) {
            Ok(stored) => {
                let marker = match stored.trace {
                    Trace::Receipt { .. } | Trace::Correction { .. } => self.marker_of(asked)?,
                    Trace::ShiftOpened | Trace::ShiftClosed | Trace::Other => FoundMarker::None,
                };
                let proof = proof(stored.sign.to_string(), stored.total, stored.time);
                Ok(Found { number, trace: stored.trace, marker, proof })
            }
            Err(Failure::Refused { .. }) => Ok(Found {
                number,
                trace: Trace::Other,
                marker: FoundMarker::Unreadable,
                proof: proof(String::new(), None, None),
            }),
            Err(Failure::Lost(fault)) => Err(fault),
        }
    }

    /// The marker in a document's tags. A lost answer may have skipped a tag, so it is read from the start again.
    fn marker_of(&mut self, number: u32) -> Result<FoundMarker, Fault> {
        let mut tries = 1;
        loop {
            match self.read_marker(number) {
                Ok(marker) => return Ok(marker),
                Err(Failure::Refused { .. }) => return Ok(FoundMarker::Unreadable),
                Err(Failure::Lost(fault)) if tries == TAG_TRIES => return Err(fault),
                Err(Failure::Lost(_)) => tries += 1,
            }
        }
    }

    fn read_marker(&mut self, number: u32) -> Result<FoundMarker, Failure> {
        self.link.run_patiently(&BeginTags(number))?;
        for _ in 0..MAX_TAGS {
            let bytes = match self.link.run_patiently(&NextTag) {
                Ok(bytes) => bytes,
                Err(failure) if failure.is(NO_MORE) => return Ok(FoundMarker::None),
                Err(failure) => return Err(failure),
            };
            let Some(tags) = tlv::tags(&bytes) else { return Ok(FoundMarker::Unreadable) };
            if let Some(marker) = tags.iter().find_map(|(tag, value)| marker_in(*tag, value)) {
                return Ok(FoundMarker::Ours(marker));
            }
        }
        Ok(FoundMarker::Unreadable)
    }

    /// A document whose tags did not tell, and whose number and sign stand in the answer to our own command that was
    /// found on the line: ours.
    fn recognise(&self, document: &Document, found: &mut Found) {
        let silent = matches!(found.marker, FoundMarker::None | FoundMarker::Unreadable);
        if silent && document.body.trace() == Some(found.trace) {
            let numbers = (found.number, found.proof.sign.clone());
            if self.evidence.iter().any(|body| answered(body).as_ref() == Some(&numbers)) {
                found.marker = FoundMarker::Ours(document.marker);
            }
        }
    }
}

/// Document and sign in a good answer to FF45 or FF4A.
fn answered(body: &[u8]) -> Option<(u64, String)> {
    match body.get(..3)? {
        [0xFF, 0x45, 0] => Closed::parse(&body[3..]).map(|a| (a.document.into(), a.sign.to_string())),
        [0xFF, 0x4A, 0] => Corrected::parse(&body[3..]).map(|a| (a.document.into(), a.sign.to_string())),
        _ => None,
    }
}

/// Our marker in a tag, at any depth of 1084.
fn marker_in(tag: u16, value: &[u8]) -> Option<Marker> {
    match tag {
        tlv::ADDITIONAL | tlv::USER_ATTRIBUTE_VALUE => text::from_cp866(value).parse().ok(),
        tlv::USER_ATTRIBUTE => tlv::tags(value)?.iter().find_map(|(tag, value)| marker_in(*tag, value)),
        _ => None,
    }
}

/// Reports of a shift carry no marker and need none: a shift is open or closed, whoever asked for it. The first report
/// of the wanted kind after the mark is the one that did it.
fn recognise_report(document: &Document, found: &mut [Found]) {
    let wanted = match document.body {
        Body::OpenShift(_) => Trace::ShiftOpened,
        Body::CloseShift(_) => Trace::ShiftClosed,
        Body::Sale(_)
        | Body::Return(_)
        | Body::Correction(_)
        | Body::XReport
        | Body::CashIn(_)
        | Body::CashOut(_)
        | Body::Slip(_) => return,
    };
    let mut seen = false;
    for one in found.iter_mut().filter(|f| f.trace == wanted) {
        if !seen {
            one.marker = FoundMarker::Ours(document.marker);
        }
        seen = true;
    }
}
