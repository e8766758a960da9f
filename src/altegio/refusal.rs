//! The cloud's codes: what a message counts as on the wire.

use crate::messages::{Message, Part};

/// Codes of errors as the cloud documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 1001, document data.
    Document,
    /// 1002, positions.
    Positions,
    /// 1003, payments.
    Payments,
    /// 1004, customer.
    Customer,
    /// 1005, cashier.
    Cashier,
    /// 2001, the cash equipment refused.
    Equipment,
    /// 2002, the cash equipment is unavailable.
    Unavailable,
}

impl Code {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::Document => 1001,
            Self::Positions => 1002,
            Self::Payments => 1003,
            Self::Customer => 1004,
            Self::Cashier => 1005,
            Self::Equipment => 2001,
            Self::Unavailable => 2002,
        }
    }

    /// The code of a number that was once sent; any other counts as the equipment's error.
    fn from_number(number: u16) -> Self {
        let all = [Self::Document, Self::Positions, Self::Payments, Self::Customer, Self::Cashier, Self::Unavailable];
        all.into_iter().find(|code| code.number() == number).unwrap_or(Self::Equipment)
    }
}

/// A refusal: its code and what the cashier is told. Made from a message, whose kind decides the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Code for the cloud.
    pub code: Code,
    /// For the cashier.
    pub message: Message,
}

impl From<Message> for Refusal {
    fn from(message: Message) -> Self {
        Self { code: code_of(&message), message }
    }
}

fn code_of(message: &Message) -> Code {
    match message {
        Message::Field { place, .. } => match place.part {
            Part::Document | Part::Pos => Code::Document,
            Part::Positions => Code::Positions,
            Part::Payments => Code::Payments,
            Part::Customer => Code::Customer,
            Part::Cashier => Code::Cashier,
        },
        Message::Stored { code, .. } => Code::from_number(*code),
        Message::EmptyBody
        | Message::Incomplete
        | Message::TooLarge { .. }
        | Message::NotUtf8
        | Message::BadJson { .. }
        | Message::TooDeep { .. }
        | Message::NotAnObject
        | Message::UnknownTax { .. }
        | Message::CallbackNotAllowed { .. }
        | Message::OtherContent
        | Message::WaitForFirst { .. }
        | Message::AlreadyRegistered { .. } => Code::Document,
        Message::UnknownVat { .. } | Message::NegativeLine { .. } => Code::Positions,
        Message::SumsDiffer { .. } | Message::NothingToFiscalize | Message::NoTerminal => Code::Payments,
        Message::ContactNeeded => Code::Customer,
        Message::CashierNeeded | Message::CashierInnNeeded { .. } => Code::Cashier,
        Message::Device(_) | Message::DecidedNotRegistered => Code::Equipment,
        Message::GaveUp
        | Message::GaveUpBecause(_)
        | Message::Unreachable
        | Message::UnknownDevice
        | Message::Ahead { .. }
        | Message::JournalFull
        | Message::PersonMustDecide
        | Message::Stopping => Code::Unavailable,
    }
}
