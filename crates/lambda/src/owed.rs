//! Asynchronous invocations: owed from the commit that acknowledges them, tried again as AWS does, given up to the function's
//! dead-letter queue.
//!
//! Each function has an internal queue whose permits are its reserved concurrency. A try that failed is written anew with the
//! next one's number, so that what a crash or a full function costs is no try. Source: AWS, "How Lambda handles errors and retries with
//! asynchronous invocation"; the dead letter's form is LocalStack's recording. How often, how long and whom its end is told says the
//! event invoke config.

use std::time::Duration;

use aws::{Arn, Error, Timestamp};
use queue::backoff::pause_after;
use queue::{
    Arrival, Attribute, Extension, LeaseChange, NewMessage, QueueId, Receive, ReceivedMessage, Settings,
    Value,
};
use store::{Commit, Read, Tx};

use crate::destination::{Condition, End};
use crate::event_invoke::EventInvokeConfig;
use crate::function::{Function, Version};
pub use crate::invocation::{Answer, NewInvocation, OwedInvocation};
use crate::name::{FunctionName, LATEST};
use crate::{Functions, error};

/// The kind of internal queue: the part of its name before the colon.
const KIND: &str = "functions";
/// The pauses before the second and the third try of a function that failed; then it is given up.
const PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// The start of an environment comes on top of the function's own time.
const START_MAX: Duration = Duration::from_secs(60);
/// The commits before and after the call.
const LEASE_SPARE: Duration = Duration::from_secs(60);
/// What a dead letter says of the error.
const ERROR_CHARACTERS_MAX: usize = 1024;

/// Why a try failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The function failed.
    Function {
        /// The error's text.
        words: String,
        /// The whole of it, where the function has answered.
        answer: Option<Answer>,
    },
    /// It could not be called: it is busy, or cannot be started. That is no try.
    Hindered(String),
    /// Its reserved concurrency is 0.
    Forbidden,
}

/// What became of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    Done,
    Rescheduled {
        /// Not before this.
        at: Timestamp,
    },
    /// It was given up; the dead-letter queue or the destination for failures has it.
    DeadLettered,
    /// It was given up, and the function has neither that is here.
    Lost,
    /// It was settled before.
    Gone,
}

fn queue_name(function: &str) -> String {
    format!("{KIND}:{function}")
}

impl Functions {
    /// Owes an invocation, as a part of the commit; its function must be there.
    ///
    /// # Errors
    /// AWS's, where there is no such function.
    pub fn owe(&self, commit: &mut Commit<'_>, new: NewInvocation) -> Result<(), Error> {
        let home = self.store.scope().clone();
        let function = Function::require(&mut commit.tx, &new.name.name, &home)?;
        let attributes = attributes(&new.name, new.client_context.as_deref(), Tries::default(), commit.now);
        let queue = self.queue(commit, &new.name.name, &function);
        let message = NewMessage {
            id: new.id,
            body: new.payload,
            attributes,
            trace_header: new.trace_header,
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues.send(commit, queue, message);
        Ok(())
    }

    fn queue(&self, tx: &mut Tx<'_>, name: &str, function: &Function) -> QueueId {
        self.queues.internal(tx, &queue_name(name), settings(function))
    }

    /// Lets the queue of a function know its reserved concurrency.
    pub(crate) fn configure_queue(&self, tx: &mut Tx<'_>, name: &str, function: &Function) {
        if let Some(queue) = self.queues.find_internal(tx, &queue_name(name)) {
            self.queues.configure(tx, queue, settings(function));
        }
    }

    /// Forgets what is owed to a function that is deleted.
    pub(crate) fn drop_queue(&self, tx: &mut Tx<'_>, name: &str) {
        if let Some(queue) = self.queues.find_internal(tx, &queue_name(name)) {
            self.queues.drop_queue(tx, queue);
        }
    }

    /// Gives back what was leased by a process that is gone, with everything that it had started: the calls are made again
    /// without waiting for their leases, and what they took of the reserved concurrency is free.
    ///
    /// # Errors
    /// The store's.
    pub fn take_up(&self) -> Result<(), store::Error> {
        let queues = self.queues.clone();
        let released = self.store.write_reserved(
            |error| error,
            move |tx| {
                queues.release_leases(tx, &format!("{KIND}:"));
                Ok(())
            },
        );
        match released.wait() {
            // A store that is only looked at: nothing is carried from it.
            Err(store::Error::ReadOnly) => Ok(()),
            released => released,
        }
    }

    /// Completes when an invocation has come or has changed its time.
    pub fn arrival(&self) -> Arrival {
        self.queues.arrival_of_kind(KIND)
    }

    /// When [`Functions::due`] is worth asking next; `None`: nothing is owed.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.queues.next_due(&format!("{KIND}:"))
    }

    /// Leases invocations that have fallen due; `max` tells how many one function may take.
    pub fn due(&self, commit: &mut Commit<'_>, mut max: impl FnMut(&str) -> usize) -> Vec<OwedInvocation> {
        let now = commit.now;
        let mut owed = Vec::new();
        for due in self.queues.due(&mut commit.tx, &format!("{KIND}:"), now) {
            let most = max(&due.name);
            owed.extend(self.lease(commit, &due.name, due.queue, most));
        }
        owed
    }

    /// Leases the next invocation of one function, if one has fallen due.
    pub fn next_due_of(&self, commit: &mut Commit<'_>, payee: &str) -> Option<OwedInvocation> {
        let queue = self.queues.find_internal(&mut commit.tx, payee)?;
        self.lease(commit, payee, queue, 1).pop()
    }

    fn lease(&self, commit: &mut Commit<'_>, payee: &str, queue: QueueId, max: usize) -> Vec<OwedInvocation> {
        let Some(name) = payee.strip_prefix(KIND).and_then(|rest| rest.strip_prefix(':')) else {
            return Vec::new();
        };
        let now = commit.now;
        let call_time = call_time(&mut commit.tx, name);
        let until = now.plus(call_time + LEASE_SPARE);
        let received =
            self.queues.receive(&mut commit.tx, queue, &Receive { max, until, now, redrive: None });
        let owed = |received: ReceivedMessage| {
            let text = |name: &str| text_of(&received.attributes, name);
            let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok());
            let count =
                |name: &str| number(name).and_then(|count| u32::try_from(count).ok()).unwrap_or_default();
            OwedInvocation {
                name: FunctionName { name: name.to_owned(), qualifier: text("QUALIFIER") },
                client_context: text("CLIENT_CONTEXT"),
                attempt: count("ERRORS") + 1,
                hindrances: count("HINDRANCES"),
                owed_since: number("OWED_SINCE").map_or(received.sent_at, Timestamp::from_unix_ms),
                call_time,
                call_until: until,
                payee: payee.to_owned(),
                handle: received.handle,
                id: received.id,
                payload: received.body,
                trace_header: received.trace_header,
            }
        };
        received.into_iter().map(owed).collect()
    }

    /// Renews the lease of an invocation whose call has not begun. `false`: it has ended.
    pub fn renew_lease(&self, commit: &mut Commit<'_>, owed: &mut OwedInvocation) -> bool {
        let now = commit.now;
        let until = now.plus(owed.call_time + LEASE_SPARE);
        let held =
            self.queues.extend(&mut commit.tx, &owed.handle, Extension { until, now }) == LeaseChange::Yes;
        if held {
            owed.call_until = until;
        }
        held
    }

    /// Settles a try in this commit. What is given up goes to the function's dead-letter queue in the same commit (C7).
    pub fn settle(
        &self,
        commit: &mut Commit<'_>,
        owed: &OwedInvocation,
        result: &Result<Answer, Failed>,
    ) -> Settlement {
        if !self.queues.delete(&mut commit.tx, &owed.handle) {
            return Settlement::Gone;
        }
        let tries = Tries { errors: owed.attempt.saturating_sub(1), hindrances: owed.hindrances };
        let config = EventInvokeConfig::find(&mut commit.tx, &owed.name).unwrap_or_default();
        let (tries, pause, words) = match result {
            Ok(answer) => {
                let end = End { condition: Condition::Success, owed, answer: Some(answer) };
                self.tell_one(commit, config.on_success.as_deref(), &end);
                return Settlement::Done;
            }
            Err(Failed::Forbidden) => (tries, None, "ReservedConcurrentExecutions is 0".to_owned()),
            Err(Failed::Function { words, .. }) => {
                let at = usize::try_from(tries.errors).unwrap_or(usize::MAX);
                let pause = PAUSES.get(at).copied().filter(|_| u64::from(tries.errors) < config.retries());
                (Tries { errors: tries.errors + 1, ..tries }, pause, words.clone())
            }
            Err(Failed::Hindered(words)) => {
                let pause =
                    pause_after(tries.hindrances + 1, commit.ids.next_u64()).min(Duration::from_secs(300));
                (Tries { hindrances: tries.hindrances + 1, ..tries }, Some(pause), words.clone())
            }
        };
        let at =
            pause.map(|pause| commit.now.plus(pause)).filter(|at| *at < owed.owed_since.plus(config.age()));
        if let Some(at) = at
            && let Some(queue) = self.queues.find_internal(&mut commit.tx, &owed.payee)
        {
            let message = NewMessage {
                id: owed.id.clone(),
                body: owed.payload.clone(),
                attributes: attributes(&owed.name, owed.client_context.as_deref(), tries, owed.owed_since),
                trace_header: owed.trace_header.clone(),
                now: commit.now,
                not_before: at,
                ..NewMessage::default()
            };
            self.queues.send(&mut commit.tx, queue, message);
            return Settlement::Rescheduled { at };
        }
        let end = end_of(owed, result, pause);
        let told = self.tell_one(commit, config.on_failure.as_deref(), &end);
        let given_up = self.give_up(commit, owed, &words);
        if given_up || told { Settlement::DeadLettered } else { Settlement::Lost }
    }

    /// Tells a destination, where there is one.
    fn tell_one(&self, commit: &mut Commit<'_>, destination: Option<&str>, end: &End<'_>) -> bool {
        let destination: Option<Arn> = destination.and_then(|arn| arn.parse().ok());
        destination.is_some_and(|destination| self.tell(commit, &destination, end))
    }

    /// Sends the event to the function's dead-letter queue; `false` where it has none that is here.
    fn give_up(&self, commit: &mut Commit<'_>, owed: &OwedInvocation, words: &str) -> bool {
        let version = Version::find(&mut commit.tx, &owed.name.name, LATEST);
        let arn = version.and_then(|version| version.configuration.dead_letter_target?.parse::<Arn>().ok());
        let Some(arn) = arn.filter(|arn| arn.service == "sqs" && self.store.scope().holds(arn)) else {
            return false;
        };
        let Some(queue) = self.queues.find(&mut commit.tx, &arn.resource) else { return false };
        let error: String = words.chars().take(ERROR_CHARACTERS_MAX).collect();
        let code = Attribute { data_type: "Number".to_owned(), ..Attribute::text("ErrorCode", "200") };
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: owed.payload.clone(),
            attributes: vec![
                Attribute::text("RequestID", owed.id.clone()),
                code,
                Attribute::text("ErrorMessage", error),
            ],
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues.send(&mut commit.tx, queue.engine, message);
        true
    }

    /// Owes an invocation and tells when it is synced.
    ///
    /// # Errors
    /// AWS's, where there is no such function; the store's.
    pub async fn owe_now(&self, new: NewInvocation, now: Timestamp, ids: aws::Ids) -> Result<(), Error> {
        let functions = self.clone();
        let ticket =
            self.store.write(error::of_store, move |tx| functions.owe(&mut Commit::new(tx, now, &ids), new));
        ticket.await
    }
}

/// How an invocation ended that is given up; with a pause there was one more try to come, for which it is too old.
fn end_of<'e>(
    owed: &'e OwedInvocation,
    result: &'e Result<Answer, Failed>,
    pause: Option<Duration>,
) -> End<'e> {
    let (condition, answer) = match result {
        Err(Failed::Forbidden) => (Condition::ZeroReservedConcurrency, None),
        Err(Failed::Function { answer, .. }) if pause.is_some() => {
            (Condition::EventAgeExceeded, answer.as_ref())
        }
        Err(Failed::Function { answer, .. }) => (Condition::RetriesExhausted, answer.as_ref()),
        Err(Failed::Hindered(_)) | Ok(_) => (Condition::EventAgeExceeded, None),
    };
    End { condition, owed, answer }
}

/// How often a try failed, and how often there could be none.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    errors: u32,
    hindrances: u32,
}

fn attributes(name: &FunctionName, context: Option<&str>, tries: Tries, since: Timestamp) -> Vec<Attribute> {
    let mut all = vec![
        Attribute::text("ERRORS", tries.errors.to_string()),
        Attribute::text("HINDRANCES", tries.hindrances.to_string()),
        Attribute::text("OWED_SINCE", since.unix_ms().to_string()),
    ];
    all.extend(name.qualifier.as_deref().map(|qualifier| Attribute::text("QUALIFIER", qualifier)));
    all.extend(context.map(|context| Attribute::text("CLIENT_CONTEXT", context)));
    all
}

fn text_of(attributes: &[Attribute], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.name == name)?;
    match &found.value {
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(_) => None,
    }
}

/// What is not reserved is bounded by the account alone; with 0 reserved all are given up, which needs a permit too.
fn settings(function: &Function) -> Settings {
    let permits = function.reserved.filter(|reserved| *reserved > 0);
    Settings {
        permits: permits.map(|permits| u32::try_from(permits).unwrap_or(u32::MAX)),
        retention_ms: None,
    }
}

fn call_time(read: &mut impl Read, name: &str) -> Duration {
    let version = Version::find(read, name, LATEST);
    let seconds = version.map_or(900, |version| version.configuration.timeout_seconds);
    Duration::from_secs(seconds) + START_MAX
}
