//! Event streams (seed 004): derived events posted to an HTTPS address, tried again for 24 hours.
//!
//! What a stream posts is owed as a message of the queue engine, in the commit that puts the derived event on its bus; the
//! floor above carries it ([`Streams::due`]) and settles each attempt ([`Streams::settle`]).

pub mod ops;
pub mod owed;
pub mod trip;

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws::Timestamp;
use aws::books::{Page, Row};
use queue::{Arrival, Attribute, NewMessage, QueueId, Queues, Settings};
use serde::{Deserialize, Serialize};
use store::{Commit, KeyRange, Read, Store, Table, Tx};

use crate::platform::event_stream::trip::PostKey;
use crate::platform::event_types;
use crate::platform::rendering::{EventContent, stream};

const STREAMS: Table<String, Stream> = Table::new(48, "event streams");
const OUTCOMES: Table<String, Outcome> = Table::new(49, "event stream outcomes");

/// The kind of internal queue that posts wait in; `stream:<id>` is the name of one.
const POSTS: &str = "stream";
/// The attribute of a waiting post that names its event.
const EVENT_ID: &str = "EVENT_ID";
/// Posts under way to one stream at a time, so that one that hangs does not take every carrier.
const UNDER_WAY_MAX: u32 = 10;

/// A stream as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) id: String,
    /// Unique, without regard to case.
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) url: String,
    pub(crate) headers: Vec<Header>,
    /// Such as `conversation:end`, perhaps with a `*` at the end.
    pub(crate) event_types: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

store::record!(Stream, version 1);

/// A header that goes along with each post. Its `Debug` does not show the value, which may be a key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Delivery statistics of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Posts that came to be owed.
    pub(crate) made: u64,
    /// Posts that were answered with 2xx.
    pub(crate) delivered: u64,
    /// Attempts that failed.
    pub(crate) failed_attempts: u64,
    /// Posts that were given up and lie or lay in the dead-letter queue.
    pub(crate) dead_lettered: u64,
    /// Posts that were given up and that no dead-letter queue could take.
    pub(crate) lost: u64,
    pub(crate) last_delivered_at: Option<Timestamp>,
    pub(crate) last_error: Option<String>,
    pub(crate) last_error_at: Option<Timestamp>,
}

store::record!(Outcome, version 2);

/// All event streams of a store. Clones share them.
#[derive(Clone, Debug)]
pub struct Streams {
    queues: Queues,
    /// INVARIANT: changes only after what it holds is committed.
    all: Arc<ArcSwap<Vec<Arc<Stream>>>>,
}

impl Streams {
    /// The streams of the queues' store.
    ///
    /// # Errors
    /// The store's.
    pub fn open(queues: Queues) -> Result<Self, store::Error> {
        let kept = queues.store().read(|read| read.list(&STREAMS, &KeyRange::all(), usize::MAX))?;
        let all: Vec<_> = kept.into_iter().map(|(_, kept)| Arc::new(kept)).collect();
        Ok(Self { queues, all: Arc::new(ArcSwap::from_pointee(all)) })
    }

    /// The store they are in.
    pub fn store(&self) -> &Store {
        self.queues.store()
    }

    /// Whether there are none: then nothing has to be rendered.
    pub fn is_empty(&self) -> bool {
        self.all.load().is_empty()
    }

    /// Owes the posts that follow from a derived event, in the transaction that puts it on its bus.
    pub fn owe(&self, commit: &mut Commit<'_>, content: &EventContent) {
        let (event_type, now) = (stream::event_type(content), commit.now);
        for stream in self.all.load_full().iter() {
            if !(stream.enabled && event_types::names_one(&stream.event_types, event_type)) {
                continue;
            }
            let queue = self.post_queue(commit, &stream.id);
            let id = commit.ids.next_uuid();
            let key = PostKey { event_id: &content.id, stream_id: &stream.id };
            trip::begin(commit, key, id.clone(), now);
            let message = NewMessage {
                id,
                body: stream::render(content),
                attributes: vec![Attribute::text(EVENT_ID, content.id.clone())],
                now: commit.now,
                not_before: commit.now,
                ..NewMessage::default()
            };
            self.queues.send(commit, queue, message);
            note(commit, &stream.id, |outcome| outcome.made += 1);
        }
    }

    /// The posts of all streams as a page of the books. Those of a stream that was deleted are no longer in it.
    pub fn page(&self, read: &mut impl Read, now: Timestamp) -> Page {
        let (mut all, mut owed) = (Outcome::default(), 0);
        for stream in self.all.load_full().iter() {
            let outcome = read.get(&OUTCOMES, &stream.id).unwrap_or_default();
            all.made += outcome.made;
            all.delivered += outcome.delivered;
            all.failed_attempts += outcome.failed_attempts;
            all.dead_lettered += outcome.dead_lettered;
            all.lost += outcome.lost;
            if let Some(queue) = self.queues.find_internal(read, &queue_name(&stream.id)) {
                let counts = self.queues.counts(read, queue, now);
                owed += counts.visible + counts.in_flight + counts.delayed;
            }
        }
        let settled = |row: Row, outcome: &str| {
            row.counter("trunkline_posts_settled_total", "Posts of event streams that ended, by how.")
                .labelled("outcome", outcome)
        };
        let rows = vec![
            Row::total("made", all.made)
                .note("one for each event that a stream takes")
                .counter("trunkline_posts_total", "Posts that event streams came to owe."),
            settled(Row::part("delivered", all.delivered), "delivered"),
            settled(Row::part("dead-lettered", all.dead_lettered), "dead_lettered"),
            Row::part("owed", owed)
                .counted(all.failed_attempts, "attempts failed so far")
                .gauge("trunkline_posts_owed", "Posts still owed."),
            settled(Row::part("lost", all.lost), "lost").note("given up, no dead-letter queue"),
        ];
        Page { name: "event streams", rows }
    }

    /// Completes when a post has come to be owed or has changed its time. Request it before the look whose failure it
    /// follows.
    pub fn arrival(&self) -> Arrival {
        self.queues.arrival_of_kind(POSTS)
    }

    fn post_queue(&self, tx: &mut Tx<'_>, id: &str) -> QueueId {
        let name = queue_name(id);
        match self.queues.find_internal(tx, &name) {
            Some(queue) => queue,
            None => {
                let settings = Settings { permits: Some(UNDER_WAY_MAX), ..Settings::default() };
                self.queues.internal(tx, &name, settings)
            }
        }
    }

    /// Puts a stream in the place of the one with its id, if there is one.
    fn put(&self, tx: &mut Tx<'_>, stream: Stream) {
        tx.put(&STREAMS, &stream.id, &stream);
        self.change(tx, move |all| {
            all.retain(|other| other.id != stream.id);
            all.push(Arc::new(stream));
        });
    }

    /// Removes a stream and what it owes.
    fn remove(&self, tx: &mut Tx<'_>, id: &str) {
        tx.remove(&STREAMS, &id.to_owned());
        tx.remove(&OUTCOMES, &id.to_owned());
        if let Some(queue) = self.queues.find_internal(tx, &queue_name(id)) {
            self.queues.drop_queue(tx, queue);
        }
        let id = id.to_owned();
        self.change(tx, move |all| all.retain(|other| other.id != id));
    }

    /// Only the writer's thread comes here: nothing is lost between load and store.
    fn change(&self, tx: &mut Tx<'_>, change: impl FnOnce(&mut Vec<Arc<Stream>>) + Send + 'static) {
        let all = Arc::clone(&self.all);
        tx.after_commit(move || {
            let mut streams = Vec::clone(&all.load());
            change(&mut streams);
            all.store(Arc::new(streams));
        });
    }
}

fn queue_name(id: &str) -> String {
    format!("{POSTS}:{id}")
}

fn note(tx: &mut Tx<'_>, id: &str, change: impl FnOnce(&mut Outcome)) {
    let id = id.to_owned();
    // A stream that was deleted meanwhile has no outcome any more.
    if tx.contains(&STREAMS, &id) {
        let mut outcome = tx.get(&OUTCOMES, &id).unwrap_or_default();
        change(&mut outcome);
        tx.put(&OUTCOMES, &id, &outcome);
    }
}
