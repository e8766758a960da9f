//! What people do: they decide when asked; and when everything works again, whatever was accepted must come to its end.

use std::time::Duration;

use kkm_bridge::control::{Ask, Numbers, Tell};
use kkm_bridge::dispatcher::Pace;
use kkm_bridge::journal::{JournalError, Row};

use crate::daemon::DEVICE;
use crate::plan::{Cut, Word};
use crate::shop::{Shop, sql};
use crate::truth::{Broken, Doc, broken, receipts};

/// Turns within which a healed shop must have come to an end. The longest that a document may wait is ten minutes.
const HEALED_TURNS: u32 = 600;

impl Shop {
    /// A person says how the undecided attempt ended, by the books or against them.
    pub(super) fn decide(&mut self, word: Word) -> Result<(), Broken> {
        let Some((row, attempt)) = self.daemon().eyes.undecided().map_err(|e| sql(&e))? else { return Ok(()) };
        let books = self.wire.link.device(|d| d.register().documents().to_vec());
        let booked = receipts(&books)?.into_iter().find(|r| Row::from(r.marker.document()) == row);
        let numbers = booked.as_ref().map(|r| Numbers { number: r.number, sign: r.sign.to_string() });
        let registered = match word {
            Word::Right => numbers,
            Word::No => None,
            Word::Yes => Some(numbers.unwrap_or(Numbers { number: 9000 + row as u64, sign: "12345".into() })),
        };
        let lie = registered.is_some() && booked.is_none();
        let told = self.ask(Ask::Decide { row, attempt, registered })?;
        // Where the daemon died of it, the word may stand or not.
        if lie && matches!(told, Some(Tell::Done(_)) | None) {
            self.truth.lied_yes.insert(row);
            // It stands between two receipts of its sale as a true one would: what follows is this person's leave.
            let docs = self.daemon().eyes.docs().map_err(|e| sql(&e))?;
            self.truth.allowed.extend(docs.iter().find(|doc| doc.row == row).map(|doc| doc.sale));
        }
        self.check()
    }

    /// Everything works again, and people do what is asked of them: each document must come to its end, each word
    /// arrive; and days later all must still be so.
    pub(super) fn heal(&mut self) -> Result<(), Broken> {
        self.story.push("-- healed".to_owned());
        self.wire.die_at(None);
        self.die_again = None;
        self.cloud.heal();
        self.disk.mend();
        for turn in 0..HEALED_TURNS {
            self.help()?;
            let pace = self.step()?;
            let due = self.report(Cut::None)?;
            if self.is_over()? {
                self.story.push(format!("over after {turn} turns"));
                return self.days_later();
            }
            match (pace, due) {
                (Some(Pace::Again) | None, _) => {}
                (Some(Pace::Wait(time)), _) => self.wait(Some(time))?,
                (Some(Pace::Ring), Some(due)) => self.wait(Some(due))?,
                (Some(Pace::Ring), None) => self.wait(None)?,
            }
        }
        let docs = self.daemon().eyes.docs().map_err(|e| sql(&e))?;
        let open: Vec<_> =
            docs.iter().filter(|d| !d.is_final() || d.report_state.as_deref() != Some("delivered")).collect();
        Err(broken("comes-to-an-end", format!("after {HEALED_TURNS} healed turns: {open:?}")))
    }

    /// What people do in the shop when asked.
    fn help(&mut self) -> Result<(), Broken> {
        for line in ["power on", "paper in", "cover close", "cutter ok", "busy off", "storage ok", "print-time 0s"] {
            self.wire.link.inject(line).map_err(|e| broken("script", e.to_string()))?;
        }
        let eyes = &self.daemon().eyes;
        let (undecided, in_flight) =
            (eyes.undecided().map_err(|e| sql(&e))?.is_some(), eyes.in_flight().map_err(|e| sql(&e))?);
        let fenced = eyes.fenced().map_err(|e| sql(&e))?;
        if undecided || !in_flight {
            // Whoever left a receipt open cancels it at the register's keys.
            self.wire.link.device(|d| {
                if d.register().state().receipt.is_some() {
                    let _ = d.register_mut().cancel_receipt();
                }
            });
        }
        if undecided {
            self.decide(Word::Right)?;
        }
        if fenced {
            self.ask(Ask::Agree { device: DEVICE.into() })?;
        }
        self.alive(|daemon| Ok::<_, JournalError>(daemon.desk.answer(Ask::Retry { row: None }))).map(drop)
    }

    fn is_over(&mut self) -> Result<bool, Broken> {
        let eyes = &self.daemon().eyes;
        let told = |d: &Doc| d.report_state.as_deref() == Some("delivered");
        Ok(eyes.open_documents().map_err(|e| sql(&e))? == 0 && eyes.docs().map_err(|e| sql(&e))?.iter().all(told))
    }

    fn days_later(&mut self) -> Result<(), Broken> {
        for _ in 0..3 {
            self.wire.pass(Duration::from_secs(24 * 3600));
            self.step()?;
            self.report(Cut::None)?;
        }
        self.die();
        for _ in 0..3 {
            self.help()?;
            self.step()?;
        }
        self.check()
    }
}
