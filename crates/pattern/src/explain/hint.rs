//! What may be behind a field that does not match: a table of hints, one file a kind.

mod absence;
mod elements;
mod key;
mod operator;
mod schema;
pub(super) mod value_text;
mod value_type;

use crate::explain::Schema;
use crate::explain::found::EventPaths;
use crate::pattern::Field;

/// A guess at what is behind a field that does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Which guess.
    pub kind: HintKind,
    /// The guess, in a sentence.
    pub text: String,
    /// The path of the event that was probably meant, where it is another.
    pub path: Option<String>,
}

/// The guesses that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HintKind {
    /// The event has the key in another case.
    KeyCase,
    /// The event has the key one level up or down, or beside.
    KeyLevel,
    /// The event has a key that differs by one or two characters.
    KeySpelling,
    /// The value differs in case.
    ValueCase,
    /// The value differs in white space.
    ValueSpace,
    /// The value differs by one or two characters.
    ValueSpelling,
    /// A number against a string of digits, or a boolean or null against its name.
    ValueType,
    /// An object, or an array of objects, against a value.
    ObjectNotValue,
    /// A value against an object: nothing can be below it.
    ValueNotObject,
    /// An empty array: it has no value.
    EmptyArray,
    /// JSON in a string, which is not looked into.
    JsonInString,
    /// The value is null where absence was asked for.
    NullIsPresent,
    /// The field is absent where null or the empty string was asked for.
    AbsentIsNotNull,
    /// The operator takes strings, numbers or addresses only, and found something else.
    OperatorType,
    /// The values come from different elements of one array.
    DifferentElements,
    /// The event's schema has the path and this event has not.
    OnlyInSchema,
}

impl HintKind {
    /// A name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HintKind::KeyCase => "key-case",
            HintKind::KeyLevel => "key-level",
            HintKind::KeySpelling => "key-spelling",
            HintKind::ValueCase => "value-case",
            HintKind::ValueSpace => "value-space",
            HintKind::ValueSpelling => "value-spelling",
            HintKind::ValueType => "value-type",
            HintKind::ObjectNotValue => "object-not-value",
            HintKind::ValueNotObject => "value-not-object",
            HintKind::EmptyArray => "empty-array",
            HintKind::JsonInString => "json-in-string",
            HintKind::NullIsPresent => "null-is-present",
            HintKind::AbsentIsNotNull => "absent-is-not-null",
            HintKind::OperatorType => "operator-type",
            HintKind::DifferentElements => "different-elements",
            HintKind::OnlyInSchema => "only-in-schema",
        }
    }
}

/// A field that does not match, and all that is known about it.
pub(super) struct Case<'a> {
    pub(super) field: &'a Field,
    pub(super) found: &'a EventPaths<'a>,
    pub(super) schema: Schema<'a>,
    /// The fields that it disagrees with about array elements.
    pub(super) conflicts: &'a [String],
}

impl Case<'_> {
    /// Whether the event has no scalar at the path.
    fn is_absent(&self) -> bool {
        self.found.scalars(&self.field.path).is_empty()
    }

    fn hint(kind: HintKind, text: String) -> Hint {
        Hint { kind, text, path: None }
    }
}

/// Every guess, likeliest first.
const HINTS: &[fn(&Case<'_>) -> Vec<Hint>] = &[
    elements::hints,
    value_text::hints,
    value_type::hints,
    operator::hints,
    absence::hints,
    key::hints,
    schema::hints,
];

/// The most hints about one field.
const HINTS_MAX: usize = 5;

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    HINTS.iter().flat_map(|hints| hints(case)).take(HINTS_MAX).collect()
}

/// How many characters must be added, removed or replaced to make one text the other, up to 3; swapped neighbours
/// count as one.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    const FAR: usize = 3;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) >= FAR || a.len() > 200 {
        return FAR;
    }
    let mut before_last: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(FAR);
            let mut best = at(&last, j) + usize::from(x != y);
            best = best.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        // A row grows from the two before it, so what is far in both stays far: most texts are told apart in a few rows.
        if row.iter().chain(&last).all(|distance| *distance >= FAR) {
            return FAR;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(FAR).min(FAR)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::edit_distance;

    /// The definition, with nothing left out.
    fn slow(a: &[char], b: &[char]) -> usize {
        match (a, b) {
            ([], rest) | (rest, []) => rest.len(),
            ([.., y, x], [.., v, w]) if (x, y) == (v, w) && x != w => {
                let [a_two, b_two] = [&a[..a.len() - 2], &b[..b.len() - 2]];
                (slow(a_two, b_two) + 1).min(plain(a, b))
            }
            _ => plain(a, b),
        }
    }

    fn plain(a: &[char], b: &[char]) -> usize {
        let ((x, a_rest), (y, b_rest)) = (a.split_last().unwrap(), b.split_last().unwrap());
        (slow(a_rest, b_rest) + usize::from(x != y)).min(slow(a_rest, b) + 1).min(slow(a, b_rest) + 1)
    }

    proptest! {
        #[test]
        fn a_distance_is_what_its_definition_says(a in "[abü]{0,6}", b in "[abü]{0,6}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(edit_distance(&a, &b), slow(&chars(&a), &chars(&b)).min(3), "{a} {b}");
        }
    }
}
