use super::*;
use crate::contract::{
    Cashier, LineDraft, Marker, Payments, ReceiptDraft, Settlement, Subject, SumsPolicy, TaxSystem, VatRate,
};
use crate::layout::rows::{Paper, rows};
use crate::layout::text::text as plain;
use crate::layout::{Letters, Page};

fn line(title: &str, price: i64, millionths: u64, discount: i64) -> LineDraft {
    LineDraft {
        title: title.into(),
        subject: Subject::Service,
        price: Money::from_minor(price),
        quantity: Quantity::from_millionths(millionths),
        discount: Money::from_minor(discount),
        vat: VatRate::Rate(2000),
        settlement: Settlement::Full,
        barcode: None,
    }
}

fn receipt(lines: Vec<LineDraft>, cash: i64, card: i64) -> Receipt {
    let draft = ReceiptDraft {
        lines,
        payments: Payments { cash: Money::from_minor(cash), card: Money::from_minor(card), prepaid: Money::ZERO },
        tax_system: TaxSystem::DEFAULT,
        cashier: Some(Cashier { title: "администратор Тестов Т.".into(), inn: None }),
        contact: None,
        print: true,
        custom_text: Some("Спасибо!".into()),
    };
    Receipt::new(draft, SumsPolicy { balance_tolerance: true, cash_rounding_minor: 0, change: true }).expect("sums").0
}

fn document(body: Body) -> Document {
    Document { marker: Marker::new(1, 42, 1).expect("in range"), body, original: None }
}

fn shop() -> Shop {
    Shop {
        header: vec!["Салон «Лира»".into()], footer: vec!["Ждём вас".into()], drawer: true, ..Shop::default()
    }
}

fn shown(body: Body, shop: &Shop, copy: bool) -> String {
    let letters = Letters { pages: &[Page::Cp866], draws: true };
    let paper = Paper { columns: 32, dots: 384, letters, code128: true, qr: true };
    plain(&rows(&compose(&document(body), shop, copy).expect("a layout"), &paper))
}

#[test]
fn a_receipt_reads_from_top_to_bottom() {
    let lines = vec![
        line("Стрижка", 100_000, 1_000_000, 0),
        line("Лак", 4550, 2_000_000, 100),
        line("Подарок", 5000, 1_000_000, 5000),
    ];
    let expected = "\
[drawer]
          Салон \"Лира\"
          ТОВАРНЫЙ ЧЕК
--------------------------------
Стрижка                  1000.00
Лак
  2 x 45.50                91.00
  Скидка                   -1.00
                           90.00
Подарок
  1 x 50.00                50.00
  Скидка                  -50.00
  Бесплатно                 0.00
--------------------------------
ИТОГ     1090.00
В т.ч. НДС 20%            181.67
Наличными                1100.00
Сдача                      10.00
Кассир: администратор Тестов Т.
Спасибо!
--------------------------------
Документ №42 K000010001A0049P
            Ждём вас
[cut]
";
    let got = shown(Body::Sale(receipt(lines, 110_000, 0)), &shop(), false);
    let marker = document(Body::XReport).marker.to_string();
    assert_eq!(got, expected.replace("K000010001A0049P", &marker));
}

#[test]
fn the_drawer_opens_for_cash_and_never_for_a_card_or_a_copy() {
    let cash = || Body::Sale(receipt(vec![line("Лак", 100, 1_000_000, 0)], 100, 0));
    let card = Body::Sale(receipt(vec![line("Лак", 100, 1_000_000, 0)], 0, 100));
    assert_eq!(shown(cash(), &shop(), false).matches("[drawer]").count(), 1);
    assert_eq!(shown(card, &shop(), false).matches("[drawer]").count(), 0);
    let copy = shown(cash(), &shop(), true);
    assert!(!copy.contains("[drawer]") && copy.contains("ПОВТОР"), "{copy}");
    let none = Shop { drawer: false, ..shop() };
    assert!(!shown(cash(), &none, false).contains("[drawer]"));
    assert_eq!(shown(Body::CashOut(Money::from_minor(500)), &shop(), false).matches("[drawer]").count(), 1);
}

#[test]
fn english_words_for_an_english_shop() {
    let shop = Shop { locale: Locale::En, ..Shop::default() };
    let text = shown(Body::Return(receipt(vec![line("Cut", 100, 1_000_000, 0)], 100, 0)), &shop, true);
    for word in ["COPY", "REFUND", "TOTAL", "Incl. VAT 20%", "Cash", "Cashier: "] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(shown(Body::Slip("one\ntwo".into()), &shop, false).starts_with("one\ntwo\n"));
}

#[test]
fn what_only_a_fiscal_register_can_do_has_no_layout() {
    for body in [Body::OpenShift(None), Body::CloseShift(None), Body::XReport] {
        assert_eq!(compose(&document(body), &shop(), false), None);
    }
}
