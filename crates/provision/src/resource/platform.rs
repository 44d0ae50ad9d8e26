//! What subscriptions and event streams have in common: they are the Genesys platform's, found by name in its lists.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request};
use crate::mistake::{Marked, Mistake, kind};

/// As many are asked for at a time.
const PAGE_SIZE: usize = 100;

/// The entity of a list that has this name.
pub(crate) async fn find(
    api: &impl Api,
    operation: &'static str,
    name: &str,
) -> Result<Option<Value>, ApiError> {
    let mut page = 1_u64;
    loop {
        let answer = api.call(Request::platform(operation, json!({"page": page}))).await?;
        let entities = answer.get("entities").and_then(Value::as_array);
        let mine = entities
            .and_then(|all| all.iter().find(|one| one.get("name").and_then(Value::as_str) == Some(name)));
        if mine.is_some() || entities.is_none_or(|all| all.len() < PAGE_SIZE) {
            return Ok(mine.cloned());
        }
        page += 1;
    }
}

/// An object with one member more.
pub(crate) fn with(mut body: Value, member: &str, value: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
    body
}

/// Adds a mistake for each type that names no event.
pub(crate) fn check_types(types: &[Marked<String>], known: &[&str], out: &mut Vec<Mistake>) {
    for one in types {
        let names_one = match one.value.strip_suffix('*') {
            Some(start) => known.iter().any(|known| known.starts_with(start)),
            None => known.contains(&one.value.as_str()),
        };
        if !names_one {
            let mistake =
                Mistake::new(kind::UNKNOWN_NAME, one.span, format!("no event has the type `{}`", one.value));
            out.push(crate::names::instead(mistake, &one.value, known.iter().copied()));
        }
    }
}
