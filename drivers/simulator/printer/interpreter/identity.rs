//! Answers that need nothing but the interpreter: who the printer is, and that it came so far.

use super::{Interpreter, Output};

impl Interpreter {
    pub(super) fn identify(&mut self, n: u8) {
        let profile = self.profile;
        let text = |text: &str| [b"_".as_slice(), text.as_bytes(), b"\0"].concat();
        let answer = match n {
            1 | 49 => vec![0x20],
            // A cutter, and double-byte characters where there are some.
            2 | 50 => vec![if profile.chinese { 0x03 } else { 0x02 }],
            3 | 51 => vec![0x01],
            65 => text("1.00"),
            66 => text(profile.maker),
            67 => text(profile.model),
            68 => text("SIM0000001"),
            69 => text(if profile.chinese { "CHINA GB18030" } else { "" }),
            _ => return self.out_of_range("GS I", n),
        };
        self.out.push(Output::Answer(answer));
    }

    pub(super) fn process_id(&mut self, id: [u8; 4]) {
        if !self.profile.answers.process_id {
            self.incident("GS ( H is not known here");
        } else if id.iter().all(|byte| (32..=126).contains(byte)) {
            self.out.push(Output::Answer([b"7\"".as_slice(), &id, b"\0"].concat()));
        } else {
            self.incident("GS ( H takes bytes 32..126");
        }
    }
}
