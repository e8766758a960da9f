//! The cloud sends, and hears.

use kkm_bridge::journal::State;

use crate::bugs::Bug;
use crate::moves::Maker;
use crate::world::{Row, World};

impl Maker<'_> {
    pub(super) fn cloud(&mut self) {
        for id in 0..2_u8 {
            let at = usize::from(id);
            if self.world.posts[at] > 0 {
                let (before_commit, outside) =
                    (self.has(Bug::AnswerBeforeCommit), self.has(Bug::SameIdOutside) || self.has(Bug::TwinRuleOutside));
                let twins = self.scope.twins;
                self.may(format!("post {id}"), |w| {
                    w.posts[at] -= 1;
                    match rules(w, id, twins) {
                        Rule::Known => w.answered[at] = true,
                        Rule::Refused => {}
                        Rule::New if before_commit => {
                            w.answered[at] = true;
                            w.intake.push(id);
                        }
                        Rule::New if outside => w.intake.push(id),
                        Rule::New => insert(w, id),
                    }
                    true
                });
            }
        }
        if let Some(id) = self.world.intake.first().copied() {
            let (bug, twins) = (self.bug, self.scope.twins);
            self.may(format!("commit {id}"), |w| {
                w.intake.remove(0);
                let same_id = w.journal.rows.iter().any(|row| row.id == id);
                // One of the rules is looked at again inside the transaction, the other was looked at before it.
                let refused = match bug {
                    Some(Bug::TwinRuleOutside) => same_id,
                    Some(Bug::SameIdOutside) => twins && rules(w, id, twins) != Rule::Known && twin(w, id),
                    _ => same_id,
                };
                if !refused {
                    insert(w, id);
                }
                true
            });
        }
        for at in 0..self.world.journal.rows.len() {
            let row = &self.world.journal.rows[at];
            if row.report.is_some() && !row.heard {
                self.may(format!("report of {at}"), |w| {
                    w.journal.rows[at].heard = true;
                    true
                });
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    New,
    Known,
    Refused,
}

/// The rules of intake: the same id, then the other print of the sale.
fn rules(w: &World, id: u8, twins: bool) -> Rule {
    if let Some(row) = w.journal.rows.iter().find(|row| row.id == id) {
        return match row.state {
            State::Refused | State::Expired => Rule::Refused,
            State::Accepted
            | State::Begun
            | State::Closing
            | State::Doubtful
            | State::Cancelling
            | State::NeedsOperator
            | State::Done => Rule::Known,
        };
    }
    if twins && twin(w, id) { Rule::Refused } else { Rule::New }
}

/// Another print of the sale is undecided or registered.
fn twin(w: &World, id: u8) -> bool {
    w.journal.rows.iter().any(|row| row.id != id && !matches!(row.state, State::Refused | State::Expired))
}

fn insert(w: &mut World, id: u8) {
    w.answered[usize::from(id)] = true;
    w.journal.rows.push(Row {
        id,
        state: State::Accepted,
        attempt: 0,
        mark: 0,
        puzzle: None,
        decided_not: false,
        report: None,
        heard: false,
    });
}
