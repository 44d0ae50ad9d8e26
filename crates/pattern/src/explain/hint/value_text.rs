//! The value differs in little: in case, in white space, in one or two characters.

use crate::event::Scalar;
use crate::explain::found::show;
use crate::explain::hint::{Case, Hint, HintKind, edit_distance};
use crate::matcher::Matcher;
use crate::matcher::describe::{cut, quote};

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    let found = case.found.scalars(&case.field.path).iter().filter_map(|o| match o.value {
        Scalar::String(text) => Some((text.as_ref(), o.value)),
        _ => None,
    });
    let hints = found.take(100).flat_map(|(text, value)| {
        let near = case.field.leaves.iter().filter_map(move |leaf| near(&leaf.matcher, text));
        near.map(move |NearMiss { kind, wanted, .. }| {
            let how = match kind {
                HintKind::ValueCase => "in case",
                HintKind::ValueSpace => "in white space",
                _ => "in spelling",
            };
            Case::hint(kind, format!("{} differs from {} only {how}", show(value), cut(quote(wanted))))
        })
    });
    hints.take(2).collect()
}

/// How a string just misses a matcher.
pub(crate) struct NearMiss<'m> {
    /// In which way.
    pub(crate) kind: HintKind,
    /// The matcher's text.
    pub(crate) wanted: &'m str,
    /// What the string has in its place.
    pub(crate) part: String,
}

/// In which way, if in any, a string just misses a matcher, and what it misses.
pub(crate) fn near<'a>(matcher: &'a Matcher, found: &str) -> Option<NearMiss<'a>> {
    // The part of the string that the matcher looks at has as many characters as the matcher's text.
    let wanted = matcher.literal()?;
    let length = wanted.chars().count();
    let part: String = match matcher {
        Matcher::Prefix(_) | Matcher::PrefixIgnoreCase(_) => found.chars().take(length).collect(),
        Matcher::Suffix(_) | Matcher::SuffixIgnoreCase(_) => {
            found.chars().skip(found.chars().count().saturating_sub(length)).collect()
        }
        _ => found.to_owned(),
    };
    if part == wanted {
        return None;
    }
    let miss = |kind| Some(NearMiss { kind, wanted, part: part.clone() });
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    if part.to_lowercase() == wanted.to_lowercase() {
        return miss(HintKind::ValueCase);
    }
    if squeezed(found) == squeezed(wanted) || part.trim() == wanted.trim() {
        return miss(HintKind::ValueSpace);
    }
    let distance = edit_distance(&part, wanted);
    if distance <= 2 && distance < length { miss(HintKind::ValueSpelling) } else { None }
}

impl Matcher {
    /// The text that a string must be, start with or end with.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self {
            Matcher::String(text) | Matcher::Address { text, .. } => Some(text),
            Matcher::Prefix(prefix) => Some(prefix.text()),
            Matcher::Suffix(suffix) => Some(suffix.text()),
            Matcher::PrefixIgnoreCase(text)
            | Matcher::SuffixIgnoreCase(text)
            | Matcher::EqualsIgnoreCase(text) => Some(text.text()),
            _ => None,
        }
    }
}
