//! How long the tracker waits, for what.

use std::collections::BTreeMap;

/// The waits of one media type, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaGrace {
    /// How long an ended conversation waits, after the last arrival, for what is missing: above all a wrap-up.
    pub wrap_up_ms: u64,
    /// After how much silence a conversation that has not ended is closed, with status `expired`.
    pub max_age_ms: u64,
}

/// The waits of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grace {
    /// For a media type that is not in `by_media`.
    pub default: MediaGrace,
    /// By media type in lower case: `voice`, `message`.
    pub by_media: BTreeMap<String, MediaGrace>,
    /// How much silence proves that no neighbour of the last event is still on its way. Must be above
    /// [`REOPEN_GAP_MS`], or an asynchronous thread that goes on at once may be told in two ways. 2 s is eight times the
    /// 99th percentile measured between Genesys and SQS (251 ms).
    pub settle_ms: u64,
    /// How long an ended conversation is remembered, so that what comes late is known to be late.
    pub keep_ms: u64,
}

/// A thread of an asynchronous medium in which nothing was open for longer than this, by the events' own times, has
/// ended, and what follows is a new episode. Legs of one episode follow each other within milliseconds.
pub const REOPEN_GAP_MS: u64 = 1_000;

const HOUR_MS: u64 = 3_600_000;

impl Default for Grace {
    /// 60 s for a wrap-up; a day of silence for what is spoken, a month for threads that are written; remembered for the
    /// seven days in which duplicates are.
    fn default() -> Self {
        let written = MediaGrace { wrap_up_ms: 60_000, max_age_ms: 30 * 24 * HOUR_MS };
        Self {
            default: MediaGrace { wrap_up_ms: 60_000, max_age_ms: 24 * HOUR_MS },
            by_media: ["message", "email", "callback"].map(|media| (media.to_owned(), written)).into(),
            settle_ms: 2_000,
            keep_ms: 7 * 24 * HOUR_MS,
        }
    }
}

impl Grace {
    /// The waits of a media type, in whatever case.
    #[must_use]
    pub fn of(&self, media: &str) -> MediaGrace {
        self.by_media.get(&media.to_lowercase()).copied().unwrap_or(self.default)
    }
}
