//! The fiscal storage: registration, documents by number, settlement reports, tags, the fiscal sign.

use super::books::{BookedDocument, Kind, Tag};
use super::state::Begun;
use super::{Booked, Denied, Register};

/// Longest value of a text tag that is printed or sent on, by number of the tag (bytes).
const TEXT_LIMITS: [(u16, usize); 10] = [
    (1008, 64),
    (1021, 64),
    (1084, 400),
    (1117, 64),
    (1187, 256),
    (1191, 64),
    (1192, 16),
    (1203, 12),
    (1227, 256),
    (1228, 12),
];

impl Register {
    /// Registers the register with its storage: the storage's first document.
    pub(super) fn register_storage(&mut self) -> Result<Booked, Denied> {
        let mut document = self.blank(Kind::Registration, super::settings::SYSTEM_ADMINISTRATOR);
        document.shift = 0;
        document.tax_system = self.state.storage.tax_systems;
        document.on_paper = false;
        self.book(document)
    }

    /// Puts another storage in, as an engineer does, and registers with it.
    pub fn swap_storage(&mut self) -> Result<Booked, Denied> {
        let next = self.state.storage.number.parse::<u64>().unwrap_or(0) + 1;
        self.state.storage.number = format!("{next:016}");
        self.state.storage.last = 0;
        self.state.storage.last_time = None;
        self.state.storage.full = false;
        self.register_storage()
    }

    /// A document of the present storage by its number.
    pub fn document(&self, number: u32) -> Option<&BookedDocument> {
        let storage = &self.state.storage.number;
        let mut last_first = self.documents().iter().rev();
        last_first.find(|d| number != 0 && d.number == number && d.storage == *storage)
    }

    /// Tells the storage which document comes.
    pub fn begin(&mut self, begun: Begun) -> Result<(), Denied> {
        if self.state.receipt.is_some() {
            return Err(Denied::ReceiptOpen);
        }
        match begun {
            Begun::ShiftOpening if self.state.shift.opened_at.is_some() => return Err(Denied::ShiftOpen),
            Begun::ShiftClosing if self.state.shift.opened_at.is_none() => return Err(Denied::ShiftClosed),
            Begun::ShiftOpening | Begun::ShiftClosing | Begun::Correction | Begun::Settlement => {}
        }
        self.state.begun = Some((begun, Vec::new()));
        self.keep()
    }

    /// Tags of the begun document; forgotten when another kind was begun.
    pub(super) fn begun_tags(&self, kind: Begun) -> Vec<Tag> {
        self.state.begun.as_ref().filter(|(begun, _)| *begun == kind).map(|(_, tags)| tags.clone()).unwrap_or_default()
    }

    /// Forgets the begun document, and with it an open receipt.
    pub fn forget_begun(&mut self) -> Result<(), Denied> {
        self.state.begun = None;
        if self.state.receipt.is_some() {
            return self.cancel_receipt();
        }
        self.keep()
    }

    /// Adds a tag to the open receipt or the begun document.
    pub fn add_tag(&mut self, tag: Tag) -> Result<(), Denied> {
        check_tag(&tag)?;
        let tags = match (&mut self.state.receipt, &mut self.state.begun) {
            (Some(receipt), _) => &mut receipt.tags,
            (None, Some((_, tags))) => tags,
            (None, None) => return Err(Denied::WrongMode),
        };
        // A tag that may stand once is replaced, as the storage keeps the last one.
        tags.retain(|old| old.tag != tag.tag);
        tags.push(tag);
        self.keep()
    }

    /// Adds a tag to the last line of the open receipt.
    pub fn add_line_tag(&mut self, tag: Tag) -> Result<(), Denied> {
        check_tag(&tag)?;
        let receipt = self.state.receipt.as_mut().ok_or(Denied::WrongMode)?;
        receipt.lines.last_mut().ok_or(Denied::WrongMode)?.tags.push(tag);
        self.keep()
    }

    /// Reports the state of settlements.
    pub fn settlement_report(&mut self, operator: u8) -> Result<Booked, Denied> {
        let document = self.blank(Kind::Settlement, operator);
        self.book(document)
    }
}

/// Limits of text tags; the contact must be an e-mail address or a telephone number with `+`.
fn check_tag(tag: &Tag) -> Result<(), Denied> {
    let length = tag.hex.len() / 2;
    let limit = TEXT_LIMITS.iter().find(|(number, _)| *number == tag.tag).map(|(_, limit)| *limit);
    if length == 0 || limit.is_some_and(|limit| length > limit) {
        return Err(Denied::BadTag);
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let phone = |text: &str| text.strip_prefix('+').is_some_and(|rest| digits(rest) && (5..=15).contains(&rest.len()));
    let mail = |text: &str| text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    let well = match tag.tag {
        1008 => phone(&tag.text) || mail(&tag.text),
        1203 | 1228 => matches!(tag.text.trim_end().len(), 10 | 12) && digits(tag.text.trim_end()),
        _ => true,
    };
    if well { Ok(()) } else { Err(Denied::BadTag) }
}

/// A number that depends on all that makes a document this one (FNV-1a; the true sign is a cryptographic one).
pub(super) fn fiscal_sign(document: &BookedDocument) -> u32 {
    let parts = format!(
        "{} {} {} {:?} {}",
        document.storage,
        document.number,
        document.time,
        document.operation,
        document.total.minor()
    );
    parts.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
