//! The service's user, and what it may do to a file.

use crate::console::machine::{Machine, Rights};

/// Places of the unit, the stronger first; the rest of its words comes from drop-ins.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const UNIT: &str = "kkm-bridge.service";

/// A user with its groups.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    id: u32,
    groups: Vec<u32>,
}

impl User {
    /// The user that the unit names, with the groups of the unit; `None` without unit or user.
    pub(super) fn of_service(machine: &Machine) -> Option<Self> {
        let words = unit(machine)?;
        let last = |key: &str| words.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.clone());
        let name = last("User")?;
        let passwd = machine.read("/etc/passwd")?;
        let mut fields = passwd.lines().map(|l| l.split(':')).find(|l| l.clone().next() == Some(&name))?;
        let (id, own) = (fields.nth(2)?.parse().ok()?, fields.next()?.parse().ok()?);
        let extra: Vec<String> = words
            .iter()
            .filter(|(key, _)| key == "SupplementaryGroups" || key == "Group")
            .flat_map(|(_, value)| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let mut groups = vec![own];
        for (group, number, members) in table(machine) {
            if extra.contains(&group) || members.split(',').any(|member| member == name) {
                groups.push(number);
            }
        }
        Some(Self { name, id, groups })
    }

    /// Whether it has these of the rights `rwx` (4, 2, 1).
    pub(super) fn may(&self, rights: Rights, wanted: u32) -> bool {
        let shift = match (self.id == rights.owner, self.groups.contains(&rights.group)) {
            (true, _) => 6,
            (false, true) => 3,
            (false, false) => 0,
        };
        self.id == 0 || rights.mode >> shift & wanted == wanted
    }

    /// Whether it is the owner.
    pub(super) fn owns(&self, rights: Rights) -> bool {
        self.id == rights.owner
    }
}

/// Name of a group, or its number.
pub(super) fn group_name(machine: &Machine, number: u32) -> String {
    let found = table(machine).into_iter().find(|(_, n, _)| *n == number);
    found.map_or_else(|| number.to_string(), |(name, ..)| name)
}

/// Name, number, members.
fn table(machine: &Machine) -> Vec<(String, u32, String)> {
    let text = machine.read("/etc/group").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let (name, number) = (fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?);
            Some((name, number, fields.next().unwrap_or_default().to_owned()))
        })
        .collect()
}

/// Keys and values of the unit and its drop-ins, in the order in which they count.
pub(super) fn unit(machine: &Machine) -> Option<Vec<(String, String)>> {
    let mut text = UNITS.iter().find_map(|directory| machine.read(format!("{directory}/{UNIT}")))?;
    for directory in UNITS.iter().rev() {
        let drop_ins = format!("{directory}/{UNIT}.d");
        for name in machine.list(&drop_ins) {
            text.push('\n');
            text.push_str(&machine.read(format!("{drop_ins}/{name}")).unwrap_or_default());
        }
    }
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Some(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}
