//! Inputs that get lost: a result that replaces what a later state reads.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use crate::lint::Lint;
use crate::lint::data::StateField;

/// How many states behind one that drops its input are looked at.
const STATES_MAX: usize = 50;

pub(super) fn check(places: &[StateField<'_>], found: &mut Vec<Lint>) {
    let by_name: BTreeMap<&str, &StateField<'_>> = places.iter().map(|place| (place.name, place)).collect();
    for place in places.iter().filter(|place| !place.jsonata) {
        dropped(place, &by_name, found);
    }
}

/// A state whose result replaces its input, and a later one that reads what was in that input.
fn dropped(place: &StateField<'_>, places: &BTreeMap<&str, &StateField<'_>>, found: &mut Vec<Lint>) {
    if !matches!(text(place.state, "Type"), "Task" | "Parallel" | "Map") || !replaces(place.state) {
        return;
    }
    let mut lost = reads(place.state);
    for made in members(place.state.get("ResultSelector")) {
        lost.remove(&made);
    }
    let mut seen = BTreeSet::from([place.name]);
    let mut open: VecDeque<&str> = text_of(place.state, "Next").into_iter().collect();
    while let Some(name) = open.pop_front() {
        let Some(later) = places.get(name).filter(|later| !later.jsonata && seen.insert(later.name)) else {
            continue;
        };
        for member in reads(later.state).intersection(&lost) {
            let message = format!(
                "it reads $.{member}, which {} had in its input and replaces with its result",
                place.name
            );
            let fix = format!("give {} a ResultPath, such as \"$.{}\"", place.name, suggestion(place.name));
            found.push(Lint::new("result-drops-input", later.name, message, fix));
        }
        if replaces(later.state) || seen.len() > STATES_MAX {
            continue;
        }
        if let Some(made) = text(later.state, "ResultPath").strip_prefix("$.") {
            lost.remove(first_name(made).as_str());
        }
        open.extend(targets(later.state));
    }
}

/// Whether what comes out of a state is not what went in.
fn replaces(state: &Map<String, Value>) -> bool {
    let cut = ["InputPath", "OutputPath"].iter().any(|path| state.contains_key(*path));
    let made = match text(state, "Type") {
        "Task" | "Parallel" | "Map" => true,
        "Pass" => state.contains_key("Result") || state.contains_key("Parameters"),
        _ => false,
    };
    let is_whole = state.get("ResultPath").is_none_or(|path| path == "$");
    made && is_whole || cut
}

fn targets(state: &Map<String, Value>) -> Vec<&str> {
    let rules = state.get("Choices").and_then(Value::as_array).into_iter().flatten();
    let rules = rules.filter_map(|rule| rule.get("Next").and_then(Value::as_str));
    rules.chain(text_of(state, "Next")).chain(text_of(state, "Default")).collect()
}

fn text_of<'a>(state: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    state.get(name).and_then(Value::as_str)
}

fn text<'a>(state: &'a Map<String, Value>, name: &str) -> &'a str {
    text_of(state, name).unwrap_or_default()
}

/// The names of a template's members.
fn members(template: Option<&Value>) -> Vec<String> {
    let members = template.and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, _)| name.trim_end_matches(".$").to_owned()).collect()
}

fn suggestion(name: &str) -> String {
    let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if word.is_empty() { "result".to_owned() } else { word.to_lowercase() }
}

/// The members of its input that a state reads, by their first names.
fn reads(state: &Map<String, Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let skip = [
        "Branches",
        "ItemProcessor",
        "Iterator",
        "Comment",
        "Result",
        "ResultSelector",
        "ResultPath",
        "Assign",
    ];
    let skip_also = ["OutputPath", "Catch", "Retry"];
    for (name, value) in state {
        if !skip.contains(&name.as_str()) && !skip_also.contains(&name.as_str()) {
            first_names(value, &mut names);
        }
    }
    names
}

fn first_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for piece in text.split("$.").skip(1) {
                let name = first_name(piece);
                // `$$.Execution` is the context object.
                if !name.is_empty() && !text.starts_with("$$.") {
                    names.insert(name);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| first_names(item, names)),
        Value::Object(members) => members.values().for_each(|member| first_names(member, names)),
        _ => {}
    }
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
