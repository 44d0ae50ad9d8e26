//! `trunkline execution diff`: where two executions went different ways, and what they had there.

use provision::Request;
use serde_json::{Value, json};

use crate::output::{self, Form};
use crate::remote::{Remote, items, text};

/// A stay in a state: what it got and what it gave.
#[derive(Clone, Debug, PartialEq)]
struct Stay {
    state: String,
    input: Value,
    output: Option<Value>,
}

/// What an execution did.
#[derive(Debug)]
struct Told {
    arn: String,
    status: String,
    input: Value,
    stays: Vec<Stay>,
}

/// One thing that is different.
#[derive(Clone, Debug, PartialEq)]
struct Difference {
    /// `input`, `Pay input`, `Pay output`, `way`, `end`.
    place: String,
    /// A path within it, empty for the whole.
    path: String,
    one: Value,
    other: Value,
}

/// Whether they did the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    Different,
}

/// Tells the differences of two executions.
pub(super) fn run(remote: &Remote, [one, other]: [String; 2], form: Form) -> Result<Likeness, String> {
    let (one, other) = (told(remote, one)?, told(remote, other)?);
    let differences = compare(&one, &other);
    if form == Form::Json {
        let shown = |found: &Difference| json!({"place": found.place, "path": found.path, "one": found.one, "other": found.other});
        let all: Vec<Value> = differences.iter().map(shown).collect();
        output::json(json!({"one": one.arn, "other": other.arn, "differences": all}));
    } else {
        output::line(format_args!("- {}\n+ {}", one.arn, other.arn));
        for Difference { place, path, one, other } in &differences {
            let place = if path.is_empty() { place.clone() } else { format!("{place} $.{path}") };
            output::line(output::styled(output::STRONG, place));
            output::line(format_args!("  - {}", cut(one)));
            output::line(format_args!("  + {}", cut(other)));
        }
        if differences.is_empty() {
            output::line("they did the same");
        }
    }
    Ok(if differences.is_empty() { Likeness::Same } else { Likeness::Different })
}

/// Characters of a value that are shown.
const SHOWN_MAX: usize = 160;

fn cut(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    let start: String = text.chars().take(SHOWN_MAX).collect();
    format!("{start}...")
}

fn told(remote: &Remote, arn: String) -> Result<Told, String> {
    let described = remote.ask(Request::states("DescribeExecution", json!({"executionArn": arn})))?;
    let mut stays: Vec<Stay> = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut request = json!({"executionArn": arn, "maxResults": 1000});
        if let (Some(members), Some(token)) = (request.as_object_mut(), &token) {
            members.insert("nextToken".to_owned(), json!(token));
        }
        let answer = remote.ask(Request::states("GetExecutionHistory", request))?;
        for event in items(&answer, "events") {
            take(event, &mut stays);
        }
        token = answer.get("nextToken").and_then(Value::as_str).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let status = text(&described, "status").to_owned();
    let input = parsed(text(&described, "input"));
    Ok(Told { arn, status, input, stays })
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn take(event: &Value, stays: &mut Vec<Stay>) {
    let details = |name: &str| event.get(name).cloned().unwrap_or_default();
    let entered = details("stateEnteredEventDetails");
    if entered.is_object() {
        let state = text(&entered, "name").to_owned();
        stays.push(Stay { state, input: parsed(text(&entered, "input")), output: None });
    }
    let exited = details("stateExitedEventDetails");
    let open =
        stays.iter_mut().rev().find(|stay| stay.output.is_none() && stay.state == text(&exited, "name"));
    if let Some(stay) = open {
        stay.output = Some(parsed(text(&exited, "output")));
    }
}

/// The input, then state by state up to where the ways part, then the end.
fn compare(one: &Told, other: &Told) -> Vec<Difference> {
    let mut found = Vec::new();
    values(&Place { place: "input", path: String::new() }, &one.input, &other.input, &mut found);
    let same = one.stays.iter().zip(&other.stays).take_while(|(left, right)| left.state == right.state);
    let mut together = 0;
    for (left, right) in same {
        together += 1;
        let place = format!("{} output", left.state);
        let (left, right) =
            (left.output.clone().unwrap_or_default(), right.output.clone().unwrap_or_default());
        values(&Place { place: &place, path: String::new() }, &left, &right, &mut found);
    }
    let way = |told: &Told| told.stays.get(together).map_or(Value::Null, |stay| json!(stay.state));
    let mut whole = |place: String, one: Value, other: Value| {
        if one != other {
            found.push(Difference { place, path: String::new(), one, other });
        }
    };
    let last = together.checked_sub(1).and_then(|last| one.stays.get(last));
    let after = last.map_or_else(|| "first state".to_owned(), |stay| format!("way after {}", stay.state));
    whole(after, way(one), way(other));
    whole("end".to_owned(), json!(one.status), json!(other.status));
    found
}

/// Where values are compared.
struct Place<'a> {
    place: &'a str,
    path: String,
}

impl Place<'_> {
    fn below(&self, name: &str) -> Place<'_> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Place { place: self.place, path }
    }
}

/// The innermost members that are different.
fn values(at: &Place<'_>, one: &Value, other: &Value, found: &mut Vec<Difference>) {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            for (name, value) in left {
                values(&at.below(name), value, right.get(name).unwrap_or(&Value::Null), found);
            }
            for (name, value) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
                values(&at.below(name), &Value::Null, value, found);
            }
        }
        (one, other) if one == other => {}
        (one, other) => found.push(Difference {
            place: at.place.to_owned(),
            path: at.path.clone(),
            one: one.clone(),
            other: other.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Stay, Told, compare};

    fn told(input: Value, stays: &[(&str, Value)]) -> Told {
        let stay = |(state, output): &(&str, Value)| Stay {
            state: (*state).to_owned(),
            input: Value::Null,
            output: Some(output.clone()),
        };
        Told {
            arn: String::new(),
            status: "SUCCEEDED".to_owned(),
            input,
            stays: stays.iter().map(stay).collect(),
        }
    }

    #[test]
    fn the_innermost_difference_and_the_parting_of_the_ways_are_told() {
        let one = told(json!({"a": {"b": 1, "c": 2}}), &[("S", json!({"x": 1})), ("Yes", json!(1))]);
        let other = told(json!({"a": {"b": 1, "c": 3}}), &[("S", json!({"x": 1, "y": 2})), ("No", json!(1))]);
        let found: Vec<String> = compare(&one, &other)
            .iter()
            .map(|found| format!("{} {}: {} {}", found.place, found.path, found.one, found.other))
            .collect();
        assert_eq!(found, ["input a.c: 2 3", "S output y: null 2", "way after S : \"Yes\" \"No\""]);
        assert_eq!(compare(&one, &one), []);
    }
}
