//! What is doubtful in a definition that AWS accepts, each with the fix.

mod data;
mod dropped;
mod loops;
mod size;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::definition::{Amount, Kind, Machine, MachineType, Mode, State, Task, Until};
use crate::diagnostic::{Diagnostic, Severity};
use crate::resource::{Pattern, Resource};

/// One doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its name: `task-without-timeout`.
    pub name: &'static str,
    /// The state that it is about.
    pub state: String,
    /// Where the state stands: `/States/Pay`.
    pub at: String,
    /// What may go wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// How long an Express execution may take, in seconds.
const EXPRESS_SECONDS_MAX: f64 = 300.0;

/// Every doubt about a definition that parses; nothing about one that does not: its diagnostics say what is wrong.
pub fn lint(text: &str, kind: MachineType) -> Vec<Lint> {
    let Some(machine) = crate::parse::parse(text, kind).machine else { return Vec::new() };
    let mut found = Vec::new();
    for block in &machine.blocks {
        loops::check(block, &mut found);
    }
    for state in machine.states() {
        check(&machine, state, &mut found);
    }
    let definition: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(definition) = definition.as_object() {
        let places = data::all(definition);
        data::check(&places, &mut found);
        dropped::check(&places, &mut found);
        size::check(&places, &mut found);
        let by_name: BTreeMap<&str, &str> =
            places.iter().map(|place| (place.name, place.at.as_str())).collect();
        for lint in &mut found {
            lint.at = by_name.get(lint.state.as_str()).copied().unwrap_or("/").to_owned();
        }
    }
    found
}

impl Lint {
    /// One about a state; where that stands is added when all are found.
    fn new(name: &'static str, state: &str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: state.to_owned(), at: String::new(), message: message.into(), fix: fix.into() }
    }
}

fn check(machine: &Machine, state: &State, found: &mut Vec<Lint>) {
    let mut tell = |name, message: String, fix: &str| {
        found.push(Lint::new(name, &state.name, message, fix));
    };
    match &state.kind {
        Kind::Task(task) => {
            if task.timeout.is_none() && task.heartbeat.is_none() {
                let wait = match machine.kind {
                    MachineType::Standard => "for a year",
                    MachineType::Express => "until the execution's five minutes are over",
                };
                let message =
                    format!("a task that is never answered keeps the state waiting {wait}{}", never(task));
                tell(
                    "task-without-timeout",
                    message,
                    "set TimeoutSeconds, or HeartbeatSeconds where it reports",
                );
            }
            if task.guard.retry.is_empty() {
                let message = "one failure of the service, even a passing one, fails the state".to_owned();
                tell("task-without-retry", message, "add Retry for the errors that pass, with MaxAttempts");
            }
        }
        Kind::Map(map) => {
            let limited = matches!(&map.max_concurrency, Some(Amount::Fixed(limit)) if *limit > 0.0);
            if limited && asks(machine, map.processor) {
                let message =
                    "MaxConcurrency limits the iterations of one execution; executions side by side each \
                               have their own"
                        .to_owned();
                tell(
                    "map-limit-is-not-global",
                    message,
                    "limit what is called: `concurrency` of the function",
                );
            }
            if let Mode::Distributed(distributed) = &map.mode
                && distributed.writer.is_none()
            {
                let message = "the outputs of all children come back as one array, which fails above 256 KiB"
                    .to_owned();
                tell(
                    "payload-may-be-too-large",
                    message,
                    "add a ResultWriter, or give the children a small output",
                );
            }
        }
        Kind::Wait(Until::Seconds(Amount::Fixed(seconds)))
            if machine.kind == MachineType::Express && *seconds >= EXPRESS_SECONDS_MAX =>
        {
            let message =
                format!("it waits {seconds} s, and an Express execution ends after {EXPRESS_SECONDS_MAX}");
            tell("express-waits-too-long", message, "make it a Standard state machine, or wait less");
        }
        _ => {}
    }
}

fn never(task: &Task) -> &'static str {
    match (&task.resource, task.resource.pattern()) {
        (Resource::Activity { .. }, _) => ", and so is one that no worker takes",
        (_, Pattern::WaitForTaskToken) => ", and so is a token that is lost",
        _ => "",
    }
}

/// Whether a block asks anybody.
fn asks(machine: &Machine, block: usize) -> bool {
    let states = machine.blocks.get(block).map(|block| block.states.as_slice()).unwrap_or_default();
    states.iter().any(|state| match &state.kind {
        Kind::Task(_) => true,
        Kind::Parallel(parallel) => parallel.branches.iter().any(|branch| asks(machine, *branch)),
        Kind::Map(map) => asks(machine, map.processor),
        _ => false,
    })
}

/// The warnings of ValidateStateMachineDefinition: values that look like paths and are taken as texts.
pub(crate) fn warnings(definition: &Map<String, Value>) -> Vec<Diagnostic> {
    data::warnings(definition)
        .into_iter()
        .map(|warning| Diagnostic {
            severity: Severity::Warning,
            code: warning.code,
            message: warning.message.to_owned(),
            location: Some(warning.at),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::lint;
    use crate::{MachineType, Severity, validate};

    fn names(definition: &Value) -> Vec<String> {
        let reading = crate::parse(&definition.to_string(), MachineType::Standard);
        assert!(reading.machine.is_some(), "{:?}", reading.diagnostics);
        let found = lint(&definition.to_string(), MachineType::Standard);
        found.iter().map(|lint| format!("{} {}", lint.name, lint.state)).collect()
    }

    fn task(more: &Value) -> Value {
        let mut task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5,
            "Retry": [{"ErrorEquals": ["States.ALL"]}], "Parameters": {"FunctionName": "f", "Payload.$": "$.order"}});
        for (name, value) in more.as_object().into_iter().flatten() {
            task[name] = value.clone();
        }
        task
    }

    #[test]
    fn a_loop_through_a_catcher_is_told_with_the_time_it_takes() {
        // The tutorials' RetryHandler: caught, waited, tried again, for ever.
        let definition = json!({"StartAt": "Call", "States": {
            "Call": task(&json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "RetryHandler"}],
                "End": true})),
            "RetryHandler": {"Type": "Wait", "Seconds": 60, "Next": "Call"}}});
        assert_eq!(names(&definition), ["unbounded-retry-loop RetryHandler"]);
        let found = lint(&definition.to_string(), MachineType::Standard);
        // Two states are entered and left, and the task is scheduled, started and fails four times: 16 events a round.
        assert!(found[0].message.contains("1562 rounds"), "{}", found[0].message);
        // With a Choice in it somebody counts.
        let definition = json!({"StartAt": "Call", "States": {
            "Call": task(&json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Often"}], "End": true})),
            "Often": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Call"}], "Default": "No"},
            "No": {"Type": "Fail"}}});
        assert_eq!(names(&definition), Vec::<String>::new());
    }

    #[test]
    fn a_result_that_drops_what_is_read_later_is_told() {
        let read = json!({"Type": "Pass", "Parameters": {"again.$": "$.order"}, "End": true});
        let call = |more: &Value| json!({"StartAt": "Call", "States": {"Call": task(more), "Read": read}});
        assert_eq!(names(&call(&json!({"Next": "Read"}))), ["result-drops-input Read"]);
        assert_eq!(names(&call(&json!({"Next": "Read", "ResultPath": "$.answer"}))), Vec::<String>::new());
        assert_eq!(names(&call(&json!({"Next": "Read", "ResultPath": "$"}))), ["result-drops-input Read"]);
    }

    #[test]
    fn what_is_read_behind_states_that_hand_on_their_input_is_told_too() {
        let through = |between: Value| {
            json!({"StartAt": "Call", "States": {"Call": task(&json!({"Next": "Between"})), "Between": between,
                "Read": {"Type": "Pass", "Parameters": {"again.$": "$.order"}, "End": true}}})
        };
        let wait = through(json!({"Type": "Wait", "Seconds": 1, "Next": "Read"}));
        assert_eq!(names(&wait), ["result-drops-input Read"]);
        let found = lint(&wait.to_string(), MachineType::Standard);
        assert_eq!(found[0].at, "/States/Read");
        // What a state on the way puts there is there.
        let made = through(json!({"Type": "Pass", "Result": 1, "ResultPath": "$.order", "Next": "Read"}));
        assert_eq!(names(&made), Vec::<String>::new());
        let replaced = through(json!({"Type": "Pass", "Result": {"order": 1}, "Next": "Read"}));
        assert_eq!(names(&replaced), Vec::<String>::new());
    }

    #[test]
    fn paths_that_jsonata_takes_for_texts_are_told() {
        let definition = json!({"QueryLanguage": "JSONata", "StartAt": "P", "States": {
            "P": {"Type": "Pass", "Output": {"a": "$.b", "price": "$5"}, "End": true}}});
        assert_eq!(names(&definition), ["path-in-jsonata P"]);
    }

    #[test]
    fn whole_answers_of_each_iteration_are_told() {
        let call = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "End": true,
            "Retry": [{"ErrorEquals": ["States.ALL"]}], "Parameters": {"FunctionName": "f"}});
        let map = |task: &Value| {
            json!({"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
            "ItemProcessor": {"StartAt": "T", "States": {"T": task}}}}})
        };
        assert_eq!(names(&map(&call)), ["payload-may-be-too-large M"]);
        let mut small = call;
        small["OutputPath"] = json!("$.Payload");
        assert_eq!(names(&map(&small)), Vec::<String>::new());
    }

    #[test]
    fn tasks_and_maps_are_told() {
        let bare = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true});
        let definition = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 3, "End": true,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "T", "States": {"T": bare}}}}});
        assert_eq!(
            names(&definition),
            [
                "map-limit-is-not-global M",
                "payload-may-be-too-large M",
                "task-without-timeout T",
                "task-without-retry T"
            ]
        );
    }

    #[test]
    fn texts_that_look_like_paths_are_told_as_aws_warns_of_them() {
        let definition = json!({"StartAt": "P", "States": {
            "P": {"Type": "Pass", "Parameters": {"a": "$.b", "c": "States.UUID()"}, "Next": "R"},
            "R": {"Type": "Pass", "Result": {"a.$": "$.b"}, "End": true}}});
        let codes: Vec<String> = validate(&definition.to_string(), MachineType::Standard)
            .iter()
            .map(|found| {
                assert_eq!(found.severity, Severity::Warning);
                format!("{} {}", found.code, found.location.as_deref().unwrap_or_default())
            })
            .collect();
        assert_eq!(
            codes,
            [
                "NO_DOLLAR /States/P/Parameters/a",
                "NO_DOLLAR /States/P/Parameters/c",
                "PASS_RESULT_IS_STATIC /States/R/Result"
            ]
        );
    }

    #[test]
    fn expressions_that_are_never_evaluated_are_told() {
        let definition = json!({"StartAt": "P", "States": {
            "P": {"Type": "Pass", "Parameters": {"a": "{% $states.input %}"}, "Next": "Q"},
            "Q": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a": "n: {% 1 %}"}, "End": true}}});
        assert_eq!(names(&definition), ["jsonata-in-jsonpath P", "jsonata-in-text Q"]);
    }
}
