//! A state machine, walked in memory with mocks for its tasks.

use std::collections::BTreeMap;

use asl::map_run::MapRunOrder;
use asl::step::TaskCall;
use asl::walk::{Beginning, Outside, Walk};
use asl::{About, Status, TaskError, What};
use serde_json::Value;

use crate::mistake::{Mistake, kind};
use crate::noun::test::{Answer, MachineExpectation, Mock, Test};
use crate::pipeline::Pipeline;
use crate::reference;

/// What an execution begins with.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) test: &'a Test,
    /// The input, as JSON text.
    pub(super) input: &'a str,
}

/// What did not come as expected.
pub(super) fn compare(
    pipeline: &Pipeline,
    expectation: &MachineExpectation,
    given: Given<'_>,
) -> Option<Mistake> {
    let span = expectation.state_machine.span;
    let name = &expectation.state_machine.value;
    let wrong = |sentence: String| Some(Mistake::new(kind::TEST, span, sentence));
    let Some(machine) = pipeline.state_machines.iter().find(|one| one.name.value == *name) else {
        return wrong(format!("there is no state machine `{name}`"));
    };
    let folder = pipeline.folder.clone().unwrap_or_default();
    let json = match machine.text(&folder) {
        Ok(json) => json,
        Err(mistake) => return Some(*mistake),
    };
    let stand_in = |kind: &str, name: &str| {
        Some(match kind {
            "function" => format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
            "stateMachine" => format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}"),
            _ => name.to_owned(),
        })
    };
    let text = reference::settle(&json.text, &stand_in).unwrap_or_default();
    let Some(definition) = asl::parse(&text, machine.machine_type()).machine else {
        return wrong(format!("the definition of `{name}` is not valid; `trunkline check` says why"));
    };
    let about = About {
        execution_arn: format!("arn:aws:states:us-east-1:000000000000:execution:{name}:test"),
        execution_name: "test".to_owned(),
        machine_arn: format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}"),
        machine_name: name.clone(),
        input: serde_json::from_str(given.input).unwrap_or_default(),
        ..About::default()
    };
    // Any time and any seed will do, the same each time.
    let beginning = Beginning { about, now_ms: 1_767_225_600_000, seed: 1 };
    let mut walk = Walk::new(&definition, beginning);
    let mut mocks = Mocks { mocks: &given.test.mocks, asked: BTreeMap::new(), unmocked: None };
    walk.run(&mut mocks);
    let unmocked = mocks.unmocked;
    verdict(expectation, &walk, unmocked)
}

fn verdict(expectation: &MachineExpectation, walk: &Walk<'_>, unmocked: Option<String>) -> Option<Mistake> {
    let span = expectation.state_machine.span;
    let execution = &walk.execution;
    if let Some(state) = unmocked {
        let mistake = Mistake::new(kind::TEST, span, format!("the task of the state `{state}` has no mock"));
        return Some(mistake.with_suggestion(format!("mocks: {{{state}: {{return: ...}}}}")));
    }
    let error = execution.error.clone().unwrap_or_default();
    let ended = match execution.status {
        Status::Succeeded => "it succeeded".to_owned(),
        Status::Running => "it still waits".to_owned(),
        _ => {
            let cause = execution.cause.clone().unwrap_or_default();
            format!("it failed with {error}: {cause}")
        }
    };
    match &expectation.fails {
        Some(wanted) if wanted.value == error => {}
        Some(wanted) => {
            return Some(Mistake::new(
                kind::TEST,
                wanted.span,
                format!("it did not fail with `{}`: {ended}", wanted.value),
            ));
        }
        None if execution.status == Status::Succeeded => {}
        None => return Some(Mistake::new(kind::TEST, span, ended)),
    }
    if let Some(wanted) = &expectation.states {
        let entered = entered(walk);
        let same = wanted.iter().map(|state| state.value.as_str()).eq(entered.iter().map(String::as_str));
        if !same {
            let at = wanted.first().map_or(span, |state| state.span);
            return Some(Mistake::new(kind::TEST, at, format!("it entered {}", entered.join(", "))));
        }
    }
    let wanted = expectation.output.as_ref()?;
    let output = execution.output.clone().unwrap_or_default();
    let meant: Value = serde_json::from_str(&wanted.text).unwrap_or_default();
    (meant != output).then(|| Mistake::new(kind::TEST, wanted.span, format!("it ended with {output}")))
}

/// The states that were entered, in order.
fn entered(walk: &Walk<'_>) -> Vec<String> {
    let events = walk.history.iter().filter(|event| event.kind.ends_with("StateEntered"));
    events.filter_map(|event| Some(event.details.as_ref()?.get("name")?.as_str()?.to_owned())).collect()
}

/// The tasks of a test.
struct Mocks<'a> {
    mocks: &'a [Mock],
    asked: BTreeMap<String, usize>,
    unmocked: Option<String>,
}

impl Mocks<'_> {
    fn answer(&mut self, state: &str) -> Option<Result<Value, TaskError>> {
        let Some(mock) = self.mocks.iter().find(|mock| mock.state.value == state) else {
            self.unmocked.get_or_insert_with(|| state.to_owned());
            return None;
        };
        let asked = self.asked.entry(state.to_owned()).or_default();
        let answer = mock.answers.get(*asked).or_else(|| mock.answers.last())?;
        *asked += 1;
        Some(match answer {
            Answer::Return(text) => Ok(serde_json::from_str(text).unwrap_or_default()),
            Answer::Throw { error, cause } => {
                Err(TaskError { error: Some(error.clone()), cause: Some(cause.clone()) })
            }
        })
    }
}

impl Outside for Mocks<'_> {
    fn task(&mut self, call: &TaskCall) -> Vec<What> {
        let task = call.task;
        match self.answer(&call.state) {
            None => Vec::new(),
            Some(Ok(output)) => vec![What::TaskSucceeded { task, output }],
            Some(Err(TaskError { error, cause })) => vec![What::TaskFailed { task, error, cause }],
        }
    }

    fn items(&mut self, order: &MapRunOrder) -> Result<Vec<Value>, TaskError> {
        match self.answer(&order.state) {
            Some(Ok(Value::Array(items))) => Ok(items),
            Some(Err(error)) => Err(error),
            _ => Ok(Vec::new()),
        }
    }
}
