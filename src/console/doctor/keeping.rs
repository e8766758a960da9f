//! Where everything is kept: disk, the journal's files, and what in it waits for a person.

use rustix::fs::statvfs;

use super::Sight;
use super::finding::{Ailment, Finding};
use crate::console::answering::Answering;
use crate::control::{Ask, Tell};
use crate::journal::State;
use crate::journal::views::Summary;

/// Free room below which a person should know, in MiB.
const DISK_LOW_MIB: u64 = 500;

/// Disk and journal.
pub(super) fn look(sight: &Sight<'_>) -> Vec<Finding> {
    let directory = &sight.settings.journal.directory;
    let about = directory.display().to_string();
    let mut findings = Vec::new();
    // Before the first start the directory is not there; its disk is.
    let there = directory.ancestors().find(|d| d.exists());
    if let Some(room) = there.and_then(|d| statvfs(d).ok())
        && let Some(ailment) = disk(room.f_bavail.saturating_mul(room.f_frsize))
    {
        findings.push(Finding::new(&about, ailment));
    }
    if let Some(user) = &sight.user {
        let files = sight.machine.list(directory).into_iter().map(|name| directory.join(name));
        let foreign = std::iter::once(directory.clone())
            .chain(files)
            .find(|path| sight.machine.rights(path).is_some_and(|rights| !user.owns(rights)));
        if let Some(path) = foreign {
            let ailment = Ailment::JournalForeign { user: user.name.clone() };
            findings.push(Finding::new(path.display().to_string(), ailment));
        }
    }
    match ask(sight) {
        Ok((queue, fenced)) => {
            findings.extend(waits(&queue));
            findings.extend(
                fenced.into_iter().map(|device| Finding::new(format!("devices.{device}"), Ailment::Fenced { device })),
            );
        }
        Err(why) => findings.push(Finding::new(&about, Ailment::JournalUnusable(why))),
    }
    findings
}

fn disk(free_bytes: u64) -> Option<Ailment> {
    let free_mib = free_bytes >> 20;
    (free_mib < DISK_LOW_MIB).then_some(Ailment::DiskLow { free_mib })
}

/// The queue and the fenced devices.
fn ask(sight: &Sight<'_>) -> Result<(Vec<Summary>, Vec<String>), String> {
    let who = Answering::find(sight.settings)?;
    let queue = match who.answer(Ask::Queue)? {
        Some(Tell::Documents(queue)) => queue,
        Some(Tell::Refused(why)) => return Err(why),
        Some(_) | None => Vec::new(),
    };
    let views = who.devices()?.unwrap_or_default();
    Ok((queue, views.into_iter().filter(|view| view.fence.is_some()).map(|view| view.name).collect()))
}

fn waits(queue: &[Summary]) -> Vec<Finding> {
    let undecided = queue.iter().filter(|d| d.state == State::NeedsOperator.name());
    let mut findings: Vec<Finding> = undecided
        .map(|d| Finding::new(format!("devices.{}", d.device), Ailment::PersonNeeded { row: d.row }))
        .collect();
    let parked = queue.iter().filter(|d| d.report.as_ref().is_some_and(|r| r.state == "parked")).count();
    if parked > 0 {
        findings.push(Finding::new("callback", Ailment::Parked { count: parked }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_before_it_is_full() {
        assert_eq!(disk(500 << 20), None);
        assert_eq!(disk((500 << 20) - 1), Some(Ailment::DiskLow { free_mib: 499 }));
        assert_eq!(disk(0), Some(Ailment::DiskLow { free_mib: 0 }));
    }
}
