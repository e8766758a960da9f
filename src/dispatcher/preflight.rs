//! The look before a document is begun. Nothing of the receipt leaves here; a shift may be opened.

use kkm_drivers::contract::{
    Body, Document, Fault, Lasting, Mark, Marker, Outcome, Reason, Refusal, Shift, Status, Witness,
};
use kkm_drivers::failpoint;

use super::{Lane, words};
use crate::journal::JournalError;
use crate::journal::devices::{Fence, Known, News};
use crate::journal::life::Waiting;

/// Shifts that are opened or closed for one receipt: an expired one is closed, then one is opened.
const SHIFT_STEPS: u8 = 3;

/// What the look came to.
pub(super) enum Look {
    /// Everything is as it must be: the evidence base.
    Ready(Mark),
    /// Something hinders that can go.
    Hold(Reason),
    /// This device will never take this document.
    Refuse(Refusal),
    /// No conversation with the device.
    Unreachable(Fault),
    /// Nothing is dispatched until a person agrees.
    Fenced,
}

/// A look that ended early: with an answer, or with an error of the journal.
enum Early {
    Look(Look),
    Journal(JournalError),
}

impl From<Fault> for Early {
    fn from(fault: Fault) -> Self {
        Self::Look(Look::Unreachable(fault))
    }
}

impl From<JournalError> for Early {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<Look> for Early {
    fn from(look: Look) -> Self {
        Self::Look(look)
    }
}

impl Lane {
    pub(super) fn preflight(&mut self, waiting: &Waiting) -> Result<Look, JournalError> {
        match self.look(waiting) {
            Ok(mark) => Ok(Look::Ready(mark)),
            Err(Early::Look(look)) => Ok(look),
            Err(Early::Journal(error)) => Err(error),
        }
    }

    fn look(&mut self, waiting: &Waiting) -> Result<Mark, Early> {
        for _ in 0..SHIFT_STEPS {
            let status = self.driver.status()?;
            self.hindrance(&status)?;
            let mark = self.driver.mark_for(&waiting.body)?;
            self.known_device(&mark)?;
            // A hindered device may not even say how its shift is, and one that is not adopted has no place for it.
            self.saw_shift(status.shift)?;
            if self.is_superseded(waiting.row, status.shift) {
                return Err(Look::Refuse(Refusal::of(Reason::ShiftClosed)).into());
            }
            self.able(waiting)?;
            if self.shift_is_ready(waiting, &status)? {
                failpoint::hit("dispatcher.looked");
                return Ok(mark);
            }
        }
        Err(Look::Hold(Reason::ShiftClosed).into())
    }

    fn hindrance(&mut self, status: &Status) -> Result<(), Early> {
        if let Some(open) = status.open_receipt {
            if !self.settings.cancel_foreign {
                return Err(Look::Hold(Reason::ForeignReceiptOpen).into());
            }
            tracing::warn!(?open, "a receipt that is not ours is open; this device is ours alone, so it is cancelled");
            self.journal.note(&self.name, "stranger cancelled", "a receipt that was left open")?;
            self.driver.cancel_open()?;
            return Err(Look::Hold(Reason::ForeignReceiptOpen).into());
        }
        match &status.hindrance {
            // An expired shift is dealt with below.
            None | Some(Reason::ShiftExpired | Reason::ShiftClosed) => Ok(()),
            Some(reason) => Err(match reason.lasting() {
                Lasting::No => Look::Hold(reason.clone()),
                Lasting::Yes => Look::Refuse(Refusal::of(reason.clone())),
            }
            .into()),
        }
    }

    /// Who is there, and what its memory says since the last look.
    fn known_device(&mut self, mark: &Mark) -> Result<(), Early> {
        if let Some(serial) = &self.settings.serial
            && serial.trim_start_matches('0') != mark.serial.trim_start_matches('0')
        {
            return Err(self.shut(Fence::IdentityChanged { expected: serial.clone(), found: mark.serial.clone() })?);
        }
        let Some(known) = self.journal.device(&self.name)? else {
            return self.adopt(mark);
        };
        if known.agreed {
            self.settle_what_is_found(&known, mark)?;
            return self.adopt(mark);
        }
        let restored = known.fence == Some(Fence::Restored);
        if known.fence.is_some() && !restored {
            return Err(Look::Fenced.into());
        }
        if known.serial != mark.serial || known.storage != mark.storage {
            let name = |serial: &str, storage: &str| format!("{serial} / {storage}");
            return Err(self.shut(Fence::IdentityChanged {
                expected: if known.is_unseen() {
                    "none: the journal was restored from before the first contact".to_owned()
                } else {
                    name(&known.serial, &known.storage)
                },
                found: name(&mark.serial, &mark.storage),
            })?);
        }
        if mark.last_document < known.last_document {
            return Err(self.shut(Fence::CounterWentBack { expected: known.last_document, found: mark.last_document })?);
        }
        if restored || mark.last_document > known.last_document {
            let found = self.driver.found_since(known.last_document)?.unwrap_or_default();
            if let News::Fenced(fence) = self.journal.weigh(&self.name, mark.last_document, found)? {
                tracing::error!(?fence, "nothing is dispatched until a person agrees to the device");
                return Err(Look::Fenced.into());
            }
        }
        Ok(())
    }

    fn shut(&self, fence: Fence) -> Result<Early, JournalError> {
        tracing::error!(?fence, "nothing is dispatched until a person agrees to the device");
        self.journal.fence(&self.name, fence)?;
        Ok(Look::Fenced.into())
    }

    fn adopt(&mut self, mark: &Mark) -> Result<(), Early> {
        let capabilities = self.driver.capabilities()?;
        self.journal.adopt(&self.name, mark, &capabilities)?;
        failpoint::hit("dispatcher.adopted");
        self.capabilities = Some(capabilities);
        tracing::info!(serial = %mark.serial, storage = %mark.storage, "the device is adopted as it is");
        Ok(())
    }

    /// A person agreed: what waits here and stands in the register is registered, whatever this journal believed.
    fn settle_what_is_found(&mut self, known: &Known, mark: &Mark) -> Result<(), Early> {
        let same = known.is_unseen() || known.storage == mark.storage;
        if !same || mark.last_document <= known.last_document {
            return Ok(());
        }
        let found = self.driver.found_since(known.last_document)?.unwrap_or_default();
        let locale = self.settings.locale;
        let settled = self.journal.settle_found(&self.name, found, move |id, f| words::found(id, f, locale))?;
        if settled > 0 {
            self.reports.notify_one();
            // The document at hand may be one of them.
            return Err(Look::Hold(Reason::Busy).into());
        }
        Ok(())
    }

    fn able(&mut self, waiting: &Waiting) -> Result<(), Early> {
        let capabilities = match self.capabilities.take() {
            Some(capabilities) => capabilities,
            None => {
                let capabilities = self.driver.capabilities()?;
                self.journal.keep_capabilities(&self.name, &capabilities)?;
                capabilities
            }
        };
        let hindrance = capabilities.hinder(&waiting.body);
        self.capabilities = Some(capabilities);
        match hindrance {
            Some(reason) => Err(Look::Refuse(Refusal::of(reason)).into()),
            None => Ok(()),
        }
    }

    /// True when the shift is as the document needs it; else one step towards it was made.
    fn shift_is_ready(&mut self, waiting: &Waiting, status: &Status) -> Result<bool, Early> {
        let cashier = match &waiting.body {
            Body::Sale(receipt) | Body::Return(receipt) => receipt.cashier().cloned(),
            Body::Correction(_) | Body::CashIn(_) | Body::CashOut(_) => None,
            Body::OpenShift(_) | Body::CloseShift(_) | Body::XReport | Body::Slip(_) => return Ok(true),
        };
        let (body, allowed, reason) = match status.shift {
            Shift::Open(_) | Shift::None => return Ok(true),
            Shift::Closed(_) => (Body::OpenShift(cashier), self.settings.open_shift, Reason::ShiftClosed),
            Shift::Expired(_) => (Body::CloseShift(cashier), self.settings.close_expired_shift, Reason::ShiftExpired),
        };
        if !allowed {
            return Err(Look::Hold(reason).into());
        }
        let what =
            if matches!(body, Body::OpenShift(_)) { "shift opened for a receipt" } else { "expired shift closed" };
        self.journal.note(&self.name, what, "")?;
        // Opening and closing a shift may be repeated: the device itself refuses the second.
        let marker = Marker::new(0, 0, 0).expect("zeros are in range");
        let document = Document { marker, body, original: None };
        match self.driver.execute(&document, &mut Nobody) {
            Outcome::Done(..) => Ok(false),
            Outcome::Refused(refusal) => Err(match refusal.reason.lasting() {
                Lasting::No => Look::Hold(refusal.reason),
                Lasting::Yes => Look::Refuse(refusal),
            }
            .into()),
            Outcome::Untouched(fault) | Outcome::Doubtful(fault) => Err(fault.into()),
        }
    }
}

/// Nothing has to be known before a shift is opened.
struct Nobody;

impl Witness for Nobody {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
