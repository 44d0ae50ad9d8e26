//! The event's schema has the path and this event has not.

use crate::explain::hint::{Case, Hint, HintKind};

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    if !case.is_absent() || !(case.schema)(&case.field.path) {
        return vec![];
    }
    let text = format!("`{}` exists in the schema of this event, but not in this event", case.field.path);
    vec![Case::hint(HintKind::OnlyInSchema, text)]
}
