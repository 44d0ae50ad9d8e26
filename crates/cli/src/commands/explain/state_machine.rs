//! `trunkline explain --state-machine`: a definition walked without a server, by a clock of its own.

use std::process::ExitCode;

use asl::diagnostic::refusal;
use asl::map_run::MapRunOrder;
use asl::step::TaskCall;
use asl::walk::{Beginning, Outside, Walk};
use asl::{About, MachineType, Status, TaskError, What};
use serde_json::{Map, Value, json};

use crate::timeline::{Fold, Timeline};
use crate::{input, output};

/// 2026-11-28T09:00:00Z: any moment will do, as long as it is the same for the same input.
const BEGINNING_MS: u64 = 1_795_856_400_000;

/// What is walked.
#[derive(Debug)]
pub(crate) struct Walked<'a> {
    /// A file or JSON.
    pub(crate) definition: &'a str,
    /// A file or JSON.
    pub(crate) input: &'a str,
    /// Results of Tasks, by the name of their state: a file or JSON.
    pub(crate) results: Option<&'a str>,
    pub(crate) json: bool,
}

/// Answers Tasks as the user said, and remembers the one it cannot answer.
struct Results {
    given: Map<String, Value>,
    missing: Option<TaskCall>,
}

impl Outside for Results {
    fn task(&mut self, call: &TaskCall) -> Vec<What> {
        let task = call.task;
        let Some(result) = self.given.get(&call.state) else {
            self.missing.get_or_insert_with(|| call.clone());
            return Vec::new();
        };
        let thrown = result.get("Throw");
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
        vec![match thrown {
            Some(thrown) => {
                What::TaskFailed { task, error: text(thrown, "Error"), cause: text(thrown, "Cause") }
            }
            None => What::TaskSucceeded { task, output: result.clone() },
        }]
    }

    fn items(&mut self, _order: &MapRunOrder) -> Result<Vec<Value>, TaskError> {
        Ok(Vec::new())
    }
}

/// Exit status 0 where it succeeds, 1 where it fails or stops at a Task without a result.
pub(crate) fn run(asked: &Walked<'_>) -> Result<ExitCode, String> {
    let definition = input::text_argument(asked.definition)?;
    let reading = asl::parse(&definition, MachineType::Standard);
    if let Some(words) = refusal(&reading.diagnostics) {
        return Err(words);
    }
    let machine = reading.machine.ok_or("the definition cannot be read")?;
    let given = asl::json::parse_input(&input::text_argument(asked.input)?)?;
    let results = match asked.results.map(input::text_argument).transpose()? {
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| format!("--results is no JSON object: {error}"))?
        }
        None => Map::new(),
    };
    let place = "us-east-1:000000000000";
    let about = About {
        execution_arn: format!("arn:aws:states:{place}:execution:explained:walk"),
        execution_name: "walk".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/any".to_owned(),
        machine_arn: format!("arn:aws:states:{place}:stateMachine:explained"),
        machine_name: "explained".to_owned(),
        input: given,
        ..About::default()
    };
    let mut walk = Walk::new(&machine, Beginning { about, now_ms: BEGINNING_MS, seed: 1 });
    let mut world = Results { given: results, missing: None };
    while world.missing.is_none() && walk.advance(&mut world) {}
    let mut timeline = Timeline::default();
    for event in &walk.history {
        let mut members = event.to_json();
        let seconds = aws::Timestamp::from_unix_ms(event.timestamp_ms).to_unix_seconds_f64();
        members.insert("timestamp".to_owned(), json!(seconds));
        timeline.take(&Value::Object(members), Some(&machine));
    }
    show(asked, &walk, &mut timeline, world.missing.as_ref());
    let succeeded = walk.execution.status == Status::Succeeded;
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(asked: &Walked<'_>, walk: &Walk<'_>, timeline: &mut Timeline, missing: Option<&TaskCall>) {
    let execution = &walk.execution;
    if asked.json {
        return output::json(json!({
            "status": execution.status.name(),
            "output": execution.output,
            "error": execution.error,
            "cause": execution.cause,
            "missingResult": missing.map(|call| call.state.as_str()),
            "visits": timeline.to_json(),
        }));
    }
    timeline.print_rest(Fold::Often);
    if let Some(call) = missing {
        return output::line(format_args!(
            "  It stops at the Task {}: give what it answers with --results '{{\"{}\": ...}}', or {{\"Throw\": {{\"Error\": ...}}}}",
            call.state, call.state
        ));
    }
    match (&execution.output, &execution.error) {
        (Some(out), _) => output::line(format_args!("  {} {out}", execution.status.name())),
        (None, error) => output::line(format_args!(
            "  {} {}: {}",
            execution.status.name(),
            error.as_deref().unwrap_or_default(),
            execution.cause.as_deref().unwrap_or_default()
        )),
    }
}
