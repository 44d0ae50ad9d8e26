//! The context object and the variables of a thread.

use serde_json::{Map, Value, json};

use crate::definition::MachineType;
use crate::execution::{Item, Thread};
use crate::history::time_text;
use crate::step::run::Run;
use crate::step::sight::{Sight, insert};

impl Run<'_> {
    /// What a thread sees in its state.
    pub(super) fn sight(&mut self, thread: &Thread) -> Sight {
        let context = if self.machine.reads_context { self.context(thread) } else { Value::Null };
        let variables = self.variables(thread);
        Sight { context, variables, seed: self.random(), now_ms: self.now_ms }
    }

    fn context(&self, thread: &Thread) -> Value {
        let about = &self.execution.about;
        let mut execution = json!({
            "Id": about.execution_arn,
            "Input": about.input,
            "StartTime": time_text(self.execution.started_ms),
            "Name": about.execution_name,
            "RoleArn": about.role_arn,
        });
        if self.machine.kind == MachineType::Standard {
            insert(&mut execution, "RedriveCount", self.execution.redrive_count.into());
        }
        let mut state = json!({"Name": thread.state, "EnteredTime": time_text(thread.entered_ms)});
        if self.state_of(thread).is_ok_and(|state| state.guard().is_some()) {
            insert(&mut state, "RetryCount", thread.retry_count().into());
        }
        let mut context = json!({
            "Execution": execution,
            "StateMachine": {"Id": about.machine_arn, "Name": about.machine_name},
            "State": state,
        });
        if let Some(item) = self.item(thread) {
            insert(&mut context, "Map", json!({"Item": item.to_json()}));
        }
        context
    }

    /// The item of the innermost iteration in which a thread is.
    fn item<'b>(&'b self, thread: &'b Thread) -> Option<&'b Item> {
        if thread.item.is_some() {
            return thread.item.as_ref();
        }
        let mut parent = thread.parent;
        while let Some(above) = parent.and_then(|parent| self.execution.threads.get(&parent.thread)) {
            if above.item.is_some() {
                return above.item.as_ref();
            }
            parent = above.parent;
        }
        None
    }

    /// A thread's variables over those of the threads around it.
    fn variables(&self, thread: &Thread) -> Map<String, Value> {
        let mut scopes = vec![&thread.variables];
        let mut parent = thread.parent;
        while let Some(above) = parent.and_then(|parent| self.execution.threads.get(&parent.thread)) {
            scopes.push(&above.variables);
            parent = above.parent;
        }
        let mut seen = Map::new();
        for scope in scopes.into_iter().rev() {
            seen.extend(scope.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        seen
    }
}
