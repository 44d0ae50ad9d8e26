//! What a matcher accepts, in a few words.

use crate::matcher::Matcher;
use crate::matcher::anything_but::AnythingBut;
use crate::matcher::numeric::NumericRange;

impl Matcher {
    /// What this accepts, in a few words: `a string that starts with "eu-"`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Matcher::String(text) => quote(text),
            Matcher::Address { text, .. } => format!("the address {}", quote(text)),
            Matcher::Number(number) => format!("the number {}", number.text()),
            Matcher::Boolean(wanted) => wanted.to_string(),
            Matcher::Null => "null".to_owned(),
            Matcher::Prefix(prefix) => format!("a string that starts with {}", quote(prefix.text())),
            Matcher::PrefixIgnoreCase(text) => {
                format!("a string that starts with {} in any case", quote(text.text()))
            }
            Matcher::Suffix(suffix) => format!("a string that ends with {}", quote(suffix.text())),
            Matcher::SuffixIgnoreCase(text) => {
                format!("a string that ends with {} in any case", quote(text.text()))
            }
            Matcher::EqualsIgnoreCase(text) => format!("{} in any case", quote(text.text())),
            Matcher::Wildcard(wildcard) => format!("a string like {}", quote(wildcard.text())),
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
        AnythingBut::Strings(strings) => list(strings.iter().map(|s| quote(s)).collect()),
        AnythingBut::Numbers(numbers) => list(numbers.iter().map(f64::to_string).collect()),
        AnythingBut::Prefix(prefixes) => {
            format!("a string that starts with {}", list(prefixes.iter().map(|p| quote(p.text())).collect()))
        }
        AnythingBut::Suffix(suffixes) => {
            format!("a string that ends with {}", list(suffixes.iter().map(|s| quote(s.text())).collect()))
        }
        AnythingBut::EqualsIgnoreCase(texts) => {
            format!("{} in any case", list(texts.iter().map(|t| quote(t.text())).collect()))
        }
        AnythingBut::Wildcard(wildcards) => {
            format!("a string like {}", list(wildcards.iter().map(|w| quote(w.text())).collect()))
        }
    }
}
