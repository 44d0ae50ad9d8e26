//! Posts that are owed: leased when they fall due, and settled by what came of the attempt.

use std::time::Duration;

use aws::Timestamp;
use queue::backoff::pause_after;
use queue::{Attribute, Extension, Handle, LeaseChange, NewMessage, QueueId, Receive, ReceivedMessage};
use store::{Commit, Tx};

use crate::platform::event_stream::trip::{self, PostFate, PostKey};
use crate::platform::event_stream::{EVENT_ID, Header, Stream, Streams, note, queue_name};

/// The SQS queue that takes posts which were given up; made with the first stream.
pub const DEAD_LETTERS: &str = "eventstreams-dlq";
/// How long an address may take to answer a post.
pub const CALL_TIME: Duration = Duration::from_secs(10);
/// How long a post is leased to whoever carries it: its call, and the commits before and after it.
const LEASE: Duration = Duration::from_secs(60);
/// How long a post is tried again after it came to be owed: what seed 004 promises.
pub const RETRIED_FOR: Duration = Duration::from_secs(24 * 3_600);

/// A post is tried so often at least, however old it is.
const TRIES_MIN: u32 = 5;

/// A post that has fallen due and is leased to the caller.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its stable id: the same at every attempt.
    pub id: String,
    /// The stream's id.
    pub stream_id: String,
    /// The event that it tells of; none of a post that came to be owed before they were noted.
    pub event_id: Option<String>,
    /// Where it goes, by the stream's current configuration.
    pub url: String,
    /// The headers that are sent with it.
    pub headers: Vec<Header>,
    /// The body.
    pub body: String,
    /// 1 at the first try.
    pub attempt: u32,
    /// When its call is cut off at the latest: the lease holds until then.
    pub call_until: Timestamp,
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

/// What is leased of one stream.
#[derive(Clone, Copy)]
struct Leasing<'s> {
    stream: &'s Stream,
    queue: QueueId,
    max: usize,
    now: Timestamp,
}

impl Streams {
    /// Leases posts that have fallen due, of streams that are enabled; `max` tells how many one stream may take.
    pub fn due(&self, tx: &mut Tx<'_>, now: Timestamp, mut max: impl FnMut(&str) -> usize) -> Vec<Post> {
        let mut posts = Vec::new();
        for stream in self.all.load_full().iter().filter(|stream| stream.enabled) {
            for due in self.queues.due(tx, &queue_name(&stream.id), now) {
                posts.extend(self.lease(tx, Leasing { stream, queue: due.queue, max: max(&stream.id), now }));
            }
        }
        posts
    }

    /// Leases the next post of a stream, if one has fallen due.
    pub fn next_due_of(&self, tx: &mut Tx<'_>, stream_id: &str, now: Timestamp) -> Option<Post> {
        let all = self.all.load_full();
        let stream = all.iter().find(|stream| stream.enabled && stream.id == stream_id)?;
        let queue = self.queues.find_internal(tx, &queue_name(stream_id))?;
        self.lease(tx, Leasing { stream, queue, max: 1, now }).pop()
    }

    fn lease(&self, tx: &mut Tx<'_>, leasing: Leasing<'_>) -> Vec<Post> {
        let Leasing { stream, queue, max, now } = leasing;
        let until = now.plus(LEASE);
        let received = self.queues.receive(tx, queue, &Receive { max, until, now, redrive: None });
        let post = |received: ReceivedMessage| Post {
            id: received.id,
            stream_id: stream.id.clone(),
            event_id: event_of(&received.attributes),
            url: stream.url.clone(),
            headers: stream.headers.clone(),
            body: received.body,
            attempt: received.receive_count,
            call_until: until,
            owed_since: received.sent_at,
            handle: received.handle,
        };
        received.into_iter().map(post).collect()
    }

    /// Renews the lease of a post whose call has not begun, from `now` on. `false`: it has ended, and somebody else has the post.
    pub fn renew_lease(&self, tx: &mut Tx<'_>, post: &mut Post, now: Timestamp) -> bool {
        let until = now.plus(LEASE);
        let held = self.queues.extend(tx, &post.handle, Extension { until, now }) == LeaseChange::Yes;
        if held {
            post.call_until = until;
        }
        held
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
            note_trip(commit, post, Settlement::Delivered, None);
            return Settlement::Delivered;
        };
        let last = post.owed_since.plus(RETRIED_FOR);
        // What was held for longer than that is tried a few times more.
        let settled = if now < last || post.attempt < TRIES_MIN {
            let latest = if now < last { last } else { now.plus(Duration::from_secs(60)) };
            let at = now.plus(pause_after(post.attempt, commit.ids.next_u64())).min(latest);
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
        note_trip(commit, post, settled, Some(error));
        settled
    }

    /// Puts a post back that could not be sent for a reason of ours; the attempt does not count. `false`: it is gone.
    pub fn hold(&self, tx: &mut Tx<'_>, post: &Post, until: Timestamp) -> bool {
        self.queues.give_back(tx, &post.handle, until)
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

/// The event of a waiting post.
fn event_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find(|attribute| attribute.name == EVENT_ID)?.as_text().map(str::to_owned)
}

/// Notes the end of an attempt for the trip of the post's event.
fn note_trip(commit: &mut Commit<'_>, post: &Post, settled: Settlement, error: Option<&str>) {
    let Some(event_id) = &post.event_id else { return };
    let fate = match settled {
        Settlement::Delivered => PostFate::Delivered,
        Settlement::Rescheduled { at } => PostFate::Owed { next: at },
        Settlement::DeadLettered => PostFate::DeadLettered,
        Settlement::Lost => PostFate::Lost,
        Settlement::Gone => return,
    };
    let now = commit.now;
    trip::note(commit, PostKey { event_id, stream_id: &post.stream_id }, fate, error, now);
}
