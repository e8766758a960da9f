//! The customer's contact and the cashier.

use kkm_drivers::contract::Cashier;

use super::json::{Node, Object};
use super::rules::{CashierNeed, Rules};
use crate::messages::{Message, Note, Part};

/// Longest contact, in characters (FFD tag 1008).
const CONTACT_CHARS: usize = 64;
/// Longest title of a cashier, in characters (FFD tag 1021).
const CASHIER_CHARS: usize = 64;

/// The customer as he came, for comparing documents.
#[derive(Default)]
pub(super) struct Customer {
    pub(super) email: String,
    pub(super) phone: String,
}

/// Reads the customer.
pub(super) fn customer(document: &Object<'_>) -> Result<Customer, Message> {
    let Some(node) = document.get("customer") else { return Ok(Customer::default()) };
    let customer = node.object(Part::Customer)?;
    Ok(Customer { email: trimmed(customer.get("email"))?, phone: trimmed(customer.get("phone"))? })
}

/// The contact for the receipt: the e-mail, else the phone. What is unusable is left out and noted, for a wrong contact
/// must not cost the receipt.
pub(super) fn contact(customer: &Customer, rules: &Rules, notes: &mut Vec<Note>) -> Result<Option<String>, Message> {
    let email = is_email(&customer.email).then(|| customer.email.clone());
    if email.is_none() && !customer.email.is_empty() {
        notes.push(Note::EmailDropped);
    }
    let phone = phone(&customer.phone);
    if phone.is_none() && !customer.phone.is_empty() {
        notes.push(Note::PhoneDropped);
    }
    let contact = email.or(phone);
    if contact.is_none() && rules.altegio.contact_required {
        return Err(Message::ContactNeeded);
    }
    Ok(contact)
}

/// An address that a register takes: ASCII, one `@`, a domain with a dot.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | ',' | ';' | '<' | '>' | '"' | '(' | ')' | '\\');
    text.len() <= CONTACT_CHARS
        && !local.is_empty()
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && domain.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

/// A number in international form: `+` and 7 to 15 digits (E.164), the first not zero.
fn phone(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let between = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '.' | '\u{a0}');
    let digits: String = digits.chars().filter(|&c| !between(c)).collect();
    let fits =
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| format!("+{digits}"))
}

/// The cashier as he came, for comparing documents.
#[derive(Default)]
pub(super) struct Who {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) position: String,
}

/// Reads the cashier; his key is called `uid`, in one form of the document `id`.
pub(super) fn cashier(document: &Object<'_>) -> Result<Who, Message> {
    let Some(node) = document.get("cashier") else { return Ok(Who::default()) };
    let cashier = node.object(Part::Cashier)?;
    Ok(Who {
        uid: trimmed(cashier.get("uid").or_else(|| cashier.get("id")))?,
        name: trimmed(cashier.get("name"))?,
        position: trimmed(cashier.get("position"))?,
    })
}

/// The cashier for the receipt: position and name, and the taxpayer number that the shop's settings know.
pub(super) fn titled(who: &Who, rules: &Rules) -> Result<Option<Cashier>, Message> {
    let title = [&who.position, &who.name].map(|s| words(s)).join(" ");
    let title: String = title.trim().chars().take(CASHIER_CHARS).collect();
    let title = title.trim_end().to_owned();
    let inn = rules.altegio.inn_of(&who.uid).map(ToOwned::to_owned);
    match rules.altegio.cashier_required {
        CashierNeed::Name | CashierNeed::Inn if title.is_empty() => return Err(Message::CashierNeeded),
        CashierNeed::Inn if inn.is_none() => return Err(Message::CashierInnNeeded { uid: who.uid.clone() }),
        CashierNeed::Nothing | CashierNeed::Name | CashierNeed::Inn => {}
    }
    Ok((!title.is_empty()).then_some(Cashier { title, inn }))
}

/// One line of words: control characters and runs of spaces become one space.
fn words(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn trimmed(node: Option<Node<'_>>) -> Result<String, Message> {
    node.map_or_else(|| Ok(String::new()), |node| node.text_or_integer().map(|text| text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_becomes_plus_and_digits() {
        assert_eq!(phone("+7 (900) 123-45-67").as_deref(), Some("+79001234567"));
        assert_eq!(phone("13155550175").as_deref(), Some("+13155550175"));
        for bad in ["", "none", "12345", "+", "0079001234567", "+7900123456789012", "7900x234567", "++79001234567"] {
            assert_eq!(phone(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_e_mail_is_one_that_a_register_takes() {
        assert!(is_email("customer@example.com"));
        assert!(is_email("a.b+c@sub.example.co"));
        for bad in [
            "",
            "none",
            "@example.com",
            "a@b",
            "a b@example.com",
            "a@b@example.com",
            "a@example..com",
            "a@example.com.",
            "а@example.com",
            "a@example.com\n",
            "a@example.com, b@example.com",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@example.com", "a".repeat(60))));
    }
}
