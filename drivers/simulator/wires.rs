//! Byte faults on the line, by the number of the byte in its direction.

use super::faults::{ByteFault, Direction};

/// Both directions of a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wires {
    seen_in: u64,
    seen_out: u64,
    faults: Vec<(Direction, u64, ByteFault)>,
}

impl Wires {
    /// Hurts the `nth` byte from now on, counted from 1.
    pub(crate) fn hurt(&mut self, way: Direction, fault: ByteFault, nth: u64) {
        let seen = match way {
            Direction::In => self.seen_in,
            Direction::Out => self.seen_out,
        };
        self.faults.push((way, seen + nth, fault));
    }

    /// Bytes that passed so far: in, out.
    pub(crate) fn seen(&self) -> (u64, u64) {
        (self.seen_in, self.seen_out)
    }

    /// What arrives of a byte: nothing, it, or two.
    pub(crate) fn pass(&mut self, way: Direction, byte: u8) -> impl Iterator<Item = u8> + use<> {
        let seen = match way {
            Direction::In => &mut self.seen_in,
            Direction::Out => &mut self.seen_out,
        };
        *seen += 1;
        let place = self.faults.iter().position(|(w, at, _)| *w == way && at == seen);
        let (byte, copies) = match place.map(|place| self.faults.swap_remove(place).2) {
            None => (byte, 1),
            Some(ByteFault::Drop) => (byte, 0),
            Some(ByteFault::Flip) => (byte ^ 0x10, 1),
            Some(ByteFault::Double) => (byte, 2),
        };
        std::iter::repeat_n(byte, copies)
    }
}
