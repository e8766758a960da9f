//! The printer of a register: paper, cover, cutter, and the document whose printing was interrupted.
//!
//! Printing is a fact apart from registration: what is booked stays booked while its paper is held back.

use serde::{Deserialize, Serialize};

use super::denied::Denied;

/// What the printer is doing, as a host may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printing {
    /// Paper is there, nothing is printed.
    Ready,
    /// No paper, nothing was interrupted.
    NoPaper,
    /// Paper ended while printing and is still missing.
    PaperAwaited,
    /// Paper is back; waits for the command to print on.
    PrintAwaited,
    /// Prints.
    Busy,
}

/// The printer; a part of the state that outlives power cuts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printer {
    /// Paper lies in.
    pub paper: bool,
    /// The cover is open.
    pub cover_open: bool,
    /// The cutter works.
    pub cutter_works: bool,
    /// The roll ends in the middle of the next document.
    pub ends_in_next: bool,
    /// The text whose printing was interrupted.
    pub held: Option<String>,
    /// So many queries will still find the printer busy; `u32::MAX` for ever.
    pub busy_polls: u32,
    /// Milliseconds that a document takes to print; the register is busy meanwhile.
    pub takes_ms: u64,
    /// The last document was not printed to its end because of the cutter.
    pub failed: bool,
}

impl Default for Printer {
    fn default() -> Self {
        Self {
            paper: true,
            cover_open: false,
            cutter_works: true,
            ends_in_next: false,
            held: None,
            busy_polls: 0,
            takes_ms: 0,
            failed: false,
        }
    }
}

impl Printer {
    /// True when a line could be printed now.
    pub fn can_feed(&self) -> bool {
        self.paper && !self.cover_open
    }

    /// What it is doing.
    pub fn printing(&self) -> Printing {
        match (&self.held, self.can_feed()) {
            (Some(_), false) => Printing::PaperAwaited,
            (Some(_), true) => Printing::PrintAwaited,
            (None, false) => Printing::NoPaper,
            (None, true) if self.busy_polls > 0 => Printing::Busy,
            (None, true) => Printing::Ready,
        }
    }

    /// One more query found it busy, or not.
    pub fn poll(&mut self) -> bool {
        let busy = self.busy_polls > 0;
        if busy && self.busy_polls != u32::MAX {
            self.busy_polls -= 1;
        }
        busy
    }

    /// Refuses what cannot begin to print.
    pub fn check(&self) -> Result<(), Denied> {
        match self.printing() {
            Printing::NoPaper => Err(Denied::NoPaper),
            Printing::PaperAwaited => Err(Denied::PaperAwaited),
            Printing::PrintAwaited => Err(Denied::PrintAwaited),
            Printing::Ready | Printing::Busy if !self.cutter_works => Err(Denied::CutterFailed),
            Printing::Ready | Printing::Busy => Ok(()),
        }
    }

    /// Prints a text or holds it back; gives what came out on paper.
    pub fn print(&mut self, text: String) -> String {
        if self.ends_in_next {
            self.ends_in_next = false;
            self.paper = false;
            let half = text.lines().count() / 2;
            let mut out: String = text.lines().take(half).flat_map(|line| [line, "\n"]).collect();
            out.push_str("*** ДОКУМЕНТ НЕ ДЕЙСТВИТЕЛЕН ***\n");
            self.held = Some(text);
            return out;
        }
        if !self.can_feed() {
            self.held = Some(text);
            return String::new();
        }
        self.failed = !self.cutter_works;
        text
    }

    /// Prints an interrupted text again from its start; nothing when none was.
    pub fn go_on(&mut self) -> Result<String, Denied> {
        if self.held.is_some() && !self.can_feed() {
            return Err(Denied::NoPaper);
        }
        Ok(self.held.take().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_document_waits_for_paper_then_for_the_command_and_comes_out_whole() {
        let mut printer = Printer { ends_in_next: true, ..Printer::default() };
        assert_eq!(printer.print("a\nb\n".into()), "a\n*** ДОКУМЕНТ НЕ ДЕЙСТВИТЕЛЕН ***\n");
        assert_eq!(printer.printing(), Printing::PaperAwaited);
        assert_eq!(printer.go_on(), Err(Denied::NoPaper));
        printer.paper = true;
        assert_eq!(printer.printing(), Printing::PrintAwaited);
        assert_eq!(printer.check(), Err(Denied::PrintAwaited));
        assert_eq!(printer.go_on().as_deref(), Ok("a\nb\n"));
        assert_eq!(printer.printing(), Printing::Ready);
    }
}
