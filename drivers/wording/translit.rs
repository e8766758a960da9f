//! What reads the same in other letters: tried where a device lacks a character. Of two forms the plainer one stands here:
//! richer pages have their own quotes, dashes and letters.

/// Characters, and what stands for each.
const READS_AS: [(&str, &str); 95] = [
    ("₽", "руб."),
    ("₸", "тг."),
    ("₴", "грн."),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₾", "GEL"),
    ("₺", "TL"),
    ("₼", "AZN"),
    ("«»„“”‟″〝〞", "\""),
    ("‘’‚‛′‹›`´", "'"),
    ("‐‑‒–—―−", "-"),
    ("…", "..."),
    ("•‣▪●", "*"),
    ("×✕✖", "x"),
    ("÷", ":"),
    ("№ÑŃŅŇ", "N"),
    ("™", "(TM)"),
    ("©", "(c)"),
    ("®", "(R)"),
    ("°º", "гр."),
    ("±", "+/-"),
    ("½", "1/2"),
    ("¼", "1/4"),
    ("¾", "3/4"),
    ("²", "2"),
    ("³", "3"),
    ("µ", "мк"),
    ("§", "п."),
    ("Ә", "А"),
    ("ә", "а"),
    ("ҒҐ", "Г"),
    ("ғґ", "г"),
    ("Қ", "К"),
    ("қ", "к"),
    ("Ң", "Н"),
    ("ң", "н"),
    ("Ө", "О"),
    ("ө", "о"),
    ("ҰҮЎ", "У"),
    ("ұүў", "у"),
    ("Һ", "Х"),
    ("һ", "х"),
    ("ІЇ", "И"),
    ("ії", "и"),
    ("Є", "Е"),
    ("є", "е"),
    ("ЂЏ", "Дж"),
    ("ђџ", "дж"),
    ("Љ", "Ль"),
    ("љ", "ль"),
    ("Њ", "Нь"),
    ("њ", "нь"),
    ("Ћ", "Ч"),
    ("ћ", "ч"),
    ("Ј", "J"),
    ("ј", "j"),
    ("ЅŚŞŠȘ", "S"),
    ("ѕśşšș", "s"),
    ("ÀÁÂÃÄÅĀĂĄ", "A"),
    ("àáâãäåāăą", "a"),
    ("Æ", "AE"),
    ("æ", "ae"),
    ("ÇĆĈĊČ", "C"),
    ("çćĉċč", "c"),
    ("ÐĎĐ", "D"),
    ("ðďđ", "d"),
    ("ÈÉÊËĒĔĖĘĚ", "E"),
    ("èéêëēĕėęě", "e"),
    ("ĜĞĠĢ", "G"),
    ("ĝğġģ", "g"),
    ("ÌÍÎÏĪĮİ", "I"),
    ("ìíîïīįı", "i"),
    ("Ķ", "K"),
    ("ķ", "k"),
    ("ĹĻĽŁ", "L"),
    ("ĺļľł", "l"),
    ("ñńņň", "n"),
    ("ÒÓÔÕÖØŌŐ", "O"),
    ("òóôõöøōő", "o"),
    ("Œ", "OE"),
    ("œ", "oe"),
    ("ŔŖŘ", "R"),
    ("ŕŗř", "r"),
    ("ß", "ss"),
    ("ŢŤȚ", "T"),
    ("ţťț", "t"),
    ("Þ", "Th"),
    ("þ", "th"),
    ("ÙÚÛÜŪŮŰŲ", "U"),
    ("ùúûüūůűų", "u"),
    ("ÝŸ", "Y"),
    ("ýÿ", "y"),
    ("ŹŻŽ", "Z"),
    ("źżž", "z"),
];

/// What stands for a character; `None` where nothing reads the same.
pub fn reads_as(c: char) -> Option<&'static str> {
    READS_AS.iter().find(|(chars, _)| chars.contains(c)).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_stands_twice_in_the_table_and_none_for_itself() {
        let mut all: Vec<char> = READS_AS.iter().flat_map(|(chars, _)| chars.chars()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(READS_AS.iter().all(|(chars, text)| !text.chars().any(|c| chars.contains(c))));
    }

    #[test]
    fn nothing_is_ever_replaced_by_a_question_mark() {
        assert!(READS_AS.iter().all(|(_, text)| !text.contains('?') && !text.is_empty()));
    }
}
