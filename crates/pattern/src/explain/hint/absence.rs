//! Null, the empty string and absence, which are three things.

use crate::event::Scalar;
use crate::explain::hint::{Case, Hint, HintKind};
use crate::matcher::Matcher;

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    let scalars = case.found.scalars(&case.field.path);
    let wants = |wanted: fn(&Matcher) -> bool| case.field.leaves.iter().any(|leaf| wanted(&leaf.matcher));
    if scalars.is_empty() && case.found.hollow(&case.field.path).is_empty() {
        let nothing =
            |m: &Matcher| matches!(m, Matcher::Null) || matches!(m, Matcher::String(s) if s.is_empty());
        let text = "an absent field is neither null nor empty; `{\"exists\": false}` accepts absence";
        return wants(nothing)
            .then(|| Case::hint(HintKind::AbsentIsNotNull, text.to_owned()))
            .into_iter()
            .collect();
    }
    let null_found = scalars.iter().any(|o| matches!(o.value, Scalar::Null));
    if null_found && case.field.accepts_absence() {
        let text = "null is a value: `{\"exists\": false}` wants the field to be absent; `null` accepts null";
        return vec![Case::hint(HintKind::NullIsPresent, text.to_owned())];
    }
    vec![]
}
