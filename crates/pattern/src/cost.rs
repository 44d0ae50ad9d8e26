//! What matching a pattern can cost: found by counting, before any event comes.
//!
//! An event is as many values as its sender likes, all of them at one path where that is dearest. So what counts is how much
//! work one value makes at the path where it makes most, and how many fields the combinations of `$or` have together, which
//! are looked at once an event.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::matcher::Matcher;
use crate::matcher::anything_but::AnythingBut;
use crate::matcher::wildcard::Wildcard;
use crate::pattern::{Alternative, EventPattern, Field, Span};

/// The most work that one value of an event may make, in comparisons of short texts. A pattern of 2,048 characters, AWS's
/// default quota, has no room for more unless it was made for it.
pub const WORK_MAX: usize = 1_000;

/// The most fields that all combinations of a pattern may have together.
pub const COMBINED_FIELDS_MAX: usize = 20_000;

/// Looking for one literal of a wildcard.
const LITERAL: usize = 4;
/// Reading a text as an address.
const ADDRESS: usize = 4;
/// Comparing without case.
const CASELESS: usize = 2;

impl EventPattern {
    /// The most work that one value of an event can make, in comparisons of short texts: at most [`WORK_MAX`].
    #[must_use]
    pub fn work(&self) -> usize {
        dearest(self.alternatives()).map_or(0, |dearest| dearest.work)
    }
}

/// The path at which a value makes most work.
#[derive(Debug)]
pub(crate) struct Dearest<'p> {
    pub(crate) path: &'p str,
    /// The last of the fields there.
    pub(crate) span: Span,
    pub(crate) work: usize,
}

/// Of all alternatives of a pattern; none where it has no fields.
pub(crate) fn dearest(alternatives: &[Alternative]) -> Option<Dearest<'_>> {
    let mut seen = HashSet::new();
    let mut paths: HashMap<&str, Dearest<'_>> = HashMap::new();
    for field in alternatives.iter().flat_map(|alternative| &alternative.fields) {
        if !seen.insert(Arc::as_ptr(field)) {
            continue;
        }
        let path = field.path.as_str();
        let dear = paths.entry(path).or_insert(Dearest { path, span: field.span, work: 0 });
        dear.span = field.span;
        dear.work = dear.work.saturating_add(of_field(field));
    }
    paths.into_values().max_by(|a, b| a.work.cmp(&b.work).then(b.path.cmp(a.path)))
}

/// The work that one value makes at a field. Texts of a list are looked up all at once.
fn of_field(field: &Field) -> usize {
    field.leaves.iter().map(|leaf| of_matcher(&leaf.matcher)).fold(1, usize::saturating_add)
}

fn of_matcher(matcher: &Matcher) -> usize {
    match matcher {
        Matcher::String(_) | Matcher::Boolean(_) | Matcher::Null | Matcher::Exists(_) => 0,
        Matcher::Number(_) | Matcher::Numeric(_) | Matcher::Prefix(_) | Matcher::Suffix(_) => 1,
        Matcher::PrefixIgnoreCase(_) | Matcher::SuffixIgnoreCase(_) | Matcher::EqualsIgnoreCase(_) => {
            CASELESS
        }
        Matcher::Address { .. } | Matcher::Cidr { .. } => ADDRESS,
        Matcher::Wildcard(wildcard) => of_wildcard(wildcard),
        Matcher::AnythingBut(but) => of_anything_but(but),
    }
}

fn of_wildcard(wildcard: &Wildcard) -> usize {
    LITERAL * wildcard.literals().len()
}

fn of_anything_but(but: &AnythingBut) -> usize {
    match but {
        AnythingBut::Strings(texts) => texts.len(),
        AnythingBut::Numbers(numbers) => numbers.len(),
        AnythingBut::Prefix(prefixes) => prefixes.len(),
        AnythingBut::Suffix(suffixes) => suffixes.len(),
        AnythingBut::EqualsIgnoreCase(texts) => CASELESS * texts.len(),
        AnythingBut::Wildcard(wildcards) => wildcards.iter().map(of_wildcard).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::WORK_MAX;
    use crate::EventPattern;

    fn of(text: &str) -> usize {
        EventPattern::parse(text).unwrap().work()
    }

    #[test]
    fn the_dearest_path_counts_and_equal_texts_do_not() {
        assert_eq!(of(r#"{"a": ["x", "y", true, null]}"#), 1);
        assert_eq!(of(r#"{"a": [1, 2, {"prefix": "x"}], "b": ["x"]}"#), 4);
        assert_eq!(of(r#"{"a": [{"wildcard": "*x*"}]}"#), 13);
        assert_eq!(of(r#"{"a": [{"anything-but": {"wildcard": ["*x", "y*"]}}]}"#), 17);
        assert_eq!(of(r#"{"$or": [{"a": [1]}, {"a": [2]}, {"b": [3]}]}"#), 4);
        // Shared by two combinations, and looked at once.
        assert_eq!(of(r#"{"a": [1], "$or": [{"b": ["x"]}, {"b": ["y"]}]}"#), 2);
    }

    #[test]
    fn what_costs_too_much_is_refused_with_its_place() {
        let wildcards = |count: usize| {
            let list: Vec<String> = (0..count).map(|n| format!("{{\"wildcard\":\"*{n}*\"}}")).collect();
            format!("{{\n\"detail\":{{\"x\":[{}]}}}}", list.join(","))
        };
        assert!(of(&wildcards(83)) <= WORK_MAX);
        let refused = EventPattern::parse(&wildcards(84)).unwrap_err();
        assert_eq!((refused.line, refused.column), (2, 15));
        assert_eq!(
            refused.message,
            "Event pattern is not valid. Reason: Rule is too complex - each value at detail.x would be compared 1009 times, at most 1000 are allowed; try using fewer wildcard characters or splitting the rule"
        );
        let branches: Vec<String> = (0..1000).map(|n| format!("{{\"b\":[{n}]}}")).collect();
        let fields: Vec<String> = (0..20).map(|n| format!("\"f{n}\":[1]")).collect();
        let text = format!("{{{},\"$or\":[{}]}}", fields.join(","), branches.join(","));
        let refused = EventPattern::parse(&text).unwrap_err();
        assert!(refused.message.contains("more than 20000 fields"), "{refused}");
    }
}
