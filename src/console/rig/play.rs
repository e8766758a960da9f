//! One step: the person, the command, the register's memory, the checks.

use std::time::Duration;

use jiff::Timestamp;
use kkm_drivers::contract::{
    Body, Capabilities, Document, Driver, Fault, LineDraft, Mark, Marker, Money, Outcome, Paper, Payments, Quantity,
    Reason, Receipt, ReceiptDraft, Settlement, Shift, Status, Subject, SumsPolicy, TaxSystem, VatRate, Verdict,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::person::Person;
use super::script::{Do, Pay, Step};
use crate::clock::{Clock, SystemClock};
use crate::console::person::Nobody;

/// How long a register may take to come back and say what became of a receipt.
const SETTLE: Duration = Duration::from_secs(180);
/// Between two questions to it.
const AGAIN: Duration = Duration::from_millis(300);

/// What was seen of a step.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) what: String,
    #[serde(rename = "do")]
    pub(super) action: Do,
    pub(super) began: String,
    pub(super) ended: String,
    /// What the person did before and after.
    pub(super) person: Vec<String>,
    /// What the person said of the paper; nothing when nobody could look.
    pub(super) paper_is_right: Option<bool>,
    /// What the driver said, and what the register's memory says.
    pub(super) facts: Value,
    pub(super) checks: Vec<Check>,
    pub(super) passed: bool,
}

/// Something that had to hold.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    #[serde(rename = "check")]
    pub(super) name: &'static str,
    pub(super) wanted: String,
    pub(super) seen: String,
    pub(super) holds: bool,
}

/// Plays steps on a device.
pub(super) struct Player<'a> {
    pub(super) driver: Box<dyn Driver>,
    pub(super) abilities: Capabilities,
    pub(super) person: &'a Person,
    pub(super) clock: SystemClock,
    /// The device keeps documents and can be asked about them.
    pub(super) remembers: bool,
    /// Number of the step, by which its document is known in the register.
    pub(super) number: u32,
}

/// Everything that a step can leave behind.
#[derive(Debug, Default)]
struct Facts {
    outcome: Option<&'static str>,
    detail: Value,
    reason: Option<String>,
    paper: Option<Paper>,
    /// The receipt that was sent, about which the memory is asked.
    sent: Option<Document>,
    verdict: Option<(&'static str, Value)>,
    documents: Option<u64>,
    status: Option<Status>,
}

impl Player<'_> {
    /// Plays one; an error ends the script.
    pub(super) fn play(&mut self, step: &Step) -> Result<Seen, String> {
        self.number += 1;
        let began = self.now();
        let before = self.patiently(|driver| driver.mark()).map_err(|f| format!("step {}: {f}", step.id))?;
        let mut person = Vec::new();
        person.extend(self.person.act(step.person.as_ref(), &step.simulate)?);
        let mut facts = self.act(step)?;
        person.extend(self.person.act(step.after.as_ref(), &step.simulate_after)?);
        self.settle(step, &before, &mut facts)?;
        let paper_is_right = self.person.sees(step.ask.as_ref())?;
        let checks = checks(step, &facts, paper_is_right);
        Ok(Seen {
            id: step.id.clone(),
            what: step.what.clone(),
            action: step.action,
            began,
            ended: self.now(),
            person,
            paper_is_right,
            facts: json!({
                "outcome": facts.outcome,
                "detail": facts.detail,
                "verdict": facts.verdict.as_ref().map(|(name, proof)| json!({ "verdict": name, "proof": proof })),
                "new_documents": facts.documents,
                "mark": before,
                "status": facts.status,
            }),
            passed: checks.iter().all(|c| c.holds),
            checks,
        })
    }

    fn act(&mut self, step: &Step) -> Result<Facts, String> {
        let mut facts = Facts::default();
        let answered = |facts: &mut Facts, result: Result<(), Fault>| match result {
            Ok(()) => facts.outcome = Some("done"),
            Err(fault) => (facts.outcome, facts.detail) = (Some("untouched"), json!(fault.to_string())),
        };
        let total = Money::from_minor(step.total_minor);
        let body = match step.action {
            Do::Nothing | Do::Look => return Ok(facts),
            Do::Copy => {
                let copied = self.driver.copy_receipt();
                answered(&mut facts, copied);
                return Ok(facts);
            }
            Do::Continue => {
                let paper = self.driver.resume_paper();
                facts.paper = paper.as_ref().ok().copied();
                answered(&mut facts, paper.map(drop));
                return Ok(facts);
            }
            Do::Slip => Body::Slip("kkm-bridge rig\nпроверка печати / test print".to_owned()),
            Do::OpenShift => Body::OpenShift(None),
            Do::CloseShift => Body::CloseShift(None),
            Do::XReport => Body::XReport,
            Do::CashIn => Body::CashIn(total),
            Do::CashOut => Body::CashOut(total),
            Do::Sale => Body::Sale(self.receipt(step)?),
            Do::Return => Body::Return(self.receipt(step)?),
        };
        let document = self.document(body)?;
        let outcome = self.driver.execute(&document, &mut Nobody);
        (facts.outcome, facts.detail) = match &outcome {
            Outcome::Done(proof, paper) => {
                facts.paper = Some(*paper);
                (Some("done"), json!(proof))
            }
            Outcome::Refused(refusal) => {
                facts.reason = Some(name_of(&refusal.reason));
                (Some("refused"), json!(refusal))
            }
            Outcome::Untouched(fault) => (Some("untouched"), json!(fault.to_string())),
            Outcome::Doubtful(fault) => (Some("doubtful"), json!(fault.to_string())),
        };
        if step.action.is_receipt() && self.remembers {
            facts.sent = Some(document);
        }
        Ok(facts)
    }

    /// Asks the register itself what became of it, as long as it takes to come back.
    fn settle(&mut self, step: &Step, before: &Mark, facts: &mut Facts) -> Result<(), String> {
        if let Some(document) = &facts.sent {
            let verdict = self.patiently(|driver| match driver.verdict(document, before)? {
                Verdict::OursIsOpen => {
                    driver.cancel_open()?;
                    driver.verdict(document, before)
                }
                decided => Ok(decided),
            });
            facts.verdict = Some(match verdict {
                Ok(Verdict::Happened(proof, paper)) => {
                    facts.paper = Some(paper);
                    ("happened", json!(proof))
                }
                Ok(Verdict::DidNot) => ("did_not", Value::Null),
                Ok(Verdict::OursIsOpen) => ("stays_open", Value::Null),
                Ok(Verdict::CannotTell(puzzle)) => ("cannot_tell", json!(puzzle)),
                Err(fault) => ("no_answer", json!(fault.to_string())),
            });
        }
        let after = self.patiently(|driver| driver.mark()).map_err(|f| format!("step {}: {f}", step.id))?;
        facts.documents = self.remembers.then(|| after.last_document.saturating_sub(before.last_document));
        facts.status = Some(self.patiently(|driver| driver.status()).map_err(|f| format!("step {}: {f}", step.id))?);
        Ok(())
    }

    /// Again and again until it answers: cables are plugged in and registers start up meanwhile.
    fn patiently<T>(&mut self, mut ask: impl FnMut(&mut dyn Driver) -> Result<T, Fault>) -> Result<T, Fault> {
        let until = self.clock.now().plus(SETTLE);
        loop {
            match ask(&mut *self.driver) {
                Err(fault) if self.clock.now().boot_ms >= until.boot_ms => return Err(fault),
                Err(_) => std::thread::sleep(AGAIN),
                Ok(answer) => return Ok(answer),
            }
        }
    }

    /// Epoch 0 belongs to no journal.
    fn document(&self, body: Body) -> Result<Document, String> {
        let marker = Marker::new(0, self.number, 1).ok_or("the script has too many steps")?;
        Ok(Document { marker, body, original: None })
    }

    fn receipt(&self, step: &Step) -> Result<Receipt, String> {
        let rates = &self.abilities.vat_rates;
        // A device without rates of its own takes any.
        let other = rates.first().filter(|_| !rates.contains(&VatRate::Exempt));
        let vat = other.copied().unwrap_or(VatRate::Exempt);
        let lines = i64::from(step.lines);
        let each = step.total_minor / lines;
        let line = |index: i64| LineDraft {
            title: format!("Проверка / test {}", index + 1),
            subject: Subject::Service,
            // The last one takes what does not divide.
            price: Money::from_minor(if index + 1 == lines { step.total_minor - each * (lines - 1) } else { each }),
            quantity: Quantity::from_millionths(1_000_000),
            discount: Money::ZERO,
            vat,
            settlement: Settlement::Full,
            barcode: None,
        };
        let total = Money::from_minor(step.total_minor);
        let payments = match step.pay {
            Pay::Cash => Payments { cash: total, ..Payments::default() },
            Pay::Card => Payments { card: total, ..Payments::default() },
        };
        let draft = ReceiptDraft {
            lines: (0..lines).map(line).collect(),
            payments,
            tax_system: self.abilities.tax_systems.first().copied().unwrap_or(TaxSystem::DEFAULT),
            cashier: None,
            contact: None,
            print: true,
            custom_text: None,
        };
        let policy = SumsPolicy { balance_tolerance: false, cash_rounding_minor: 0, change: false };
        Receipt::new(draft, policy).map(|(receipt, _)| receipt).map_err(|e| format!("step {}: {e}", step.id))
    }

    /// For the evidence.
    pub(super) fn now(&self) -> String {
        Timestamp::from_millisecond(self.clock.now().wall_ms).map(|t| t.to_string()).unwrap_or_default()
    }
}

/// What had to hold: what the step expects, and what always must.
fn checks(step: &Step, facts: &Facts, paper_is_right: Option<bool>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut check = |name, wanted: String, seen: String| {
        checks.push(Check { name, holds: wanted.split(" or ").any(|w| w == seen), wanted, seen });
    };
    let none = || "none".to_owned();
    if !step.expect.outcome.is_empty() {
        check("outcome", step.expect.outcome.join(" or "), facts.outcome.unwrap_or("none").to_owned());
    }
    if let Some(reason) = &step.expect.reason {
        check("reason", reason.clone(), facts.reason.clone().unwrap_or_else(none));
    }
    let status = facts.status.as_ref();
    if let Some(hindrance) = &step.expect.hindrance {
        let seen = status.and_then(|s| s.hindrance.as_ref()).map_or_else(none, name_of);
        check("hindrance", hindrance.clone(), seen);
    }
    if let Some(shift) = &step.expect.shift {
        let seen = status.map_or("unknown", |s| match s.shift {
            Shift::Open(_) => "open",
            Shift::Closed(_) => "closed",
            Shift::Expired(_) => "expired",
            Shift::None => "none",
        });
        check("shift", shift.clone(), seen.to_owned());
    }
    if let Some(paper) = &step.expect.paper {
        let seen = facts.paper.and_then(|p| json!(p).as_str().map(str::to_owned)).unwrap_or_else(none);
        check("paper", paper.clone(), seen);
    }
    let documents = facts.documents.unwrap_or_default();
    if let Some(wanted) = step.expect.documents {
        let seen = facts.documents.map_or_else(none, |n| n.to_string());
        check("new documents", wanted.to_string(), seen);
    }
    if let Some((verdict, _)) = facts.verdict {
        let by_outcome = match facts.outcome {
            Some("done") => "happened",
            Some("doubtful") => "happened or did_not",
            _ => "did_not",
        };
        check("the register's memory", by_outcome.to_owned(), verdict.to_owned());
        let wanted = u8::from(verdict == "happened");
        check("registered exactly once or not at all", wanted.to_string(), documents.to_string());
        let open = status.is_some_and(|s| s.open_receipt.is_some());
        check("no receipt stays open", "false".to_owned(), open.to_string());
    }
    if let Some(right) = paper_is_right {
        check("a person looked at the paper", "true".to_owned(), right.to_string());
    }
    checks
}

/// As the journal writes it.
fn name_of(reason: &Reason) -> String {
    match json!(reason) {
        Value::String(name) => name,
        Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    }
}
