use kkm_drivers::contract::{Money, Reason, Refusal, VatRate};

use super::*;

const NASTY: &str =
    "x\u{1b}@\n\u{202e}\u{200b}yxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

fn nasty() -> String {
    NASTY.to_owned()
}

fn place(part: Part) -> Place {
    Place { part, index: Some(999), field: "discount_amount".into() }
}

fn problems() -> Vec<Problem> {
    use Expected as E;
    let expected = [E::Text, E::TextOrInteger, E::Number, E::Integer, E::Flag, E::List, E::Object];
    let mut all: Vec<Problem> = expected.into_iter().map(Problem::Wrong).collect();
    all.extend([
        Problem::Missing,
        Problem::Twice,
        Problem::Empty,
        Problem::Negative,
        Problem::TooLarge,
        Problem::TooPrecise { places: 2 },
        Problem::TooMany { limit: 1000 },
        Problem::Unknown { given: nasty(), known: &["service", "commodity", "payment"] },
        Problem::BadDate { given: nasty() },
        Problem::BadUrl,
    ]);
    all
}

fn reasons() -> Vec<Reason> {
    let all = vec![
        Reason::PaperOut,
        Reason::CoverOpen,
        Reason::PrinterFailed,
        Reason::ShiftExpired,
        Reason::ShiftClosed,
        Reason::Busy,
        Reason::NeedsService,
        Reason::StorageUnusable,
        Reason::ClockWrong,
        Reason::PasswordWrong,
        Reason::VatUnsupported(VatRate::Rate(2200)),
        Reason::VatUnsupported(VatRate::Exempt),
        Reason::TaxSystemUnsupported,
        Reason::NotEnoughCash,
        Reason::ReceiptTooLarge,
        Reason::SumTooLarge,
        Reason::TotalsDiffer { ours: Money::from_minor(999), device: Money::from_minor(1000) },
        Reason::ForeignReceiptOpen,
        Reason::Unsupported,
        Reason::Other(nasty()),
    ];
    // A new reason stops here until it stands in the list above.
    for reason in &all {
        match reason {
            Reason::PaperOut
            | Reason::CoverOpen
            | Reason::PrinterFailed
            | Reason::ShiftExpired
            | Reason::ShiftClosed
            | Reason::Busy
            | Reason::NeedsService
            | Reason::StorageUnusable
            | Reason::ClockWrong
            | Reason::PasswordWrong
            | Reason::VatUnsupported(_)
            | Reason::TaxSystemUnsupported
            | Reason::NotEnoughCash
            | Reason::ReceiptTooLarge
            | Reason::SumTooLarge
            | Reason::TotalsDiffer { .. }
            | Reason::ForeignReceiptOpen
            | Reason::Unsupported
            | Reason::Other(_) => {}
        }
    }
    all
}

/// Which variant it is: a new one stops the build here, and then the count below.
fn number(message: &Message) -> usize {
    match message {
        Message::EmptyBody => 0,
        Message::Incomplete => 1,
        Message::TooLarge { .. } => 2,
        Message::NotUtf8 => 3,
        Message::BadJson { .. } => 4,
        Message::TooDeep { .. } => 5,
        Message::NotAnObject => 6,
        Message::Field { .. } => 7,
        Message::UnknownTax { .. } => 8,
        Message::UnknownVat { .. } => 9,
        Message::NegativeLine { .. } => 10,
        Message::SumsDiffer { .. } => 11,
        Message::NothingToFiscalize => 12,
        Message::NoTerminal => 13,
        Message::ContactNeeded => 14,
        Message::CashierNeeded => 15,
        Message::CashierInnNeeded { .. } => 16,
        Message::CallbackNotAllowed { .. } => 17,
        Message::Stored { .. } => 18,
        Message::OtherContent => 19,
        Message::WaitForFirst { .. } => 20,
        Message::AlreadyRegistered { .. } => 21,
        Message::Device(_) => 22,
        Message::GaveUp => 23,
        Message::GaveUpBecause(_) => 24,
        Message::DecidedNotRegistered => 25,
        Message::Unreachable => 26,
        Message::UnknownDevice => 27,
        Message::Ahead { .. } => 28,
        Message::JournalFull => 29,
        Message::PersonMustDecide => 30,
        Message::Stopping => 31,
    }
}

const VARIANTS: usize = 32;

fn messages() -> Vec<Message> {
    let sum = Money::LIMIT;
    let document_id = i64::MAX;
    let mut all = vec![
        Message::EmptyBody,
        Message::Incomplete,
        Message::TooLarge { limit_kib: 1024 },
        Message::NotUtf8,
        Message::BadJson { line: 1, column: 900 },
        Message::TooDeep { limit: 16 },
        Message::NotAnObject,
        Message::UnknownTax { slug: nasty() },
        Message::UnknownVat { line: 999, slug: nasty() },
        Message::NegativeLine { line: 0, net: Money::from_minor(-2000) },
        Message::SumsDiffer { lines: sum, payments: Money::ZERO },
        Message::NothingToFiscalize,
        Message::NoTerminal,
        Message::ContactNeeded,
        Message::CashierNeeded,
        Message::CashierInnNeeded { uid: nasty() },
        Message::CallbackNotAllowed { host: nasty() },
        Message::OtherContent,
        Message::WaitForFirst { document_id },
        Message::AlreadyRegistered { number: 1_234_567, time: "12:34".into(), confirmed: true, document_id },
        Message::AlreadyRegistered { number: 1_234_567, time: "12:34".into(), confirmed: false, document_id },
        Message::GaveUp,
        Message::DecidedNotRegistered,
        Message::Unreachable,
        Message::UnknownDevice,
        Message::Ahead { receipts: 12 },
        Message::JournalFull,
        Message::PersonMustDecide,
        Message::Stopping,
    ];
    let parts = [Part::Document, Part::Positions, Part::Payments, Part::Customer, Part::Cashier, Part::Pos];
    for problem in problems() {
        for part in parts {
            all.push(Message::Field { place: place(part), problem: problem.clone() });
            let whole = Place { part, index: None, field: "".into() };
            all.push(Message::Field { place: whole, problem: problem.clone() });
        }
    }
    for reason in reasons() {
        all.push(Message::GaveUpBecause(reason.clone()));
        all.push(Message::Device(Refusal::of(reason.clone())));
        all.push(Message::Device(Refusal { reason, device_code: Some("4Eh".into()) }));
    }
    all
}

fn notes() -> Vec<Note> {
    let slug = nasty;
    let mut all = vec![
        Note::DateAbsent,
        Note::DateWithoutOffset,
        Note::FloatNoise { place: place(Part::Positions) },
        Note::Shortened { place: place(Part::Document) },
        Note::BrokenText { place: place(Part::Positions) },
        Note::BarcodeDropped { line: 999 },
        Note::LineSkipped { line: 999 },
        Note::PricesAreNet,
        Note::GapOnLine { line: 999, gap: Money::from_minor(-1) },
        Note::CashRounded { by: Money::from_minor(18) },
        Note::UnusualPair { line: 999, vat: slug(), tax: slug() },
        Note::VatOutdated { line: 999, vat: slug() },
        Note::VatReplaced { line: 999, from: slug(), to: slug() },
        Note::EmailDropped,
        Note::PhoneDropped,
        Note::NoWayToCustomer,
        Note::ChargedByHand,
        Note::PaperPending,
        Note::PaperUnknown,
        Note::SentNotConfirmed,
    ];
    let closing = |why| Note::ClosingMissed { shift: 4_294_967_295, due: "23:50".into(), why };
    all.extend([Obstacle::Silence, Obstacle::Queue, Obstacle::Person].map(closing));
    all.extend(reasons().into_iter().map(Obstacle::Register).map(closing));
    // A new note stops here until it stands in the list above.
    for note in &all {
        match note {
            Note::DateAbsent
            | Note::DateWithoutOffset
            | Note::FloatNoise { .. }
            | Note::Shortened { .. }
            | Note::BrokenText { .. }
            | Note::BarcodeDropped { .. }
            | Note::LineSkipped { .. }
            | Note::PricesAreNet
            | Note::GapOnLine { .. }
            | Note::CashRounded { .. }
            | Note::UnusualPair { .. }
            | Note::VatOutdated { .. }
            | Note::VatReplaced { .. }
            | Note::EmailDropped
            | Note::PhoneDropped
            | Note::NoWayToCustomer
            | Note::ChargedByHand
            | Note::PaperPending
            | Note::PaperUnknown
            | Note::SentNotConfirmed
            | Note::ClosingMissed { .. } => {}
        }
    }
    all
}

fn check(ru: &str, en: &str) {
    assert_ne!(ru, en);
    assert!(ru.chars().any(|c| ('а'..='я').contains(&c)), "{ru}");
    for text in [ru, en] {
        assert!(!text.trim().is_empty());
        assert!(text.chars().count() <= 200, "{} characters: {text}", text.chars().count());
        assert!(!text.chars().any(disturbs), "{text:?}");
        assert!(!text.contains("/work") && !text.contains("/var"), "{text}");
    }
}

#[test]
fn every_message_says_something_in_both_languages() {
    let all = messages();
    let seen: std::collections::BTreeSet<usize> = all.iter().map(number).collect();
    let stored = number(&Message::Stored { code: 1001, message: String::new() });
    assert_eq!(seen.len() + 1, VARIANTS, "a variant has no example");
    assert!(!seen.contains(&stored), "its text is of another time and language");
    for message in all {
        check(&message.render(Locale::Ru), &message.render(Locale::En));
    }
}

#[test]
fn every_note_says_something_in_both_languages() {
    for note in notes() {
        check(&note.render(Locale::Ru), &note.render(Locale::En));
    }
}

#[test]
fn lines_are_counted_as_people_count() {
    let place = Place { part: Part::Positions, index: Some(0), field: "price".into() };
    let message = Message::Field { place, problem: Problem::Missing };
    assert_eq!(message.render(Locale::En), "Correct the document: line 1, field \"price\": is missing");
    assert_eq!(message.render(Locale::Ru), "Исправьте документ: строка 1, поле «price»: не заполнено");
}

#[test]
fn a_device_s_refusal_keeps_its_code() {
    let refusal = Refusal { reason: Reason::NotEnoughCash, device_code: Some("46h".into()) };
    let text = Message::Device(refusal).render(Locale::En);
    assert_eq!(
        text,
        "Not registered: not enough cash in the register for this return, put some in and print again (register's code 46h)"
    );
}

#[test]
fn a_sale_that_is_registered_already_says_how_to_allow_another() {
    let message = Message::AlreadyRegistered { number: 7, time: "12:34".into(), confirmed: false, document_id: 42 };
    assert_eq!(
        message.render(Locale::En),
        "Already receipt 7 of 12:34, its status is on the way. If this is another payment, allow it on the bridge: \
         kkm-bridge allow 42, and print again"
    );
}

#[test]
fn text_from_outside_is_cut_and_cleaned() {
    assert_eq!(quote("a\u{1b}b\nc"), "a b c");
    assert_eq!(quote(&"я".repeat(50)).chars().count(), 40);
    assert_eq!(quote(&"я".repeat(40)), "я".repeat(40));
    assert_eq!(quote("\u{202e}abc"), "abc");
}

#[test]
fn every_error_of_a_register_has_its_way_out_in_both_languages() {
    for code in 1..=255u8 {
        for of_storage in [false, true] {
            let refusal = kkm_drivers::shtrih::codes::refusal(code, of_storage);
            let [ru, en] = [Locale::Ru, Locale::En].map(|l| Message::Device(refusal.clone()).render(l));
            check(&ru, &en);
            for text in [&ru, &en] {
                assert!(text.contains(&format!("{code:02X}h")), "the register's own code: {text}");
            }
        }
    }
}
