//! Paper as a picture.

use std::time::Duration;

use super::{Device, EPSON, printed};
use crate::simulator::printer::profile::dots_of;

#[test]
fn paper_is_as_wide_as_its_columns() {
    for (columns, dots) in [(32, 384), (42, 512), (48, 576), (20, 240)] {
        assert_eq!(dots_of(columns), dots);
        let mut device = Device::in_memory(EPSON, columns);
        device.feed(&[b"x".repeat(usize::from(columns) + 1), b"\n".to_vec()].concat(), Duration::ZERO);
        assert_eq!(device.slips()[0].lines().map(str::len).collect::<Vec<_>>(), [usize::from(columns), 1]);
        assert_eq!(device.sheet().width(), dots);
    }
}

#[test]
fn the_picture_shows_letters_where_the_text_has_them() {
    let device = printed(b"A B\n");
    let ink = |column: usize| (0..24).any(|y| (0..12).any(|x| device.sheet().get(column * 12 + x, y)));
    assert_eq!([0, 1, 2, 3].map(ink), [true, false, true, false]);
}

#[test]
fn what_is_wider_than_the_paper_is_not_printed_or_cut_off_and_noted() {
    let barcode = printed(&[b"\x1Dw\x06\x1DkI\x28{B".as_slice(), &b"x".repeat(38)].concat());
    assert!(barcode.slips()[0].barcodes().is_empty() && barcode.slips()[0].incidents().len() == 1);
    let raster = printed(&[b"\x1Dv0\x00\x50\x00\x01\x00".as_slice(), &[0xFF; 80]].concat());
    assert_eq!(raster.slips()[0].incidents(), ["GS v 0 of 640 dots is cut off at 576"]);
    assert!(raster.sheet().get(575, 0));
}
