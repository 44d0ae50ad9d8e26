//! Posts that webhooks have refused since the start: how many, and why the last one was. Kept in memory alone, so that whoever may
//! not send cannot make the disk grow.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws::Timestamp;

/// The most of a reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 512;

/// The refusals of one webhook.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals {
    /// How many there were.
    pub(crate) count: u64,
    /// The HTTP status of the last one.
    pub(crate) status: u16,
    /// Its reason.
    pub(crate) reason: String,
    /// When it was.
    pub(crate) at: Option<Timestamp>,
}

/// The refusals of all webhooks that are open, by name.
#[derive(Debug, Default)]
pub(crate) struct RefusedPosts(Mutex<BTreeMap<String, Refusals>>);

impl RefusedPosts {
    /// Notes one of a webhook that exists: HTTP's status and the sentence that its sender was told.
    pub(crate) fn note(&self, webhook: &str, status: u16, reason: &str, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = all.entry(webhook.to_owned()).or_default();
        refusals.count += 1;
        refusals.status = status;
        refusals.reason = reason.chars().take(REASON_CHARS_MAX).collect();
        refusals.at = Some(now);
    }

    /// Those of a webhook.
    pub(crate) fn of(&self, webhook: &str) -> Refusals {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(webhook).cloned().unwrap_or_default()
    }
}
