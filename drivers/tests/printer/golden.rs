//! What a receipt looks like, dot by dot: pictures in `tests/golden`. `KKM_GOLDEN=write` writes them anew.

use std::path::PathBuf;

use kkm_drivers::contract::{Document, Driver};
use kkm_drivers::layout::picture::picture;
use kkm_drivers::layout::{Bitmap, Shop};

use crate::rig::*;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(format!("receipt-{name}.png"))
}

fn write(name: &str, drawn: &Bitmap) {
    let file = std::fs::File::create(path(name)).expect("made");
    let mut encoder = png::Encoder::new(file, drawn.width() as u32, drawn.height() as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    // In a PNG of one bit 0 is black.
    let light: Vec<u8> = drawn.bytes().iter().map(|byte| !byte).collect();
    encoder.write_header().expect("written").write_image_data(&light).expect("written");
}

fn read(name: &str) -> Vec<u8> {
    let file = std::io::BufReader::new(std::fs::File::open(path(name)).expect(name));
    let mut reader = png::Decoder::new(file).read_info().expect("a picture");
    let mut dots = vec![0; reader.output_buffer_size().expect("a size")];
    let size = reader.next_frame(&mut dots).expect("a picture").buffer_size();
    dots.truncate(size);
    dots.iter().map(|byte| !byte).collect()
}

#[track_caller]
fn golden(name: &str, document: &Document, shop: &Shop, columns: u8) {
    let profile = profile("epson-tm-t20", &format!("columns = {columns}\ndots = {}", u16::from(columns) * 12));
    let drawn = picture(&laid_out(document, shop, false, &profile), columns.into());
    if std::env::var("KKM_GOLDEN").is_ok_and(|word| word == "write") {
        write(name, &drawn);
    }
    // Bits beyond the width are no dots; all widths here are whole bytes.
    assert!(read(name) == drawn.bytes(), "{name} looks otherwise than its picture in tests/golden");
}

#[test]
fn the_example_sixty_positions_and_a_return_look_as_they_did() {
    golden("example-32", &document(1, example()), &shop(), 32);
    golden("example-48", &document(1, example()), &shop(), 48);
    golden("sixty-48", &document(1, sixty_lines()), &shop(), 48);
    golden("return-42", &refund(), &shop(), 42);
}

#[test]
fn titles_in_ten_scripts_look_as_they_did() {
    let titles = [
        "Стрижка модельная №1 — «Лира»",
        "Шаш қию және бояу, ұзын",
        "თმის შეჭრა",
        "Վարսահարդարում",
        "תספורת (גברים) 2",
        "قص شعر 3",
        "ตัดผมชาย",
        "剪发",
        "Crème brûlée, Öl, 1 500 ₽",
        "Маникюр 💅🏽 и педикюр",
        "Крем\u{1B}p\0\u{19}ú\u{1D}V\0{CUT}\tБ99.99*1",
    ];
    let lines = titles.iter().map(|title| line(title, 1001, 1_000_000, 0)).collect();
    let paid = kkm_drivers::contract::Payments {
        card: kkm_drivers::contract::Money::from_minor(11_011),
        ..kkm_drivers::contract::Payments::default()
    };
    let body = kkm_drivers::contract::Body::Sale(receipt(lines, paid, "Тестов Т.", ""));
    golden("scripts-48", &document(1, body), &Shop::default(), 48);
}

#[test]
fn a_serial_line_is_busy_with_the_receipt_for_all_but_a_twentieth_of_the_time() {
    for baud in [9600_u32, 115_200] {
        let link = printer("epson", 48).at_baud(baud);
        let mut driver = driver(link.clone(), profile("epson-tm-t20", ""), Shop::default());
        driver.status().expect("the first contact");
        link.device(kkm_drivers::simulator::printer::Device::forget_commands);
        let began = link.now();
        assert!(delivered(&driver.execute(&document(1, sixty_lines()), &mut Told)));
        let took = link.now().saturating_sub(began);
        let bytes: usize = link.device(|device| device.commands().iter().map(|command| command.length).sum());
        let needed = std::time::Duration::from_secs(10) * bytes as u32 / baud;
        assert!(needed * 100 >= took * 95, "{baud}: {needed:?} of {took:?}");
    }
}
