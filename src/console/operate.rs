//! Operations of our own on the command line.

use clap::{Args, Subcommand, ValueEnum};
use kkm_drivers::contract::{Correction, CorrectionBasis, Money, Operation, Payments, TaxSystem, VatRate};

use crate::control::{Ask, Operate};
use crate::dispatcher::errand::Errand;

#[derive(Args, Debug)]
pub(super) struct On {
    /// Device, where there are several
    #[arg(long)]
    device: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Shift {
    /// Open it
    Open(On),
    /// Close it with a Z report
    Close(On),
    /// Show it, with the rest of the device's state
    Status(On),
}

#[derive(Debug, Subcommand)]
pub(super) enum Report {
    /// Totals so far; closes nothing
    X(On),
    /// Closes the shift
    Z(On),
}

#[derive(Debug, Subcommand)]
pub(super) enum Cash {
    /// Put it in
    In(CashSum),
    /// Take it out
    Out(CashSum),
}

#[derive(Args, Debug)]
pub(super) struct CashSum {
    /// Sum, such as 1500 or 1500.50
    #[arg(value_parser = money)]
    sum: Money,
    #[command(flatten)]
    on: On,
}

#[derive(Debug, Subcommand)]
pub(super) enum Receipt {
    /// Print the last one again
    Copy(On),
}

#[derive(Debug, Subcommand)]
pub(super) enum Paper {
    /// Go on printing
    Continue(On),
}

/// Direction of a correction.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Direction {
    /// Money that was taken
    Sale,
    /// Money that was given back
    Return,
}

#[derive(Args, Debug)]
pub(super) struct CorrectionOf {
    /// What was not registered in time
    #[arg(value_enum)]
    direction: Direction,
    /// Day of the corrected settlement, YYYY-MM-DD
    #[arg(long, value_parser = day)]
    date: String,
    /// Paid in cash
    #[arg(long, value_parser = money, default_value = "0")]
    cash: Money,
    /// Paid by card
    #[arg(long, value_parser = money, default_value = "0")]
    card: Money,
    /// Offset of an advance
    #[arg(long, value_parser = money, default_value = "0")]
    prepaid: Money,
    /// VAT of the whole in percent (20, 10, 0), or none
    #[arg(long, value_parser = vat)]
    vat: VatRate,
    /// Tax system as FFD tag 1055 counts: 1 OSN, 2 USN income, 4 USN income less expense, 8 ENVD, 16 ESN, 32 PSN
    #[arg(long, value_parser = tax_system)]
    tax: TaxSystem,
    /// Number of the tax authority's order, if it ordered the correction
    #[arg(long)]
    order: Option<String>,
    #[command(flatten)]
    on: On,
}

impl Shift {
    pub(super) fn ask(self) -> Ask {
        match self {
            Self::Open(on) => operate(on, Operate::OpenShift),
            Self::Close(on) => operate(on, Operate::CloseShift),
            Self::Status(on) => errand(on, Errand::Look),
        }
    }
}

impl Report {
    pub(super) fn ask(self) -> Ask {
        match self {
            Self::X(on) => operate(on, Operate::XReport),
            Self::Z(on) => operate(on, Operate::CloseShift),
        }
    }
}

impl Cash {
    pub(super) fn ask(self) -> Ask {
        match self {
            Self::In(cash) => operate(cash.on, Operate::CashIn(cash.sum)),
            Self::Out(cash) => operate(cash.on, Operate::CashOut(cash.sum)),
        }
    }
}

impl Receipt {
    pub(super) fn ask(self) -> Ask {
        let Self::Copy(on) = self;
        errand(on, Errand::CopyReceipt)
    }
}

impl Paper {
    pub(super) fn ask(self) -> Ask {
        let Self::Continue(on) = self;
        errand(on, Errand::ContinuePaper)
    }
}

impl CorrectionOf {
    pub(super) fn ask(self) -> Ask {
        let payments = Payments { cash: self.cash, card: self.card, prepaid: self.prepaid };
        let correction = Correction {
            operation: match self.direction {
                Direction::Sale => Operation::Sale,
                Direction::Return => Operation::Return,
            },
            by_order: self.order.is_some(),
            total: payments.total().unwrap_or(Money::LIMIT),
            payments,
            vat: self.vat,
            tax_system: self.tax,
            basis: CorrectionBasis { date: self.date, number: self.order.unwrap_or_default() },
        };
        operate(self.on, Operate::Correction(Box::new(correction)))
    }
}

fn operate(on: On, operate: Operate) -> Ask {
    Ask::Operate { device: on.device, operate }
}

fn errand(on: On, errand: Errand) -> Ask {
    Ask::Errand { device: on.device, errand }
}

/// `1500`, `1500.5`, `1500,50`: exact, never through a float.
fn money(text: &str) -> Result<Money, String> {
    let wrong = || format!("\"{text}\" is no sum such as 1500 or 1500.50");
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let minor = format!("{whole}{part:0<2}").parse().map_err(|_| wrong())?;
    Some(Money::from_minor(minor)).filter(|m| *m <= Money::LIMIT).ok_or_else(wrong)
}

fn day(text: &str) -> Result<String, String> {
    let date: jiff::civil::Date = text.parse().map_err(|_| format!("\"{text}\" is no day such as 2026-01-31"))?;
    Ok(date.to_string())
}

fn vat(text: &str) -> Result<VatRate, String> {
    if text == "none" {
        return Ok(VatRate::Exempt);
    }
    let percent: u32 = text.parse().map_err(|_| format!("\"{text}\" is no rate such as 20, 0 or none"))?;
    if percent > 100 { Err("a rate is at most 100".into()) } else { Ok(VatRate::Rate(percent * 100)) }
}

fn tax_system(text: &str) -> Result<TaxSystem, String> {
    let mask = text.parse().ok().and_then(TaxSystem::from_mask);
    mask.ok_or_else(|| format!("\"{text}\" is none of 1, 2, 4, 8, 16, 32"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_exactly_or_not_at_all() {
        for (text, minor) in [("0", 0), ("1500", 150_000), ("1500.5", 150_050), ("8,20", 820), ("19.99", 1999)] {
            assert_eq!(money(text), Ok(Money::from_minor(minor)), "{text}");
        }
        for text in ["", ".5", "-1", "1.234", "1e3", "1 500", "99999999999999999999"] {
            assert!(money(text).is_err(), "{text}");
        }
    }
}
