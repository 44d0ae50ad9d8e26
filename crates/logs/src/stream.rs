//! A log stream: a sequence of events within a log group.

use aws::{Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::Logs;
use crate::error;
use crate::limits;

/// All log streams, by group and name.
pub(crate) const STREAMS: Table<(String, String), Stream> = Table::new(52, "log streams");
/// Numbers of log streams that were deleted and whose events sweeps remove.
pub(crate) const CLEARING: Table<u64, ()> = Table::new(54, "log streams to clear");

/// A log stream as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stream {
    /// Its own for ever: a stream that is made again under the same name is another one.
    pub(crate) number: u64,
    pub(crate) created: Timestamp,
    /// The earliest and the latest time of its events, in ms.
    pub(crate) times: Option<(u64, u64)>,
    /// When its newest event came.
    pub(crate) ingested: Option<Timestamp>,
    /// Its events, each with [`limits::EVENT_OVERHEAD_BYTES`].
    pub(crate) size_bytes: u64,
}

store::record!(Stream, version 1);

impl Stream {
    /// An empty one.
    pub(crate) fn new(number: u64, created: Timestamp) -> Self {
        Self { number, created, times: None, ingested: None, size_bytes: 0 }
    }

    pub(crate) fn key(group: &str, stream: &str) -> (String, String) {
        (group.to_owned(), stream.to_owned())
    }
}

/// The name of a log stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamName<'n> {
    /// The log group that it is in.
    pub group: &'n str,
    /// Its name within the group.
    pub stream: &'n str,
}

impl Logs {
    /// A log stream's record.
    pub(crate) fn stream(read: &mut impl Read, group: &str, stream: &str) -> Result<Stream, Error> {
        Self::group(read, group)?;
        read.get(&STREAMS, &Stream::key(group, stream)).ok_or_else(error::no_stream)
    }

    pub(crate) fn create_stream(
        tx: &mut Tx<'_>,
        name: StreamName<'_>,
        now: Timestamp,
    ) -> Result<Stream, Error> {
        let StreamName { group, stream } = name;
        Self::group(tx, group)?;
        let key = Stream::key(group, stream);
        if tx.contains(&STREAMS, &key) {
            return Err(error::stream_exists());
        }
        let within = KeyRange::prefix(&group.to_owned());
        if tx.list(&STREAMS, &within, limits::STREAMS_PER_GROUP_MAX).len() >= limits::STREAMS_PER_GROUP_MAX {
            return Err(error::limit_exceeded());
        }
        let stream = Stream::new(tx.next_number(), now);
        tx.put(&STREAMS, &key, &stream);
        Ok(stream)
    }
}
