//! How often an address may be wrong: a brake on guessing that never holds up who is right.
//!
//! - [`MOST`] wrong tokens in [`WINDOW`] are answered as wrong; further ones are told to wait until the window ends.
//! - Memory is constant: addresses share [`PLACES`] counters by a hash that nobody outside can foresee. Two that fall on
//!   one counter share its budget of being wrong, and lose nothing else by it.
//! - An IPv6 address counts by its /64, which is one customer of a provider; an IPv4 address in its IPv6 form as IPv4.
//! - Behind a reverse proxy all strangers are one address: the proxy's.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many wrong tokens of one address are answered as such.
const MOST: u32 = 10;
/// Within this time.
const WINDOW: Duration = Duration::from_secs(60);
/// Counters: 64 KiB.
const PLACES: usize = 4096;

/// What a wrong token is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// That it is wrong.
    Wrong,
    /// To wait; `first`: this address is told so for the first time in this window.
    Wait {
        /// Until the window ends.
        left: Duration,
        /// For the log, which would be flooded otherwise.
        first: bool,
    },
}

#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// Boot-time clock, ms; the window ends here.
    until_ms: i64,
    wrong: u32,
}

/// Counts wrong tokens by address.
#[derive(Debug)]
pub struct Strangers {
    hasher: RandomState,
    counters: Mutex<Box<[Counter]>>,
}

impl Default for Strangers {
    fn default() -> Self {
        Self { hasher: RandomState::new(), counters: Mutex::new(vec![Counter::default(); PLACES].into_boxed_slice()) }
    }
}

impl Strangers {
    /// A wrong token came from `peer` at `now_ms` of the boot-time clock.
    pub fn wrong(&self, peer: Option<IpAddr>, now_ms: i64) -> Verdict {
        let place = self.hasher.hash_one(whose(peer)) as usize % PLACES;
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = &mut counters[place];
        if now_ms >= counter.until_ms {
            *counter = Counter { until_ms: now_ms.saturating_add(WINDOW.as_millis() as i64), wrong: 0 };
        }
        counter.wrong = counter.wrong.saturating_add(1);
        if counter.wrong <= MOST {
            return Verdict::Wrong;
        }
        let left = u64::try_from(counter.until_ms - now_ms).unwrap_or_default();
        Verdict::Wait { left: Duration::from_millis(left), first: counter.wrong == MOST + 1 }
    }
}

/// What stands for one stranger.
fn whose(peer: Option<IpAddr>) -> Option<u128> {
    Some(match peer?.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() & !u128::from(u64::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(strangers: &Strangers, peer: &str, now_ms: i64) -> Verdict {
        strangers.wrong(Some(peer.parse().expect("an address")), now_ms)
    }

    #[test]
    fn the_eleventh_wrong_token_within_a_minute_waits_for_its_end() {
        let strangers = Strangers::default();
        for n in 0..10 {
            assert_eq!(at(&strangers, "192.0.2.1", n * 1000), Verdict::Wrong);
        }
        let wait = |seconds, first| Verdict::Wait { left: Duration::from_secs(seconds), first };
        assert_eq!(at(&strangers, "192.0.2.1", 10_000), wait(50, true));
        assert_eq!(at(&strangers, "::ffff:192.0.2.1", 20_000), wait(40, false));
        assert_eq!(at(&strangers, "192.0.2.1", 60_000), Verdict::Wrong);
    }

    #[test]
    fn a_provider_s_customer_is_one_stranger_and_a_flood_of_addresses_takes_no_memory() {
        let strangers = Strangers::default();
        for n in 0..10 {
            assert_eq!(at(&strangers, &format!("2001:db8:1:2::{n:x}"), 0), Verdict::Wrong);
        }
        assert!(matches!(at(&strangers, "2001:db8:1:2:ffff::1", 0), Verdict::Wait { .. }));
        for n in 0..100_000_u32 {
            strangers.wrong(Some(IpAddr::V4(n.into())), 0);
        }
        assert_eq!(strangers.counters.lock().expect("whole").len(), PLACES);
        assert!(size_of::<Counter>() * PLACES <= 64 * 1024);
    }
}
