//! What filters decide, outside of the transaction that pays: a filter may take long, and all writers would wait for it.
//!
//! A transaction that lacks a decision is rolled back, the decision is made by [`decide`], and the transaction is tried again. A
//! decision is known by the filter and the event's content, so that it holds exactly as long as neither has changed.

use std::collections::HashMap;
use std::sync::Arc;

use aws::Timestamp;

use crate::platform::rendering::{EventContent, subscription};
use crate::platform::subscription::CompiledSubscription;

/// Which filter decides on which event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// The filter's source: the same text decides the same, whosever subscription it is.
    filter: String,
    event_id: String,
    detail: String,
}

impl Key {
    fn new(loaded: &CompiledSubscription, content: &EventContent) -> Self {
        Self {
            filter: loaded.subscription.attribute_filter.clone().unwrap_or_default(),
            event_id: content.id.clone(),
            detail: content.text.clone(),
        }
    }
}

/// Decisions that have been made: whether an event passes a filter, or why that cannot be said.
#[derive(Clone, Debug, Default)]
pub struct Decisions(HashMap<Key, Result<bool, String>>);

impl Decisions {
    /// Adds other decisions.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// What the subscription's filter decides on an event; `None` where that is not decided yet.
    pub(super) fn of(
        &self,
        loaded: &CompiledSubscription,
        content: &EventContent,
    ) -> Option<Result<bool, String>> {
        self.0.get(&Key::new(loaded, content)).cloned()
    }
}

/// A decision that has to be made.
#[derive(Clone, Debug)]
pub struct Question {
    key: Key,
    loaded: Arc<CompiledSubscription>,
    content: EventContent,
    now: Timestamp,
}

impl Question {
    pub(super) fn new(loaded: &Arc<CompiledSubscription>, content: &EventContent, now: Timestamp) -> Self {
        let key = Key::new(loaded, content);
        Self { key, loaded: Arc::clone(loaded), content: content.clone(), now }
    }
}

/// Makes the decisions. This may take long: work for a thread that may block.
pub fn decide(questions: Vec<Question>) -> Decisions {
    let decided = questions.into_iter().map(|question| {
        let Question { key, loaded, content, now } = question;
        let decision = match &loaded.filter {
            Some(filter) => filter.passes(&subscription::attributes(&content), now),
            None => Err("this version of Trunkline cannot read the attributeFilter".to_owned()),
        };
        (key, decision)
    });
    Decisions(decided.collect())
}
