//! The last net: whatever text got this far loses what may be a secret or a person.

use serde_json::Value;

/// Strings under these keys are numbers of devices and documents, and stay.
const KEPT: [&str; 2] = ["serial", "storage"];
/// Shorter words of documents are too common to be looked for.
const SHORTEST_WORD_CHARS: usize = 4;
/// So many digits in a row, with blanks and brackets between, may be a phone or a taxpayer; after a plus fewer are enough.
const NUMBER_DIGITS: usize = 10;
const DIGITS_AFTER_PLUS: usize = 7;
/// So many letters and digits without a break may be a token.
const TOKEN_CHARS: usize = 20;

/// What is known to be taken out, besides what looks like it.
pub(super) struct Mask {
    secrets: Vec<String>,
    words: Vec<String>,
}

impl Mask {
    /// Knows these tokens, and these words of documents: titles, customers, cashiers.
    pub(super) fn new(secrets: Vec<String>, mut words: Vec<String>) -> Self {
        words.retain(|word| word.chars().count() >= SHORTEST_WORD_CHARS);
        // A longer one may hold a shorter.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Self { secrets, words }
    }

    /// Masks every string of a value.
    pub(super) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => list.iter_mut().for_each(|v| self.value(v)),
            Value::Object(map) => {
                for (key, value) in map {
                    if !(KEPT.contains(&key.as_str()) && value.is_string()) {
                        self.value(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks a text.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter().filter(|s| !s.is_empty()) {
            text = text.replace(secret, "(secret)");
        }
        for word in &self.words {
            text = text.replace(word.as_str(), "(text)");
        }
        numbers(&tokens(&emails(&bearers(&text))))
    }
}

/// What follows `Bearer` and `User` in an authorization.
fn bearers(text: &str) -> String {
    let mut out = String::new();
    let mut secret = false;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if secret && !word.is_empty() {
            out.push_str("(secret)");
            out.push_str(&piece[word.len()..]);
        } else {
            out.push_str(piece);
        }
        let name = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        secret = name.eq_ignore_ascii_case("bearer");
    }
    out
}

/// Letters on both sides of an at sign.
fn emails(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let local = before.trim_end_matches(fits);
        let domain = after.find(|c| !fits(c)).unwrap_or(after.len());
        if local.len() < before.len() && domain > 0 {
            out.push_str(local);
            out.push_str("(e-mail)");
        } else {
            out.push_str(&rest[..=at + domain]);
        }
        rest = &after[domain..];
    }
    out.push_str(rest);
    out
}

/// Long runs of letters and digits.
fn tokens(text: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        let mixed = run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic());
        out.push_str(if run.len() >= TOKEN_CHARS && mixed { "(token?)" } else { &run });
        run.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// Phones and other long numbers; a date before a time is none.
fn numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        if let Some(end) = date(&chars[at..]) {
            out.extend(&chars[at..at + end]);
            at += end;
            continue;
        }
        let c = chars[at];
        if !(c.is_ascii_digit() || c == '+' || c == '(') {
            out.push(c);
            at += 1;
            continue;
        }
        let length = chars[at..].iter().take_while(|c| c.is_ascii_digit() || "+-() .".contains(**c)).count();
        let run = &chars[at..at + length];
        let last = run.iter().rposition(char::is_ascii_digit).map_or(0, |i| i + 1);
        let digits = run.iter().filter(|c| c.is_ascii_digit()).count();
        let enough = if c == '+' { DIGITS_AFTER_PLUS } else { NUMBER_DIGITS };
        if digits >= enough && !whole_numbers_apart(run) {
            out.push_str("(number)");
            out.extend(&run[last..]);
        } else {
            out.extend(run);
        }
        at += length;
    }
    out
}

/// Several numbers beside each other, each with a decimal point or longer than a phone's group, are sums or addresses.
fn whole_numbers_apart(run: &[char]) -> bool {
    run.contains(&'.')
        && !run.contains(&'+')
        && !run.contains(&'(')
        && !run.contains(&'-')
        && run.split(|c| *c == ' ' || *c == '.').all(|group| group.len() < NUMBER_DIGITS)
}

/// Length of `2026-11-25` at the start, with what follows to the blank or `T` after it.
fn date(chars: &[char]) -> Option<usize> {
    let form = "dddd-dd-dd";
    let fits = chars.len() >= form.len()
        && form.chars().zip(chars).all(|(f, c)| if f == 'd' { c.is_ascii_digit() } else { *c == f });
    let ends = chars.get(form.len()).is_none_or(|c| *c == 'T' || *c == ' ' || !c.is_ascii_digit());
    (fits && ends).then(|| (form.len() + 1).min(chars.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        Mask::new(vec!["s3cret/with+signs".into()], vec!["Стрижка".into(), "Стрижка и укладка".into(), "OK".into()])
    }

    #[test]
    fn secrets_contacts_and_words_of_documents_are_taken_out() {
        for (text, masked) in [
            ("token s3cret/with+signs here", "token (secret) here"),
            ("Authorization: Bearer abc.def, User x", "Authorization: Bearer (secret) User x"),
            ("from anna.petrova+x@salon.example, again", "from (e-mail), again"),
            ("анна@почта.рф", "(e-mail)"),
            ("call +7 (999) 123-45-67 now", "call (number) now"),
            ("89991234567", "(number)"),
            ("8 999 123 45 67", "(number)"),
            ("inn 770123456789", "inn (number)"),
            ("line \"Стрижка и укладка\" refused", "line \"(text)\" refused"),
            ("key 9f86d081884c7d659a2feaa0c55ad015", "key (token?)"),
        ] {
            assert_eq!(mask().text(text), masked, "{text}");
        }
    }

    #[test]
    fn times_sums_addresses_and_plain_words_stay() {
        for text in [
            "2026-11-25T09:21:09.652505Z  INFO ready address=127.0.0.1:37071",
            "2026-11-25 09:21:09 front document 1: accepted  10.20",
            "attempt 1, last document 12345",
            "sum 1500.50 of 2000.00, change 499.50",
            "tcp://192.168.100.200:7778",
            "user@ is nobody, and @mention neither",
            "FF45h refused with 4Eh; OK",
        ] {
            assert_eq!(mask().text(text), text);
        }
    }

    #[test]
    fn numbers_of_devices_stay_where_they_are_fields() {
        let mut value =
            serde_json::json!({ "serial": "0000000000001234", "detail": "0000000000001234", "n": 12_345_678_901_u64 });
        mask().value(&mut value);
        assert_eq!(
            value,
            serde_json::json!({ "serial": "0000000000001234", "detail": "(number)", "n": 12_345_678_901_u64 })
        );
    }
}
