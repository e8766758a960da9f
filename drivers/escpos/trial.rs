//! Finds a printer's settings out: which questions it answers, and by which one a document of it can be known as printed.
//!
//! What is asked before the page is asked on an idle printer and only tells which questions it knows; what counts is the
//! answer that comes behind the page. The page itself shows a person the rest ([`super::test_page`]).

use std::fmt::Write;
use std::time::Duration;

use super::answer::Answer;
use super::link::Awaited;
use super::look::queued;
use super::profile::{Confirm, Profile, Question};
use super::test_page::{SAMPLE, test_page};
use super::{EscPos, FIRMWARE, MODEL, SERIAL, command};
use crate::contract::{Fault, FaultKind};

/// An idle printer that knows a question answers it within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The page is printed within this, beside the time of its bytes on the line.
const PAGE_WITHIN: Duration = Duration::from_secs(60);
/// Cuts since it was reset, where a printer has that counter (Epson).
const USUAL_COUNTER: u8 = 50;
const BEFORE: [u8; 4] = *b"TST1";
const AFTER: [u8; 4] = *b"TST2";

/// Which questions a printer answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// DLE EOT.
    pub status: bool,
    /// GS I: model, serial number and firmware.
    pub identity: Option<[String; 3]>,
    /// GS ( H.
    pub process_id: bool,
    /// GS r.
    pub paper_status: bool,
    /// GS g 2: the counter's number and what it showed.
    pub counter: Option<(u8, u64)>,
}

/// What came of a test print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Which questions were answered before the page.
    pub answers: Answers,
    /// By what the page was known to be printed, and after which time.
    pub confirmed: Option<(Confirm, Duration)>,
    /// The profile with what was found out.
    pub profile: Profile,
}

impl EscPos {
    /// Asks, prints the page, asks again. `drawer`: opens it.
    pub fn trial(&mut self, drawer: bool) -> Result<Trial, Fault> {
        let answers = self.answers()?;
        let mut profile = self.settings.profile.clone();
        answers.settle(&mut profile);
        let mut page = test_page(&profile, &answers.lines(), drawer)
            .map_err(|error| Fault::new("test page", FaultKind::Answered(error.to_string())))?;
        let size = page.len();
        match (profile.confirm, profile.question) {
            (Confirm::Answer, Question::ProcessId) => {
                page.extend(command::process_id(AFTER));
                self.link.await_answer(Awaited::ProcessId(AFTER));
            }
            (Confirm::Answer, Question::PaperStatus) => {
                page.extend(command::PAPER_STATUS);
                self.link.await_answer(Awaited::PaperStatus);
            }
            (Confirm::Counter, _) => page.extend(command::counter(profile.counter.unwrap_or_default())),
            (Confirm::Write, _) => {}
        }
        self.link.write("test page", &page)?;
        let began = self.link.now()?;
        let came = match profile.confirm {
            Confirm::Answer => self.link.arrival(PAGE_WITHIN + self.link.time_of(size))?.is_some(),
            Confirm::Counter => self.counted_one_more(&answers, size)?,
            Confirm::Write => {
                self.link.let_them_leave(size);
                false
            }
        };
        let confirmed = if came {
            Some((profile.confirm, self.link.now()?.saturating_sub(began)))
        } else {
            profile.confirm = Confirm::Write;
            None
        };
        self.link.await_nothing();
        self.link.close();
        Ok(Trial { answers, confirmed, profile })
    }

    fn counted_one_more(&mut self, answers: &Answers, size: usize) -> Result<bool, Fault> {
        let text = self.link.text_within("counter after the page", PAGE_WITHIN + self.link.time_of(size))?;
        let now = text.and_then(|text| text.parse::<u64>().ok());
        Ok(answers.counter.and_then(|(_, before)| before.checked_add(1)) == now && now.is_some())
    }

    fn answers(&mut self) -> Result<Answers, Fault> {
        let status = known(self.ask_status(1))?.is_some();
        let identity = match known(self.short_text(MODEL))? {
            Some(model) => Some([
                model,
                known(self.short_text(SERIAL))?.unwrap_or_default(),
                known(self.short_text(FIRMWARE))?.unwrap_or_default(),
            ]),
            None => None,
        };
        let process_id = known(self.link.ask("GS ( H", &command::process_id(BEFORE), ANSWER_WITHIN, |answer| {
            (*answer == Answer::ProcessId(BEFORE)).then_some(())
        }))?
        .is_some();
        let paper_status = known(self.link.ask("GS r", &command::PAPER_STATUS, ANSWER_WITHIN, queued))?.is_some();
        let number = self.settings.profile.counter.unwrap_or(USUAL_COUNTER);
        let shown = known(self.link.ask("GS g", &command::counter(number), ANSWER_WITHIN, |answer| match answer {
            Answer::Text(text) => text.parse().ok(),
            Answer::RealTime(_) | Answer::Automatic(_) | Answer::ProcessId(_) | Answer::Queued(_) => None,
        }))?;
        Ok(Answers { status, identity, process_id, paper_status, counter: shown.map(|shown| (number, shown)) })
    }

    fn short_text(&mut self, n: u8) -> Result<String, Fault> {
        self.link.ask("GS I", &command::identity(n), ANSWER_WITHIN, |answer| match answer {
            Answer::Text(text) => Some(text.clone()),
            Answer::RealTime(_) | Answer::Automatic(_) | Answer::ProcessId(_) | Answer::Queued(_) => None,
        })
    }
}

/// Silence means that the question is not known; any other failure ends the test.
fn known<T>(asked: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(Fault { kind: FaultKind::Silent | FaultKind::Garbled, .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl Answers {
    /// Puts what was found out into the profile: the best evidence that there is.
    fn settle(&self, profile: &mut Profile) {
        profile.status = self.status;
        profile.identity = self.identity.as_ref().is_some_and(|[_, serial, _]| !serial.is_empty());
        profile.counter = self.counter.map(|(number, _)| number);
        profile.question = if self.process_id { Question::ProcessId } else { Question::PaperStatus };
        profile.confirm = if self.process_id || self.paper_status {
            Confirm::Answer
        } else if self.counter.is_some() && profile.cut != super::profile::Cut::None {
            Confirm::Counter
        } else {
            Confirm::Write
        };
    }

    /// For the page and for people; ASCII.
    pub fn lines(&self) -> Vec<String> {
        let yes = |known: bool| if known { "yes" } else { "no" };
        vec![
            format!("status (DLE EOT): {}", yes(self.status)),
            self.identity.as_ref().map_or("identity (GS I): no".into(), |[model, serial, firmware]| {
                format!("identity (GS I): {model}, {serial}, {firmware}")
            }),
            format!("process id (GS ( H): {}", yes(self.process_id)),
            format!("paper status (GS r): {}", yes(self.paper_status)),
            self.counter.map_or("counter of cuts (GS g): no".into(), |(number, shown)| {
                format!("counter of cuts (GS g) {number}: {shown}")
            }),
        ]
    }
}

impl Trial {
    /// What the person who holds the page is told; `device`: its name in the configuration.
    pub fn report(&self, device: &str) -> String {
        let mut text = String::from("The printer answers:\n");
        for line in self.answers.lines() {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
        let _ = match self.confirmed {
            Some((_, after)) => {
                let (s, ms) = (after.as_secs(), after.subsec_millis());
                writeln!(text, "The page was confirmed {s}.{ms:03} s after its last byte was written.")
            }
            None => writeln!(
                text,
                "The page was NOT confirmed: this printer cannot tell what it has printed. With confirm = \"write\" a receipt\n\
                 counts as printed when its bytes were written, and the cashier is told \"sent, not confirmed\"."
            ),
        };
        let _ = write!(
            text,
            "\nLook at the page:\n\
             - columns: the longest ruler that stands on one line; dots: the longest bar that has both ends.\n\
             - pages: the lines that read {SAMPLE:?}; in the first column their number is that of cp866, in the second that of cp1251.\n\
             - no QR code: qr = false. No bar code under \"code128\": code128 = false. Signs instead of letters: raster = false.\n\
             - not cut: cut = \"full\", \"partial\", \"feed-full\" or, without a cutter, \"none\" with feed = 4.\n\
             - the drawer stayed shut: drawer = \"5\".\n\n\
             Then put into the configuration, corrected:\n\n"
        );
        text + &self.profile.as_changes(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(answers: Answers) -> Trial {
        let mut profile = Profile::named("xprinter").expect("known").expect("sound");
        answers.settle(&mut profile);
        Trial { confirmed: Some((profile.confirm, Duration::from_millis(1250))), answers, profile }
    }

    #[test]
    fn the_best_evidence_that_a_printer_gives_is_chosen() {
        let confirm = |answers: Answers| {
            let profile = trial(answers).profile;
            (profile.confirm, profile.question)
        };
        let both = Answers { process_id: true, paper_status: true, ..Answers::default() };
        assert_eq!(confirm(both), (Confirm::Answer, Question::ProcessId));
        let one = Answers { paper_status: true, counter: Some((50, 1)), ..Answers::default() };
        assert_eq!(confirm(one), (Confirm::Answer, Question::PaperStatus));
        let counter = Answers { counter: Some((50, 1)), ..Answers::default() };
        assert_eq!(confirm(counter).0, Confirm::Counter);
        assert_eq!(confirm(Answers::default()).0, Confirm::Write);
    }

    #[test]
    fn the_report_ends_with_lines_that_the_configuration_reads() {
        let answers = Answers { status: true, paper_status: true, ..Answers::default() };
        let trial = trial(answers);
        let report = trial.report("bar");
        assert!(report.contains("confirmed 1.250 s after"), "{report}");
        let lines = report.split("[devices.bar.driver.printer]\n").nth(1).expect("a table");
        let pasted: super::super::profile::Changes = toml::from_str(lines).expect("parses");
        let base = Profile::named("epson-tm-t88").expect("known").expect("sound");
        let settled = base.with(&pasted).expect("sound");
        assert_eq!(Profile { name: trial.profile.name.clone(), counter: None, ..settled }, trial.profile);
        assert!(Trial { confirmed: None, ..trial }.report("bar").contains("NOT confirmed"));
    }
}
