//! The life of a document, pure.
//!
//! ```text
//!             +--expire--> Expired
//! Accepted ---+--refuse--> Refused                    (preflight: nothing was sent)
//!     ^       +--begin(mark)--> Begun --closing--> Closing
//!     |                           |                   |
//!     +---------untouched---------+                   +--> Done | Refused
//!     |                           +--doubt--> Doubtful <--doubt--+
//!     |                                        |  ^  |
//!     +------- not registered ----------------+  |  +--> Done (registered)
//!     |                                        |  |  +--> NeedsOperator --decided--> Doubtful | Done
//!     |                                        v  |
//!     +-----------------------------------  Cancelling
//! ```
//! Every arrow is one transaction of the journal and a conditional update: the state it starts from is part of it.

use std::fmt;

/// Where a document is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Stored and answered; nothing was sent to a device. It may wait, be begun, be refused or expire.
    Accepted,
    /// The mark is stored; bytes of the receipt may have left.
    Begun,
    /// The command that registers may have left.
    Closing,
    /// Its attempt ended without an answer: only evidence decides.
    Doubtful,
    /// Its receipt was found open and is being cancelled.
    Cancelling,
    /// The evidence does not decide: a person must.
    NeedsOperator,
    /// Registered. Final.
    Done,
    /// Certainly not registered, and never will be. Final.
    Refused,
    /// Waited too long before anything was sent, and never will be. Final.
    Expired,
}

/// What may happen to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// An attempt begins; its mark is stored with it.
    Begin,
    /// The command that registers is about to leave.
    Closing,
    /// The device has registered it (its answer, or evidence).
    Registered,
    /// A definite refusal with nothing registered and nothing open; reported.
    Refuse,
    /// The attempt ended with nothing registered and nothing open; it may be repeated.
    Untouched,
    /// The attempt ended, or was interrupted, and nobody knows how.
    Doubt,
    /// Evidence: our receipt is open and will be cancelled.
    Cancel,
    /// Evidence: not registered, nothing open.
    NotRegistered,
    /// Evidence does not decide.
    AskOperator,
    /// A person said "not registered": look again before acting on it.
    DecidedNot,
    /// A person said "registered" and gave the numbers.
    DecidedRegistered,
    /// Its time is over and nothing was sent.
    Expire,
}

/// An arrow that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document that is {from} cannot take {event:?}")]
pub struct NoSuchArrow {
    /// State.
    pub from: State,
    /// Event.
    pub event: Event,
}

impl State {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Begun,
        Self::Closing,
        Self::Doubtful,
        Self::Cancelling,
        Self::NeedsOperator,
        Self::Done,
        Self::Refused,
        Self::Expired,
    ];

    /// Where `event` leads.
    pub fn after(self, event: Event) -> Result<Self, NoSuchArrow> {
        use Event as E;
        let next = match (self, event) {
            (Self::Accepted, E::Begin) => Self::Begun,
            (Self::Accepted, E::Expire) => Self::Expired,
            (Self::Begun, E::Closing) => Self::Closing,
            (Self::Accepted | Self::Begun | Self::Closing, E::Refuse) => Self::Refused,
            (Self::Begun | Self::Closing, E::Untouched) => Self::Accepted,
            (Self::Begun | Self::Closing | Self::Doubtful | Self::Cancelling, E::Registered) => Self::Done,
            (Self::Begun | Self::Closing | Self::Cancelling, E::Doubt) => Self::Doubtful,
            (Self::Doubtful, E::Cancel) => Self::Cancelling,
            (Self::Doubtful | Self::Cancelling, E::NotRegistered) => Self::Accepted,
            (Self::Doubtful | Self::Cancelling, E::AskOperator) => Self::NeedsOperator,
            (Self::NeedsOperator, E::DecidedNot) => Self::Doubtful,
            (Self::NeedsOperator, E::DecidedRegistered) => Self::Done,
            (from, event) => return Err(NoSuchArrow { from, event }),
        };
        Ok(next)
    }

    /// Nothing happens to it any more.
    pub fn is_final(self) -> bool {
        match self {
            Self::Done | Self::Refused | Self::Expired => true,
            Self::Accepted | Self::Begun | Self::Closing | Self::Doubtful | Self::Cancelling | Self::NeedsOperator => {
                false
            }
        }
    }

    /// The device belongs to this document until it is settled.
    pub fn holds_the_device(self) -> bool {
        !self.is_final() && self != Self::Accepted
    }

    /// The name in the journal and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Begun => "begun",
            Self::Closing => "closing",
            Self::Doubtful => "doubtful",
            Self::Cancelling => "cancelling",
            Self::NeedsOperator => "needs_operator",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 12] = [
        Event::Begin,
        Event::Closing,
        Event::Registered,
        Event::Refuse,
        Event::Untouched,
        Event::Doubt,
        Event::Cancel,
        Event::NotRegistered,
        Event::AskOperator,
        Event::DecidedNot,
        Event::DecidedRegistered,
        Event::Expire,
    ];

    #[test]
    fn final_states_have_no_way_out_and_all_others_have_one() {
        for state in State::ALL {
            let ways = EVENTS.iter().filter(|e| state.after(**e).is_ok()).count();
            assert_eq!(ways == 0, state.is_final(), "{state}");
        }
    }

    #[test]
    fn a_second_attempt_is_reached_only_through_a_definite_no() {
        for state in State::ALL {
            for event in EVENTS {
                if state.after(event) == Ok(State::Accepted) {
                    assert!(matches!(event, Event::Untouched | Event::NotRegistered), "{state} {event:?}");
                }
            }
        }
    }

    #[test]
    fn an_error_is_reported_only_from_states_that_prove_it() {
        for state in State::ALL {
            for event in EVENTS {
                match state.after(event) {
                    Ok(State::Expired) => assert_eq!(state, State::Accepted),
                    Ok(State::Refused) => assert!(matches!(state, State::Accepted | State::Begun | State::Closing)),
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }

    #[test]
    fn every_state_reaches_an_end() {
        let mut ends: Vec<State> = State::ALL.into_iter().filter(|s| s.is_final()).collect();
        for _ in 0..State::ALL.len() {
            for state in State::ALL {
                if !ends.contains(&state) && EVENTS.iter().any(|e| state.after(*e).is_ok_and(|n| ends.contains(&n))) {
                    ends.push(state);
                }
            }
        }
        assert_eq!(ends.len(), State::ALL.len());
    }

    #[test]
    fn names_are_found_again() {
        for state in State::ALL {
            assert_eq!(State::named(state.name()), Some(state));
        }
    }
}
