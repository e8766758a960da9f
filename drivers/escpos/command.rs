//! Commands to the printer as bytes, those that the crate `escpos` lacks or builds wrongly. Sections are those of the
//! ESC/POS command reference (Epson), by the command's name.
//!
//! Every command is whole: a drawer pulse without its two times would eat the next two bytes of the receipt.

use super::profile::{Cut, DrawerPin};

/// FS . : cancels the Chinese double-byte mode, in which high bytes are no letters.
pub const CANCEL_CHINESE: [u8; 2] = [0x1C, 0x2E];
/// Line feed.
pub const LINE_FEED: u8 = 0x0A;

/// On time of a drawer pulse, in units of 2 ms: 50 ms.
const PULSE_ON: u8 = 0x19;
/// Off time of a drawer pulse, in units of 2 ms: 500 ms.
const PULSE_OFF: u8 = 0xFA;

/// DLE EOT n: real-time status; n is 1 printer, 2 offline cause, 3 error cause, 4 paper.
pub const fn real_time_status(n: u8) -> [u8; 3] {
    [0x10, 0x04, n]
}

/// GS r 1: paper status, answered in its turn, when everything before it is processed.
pub const PAPER_STATUS: [u8; 3] = [0x1D, 0x72, 0x01];

/// GS ( H function 48: process id response, answered in its turn with the same four characters.
pub const fn process_id(nonce: [u8; 4]) -> [u8; 11] {
    let [a, b, c, d] = nonce;
    [0x1D, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30, a, b, c, d]
}

/// GS g 2: a maintenance counter, answered in its turn.
pub const fn counter(number: u8) -> [u8; 6] {
    [0x1D, 0x67, 0x32, 0x00, number, 0x00]
}

/// GS I n, in its form with a text for an answer: 65 firmware, 67 model, 68 serial number.
pub const fn identity(n: u8) -> [u8; 3] {
    [0x1D, 0x49, n]
}

/// ESC t n: selects the code page that has this number in this printer.
pub const fn code_page(number: u8) -> [u8; 3] {
    [0x1B, 0x74, number]
}

/// ESC p m t1 t2: opens the drawer.
pub const fn drawer(pin: DrawerPin) -> [u8; 5] {
    let m = match pin {
        DrawerPin::Two => 0,
        DrawerPin::Five => 1,
    };
    [0x1B, 0x70, m, PULSE_ON, PULSE_OFF]
}

/// Feeds and cuts.
pub fn cut(kind: Cut, feed: u8) -> Vec<u8> {
    let mut bytes = vec![LINE_FEED; usize::from(feed)];
    match kind {
        // GS V 65 and 66: feed to the cutter by itself.
        Cut::FeedFull => bytes.extend([0x1D, 0x56, 0x41, 0x00]),
        Cut::FeedPartial => bytes.extend([0x1D, 0x56, 0x42, 0x00]),
        // GS V 0 and 1: cut where the paper stands.
        Cut::Full => bytes.extend([0x1D, 0x56, 0x00]),
        Cut::Partial => bytes.extend([0x1D, 0x56, 0x01]),
        Cut::None => {}
    }
    bytes
}

/// GS k 73: a CODE128 symbol; `set` is `A`, `B` or `C`.
pub fn code_128(set: u8, characters: &[u8]) -> Vec<u8> {
    let mut data = vec![b'{', set];
    for &c in characters {
        data.push(c);
        if c == b'{' {
            data.push(b'{');
        }
    }
    let mut bytes = vec![0x1D, 0x6B, 73, data.len() as u8];
    bytes.append(&mut data);
    bytes
}

/// Digits by pairs, as set C has them.
pub fn pairs(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |n, d| n * 10 + (d - b'0'))).collect()
}

/// GS v 0: rows of dots. `bytes` are whole rows of `row_bytes`, at most 255 of them.
pub fn raster(row_bytes: usize, bytes: &[u8]) -> Vec<u8> {
    let rows = bytes.len() / row_bytes;
    let mut command = vec![0x1D, 0x76, 0x30, 0x00, row_bytes as u8, (row_bytes >> 8) as u8, rows as u8, 0x00];
    command.extend(bytes);
    without_real_time(&mut command[8..]);
    command
}

/// Bytes of a picture that go with one command: less than the smallest usual receive buffer.
pub const BAND_BYTES: usize = 2048;

/// Ends a command that broke off, whatever it was: its lengths become 0 where they had not come, and its data, of a
/// picture at most, become white. Elsewhere these bytes mean nothing. Has to be the first that follows the break.
pub const END_OF_BROKEN: [u8; BAND_BYTES + 8] = [0; BAND_BYTES + 8];

/// Printers act on real-time sequences (10 04, 10 05, 10 14) even inside pictures. The dot left of the lonely one is
/// blackened: 30h in place of 10h.
fn without_real_time(dots: &mut [u8]) {
    for at in 1..dots.len() {
        if dots[at - 1] == 0x10 && matches!(dots[at], 0x04 | 0x05 | 0x14) {
            dots[at - 1] = 0x30;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_reference() {
        assert_eq!(drawer(DrawerPin::Two), [0x1B, 0x70, 0x00, 0x19, 0xFA]);
        assert_eq!(drawer(DrawerPin::Five), [0x1B, 0x70, 0x01, 0x19, 0xFA]);
        assert_eq!(process_id(*b"K123"), [0x1D, 0x28, 0x48, 6, 0, 0x30, 0x30, b'K', b'1', b'2', b'3']);
        assert_eq!(counter(50), [0x1D, 0x67, 0x32, 0x00, 0x32, 0x00]);
        assert_eq!(cut(Cut::FeedPartial, 0), [0x1D, 0x56, 0x42, 0x00]);
        assert_eq!(cut(Cut::Full, 3), [0x0A, 0x0A, 0x0A, 0x1D, 0x56, 0x00]);
        assert_eq!(code_128(b'B', b"AB12-9"), [0x1D, 0x6B, 0x49, 0x08, 0x7B, 0x42, 0x41, 0x42, 0x31, 0x32, 0x2D, 0x39]);
        assert_eq!(code_128(b'B', b"{")[3..], [4, b'{', b'B', b'{', b'{']);
        assert_eq!(pairs("120499"), [12, 4, 99]);
    }

    #[test]
    fn a_picture_says_how_many_bytes_it_has() {
        let command = raster(2, &[0xFF, 0x00, 0x00, 0xFF]);
        assert_eq!(command, [0x1D, 0x76, 0x30, 0x00, 0x02, 0x00, 0x02, 0x00, 0xFF, 0x00, 0x00, 0xFF]);
    }

    #[test]
    fn no_picture_holds_a_real_time_sequence() {
        for second in [0x04, 0x05, 0x14] {
            let command = raster(2, &[0x00, 0x10, second, 0x10]);
            assert_eq!(command[8..], [0x00, 0x30, second, 0x10]);
        }
        assert_eq!(raster(3, &[0x10, 0x10, 0x04])[8..], [0x10, 0x30, 0x04]);
    }
}
