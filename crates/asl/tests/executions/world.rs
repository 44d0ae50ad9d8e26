//! The world of the tests: answers in a row, and an execution that is kept as JSON after every step.

use std::collections::VecDeque;

use asl::map_run::MapRunOrder;
use asl::step::TaskCall;
use asl::walk::{Beginning, Outside, Walk};
use asl::{About, Execution, Machine, MachineType, TaskError, What};
use serde_json::Value;

/// 2026-11-28T09:00:00Z.
pub(crate) const NOW_MS: u64 = 1_795_856_400_000;
pub(crate) const ROLE: &str = "arn:aws:iam::111111111111:role/run";

/// Task after task is answered with the next; when none is left, nobody answers.
#[derive(Debug, Default)]
pub(crate) struct Answers(pub(crate) VecDeque<Result<Value, TaskError>>);

impl Outside for Answers {
    fn task(&mut self, call: &TaskCall) -> Vec<What> {
        let task = call.task;
        match self.0.pop_front() {
            None => Vec::new(),
            Some(Ok(output)) => vec![What::TaskSucceeded { task, output }],
            Some(Err(TaskError { error, cause })) => vec![What::TaskFailed { task, error, cause }],
        }
    }

    fn items(&mut self, _order: &MapRunOrder) -> Result<Vec<Value>, TaskError> {
        Ok(vec![Value::from(1), Value::from(2)])
    }
}

pub(crate) fn machine(definition: &Value) -> Machine {
    let reading = asl::parse(&definition.to_string(), MachineType::Standard);
    reading.machine.unwrap_or_else(|| panic!("{:?}", reading.diagnostics))
}

pub(crate) fn about(input: Value) -> About {
    About {
        execution_arn: "arn:aws:states:us-east-1:111111111111:execution:m:run".to_owned(),
        execution_name: "run".to_owned(),
        role_arn: ROLE.to_owned(),
        machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:m".to_owned(),
        machine_name: "m".to_owned(),
        input,
        item: None,
        block: 0,
    }
}

pub(crate) fn walk(machine: &Machine, input: Value) -> Walk<'_> {
    Walk::new(machine, Beginning { about: about(input), now_ms: NOW_MS, seed: 11 })
}

/// The execution as it comes back from where it is kept.
pub(crate) fn kept(execution: &Execution) -> Execution {
    let text = serde_json::to_string(execution).expect("an execution is JSON");
    serde_json::from_str(&text).expect("JSON is an execution")
}
