//! The mock file of Step Functions Local: what tasks answer in a test case, started as `ARN#CASE`.
//!
//! ```json
//! {"StateMachines": {"Order": {"TestCases": {"Busy": {"Call": "BusyThenDone"}}}},
//!  "MockedResponses": {"BusyThenDone": {"0-1": {"Throw": {"Error": "Busy", "Cause": "later"}}, "2": {"Return": {"ok": true}}}}}
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::execution::TaskError;
use crate::map_run::MapRunOrder;
use crate::step::{TaskCall, What};
use crate::walk::Outside;

/// A mock file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct MockConfig {
    /// By state machine, by test case, by state: the name of a response.
    machines: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    responses: BTreeMap<String, Vec<Span>>,
}

/// One test case: what each of its states answers, and how often each was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct MockedCase {
    states: BTreeMap<String, Vec<Span>>,
    asked: BTreeMap<String, u32>,
}

/// What a mock says to a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Mocked {
    /// The state has no mock: call the service.
    NotMocked,
    /// The result, or the error.
    Answer(Result<Value, TaskError>),
    /// The state is mocked, but not for this attempt: the execution fails with `States.Runtime`.
    Missing,
}

/// The attempts, from and to, that get an answer.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    from: u32,
    to: u32,
    answer: Result<Value, TaskError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    state_machines: BTreeMap<String, Cases>,
    #[serde(default)]
    mocked_responses: BTreeMap<String, BTreeMap<String, Response>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cases {
    test_cases: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Response {
    #[serde(default, rename = "Return")]
    result: Option<Value>,
    throw: Option<Thrown>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Thrown {
    error: String,
    cause: Option<String>,
}

impl MockConfig {
    /// Reads a mock file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File =
            serde_json::from_str(text).map_err(|error| format!("the mock file cannot be read: {error}"))?;
        let mut responses = BTreeMap::new();
        for (name, attempts) in file.mocked_responses {
            let mut spans = Vec::new();
            for (attempt, response) in attempts {
                let span = span(&attempt, response)
                    .map_err(|what| format!("MockedResponses/{name}/{attempt}: {what}"))?;
                spans.push(span);
            }
            responses.insert(name, spans);
        }
        let machines: BTreeMap<_, _> =
            file.state_machines.into_iter().map(|(name, cases)| (name, cases.test_cases)).collect();
        for (machine, cases) in &machines {
            for (case, states) in cases {
                if let Some((state, response)) =
                    states.iter().find(|(_, response)| !responses.contains_key(*response))
                {
                    let place = format!("StateMachines/{machine}/TestCases/{case}/{state}");
                    return Err(format!("{place}: MockedResponses has no {response}"));
                }
            }
        }
        Ok(Self { machines, responses })
    }

    /// What a test case says to an attempt of a state, counted from 0.
    pub fn answer(&self, machine: &str, case: &str, state: &str, attempt: u32) -> Mocked {
        let named = self.machines.get(machine).and_then(|cases| cases.get(case));
        let Some(response) = named.and_then(|states| states.get(state)) else { return Mocked::NotMocked };
        self.responses.get(response).map_or(Mocked::Missing, |spans| answer_of(spans, attempt))
    }

    /// A test case of a state machine, nothing asked yet.
    pub fn case(&self, machine: &str, case: &str) -> Option<MockedCase> {
        let named = self.machines.get(machine)?.get(case)?;
        let states = named
            .iter()
            .filter_map(|(state, response)| Some((state.clone(), self.responses.get(response)?.clone())))
            .collect();
        Some(MockedCase { states, asked: BTreeMap::new() })
    }
}

fn span(attempt: &str, response: Response) -> Result<Span, String> {
    let number = |text: &str| {
        text.trim().parse::<u32>().map_err(|_| "an attempt is a number or two: 0, 1-2".to_owned())
    };
    let (from, to) = match attempt.split_once('-') {
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(attempt)?, number(attempt)?),
    };
    let answer = match (response.result, response.throw) {
        (Some(result), None) => Ok(result),
        (None, Some(thrown)) => Err(TaskError { error: Some(thrown.error), cause: thrown.cause }),
        _ => return Err("exactly one of Return and Throw is wanted".to_owned()),
    };
    Ok(Span { from, to, answer })
}

impl MockedCase {
    /// What the mock says to the next attempt of a state; it counts.
    pub fn answer(&mut self, state: &str) -> Mocked {
        let Some(spans) = self.states.get(state) else { return Mocked::NotMocked };
        let asked = self.asked.entry(state.to_owned()).or_default();
        let attempt = *asked;
        *asked += 1;
        answer_of(spans, attempt)
    }
}

fn answer_of(spans: &[Span], attempt: u32) -> Mocked {
    let found = spans.iter().find(|span| (span.from..=span.to).contains(&attempt));
    found.map_or(Mocked::Missing, |span| Mocked::Answer(span.answer.clone()))
}

/// Why a Task fails whose state has a mock but no answer to this attempt.
pub fn missing(state: &str) -> String {
    format!("The mock of the state '{state}' has no answer to this attempt.")
}

/// In a walk a state without a mock is not answered.
impl Outside for MockedCase {
    fn task(&mut self, call: &TaskCall) -> Vec<What> {
        let task = call.task;
        match self.answer(&call.state) {
            Mocked::NotMocked => Vec::new(),
            Mocked::Answer(Ok(output)) => vec![What::TaskSucceeded { task, output }],
            Mocked::Answer(Err(TaskError { error, cause })) => vec![What::TaskFailed { task, error, cause }],
            Mocked::Missing => {
                let cause = missing(&call.state);
                vec![What::TaskFailed { task, error: Some("States.Runtime".to_owned()), cause: Some(cause) }]
            }
        }
    }

    fn items(&mut self, order: &MapRunOrder) -> Result<Vec<Value>, TaskError> {
        match self.answer(&order.state) {
            Mocked::Answer(Ok(Value::Array(items))) => Ok(items),
            Mocked::Answer(Err(error)) => Err(error),
            _ => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::MockConfig;
    use crate::walk::{Beginning, Walk};
    use crate::{About, MachineType, Status};

    #[test]
    fn a_case_answers_attempt_by_attempt() {
        let text = json!({
            "StateMachines": {"Order": {"TestCases": {"Busy": {"Call": "BusyThenDone"}}}},
            "MockedResponses": {"BusyThenDone": {
                "0-1": {"Throw": {"Error": "Busy", "Cause": "later"}},
                "2": {"Return": {"ok": true}}}}});
        let config = MockConfig::parse(&text.to_string()).expect("a mock file");
        let definition = json!({"StartAt": "Call", "States": {"Call": {"Type": "Task", "End": true,
            "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": ["Busy"]}]}}});
        let machine =
            crate::parse(&definition.to_string(), MachineType::Standard).machine.expect("a machine");
        let mut case = config.case("Order", "Busy").expect("a case");
        let mut walk = Walk::new(&machine, Beginning { about: About::default(), now_ms: 0, seed: 0 });
        walk.run(&mut case);
        assert_eq!(
            (walk.execution.status, walk.execution.output),
            (Status::Succeeded, Some(json!({"ok": true})))
        );
        // Back-off of one and of two seconds, by the walk's own clock.
        assert_eq!(walk.now_ms, 3_000);
        assert!(config.case("Order", "Other").is_none());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_place() {
        let wrong = |text: &str| MockConfig::parse(text).expect_err(text);
        assert!(wrong("{").starts_with("the mock file cannot be read: "));
        let unknown = r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "R"}}}}, "MockedResponses": {}}"#;
        assert_eq!(wrong(unknown), "StateMachines/M/TestCases/C/S: MockedResponses has no R");
        let both = r#"{"StateMachines": {}, "MockedResponses": {"R": {"0": {}}}}"#;
        assert_eq!(wrong(both), "MockedResponses/R/0: exactly one of Return and Throw is wanted");
        let number = r#"{"StateMachines": {}, "MockedResponses": {"R": {"x": {"Return": 1}}}}"#;
        assert_eq!(wrong(number), "MockedResponses/R/x: an attempt is a number or two: 0, 1-2");
    }
}
