//! Conversations that go on and of which nothing is heard any more: analytics is asked whether they have ended.
//!
//! What ends in a gap of the feed is made up by the catching up; an end that was lost without a gap, or that analytics knew too
//! late, would keep its conversation open until it is closed for its age.

use std::collections::HashMap;
use std::time::Duration;

use aws::Timestamp;
use genesys::analytics::{Conversation, synthesis};
use genesys::feed::catch_up;
use genesys::tracker::intake::{Intake, seen::KNOWN_FOR};
use serde_json::Value;
use store::Store;
use tokio::time::sleep;

use crate::clock;
use crate::listen::FeedItem;
use crate::listen::notifications::{Ear, is_wanted};

/// How often it is looked for them.
const LOOKED_FOR_EVERY: Duration = Duration::from_secs(60);
/// A conversation is silent when nothing was heard of it for so long.
const SILENT_AFTER: Duration = Duration::from_secs(15 * 60);
/// One that analytics says goes on is asked for again after so long.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(3_600);
/// Conversations that one look of the store reads.
const LOOKED_AT: usize = 1_000;
/// Conversations that are asked for in a round, so that a flood of them leaves the org's rate limit to others.
const ASKED_MAX: usize = 200;

impl Ear {
    /// Asks analytics for silent conversations, for ever.
    pub(super) async fn ask_for_silent(self, store: Store) {
        let mut asked: HashMap<String, Timestamp> = HashMap::new();
        let mut after: Option<String> = None;
        loop {
            sleep(LOOKED_FOR_EVERY).await;
            let now = clock::now();
            asked.retain(|_, at| now.since(*at) < ASKED_AGAIN_AFTER);
            let silent = find(&store, &mut after, &asked, now);
            for some in silent.chunks(catch_up::IDS_MAX) {
                match catch_up::by_id(&self.feed.client, some).await {
                    Ok(found) => {
                        asked.extend(some.iter().map(|id| (id.clone(), now)));
                        self.make_up(&found, now).await;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the org's analytics does not answer for silent conversations");
                        break;
                    }
                }
            }
        }
    }

    /// Hands over the events of these conversations; what came before is dropped as a duplicate.
    async fn make_up(&self, found: &[Conversation], now: Timestamp) {
        let oldest = now.minus(KNOWN_FOR);
        let frames: Vec<Value> = found.iter().flat_map(synthesis::detail_events).collect();
        for frame in frames.iter().filter(|frame| is_wanted(frame, &self.feed.topics, oldest)) {
            self.hand_over(frame, FeedItem::MadeUp).await;
        }
    }
}

/// Silent conversations that were not asked for lately; `after` moves on, and begins anew behind the last.
fn find(
    store: &Store,
    after: &mut Option<String>,
    asked: &HashMap<String, Timestamp>,
    now: Timestamp,
) -> Vec<String> {
    let mut silent = Vec::new();
    loop {
        let before = now.minus(SILENT_AFTER);
        let look = store.read(|read| Intake::silent(read, after.as_deref(), before, LOOKED_AT));
        let look = look.unwrap_or_default();
        silent.extend(look.conversations.into_iter().filter(|id| !asked.contains_key(id)));
        *after = look.last;
        if after.is_none() || silent.len() >= ASKED_MAX {
            silent.truncate(ASKED_MAX);
            return silent;
        }
    }
}
