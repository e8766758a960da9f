//! What may happen next. Every move is one step that a death can fall before or after.

use kkm_bridge::journal::{Event, State};

use crate::bugs::Bug;
use crate::evidence::weigh;
use crate::world::{Found, Hand, Row, Scope, World};

/// A move: its name, and the world after it.
pub type Move = (String, World);

/// Makes the moves from one world.
pub(super) struct Maker<'a> {
    pub(super) world: &'a World,
    pub(super) scope: Scope,
    pub(super) bug: Option<Bug>,
    moves: Vec<Move>,
}

/// Everything that may happen in this world.
pub fn moves(world: &World, scope: Scope, bug: Option<Bug>) -> Vec<Move> {
    let mut maker = Maker { world, scope, bug, moves: Vec::new() };
    maker.cloud();
    maker.lane();
    maker.people();
    maker.misfortune();
    maker.moves
}

/// Takes an arrow of the real state machine; false when there is none.
pub(super) fn arrow(row: &mut Row, event: Event) -> bool {
    match row.state.after(event) {
        Ok(next) => {
            row.state = next;
            true
        }
        Err(_) => false,
    }
}

/// An arrow to an end, with its report in the same transaction.
pub(super) fn end(row: &mut Row, event: Event) -> bool {
    let success = match event {
        Event::Registered | Event::DecidedRegistered => true,
        Event::Refuse | Event::Expire => false,
        other => unreachable!("{other:?} ends nothing"),
    };
    let taken = arrow(row, event);
    if taken {
        row.report = Some(success);
    }
    taken
}

impl Maker<'_> {
    pub(super) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Adds a move, unless `change` says that it cannot be.
    pub(super) fn may(&mut self, name: impl Into<String>, change: impl FnOnce(&mut World) -> bool) {
        let mut next = self.world.clone();
        if change(&mut next) {
            self.moves.push((name.into(), next));
        }
    }

    fn lane(&mut self) {
        let bug = self.bug;
        match self.world.hand {
            Hand::Empty => self.lane_at_rest(),
            Hand::Looked(row, mark) => self.may(format!("begin {row}"), |w| {
                w.hand = Hand::Empty;
                let doc = &mut w.journal.rows[usize::from(row)];
                if bug == Some(Bug::BeginUnconditional) {
                    doc.state = State::Begun;
                } else if !arrow(doc, Event::Begin) {
                    return true;
                }
                doc.attempt += 1;
                (doc.mark, doc.puzzle, doc.decided_not) = (mark, None, false);
                w.hand = Hand::Begun(row);
                true
            }),
            Hand::Begun(row) => {
                self.may(format!("open {row}"), |w| {
                    w.register.open = Some((row, w.journal.rows[usize::from(row)].attempt));
                    w.hand = Hand::Opened(row);
                    true
                });
                self.may(format!("untouched {row}"), |w| {
                    w.hand = Hand::Empty;
                    arrow(&mut w.journal.rows[usize::from(row)], Event::Untouched)
                });
            }
            Hand::Opened(row) => {
                self.may(format!("closing {row}"), |w| {
                    w.hand = Hand::Closing(row);
                    matches!(bug, Some(Bug::ClosingNotStored | Bug::ExpiryWhileBegun))
                        || arrow(&mut w.journal.rows[usize::from(row)], Event::Closing)
                });
                self.may(format!("silence before the close of {row}"), |w| {
                    w.hand = Hand::Silent(row);
                    true
                });
            }
            Hand::Closing(row) => self.close(row),
            Hand::Answered(row) => self.may(format!("settle {row}"), |w| {
                seen(w, row);
                if bug == Some(Bug::SettleWithoutReport) {
                    w.hand = Hand::Unreported(row);
                    return arrow(&mut w.journal.rows[usize::from(row)], Event::Registered);
                }
                w.hand = Hand::Empty;
                settle(w, row, bug)
            }),
            Hand::Unreported(row) => self.may(format!("store the report of {row}"), |w| {
                w.hand = Hand::Empty;
                w.journal.rows[usize::from(row)].report = Some(true);
                true
            }),
            Hand::Refused(row) => {
                self.may(format!("refuse {row}"), |w| {
                    w.hand = Hand::Empty;
                    end(&mut w.journal.rows[usize::from(row)], Event::Refuse)
                });
                self.may(format!("hold {row}"), |w| {
                    w.hand = Hand::Empty;
                    arrow(&mut w.journal.rows[usize::from(row)], Event::Untouched)
                });
            }
            Hand::Silent(row) => self.doubt(row),
            Hand::Judged(row, found) => self.act(row, found),
            Hand::Cancelling(row) => {
                self.may(format!("cancel {row}"), |w| {
                    w.register.open = None;
                    w.hand = Hand::Cancelled(row);
                    true
                });
                self.may(format!("the cancel of {row} is lost"), |w| {
                    w.hand = Hand::Cancelled(row);
                    true
                });
            }
            Hand::Cancelled(row) => self.may(format!("look again at {row}"), |w| {
                w.hand = Hand::Empty;
                arrow(&mut w.journal.rows[usize::from(row)], Event::Doubt)
            }),
        }
    }

    fn lane_at_rest(&mut self) {
        let bug = self.bug;
        if let Some(row) = self.world.journal.in_flight() {
            let state = self.world.journal.rows[usize::from(row)].state;
            if state == State::Doubtful {
                self.look_back(row);
            }
            if bug != Some(Bug::TwoInFlight) {
                return;
            }
        }
        let waiting = self.world.journal.rows.iter().position(|row| row.state == State::Accepted);
        let Some(row) = waiting.map(|at| at as u8) else { return };
        if self.world.journal.fenced || self.world.register.late.is_some() {
            return;
        }
        let attempts = self.scope.attempts;
        let leftover = self.world.register.open.is_some();
        self.may(format!("look for {row}"), |w| {
            // The bound on attempts ends the selling, not the looking.
            let enough = w.journal.rows[usize::from(row)].attempt >= attempts;
            if leftover || (enough && !w.journal.restored) {
                return false;
            }
            if bug != Some(Bug::FenceIgnored) && !explained(w) {
                w.journal.fenced = true;
                return true;
            }
            w.journal.restored = false;
            w.journal.known = w.register.books.len() as u8;
            if !enough {
                w.hand = Hand::Looked(row, w.journal.known);
            }
            true
        });
    }

    /// The command that registers leaves; what comes of it is not in our hands.
    fn close(&mut self, row: u8) {
        let bug = self.bug;
        let registered = |w: &mut World| {
            if let Some(ours) = w.register.open.take() {
                w.register.books.push(Some(ours));
            }
        };
        let sent = move |w: &mut World| {
            if bug == Some(Bug::SuccessOnSend) {
                w.hand = Hand::Empty;
                return end(&mut w.journal.rows[usize::from(row)], Event::Registered);
            }
            true
        };
        self.may(format!("close {row}"), |w| {
            registered(w);
            w.hand = Hand::Answered(row);
            sent(w)
        });
        self.may(format!("close {row}, the answer is lost"), |w| {
            registered(w);
            w.hand = Hand::Silent(row);
            sent(w)
        });
        self.may(format!("the close of {row} is lost"), |w| {
            w.hand = Hand::Silent(row);
            sent(w)
        });
        if self.world.lates > 0 {
            self.may(format!("the close of {row} is late"), |w| {
                w.lates -= 1;
                w.register.late = w.register.open;
                w.hand = Hand::Silent(row);
                sent(w)
            });
        }
        if self.world.lates > 0 {
            self.may(format!("the whole receipt {row} is late"), |w| {
                w.lates -= 1;
                w.register.late = w.register.open.take();
                w.hand = Hand::Silent(row);
                sent(w)
            });
        }
        self.may(format!("the device refuses {row}"), |w| {
            if bug != Some(Bug::RefusalLeavesOpen) {
                w.register.open = None;
            }
            w.hand = Hand::Refused(row);
            sent(w)
        });
    }

    fn doubt(&mut self, row: u8) {
        let bug = self.bug;
        self.may(format!("doubt {row}"), |w| {
            w.hand = Hand::Empty;
            let doc = &mut w.journal.rows[usize::from(row)];
            match bug {
                Some(Bug::ErrorOnDoubt) => end(doc, Event::Refuse),
                Some(Bug::CancelAfterClose) => {
                    w.register.open = None;
                    arrow(doc, Event::Untouched)
                }
                _ => arrow(doc, Event::Doubt),
            }
        });
    }

    /// Reconcile: the line is quiet, or waits until it is.
    fn look_back(&mut self, row: u8) {
        let bug = self.bug;
        if bug == Some(Bug::BlindResend) {
            self.may(format!("send {row} again"), |w| {
                w.register.open = None;
                arrow(&mut w.journal.rows[usize::from(row)], Event::NotRegistered)
            });
            return;
        }
        if bug == Some(Bug::SilenceIsNo) {
            self.may(format!("no answer about {row}"), |w| {
                w.register.open = None;
                arrow(&mut w.journal.rows[usize::from(row)], Event::NotRegistered)
            });
        }
        if self.world.register.late.is_some() && bug != Some(Bug::NoQuiesce) {
            return;
        }
        self.may(format!("ask about {row}"), |w| {
            w.hand = Hand::Judged(row, weigh(w, row, false, bug));
            true
        });
        if self.world.unreadable > 0 && !self.world.register.books.is_empty() {
            self.may(format!("ask about {row}, the last document cannot be read"), |w| {
                w.unreadable -= 1;
                w.hand = Hand::Judged(row, weigh(w, row, true, bug));
                true
            });
        }
    }

    fn act(&mut self, row: u8, found: Found) {
        let bug = self.bug;
        self.may(format!("act on {found:?} of {row}"), |w| {
            w.hand = Hand::Empty;
            let doc = &mut w.journal.rows[usize::from(row)];
            match found {
                Found::Happened => {
                    seen(w, row);
                    settle(w, row, bug)
                }
                Found::DidNot => arrow(doc, Event::NotRegistered),
                Found::OursIsOpen => {
                    w.hand = Hand::Cancelling(row);
                    arrow(doc, Event::Cancel)
                }
                Found::CannotTell(asked) if doc.decided_not && doc.puzzle == Some(asked) => {
                    arrow(doc, Event::NotRegistered)
                }
                Found::CannotTell(asked) => {
                    (doc.puzzle, doc.decided_not) = (Some(asked), false);
                    arrow(doc, Event::AskOperator)
                }
            }
        });
    }
}

/// Registered, with the report. A bug may have ended it before; then nothing is changed.
fn settle(w: &mut World, row: u8, bug: Option<Bug>) -> bool {
    let taken = end(&mut w.journal.rows[usize::from(row)], Event::Registered);
    taken || bug.is_some()
}

/// The register was seen up to the receipt of this row.
fn seen(w: &mut World, row: u8) {
    let ours = Some((row, w.journal.rows[usize::from(row)].attempt));
    let number = w.register.books.iter().position(|entry| *entry == ours).map_or(0, |at| at as u8 + 1);
    w.journal.known = w.journal.known.max(number);
}

/// What appeared since the last look is a stranger's, or ours and settled.
fn explained(w: &World) -> bool {
    let known = usize::from(w.journal.known).min(w.register.books.len());
    w.register.books[known..].iter().flatten().all(|ours| {
        w.journal.rows.get(usize::from(ours.0)).is_some_and(|row| row.state == State::Done && row.attempt >= ours.1)
    })
}
