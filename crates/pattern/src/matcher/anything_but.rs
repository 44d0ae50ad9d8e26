//! `anything-but`: any value but these.

use crate::event::Scalar;
use crate::matcher::ignore_case::IgnoreCase;
use crate::matcher::prefix::Prefix;
use crate::matcher::suffix::Suffix;
use crate::matcher::wildcard::Wildcard;

/// Any value but these. There must be a value: a missing key, an object and an empty array do not match; null,
/// booleans and values of another type do. In an array one element that differs suffices.
///
/// ```
/// let pattern = pattern::EventPattern::parse(r#"{"state": [{"anything-but": ["stopped", "gone"]}]}"#).unwrap();
/// assert!(pattern.matches(br#"{"state": "running"}"#).unwrap());
/// assert!(pattern.matches(br#"{"state": null}"#).unwrap());
/// assert!(!pattern.matches(br#"{"state": "gone"}"#).unwrap());
/// assert!(!pattern.matches(br#"{"other": 1}"#).unwrap());
///
/// let nested = pattern::EventPattern::parse(r#"{"f": [{"anything-but": {"wildcard": "*/lib/*"}}]}"#).unwrap();
/// assert!(!nested.matches(br#"{"f": "/usr/lib/x"}"#).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum AnythingBut {
    /// None of these strings.
    Strings(Vec<String>),
    /// None of these numbers, by value.
    Numbers(Vec<f64>),
    /// No string that starts with one of these.
    Prefix(Vec<Prefix>),
    /// No string that ends with one of these.
    Suffix(Vec<Suffix>),
    /// None of these strings in any case.
    EqualsIgnoreCase(Vec<IgnoreCase>),
    /// No string of one of these shapes.
    Wildcard(Vec<Wildcard>),
}

impl AnythingBut {
    /// Whether `value` is none of these.
    #[must_use]
    pub fn accepts(&self, value: &Scalar<'_>) -> bool {
        match value {
            Scalar::String(found) => self.accepts_text(found.as_bytes()),
            Scalar::Number(found) => match self {
                AnythingBut::Numbers(numbers) => !found.value().is_some_and(|v| numbers.contains(&v)),
                _ => true,
            },
            Scalar::Boolean(_) | Scalar::Null => true,
        }
    }

    /// Whether a string, of which these are the bytes, is none of these.
    #[must_use]
    pub fn accepts_text(&self, found: &[u8]) -> bool {
        match self {
            AnythingBut::Strings(strings) => !strings.iter().any(|s| s.as_bytes() == found),
            AnythingBut::Numbers(_) => true,
            AnythingBut::Prefix(prefixes) => !prefixes.iter().any(|p| p.accepts(found)),
            AnythingBut::Suffix(suffixes) => !suffixes.iter().any(|s| s.accepts(found)),
            AnythingBut::EqualsIgnoreCase(texts) => !texts.iter().any(|t| t.equals(found)),
            AnythingBut::Wildcard(wildcards) => !wildcards.iter().any(|w| w.accepts(found)),
        }
    }
}
