//! What became of the posts of one event: kept by the event's id, so that its trip can be shown whole.

use std::time::Duration;

use aws::Timestamp;
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::platform::event_stream::{STREAMS, Streams};

/// How long a post is known by its event: the 24 hours of its attempts, and time for somebody to look.
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How much of an error is kept, in characters.
const ERROR_CHARS_MAX: usize = 512;

/// The posts of an event, by its id and the stream's.
const TRIPS: Table<(String, String), PostTrip> = Table::new(90, "posts of events");
/// The same by the moment from which they may be forgotten, in ms.
const FORGET: Table<(u64, String, String), ()> = Table::new(91, "posts of events to forget");

/// A post as the trip of its event tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostTrip {
    /// Its stable id: the same at every attempt.
    pub id: String,
    /// How many attempts ended.
    pub attempts: u32,
    /// When the newest attempt ended.
    pub tried_at: Option<Timestamp>,
    /// Why the newest attempt failed, in a sentence; none where it did not.
    pub error: Option<String>,
    /// What became of it.
    pub fate: PostFate,
}

store::record!(PostTrip, version 1);

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PostFate {
    /// It is tried, again or for the first time.
    Owed {
        /// Not before this.
        next: Timestamp,
    },
    /// The address answered with 2xx.
    Delivered,
    /// It lies or lay in the dead-letter queue.
    DeadLettered,
    /// It was given up and kept nowhere.
    Lost,
}

/// A stream's post of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPost {
    /// The stream's id.
    pub stream_id: String,
    /// Its name; none where the stream was deleted since.
    pub stream_name: Option<String>,
    /// Where it posts now; none where it was deleted since.
    pub url: Option<String>,
    /// The post.
    pub trip: PostTrip,
}

/// Which post it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PostKey<'k> {
    pub(crate) event_id: &'k str,
    pub(crate) stream_id: &'k str,
}

impl PostKey<'_> {
    fn stored(self) -> (String, String) {
        (self.event_id.to_owned(), self.stream_id.to_owned())
    }
}

/// A post has come to be owed.
pub(crate) fn begin(tx: &mut Tx<'_>, key: PostKey<'_>, id: String, now: Timestamp) {
    let trip = PostTrip { id, attempts: 0, tried_at: None, error: None, fate: PostFate::Owed { next: now } };
    let (event, stream) = key.stored();
    tx.put(&FORGET, &(now.plus(KEPT_FOR).unix_ms(), event.clone(), stream.clone()), &());
    tx.put(&TRIPS, &(event, stream), &trip);
}

/// An attempt has ended so; `error` is why it failed.
pub(crate) fn note(tx: &mut Tx<'_>, key: PostKey<'_>, fate: PostFate, error: Option<&str>, now: Timestamp) {
    let key = key.stored();
    // One of before posts were kept, or one that was owed for longer than they are.
    let Some(mut trip) = tx.get(&TRIPS, &key) else { return };
    trip.attempts += 1;
    trip.tried_at = Some(now);
    trip.error = error.map(|error| error.chars().take(ERROR_CHARS_MAX).collect());
    trip.fate = fate;
    tx.put(&TRIPS, &key, &trip);
}

/// Forgets up to `limit` posts whose time is over; how many it was.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
    let over = tx.list_found(&FORGET, &KeyRange::between(&0_u64, &now.unix_ms()), limit);
    for (place, _) in &over {
        tx.remove(&TRIPS, &(place.1.clone(), place.2.clone()));
        tx.remove(&FORGET, place);
    }
    over.len()
}

impl Streams {
    /// The posts of an event that are still known, by stream.
    pub fn posts_of(&self, read: &mut impl Read, event_id: &str) -> Vec<EventPost> {
        let found = read.list(&TRIPS, &KeyRange::prefix(&event_id.to_owned()), usize::MAX);
        let post = |((_, stream_id), trip): ((String, String), PostTrip)| {
            let stream = read.get(&STREAMS, &stream_id);
            let (stream_name, url) = stream.map(|stream| (stream.name, stream.url)).unzip();
            EventPost { stream_id, stream_name, url, trip }
        };
        found.into_iter().map(post).collect()
    }
}
