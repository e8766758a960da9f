//! From the register's state and books to the contract's words.

use encoding_rs::IBM866;

use crate::contract::{Found, FoundMarker, Identity, OpenReceipt, Operation as Direction, Paper, Proof, Trace};
use crate::simulator::books::{BookedDocument, Kind, Operation, Tag};
use crate::simulator::register::{Register, State};

/// Who it is.
pub(super) fn identity(state: &State) -> Identity {
    Identity {
        serial: state.identity.serial.clone(),
        storage: state.storage.number.clone(),
        model: state.identity.model.clone(),
        firmware: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The open receipt.
pub(super) fn open_receipt(state: &State) -> Option<OpenReceipt> {
    let receipt = state.receipt.as_ref()?;
    Some(OpenReceipt { operation: direction(receipt.operation), subtotal: Some(receipt.subtotal()) })
}

fn direction(operation: Operation) -> Option<Direction> {
    match operation {
        Operation::Sale => Some(Direction::Sale),
        Operation::SaleReturn => Some(Direction::Return),
        Operation::Buy | Operation::BuyReturn => None,
    }
}

/// Where the paper of a document is.
pub(super) fn paper(document: &BookedDocument, register: &Register) -> Paper {
    match (document.on_paper, &register.state().printer.held) {
        (false, _) => Paper::Suppressed,
        (true, Some(_)) => Paper::Pending,
        (true, None) => Paper::Delivered,
    }
}

/// The numbers of a document.
pub(super) fn proof(document: &BookedDocument) -> Proof {
    Proof {
        document_number: u64::from(document.number),
        sign: if document.number == 0 { String::new() } else { document.sign.to_string() },
        storage: document.storage.clone(),
        total: document.operation.map(|_| document.total),
        device_time: Some(document.time.to_string()[..16].to_owned()),
    }
}

/// The proof of what leaves no document.
pub(super) fn no_document(register: &Register) -> Proof {
    let storage = register.state().storage.number.clone();
    let device_time = Some(register.now().to_string()[..16].to_owned());
    Proof { document_number: 0, sign: String::new(), storage, total: None, device_time }
}

/// Documents of the present storage after a number.
pub(super) fn found(register: &Register, since: u64) -> Vec<Found> {
    let storage = &register.state().storage.number;
    let kept = register.documents().iter().filter(|d| d.number > 0 && d.storage == *storage);
    kept.filter(|document| u64::from(document.number) > since).map(of).collect()
}

fn of(document: &BookedDocument) -> Found {
    let total = document.total;
    let trace = match (document.kind, document.operation.and_then(direction)) {
        (Kind::Receipt, Some(operation)) => Trace::Receipt { operation, total },
        (Kind::Correction, _) => Trace::Correction { total },
        (Kind::ShiftOpened, _) => Trace::ShiftOpened,
        (Kind::ShiftClosed, _) => Trace::ShiftClosed,
        (Kind::Receipt, None)
        | (Kind::Registration | Kind::Settlement | Kind::CashIn | Kind::CashOut | Kind::XReport, _) => Trace::Other,
    };
    Found {
        number: u64::from(document.number),
        trace,
        marker: document.tag_text(1192).parse().map_or(FoundMarker::None, FoundMarker::Ours),
        proof: proof(document),
    }
}

/// A text tag as a host would send it; letters that code page 866 lacks become `?`.
pub(super) fn tag(tag: u16, text: &str) -> Tag {
    let bytes: Vec<u8> = text
        .chars()
        .flat_map(|letter| match IBM866.encode(letter.encode_utf8(&mut [0; 4])) {
            (bytes, _, false) => bytes.into_owned(),
            (_, _, true) => vec![b'?'],
        })
        .collect();
    let hex = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| b"0123456789ABCDEF"[usize::from(digit)]);
    Tag { tag, hex: hex.map(char::from).collect(), text: IBM866.decode_without_bom_handling(&bytes).0.into_owned() }
}
