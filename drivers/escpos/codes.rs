//! Status bits, and what each means (section DLE EOT).

use crate::contract::Reason;

/// What four questions said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// To DLE EOT 1.
    pub printer: u8,
    /// To DLE EOT 2; asked only when offline.
    pub offline: Option<u8>,
    /// To DLE EOT 3; asked only when offline.
    pub error: Option<u8>,
    /// To DLE EOT 4.
    pub paper: u8,
}

const OFFLINE: u8 = 0x08;
const COVER_OPEN: u8 = 0x04;
const STOPPED_FOR_PAPER: u8 = 0x20;
const ERROR: u8 = 0x40;
const PAPER_END: u8 = 0x60;
const NEAR_END: u8 = 0x0C;
/// In an answer to GS r 1.
const QUEUED_PAPER_END: u8 = 0x0C;

impl Condition {
    /// Why nothing can be printed now.
    pub fn hindrance(&self) -> Option<Reason> {
        let offline_cause = self.offline.unwrap_or_default();
        if self.paper & PAPER_END != 0 || offline_cause & STOPPED_FOR_PAPER != 0 {
            // A cover that is open hides the paper from the sensor: it is the cause to name.
            return Some(if offline_cause & COVER_OPEN != 0 { Reason::CoverOpen } else { Reason::PaperOut });
        }
        if offline_cause & COVER_OPEN != 0 {
            return Some(Reason::CoverOpen);
        }
        // Of the causes in DLE EOT 3 (cutter, mechanics, heat) a person can only look at the printer.
        if offline_cause & ERROR != 0 || self.error.is_some_and(|e| e & 0x6C != 0) {
            return Some(Reason::PrinterFailed);
        }
        (self.printer & OFFLINE != 0).then_some(Reason::Busy)
    }

    /// The roll is nearly used up.
    pub fn paper_is_low(&self) -> bool {
        self.paper & NEAR_END != 0
    }
}

/// True when offline: the other questions are worth asking.
pub fn is_offline(printer: u8) -> bool {
    printer & OFFLINE != 0
}

/// True when an answer to GS r 1 says that paper is out.
pub fn queued_paper_end(answer: u8) -> bool {
    answer & QUEUED_PAPER_END != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hindrance(printer: u8, offline: u8, error: u8, paper: u8) -> Option<Reason> {
        let asked = is_offline(printer);
        Condition { printer, offline: asked.then_some(offline), error: asked.then_some(error), paper }.hindrance()
    }

    #[test]
    fn each_bit_is_named_for_the_person_at_the_printer() {
        assert_eq!(hindrance(0x12, 0x12, 0x12, 0x12), None);
        assert_eq!(hindrance(0x16, 0x12, 0x12, 0x12), None, "an open drawer hinders nothing");
        assert_eq!(hindrance(0x1A, 0x16, 0x12, 0x12), Some(Reason::CoverOpen));
        assert_eq!(hindrance(0x1A, 0x32, 0x12, 0x72), Some(Reason::PaperOut));
        assert_eq!(hindrance(0x1A, 0x16, 0x12, 0x72), Some(Reason::CoverOpen));
        assert_eq!(hindrance(0x12, 0x12, 0x12, 0x72), Some(Reason::PaperOut));
        assert_eq!(hindrance(0x1A, 0x52, 0x1A, 0x12), Some(Reason::PrinterFailed));
        assert_eq!(hindrance(0x1A, 0x12, 0x32, 0x12), Some(Reason::PrinterFailed));
        assert_eq!(hindrance(0x1A, 0x12, 0x12, 0x12), Some(Reason::Busy));
    }

    #[test]
    fn low_paper_is_a_warning_and_no_hindrance() {
        let condition = Condition { printer: 0x12, paper: 0x1E, ..Condition::default() };
        assert!(condition.paper_is_low() && condition.hindrance().is_none());
        assert!(queued_paper_end(0x0C) && !queued_paper_end(0x03));
    }
}
