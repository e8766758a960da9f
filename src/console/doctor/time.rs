//! The machine's clock: plausible, and kept right by somebody.

use super::finding::{Ailment, Finding};
use super::ports::runs;
use crate::clock::{Clock, FLOOR_WALL_MS, SystemClock};
use crate::console::machine::Machine;

/// systemd-timesyncd touches this file when it has set the clock.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
/// Others that keep a clock right.
const KEEPERS: [&str; 4] = ["chronyd", "ntpd", "ntpd-rs", "openntpd"];

/// One look.
pub(super) fn look(machine: &Machine, clock: &SystemClock) -> Vec<Finding> {
    let mut findings = Vec::new();
    if clock.now().wall_ms < FLOOR_WALL_MS {
        findings.push(Finding::new("clock", Ailment::TimeImpossible));
    }
    if !machine.has(SYNCHRONIZED) && !KEEPERS.iter().any(|keeper| runs(machine, keeper)) {
        findings.push(Finding::new("clock", Ailment::TimeUnsynchronized));
    }
    findings
}
