//! A picture of black and white dots, as a thermal head prints it.

/// Rows from the top, each of whole bytes; the highest bit is the left dot, 1 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

/// Why a file is no picture for a printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPicture {
    /// Not the portable bitmap format.
    #[error("expected a PBM file of kind P4 (for example: magick logo.png -monochrome logo.pbm)")]
    NotPbm,
    /// Fewer bytes than width and height ask for.
    #[error("the picture ends too early")]
    Short,
    /// Wider or higher than any receipt printer's paper.
    #[error("the picture is larger than 832 x 2000 dots")]
    TooLarge,
}

/// 104 mm at 8 dots/mm, the widest common head.
const MAX_WIDTH: usize = 832;
const MAX_HEIGHT: usize = 2000;

impl Bitmap {
    /// White.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![0; width.div_ceil(8) * height] }
    }

    /// Reads a portable bitmap (P4, one bit a dot, 1 is black), the format that printers' own data have.
    pub fn from_pbm(file: &[u8]) -> Result<Self, NotAPicture> {
        let mut at = file.strip_prefix(b"P4").ok_or(NotAPicture::NotPbm)?;
        let mut number = || -> Result<usize, NotAPicture> {
            loop {
                match at {
                    [b'#', ..] => {
                        let end = at.iter().position(|&b| b == b'\n').ok_or(NotAPicture::NotPbm)?;
                        at = &at[end..];
                    }
                    [b, rest @ ..] if b.is_ascii_whitespace() => at = rest,
                    _ => break,
                }
            }
            let end = at.iter().position(|b| !b.is_ascii_digit()).ok_or(NotAPicture::NotPbm)?;
            let text = std::str::from_utf8(&at[..end]).map_err(|_| NotAPicture::NotPbm)?;
            at = &at[end..];
            text.parse().map_err(|_| NotAPicture::NotPbm)
        };
        let (width, height) = (number()?, number()?);
        if width == 0 || height == 0 || width > MAX_WIDTH || height > MAX_HEIGHT {
            return Err(NotAPicture::TooLarge);
        }
        let mut picture = Self::new(width, height);
        // One white space ends the header.
        let dots = at.get(1..).ok_or(NotAPicture::Short)?;
        let length = picture.bytes.len();
        picture.bytes.copy_from_slice(dots.get(..length).ok_or(NotAPicture::Short)?);
        let padding = picture.row_bytes() * 8 - width;
        let row = picture.row_bytes();
        for last in picture.bytes.iter_mut().skip(row - 1).step_by(row) {
            *last &= 0xFF << padding;
        }
        Ok(picture)
    }

    /// Dots in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bytes in a row.
    pub fn row_bytes(&self) -> usize {
        self.width.div_ceil(8)
    }

    /// The rows, one after another.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True for a black dot; white outside the picture.
    pub fn is_black(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.bytes[y * self.row_bytes() + x / 8] & (0x80 >> (x % 8)) != 0
    }

    /// Blackens a dot; nothing outside the picture.
    pub fn blacken(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            let row = self.row_bytes();
            self.bytes[y * row + x / 8] |= 0x80 >> (x % 8);
        }
    }

    /// Blackens the dots of another picture, put at this place.
    pub fn stamp(&mut self, other: &Self, left: usize, top: usize) {
        for y in 0..other.height {
            for x in (0..other.width).filter(|&x| other.is_black(x, y)) {
                self.blacken(left + x, top + y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portable_bitmap_is_read_with_its_comment_and_its_padding_is_white() {
        let picture = Bitmap::from_pbm(b"P4\n# made by hand\n10 2\n\xFF\xFF\x80\x00").expect("a picture");
        assert_eq!((picture.width(), picture.height(), picture.row_bytes()), (10, 2, 2));
        assert_eq!(picture.bytes(), [0xFF, 0xC0, 0x80, 0x00]);
        assert!(picture.is_black(9, 0) && !picture.is_black(10, 0) && picture.is_black(0, 1));
    }

    #[test]
    fn what_is_no_picture_is_refused_by_name() {
        assert_eq!(Bitmap::from_pbm(b"P1\n1 1\n1"), Err(NotAPicture::NotPbm));
        assert_eq!(Bitmap::from_pbm(b"P4\n8 2\n\xFF"), Err(NotAPicture::Short));
        assert_eq!(Bitmap::from_pbm(b"P4\n9999 2\n\xFF"), Err(NotAPicture::TooLarge));
        assert_eq!(Bitmap::from_pbm(b"P4\n"), Err(NotAPicture::NotPbm));
    }
}
