//! How an execution ends: its record, those who wait for it, and what is told of it, in one commit.

use asl::Status;
use asl::step::End;
use serde_json::{Value, json};
use store::Commit;

use crate::States;
use crate::execution::{Execution, ExecutionKey, Waiting};
use crate::integration::capitalized;
use crate::owed::Owed;
use crate::token;

impl States {
    /// Ends an execution whose last step said so.
    pub(crate) fn end(
        &self,
        commit: &mut Commit<'_>,
        key: &ExecutionKey,
        mut execution: Execution,
        end: End,
    ) {
        execution.status = end.status;
        execution.output = end.output.map(|output| output.to_string());
        execution.error = end.error;
        execution.cause = end.cause;
        execution.stopped = Some(commit.now);
        execution.put(commit, key);
        Self::note_closed(commit, &execution);
        for open in token::close_all(commit, execution.number) {
            self.stop_child(commit, open.child);
        }
        self.tell_status(commit, key, &execution);
        self.tell_waiting(commit, key, &execution);
        self.count_ended(commit, &key.machine);
        if let Some(child) = execution.map_run {
            self.child_ended(commit, child, execution.status);
        }
    }

    /// Stops an execution that a task has started and nobody waits for any more.
    pub(crate) fn stop_child(&self, commit: &mut Commit<'_>, child: Option<u64>) {
        let found = child.and_then(|child| Execution::of(&mut commit.tx, child));
        if let Some((_, child)) = found.filter(|(_, child)| child.status == Status::Running) {
            self.owe(commit, child.number, Owed::Stop { error: None, cause: None });
        }
    }

    /// Tells the task that waits for an execution of its end.
    fn tell_waiting(&self, commit: &mut Commit<'_>, key: &ExecutionKey, execution: &Execution) {
        let Some(Waiting { execution: parent, task, as_json }) = execution.waiting else { return };
        token::close(commit, parent, task);
        let mut shown = execution.shown(key, self.home(), commit.now);
        let dates = [("startDate", Some(execution.started)), ("stopDate", execution.stopped)];
        shown
            .extend(dates.into_iter().filter_map(|(name, at)| Some((name.to_owned(), json!(at?.unix_ms())))));
        let mut told = capitalized(Value::Object(shown));
        let owed = if execution.status == Status::Succeeded {
            if as_json {
                parse_payloads(&mut told);
            }
            Owed::Succeeded { task, output: told }
        } else {
            let error = Some("States.TaskFailed".to_owned());
            Owed::Failed { task, error, cause: Some(told.to_string()) }
        };
        self.owe(commit, parent, owed);
    }
}

/// `.sync:2` gives payloads as JSON and not as its text.
fn parse_payloads(told: &mut Value) {
    for name in ["Input", "Output"] {
        let text = told.get(name).and_then(Value::as_str);
        let parsed = text.and_then(|text| serde_json::from_str(text).ok());
        if let (Some(parsed), Some(members)) = (parsed, told.as_object_mut()) {
            members.insert(name.to_owned(), parsed);
        }
    }
}
