//! `workers:` what Trunkline itself does with the messages of a queue.

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, Span};
use crate::names::{self, Names};
use crate::table::{Kind, Section, must};

/// A built-in worker: it receives the messages of a queue, prints each, and deletes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// The queue's name.
    pub queue: Marked<String>,
    /// What it prints of a message.
    pub print: Print,
    /// Where it stands.
    pub span: Span,
}

/// What a worker prints of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// A line per conversation: time, conversation, wrap-up, duration, outcome.
    Conversation,
}

pub(crate) const SECTION: Section = Section {
    noun: "a worker",
    keys: &[
        must(
            "queue",
            "The queue whose messages it receives, prints and deletes, one of `queues`.",
            Kind::Text { chars_max: 80 },
        ),
        must(
            "print",
            "What it prints of a message: `conversation` is one line per conversation.",
            Kind::OneOf(&["conversation"]),
        ),
    ],
    choices: &[],
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

pub(crate) fn read(fields: Fields<'_>) -> Worker {
    Worker { queue: fields.name("queue"), print: Print::Conversation, span: fields.span() }
}

pub(crate) fn check(workers: &[Worker], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("worker on queue", workers.iter().map(|worker| &worker.queue), out);
    for worker in workers {
        names.check_queue(&worker.queue, out);
    }
}
