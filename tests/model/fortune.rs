//! What people do, and what goes wrong.

use kkm_bridge::journal::{Event, State};

use crate::bugs::Bug;
use crate::moves::{Maker, arrow, end};
use crate::world::{Hand, World};

impl Maker<'_> {
    pub(super) fn people(&mut self) {
        let bug = self.bug;
        for at in 0..self.world.journal.rows.len() {
            let row = &self.world.journal.rows[at];
            if row.state == State::NeedsOperator {
                let booked = self.world.register.books.iter().flatten().any(|ours| usize::from(ours.0) == at);
                if booked {
                    self.may(format!("a person: {at} is registered"), |w| {
                        end(&mut w.journal.rows[at], Event::DecidedRegistered)
                    });
                }
                // May be wrong.
                let at_once = self.has(Bug::WordWithoutSecondLook);
                self.may(format!("a person: {at} is not registered"), |w| {
                    let doc = &mut w.journal.rows[at];
                    doc.decided_not = true;
                    arrow(doc, Event::DecidedNot) && (!at_once || arrow(doc, Event::NotRegistered))
                });
            }
            let begun_too = self.has(Bug::ExpiryWhileBegun) && row.state == State::Begun;
            // Its time may be over at any moment, also between the look and begin.
            self.may(format!("expire {at}"), |w| {
                if (w.journal.fenced || w.journal.restored) && bug != Some(Bug::ExpiryBehindTheFence) {
                    return false;
                }
                let doc = &mut w.journal.rows[at];
                if begun_too {
                    (doc.state, doc.report) = (State::Expired, Some(false));
                    return true;
                }
                end(doc, Event::Expire)
            });
        }
        if self.world.journal.fenced {
            self.may("a person agrees to the device", |w| {
                let found: Vec<_> = w.register.books[usize::from(w.journal.known)..].to_vec();
                for ours in found.into_iter().flatten() {
                    if let Some(doc) = w.journal.rows.get_mut(usize::from(ours.0))
                        && doc.state == State::Accepted
                    {
                        doc.attempt = doc.attempt.max(ours.1);
                        arrow(doc, Event::Begin);
                        end(doc, Event::Registered);
                    }
                }
                w.journal.known = w.register.books.len() as u8;
                w.journal.fenced = false;
                w.journal.restored = false;
                true
            });
        }
        let at_rest = self.world.hand == Hand::Empty && self.world.journal.in_flight().is_none();
        if at_rest && self.world.register.open.is_some() {
            self.may("a person cancels what is open, at the keys", |w| {
                w.register.open = None;
                true
            });
            self.may("a person finishes what is open, at the keys", |w| {
                let open = w.register.open.take();
                w.register.books.push(open);
                true
            });
        }
        if self.world.strangers > 0 && self.world.register.open.is_none() {
            self.may("a stranger sells", |w| {
                w.strangers -= 1;
                w.register.books.push(None);
                true
            });
        }
    }

    pub(super) fn misfortune(&mut self) {
        let bug = self.bug;
        if self.world.deaths > 0 {
            self.may("the daemon dies", |w| {
                w.deaths -= 1;
                restart(w, bug);
                true
            });
        }
        if self.world.register.late.is_some() {
            self.may("the late close is carried out", |w| {
                let late = w.register.late.take();
                if w.register.open.is_none() || w.register.open == late {
                    w.register.open = None;
                    w.register.books.push(late);
                }
                true
            });
            self.may("the late close is lost", |w| {
                w.register.late = None;
                true
            });
        }
        if self.world.backups > 0 && self.world.backup.is_none() && !self.world.journal.rows.is_empty() {
            self.may("the journal is copied", |w| {
                w.backup = Some(w.journal.clone());
                true
            });
        }
        if self.world.backup.is_some() && self.world.backups > 0 {
            self.may("the copy is put back", |w| {
                let Some(copy) = w.backup.take() else { return false };
                // What was accepted or ended in an error since then is beyond what a copy can know.
                let same_rows = copy.rows.len() == w.journal.rows.len();
                let no_errors = copy.rows.iter().zip(&w.journal.rows).all(|(c, r)| r.report != Some(false) || c == r);
                if !same_rows || !no_errors {
                    return false;
                }
                w.backups -= 1;
                w.journal = copy;
                w.journal.restored = true;
                restart(w, bug);
                true
            });
        }
    }
}

/// The memory is gone; whatever was in the middle is doubtful.
fn restart(w: &mut World, bug: Option<Bug>) {
    w.hand = Hand::Empty;
    w.intake.clear();
    for row in &mut w.journal.rows {
        match row.state {
            State::Begun | State::Closing if bug == Some(Bug::SecondAttemptWithoutVerdict) => {
                w.register.open = None;
                arrow(row, Event::Untouched);
            }
            State::Begun if bug == Some(Bug::ClosingNotStored) => {
                w.register.open = None;
                arrow(row, Event::Untouched);
            }
            State::Begun | State::Closing | State::Cancelling => {
                arrow(row, Event::Doubt);
            }
            State::Accepted
            | State::Doubtful
            | State::NeedsOperator
            | State::Done
            | State::Refused
            | State::Expired => {}
        }
    }
}
