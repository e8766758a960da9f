//! Text from outside made fit for a device: no control byte, no mark of direction, no invisible character is left.
//!
//! What is left are characters that show something, with plain spaces between them. Letters that were sent as a letter
//! and a mark (й, ё, ї) are joined; marks that no joined letter exists for are dropped.

/// One line of text that may go on: tabs and line ends become spaces, other control characters go.
pub fn clean(text: &str) -> String {
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    compose(text).filter(|&c| !is_invisible(c)).map(|c| if is_space(c) { ' ' } else { c }).collect()
}

/// Text of several lines, each made clean.
pub fn clean_lines(text: &str) -> Vec<String> {
    text.split(['\n', '\u{85}', '\u{2028}', '\u{2029}']).map(clean).collect()
}

/// Letters and signs of every day, with which nothing has to be done.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | 'À'..='ÿ' | 'Ѐ'..='џ' | '№' | '₽')
}

fn compose(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        let joined = match (c, chars.peek()) {
            ('и', Some('\u{306}')) => 'й',
            ('И', Some('\u{306}')) => 'Й',
            ('е', Some('\u{308}')) => 'ё',
            ('Е', Some('\u{308}')) => 'Ё',
            ('і', Some('\u{308}')) => 'ї',
            ('І', Some('\u{308}')) => 'Ї',
            _ => return Some(c),
        };
        chars.next();
        Some(joined)
    })
}

fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\r' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

fn is_invisible(c: char) -> bool {
    !is_space(c)
        && (c.is_control()
            || matches!(c,
                '\u{AD}' | '\u{300}'..='\u{36F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
                | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
                | '\u{20D0}'..='\u{20FF}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
                | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}' | '\u{1F3FB}'..='\u{1F3FF}'
                | '\u{E0000}'..='\u{10FFFF}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_and_marks_of_direction_go_and_the_letters_stay() {
        assert_eq!(clean("Крем\u{1B}p\0\u{19}ú\u{1D}{CUT}\tБ99.99*1\nитог"), "Кремpú{CUT} Б99.99*1 итог");
        assert_eq!(clean("a\u{202E}b\u{200B}c\u{FEFF}"), "abc");
    }

    #[test]
    fn every_kind_of_space_is_a_space() {
        assert_eq!(clean("1\u{202F}500\u{A0}₽"), "1 500 ₽");
    }

    #[test]
    fn letters_sent_in_two_parts_are_joined() {
        assert_eq!(clean("и\u{306}е\u{308}e\u{301}"), "йёe");
    }

    #[test]
    fn lines_stay_lines_where_lines_are_asked_for() {
        assert_eq!(clean_lines("one\r\ntwo\u{7}"), ["one ", "two"]);
    }
}
