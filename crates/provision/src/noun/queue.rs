//! `queues:` the SQS queues.

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake};
use crate::names::{self, Names};
use crate::table::{Kind, NameRule, Section, may, must};

/// An SQS queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: Marked<String>,
    /// How long a received message stays hidden, in seconds.
    pub visibility_timeout_s: u64,
    /// How long a message is kept, in seconds.
    pub retention_s: u64,
    /// How long a new message waits before it can be received, in seconds.
    pub delay_s: u64,
    /// Where messages go that were received too often.
    pub dead_letter: Option<DeadLetter>,
}

/// A queue's redrive policy.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// The name of the dead-letter queue.
    pub queue: Marked<String>,
    /// After how many receptions without a deletion a message goes there.
    pub max_receive_count: u64,
}

/// SQS's defaults. Source: SetQueueAttributes in the SQS API reference.
const VISIBILITY_TIMEOUT_S: u64 = 30;
const RETENTION_S: u64 = 4 * 86_400;

/// Source: CreateQueue in the SQS API reference.
const NAME: NameRule = NameRule { noun: "a queue", signs: "-_", chars_max: 80 };

/// Ranges: SetQueueAttributes in the SQS API reference.
pub(crate) const SECTION: Section = Section {
    noun: "a queue",
    keys: &[
        must("name", "The queue's name: letters, digits, `-` and `_`, at most 80.", Kind::Name(&NAME)),
        may(
            "visibilityTimeout",
            "How long a received message stays hidden from other receivers, 0s to 12h. Default 30s.",
            Kind::Duration { seconds_min: 0, seconds_max: 43_200 },
        ),
        may(
            "retention",
            "How long a message is kept, 60s to 14d. Default 4d.",
            Kind::Duration { seconds_min: 60, seconds_max: 1_209_600 },
        ),
        may(
            "delay",
            "How long a new message waits before it can be received, 0s to 15m. Default 0s.",
            Kind::Duration { seconds_min: 0, seconds_max: 900 },
        ),
        may(
            "deadLetter",
            "Where messages go that were received too often without being deleted.",
            Kind::Object(&DEAD_LETTER),
        ),
    ],
    choices: &[],
    later: &[
        ("fifo", "this version makes standard queues only"),
        ("tags", "this version makes queues without tags"),
    ],
};

const DEAD_LETTER: Section = Section {
    noun: "a dead-letter setting",
    keys: &[
        must("queue", "The name of the dead-letter queue, one of `queues`.", Kind::Text { chars_max: 80 }),
        must(
            "maxReceiveCount",
            "After how many receives without a delete a message is moved there, 1 to 1000.",
            Kind::Integer { min: 1, max: 1000 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Queue {
    let dead_letter = fields.object("deadLetter").map(|fields| DeadLetter {
        queue: fields.name("queue"),
        max_receive_count: fields.integer("maxReceiveCount").unwrap_or(1),
    });
    Queue {
        name: fields.name("name"),
        visibility_timeout_s: fields.seconds("visibilityTimeout").unwrap_or(VISIBILITY_TIMEOUT_S),
        retention_s: fields.seconds("retention").unwrap_or(RETENTION_S),
        delay_s: fields.seconds("delay").unwrap_or_default(),
        dead_letter,
    }
}

pub(crate) fn check(queues: &[Queue], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("queue", queues.iter().map(|queue| &queue.name), out);
    for queue in queues {
        let Some(dead_letter) = &queue.dead_letter else { continue };
        let wanted = &dead_letter.queue;
        if wanted.value == queue.name.value && !wanted.value.is_empty() {
            let sentence =
                format!("`{}` is its own dead-letter queue: a message would go round for ever", wanted.value);
            out.push(Mistake::new(wanted.span, sentence).with_suggestion("name another queue of `queues`"));
            continue;
        }
        names.check_queue(wanted, out);
        if leads_back(queue, queues) {
            let sentence = format!("the dead-letter queues of `{}` lead back to it", queue.name.value);
            out.push(
                Mistake::new(wanted.span, sentence)
                    .with_suggestion("let one of them have no dead-letter queue"),
            );
        }
    }
}

/// Whether following dead-letter queues from `queue` ends at `queue` again, after at least one other.
fn leads_back(queue: &Queue, queues: &[Queue]) -> bool {
    let mut at = queue;
    for _ in 0..queues.len() {
        let Some(dead_letter) = &at.dead_letter else { return false };
        let Some(next) = queues.iter().find(|queue| queue.name.value == dead_letter.queue.value) else {
            return false;
        };
        if next.name.value == queue.name.value {
            return at.name.value != queue.name.value;
        }
        at = next;
    }
    false
}
