//! An operator that takes strings, numbers or addresses only, and found something else.

use crate::event::Scalar;
use crate::explain::found::show;
use crate::explain::hint::{Case, Hint, HintKind};
use crate::matcher::Matcher;
use crate::matcher::cidr;

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    let found = case.found.scalars(&case.field.path);
    let hints = case.field.leaves.iter().filter_map(|leaf| {
        let (operator, needs, takes) = needs(&leaf.matcher)?;
        let wrong = found.iter().find(|o| !takes(o.value))?;
        let text = format!("`{operator}` takes {needs} only; the event has {}", show(wrong.value));
        Some(Case::hint(HintKind::OperatorType, text))
    });
    hints.take(1).collect()
}

type Takes = fn(&Scalar<'_>) -> bool;

/// The operator's name, what it takes, and how to tell.
fn needs(matcher: &Matcher) -> Option<(&'static str, &'static str, Takes)> {
    let is_string: Takes = |value| matches!(value, Scalar::String(_));
    match matcher {
        // Times are strings to patterns: a date is matched by its start, and only where it is written so.
        Matcher::Prefix(prefix) if is_date(prefix.text()) => {
            let takes: Takes = |value| matches!(value, Scalar::String(text) if is_date(text));
            Some(("prefix", "strings, here times as 2026-01-31T12:00:00Z,", takes))
        }
        Matcher::Prefix(_) | Matcher::PrefixIgnoreCase(_) => Some(("prefix", "strings", is_string)),
        Matcher::Suffix(_) | Matcher::SuffixIgnoreCase(_) => Some(("suffix", "strings", is_string)),
        Matcher::EqualsIgnoreCase(_) => Some(("equals-ignore-case", "strings", is_string)),
        Matcher::Wildcard(_) => Some(("wildcard", "strings", is_string)),
        Matcher::Numeric(_) => Some((
            "numeric",
            "numbers",
            |value| matches!(value, Scalar::Number(number) if number.value().is_some()),
        )),
        Matcher::Cidr { .. } => Some((
            "cidr",
            "strings that are IP addresses",
            |value| matches!(value, Scalar::String(text) if cidr::digits(text).is_some()),
        )),
        _ => None,
    }
}

/// Whether a text starts as an ISO date does: four digits, a hyphen, a digit.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take(4).filter(|b| b.is_ascii_digit()).count() == 4;
    digits && bytes.get(4) == Some(&b'-') && bytes.get(5).is_some_and(u8::is_ascii_digit)
}
