//! Posts that are owed: leased when they fall due, and settled by what came of the attempt.

use std::time::Duration;

use aws::Timestamp;
use queue::{Attribute, Handle, NewMessage, Receive};
use store::{Commit, Tx};

use crate::platform::event_stream::{Header, Streams, note, queue_name};

/// The SQS queue that takes posts which were given up; made with the first stream.
pub const DEAD_LETTERS: &str = "eventstreams-dlq";
/// How long a post is leased to whoever carries it.
pub const LEASE: Duration = Duration::from_secs(60);
/// How long a post is tried again after it came to be owed: what seed 004 promises.
pub const RETRIED_FOR: Duration = Duration::from_secs(24 * 3_600);
/// The longest pause that the first retry may make; doubled with each further one.
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
/// The longest pause of all.
const BACK_OFF_MAX: Duration = Duration::from_secs(900);

/// A post that has fallen due and is leased to the caller.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its stable id: the same at every attempt.
    pub id: String,
    /// The stream's id.
    pub stream_id: String,
    /// Where it goes, as the stream says now.
    pub url: String,
    /// What goes along.
    pub headers: Vec<Header>,
    /// The body.
    pub body: String,
    /// 1 at the first try.
    pub attempt: u32,
    owed_since: Timestamp,
    handle: Handle,
}

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is done.
    Delivered,
    /// It is tried again.
    Rescheduled {
        /// Not before this.
        at: Timestamp,
    },
    /// It lies in the dead-letter queue.
    DeadLettered,
    /// It was given up, and there is no dead-letter queue any more: counted; to be logged.
    Lost,
    /// It was settled before, or its stream is gone: nothing was done.
    Gone,
}

impl Streams {
    /// Leases up to `max` posts that have fallen due, of streams that are enabled; each stream has about an equal share.
    pub fn due(&self, tx: &mut Tx<'_>, now: Timestamp, max: usize) -> Vec<Post> {
        let all = self.all.load_full();
        let enabled: Vec<_> = all.iter().filter(|stream| stream.enabled).collect();
        let mut posts = Vec::new();
        for (at, stream) in enabled.iter().enumerate() {
            let share = max.saturating_sub(posts.len()).div_ceil(enabled.len() - at);
            for due in self.queues.due(tx, &queue_name(&stream.id), now) {
                let receive = Receive { max: share, until: now.plus(LEASE), now, redrive: None };
                let received = self.queues.receive(tx, due.queue, &receive);
                posts.extend(received.into_iter().map(|received| Post {
                    id: received.id,
                    stream_id: stream.id.clone(),
                    url: stream.url.clone(),
                    headers: stream.headers.clone(),
                    body: received.body,
                    attempt: received.receive_count,
                    owed_since: received.sent_at,
                    handle: received.handle,
                }));
            }
        }
        posts
    }

    /// When [`Streams::due`] is worth asking next; `None`: no stream that is enabled owes anything.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let all = self.all.load();
        let enabled = all.iter().filter(|stream| stream.enabled);
        enabled.filter_map(|stream| self.queues.next_due(&queue_name(&stream.id))).min()
    }

    /// Settles an attempt in this commit: `Err` is why it failed, in a sentence. A post that has failed for 24 hours goes to the
    /// dead-letter queue in the same commit (contract C7).
    pub fn settle(&self, commit: &mut Commit<'_>, post: &Post, result: &Result<(), String>) -> Settlement {
        let now = commit.now;
        let Err(error) = result else {
            if !self.queues.delete(commit, &post.handle) {
                return Settlement::Gone;
            }
            note(commit, &post.stream_id, |outcome| {
                outcome.delivered += 1;
                outcome.last_delivered_at = Some(now);
            });
            return Settlement::Delivered;
        };
        let last = post.owed_since.plus(RETRIED_FOR);
        let settled = if now < last {
            let at = now.plus(pause(post.attempt, commit.ids.next_u64())).min(last);
            if !self.queues.reschedule(commit, &post.handle, at) {
                return Settlement::Gone;
            }
            Settlement::Rescheduled { at }
        } else {
            if !self.queues.delete(commit, &post.handle) {
                return Settlement::Gone;
            }
            if self.give_up(commit, post, error) { Settlement::DeadLettered } else { Settlement::Lost }
        };
        note(commit, &post.stream_id, |outcome| {
            outcome.failed_attempts += 1;
            outcome.dead_lettered += u64::from(settled == Settlement::DeadLettered);
            outcome.lost += u64::from(settled == Settlement::Lost);
            outcome.last_error = Some(error.clone());
            outcome.last_error_at = Some(now);
        });
        settled
    }

    /// Moves a post to the dead-letter queue; `false` where there is none.
    fn give_up(&self, commit: &mut Commit<'_>, post: &Post, error: &str) -> bool {
        let Some(queue) = self.queues.find(&mut commit.tx, DEAD_LETTERS) else { return false };
        let attributes = vec![
            Attribute::text("STREAM_ID", post.stream_id.clone()),
            Attribute::text("ERROR_CODE", "EVENT_STREAM_FAILED"),
            Attribute::text("ERROR_MESSAGE", error),
            Attribute::text("RETRY_ATTEMPTS", post.attempt.saturating_sub(1).to_string()),
            Attribute::text("EXHAUSTED_RETRY_CONDITION", "MaximumEventAgeInSeconds"),
        ];
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: post.body.clone(),
            attributes,
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues.send(commit, queue.engine, message);
        true
    }
}

/// The pause before the next try: from half of a bound that doubles with each up to that bound, so that it grows and two
/// senders do not keep step.
fn pause(attempt: u32, random: u64) -> Duration {
    let doubled =
        BACK_OFF_FIRST.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    let bound_ms = u64::try_from(doubled.min(BACK_OFF_MAX).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(bound_ms / 2 + random % (bound_ms / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_grow_up_to_a_quarter_of_an_hour() {
        for random in [0, 1, 499, u64::MAX] {
            let pauses: Vec<u128> = (1..64).map(|attempt| pause(attempt, random).as_millis()).collect();
            assert!((500..=1_000).contains(&pauses[0]), "{pauses:?}");
            assert!(pauses.iter().all(|pause| *pause <= 900_000), "{pauses:?}");
            assert!(pauses[62] >= 450_000, "{pauses:?}");
        }
    }
}
