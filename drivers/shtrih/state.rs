//! How the register is: status, identity, the evidence base.

use std::time::Duration;

use super::Shtrih;
use super::codes::{Mode, Submode};
use super::command::lifetime::{Expiry, OperatorExchange, Resource};
use super::command::receipt::Subtotal;
use super::command::status::{DeviceType, Long, LongStatus, Short};
use super::command::storage::{ShiftParameters, ShiftState, Storage, StorageState};
use super::command::table::{CountRegister, MoneyRegister};
use super::link::{Failure, WRONG_PASSWORD};
use crate::contract::{
    CashCounters, Fault, FaultKind, Identity, Mark, Money, OpenReceipt, Paper, Reason, Shift, Status, StorageLife,
};

/// Flag bit 10 (section 5.3): the cover is open.
const COVER_OPEN: u16 = 1 << 10;
/// The storage's life phase of a register at work: set up and fiscal.
const PHASE_FISCAL: u8 = 0b0011;
/// How long [`Shtrih::read_status`] waits for the end of a print before it says "busy".
const STATUS_PATIENCE: Duration = Duration::from_secs(1);

/// Serial number and counters at a moment, and in which session of the line.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    session: u64,
    serial: String,
    counters: (Storage, ShiftParameters),
}

impl Shtrih {
    pub(super) fn read_identity(&mut self) -> Result<Identity, Fault> {
        let long = self.link.run_patiently(&LongStatus).map_err(Failure::fault)?;
        let model = self.link.run_patiently(&DeviceType).map_err(Failure::fault)?;
        let storage = self.storage()?;
        Ok(Identity { serial: serial_of(&long), storage: storage.number, model: model.name, firmware: long.firmware })
    }

    pub(super) fn read_status(&mut self) -> Result<Status, Fault> {
        let mut short = match self.link.wait_idle_within(STATUS_PATIENCE) {
            Ok(short) => short,
            Err(failure) if failure.is(WRONG_PASSWORD) => return Ok(self.blind_status(Reason::PasswordWrong)),
            Err(failure) => return Err(failure.fault()),
        };
        if Submode::of(short.submode) == Submode::AwaitsContinue {
            short = self.link.wait_idle_and_continue().map_err(Failure::fault)?;
        }
        let mode = Mode::of(short.mode);
        self.seen = None;
        if Submode::of(short.submode) == Submode::Printing {
            return Ok(self.busy_status(mode));
        }
        let long = self.link.run_patiently(&LongStatus).map_err(Failure::fault)?;
        let storage = self.storage()?;
        let shift = self.shift()?;
        self.seen =
            Some(Seen { session: self.link.session(), serial: serial_of(&long), counters: (storage.clone(), shift) });
        let by_storage = if shift.open { Shift::Open } else { Shift::Closed };
        Ok(Status {
            shift: mode.shift(shift.number.into()).unwrap_or(by_storage(shift.number.into())),
            open_receipt: self.open_receipt(mode)?,
            hindrance: hindrance(short, &storage),
            paper: paper(short.submode),
            clock: Some(long.clock),
            warnings: warnings(storage.warnings),
        })
    }

    /// While it prints it answers nothing but 10h; the number of the shift is the last one that was heard.
    fn busy_status(&self, mode: Mode) -> Status {
        let blind = self.blind_status(Reason::Busy);
        Status { shift: mode.shift(self.last_shift).unwrap_or(blind.shift), ..blind }
    }

    /// Nothing is known but what hinders.
    fn blind_status(&self, hindrance: Reason) -> Status {
        Status {
            shift: Shift::Closed(self.last_shift),
            open_receipt: None,
            hindrance: Some(hindrance),
            paper: Paper::Unknown,
            clock: None,
            warnings: Vec::new(),
        }
    }

    /// Right after a status one more reading of the counters that is equal to its own makes two.
    pub(super) fn read_mark(&mut self, cash: bool) -> Result<Mark, Fault> {
        let now = (self.storage()?, self.shift()?);
        let seen = self.seen.take().filter(|s| s.session == self.link.session() && s.counters == now);
        let (serial, (storage, shift)) = match seen {
            Some(seen) => (seen.serial, now),
            None => {
                let long = self.link.run_patiently(&LongStatus).map_err(Failure::fault)?;
                (serial_of(&long), self.steady_after(now)?)
            }
        };
        Ok(Mark {
            serial,
            storage: storage.number,
            shift: shift.number.into(),
            last_document: storage.last_document.into(),
            cash: if cash { self.cash_counters()? } else { None },
        })
    }

    /// FF01 and FF40, read until two readings are equal.
    pub(super) fn steady_counters(&mut self) -> Result<(Storage, ShiftParameters), Fault> {
        let before = (self.storage()?, self.shift()?);
        self.steady_after(before)
    }

    fn steady_after(&mut self, mut before: (Storage, ShiftParameters)) -> Result<(Storage, ShiftParameters), Fault> {
        for _ in 0..3 {
            let now = (self.storage()?, self.shift()?);
            if now == before {
                return Ok(now);
            }
            before = now;
        }
        Err(Fault::new("FF01 storage state", FaultKind::Garbled))
    }

    pub(super) fn storage(&mut self) -> Result<Storage, Fault> {
        self.link.run_patiently(&StorageState).map_err(Failure::fault)
    }

    /// FF03, FF63, FF39: an older storage may not know the last two.
    pub(super) fn read_storage_life(&mut self) -> Result<Option<StorageLife>, Fault> {
        let Some((until, registrations_left)) = self.unless_refused(&Expiry)? else { return Ok(None) };
        let documents_left = self.unless_refused(&Resource)?;
        let (unsent, unsent_since) = self.unless_refused(&OperatorExchange)?.unwrap_or_default();
        Ok(Some(StorageLife { until, registrations_left, documents_left, unsent, unsent_since }))
    }

    pub(super) fn shift(&mut self) -> Result<ShiftParameters, Fault> {
        let shift = self.link.run_patiently(&ShiftState).map_err(Failure::fault)?;
        self.last_shift = shift.number.into();
        Ok(shift)
    }

    /// The open receipt of mode 8 with its subtotal.
    pub(super) fn open_receipt(&mut self, mode: Mode) -> Result<Option<OpenReceipt>, Fault> {
        let Mode::Receipt(operation) = mode else { return Ok(None) };
        let subtotal = match self.link.run_patiently(&Subtotal) {
            Ok(sum) => Some(sum),
            // Without paper it may not answer now, which is no "unknown".
            Err(Failure::Refused { code: 0x50 | 0x58 | 0x6B | 0x6C | 0x72, .. }) => {
                return Err(Fault::new("89h subtotal", FaultKind::Answered("not in this state".to_owned())));
            }
            Err(Failure::Refused { .. }) => None,
            Err(Failure::Lost(fault)) => return Err(fault),
        };
        Ok(Some(OpenReceipt { operation, subtotal }))
    }

    /// Registers 155, 156 (numbers) and 242, 243 (sums of the shift); `None` on a model without them.
    pub(super) fn cash_counters(&mut self) -> Result<Option<CashCounters>, Fault> {
        let read = |this: &mut Self| -> Result<CashCounters, Failure> {
            Ok(CashCounters {
                in_count: this.link.run_patiently(&CountRegister(155))?.into(),
                in_sum: Money::from_minor(this.link.run_patiently(&MoneyRegister(242))? as i64),
                out_count: this.link.run_patiently(&CountRegister(156))?.into(),
                out_sum: Money::from_minor(this.link.run_patiently(&MoneyRegister(243))? as i64),
            })
        };
        match read(self) {
            Ok(counters) => Ok(Some(counters)),
            Err(Failure::Refused { .. }) => Ok(None),
            Err(Failure::Lost(fault)) => Err(fault),
        }
    }

    pub(super) fn continue_paper(&mut self) -> Result<Paper, Fault> {
        let short = self.link.wait_idle_and_continue().map_err(Failure::fault)?;
        Ok(paper(short.submode))
    }
}

fn serial_of(long: &Long) -> String {
    long.serial.map(|n| n.to_string()).unwrap_or_default()
}

/// Where the paper of the last document is. Without paper and without a print in progress it came out.
pub(super) fn paper(submode: u8) -> Paper {
    match Submode::of(submode) {
        Submode::Idle | Submode::NoPaper => Paper::Delivered,
        Submode::PaperEnded | Submode::AwaitsContinue => Paper::Pending,
        Submode::Printing | Submode::Unknown => Paper::Unknown,
    }
}

/// Why there is no paper: with the cover open the register sees none, whatever lies in it.
pub(super) fn no_paper(short: Short) -> Reason {
    if short.flags & COVER_OPEN != 0 { Reason::CoverOpen } else { Reason::PaperOut }
}

/// Why nothing can be sold now. The shift is told apart, for opening one is a matter of policy.
fn hindrance(short: Short, storage: &Storage) -> Option<Reason> {
    let mode = match Mode::of(short.mode) {
        Mode::Open | Mode::Expired | Mode::Closed | Mode::Receipt(_) => None,
        Mode::Working => Some(Reason::Busy),
        Mode::NeedsPerson => Some(Reason::NeedsService),
    };
    let printer = match Submode::of(short.submode) {
        Submode::Idle => None,
        Submode::NoPaper | Submode::PaperEnded => Some(no_paper(short)),
        Submode::AwaitsContinue | Submode::Printing => Some(Reason::Busy),
        Submode::Unknown => Some(Reason::NeedsService),
    };
    let unusable = storage.phase & 0b0111 != PHASE_FISCAL;
    unusable.then_some(Reason::StorageUnusable).or(mode).or(printer)
}

/// FF01, byte of warnings (section 6.5).
fn warnings(bits: u8) -> Vec<String> {
    const WORDS: [(u8, &str); 5] = [
        (0, "fiscal storage: replace it within 3 days"),
        (1, "fiscal storage: 30 days left"),
        (2, "fiscal storage: memory 90 % full"),
        (3, "fiscal storage: the tax data operator does not answer"),
        (7, "fiscal storage: critical failure"),
    ];
    WORDS.iter().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, words)| (*words).to_owned()).collect()
}
