//! Doubts about values: paths that are taken as texts, expressions that are never evaluated.

use serde_json::{Map, Value};

use crate::definition::QueryLanguage;
use crate::lint::Lint;

/// A warning of ValidateStateMachineDefinition.
#[derive(Debug)]
pub(super) struct Warning {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) at: String,
}

/// Fields whose values are payload templates.
const TEMPLATES: [&str; 5] = ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Arguments"];

/// A state's object, its name and its place.
#[derive(Debug)]
pub(super) struct StateField<'a> {
    pub(super) name: &'a str,
    pub(super) at: String,
    pub(super) state: &'a Map<String, Value>,
    pub(super) jsonata: bool,
}

/// Every state, the outer ones first.
fn places<'a>(
    block: &'a Map<String, Value>,
    at: &str,
    whole: QueryLanguage,
    found: &mut Vec<StateField<'a>>,
) {
    for (name, state) in block.get("States").and_then(Value::as_object).into_iter().flatten() {
        let Some(state) = state.as_object() else { continue };
        let at = format!("{at}/States/{name}");
        let jsonata = language_of(state).unwrap_or(whole) == QueryLanguage::Jsonata;
        let inner = at.clone();
        found.push(StateField { name, at, state, jsonata });
        for (number, branch) in
            state.get("Branches").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            if let Some(branch) = branch.as_object() {
                places(branch, &format!("{inner}/Branches[{number}]"), whole, found);
            }
        }
        for name in ["ItemProcessor", "Iterator"] {
            if let Some(processor) = state.get(name).and_then(Value::as_object) {
                places(processor, &format!("{inner}/{name}"), whole, found);
            }
        }
    }
}

fn language_of(object: &Map<String, Value>) -> Option<QueryLanguage> {
    match object.get("QueryLanguage")?.as_str() {
        Some("JSONata") => Some(QueryLanguage::Jsonata),
        _ => Some(QueryLanguage::JsonPath),
    }
}

pub(super) fn all(definition: &Map<String, Value>) -> Vec<StateField<'_>> {
    let mut found = Vec::new();
    places(definition, "", language_of(definition).unwrap_or_default(), &mut found);
    found
}

pub(super) fn warnings(definition: &Map<String, Value>) -> Vec<Warning> {
    let mut found = Vec::new();
    for place in all(definition).iter().filter(|place| !place.jsonata) {
        for name in TEMPLATES {
            if let Some(value) = place.state.get(name) {
                bare_paths(value, &format!("{}/{name}", place.at), &mut found);
            }
        }
        if place.state.get("Result").is_some_and(holds_path) {
            found.push(Warning {
                code: "PASS_RESULT_IS_STATIC",
                message: "Attempt to use a path in the result of a pass state.",
                at: format!("{}/Result", place.at),
            });
        }
        for name in ["Seconds", "Timestamp", "TimeoutSeconds", "HeartbeatSeconds", "Error", "Cause"] {
            if place.state.get(name).and_then(Value::as_str).is_some_and(looks_like_path) {
                found.push(Warning {
                    code: "NO_PATH",
                    message: "Field value looks like a path, but field name does not end with 'Path'.",
                    at: format!("{}/{name}", place.at),
                });
            }
        }
    }
    found
}

fn looks_like_path(text: &str) -> bool {
    let call = text.strip_prefix("States.").is_some_and(|rest| rest.contains('(') && rest.ends_with(')'));
    text == "$" || text.starts_with("$.") || text.starts_with("$$.") || text.starts_with("$[") || call
}

fn holds_path(value: &Value) -> bool {
    match value {
        Value::String(text) => looks_like_path(text),
        Value::Array(items) => items.iter().any(holds_path),
        Value::Object(members) => members.values().any(holds_path),
        _ => false,
    }
}

fn bare_paths(value: &Value, at: &str, found: &mut Vec<Warning>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !name.ends_with(".$")) {
                bare_paths(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                bare_paths(item, &format!("{at}[{number}]"), found);
            }
        }
        Value::String(text) if looks_like_path(text) => found.push(Warning {
            code: "NO_DOLLAR",
            message: "No .$ on a field that appears to be a JSONPath or Intrinsic Function.",
            at: at.to_owned(),
        }),
        _ => {}
    }
}

pub(super) fn check(places: &[StateField<'_>], found: &mut Vec<Lint>) {
    for place in places {
        let values = place.state.iter().filter(|(name, _)| {
            !matches!(name.as_str(), "Branches" | "ItemProcessor" | "Iterator" | "Comment")
        });
        let mixed = values.clone().any(|(_, value)| {
            any_text(value, &|text| {
                text.contains("{%")
                    && text.contains("%}")
                    && !(text.starts_with("{%") && text.ends_with("%}"))
            })
        });
        let written = values.clone().any(|(_, value)| any_text(value, &|text| text.starts_with("{%")));
        let paths = values.clone().any(|(_, value)| any_text(value, &looks_like_path));
        if !place.jsonata && written {
            let message = "the state speaks JSONPath: its {% %} are texts";
            let fix = "set \"QueryLanguage\": \"JSONata\" on it";
            found.push(Lint::new("jsonata-in-jsonpath", place.name, message, fix));
        } else if place.jsonata && mixed {
            let message = "{% %} inside a longer text is not evaluated";
            let fix = "make the whole text one expression: {% 'text ' & $x %}";
            found.push(Lint::new("jsonata-in-text", place.name, message, fix));
        } else if place.jsonata && paths {
            let message = "the state speaks JSONata: its paths and intrinsic functions are texts";
            let fix = "write {% $states.input.x %} for $.x, and JSONata's functions for States.*";
            found.push(Lint::new("path-in-jsonata", place.name, message, fix));
        }
    }
}

fn any_text(value: &Value, wanted: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => wanted(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, wanted)),
        Value::Object(members) => members.values().any(|member| any_text(member, wanted)),
        _ => false,
    }
}
