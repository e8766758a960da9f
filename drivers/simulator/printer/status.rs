//! The printer's condition and the bytes that tell it.
//!
//! Each kind of answer has fixed bits, so that a host can tell them apart: real-time `b & 93h == 12h`; the first of four
//! automatic bytes `b & 93h == 10h`; the other three and the queued ones `b & 90h == 0`.

/// What a printer may report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// No paper.
    pub paper_out: bool,
    /// The roll is nearly used up.
    pub near_end: bool,
    /// The cover is open.
    pub cover_open: bool,
    /// The cutter failed and waits to be told to go on.
    pub cutter_error: bool,
    /// Pin 3 of the drawer connector is high.
    pub drawer_high: bool,
}

fn bits(pairs: &[(bool, u8)]) -> u8 {
    pairs.iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit)
}

impl Condition {
    /// True when nothing is printed.
    pub fn is_offline(self) -> bool {
        self.paper_out || self.cover_open || self.cutter_error
    }

    /// Answer to `DLE EOT n`, n 1..4.
    pub(crate) fn real_time(self, n: u8) -> u8 {
        let said = match n {
            1 => bits(&[(self.drawer_high, 0x04), (self.is_offline(), 0x08)]),
            2 => bits(&[(self.cover_open, 0x04), (self.paper_out, 0x20), (self.cutter_error, 0x40)]),
            3 => bits(&[(self.cutter_error, 0x08)]),
            _ => bits(&[(self.near_end, 0x0C), (self.paper_out, 0x60)]),
        };
        0x12 | said
    }

    /// The four bytes of `GS a`.
    pub(crate) fn automatic(self) -> [u8; 4] {
        [
            0x10 | bits(&[(self.drawer_high, 0x04), (self.is_offline(), 0x08), (self.cover_open, 0x20)]),
            bits(&[(self.cutter_error, 0x08)]),
            bits(&[(self.near_end, 0x03), (self.paper_out, 0x0C)]),
            0x0F,
        ]
    }

    /// Those of the four bytes' bits that `GS a n` asked for.
    pub(crate) fn watched(self, n: u8) -> [u8; 3] {
        let [first, second, third, _] = self.automatic();
        let mask = |bit: u8, of: u8| if n & bit != 0 { of } else { 0 };
        [first & (mask(1, 0x04) | mask(2, 0x28)), second & mask(4, 0xFF), third & mask(8, 0xFF)]
    }

    /// Answer to `GS r n`: 1 and 49 paper, 2 and 50 drawer.
    pub(crate) fn queued(self, n: u8) -> u8 {
        match n {
            1 | 49 => bits(&[(self.near_end, 0x03), (self.paper_out, 0x0C)]),
            _ => bits(&[(self.drawer_high, 0x01)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_manual() {
        let idle = Condition::default();
        assert_eq!([1, 2, 3, 4].map(|n| idle.real_time(n)), [0x12; 4]);
        assert_eq!(idle.automatic(), [0x10, 0, 0, 0x0F]);
        let drawer = Condition { drawer_high: true, ..idle };
        assert_eq!((drawer.real_time(1), drawer.automatic()[0], drawer.queued(2)), (0x16, 0x14, 1));
        let cover = Condition { cover_open: true, ..idle };
        assert_eq!([cover.real_time(1), cover.real_time(2)], [0x1A, 0x16]);
        let out = Condition { paper_out: true, ..idle };
        assert_eq!([out.real_time(1), out.real_time(2), out.real_time(4)], [0x1A, 0x32, 0x72]);
        assert_eq!(Condition { near_end: true, ..out }.real_time(4), 0x7E);
        assert_eq!((out.queued(1), out.automatic()), (0x0C, [0x18, 0, 0x0C, 0x0F]));
        let cutter = Condition { cutter_error: true, ..idle };
        assert_eq!([cutter.real_time(2), cutter.real_time(3)], [0x52, 0x1A]);
    }

    #[test]
    fn the_kinds_of_answers_can_be_told_apart() {
        for all in 0..32_u8 {
            let bit = |place: u8| all >> place & 1 == 1;
            let condition = Condition {
                paper_out: bit(0),
                near_end: bit(1),
                cover_open: bit(2),
                cutter_error: bit(3),
                drawer_high: bit(4),
            };
            assert!((1..=4).all(|n| condition.real_time(n) & 0x93 == 0x12));
            let [first, rest @ ..] = condition.automatic();
            assert!(first & 0x93 == 0x10 && rest.iter().all(|byte| byte & 0x90 == 0));
            assert!([1, 2].into_iter().map(|n| condition.queued(n)).all(|byte| byte & 0x90 == 0));
        }
    }
}
