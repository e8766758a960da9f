//! What registers and is no receipt: shifts, cash, corrections; and what only prints.

use super::Shtrih;
use super::codes::{self, Mode};
use super::command::print::{Cut, Feed, Text};
use super::command::shift::{
    BeginCloseShift, BeginCorrection, BeginOpenShift, Cash, CloseShift, Correction as CorrectionCommand, OpenShift,
    XReport,
};
use super::command::storage::FindDocument;
use super::command::{Command, tlv};
use super::link::Failure;
use super::moment::midnight;
use super::plan::cashier_tags;
use super::sale::{Base, Stop, at_once, new_proof};
use super::text;
use crate::contract::{
    Cashier, Correction, Fault, FaultKind, Marker, Money, Outcome, Paper, Proof, Reason, Refusal, Trace, VatRate,
    Witness,
};

/// Lines between the end of a slip and the cutter.
const FEED_LINES: u8 = 4;

impl Shtrih {
    pub(super) fn open_shift(&mut self, cashier: Option<&Cashier>, witness: &mut dyn Witness) -> Outcome {
        self.shift_report(&[Mode::Closed], &BeginOpenShift, cashier, &OpenShift, Trace::ShiftOpened, witness)
    }

    pub(super) fn close_shift(&mut self, cashier: Option<&Cashier>, witness: &mut dyn Witness) -> Outcome {
        let modes = [Mode::Open, Mode::Expired];
        self.shift_report(&modes, &BeginCloseShift, cashier, &CloseShift, Trace::ShiftClosed, witness)
    }

    /// FF41, tags, E0h; or FF42, tags, 41h. The report's numbers are read from the storage.
    fn shift_report(
        &mut self,
        modes: &[Mode],
        begin: &impl Command<Answer = ()>,
        cashier: Option<&Cashier>,
        report: &impl Command<Answer = ()>,
        trace: Trace,
        witness: &mut dyn Witness,
    ) -> Outcome {
        let base = match self.ready(modes, true) {
            Ok(base) => base,
            Err(stop) => return at_once(stop),
        };
        if let Err(stop) = self.begin_with_cashier(begin, cashier) {
            return self.take_back(&base, stop);
        }
        if let Err(fault) = witness.closing() {
            return self.take_back(&base, Stop::Fault(fault));
        }
        match self.register(report) {
            Ok(()) => match self.report_of_shift(&base, trace) {
                Ok(proof) => Outcome::Done(proof, self.paper_of_last()),
                Err(fault) => Outcome::Doubtful(fault),
            },
            Err(Failure::Refused { code, of_storage, .. }) => {
                self.take_back(&base, Stop::Refused(codes::refusal(code, of_storage)))
            }
            Err(Failure::Lost(fault)) => Outcome::Doubtful(fault),
        }
    }

    /// Firmware that does not know the beginning takes the report without a name.
    fn begin_with_cashier(&mut self, begin: &impl Command<Answer = ()>, cashier: Option<&Cashier>) -> Result<(), Stop> {
        match self.link.run_patiently(begin) {
            Ok(()) => {}
            Err(failure) if failure.is(0x37) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        }
        for tags in cashier_tags(cashier, self.about.as_ref().and_then(|a| a.format)) {
            self.send_if_accepted(&tags)?;
        }
        Ok(())
    }

    fn report_of_shift(&mut self, base: &Base, trace: Trace) -> Result<Proof, Fault> {
        self.link.wait_idle().map_err(Failure::fault)?;
        let (storage, _) = self.steady_counters()?;
        for number in (base.last_document() + 1..=storage.last_document).rev() {
            let found = self.link.run_patiently(&FindDocument(number)).map_err(Failure::fault)?;
            if found.trace == trace {
                return Ok(new_proof(base, found.number, found.sign, None, found.time));
            }
        }
        Err(Fault::new("FF0A find document", FaultKind::Answered("the report is not in the storage".to_owned())))
    }

    pub(super) fn correct(&mut self, marker: Marker, correction: &Correction, witness: &mut dyn Witness) -> Outcome {
        let about = match self.about() {
            Ok(about) => about,
            Err(fault) => return Outcome::Untouched(fault),
        };
        let base = match self.ready(&[Mode::Open], true) {
            Ok(base) => base,
            Err(stop) => return at_once(stop),
        };
        let Some(taxes) = about.groups.of(correction.vat).and_then(|g| taxes(g.row, correction)) else {
            return Outcome::Refused(Refusal::of(Reason::VatUnsupported(correction.vat)));
        };
        let system = correction.tax_system.mask();
        if system != 0 && about.tax_systems != 0 && about.tax_systems & system == 0 {
            return Outcome::Refused(Refusal::of(Reason::TaxSystemUnsupported));
        }
        let Some(basis) = basis(correction) else {
            return Outcome::Refused(Refusal::of(Reason::Other("the date of the basis is no date".to_owned())));
        };
        let command = CorrectionCommand {
            by_order: correction.by_order,
            operation: correction.operation,
            total: correction.total,
            cash: correction.payments.cash,
            card: correction.payments.card,
            prepaid: correction.payments.prepaid,
            taxes,
            tax_system: system,
        };
        let begun = self.link.run_patiently(&BeginCorrection).and_then(|()| {
            self.send_marker(marker)?;
            self.link.run_patiently(&basis)
        });
        if let Err(failure) = begun {
            return self.take_back(&base, failure.into());
        }
        if let Err(fault) = witness.closing() {
            return self.take_back(&base, Stop::Fault(fault));
        }
        match self.register(&command) {
            Ok(done) if !base.is_next(done.document) => {
                Outcome::Doubtful(Fault::new("FF4A correction", FaultKind::Garbled))
            }
            Ok(done) => {
                let proof = new_proof(&base, done.document, done.sign, Some(correction.total), done.time);
                Outcome::Done(proof, self.paper_of_last())
            }
            Err(Failure::Refused { code, of_storage, .. }) => {
                self.take_back(&base, Stop::Refused(codes::refusal(code, of_storage)))
            }
            Err(Failure::Lost(fault)) => Outcome::Doubtful(fault),
        }
    }

    /// 50h, 51h. They leave no document in the storage, so the proof is the counters'.
    pub(super) fn move_cash(&mut self, into: bool, sum: Money, witness: &mut dyn Witness) -> Outcome {
        let base = match self.ready(&[Mode::Open], true) {
            Ok(base) => base,
            Err(stop) => return at_once(stop),
        };
        let before = match self.cash_counters() {
            Ok(before) => before,
            Err(fault) => return Outcome::Untouched(fault),
        };
        if let Err(fault) = witness.closing() {
            return Outcome::Untouched(fault);
        }
        match self.register(&Cash { into, sum }) {
            Ok(()) => Outcome::Done(without_number(&base, Some(sum)), self.paper_of_last()),
            Err(Failure::Refused { code, of_storage, during }) => match self.cash_counters() {
                Ok(now) if now == before => Outcome::Refused(codes::refusal(code, of_storage)),
                Ok(_) => Outcome::Doubtful(Fault::new(during, FaultKind::Answered(format!("{code:02X}h")))),
                Err(fault) => Outcome::Doubtful(fault),
            },
            Err(Failure::Lost(fault)) => Outcome::Doubtful(fault),
        }
    }

    /// 40h registers nothing: after a failure it may be printed again.
    pub(super) fn x_report(&mut self) -> Outcome {
        let base = match self.ready(&[Mode::Open, Mode::Expired, Mode::Closed], true) {
            Ok(base) => base,
            Err(stop) => return at_once(stop),
        };
        match self.link.run_patiently(&XReport) {
            Ok(()) => Outcome::Done(without_number(&base, None), self.paper_of_last()),
            Err(failure) => at_once(failure.into()),
        }
    }

    pub(super) fn slip(&mut self, slip: &str) -> Outcome {
        let lines = text::lines(slip, Text::MAX);
        let base = match self.ready(&[Mode::Open, Mode::Expired, Mode::Closed], true) {
            Ok(base) => base,
            Err(stop) => return at_once(stop),
        };
        let printed = lines.into_iter().try_for_each(|line| self.link.run_patiently(&Text(line))).and_then(|()| {
            self.link.run_patiently(&Feed(FEED_LINES))?;
            self.link.run_patiently(&Cut { partial: true })
        });
        match printed {
            Ok(()) => Outcome::Done(without_number(&base, None), self.paper_of_last()),
            // Models without a cutter have printed the slip all the same.
            Err(failure) if failure.is(0x37) => Outcome::Done(without_number(&base, None), Paper::Delivered),
            Err(failure) => at_once(failure.into()),
        }
    }

    /// [`Shtrih::undo`] for operations that never keep the paper back.
    fn take_back(&mut self, base: &Base, stop: Stop) -> Outcome {
        self.undo(base, stop, None)
    }
}

/// Of an operation that the storage does not number.
fn without_number(base: &Base, total: Option<Money>) -> Proof {
    Proof { sign: String::new(), ..new_proof(base, 0, 0, total, None) }
}

/// Tax by group 1..6 for FF4A; of 0 % and without tax the turnover. Groups 7 and 8 have no place there.
fn taxes(row: u16, correction: &Correction) -> Option<[Money; 6]> {
    let mut taxes = [Money::ZERO; 6];
    *taxes.get_mut(usize::from(row).checked_sub(1)?)? = match correction.vat {
        VatRate::Exempt | VatRate::Rate(0) => correction.total,
        VatRate::Rate(bp) | VatRate::Calculated(bp) => correction.total.included_tax(bp),
    };
    Some(taxes)
}

/// Tag 1174 with the date and, where there is one, the number of the order.
fn basis(correction: &Correction) -> Option<tlv::SendTags> {
    let seconds = midnight(&correction.basis.date)?;
    let mut inner = tlv::tag(tlv::BASIS_DATE, &seconds.to_le_bytes());
    let number = text::tag(&correction.basis.number, 32);
    if !number.is_empty() {
        inner.extend(tlv::tag(tlv::BASIS_NUMBER, &number));
    }
    Some(tlv::SendTags(tlv::tag(tlv::BASIS, &inner)))
}
