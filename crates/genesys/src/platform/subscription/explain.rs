//! Why a subscription lets an event through or not: the audited evaluation of its filter.

use aws::Timestamp;
use serde_json::Value;

use crate::platform::event_types;
use crate::platform::rendering::{EventContent, subscription};
use crate::platform::subscription::filter::Comparison;
use crate::platform::subscription::{CompiledSubscription, Subscriptions};

/// How a subscription takes an event.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterReport {
    /// The event's type as subscriptions name it, such as `event:conversation:end`.
    pub event_type: String,
    /// Whether the subscription asks for events of this type.
    pub is_wanted_type: bool,
    /// Whether the filter lets it through, or why that cannot be said.
    pub passes: Result<bool, String>,
    /// The comparisons that the filter made, in the order in which it made them.
    pub comparisons: Vec<Comparison>,
    /// What the filter was asked about.
    pub attributes: Value,
}

impl FilterReport {
    /// Whether the subscription sends the event.
    pub fn takes(&self) -> bool {
        self.is_wanted_type && self.passes == Ok(true)
    }
}

/// A subscription, and how it takes some events.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionReport {
    /// Its name.
    pub name: String,
    /// Whether it sends at all.
    pub is_active: bool,
    /// The types that it asks for.
    pub event_types: Vec<String>,
    /// Its filter; `None`: everything passes.
    pub filter: Option<String>,
    /// One for each event, in their order.
    pub events: Vec<FilterReport>,
}

impl Subscriptions {
    /// Explains the subscription with this name, in any case, or id; `None` where there is none. As [`verdict::decide`], this
    /// may take long.
    ///
    /// [`verdict::decide`]: crate::platform::subscription::verdict::decide
    pub fn explain(&self, name: &str, events: &[EventContent], now: Timestamp) -> Option<SubscriptionReport> {
        let all = self.loaded.load();
        let named = |loaded: &&std::sync::Arc<CompiledSubscription>| {
            let subscription = &loaded.subscription;
            subscription.id == name || subscription.name.to_lowercase() == name.to_lowercase()
        };
        let loaded = all.iter().find(named)?;
        let subscription = &loaded.subscription;
        Some(SubscriptionReport {
            name: subscription.name.clone(),
            is_active: subscription.is_active,
            event_types: subscription.event_types.clone(),
            filter: subscription.attribute_filter.clone(),
            events: events.iter().map(|content| loaded.report(content, now)).collect(),
        })
    }

    /// The names of all subscriptions, for who names one that is not there.
    pub fn names(&self) -> Vec<String> {
        self.loaded.load().iter().map(|loaded| loaded.subscription.name.clone()).collect()
    }
}

impl CompiledSubscription {
    fn report(&self, content: &EventContent, now: Timestamp) -> FilterReport {
        let event_type = subscription::event_type(content);
        let attributes = subscription::attributes(content);
        let (passes, comparisons) = match (&self.filter, &self.subscription.attribute_filter) {
            (Some(filter), _) => filter.audit(&attributes, now),
            (None, None) => (Ok(true), Vec::new()),
            (None, Some(_)) => {
                (Err("this version of Trunkline cannot read the attributeFilter".to_owned()), Vec::new())
            }
        };
        FilterReport {
            is_wanted_type: event_types::names_one(&self.subscription.event_types, &event_type),
            event_type,
            passes,
            comparisons,
            attributes,
        }
    }
}
