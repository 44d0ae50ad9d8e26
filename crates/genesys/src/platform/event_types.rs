//! Lists of event types, as subscriptions and event streams have them.

use crate::platform::rendering::KINDS;
use crate::platform::response::ApiError;

/// Maximum number of event types in a list.
const MAX: usize = 100;

/// Whether a type of the list names this one; one with a `*` at its end names all that begin so.
pub(crate) fn names_one(types: &[String], event_type: &str) -> bool {
    types.iter().any(|wanted| names(wanted, event_type))
}

fn names(wanted: &str, event_type: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => event_type.starts_with(start),
        None => wanted == event_type,
    }
}

/// Checks a list: each of its types must name one at least of those that there are, `prefix` before each kind.
///
/// # Errors
/// 400 with what there is.
pub(crate) fn check(field: &str, types: &[String], prefix: &str) -> Result<(), ApiError> {
    let known: Vec<String> = KINDS.iter().map(|kind| format!("{prefix}{kind}")).collect();
    let list = known.join(", ");
    if types.is_empty() || types.len() > MAX {
        return Err(ApiError::bad_request(format!(
            "{field} must have 1 to {MAX} event types. The types are: {list}; `*` at the end matches any ending."
        )));
    }
    match types.iter().find(|wanted| !known.iter().any(|known| names(wanted, known))) {
        None => Ok(()),
        Some(wanted) => Err(ApiError::bad_request(format!(
            "{field}: no event has the type '{wanted}'. The types are: {list}; `*` at the end matches any ending."
        ))),
    }
}
