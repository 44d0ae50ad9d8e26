//! What a matcher accepts, in a few words.

use crate::matcher::Matcher;
use crate::matcher::anything_but::AnythingBut;
use crate::matcher::numeric::NumericRange;

impl Matcher {
    /// What this accepts, in a few words: `a string that starts with "eu-"`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Matcher::String(text) => shown(text),
            Matcher::Address { text, .. } => format!("the address {}", shown(text)),
            Matcher::Number(number) => format!("the number {}", number.text()),
            Matcher::Boolean(wanted) => wanted.to_string(),
            Matcher::Null => "null".to_owned(),
            Matcher::Prefix(prefix) => format!("a string that starts with {}", shown(prefix.text())),
            Matcher::PrefixIgnoreCase(text) => {
                format!("a string that starts with {} in any case", shown(text.text()))
            }
            Matcher::Suffix(suffix) => format!("a string that ends with {}", shown(suffix.text())),
            Matcher::SuffixIgnoreCase(text) => {
                format!("a string that ends with {} in any case", shown(text.text()))
            }
            Matcher::EqualsIgnoreCase(text) => format!("{} in any case", shown(text.text())),
            Matcher::Wildcard(wildcard) => format!("a string like {}", shown(wildcard.text())),
            Matcher::Numeric(range) => describe_range(range),
            Matcher::Cidr { text, .. } => format!("an address in {text}"),
            Matcher::AnythingBut(but) => format!("a value that is not {}", describe_exceptions(but)),
            Matcher::Exists(true) => "any value".to_owned(),
            Matcher::Exists(false) => "no value".to_owned(),
        }
    }
}

/// A string as JSON writes it.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A string as JSON writes it, cut where it is long.
fn shown(text: &str) -> String {
    cut(quote(text))
}

/// So many characters of a value are shown to people.
const SHOWN_MAX: usize = 100;

/// A text for people: where it is long, its beginning and a note of how long it is.
pub(crate) fn cut(text: String) -> String {
    // Few are longer even in bytes.
    if text.len() <= SHOWN_MAX {
        return text;
    }
    let length = text.chars().count();
    if length <= SHOWN_MAX {
        return text;
    }
    let beginning: String = text.chars().take(SHOWN_MAX - 20).collect();
    format!("{beginning}... ({length} characters)")
}

fn describe_range(range: &NumericRange) -> String {
    if let Some(value) = range.equals() {
        return format!("a number = {value}");
    }
    let bottom = range.bottom.map(|b| format!("{} {}", if b.closed { ">=" } else { ">" }, b.value));
    let top = range.top.map(|t| format!("{} {}", if t.closed { "<=" } else { "<" }, t.value));
    let bounds: Vec<String> = bottom.into_iter().chain(top).collect();
    format!("a number {}", bounds.join(" and "))
}

fn describe_exceptions(but: &AnythingBut) -> String {
    let list = |texts: Vec<String>| texts.join(" or ");
    match but {
        AnythingBut::Strings(strings) => list(strings.iter().map(|s| shown(s)).collect()),
        AnythingBut::Numbers(numbers) => list(numbers.iter().map(f64::to_string).collect()),
        AnythingBut::Prefix(prefixes) => {
            format!("a string that starts with {}", list(prefixes.iter().map(|p| shown(p.text())).collect()))
        }
        AnythingBut::Suffix(suffixes) => {
            format!("a string that ends with {}", list(suffixes.iter().map(|s| shown(s.text())).collect()))
        }
        AnythingBut::EqualsIgnoreCase(texts) => {
            format!("{} in any case", list(texts.iter().map(|t| shown(t.text())).collect()))
        }
        AnythingBut::Wildcard(wildcards) => {
            format!("a string like {}", list(wildcards.iter().map(|w| shown(w.text())).collect()))
        }
    }
}
