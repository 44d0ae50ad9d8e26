//! The Task state: what it asks for, and the events that answer it.

use serde_json::{Map, Value, json};

use crate::definition::{Payload, State, Task};
use crate::execution::{Asked, Heartbeat, Phase, Thread};
use crate::expr::ExprError;
use crate::payload::{PAYLOAD_BYTES_MAX, render, select};
use crate::resource::{Pattern, Resource};
use crate::step::failure::Failure;
use crate::step::flow;
use crate::step::run::{Outcome, Run, Trouble};
use crate::step::wait::NumberField;
use crate::step::{TaskCall, What};

/// How long a task may take and be silent, in seconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    timeout: Option<u64>,
    heartbeat: Option<u64>,
}

impl Run<'_> {
    /// Makes the call and records it.
    pub(super) fn ask(
        &mut self,
        thread: &mut Thread,
        state: &State,
        task: &Task,
    ) -> Result<Outcome, Trouble> {
        let with_token = task.resource.pattern() == Pattern::WaitForTaskToken
            || matches!(task.resource, Resource::Activity { .. });
        let token = with_token.then(|| self.token());
        let sight = self.sight(thread).with_token(token.as_deref());
        let input = flow::effective_input(&state.flow, thread, &sight)?;
        let selected = select(&state.flow.input_path, &sight.scope(&thread.input))?;
        let bound = |name, amount| sight.count(&NumberField { name, amount, whole: true }, &selected);
        let bounds = Bounds {
            timeout: bound("TimeoutSeconds", task.timeout.as_ref())?,
            heartbeat: bound("HeartbeatSeconds", task.heartbeat.as_ref())?,
        };
        let scope = sight.scope(&selected);
        let credentials =
            task.credentials.as_ref().map(|field: &Payload| render(field, &scope)).transpose()?;
        let role_arn = credentials.as_ref().and_then(|given| given.get("RoleArn")).and_then(Value::as_str);
        let text = input.to_string();
        if text.len() > PAYLOAD_BYTES_MAX {
            return Err(Failure { fatal: true, ..Failure::too_large(&state.name) }.into());
        }
        if self.execution.missing_activities.iter().any(|missing| *missing == task.resource.arn()) {
            let cause = format!("The activity {} does not exist.", task.resource.arn());
            return Err(ExprError { error: "States.Runtime".to_owned(), cause, location: None }.into());
        }
        self.scheduled(thread, &task.resource, &TaskSchedule { text, bounds, role_arn });
        let number = self.execution.number();
        let timeout = bounds.timeout.map(|seconds| self.timer(seconds.saturating_mul(1_000)));
        let heartbeat = bounds
            .heartbeat
            .map(|seconds| Heartbeat { seconds, timer: self.timer(seconds.saturating_mul(1_000)) });
        self.effects.tasks.push(TaskCall {
            task: number,
            state: state.name.clone(),
            retry_count: thread.retry_count(),
            resource: task.resource.clone(),
            input,
            token: token.clone(),
            role_arn: role_arn.map(str::to_owned),
            timeout_seconds: bounds.timeout,
            heartbeat_seconds: bounds.heartbeat,
        });
        thread.phase = Phase::Task(Asked { task: number, token, timeout, heartbeat });
        Ok(Outcome::Waits)
    }

    fn token(&mut self) -> String {
        format!("{:016x}{:016x}{:016x}{:016x}", self.random(), self.random(), self.random(), self.random())
    }

    /// The events with which a task begins.
    fn scheduled(&mut self, thread: &mut Thread, resource: &Resource, scheduled: &TaskSchedule<'_>) {
        let mut details = Map::new();
        match resource {
            Resource::Function { arn } | Resource::Activity { arn } => {
                details.insert("resource".to_owned(), Value::from(arn.as_str()));
                details.insert("input".to_owned(), Value::from(scheduled.text.as_str()));
                details.insert("inputDetails".to_owned(), json!({"truncated": false}));
            }
            Resource::Service { service, .. } => {
                details.insert("resourceType".to_owned(), Value::from(service.as_str()));
                details.insert("resource".to_owned(), Value::from(resource.event_name()));
                details.insert("region".to_owned(), Value::from(self.region()));
                details.insert("parameters".to_owned(), Value::from(scheduled.text.as_str()));
            }
        }
        if let Some(seconds) = scheduled.bounds.timeout {
            details.insert("timeoutInSeconds".to_owned(), Value::from(seconds));
        }
        if let Some(seconds) = scheduled.bounds.heartbeat {
            details.insert("heartbeatInSeconds".to_owned(), Value::from(seconds));
        }
        if let Some(role_arn) = scheduled.role_arn {
            details.insert("taskCredentials".to_owned(), json!({"roleArn": role_arn}));
        }
        let prefix = prefix(resource);
        thread.last = self.append(thread.last, format!("{prefix}Scheduled"), Value::Object(details));
        match resource {
            // A worker starts it.
            Resource::Activity { .. } => {}
            Resource::Function { .. } => {
                thread.last = self.append(thread.last, format!("{prefix}Started"), Value::Null);
            }
            Resource::Service { .. } => {
                thread.last = self.append(thread.last, format!("{prefix}Started"), named(resource));
            }
        }
    }

    fn region(&self) -> String {
        self.execution.about.execution_arn.split(':').nth(3).unwrap_or_default().to_owned()
    }

    /// A thread that waits for a task, and the task's resource.
    fn answer(
        &mut self,
        task: u64,
        work: impl FnOnce(&mut Self, &mut Thread, &Resource) -> Result<Outcome, Trouble>,
    ) {
        let id = self.execution.thread_of_task(task);
        self.resume(id, |run, thread| {
            let state = run.state_of(thread)?;
            match &state.kind {
                crate::definition::Kind::Task(task) => work(run, thread, &task.resource),
                _ => Ok(Outcome::Waits),
            }
        });
    }

    pub(super) fn activity_started(&mut self, task: u64, worker_name: Option<String>) {
        self.answer(task, |run, thread, _| {
            let details = worker_name.map_or_else(|| json!({}), |name| json!({"workerName": name}));
            thread.last = run.append(thread.last, "ActivityStarted", details);
            Ok(Outcome::Waits)
        });
    }

    pub(super) fn task_submitted(&mut self, task: u64, output: &Value) {
        self.answer(task, |run, thread, resource| {
            let details = with_output(named(resource), output.to_string());
            thread.last = run.append(thread.last, "TaskSubmitted", details);
            Ok(Outcome::Waits)
        });
    }

    pub(super) fn task_heartbeat(&mut self, task: u64) {
        self.answer(task, |run, thread, _| {
            if let Phase::Task(asked) = &mut thread.phase
                && let Some(heartbeat) = &mut asked.heartbeat
            {
                heartbeat.timer = run.timer(heartbeat.seconds.saturating_mul(1_000));
            }
            Ok(Outcome::Waits)
        });
    }

    pub(super) fn task_succeeded(&mut self, task: u64, output: Value) {
        let text = output.to_string();
        if text.len() > PAYLOAD_BYTES_MAX {
            return self.answer(task, |run, thread, resource| {
                let what = match resource {
                    Resource::Service { service, .. } => service.clone(),
                    Resource::Function { arn } | Resource::Activity { arn } => arn.clone(),
                };
                run.failed(thread, resource, Failure::too_large(&what))
            });
        }
        self.answer(task, |run, thread, resource| {
            let details = match resource {
                Resource::Service { .. } => with_output(named(resource), text),
                Resource::Function { .. } | Resource::Activity { .. } => with_output(json!({}), text),
            };
            thread.last = run.append(thread.last, format!("{}Succeeded", prefix(resource)), details);
            Ok(Outcome::Result(output))
        });
    }

    pub(super) fn task_failed(&mut self, task: u64, failure: Failure) {
        self.answer(task, |run, thread, resource| run.failed(thread, resource, failure));
    }

    fn failed(
        &mut self,
        thread: &mut Thread,
        resource: &Resource,
        failure: Failure,
    ) -> Result<Outcome, Trouble> {
        self.gone_wrong(thread, resource, "Failed", &failure);
        Err(failure.into())
    }

    /// A task has taken too long, or was silent for too long. Both are told as `States.Timeout`.
    pub(super) fn task_timed_out(
        &mut self,
        thread: &mut Thread,
        alias: Option<&'static str>,
    ) -> Result<Outcome, Trouble> {
        let state = self.state_of(thread)?;
        if let Phase::Task(asked) = &thread.phase {
            self.effects.abandoned_tasks.push(asked.task);
        }
        let failure = Failure { error: Some("States.Timeout".to_owned()), alias, ..Failure::default() };
        if let crate::definition::Kind::Task(task) = &state.kind {
            self.gone_wrong(thread, &task.resource, "TimedOut", &failure);
        }
        Err(failure.into())
    }

    fn gone_wrong(&mut self, thread: &mut Thread, resource: &Resource, how: &str, failure: &Failure) {
        let mut details = match resource {
            Resource::Service { .. } => named(resource),
            Resource::Function { .. } | Resource::Activity { .. } => json!({}),
        };
        if let (Value::Object(members), Value::Object(told)) = (&mut details, failure.to_json()) {
            members.extend(told);
        }
        thread.last = self.append(thread.last, format!("{}{how}", prefix(resource)), details);
    }
}

/// What the first event of a task tells.
struct TaskSchedule<'a> {
    text: String,
    bounds: Bounds,
    role_arn: Option<&'a str>,
}

fn prefix(resource: &Resource) -> &'static str {
    match resource {
        Resource::Function { .. } => "LambdaFunction",
        Resource::Activity { .. } => "Activity",
        Resource::Service { .. } => "Task",
    }
}

/// `resourceType` and `resource`, which every event of a service's task has.
fn named(resource: &Resource) -> Value {
    match resource {
        Resource::Service { service, .. } => {
            json!({"resourceType": service, "resource": resource.event_name()})
        }
        Resource::Function { .. } | Resource::Activity { .. } => json!({}),
    }
}

fn with_output(mut details: Value, text: String) -> Value {
    if let Value::Object(members) = &mut details {
        members.insert("output".to_owned(), Value::from(text));
        members.insert("outputDetails".to_owned(), json!({"truncated": false}));
    }
    details
}

impl What {
    /// The task that this answers, if it answers one.
    pub fn task(&self) -> Option<u64> {
        match self {
            Self::ActivityStarted { task, .. }
            | Self::TaskSubmitted { task, .. }
            | Self::TaskHeartbeat { task }
            | Self::TaskSucceeded { task, .. }
            | Self::TaskFailed { task, .. } => Some(*task),
            _ => None,
        }
    }
}
