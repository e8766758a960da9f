//! What the doctor can find, and how much each matters; [`words`](super::words) says it, with the way out.

use kkm_drivers::contract::Reason;
use serde::Serialize;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::console) enum Level {
    /// Nothing hinders yet.
    Warning,
    /// Receipts are not made, or not for long.
    Broken,
}

/// A finding: what it is about, and what ails it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console) struct Finding {
    /// A key of the configuration, a port, a file.
    pub(in crate::console) about: String,
    /// What.
    pub(in crate::console) ailment: Ailment,
}

impl Finding {
    pub(super) fn new(about: impl Into<String>, ailment: Ailment) -> Self {
        Self { about: about.into(), ailment }
    }
}

/// Everything that can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::console) enum Ailment {
    /// There is no configuration.
    ConfigMissing,
    /// It cannot be read: what and where.
    ConfigForm(String),
    /// A key of it cannot be used.
    ConfigProblem(String),
    /// The service's user cannot read a file of secrets.
    SecretUnreadable { user: String },
    /// A token is a credential that the unit does not load.
    CredentialNotLoaded { name: String },
    /// The service does not run.
    ServiceDown,
    /// Another program listens at the service's address.
    ListenTaken(String),
    /// The port of a device is not there.
    PortMissing,
    /// An adapter is plugged in, and brltty has taken it.
    BrailleTookAdapter { adapter: String },
    /// The service's user has no right to the port.
    PortForbidden { user: String, group: String },
    /// A USB printer is plugged in, and the kernel's driver for it is not there.
    NoPrinterDriver,
    /// `ModemManager` talks to new serial lines.
    ModemManager,
    /// A login prompt runs on the line.
    LoginPrompt,
    /// The name moves between devices.
    UnstableName { better: Option<String> },
    /// Two devices are configured at one port.
    PortShared { other: String },
    /// The device does not answer.
    DeviceSilent(String),
    /// It answers, and cannot sell.
    DeviceHindered(Reason),
    /// The shift is older than 24 hours.
    ShiftExpired,
    /// It will be soon.
    ShiftOld { hours: u64 },
    /// The service could not close the shift when it should have: in words, with the cause.
    ClosingMissed(String),
    /// A receipt of another program is open.
    ForeignReceipt,
    /// The paper of the last document is not out.
    PaperPending,
    /// Its clock and the machine's differ.
    DeviceClock { minutes: i64 },
    /// The fiscal storage's key ends.
    StorageEnds { days: i64 },
    /// The fiscal storage is nearly full.
    StorageFills { documents: u32 },
    /// Documents that the operator of fiscal data did not confirm.
    Unsent { documents: u32, days: i64 },
    /// The device warns of something else.
    DeviceWarns(String),
    /// The device lacks a rate that is usual under its tax system.
    RateMissing { slug: String, system: String },
    /// The device is registered for a tax system that the table does not have.
    SystemUnknown { mask: u8 },
    /// The certificate ends.
    CertificateEnds { days: i64 },
    /// Where results go cannot be reached.
    CallbackUnreachable(String),
    /// The disk of the journal is full or nearly so.
    DiskLow { free_mib: u64 },
    /// A file of the journal belongs to somebody else.
    JournalForeign { user: String },
    /// The journal cannot be opened.
    JournalUnusable(String),
    /// Documents wait for a person's decision.
    PersonNeeded { row: i64 },
    /// Nothing is dispatched to a device until a person agrees.
    Fenced { device: String },
    /// Reports are parked.
    Parked { count: usize },
    /// The machine's clock cannot be right.
    TimeImpossible,
    /// Nobody keeps the machine's clock right.
    TimeUnsynchronized,
}

/// Days after which a storage refuses to go on without its operator.
pub(super) const UNSENT_LIMIT_DAYS: i64 = 30;
/// Free room below which the journal takes nothing more, in MiB.
pub(super) const DISK_FULL_MIB: u64 = 32;

impl Ailment {
    /// A name for programs.
    pub(in crate::console) fn name(&self) -> &'static str {
        match self {
            Self::ConfigMissing => "config_missing",
            Self::ConfigForm(_) => "config_form",
            Self::ConfigProblem(_) => "config_problem",
            Self::SecretUnreadable { .. } => "secret_unreadable",
            Self::CredentialNotLoaded { .. } => "credential_not_loaded",
            Self::ServiceDown => "service_down",
            Self::ListenTaken(_) => "listen_taken",
            Self::PortMissing => "port_missing",
            Self::BrailleTookAdapter { .. } => "brltty_took_adapter",
            Self::PortForbidden { .. } => "port_forbidden",
            Self::NoPrinterDriver => "no_printer_driver",
            Self::ModemManager => "modem_manager",
            Self::LoginPrompt => "login_prompt",
            Self::UnstableName { .. } => "unstable_name",
            Self::PortShared { .. } => "port_shared",
            Self::DeviceSilent(_) => "device_silent",
            Self::DeviceHindered(_) => "device_hindered",
            Self::ShiftExpired => "shift_expired",
            Self::ShiftOld { .. } => "shift_old",
            Self::ClosingMissed(_) => "closing_missed",
            Self::ForeignReceipt => "foreign_receipt",
            Self::PaperPending => "paper_pending",
            Self::DeviceClock { .. } => "device_clock",
            Self::StorageEnds { .. } => "storage_ends",
            Self::StorageFills { .. } => "storage_fills",
            Self::Unsent { .. } => "unsent",
            Self::DeviceWarns(_) => "device_warns",
            Self::RateMissing { .. } => "rate_missing",
            Self::SystemUnknown { .. } => "system_unknown",
            Self::CertificateEnds { .. } => "certificate_ends",
            Self::CallbackUnreachable(_) => "callback_unreachable",
            Self::DiskLow { .. } => "disk_low",
            Self::JournalForeign { .. } => "journal_foreign",
            Self::JournalUnusable(_) => "journal_unusable",
            Self::PersonNeeded { .. } => "person_needed",
            Self::Fenced { .. } => "fenced",
            Self::Parked { .. } => "parked",
            Self::TimeImpossible => "time_impossible",
            Self::TimeUnsynchronized => "time_unsynchronized",
        }
    }

    /// How much it matters.
    pub(in crate::console) fn level(&self) -> Level {
        let warning_unless = |broken: bool| if broken { Level::Broken } else { Level::Warning };
        match self {
            Self::ServiceDown
            | Self::ModemManager
            | Self::UnstableName { .. }
            | Self::ShiftOld { .. }
            | Self::ClosingMissed(_)
            | Self::PaperPending
            | Self::DeviceWarns(_)
            | Self::StorageFills { .. }
            | Self::RateMissing { .. }
            | Self::SystemUnknown { .. }
            | Self::Parked { .. }
            | Self::TimeUnsynchronized => Level::Warning,
            Self::DeviceClock { minutes } => warning_unless(minutes.abs() >= 60),
            Self::StorageEnds { days } => warning_unless(*days <= 3),
            Self::Unsent { days, .. } => warning_unless(*days >= UNSENT_LIMIT_DAYS),
            Self::CertificateEnds { days } => warning_unless(*days < 0),
            Self::DiskLow { free_mib } => warning_unless(*free_mib < DISK_FULL_MIB),
            Self::ConfigMissing
            | Self::ConfigForm(_)
            | Self::ConfigProblem(_)
            | Self::SecretUnreadable { .. }
            | Self::CredentialNotLoaded { .. }
            | Self::ListenTaken(_)
            | Self::PortMissing
            | Self::BrailleTookAdapter { .. }
            | Self::PortForbidden { .. }
            | Self::NoPrinterDriver
            | Self::LoginPrompt
            | Self::PortShared { .. }
            | Self::DeviceSilent(_)
            | Self::DeviceHindered(_)
            | Self::ShiftExpired
            | Self::ForeignReceipt
            | Self::CallbackUnreachable(_)
            | Self::JournalForeign { .. }
            | Self::JournalUnusable(_)
            | Self::PersonNeeded { .. }
            | Self::Fenced { .. }
            | Self::TimeImpossible => Level::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_the_days_that_are_left() {
        for (ailment, level) in [
            (Ailment::StorageEnds { days: 30 }, Level::Warning),
            (Ailment::StorageEnds { days: 3 }, Level::Broken),
            (Ailment::CertificateEnds { days: 5 }, Level::Warning),
            (Ailment::CertificateEnds { days: -1 }, Level::Broken),
            (Ailment::Unsent { documents: 4, days: 29 }, Level::Warning),
            (Ailment::Unsent { documents: 4, days: 30 }, Level::Broken),
            (Ailment::DiskLow { free_mib: 31 }, Level::Broken),
            (Ailment::DiskLow { free_mib: 300 }, Level::Warning),
            (Ailment::DeviceClock { minutes: -61 }, Level::Broken),
        ] {
            assert_eq!(ailment.level(), level, "{ailment:?}");
        }
    }
}
