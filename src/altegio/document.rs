//! From the bytes of a request to an order for the register, or to a refusal.
//!
//! Required are `id`, `document_id`, `type`, `positions`, `payments` and `tax`; the rest may be absent or null. Unknown
//! fields are ignored. Nothing is guessed: what cannot be read is refused with the name of its field, and what was
//! smoothed over is noted.

use jiff::Timestamp;
use kkm_drivers::contract::{Body, Money, Operation, Receipt, ReceiptDraft, ReceiptError, SumsNote};

use super::id::RawId;
use super::json::{self, Node, Object};
use super::position::Position;
use super::refusal::Refusal;
use super::rules::{PosWithoutTerminal, Rules};
use super::{date, fingerprint, payment, people, position, text};
use crate::messages::{Expected, Message, Note, Part, Place, Problem};

/// Longest free text that is kept, in characters.
const CUSTOM_TEXT_CHARS: usize = 4_000;
/// Longest address of a callback, in bytes.
const URL_BYTES: usize = 2_048;

/// A document that was understood: its receipt adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The print attempt.
    pub id: RawId,
    /// When it was sent for printing.
    pub date: Timestamp,
    /// The date as it came; `None` when none did.
    pub date_text: Option<String>,
    /// Altegio's sales document: the same for every attempt, and for its return.
    pub document_id: i64,
    /// Sale or return.
    pub kind: Operation,
    /// What to register.
    pub receipt: Receipt,
    /// Where to report; `None`: the configured default. Not checked against the allow-list.
    pub callback_url: Option<String>,
    /// Slips that a payment terminal should print.
    pub slip_count: u32,
    /// What was noticed.
    pub notes: Vec<Note>,
    /// Equal for documents with the same type, positions, payments, tax, customer and cashier.
    pub fiscal_hash: [u8; 32],
    /// Equal for documents with the same sales document, type, line sums and payments.
    pub twin_hash: [u8; 32],
}

impl Order {
    /// What the device is asked to do.
    pub fn body(&self) -> Body {
        match self.kind {
            Operation::Sale => Body::Sale(self.receipt.clone()),
            Operation::Return => Body::Return(self.receipt.clone()),
        }
    }
}

/// A document that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The id to answer with, when it could be read at all.
    pub id: Option<RawId>,
    /// Why.
    pub refusal: Box<Refusal>,
}

impl Rejected {
    fn new(id: Option<RawId>, message: Message) -> Self {
        Self { id, refusal: Box::new(message.into()) }
    }
}

/// Reads a document that came at `now`.
pub fn read(body: &[u8], rules: &Rules, now: Timestamp) -> Result<Order, Rejected> {
    let document = json::open(body).map_err(|message| Rejected::new(None, message))?;
    let id = document.raw("id").and_then(RawId::from_json);
    json::check_depth(body)
        .and_then(|()| document.checked())
        .and_then(|document| order(&document, id.clone(), rules, now))
        .map_err(|message| Rejected::new(id, message))
}

fn order(document: &Object<'_>, id: Option<RawId>, rules: &Rules, now: Timestamp) -> Result<Order, Message> {
    let mut notes = Vec::new();
    let id_node = document.need("id")?;
    let id = id.ok_or_else(|| id_node.fault(Problem::Wrong(Expected::TextOrInteger)))?;
    let document_id = document.need("document_id")?.integer()?;
    let kind = document.need("type")?.word(&["sale", "return"], [Operation::Sale, Operation::Return])?;
    let (date, date_text) = moment(document, rules, now, &mut notes)?;
    let tax_slug = document.need("tax")?.text()?.text;
    let Some(system) = rules.taxes.system(&tax_slug) else { return Err(Message::UnknownTax { slug: tax_slug }) };

    let day = rules.altegio.time_zone.to_datetime(date).date();
    let context = position::Context { rules, system, tax_slug: &tax_slug, kind, day };
    let positions = position::read(&list(document, "positions", Part::Positions)?, context, &mut notes)?;
    let payments = payment::read(&list(document, "payments", Part::Payments)?, &mut notes)?;
    let customer = people::customer(document)?;
    let who = people::cashier(document)?;
    let print = document.get("print_receipt").map_or(Ok(true), |node| node.flag())?;
    let slip_count = terminal(document, rules, &mut notes)?;
    let callback_url = document.get("callback_url").map_or(Ok(None), |node| url(&node))?;
    let custom_text = match document.get("custom_text") {
        Some(node) => Some(text::free(&node, CUSTOM_TEXT_CHARS, &mut notes)?).filter(|text| !text.trim().is_empty()),
        None => None,
    };
    let contact = people::contact(&customer, rules, &mut notes)?;
    if contact.is_none() && !print {
        notes.push(Note::NoWayToCustomer);
    }

    let fiscal_hash = fingerprint::fiscal(kind, &positions, &payments, &tax_slug, &customer, &who);
    let twin_hash = fingerprint::twin(document_id, kind, &positions, &payments);
    let draft = ReceiptDraft {
        lines: positions.into_iter().map(|Position { line, .. }| line).collect(),
        payments,
        tax_system: system.system,
        cashier: people::titled(&who, rules)?,
        contact,
        print,
        custom_text,
    };
    let (receipt, sums) = Receipt::new(draft, rules.sums_policy(kind)).map_err(|error| unsettled(&error))?;
    notes.extend(sums.into_iter().map(noted));
    Ok(Order {
        id,
        date,
        date_text,
        document_id,
        kind,
        receipt,
        callback_url,
        slip_count,
        notes,
        fiscal_hash,
        twin_hash,
    })
}

/// One of the two lists; an absent one counts as a fault of its part.
fn list<'a>(document: &Object<'a>, name: &'static str, part: Part) -> Result<Node<'a>, Message> {
    let place = Place { part, index: None, field: "".into() };
    document.get(name).ok_or(Message::Field { place, problem: Problem::Missing })
}

fn moment(
    document: &Object<'_>,
    rules: &Rules,
    now: Timestamp,
    notes: &mut Vec<Note>,
) -> Result<(Timestamp, Option<String>), Message> {
    let Some(node) = document.get("date") else {
        notes.push(Note::DateAbsent);
        return Ok((now, None));
    };
    let given = node.text()?.text;
    let Some(moment) = date::read(&given, &rules.altegio.time_zone) else {
        return Err(node.fault(Problem::BadDate { given }));
    };
    if !moment.offset {
        notes.push(Note::DateWithoutOffset);
    }
    Ok((moment.at, Some(given)))
}

/// The payment terminal: charging without a terminal would be a false success. Returns the number of slips.
fn terminal(document: &Object<'_>, rules: &Rules, notes: &mut Vec<Note>) -> Result<u32, Message> {
    let Some(node) = document.get("pos") else { return Ok(0) };
    let pos = node.object(Part::Pos)?;
    let slips = pos.get("slip_count").map_or(Ok(0), |node| {
        let count = node.integer()?;
        u32::try_from(count).map_err(|_| node.fault(Problem::TooLarge))
    })?;
    if pos.get("enabled").map_or(Ok(false), |node| node.flag())? {
        match rules.altegio.pos_without_terminal {
            PosWithoutTerminal::Refuse => return Err(Message::NoTerminal),
            PosWithoutTerminal::ChargedByHand => notes.push(Note::ChargedByHand),
        }
    }
    Ok(slips)
}

fn url(node: &Node<'_>) -> Result<Option<String>, Message> {
    let text = node.text()?.text;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let usable = text.len() <= URL_BYTES && url::Url::parse(&text).is_ok_and(|url| url.has_host());
    if usable { Ok(Some(text)) } else { Err(node.fault(Problem::BadUrl)) }
}

fn unsettled(error: &ReceiptError) -> Message {
    let field = |part, index, field: &'static str| Message::Field {
        place: Place { part, index, field: field.into() },
        problem: Problem::TooLarge,
    };
    match *error {
        ReceiptError::NoLines | ReceiptError::NothingToPay => Message::NothingToFiscalize,
        ReceiptError::LineOutOfRange { line } => field(Part::Positions, Some(line), "price"),
        ReceiptError::TotalOutOfRange => field(Part::Positions, None, ""),
        ReceiptError::NegativeLine { line, net } => Message::NegativeLine { line, net },
        ReceiptError::PaymentOutOfRange => field(Part::Payments, None, "sum"),
        ReceiptError::SumsDiffer { lines, payments } => Message::SumsDiffer { lines, payments },
    }
}

fn noted(note: SumsNote) -> Note {
    match note {
        SumsNote::PricesAreNet => Note::PricesAreNet,
        SumsNote::GapOnLine { line, minor } => Note::GapOnLine { line, gap: Money::from_minor(minor) },
        SumsNote::CashRounded(by) => Note::CashRounded { by },
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
