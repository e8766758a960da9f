//! How a text gets onto paper: in a code page of the printer, in letters that read the same, or drawn.
//!
//! In this order, for each text as a whole:
//! 1. the first page that has all of it;
//! 2. the page that lacks the fewest letters, the first of them, with those written in letters that read the same
//!    ([`crate::wording::translit`]);
//! 3. drawn, where something is left that reads like nothing else and the printer can print images; Arabic letters are
//!    joined here, for two may become one;
//! 4. what cannot even be drawn (emoji) is shown as [`PLACEHOLDER`]. Never `?`, and never nothing without a trace.

use crate::wording::clean::clean;
use crate::wording::translit::reads_as;
use unicode_segmentation::{Graphemes, UnicodeSegmentation};
use unicode_width::UnicodeWidthStr;

use super::glyphs;
use super::page::Page;

/// What stands for a character that can be neither written nor drawn.
pub const PLACEHOLDER: char = '*';

/// How a text is put on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// In this code page.
    Page(Page),
    /// As a picture.
    Drawn,
}

/// A text of which every character can be put on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The text: clean, and only of characters that `ink` has.
    pub text: String,
    /// How.
    pub ink: Ink,
}

/// What a printer can write.
#[derive(Clone, Copy, Debug)]
pub struct Letters<'a> {
    /// Code pages, the shop's own first; an empty list draws everything.
    pub pages: &'a [Page],
    /// Prints images.
    pub draws: bool,
}

impl Letters<'_> {
    /// Settles one line of text from outside.
    pub fn settle(&self, text: &str) -> Settled {
        let text = clean(text);
        if let Some(&page) = self.pages.iter().find(|page| text.chars().all(|c| page.byte(c).is_some())) {
            return Settled { text, ink: Ink::Page(page) };
        }
        let written = self.pages.iter().map(|&page| (page, write(&text, page)));
        match written.min_by_key(|(_, w)| (w.needs_drawing, w.replaced)) {
            Some((page, written)) if !(written.needs_drawing && self.draws) => {
                Settled { text: written.text, ink: Ink::Page(page) }
            }
            _ => Settled { text: drawable(&text), ink: Ink::Drawn },
        }
    }
}

struct Written {
    text: String,
    /// Characters that something else stands for.
    replaced: usize,
    /// True when a placeholder stands where a picture would show the character.
    needs_drawing: bool,
}

fn write(text: &str, page: Page) -> Written {
    let mut written = Written { text: String::with_capacity(text.len()), replaced: 0, needs_drawing: false };
    for c in text.chars() {
        if page.byte(c).is_some() {
            written.text.push(c);
            continue;
        }
        written.replaced += 1;
        let replaced = reads_as(c).filter(|text| text.chars().all(|c| page.byte(c).is_some()));
        if let Some(replaced) = replaced {
            written.text.push_str(replaced);
        } else {
            written.needs_drawing |= glyphs::has(c);
            put_placeholder(&mut written.text);
        }
    }
    written
}

fn drawable(text: &str) -> String {
    let mut drawn = String::with_capacity(text.len());
    for c in text.chars() {
        if glyphs::has(c) {
            drawn.push(c);
        } else {
            put_placeholder(&mut drawn);
        }
    }
    glyphs::joined(&drawn)
}

/// One for a whole run: an emoji may be made of many characters.
fn put_placeholder(text: &mut String) {
    if !text.ends_with(PLACEHOLDER) {
        text.push(PLACEHOLDER);
    }
}

/// Cells that a text takes: one a letter in a page, one or two a glyph when drawn.
pub fn cells(text: &str, ink: Ink) -> usize {
    match ink {
        Ink::Page(_) => text.chars().count(),
        Ink::Drawn => graphemes(text, ink).map(|(_, cells)| cells).sum(),
    }
}

/// What is never torn apart, with the cells it takes.
pub fn graphemes(text: &str, ink: Ink) -> Pieces<'_> {
    match ink {
        Ink::Page(_) => Pieces::Letters(text),
        Ink::Drawn => Pieces::Graphemes(text.graphemes(true)),
    }
}

/// A text in the pieces that are never torn apart.
pub enum Pieces<'a> {
    /// Of a code page: no letter of one is a mark on another.
    Letters(&'a str),
    /// Of Unicode.
    Graphemes(Graphemes<'a>),
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (&'a str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Letters(rest) => {
                let (letter, after) = rest.split_at(rest.chars().next()?.len_utf8());
                *rest = after;
                Some((letter, 1))
            }
            Self::Graphemes(graphemes) => graphemes.next().map(|g| (g, g.width().min(2))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSSIAN: Letters<'_> = Letters { pages: &[Page::Cp866], draws: true };

    fn settled(text: &str) -> (String, Ink) {
        let settled = RUSSIAN.settle(text);
        (settled.text, settled.ink)
    }

    #[test]
    fn what_the_page_lacks_is_written_in_letters_that_read_the_same() {
        let page = Ink::Page(Page::Cp866);
        assert_eq!(settled("Сертификат 1\u{202F}500\u{A0}₽"), ("Сертификат 1 500 руб.".into(), page));
        assert_eq!(settled("„Лак“ №5 — «х»…"), ("\"Лак\" №5 - \"х\"...".into(), page));
        assert_eq!(settled("Шаш қию және бояу, ұзын"), ("Шаш кию жане бояу, узын".into(), page));
    }

    #[test]
    fn a_printer_with_a_page_that_has_everything_is_asked_for_that_page() {
        let letters = Letters { pages: &[Page::Cp866, Page::Kz1048, Page::Cp1252], draws: true };
        assert_eq!(letters.settle("қию").ink, Ink::Page(Page::Kz1048));
        assert_eq!(letters.settle("Crème brûlée").ink, Ink::Page(Page::Cp1252));
        assert_eq!(letters.settle("Стрижка").ink, Ink::Page(Page::Cp866));
        let nearly = letters.settle("„Crème brûlée‟");
        assert_eq!((nearly.text.as_str(), nearly.ink), ("„Crème brûlée\"", Ink::Page(Page::Cp1252)));
    }

    #[test]
    fn what_reads_like_nothing_else_is_drawn() {
        assert_eq!(settled("თმის შეჭრა"), ("თმის შეჭრა".into(), Ink::Drawn));
        assert_eq!(settled("剪发 ₽"), ("剪发 ₽".into(), Ink::Drawn));
    }

    #[test]
    fn what_cannot_be_drawn_leaves_one_visible_mark() {
        assert_eq!(settled("Стрижка 💇\u{200D}♀\u{FE0F}💅"), ("Стрижка *♀*".into(), Ink::Drawn));
        assert_eq!(settled("Лак 💅🏽💅").0, "Лак *");
        let plain = Letters { pages: &[Page::Cp866], draws: false };
        assert_eq!(plain.settle("Лак 剪发").text, "Лак *");
    }

    #[test]
    fn every_code_point_ends_as_a_letter_of_a_page_or_of_the_font() {
        // Of the planes that nobody uses a part.
        let taken = |c: &char| (*c as u32) < 0x1_FC00 || (*c as u32).is_multiple_of(97);
        for c in ('\0'..=char::MAX).filter(taken) {
            let settled = RUSSIAN.settle(c.encode_utf8(&mut [0; 4]));
            for c in settled.text.chars() {
                match settled.ink {
                    Ink::Page(page) => assert!(page.byte(c).is_some_and(|b| b >= 0x20 && b != 0x7F), "{c:?}"),
                    Ink::Drawn => assert!(glyphs::has(c) && !c.is_control(), "{c:?}"),
                }
            }
            assert!(c == '?' || !settled.text.contains('?'), "{c:?}");
        }
    }

    #[test]
    fn cells_count_wide_glyphs_twice() {
        assert_eq!(cells("剪发a", Ink::Drawn), 5);
        assert_eq!(cells("ёa", Ink::Page(Page::Cp866)), 2);
    }
}
