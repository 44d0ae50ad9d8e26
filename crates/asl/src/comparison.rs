//! Two executions beside each other: where they went different ways, and what they had there.
//!
//! Both are read from what DescribeExecution and GetExecutionHistory answer.

use serde_json::{Value, json};

/// A stay in a state: what it got and what it gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stay {
    /// The state's name.
    pub state: String,
    /// What it got.
    pub input: Value,
    /// What it gave; `None`: it was not left.
    pub output: Option<Value>,
}

/// What an execution did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// `SUCCEEDED`, `FAILED` and so on.
    pub status: String,
    /// What it was started with.
    pub input: Value,
    /// The states that it entered, in their order.
    pub stays: Vec<Stay>,
}

/// One thing that is different.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// `input`, `Pay output`, `way after Pay`, `end`.
    pub place: String,
    /// A path within it, empty for the whole.
    pub path: String,
    /// What the first has there; null: nothing.
    pub one: Value,
    /// What the other has there; null: nothing.
    pub other: Value,
}

impl Told {
    /// An execution of which no event has been read yet, from the answer of DescribeExecution.
    pub fn of(described: &Value) -> Self {
        let text = |name: &str| text(described, name);
        Self { status: text("status").to_owned(), input: parsed(text("input")), stays: Vec::new() }
    }

    /// Reads the next event of its history, as GetExecutionHistory has it.
    pub fn take(&mut self, event: &Value) {
        if let Some(entered) = event.get("stateEnteredEventDetails") {
            let state = text(entered, "name").to_owned();
            self.stays.push(Stay { state, input: parsed(text(entered, "input")), output: None });
        }
        let Some(exited) = event.get("stateExitedEventDetails") else { return };
        let name = text(exited, "name");
        let open = self.stays.iter_mut().rev().find(|stay| stay.output.is_none() && stay.state == name);
        if let Some(stay) = open {
            stay.output = Some(parsed(text(exited, "output")));
        }
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// The input, then state by state up to where the ways part, then the end.
pub fn compare(one: &Told, other: &Told) -> Vec<Difference> {
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
        Told { status: "SUCCEEDED".to_owned(), input, stays: stays.iter().map(stay).collect() }
    }

    #[test]
    fn a_history_is_read_as_stays() {
        let mut told = Told::of(&json!({"status": "FAILED", "input": "{\"a\":1}"}));
        for event in [
            json!({"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Pay", "input": "1"}}),
            json!({"type": "TaskStateExited", "stateExitedEventDetails": {"name": "Pay", "output": "no JSON"}}),
            json!({"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Ship", "input": "2"}}),
        ] {
            told.take(&event);
        }
        let stay = |state: &str, input, output| Stay { state: state.to_owned(), input, output };
        let stays = vec![stay("Pay", json!(1), Some(json!("no JSON"))), stay("Ship", json!(2), None)];
        assert_eq!(told, Told { status: "FAILED".to_owned(), input: json!({"a": 1}), stays });
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
