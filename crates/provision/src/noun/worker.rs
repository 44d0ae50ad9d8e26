//! `workers:` what Trunkline itself does with the messages of a queue.

use aws::secret::Secret;

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::names::{self, Names};
use crate::table::{Choice, Kind, Section, may, must};

/// A worker: it receives the messages of a queue, does something with each, and deletes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// The queue's name.
    pub queue: Marked<String>,
    /// What it does with a message.
    pub act: Act,
    /// So many calls at a time, at most, over all worker processes.
    pub concurrency: Option<Marked<u64>>,
    /// So many calls a second, at most, over all worker processes.
    pub rate: Option<Marked<u64>>,
    /// How long a call may take, in ms.
    pub timeout_ms: Option<Marked<u64>>,
    /// Where it stands.
    pub span: Span,
}

/// What is done with a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// `dev` prints it.
    Print(Print),
    /// `trunkline worker` posts it to an address.
    Post {
        /// The address.
        url: Marked<String>,
        /// Headers of each post.
        headers: Vec<(Marked<String>, Secret)>,
    },
    /// `trunkline worker` calls a function of the file with it.
    Function(Marked<String>),
    /// `trunkline worker` starts an execution of a state machine of the file with it.
    StateMachine(Marked<String>),
    /// `trunkline worker` sends it to another queue of the file.
    Send(Marked<String>),
}

/// What a worker prints of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// A line per conversation: time, conversation, wrap-up, duration, outcome.
    Conversation,
}

/// How long a call may take where the file does not say, in ms.
pub const TIMEOUT_MS_DEFAULT: u64 = 5_000;

pub(crate) const SECTION: Section = Section {
    noun: "a worker",
    keys: &[
        must(
            "queue",
            "The queue whose messages it receives and deletes, one of `queues`.",
            Kind::Text { chars_max: 80 },
        ),
        may(
            "print",
            "`trunkline dev` prints each message: `conversation` is one line per conversation.",
            Kind::OneOf(&["conversation"]),
        ),
        may("url", "`trunkline worker` posts each message to this address.", Kind::Text { chars_max: 2048 }),
        may(
            "headers",
            "Headers of each post; their values are shown to nobody.",
            Kind::Texts { chars_max: 2048 },
        ),
        may(
            "function",
            "`trunkline worker` calls this function with each message, one of `functions`.",
            Kind::Text { chars_max: 64 },
        ),
        may(
            "stateMachine",
            "`trunkline worker` starts an execution of this state machine with each message, one of `stateMachines`.",
            Kind::Text { chars_max: 80 },
        ),
        may(
            "sendTo",
            "`trunkline worker` sends each message to this queue, one of `queues`.",
            Kind::Text { chars_max: 80 },
        ),
        may(
            "concurrency",
            "Maximum concurrent calls over all worker processes, 1 to 1000.",
            Kind::Integer { min: 1, max: 1000 },
        ),
        may(
            "rate",
            "Maximum calls per second over all worker processes, 1 to 1000; it needs `concurrency`.",
            Kind::Integer { min: 1, max: 1000 },
        ),
        may(
            "timeoutMs",
            "Maximum time of a call, in ms, 50 to 900000. Default 5000.",
            Kind::Integer { min: 50, max: 900_000 },
        ),
    ],
    choices: &[Choice { among: ACTS, is_required: true }],
    later: &[
        (
            "run",
            "this version has no workers of your own in the file; receive from the queue with any SQS client",
        ),
        (
            "command",
            "this version has no workers of your own in the file; receive from the queue with any SQS client",
        ),
    ],
};

const ACTS: &[&str] = &["print", "url", "function", "stateMachine", "sendTo"];

pub(crate) fn read(fields: Fields<'_>) -> Worker {
    let post = |url: Marked<String>| {
        let headers = fields.pairs("headers").into_iter();
        Act::Post { url, headers: headers.map(|(name, value)| (name, Secret::new(value.value))).collect() }
    };
    let act = fields
        .text("url")
        .map(post)
        .or_else(|| fields.text("function").map(Act::Function))
        .or_else(|| fields.text("stateMachine").map(Act::StateMachine))
        .or_else(|| fields.text("sendTo").map(Act::Send));
    Worker {
        queue: fields.name("queue"),
        act: act.unwrap_or(Act::Print(Print::Conversation)),
        concurrency: fields.marked_integer("concurrency"),
        rate: fields.marked_integer("rate"),
        timeout_ms: fields.marked_integer("timeoutMs"),
        span: fields.span(),
    }
}

pub(crate) fn check(workers: &[Worker], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("worker on queue", workers.iter().map(|worker| &worker.queue), out);
    for worker in workers {
        names.check_queue(&worker.queue, out);
        match &worker.act {
            Act::Print(_) => {
                for limit in [&worker.concurrency, &worker.rate, &worker.timeout_ms].into_iter().flatten() {
                    out.push(Mistake::new(
                        kind::EXCLUDED_KEY,
                        limit.span,
                        "a worker that prints has no limits",
                    ));
                }
            }
            Act::Post { url, .. } => names.check_endpoint(url, out),
            Act::Function(name) => names.check_function(name, out),
            Act::StateMachine(name) => names.check_state_machine(name, out),
            Act::Send(name) if name.value == worker.queue.value => {
                out.push(Mistake::new(
                    kind::TARGET,
                    name.span,
                    "a worker cannot send to the queue that it receives from",
                ));
            }
            Act::Send(name) => names.check_queue(name, out),
        }
        if let (Some(rate), None) = (&worker.rate, &worker.concurrency) {
            let mistake = Mistake::new(
                kind::MISSING_KEY,
                rate.span,
                "`rate` needs `concurrency`: it is shared out over the permits",
            );
            out.push(mistake.with_suggestion("add `concurrency: 1`"));
        }
    }
}

impl Worker {
    /// Whether `dev` runs it, and not `trunkline worker`.
    pub fn prints(&self) -> bool {
        matches!(self.act, Act::Print(_))
    }
}
