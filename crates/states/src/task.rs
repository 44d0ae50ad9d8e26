//! What Tasks ask for: owed by their execution, paid by the porter.

use std::time::Duration;

use asl::TaskError;
use asl::resource::{Pattern, Resource};
use asl::step::TaskCall;
use aws::{Error, Timestamp};
use queue::{Arrival, Handle, NewMessage, Receive, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Commit, Read};

use crate::States;
use crate::begin::{Begun, NewExecution};
use crate::execution::{Execution, ExecutionKey, Progress, Waiting};
use crate::integration::{Asker, StartRequest};
use crate::name::{self, MachineName};
use crate::owed::{Owed, TASKS};
use crate::token::{self, OPEN_TASKS, OpenTask, Token};
use crate::{error, machine};

/// A function's longest time, and the start of its environment.
const FUNCTION_TIME: Duration = Duration::from_secs(16 * 60);
/// Any other call.
const CALL_TIME: Duration = Duration::from_secs(70);
/// The commits before and after the call.
const LEASE_SPARE: Duration = Duration::from_secs(60);

/// What is asked for, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Body {
    execution: u64,
    task: u64,
    state: String,
    retry_count: u32,
    resource: Resource,
    input: Value,
    token: Option<String>,
}

/// A task that has fallen due and is leased to the caller.
#[derive(Clone, Debug)]
pub struct OwedTask {
    /// The execution's number.
    pub execution: u64,
    /// By which the execution knows it.
    pub task: u64,
    /// Whom it asks.
    pub resource: Resource,
    /// What it hands over.
    pub input: Value,
    /// Whose slots it takes.
    pub payee: String,
    /// How long its call may take.
    pub call_time: Duration,
    /// When its call is cut off at the latest.
    pub call_until: Timestamp,
    /// 1 at the first try; more after a kill.
    pub attempt: u32,
    handle: Handle,
}

/// What came of a task's call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The service's answer, as the execution is to see it.
    Done(Value),
    /// The call's failure.
    Failed(TaskError),
    /// An execution is to be started in the commit that settles this.
    Start(StartRequest),
    /// Nobody waits for it any more.
    Void,
}

impl States {
    /// Owes a task's call, as a part of the commit.
    pub(crate) fn owe_task(&self, commit: &mut Commit<'_>, execution: u64, call: &TaskCall) {
        let queue = format!("{TASKS}:{}", payee(&call.resource, &call.input));
        let queue = self.queues().internal(commit, &queue, Settings::default());
        let body = Body {
            execution,
            task: call.task,
            state: call.state.clone(),
            retry_count: call.retry_count,
            resource: call.resource.clone(),
            input: call.input.clone(),
            token: call.token.clone(),
        };
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: serde_json::to_string(&body).unwrap_or_default(),
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues().send(commit, queue, message);
    }

    /// Completes when a task has come.
    pub fn task_arrival(&self) -> Arrival {
        self.queues().arrival_of_kind(TASKS)
    }

    /// When [`States::due_tasks`] is worth asking next; `None`: nothing is owed.
    pub fn next_task_at(&self) -> Option<Timestamp> {
        self.queues().next_due("tasks:")
    }

    /// Leases tasks that have fallen due; `max` tells how many one payee may take.
    pub fn due_tasks(&self, commit: &mut Commit<'_>, mut max: impl FnMut(&str) -> usize) -> Vec<OwedTask> {
        let now = commit.now;
        let mut owed = Vec::new();
        for due in self.queues().due(&mut commit.tx, "tasks:", now) {
            let most = max(&due.name);
            owed.extend(self.lease_tasks(commit, &due.name, most));
        }
        owed
    }

    /// Leases the next task of one payee.
    pub fn next_task_of(&self, commit: &mut Commit<'_>, payee: &str) -> Option<OwedTask> {
        self.lease_tasks(commit, payee, 1).pop()
    }

    fn lease_tasks(&self, commit: &mut Commit<'_>, payee: &str, max: usize) -> Vec<OwedTask> {
        let Some(queue) = self.queues().find_internal(&mut commit.tx, payee) else { return Vec::new() };
        let call_time = if payee.starts_with("tasks:lambda:") { FUNCTION_TIME } else { CALL_TIME };
        let now = commit.now;
        let until = now.plus(call_time + LEASE_SPARE);
        let receive = Receive { max, until, now, redrive: None };
        let received = self.queues().receive(&mut commit.tx, queue, &receive);
        let mut owed = Vec::new();
        for received in received {
            let Ok(body) = serde_json::from_str::<Body>(&received.body) else {
                self.queues().delete(&mut commit.tx, &received.handle);
                continue;
            };
            owed.push(OwedTask {
                execution: body.execution,
                task: body.task,
                resource: body.resource,
                input: body.input,
                payee: payee.to_owned(),
                call_time,
                call_until: until,
                attempt: received.receive_count,
                handle: received.handle,
            });
        }
        owed
    }

    /// Renews the lease of a task whose call has not begun. `false`: it has ended.
    pub fn renew_task(&self, commit: &mut Commit<'_>, owed: &mut OwedTask) -> bool {
        let now = commit.now;
        let until = now.plus(owed.call_time + LEASE_SPARE);
        let extension = queue::Extension { now, until };
        let held = self.queues().extend(&mut commit.tx, &owed.handle, extension) == queue::LeaseChange::Yes;
        if held {
            owed.call_until = until;
        }
        held
    }

    /// Who asks for a task; None where its execution does not wait for it any more.
    pub fn asker(&self, owed: &OwedTask) -> Option<Asker> {
        let found = self.store().read(|read| {
            let open: Option<OpenTask> = read.get(&OPEN_TASKS, &(owed.execution, owed.task));
            open?;
            let progress = Progress::find(read, owed.execution)?;
            let about = &progress.execution.about;
            Some(Asker { execution_arn: about.execution_arn.clone(), machine_arn: about.machine_arn.clone() })
        });
        found.ok().flatten()
    }

    /// Settles a task's call in this commit: the execution is owed the answer.
    pub fn settle_task(&self, commit: &mut Commit<'_>, owed: &OwedTask, answer: Answer) {
        if !self.queues().delete(&mut commit.tx, &owed.handle) {
            return;
        }
        let task = owed.task;
        let told = match answer {
            Answer::Void => return,
            Answer::Failed(TaskError { error, cause }) => Owed::Failed { task, error, cause },
            Answer::Done(output) => answered(&owed.resource, task, output),
            Answer::Start(request) => match self.start_for(commit, owed, &request) {
                Ok(output) => answered(&owed.resource, task, output),
                Err(error) => {
                    let TaskError { error, cause } =
                        crate::integration::optimized_failure("states", &error, &commit.ids.next_uuid());
                    Owed::Failed { task, error, cause }
                }
            },
        };
        if !matches!(told, Owed::Submitted { .. }) {
            token::close(commit, owed.execution, task);
        }
        self.owe(commit, owed.execution, told);
    }

    /// Starts the execution that a task asks for.
    fn start_for(
        &self,
        commit: &mut Commit<'_>,
        owed: &OwedTask,
        request: &StartRequest,
    ) -> Result<Value, Error> {
        let home = self.home().clone();
        let asked = MachineName::parse(&request.machine_arn, &home)?;
        let chosen = machine::choose(&mut commit.tx, &asked, &home, commit.ids.next_u64())?;
        let pattern = owed.resource.pattern();
        let waits = matches!(pattern, Pattern::Sync | Pattern::Sync2);
        // Derived, so that the same task never starts two.
        let name = match &request.name {
            Some(name) => name.clone(),
            None => derived_name(owed.execution, owed.task),
        };
        name::check(&name)?;
        if chosen.revision.kind == asl::MachineType::Express {
            if waits {
                return Err(error::wrong_type());
            }
            return {
                let run = self.new_express(chosen, name, request.input.clone(), commit);
                self.owe_express(commit, &run);
                Ok(json!({"ExecutionArn": run.arn, "StartDate": run.started.unix_ms()}))
            };
        }
        let waiting = waits.then_some(Waiting {
            execution: owed.execution,
            task: owed.task,
            as_json: pattern == Pattern::Sync2,
        });
        let key = ExecutionKey { machine: asked.machine().to_owned(), name };
        let arn = key.arn(&home);
        let new = NewExecution {
            key,
            chosen,
            input: request.input.clone(),
            trace_header: None,
            waiting,
            child: None,
        };
        let Begun { number, started } = self.begin(commit, new)?;
        if waits {
            let open = OpenTask { token: None, child: Some(number) };
            token::open(commit, Token { execution: owed.execution, task: owed.task }, &open);
        }
        let answer = json!({"ExecutionArn": arn, "StartDate": started.unix_ms()});
        Ok(crate::integration::finished(&owed.resource, answer, &commit.ids.next_uuid()))
    }

    /// Whether an answer reports a task that an execution waits for; the task is then no longer open to reports.
    pub(crate) fn report(
        &self,
        commit: &mut Commit<'_>,
        text: &str,
        owed: impl FnOnce(u64) -> Owed,
    ) -> Result<(), Error> {
        let Token { execution, task } = token::require(&mut commit.tx, text)?;
        let (_, record) = Execution::of(&mut commit.tx, execution).ok_or_else(error::task_over)?;
        if crate::told::has_ended(record.status) {
            return Err(error::task_over());
        }
        let owed = owed(task);
        if !matches!(owed, Owed::Heartbeat { .. }) {
            token::close(commit, execution, task);
        }
        self.owe(commit, execution, owed);
        Ok(())
    }
}

/// Whose slots a task takes.
fn payee(resource: &Resource, input: &Value) -> String {
    match resource {
        Resource::Function { arn } => format!("lambda:{arn}"),
        Resource::Activity { arn } => format!("activity:{arn}"),
        Resource::Service { service, action, .. } if service == "lambda" && action == "invoke" => {
            let name = input.get("FunctionName").and_then(Value::as_str).unwrap_or_default();
            format!("lambda:{name}")
        }
        Resource::Service { service, .. } => service.clone(),
    }
}

/// A name of the form that AWS gives, which depends on nothing but the task.
fn derived_name(execution: u64, task: u64) -> String {
    aws::Ids::from_seed((u128::from(execution) << 64) | u128::from(task)).next_uuid()
}

/// What the answer of a call means to the task: done, or submitted and waited for.
fn answered(resource: &Resource, task: u64, output: Value) -> Owed {
    match resource.pattern() {
        Pattern::RequestResponse => Owed::Succeeded { task, output },
        Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken => Owed::Submitted { task, output },
    }
}
