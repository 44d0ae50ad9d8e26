//! Calls on executions: started by a name until that is acknowledged, and looked at when they must have ended.

use aws::Timestamp;
use serde_json::{Value, json};

use crate::commands::torture::line::{Line, Number, Walk};
use crate::commands::torture::witness::{Answer, Witness, text};

/// The state machine, whose executions pass, wait for as many seconds as their input says, and choose.
pub(crate) fn machine() -> Value {
    let definition = json!({"StartAt": "Pass", "States": {
        "Pass": {"Type": "Pass", "Next": "Long"},
        "Long": {"Type": "Choice", "Default": "End",
            "Choices": [{"Variable": "$.wait", "NumericGreaterThan": 0, "Next": "Wait"}]},
        "Wait": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "End"},
        "End": {"Type": "Pass", "End": true},
    }});
    let role = "arn:aws:iam::000000000000:role/torture";
    json!({"name": "torture", "definition": definition.to_string(), "roleArn": role})
}

fn arn(number: Number) -> String {
    format!("arn:aws:states:us-east-1:000000000000:execution:torture:e{number}")
}

impl Witness<'_> {
    /// Starts an execution; whether that is acknowledged. The same name and input are the same execution.
    pub(crate) fn start_execution(&mut self, number: Number, wait_s: u64) -> bool {
        let request = json!({
            "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:torture",
            "name": format!("e{number}"), "input": json!({"wait": wait_s}).to_string(),
        });
        let target = "AWSStepFunctions.StartExecution";
        let Some((call, answer)) = self.call(&Line::Starting { number, wait_s }, target, &request) else {
            return true;
        };
        match answer {
            Answer::Done(answer) if text(&answer, "executionArn") == arn(number) => {
                self.control.journal.note(call, &Line::Begun { number })
            }
            // An earlier try has started it, whose answer a kill cut off, and it has ended since: its name is taken.
            Answer::Refused(answer) if text(&answer, "__type").ends_with("ExecutionAlreadyExists") => {
                self.control.journal.note(call, &Line::Begun { number })
            }
            other => self.strange(target, &other),
        }
    }

    /// Reads how an execution has ended, with its history. Whether it has.
    pub(crate) fn look_at_execution(&mut self, number: Number) -> bool {
        let asked = Line::Walking { number };
        let target = "AWSStepFunctions.DescribeExecution";
        let request = json!({"executionArn": arn(number)});
        let Some((_, answer)) = self.call(&asked, target, &request) else { return true };
        let Answer::Done(described) = answer else { return self.strange(target, &answer) };
        if text(&described, "status") == "RUNNING" {
            return false;
        }
        let target = "AWSStepFunctions.GetExecutionHistory";
        let request = json!({"executionArn": arn(number), "maxResults": 1_000});
        let Some((call, answer)) = self.call(&asked, target, &request) else { return true };
        let Answer::Done(history) = answer else { return self.strange(target, &answer) };
        let walk = walk(&described, &history);
        self.control.journal.note(call, &Line::Walked { number, walk })
    }
}

fn walk(described: &Value, history: &Value) -> Walk {
    let events = history.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_end = |event: &&Value| {
        let kind = text(event, "type");
        kind.starts_with("Execution") && kind != "ExecutionStarted"
    };
    let moment =
        |name: &str| described.get(name).and_then(Value::as_f64).and_then(Timestamp::from_unix_seconds_f64);
    let took = moment("stopDate").zip(moment("startDate")).map(|(stop, start)| stop.since(start));
    let ids = events.iter().map(|event| event.get("id").and_then(Value::as_u64));
    Walk {
        succeeded: text(described, "status") == "SUCCEEDED",
        took_ms: took.and_then(|took| u64::try_from(took.as_millis()).ok()).unwrap_or_default(),
        events: events.len() as u64,
        has_gap: !ids.eq((1..=events.len() as u64).map(Some)),
        starts: events.iter().filter(|event| text(event, "type") == "ExecutionStarted").count() as u64,
        ends: events.iter().filter(is_end).count() as u64,
        is_last_an_end: events.last().is_some_and(|event| is_end(&event)),
    }
}
