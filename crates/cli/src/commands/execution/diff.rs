//! `trunkline execution diff`: where two executions went different ways, and what they had there.

use asl::comparison::{Difference, Told, compare};
use provision::Request;
use serde_json::{Value, json};

use crate::output::{self, Form};
use crate::remote::{Remote, items};

/// Whether they did the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    Different,
}

/// Tells the differences of two executions.
pub(super) fn run(remote: &Remote, [one, other]: [String; 2], form: Form) -> Result<Likeness, String> {
    let differences = compare(&told(remote, &one)?, &told(remote, &other)?);
    if form == Form::Json {
        let shown = |found: &Difference| json!({"place": found.place, "path": found.path, "one": found.one, "other": found.other});
        let all: Vec<Value> = differences.iter().map(shown).collect();
        output::json(json!({"one": one, "other": other, "differences": all}));
    } else {
        output::line(format_args!("- {one}\n+ {other}"));
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

fn told(remote: &Remote, arn: &str) -> Result<Told, String> {
    let described = remote.ask(Request::states("DescribeExecution", json!({"executionArn": arn})))?;
    let mut told = Told::of(&described);
    let mut token: Option<String> = None;
    loop {
        let mut request = json!({"executionArn": arn, "maxResults": 1000});
        if let (Some(members), Some(token)) = (request.as_object_mut(), &token) {
            members.insert("nextToken".to_owned(), json!(token));
        }
        let answer = remote.ask(Request::states("GetExecutionHistory", request))?;
        for event in items(&answer, "events") {
            told.take(event);
        }
        token = answer.get("nextToken").and_then(Value::as_str).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    Ok(told)
}
