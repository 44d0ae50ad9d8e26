//! What one entry of a field's list accepts: one file per operator.

pub mod anything_but;
pub mod cidr;
pub(crate) mod describe;
pub mod ignore_case;
pub mod number;
pub mod numeric;
pub mod prefix;
pub mod suffix;
pub mod wildcard;

use crate::event::Scalar;
use crate::matcher::anything_but::AnythingBut;
use crate::matcher::cidr::AddressRange;
use crate::matcher::ignore_case::IgnoreCase;
use crate::matcher::number::Number;
use crate::matcher::numeric::NumericRange;
use crate::matcher::prefix::Prefix;
use crate::matcher::suffix::Suffix;
use crate::matcher::wildcard::Wildcard;

/// What one entry of a field's list accepts.
///
/// ```
/// use pattern::EventPattern;
///
/// // Plain values: strings, numbers, booleans, null, the empty string.
/// let plain = EventPattern::parse(r#"{"a": ["x", "", 1, true, null]}"#).unwrap();
/// assert!(plain.matches(br#"{"a": null}"#).unwrap());
/// assert!(!plain.matches(br#"{"a": "null"}"#).unwrap());
///
/// // `exists` is about leaves: an object has none of its own, null is one.
/// let exists = EventPattern::parse(r#"{"a": [{"exists": true}], "b": [{"exists": false}]}"#).unwrap();
/// assert!(exists.matches(br#"{"a": null, "b": {}}"#).unwrap());
/// assert!(!exists.matches(br#"{"a": 1, "b": null}"#).unwrap());
///
/// // `$or`: one branch suffices.
/// let or = EventPattern::parse(r#"{"$or": [{"a": [1]}, {"b": [{"exactly": "x"}]}]}"#).unwrap();
/// assert!(or.matches(br#"{"a": 2, "b": "x"}"#).unwrap());
/// ```
///
/// Every variant but `Exists(false)` needs a value: a string, number, `true`, `false` or `null` somewhere at the
/// field's path. Objects and empty arrays have none.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// `"x"` or `{"exactly": "x"}`: this string, byte for byte.
    String(String),
    /// A string that reads as an IP address: any spelling of that address (event-ruler, `CIDR.ipToRangeIfPossible`).
    Address {
        /// The address as the pattern spells it.
        text: String,
        /// The address as a range of one.
        range: AddressRange,
    },
    /// `5`: an equal number, or the same digits.
    Number(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`: the value null, which is not absence.
    Null,
    /// `{"prefix": "x"}`.
    Prefix(Prefix),
    /// `{"prefix": {"equals-ignore-case": "x"}}`.
    PrefixIgnoreCase(IgnoreCase),
    /// `{"suffix": "x"}`.
    Suffix(Suffix),
    /// `{"suffix": {"equals-ignore-case": "x"}}`.
    SuffixIgnoreCase(IgnoreCase),
    /// `{"equals-ignore-case": "x"}`.
    EqualsIgnoreCase(IgnoreCase),
    /// `{"wildcard": "x*y"}`.
    Wildcard(Wildcard),
    /// `{"numeric": [">", 0, "<=", 5]}`.
    Numeric(NumericRange),
    /// `{"cidr": "10.0.0.0/8"}`.
    Cidr {
        /// The block as the pattern spells it.
        text: String,
        /// The addresses of the block.
        range: AddressRange,
    },
    /// `{"anything-but": ...}`.
    AnythingBut(AnythingBut),
    /// `{"exists": true}` or `{"exists": false}`.
    Exists(bool),
}

impl Matcher {
    /// Whether it is there to keep events out: everything but some values, or absence.
    #[must_use]
    pub fn excludes(&self) -> bool {
        matches!(self, Matcher::AnythingBut(_) | Matcher::Exists(false))
    }

    /// Whether one value of an event satisfies this. `Exists(false)` accepts no value: only the absence of all.
    #[must_use]
    pub fn accepts(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Matcher::Exists(wanted), _) => *wanted,
            (Matcher::AnythingBut(but), _) => but.accepts(value),
            (Matcher::Null, Scalar::Null) => true,
            (Matcher::Boolean(wanted), Scalar::Boolean(found)) => wanted == found,
            (Matcher::Number(wanted), Scalar::Number(found)) => wanted.equals(found),
            (Matcher::Numeric(range), Scalar::Number(found)) => {
                found.value().is_some_and(|v| range.contains(v))
            }
            (_, Scalar::String(found)) => self.accepts_text(found.as_bytes()),
            _ => false,
        }
    }

    /// Whether a string satisfies this, of which these are the bytes, escapes already undone.
    #[must_use]
    pub fn accepts_text(&self, found: &[u8]) -> bool {
        match self {
            Matcher::String(wanted) => wanted.as_bytes() == found,
            Matcher::Address { range, .. } | Matcher::Cidr { range, .. } => range.contains_text(found),
            Matcher::Prefix(prefix) => prefix.accepts(found),
            Matcher::PrefixIgnoreCase(prefix) => prefix.starts(found),
            Matcher::Suffix(suffix) => suffix.accepts(found),
            Matcher::SuffixIgnoreCase(suffix) => suffix.ends(found),
            Matcher::EqualsIgnoreCase(wanted) => wanted.equals(found),
            Matcher::Wildcard(wildcard) => wildcard.accepts(found),
            Matcher::AnythingBut(but) => but.accepts_text(found),
            Matcher::Exists(wanted) => *wanted,
            Matcher::Number(_) | Matcher::Boolean(_) | Matcher::Null | Matcher::Numeric(_) => false,
        }
    }
}
