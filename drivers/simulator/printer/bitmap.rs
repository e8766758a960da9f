//! Dots in rows: glyphs, pictures, paper.

/// A picture of black and white dots; rows are whole bytes, the highest bit is the left dot, 1 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    height: usize,
    /// Row after row.
    bytes: Vec<u8>,
}

impl Bitmap {
    /// White, of this many dots.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![0; width.div_ceil(8) * height] }
    }

    /// From rows of whole bytes, one after another.
    pub(crate) fn from_rows(bytes_per_row: usize, bytes: &[u8]) -> Self {
        let height = bytes.len().checked_div(bytes_per_row).unwrap_or(0);
        Self { width: bytes_per_row * 8, height, bytes: bytes[..bytes_per_row * height].to_vec() }
    }

    fn bytes_per_row(&self) -> usize {
        self.width.div_ceil(8)
    }

    fn rows(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let across = self.bytes_per_row();
        (0..self.height).map(move |row| &self.bytes[row * across..(row + 1) * across])
    }

    /// From a test of each dot.
    pub(crate) fn drawn(width: usize, height: usize, black: impl Fn(usize, usize) -> bool) -> Self {
        let mut picture = Self::new(width, height);
        for y in 0..height {
            for x in (0..width).filter(|x| black(*x, y)) {
                picture.set(x, y);
            }
        }
        picture
    }

    /// Dots across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Dots down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// True for a black dot; outside all is white.
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.bytes[y * self.bytes_per_row() + x / 8] & (0x80 >> (x % 8)) != 0
    }

    /// Blackens a dot; outside nothing happens.
    pub(crate) fn set(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            let across = self.bytes_per_row();
            self.bytes[y * across + x / 8] |= 0x80 >> (x % 8);
        }
    }

    /// Draws another one over this, its left upper dot at this place.
    pub(crate) fn draw(&mut self, other: &Self, left: usize, top: usize) {
        let (first, shift, across) = (left / 8, left % 8, self.bytes_per_row());
        // Dots beyond the edge are not there.
        let last = 0xFF << (across * 8 - self.width);
        for (y, drawn) in (top..self.height).zip(other.rows()) {
            let row = &mut self.bytes[y * across..(y + 1) * across];
            for (place, byte) in (first..across).zip(drawn) {
                row[place] |= byte >> shift;
                if shift > 0 && place + 1 < across {
                    row[place + 1] |= byte << (8 - shift);
                }
            }
            if let Some(end) = row.last_mut() {
                *end &= last;
            }
        }
    }

    /// Another one of the same width, below.
    pub(crate) fn append(&mut self, other: &Self) {
        debug_assert_eq!(self.width, other.width, "one roll");
        self.bytes.extend_from_slice(&other.bytes);
        self.height += other.height;
    }

    /// Each dot made so wide and so high.
    pub(crate) fn scaled(&self, across: usize, down: usize) -> Self {
        if (across, down) == (1, 1) {
            return self.clone();
        }
        Self::drawn(self.width * across, self.height() * down, |x, y| self.get(x / across, y / down))
    }

    /// Turned by a quarter, clockwise.
    pub(crate) fn turned(&self) -> Self {
        let height = self.height();
        Self::drawn(height, self.width, |x, y| self.get(y, height - 1 - x))
    }

    /// Turned by a half.
    pub(crate) fn upside_down(&self) -> Self {
        let (width, height) = (self.width, self.height());
        Self::drawn(width, height, |x, y| self.get(width - 1 - x, height - 1 - y))
    }

    /// White becomes black.
    pub(crate) fn inverted(&self) -> Self {
        Self::drawn(self.width, self.height(), |x, y| !self.get(x, y))
    }

    /// Rows from the last black dot to the end.
    pub(crate) fn blank_tail(&self) -> usize {
        self.rows().rev().take_while(|row| row.iter().all(|byte| *byte == 0)).count()
    }

    /// A number that two different pictures hardly share (FNV-1a, 64 bits) of size and dots.
    pub(crate) fn fingerprint(&self) -> u64 {
        let size = (self.width as u64).to_le_bytes();
        let bytes = size.iter().chain(&self.bytes);
        bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
    }

    /// What a reader that is held over it reads in QR codes, wherever and however they were drawn.
    pub fn qr_codes(&self) -> Vec<String> {
        // Codes at the very edge have no quiet zone on the picture; on a table they would.
        let dot = |x: usize, y: usize| x >= QUIET && y >= QUIET && self.get(x - QUIET, y - QUIET);
        let (width, height) = (self.width + 2 * QUIET, self.height() + 2 * QUIET);
        let mut picture = rqrr::PreparedImage::prepare_from_bitmap(width, height, dot);
        picture.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
    }

    /// A PNG file of one bit a dot, 0 black: not compressed, so that it takes no library.
    pub fn png(&self) -> Vec<u8> {
        let mut dots = Vec::new();
        for row in self.rows() {
            dots.push(0);
            dots.extend(row.iter().map(|byte| !byte));
        }
        let mut zlib = vec![0x78, 0x01];
        let last = dots.chunks(0xFFFF).count();
        for (number, block) in (1..).zip(dots.chunks(0xFFFF)) {
            let length = block.len() as u16;
            zlib.push(u8::from(number == last));
            zlib.extend(length.to_le_bytes());
            zlib.extend((!length).to_le_bytes());
            zlib.extend(block);
        }
        zlib.extend(adler32(&dots).to_be_bytes());
        let mut header = Vec::new();
        header.extend((self.width as u32).to_be_bytes());
        header.extend((self.height() as u32).to_be_bytes());
        header.extend([1, 0, 0, 0, 0]);
        let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
        for (name, content) in [(b"IHDR", header), (b"IDAT", zlib), (b"IEND", Vec::new())] {
            file.extend((content.len() as u32).to_be_bytes());
            let start = file.len();
            file.extend(name);
            file.extend(content);
            let sum = crc32(&file[start..]);
            file.extend(sum.to_be_bytes());
        }
        file
    }
}

/// White dots around a picture that is read.
const QUIET: usize = 32;

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_a_png_are_those_of_their_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn a_png_of_two_rows_is_as_the_standard_has_it() {
        let file = Bitmap::from_rows(1, &[0xF0, 0x0F]).png();
        assert_eq!(&file[..16], b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR");
        assert_eq!(&file[16..29], [0, 0, 0, 8, 0, 0, 0, 2, 1, 0, 0, 0, 0]);
        assert_eq!(&file[41..52], [0x78, 1, 1, 4, 0, 0xFB, 0xFF, 0, 0x0F, 0, 0xF0]);
        assert_eq!(&file[file.len() - 12..], b"\0\0\0\0IEND\xAE\x42\x60\x82");
    }

    #[test]
    fn dots_are_drawn_at_any_place_and_not_beyond_the_edge() {
        let block = Bitmap::drawn(11, 2, |_, _| true);
        for left in 0..24 {
            let mut paper = Bitmap::new(21, 3);
            paper.draw(&block, left, 1);
            let expected = Bitmap::drawn(21, 3, |x, y| y > 0 && x >= left && x < left + 11);
            assert_eq!(paper, expected, "{left}");
        }
    }

    #[test]
    fn dots_are_turned_and_scaled() {
        let corner = Bitmap::drawn(2, 3, |x, y| (x, y) == (0, 0));
        assert!(corner.turned().get(2, 0) && corner.turned().width() == 3);
        assert!(corner.upside_down().get(1, 2));
        assert!(corner.scaled(3, 2).get(2, 1) && !corner.scaled(3, 2).get(3, 0));
        assert_eq!(corner.blank_tail(), 2);
        assert!(!corner.inverted().get(0, 0) && corner.inverted().get(1, 0));
    }
}
