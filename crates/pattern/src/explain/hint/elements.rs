//! Values that come from different elements of one array.

use crate::explain::hint::{Case, Hint, HintKind};

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    if case.conflicts.is_empty() {
        return vec![];
    }
    let others: Vec<String> = case.conflicts.iter().map(|path| format!("`{path}`")).collect();
    let text = format!(
        "no one array element has this and {} as the pattern wants: all must be in the same element",
        others.join(", ")
    );
    vec![Case::hint(HintKind::DifferentElements, text)]
}
