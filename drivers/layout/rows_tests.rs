use proptest::prelude::*;

use super::*;
use crate::layout::Page;
use crate::layout::text::text as plain;

fn paper(columns: usize) -> Paper<'static> {
    let letters = Letters { pages: &[Page::Cp866], draws: true };
    Paper { columns, dots: columns * 12, letters, code128: true, qr: true }
}

fn shown(block: Block, columns: usize) -> Vec<String> {
    plain(&rows(&Layout { blocks: vec![block] }, &paper(columns))).lines().map(str::to_owned).collect()
}

fn line(left: &str, right: &str) -> Block {
    Block::Columns { left: left.into(), right: right.into(), style: Style::Plain }
}

#[test]
fn an_amount_stands_right_aligned_on_the_last_line_of_its_text() {
    assert_eq!(shown(line("Лак", "50.00"), 16), ["Лак        50.00"]);
    assert_eq!(shown(line("Стрижка модельная", "1999.99"), 16), ["Стрижка", "модельная", "         1999.99"]);
    assert_eq!(shown(line("", "1999.99"), 16), ["         1999.99"]);
}

#[test]
fn a_title_of_three_hundred_letters_keeps_its_amount_whole() {
    let title = "Комплекс: мужская стрижка, оформление бороды, камуфляж седины, ".repeat(5) + &"Ы".repeat(60);
    for columns in [32, 42, 48, 64] {
        let lines = shown(line(&title, "1999.99"), columns);
        assert!(lines.iter().all(|l| l.chars().count() <= columns), "{lines:?}");
        let last = lines.last().expect("lines");
        assert!(last.ends_with("1999.99") && last.chars().count() == columns, "{last}");
        assert_eq!(lines.concat().matches('Ы').count(), 60);
    }
}

#[test]
fn a_replacement_is_counted_before_the_line_is_broken() {
    assert_eq!(shown(line("Скидка 10 ₽", "-1.00"), 16), ["Скидка 10 руб.", "           -1.00"]);
}

#[test]
fn large_letters_take_two_columns() {
    let total = Block::Columns { left: "ИТОГ".into(), right: "10.65".into(), style: Style::Large };
    assert_eq!(shown(total, 32), ["ИТОГ       10.65"]);
}

#[test]
fn codes_that_are_not_certain_become_text() {
    assert_eq!(shown(Block::Barcode("1324354657687".into()), 48), ["[Code128B 1324354657687]"]);
    assert_eq!(shown(Block::Barcode("LOT-2026-02-10-ABCDEFGHIJ-0000000001".into()), 48).len(), 1);
    assert_eq!(shown(Block::Qr("https://example.com".into()), 48), ["[QR https://example.com]"]);
    assert_eq!(shown(Block::Qr("код".into()), 9), ["   код"]);
}

#[test]
fn a_picture_wider_than_the_paper_is_left_out() {
    assert_eq!(shown(Block::Image(Bitmap::new(385, 10)), 32), Vec::<String>::new());
    assert_eq!(shown(Block::Image(Bitmap::new(384, 10)), 32), ["[picture 384x10]"]);
}

/// Russian and Kazakh letters, digits and signs with spaces between.
const RUSSIAN: &str = "[ а-яА-ЯёЁәғқңөұүһіӘҒҚҢӨҰҮҺІ0-9.,:;()№«»—…₽-]{0,200}";

proptest! {
    #[test]
    fn no_row_is_wider_than_the_paper_whatever_the_text(text in "\\PC*|.*", columns in prop::sample::select(vec![1usize, 2, 20, 32, 42, 48, 64])) {
        for style in [Style::Plain, Style::Large] {
            let blocks = vec![
                Block::Text { text: text.clone(), align: Align::Centre, style },
                Block::Columns { left: text.clone(), right: "99999999.99".into(), style },
            ];
            for row in rows(&Layout { blocks }, &paper(columns)) {
                let Row::Text(row) = row else { continue };
                // One wide glyph in one column is the only thing that cannot fit.
                let width = (columns / style.scale()).max(1);
                prop_assert!(cells(&row.text, row.ink) <= width.max(2), "{row:?}");
            }
        }
    }

    #[test]
    fn an_amount_is_never_cut(text in "\\PC*", minor in 0i64..=9_999_999_999, columns in prop::sample::select(vec![32usize, 42, 48, 64])) {
        let amount = crate::contract::Money::from_minor(minor).to_string();
        let lines = shown(line(&text, &amount), columns);
        prop_assert!(lines.last().expect("a line").ends_with(&amount));
    }

    #[test]
    fn russian_and_kazakh_are_read_back_as_they_were_written(text in RUSSIAN) {
        let letters = Letters { pages: &[Page::Cp866], draws: true };
        let block = Block::Text { text: text.clone(), align: Align::Left, style: Style::Plain };
        let read: String = plain(&rows(&Layout { blocks: vec![block] }, &paper(32))).split_whitespace().collect();
        let expected: String = letters.settle(&text).text.split_whitespace().collect();
        prop_assert_eq!(&read, &expected);
        let all_pages = Letters { pages: &[Page::Cp866, Page::Cp1251, Page::Kz1048], draws: true };
        let settled = all_pages.settle(&text);
        if let Ink::Page(page) = settled.ink {
            let bytes: Vec<u8> = settled.text.chars().map(|c| page.byte(c).expect("has it")).collect();
            let back: String = bytes.iter().map(|&b| page.letter(b).expect("a letter")).collect();
            prop_assert_eq!(back, settled.text);
        }
    }
}
