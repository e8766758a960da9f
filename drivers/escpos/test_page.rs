//! A page that shows which code page number is right: the one setting of a printer that no command tells.

use super::EscPos;
use super::command::{CANCEL_CHINESE, LINE_FEED, code_page, cut};
use super::profile::Profile;
use crate::contract::Fault;
use crate::layout::Page;

/// Numbers that vendors use (0 to 53 by Epson; 72 and 73 on clones; 254 and 255 are the user's own).
const NUMBERS: std::ops::RangeInclusive<u8> = 0..=80;
/// Read on paper by a person.
const SAMPLE: &str = "АБВгд №ёя";

/// The page as bytes: a ruler, then for each number the sample written as CP866 and as CP1251.
pub fn test_page(profile: &Profile) -> Vec<u8> {
    let mut bytes = vec![0x1B, 0x40];
    bytes.extend(CANCEL_CHINESE);
    line(&mut bytes, b"kkm-bridge test page");
    line(&mut bytes, profile.name.as_bytes());
    let ruler: Vec<u8> = (1..=profile.columns).map(|column| b'0' + column % 10).collect();
    line(&mut bytes, &ruler);
    line(&mut bytes, b"The ruler must fill one line.");
    line(&mut bytes, b" n  as 866    as 1251");
    for number in NUMBERS {
        bytes.extend(code_page(number));
        bytes.extend(format!("{number:2}  ").into_bytes());
        bytes.extend(encoded(Page::Cp866));
        bytes.extend(b"  ");
        bytes.extend(encoded(Page::Cp1251));
        bytes.push(LINE_FEED);
    }
    bytes.extend(cut(profile.cut, profile.feed));
    bytes
}

/// What the person who holds the page is told.
pub fn suggestion(profile: &Profile) -> String {
    let mut text = format!(
        "Find the lines that read {SAMPLE:?}. In the first column its number belongs to cp866, in the second to cp1251.\n\
         If the ruler takes two lines, lower columns; if it leaves room, raise them. Then correct:\n\n\
         [devices.NAME.driver.printer]\ncolumns = {}\ndots = {}\npages = [\n",
        profile.columns, profile.dots
    );
    for page in &profile.pages {
        let name = format!("{:?}", page.page).to_lowercase();
        text.push_str(&format!("    {{ page = \"{name}\", number = {} }},\n", page.number));
    }
    text.push_str("]\n");
    text
}

impl EscPos {
    /// Prints the test page; gives the lines of the shop's configuration to correct. Asks for no evidence.
    pub fn print_test_page(&mut self) -> Result<String, Fault> {
        let page = test_page(&self.settings.profile);
        self.link.write("test page", &page)?;
        self.link.let_them_leave(page.len());
        self.link.close();
        Ok(suggestion(&self.settings.profile))
    }
}

fn encoded(page: Page) -> Vec<u8> {
    SAMPLE.chars().filter_map(|c| page.byte(c)).collect()
}

fn line(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend(text);
    bytes.push(LINE_FEED);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile::named("xprinter").expect("known").expect("sound")
    }

    #[test]
    fn the_page_shows_the_sample_under_every_number() {
        let page = test_page(&profile());
        for number in NUMBERS {
            let start = [&code_page(number)[..], format!("{number:2}  ").as_bytes()].concat();
            assert!(page.windows(start.len()).any(|w| w == start), "{number}");
        }
        assert!(page.windows(6).any(|w| w == [0x80, 0x81, 0x82, 0xA3, 0xA4, 0x20]));
        assert!(!page.windows(2).any(|w| w[0] == 0x10 && [4, 5, 0x14].contains(&w[1])));
    }

    #[test]
    fn what_is_suggested_is_read_by_the_configuration() {
        let text = suggestion(&profile());
        let lines = text.split("printer]\n").nth(1).expect("a table");
        let changes: super::super::profile::Changes = toml::from_str(lines).expect("parses");
        assert_eq!(profile().with(&changes), Ok(profile()));
    }
}
