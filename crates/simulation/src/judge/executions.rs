//! Executions: each ends once, its history has no gap, its Task was called.

use serde_json::Value;

use crate::judge::{Judge, Kind, Queue};

/// What is known of an execution.
#[derive(Debug, Default)]
pub(crate) struct Execution {
    /// How it had ended when that was first seen: its status and its stop date.
    ended: Option<(String, String)>,
    has_history: bool,
}

impl Judge {
    /// DescribeExecution has answered. Whether it has ended.
    pub(crate) fn described(&mut self, number: u64, answer: &Value) -> bool {
        let status = answer["status"].as_str().unwrap_or_default().to_owned();
        let known = self.executions.entry(number).or_default();
        let now = (status != "RUNNING").then(|| (status.clone(), answer["stopDate"].to_string()));
        let before = known.ended.clone();
        if known.ended.is_none() {
            known.ended.clone_from(&now);
            self.tally.executions += u64::from(now.is_some());
        }
        if before.is_some() && before != now {
            self.broken(format!(
                "ended twice: the execution #{number} ended as {before:?} and is {now:?} now"
            ));
        } else if now.is_some() && status != "SUCCEEDED" {
            self.broken(format!("failed: the execution #{number} is {status}: {answer}"));
        }
        now.is_some()
    }

    /// GetExecutionHistory has answered all of it.
    pub(crate) fn history(&mut self, number: u64, events: &[Value]) {
        let type_of = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        let gap = events.iter().zip(1_u64..).find(|(event, id)| event["id"].as_u64() != Some(*id));
        let last = events.last().map(type_of).unwrap_or_default();
        let ends: Vec<String> = events
            .iter()
            .map(type_of)
            .filter(|kind| kind.starts_with("Execution") && kind != "ExecutionStarted")
            .collect();
        let starts = events.iter().filter(|event| type_of(event) == "ExecutionStarted").count();
        let back = events.windows(2).any(|pair| match pair {
            [one, next] => one["timestamp"].as_f64() > next["timestamp"].as_f64(),
            _ => false,
        });
        if let Some((event, id)) = gap {
            self.broken(format!(
                "gap: the history of the execution #{number} has {event} in the place of event {id}"
            ));
        } else if ends.len() != 1 || starts != 1 || !last.starts_with("Execution") || back {
            self.broken(format!("history: the execution #{number} starts {starts} times, ends as {ends:?}, last {last}, back in time: {back}"));
        }
        self.executions.entry(number).or_default().has_history = true;
    }

    /// It has ended, with a whole history, and its Task has sent its message.
    pub(super) fn was_executed(&mut self, number: u64) {
        let known = self.executions.get(&number);
        let is_over = known.is_some_and(|execution| execution.ended.is_some() && execution.has_history);
        if !is_over {
            self.broken(format!("lost: the execution #{number} has not ended: {known:?}"));
        } else if !self.has_come(Queue::Tasks, number) {
            self.broken(format!("lost: the execution #{number} succeeded, and its Task has sent nothing"));
        }
    }

    /// The executions that the server surely has.
    pub(crate) fn executions_there(&self) -> Vec<u64> {
        let there = self.things.iter().filter(|(_, thing)| thing.is_there);
        there
            .filter(|(_, thing)| matches!(thing.kind, Kind::Execution { .. }))
            .map(|(number, _)| *number)
            .collect()
    }
}
