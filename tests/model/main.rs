//! Every state that two documents, a register and a dying daemon can come to, within a bound.
//!
//! The daemon's parts are abstract here, and small; what decides is real: the arrows are [`State::after`] of the journal,
//! the evidence is weighed by [`judge`] of the contract. The search is breadth first and visits every reachable state, so
//! what it does not find is not there, within the bound. A bound says little about a search that is blind: each of the
//! [`bugs`] that a design could have must be found by the same search.
//!
//! | file | holds |
//! |---|---|
//! | [`world`] | what there is |
//! | [`moves`] | what may happen next: the lane |
//! | [`intake`] | the cloud |
//! | [`fortune`] | people, and misfortune |
//! | [`evidence`] | from the abstract register to the real judge |
//! | [`promises`] | what must hold in every state |
//! | [`search`] | the search |
//! | [`bugs`] | designs that are wrong |
//!
//! [`State::after`]: kkm_bridge::journal::State::after
//! [`judge`]: kkm_drivers::contract::judge
#![allow(unreachable_pub, missing_docs, reason = "a test program has no public")]

mod bugs;
mod evidence;
mod fortune;
mod intake;
mod moves;
mod promises;
mod search;
mod world;

use bugs::Bug;
use search::{Seen, search};
use world::Scope;

#[test]
fn no_state_within_the_bound_breaks_a_promise() {
    let mut counts = Vec::new();
    for scope in Scope::ALL {
        match search(scope, None) {
            Seen::Nothing { states, moves } => counts.push((states, moves)),
            Seen::Broken { promise, trace, .. } => panic!("{}: {promise}\n  {}", scope.name, trace.join("\n  ")),
        }
    }
    let (states, moves) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    // Read by tests/simulate.sh.
    println!(
        "modelled: {states} states, {moves} moves between them, in {} scopes; no promise broken",
        Scope::ALL.len()
    );
}

#[test]
fn every_design_bug_is_seen() {
    for (bug, name) in Bug::ALL {
        let found = Scope::ALL.into_iter().find_map(|scope| match search(scope, Some(bug)) {
            Seen::Nothing { .. } => None,
            Seen::Broken { promise, states, trace } => Some((promise, states, trace)),
        });
        let Some((promise, states, trace)) = found else { panic!("blind: {name} is not seen") };
        // Read by tests/simulate.sh.
        println!("design bug {name}: seen after {states} states, {promise}");
        println!("    {}", trace.join(", "));
    }
    assert!(Bug::ALL.len() >= 15);
}
