//! An attempt to deliver: how it went, and what is kept of a delivery's attempts for as long as its event is kept.

use std::time::Duration;

use aws::{Arn, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Read, Table, Tx};

use crate::events::Events;
use crate::trip::books::Counts;

/// The attempts of deliveries, by the delivery's id.
const ATTEMPTS: Table<String, Attempts> = Table::new(39, "attempts");
/// How many attempts of one delivery are kept: the first, and the newest.
const KEPT_MAX: usize = 8;
/// How much of a target's answer is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 256;
/// How much of an error's message is kept, in bytes.
const MESSAGE_BYTES_MAX: usize = 512;

/// How one attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When the target was called.
    pub started: Timestamp,
    /// How long that took.
    pub took: Duration,
    /// What the target answered, where it has answers.
    pub answer: Option<TargetResponse>,
    /// What that means.
    pub outcome: Outcome,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is done.
    Delivered,
    /// It is tried again.
    Rescheduled {
        /// Not before this.
        at: Timestamp,
    },
    /// It is held, for as long as what stands in the way is not mended.
    Held {
        /// It is tried again then, to see whether it is.
        until: Timestamp,
    },
    /// It is in its dead-letter queue.
    DeadLettered {
        /// That queue.
        queue: Arn,
    },
    /// It is given up and kept nowhere: there is no dead-letter queue, or it does not exist. Counted; to be logged.
    Lost {
        /// All retries were used, which is "expired"; otherwise it was "dropped" at once.
        expired: bool,
    },
    /// It was settled before, or its lease ended and somebody else has it: nothing was done.
    Gone,
}

/// What a target answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetResponse {
    /// The HTTP status code.
    pub status: u16,
    /// The first bytes of the body, as text.
    pub head: String,
}

impl TargetResponse {
    /// An answer with this body, of which only the first bytes are kept.
    pub fn new(status: u16, body: &[u8]) -> Self {
        let head = body.get(..ANSWER_BYTES_MAX).unwrap_or(body);
        Self { status, head: String::from_utf8_lossy(head).into_owned() }
    }
}

/// What an attempt means for its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target took it.
    Delivered,
    /// It did not.
    Failed {
        /// One of the user guide's error codes for dead-letter queues, for example `ERROR_FROM_TARGET`.
        code: String,
        /// A sentence for a person.
        message: String,
        /// Whether and when it is tried again.
        retry: Retry,
    },
}

/// Whether a failed delivery is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Trying again cannot mend it.
    Never,
    /// By the target's retry policy.
    ByPolicy,
    /// By the target's retry policy, but not before this: the target has asked for it (`Retry-After`).
    NotBefore(Timestamp),
    /// What stands in the way is ours, a guard or missing credentials: the delivery is held until that is mended. The attempt
    /// does not count, and the delivery does not grow older by it.
    Held,
}

impl Attempt {
    /// An attempt that has just begun and ended, on a target that has no answers.
    pub fn at_once(now: Timestamp, outcome: Outcome) -> Self {
        Self { started: now, took: Duration::ZERO, answer: None, outcome }
    }
}

/// An attempt of a delivery, to be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeliveryAttempt<'a> {
    pub(crate) delivery_id: &'a str,
    /// 1 at the first try.
    pub(crate) number: u32,
    pub(crate) attempt: &'a Attempt,
}

/// What is kept of a delivery's attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How many there were.
    pub made: u32,
    /// The first and the newest of them, in order.
    pub kept: Vec<AttemptRecord>,
    /// What became of the delivery.
    pub fate: Fate,
}

store::record!(Attempts, version 1);

/// An attempt as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// 1 at the first try.
    pub number: u32,
    /// When the target was called.
    pub started: Timestamp,
    /// How long that took, in ms.
    pub took_ms: u64,
    /// The HTTP status code of the answer.
    pub status: Option<u16>,
    /// The answer's first bytes.
    pub answer: String,
    /// Error code and message; `None`: the target took it.
    pub error: Option<(String, String)>,
}

/// What has become of a delivery so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It is tried again.
    Owed {
        /// Not before this.
        next: Timestamp,
    },
    /// The target took it.
    Delivered,
    /// It is in its dead-letter queue.
    DeadLettered {
        /// That queue.
        queue: Arn,
    },
    /// It was given up and kept nowhere.
    Lost,
}

impl Fate {
    /// `None` where the settlement came to nothing.
    fn of(settled: &Settlement) -> Option<Self> {
        match settled {
            Settlement::Delivered => Some(Self::Delivered),
            Settlement::Rescheduled { at } | Settlement::Held { until: at } => Some(Self::Owed { next: *at }),
            Settlement::DeadLettered { queue } => Some(Self::DeadLettered { queue: queue.clone() }),
            Settlement::Lost { .. } => Some(Self::Lost),
            Settlement::Gone => None,
        }
    }
}

impl AttemptRecord {
    fn of(number: u32, attempt: &Attempt) -> Self {
        let error = match &attempt.outcome {
            Outcome::Delivered => None,
            Outcome::Failed { code, message, .. } => Some((code.clone(), head_of(message))),
        };
        Self {
            number,
            started: attempt.started,
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            status: attempt.answer.as_ref().map(|answer| answer.status),
            answer: attempt.answer.as_ref().map(|answer| answer.head.clone()).unwrap_or_default(),
            error,
        }
    }

    fn size_bytes(&self) -> usize {
        let error = self.error.as_ref().map_or(0, |(code, message)| code.len() + message.len());
        20 + self.answer.len() + error
    }
}

/// The first bytes of a text, whole characters only.
fn head_of(text: &str) -> String {
    let end = (0..=MESSAGE_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

impl Attempts {
    /// What a record takes on disk, about.
    fn size_bytes(&self) -> u64 {
        let bytes: usize = self.kept.iter().map(AttemptRecord::size_bytes).sum();
        u64::try_from(bytes + 100).unwrap_or(u64::MAX)
    }

    fn add(&mut self, tried: AttemptRecord) {
        self.made = self.made.max(tried.number);
        // An attempt that did not count is told once, by the newest of its kind.
        if self.kept.last().is_some_and(|last| last.number == tried.number) {
            self.kept.pop();
        }
        self.kept.push(tried);
        if self.kept.len() > KEPT_MAX {
            self.kept.remove(1);
        }
    }
}

impl Events {
    /// The attempts of a delivery; `None` while there was none, or once its event is no longer kept.
    pub fn attempts(&self, read: &mut impl Read, delivery_id: &str) -> Option<Attempts> {
        read.get(&ATTEMPTS, &delivery_id.to_owned())
    }

    /// Keeps an attempt, in the commit that settles it. The caller has seen that the event is kept.
    pub(crate) fn note_attempt(
        tx: &mut Tx<'_>,
        DeliveryAttempt { delivery_id, number, attempt }: DeliveryAttempt<'_>,
        settled: &Settlement,
    ) {
        let Some(fate) = Fate::of(settled) else { return };
        let key = delivery_id.to_owned();
        let known = tx.get(&ATTEMPTS, &key);
        let before = known.as_ref().map_or(0, Attempts::size_bytes);
        let mut attempts = known.unwrap_or(Attempts { made: 0, kept: Vec::new(), fate: Fate::Lost });
        attempts.add(AttemptRecord::of(number, attempt));
        attempts.fate = fate;
        tx.put(&ATTEMPTS, &key, &attempts);
        let after = attempts.size_bytes();
        Counts::change(tx, |counts| {
            counts.kept_bytes = (counts.kept_bytes + after).saturating_sub(before);
        });
    }

    /// Forgets the attempts of a delivery; how many bytes that frees.
    pub(crate) fn forget_attempts(tx: &mut Tx<'_>, delivery_id: &str) -> u64 {
        let key = delivery_id.to_owned();
        let Some(attempts) = tx.get(&ATTEMPTS, &key) else { return 0 };
        tx.remove(&ATTEMPTS, &key);
        attempts.size_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws::Timestamp;

    use super::{Attempt, AttemptRecord, Attempts, Fate, KEPT_MAX, Outcome, Retry, TargetResponse, head_of};

    #[test]
    fn the_first_attempt_and_the_newest_are_kept() {
        let mut attempts = Attempts { made: 0, kept: Vec::new(), fate: Fate::Lost };
        for number in 1..=186 {
            let attempt = Attempt {
                started: Timestamp::from_unix_ms(u64::from(number)),
                took: Duration::from_millis(7),
                answer: Some(TargetResponse::new(503, &[b'x'; 10_000])),
                outcome: Outcome::Failed {
                    code: "ERROR_FROM_TARGET".to_owned(),
                    message: "ü".repeat(1_000),
                    retry: Retry::ByPolicy,
                },
            };
            attempts.add(AttemptRecord::of(number, &attempt));
        }
        let kept: Vec<u32> = attempts.kept.iter().map(|tried| tried.number).collect();
        assert_eq!(kept, [1, 180, 181, 182, 183, 184, 185, 186]);
        assert_eq!((attempts.made, kept.len()), (186, KEPT_MAX));
        assert_eq!((attempts.kept[0].answer.len(), attempts.kept[0].took_ms), (256, 7));
        assert_eq!(attempts.kept[0].error.as_ref().unwrap().1.len(), 512);
        assert!(attempts.size_bytes() < 8_000);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let text = format!("{}ü", "x".repeat(511));
        assert_eq!(head_of(&text).len(), 511);
        assert_eq!(head_of("short"), "short");
        assert_eq!(TargetResponse::new(200, &[0xFF, b'a']).head, "\u{FFFD}a");
    }
}
