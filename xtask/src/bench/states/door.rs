//! Step Functions as the benchmark calls it.

use std::net::SocketAddr;
use std::time::Duration;

use aws::api::STATES;
use serde_json::{Value, json};

use crate::bench::http::{Connection, Operation, text};
use crate::machine::{self, Outcome};

/// How long an execution may take to end after all has been asked for.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks at an execution that runs.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) const START: Operation = operation("StartExecution");
pub(super) const START_SYNC: Operation = operation("StartSyncExecution");

const fn operation(name: &'static str) -> Operation {
    Operation::of(&STATES, name)
}

/// A connection that knows the operations by their names.
#[derive(Debug)]
pub(super) struct Door(pub(super) Connection);

impl Door {
    pub(super) fn open(address: SocketAddr) -> Outcome<Door> {
        Connection::open(address).map(Door)
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When the answer is none of success.
    pub(super) fn ask(&mut self, name: &'static str, body: &Value) -> Outcome<Value> {
        self.0.ask(operation(name), body)
    }

    /// Makes a state machine; its ARN.
    pub(super) fn machine(&mut self, name: &str, kind: &str, definition: &Value) -> Outcome<String> {
        let asked = json!({
            "name": name, "type": kind, "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::000000000000:role/bench",
        });
        text(&self.ask("CreateStateMachine", &asked)?, "/stateMachineArn")
    }

    /// Starts an execution; its ARN.
    pub(super) fn start(&mut self, machine: &str, input: &Value) -> Outcome<String> {
        let asked = json!({"stateMachineArn": machine, "input": input.to_string()});
        text(&self.ask("StartExecution", &asked)?, "/executionArn")
    }

    /// Waits for an execution's end; what is told of it then.
    pub(super) fn await_end(&mut self, execution: &str) -> Outcome<Value> {
        let begun = machine::now();
        while begun.elapsed() < PATIENCE {
            let shown = self.ask("DescribeExecution", &json!({"executionArn": execution}))?;
            if shown.get("status").and_then(Value::as_str) != Some("RUNNING") {
                return Ok(shown);
            }
            machine::pause(PAUSE);
        }
        Err(format!("{execution} has not ended within {PATIENCE:?}"))
    }

    /// Waits until no execution of a machine runs.
    pub(super) fn await_all(&mut self, machine: &str) -> Outcome<()> {
        let begun = machine::now();
        let asked = json!({"stateMachineArn": machine, "statusFilter": "RUNNING", "maxResults": 1});
        while begun.elapsed() < PATIENCE {
            let listed = self.ask("ListExecutions", &asked)?;
            if listed.pointer("/executions/0").is_none() && listed.get("nextToken").is_none() {
                return Ok(());
            }
            machine::pause(PAUSE);
        }
        Err(format!("executions of {machine} still run after {PATIENCE:?}"))
    }
}
