//! The only file that reads time.
//!
//! A [`Stamp`] is one moment in three readings: the wall clock, the boot-time clock, and the name of the boot. Stamps are
//! stored with documents; what matters later is how long ago one was, and that is [`age`]:
//! - within one boot by the boot-time clock alone (it also counts suspend), so a jump of the wall clock changes nothing;
//! - after another boot by the wall clock, if both readings are plausible: not before [`FLOOR_WALL_MS`], not negative,
//!   not above [`LONGEST_AGE`];
//! - else [`Age::Implausible`]: the caller takes the safe side (a waiting document expires, a report is kept).
//!
//! [`until`] is the same for a moment ahead. Sleeping belongs to the clock too, so that a test can turn months by hand
//! ([`ManualClock`]).

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// 2026-01-01T00:00:00Z in Unix milliseconds: this program did not exist before it, so a wall clock that says so is wrong.
pub const FLOOR_WALL_MS: i64 = 1_767_225_600_000;

/// The longest age that a wall clock is believed to tell: 400 days.
pub const LONGEST_AGE: Duration = Duration::from_secs(400 * 24 * 3600);

/// A future that ends when the time is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// This moment.
    fn now(&self) -> Stamp;
    /// Ends after `time` by the boot-time clock.
    fn sleep(&self, time: Duration) -> Sleep;
}

/// The name of one boot of the machine: 36 characters, as `/proc/sys/kernel/random/boot_id` gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BootId([u8; 36]);

/// A text that is no [`BootId`].
#[derive(Debug, thiserror::Error)]
#[error("a boot id has 36 ASCII characters, not {0:?}")]
pub struct NoBootId(String);

impl BootId {
    /// The 36 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII is taken in")
    }
}

impl TryFrom<String> for BootId {
    type Error = NoBootId;

    fn try_from(text: String) -> Result<Self, NoBootId> {
        match <[u8; 36]>::try_from(text.as_bytes()) {
            Ok(bytes) if text.is_ascii() => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err(NoBootId(text)),
        }
    }
}

impl From<BootId> for String {
    fn from(id: BootId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Debug for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall clock, Unix milliseconds.
    pub wall_ms: i64,
    /// Boot-time clock, milliseconds since the boot, suspend included.
    pub boot_ms: i64,
    /// Which boot `boot_ms` counts from.
    pub boot: BootId,
}

impl Stamp {
    /// The moment `time` later, by both clocks.
    #[must_use]
    pub fn plus(&self, time: Duration) -> Self {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Self { wall_ms: self.wall_ms.saturating_add(ms), boot_ms: self.boot_ms.saturating_add(ms), boot: self.boot }
    }

    /// The moment `time` earlier, by both clocks; before the boot its boot-time reading is negative.
    #[must_use]
    pub fn minus(&self, time: Duration) -> Self {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Self { wall_ms: self.wall_ms.saturating_sub(ms), boot_ms: self.boot_ms.saturating_sub(ms), boot: self.boot }
    }
}

/// How long ago a moment was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// So long.
    Known(Duration),
    /// The clocks do not tell.
    Implausible,
}

/// How long before `now` the moment `since` was.
pub fn age(since: &Stamp, now: &Stamp) -> Age {
    if since.boot == now.boot {
        return match u64::try_from(now.boot_ms.saturating_sub(since.boot_ms)) {
            Ok(ms) => Age::Known(Duration::from_millis(ms)),
            Err(_) => Age::Implausible,
        };
    }
    if since.wall_ms < FLOOR_WALL_MS || now.wall_ms < FLOOR_WALL_MS {
        return Age::Implausible;
    }
    match u64::try_from(now.wall_ms.saturating_sub(since.wall_ms)).map(Duration::from_millis) {
        Ok(passed) if passed <= LONGEST_AGE => Age::Known(passed),
        Ok(_) | Err(_) => Age::Implausible,
    }
}

/// How long from `now` to the moment `at`; zero when it is past. `longest` is the longest wait that is ever asked for: more
/// than that means that the wall clock was set back over a boot, and must not keep anybody waiting, so it is zero, too.
pub fn until(at: &Stamp, now: &Stamp, longest: Duration) -> Duration {
    let left_ms = if at.boot == now.boot {
        at.boot_ms.saturating_sub(now.boot_ms)
    } else {
        at.wall_ms.saturating_sub(now.wall_ms)
    };
    let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
    if left > longest { Duration::ZERO } else { left }
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    boot: BootId,
}

impl SystemClock {
    /// Reads the name of this boot.
    pub fn new() -> std::io::Result<Self> {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let boot = BootId::try_from(text.trim_end().to_owned()).map_err(std::io::Error::other)?;
        Ok(Self { boot })
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        use rustix::time::{ClockId, clock_gettime};
        let ms = |id| {
            let time = clock_gettime(id);
            time.tv_sec * 1000 + time.tv_nsec / 1_000_000
        };
        Stamp { wall_ms: ms(ClockId::Realtime), boot_ms: ms(ClockId::Boottime), boot: self.boot }
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Clocks turned by hand. Clones share the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    wall_ms: i64,
    boot_ms: i64,
    boot: u32,
    /// Who sleeps, by the moment of waking and a number that tells equals apart. A dropped sleeper closes its channel.
    asleep: BTreeMap<(i64, u64), tokio::sync::oneshot::Sender<()>>,
    next: u64,
}

impl ManualClock {
    /// Starts at that wall time, ten seconds after the first boot.
    pub fn new(wall_ms: i64) -> Self {
        Self(Arc::new(Mutex::new(Hands { wall_ms, boot_ms: 10_000, boot: 1, asleep: BTreeMap::new(), next: 0 })))
    }

    /// Lets time pass on both clocks; sleepers whose time has come wake.
    pub fn advance(&self, time: Duration) {
        let mut hands = self.hands();
        let ms = i64::try_from(time.as_millis()).expect("a test's time fits");
        hands.wall_ms += ms;
        hands.boot_ms += ms;
        let later = (hands.boot_ms + 1, 0);
        let still = hands.asleep.split_off(&later);
        for sleeper in std::mem::replace(&mut hands.asleep, still).into_values() {
            let _ = sleeper.send(());
        }
    }

    /// Moves the wall clock alone, as a person or NTP does; negative is backwards.
    pub fn jump_wall(&self, by_ms: i64) {
        self.hands().wall_ms += by_ms;
    }

    /// The machine starts anew: another boot, its clock near zero, the wall clock unchanged.
    pub fn reboot(&self) {
        let mut hands = self.hands();
        hands.boot += 1;
        hands.boot_ms = 10_000;
        hands.asleep.clear();
    }

    /// How long until the next sleeper wakes; `None` when nobody sleeps.
    pub fn next_wake(&self) -> Option<Duration> {
        let mut hands = self.hands();
        hands.asleep.retain(|_, sleeper| !sleeper.is_closed());
        let (&(at_ms, _), _) = hands.asleep.first_key_value()?;
        Some(Duration::from_millis(u64::try_from(at_ms - hands.boot_ms).unwrap_or(0)))
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Stamp {
        let hands = self.hands();
        let boot = BootId::try_from(format!("00000000-0000-4000-8000-{:012}", hands.boot)).expect("36 characters");
        Stamp { wall_ms: hands.wall_ms, boot_ms: hands.boot_ms, boot }
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let mut hands = self.hands();
        let (wake, woken) = tokio::sync::oneshot::channel();
        // Rounded up: who sleeps for less than a millisecond still sleeps.
        let ms = i64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(i64::MAX);
        let at = (hands.boot_ms.saturating_add(ms), hands.next);
        hands.next += 1;
        hands.asleep.insert(at, wake);
        Box::pin(async move {
            // An error is a reboot under a sleeper: it wakes.
            let _ = woken.await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL_MS: i64 = FLOOR_WALL_MS + 1_000_000_000;

    #[test]
    fn within_one_boot_a_wall_jump_does_not_matter() {
        let clock = ManualClock::new(WALL_MS);
        let since = clock.now();
        clock.advance(Duration::from_secs(90));
        clock.jump_wall(-315_360_000_000);
        assert_eq!(age(&since, &clock.now()), Age::Known(Duration::from_secs(90)));
        clock.jump_wall(2 * 315_360_000_000);
        assert_eq!(age(&since, &clock.now()), Age::Known(Duration::from_secs(90)));
    }

    #[test]
    fn after_another_boot_a_plausible_wall_clock_is_believed() {
        let clock = ManualClock::new(WALL_MS);
        let since = clock.now();
        clock.advance(Duration::from_secs(5));
        clock.reboot();
        clock.jump_wall(55_000);
        assert_eq!(age(&since, &clock.now()), Age::Known(Duration::from_secs(60)));
    }

    #[test]
    fn after_another_boot_an_implausible_wall_clock_is_told() {
        let day_ms = 24 * 3600 * 1000;
        for jump_ms in [-1, 401 * day_ms, -WALL_MS, FLOOR_WALL_MS - 1 - WALL_MS] {
            let clock = ManualClock::new(WALL_MS);
            let since = clock.now();
            clock.reboot();
            clock.jump_wall(jump_ms);
            assert_eq!(age(&since, &clock.now()), Age::Implausible, "{jump_ms}");
        }
        let clock = ManualClock::new(FLOOR_WALL_MS - 1);
        let since = clock.now();
        clock.reboot();
        clock.jump_wall(5000);
        assert_eq!(age(&since, &clock.now()), Age::Implausible, "the stored reading is before the floor");
    }

    #[test]
    fn the_floor_and_the_longest_age_are_still_plausible() {
        let clock = ManualClock::new(FLOOR_WALL_MS);
        let since = clock.now();
        clock.reboot();
        assert_eq!(age(&since, &clock.now()), Age::Known(Duration::ZERO));
        clock.advance(LONGEST_AGE);
        assert_eq!(age(&since, &clock.now()), Age::Known(LONGEST_AGE));
        clock.advance(Duration::from_millis(1));
        assert_eq!(age(&since, &clock.now()), Age::Implausible);
    }

    #[test]
    fn a_boot_clock_that_ran_backwards_is_implausible() {
        let clock = ManualClock::new(WALL_MS);
        let now = clock.now();
        assert_eq!(age(&now.plus(Duration::from_millis(1)), &now), Age::Implausible);
    }

    #[test]
    fn a_moment_ahead_beyond_the_limit_is_a_clock_that_was_set_back() {
        let clock = ManualClock::new(WALL_MS);
        let hour = Duration::from_secs(3600);
        let at = clock.now().plus(hour);
        assert_eq!(until(&at, &clock.now(), 2 * hour), hour);
        clock.reboot();
        clock.jump_wall(-315_360_000_000);
        assert_eq!(until(&at, &clock.now(), 2 * hour), Duration::ZERO, "the wall clock was set back ten years");
        clock.jump_wall(2 * 315_360_000_000);
        assert_eq!(until(&at, &clock.now(), 2 * hour), Duration::ZERO);
    }

    #[test]
    fn a_stamp_survives_serialization_and_a_bad_boot_id_does_not() {
        let stamp = SystemClock::new().unwrap().now();
        let text = serde_json::to_string(&stamp).unwrap();
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), stamp);
        assert!(serde_json::from_str::<BootId>("\"short\"").is_err());
        assert!(serde_json::from_str::<BootId>(&format!("\"{}\"", "я".repeat(18))).is_err());
    }

    #[test]
    fn the_machines_clocks_are_sane() {
        let clock = SystemClock::new().unwrap();
        let first = clock.now();
        let second = clock.now();
        assert!(first.wall_ms >= FLOOR_WALL_MS && first.boot_ms > 0);
        assert!(matches!(age(&first, &second), Age::Known(passed) if passed < Duration::from_secs(60)));
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_is_turned_and_not_before() {
        let clock = ManualClock::new(WALL_MS);
        let sleeper = tokio::spawn(clock.sleep(Duration::from_secs(10)));
        assert_eq!(clock.next_wake(), Some(Duration::from_secs(10)));
        clock.advance(Duration::from_millis(9_999));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_millis(1));
        sleeper.await.unwrap();
        assert_eq!(clock.next_wake(), None);
        drop(clock.sleep(Duration::from_secs(1)));
        assert_eq!(clock.next_wake(), None, "a dropped sleeper is forgotten");
    }
}
