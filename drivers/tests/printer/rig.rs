//! A printer in memory, its driver, documents.

use std::time::Duration;

use kkm_drivers::contract::{
    Body, Cashier, Document, Driver, Fault, LineDraft, Marker, Money, Outcome, Payments, Proof, Quantity, Receipt,
    ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem, VatRate, Witness,
};
use kkm_drivers::escpos::profile::{Changes, Profile};
use kkm_drivers::escpos::{EscPos, Settings, Speed};
use kkm_drivers::layout::rows::Paper;
use kkm_drivers::layout::{Bitmap, Letters, Page, Row, Shop, compose, rows};
use kkm_drivers::simulator::printer::profile::Profile as Model;
use kkm_drivers::simulator::printer::{Device, Item, MemoryLink, Slip};
use kkm_drivers::transport::Opener;

pub struct Told;

impl Witness for Told {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

pub fn profile(name: &str, changes: &str) -> Profile {
    let changes: Changes = toml::from_str(changes).expect("changes");
    Profile::named(name).expect("known").expect("sound").with(&changes).expect("sound")
}

/// A simulated printer of this kind with these columns.
pub fn printer(model: &str, columns: u16) -> MemoryLink {
    MemoryLink::new(Device::in_memory(Model::named(model).expect("known"), columns))
}

pub fn shop() -> Shop {
    Shop {
        logo: Some(logo()),
        header: vec!["Салон «Лира»".into()],
        footer: vec!["Ждём вас снова".into()],
        footer_qr: Some("https://example.com/review".into()),
        drawer: true,
        ..Shop::default()
    }
}

/// A slanted stroke, 32 x 24 dots.
fn logo() -> Bitmap {
    let mut logo = Bitmap::new(32, 24);
    (0..24).for_each(|at| (0..6).for_each(|x| logo.blacken(at + x, at)));
    logo
}

pub fn driver(opener: impl Opener + 'static, profile: Profile, shop: Shop) -> EscPos {
    let speed = Speed { bytes_per_s: 11_520, buffered_here: false, pace: profile.pace };
    EscPos::new(Box::new(opener), Settings { profile, shop, copies: 0, speed, serial: Some("1".into()) })
}

pub fn line(title: &str, price_minor: i64, millionths: u64, discount_minor: i64) -> LineDraft {
    LineDraft {
        title: title.to_owned(),
        subject: Subject::Service,
        price: Money::from_minor(price_minor),
        quantity: Quantity::from_millionths(millionths),
        discount: Money::from_minor(discount_minor),
        vat: VatRate::Rate(1000),
        settlement: Settlement::Full,
        barcode: None,
    }
}

pub fn receipt(lines: Vec<LineDraft>, payments: Payments, cashier: &str, custom: &str) -> Receipt {
    let draft = ReceiptDraft {
        lines,
        payments,
        tax_system: TaxSystem::DEFAULT,
        cashier: Some(Cashier { title: cashier.to_owned(), inn: None }),
        contact: None,
        print: true,
        custom_text: Some(custom.to_owned()),
    };
    Receipt::new(draft, SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true }).expect("sums").0
}

fn cash(minor: i64) -> Payments {
    Payments { cash: Money::from_minor(minor), ..Payments::default() }
}

pub fn document(attempt: u16, body: Body) -> Document {
    Document { marker: Marker::new(7, 42, attempt).expect("in range"), body, original: None }
}

/// The documented example: 13.19 less 2.54, 10 % tax, card 5.55, cash 4.55, advance 0.55.
pub fn example() -> Body {
    let money = Money::from_minor;
    let payments = Payments { cash: money(455), card: money(555), prepaid: money(55) };
    Body::Sale(receipt(vec![line("Стрижка", 1319, 1_000_000, 254)], payments, "администратор Тестов Т.", "Спасибо!"))
}

pub fn sixty_lines() -> Body {
    let lines = (1..=60).map(|n| line(&format!("Позиция номер {n}"), 1001, 1_000_000, 0)).collect();
    Body::Sale(receipt(lines, cash(60_060), "кассир Тестов Т.", "Спасибо!"))
}

pub fn refund() -> Document {
    let lines = vec![line("Лак для ногтей", 4550, 2_000_000, 100), line("Пилка", 5000, 1_000_000, 0)];
    let original =
        Proof { document_number: 41, sign: String::new(), storage: String::new(), total: None, device_time: None };
    let body = Body::Return(receipt(lines, cash(14_000), "кассир Тестов Т.", ""));
    Document { original: Some(original), ..document(1, body) }
}

pub fn titled(title: &str) -> Body {
    Body::Sale(receipt(vec![line(title, 199_999, 1_000_000, 0)], cash(199_999), "Тестов Т.", ""))
}

/// The rows that a document has on paper of this profile.
pub fn laid_out(document: &Document, shop: &Shop, copy: bool, profile: &Profile) -> Vec<Row> {
    let pages: Vec<Page> = profile.pages.iter().map(|p| p.page).collect();
    let paper = Paper {
        columns: profile.columns.into(),
        dots: profile.dots.into(),
        letters: Letters { pages: &pages, draws: profile.raster },
        code128: profile.code128,
        qr: profile.qr,
    };
    rows(&compose(document, shop, copy).expect("a layout"), &paper)
}

/// Its lines of text.
pub fn lines(document: &Document, shop: &Shop, copy: bool, profile: &Profile) -> Vec<String> {
    laid_out(document, shop, copy, profile)
        .into_iter()
        .filter_map(|row| if let Row::Text(row) = row { Some(row.text.trim_end().to_owned()) } else { None })
        .collect()
}

pub fn delivered(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_, kkm_drivers::contract::Paper::Delivered))
}

/// Prints on an undisturbed line; gives the slip.
pub fn print(link: &MemoryLink, profile: &Profile, shop: &Shop, document: &Document) -> Slip {
    let outcome = driver(link.clone(), profile.clone(), shop.clone()).execute(document, &mut Told);
    assert!(delivered(&outcome), "{outcome:?}");
    slips(link).pop().expect("a slip")
}

/// Everything that was printed.
pub fn slips(link: &MemoryLink) -> Vec<Slip> {
    link.device(|device| device.slips()).into_iter().filter(Slip::is_printed).collect()
}

/// Lines of text on a slip.
pub fn printed_lines(slip: &Slip) -> Vec<String> {
    slip.items
        .iter()
        .filter_map(|item| if let Item::Line(line) = item { Some(line.text.trim_end().to_owned()) } else { None })
        .collect()
}

pub fn a_while(link: &MemoryLink) {
    link.advance(Duration::from_secs(600));
}
