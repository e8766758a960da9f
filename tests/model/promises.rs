//! What must hold in every state.

use kkm_bridge::journal::State;

use crate::world::{Scope, World, is_in_flight};

/// The first promise that does not hold.
pub fn broken(world: &World, scope: Scope) -> Option<&'static str> {
    let rows = &world.journal.rows;
    let booked = |at: usize| world.register.books.iter().flatten().filter(|ours| usize::from(ours.0) == at).count();
    let mut by_id = [0; 2];
    for (at, row) in rows.iter().enumerate() {
        by_id[usize::from(row.id)] += booked(at);
        if row.report == Some(true) && booked(at) == 0 {
            return Some("success is not registered");
        }
        if row.report == Some(false) && booked(at) > 0 {
            return Some("error is registered");
        }
        if row.report.is_some() && !row.state.is_final() {
            return Some("a reported document lives on");
        }
    }
    if by_id.iter().any(|count| *count > 1) || (scope.twins && by_id.iter().sum::<usize>() > 1) {
        return Some("registered twice");
    }
    let stored = |id: usize| rows.iter().any(|row| usize::from(row.id) == id);
    if (0..2).any(|id| world.answered[id] && !stored(id)) {
        return Some("accepted is not kept");
    }
    if rows.iter().filter(|row| is_in_flight(row.state)).count() > 1 {
        return Some("two have the device");
    }
    // A copy that was put back does not know the attempts after it; the fence is for those.
    let marked = |ours: &(u8, u8)| rows.get(usize::from(ours.0)).is_some_and(|row| row.attempt >= ours.1);
    if scope.backups == 0 && !world.register.books.iter().flatten().all(marked) {
        return Some("registered without a stored mark");
    }
    None
}

/// Everything that was accepted is at its end and its word was heard.
pub fn is_over(world: &World) -> bool {
    world.intake.is_empty()
        && world.journal.rows.iter().all(|row| row.state.is_final() && row.heard && has_its_word(row.state, row.report))
}

fn has_its_word(state: State, report: Option<bool>) -> bool {
    match state {
        State::Done => report == Some(true),
        State::Refused | State::Expired => report == Some(false),
        State::Accepted
        | State::Begun
        | State::Closing
        | State::Doubtful
        | State::Cancelling
        | State::NeedsOperator => false,
    }
}
