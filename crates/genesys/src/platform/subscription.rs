//! Event subscriptions (seed 001): the derived events that a filter lets through, each as one message of an SQS queue.
//!
//! A message is paid in the commit that puts the derived event on its bus, so that neither is there without the other.

pub mod explain;
pub mod filter;
pub mod ops;
pub mod verdict;

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws::{Arn, Scope, Timestamp};
use queue::{NewMessage, Queues, name_in_arn};
use serde::{Deserialize, Serialize};
use store::{Commit, KeyRange, Read, Table, Tx};

use crate::platform::event_types;
use crate::platform::rendering::{EventContent, subscription};
use crate::platform::subscription::filter::Filter;
use crate::platform::subscription::verdict::{Decisions, Question};

const SUBSCRIPTIONS: Table<String, Subscription> = Table::new(46, "event subscriptions");
const OUTCOMES: Table<String, Outcome> = Table::new(47, "event subscription outcomes");

/// A subscription as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    /// Unique, without regard to case.
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Such as `event:conversation:end`, perhaps with a `*` at the end.
    pub(crate) event_types: Vec<String>,
    /// JSONata over the rendering's attributes.
    pub(crate) attribute_filter: Option<String>,
    /// The SQS queue.
    pub(crate) queue_arn: Arn,
    pub(crate) is_active: bool,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

store::record!(Subscription, version 1);

/// Delivery statistics of a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Messages that were put into the queue.
    pub(crate) delivered: u64,
    /// Events that matched and could not be delivered: the filter failed or was cut off, or the queue could not take them.
    pub(crate) failed: u64,
    /// Why the last of those failed.
    pub(crate) last_error: Option<String>,
    /// When.
    pub(crate) last_error_at: Option<Timestamp>,
}

store::record!(Outcome, version 1);

/// A subscription in memory, its filter compiled.
#[derive(Debug)]
struct CompiledSubscription {
    subscription: Subscription,
    filter: Option<Filter>,
}

impl CompiledSubscription {
    /// A stored filter compiled when it was created; one that no longer does was stored by an older Trunkline, and fails.
    fn of(subscription: Subscription) -> Self {
        let filter = subscription.attribute_filter.as_deref().and_then(|source| Filter::compile(source).ok());
        Self { subscription, filter }
    }
}

/// All subscriptions of a store. Clones share them.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    queues: Queues,
    /// The queues of this scope are ours.
    scope: Scope,
    /// INVARIANT: changes only after what it holds is committed.
    loaded: Arc<ArcSwap<Vec<Arc<CompiledSubscription>>>>,
}

impl Subscriptions {
    /// The subscriptions of the queues' store, whose queues are in `scope`.
    ///
    /// # Errors
    /// The store's.
    pub fn open(queues: Queues, scope: Scope) -> Result<Self, store::Error> {
        let kept = queues.store().read(|read| read.list(&SUBSCRIPTIONS, &KeyRange::all(), usize::MAX))?;
        let loaded: Vec<_> =
            kept.into_iter().map(|(_, kept)| Arc::new(CompiledSubscription::of(kept))).collect();
        Ok(Self { queues, scope, loaded: Arc::new(ArcSwap::from_pointee(loaded)) })
    }

    /// Whether there are none: then nothing has to be rendered.
    pub fn is_empty(&self) -> bool {
        self.loaded.load().is_empty()
    }

    /// The decisions of filters that [`Subscriptions::pay`] will need for this event and that have not been made.
    pub fn undecided(&self, content: &EventContent, now: Timestamp, decisions: &Decisions) -> Vec<Question> {
        let wanting = self.wanting(content);
        let filtered = wanting.iter().filter(|loaded| loaded.subscription.attribute_filter.is_some());
        let undecided = filtered.filter(|loaded| decisions.of(loaded, content).is_none());
        undecided.map(|loaded| Question::new(loaded, content, now)).collect()
    }

    /// Pays what subscriptions are owed because of a derived event, in the transaction that puts it on its bus. Filters have
    /// decided before, see [`Subscriptions::undecided`].
    pub fn pay(&self, commit: &mut Commit<'_>, content: &EventContent, decisions: &Decisions) {
        for loaded in self.wanting(content) {
            let passed = if loaded.subscription.attribute_filter.is_some() {
                decisions.of(&loaded, content)
            } else {
                Some(Ok(true))
            };
            let outcome = match passed {
                Some(Ok(false)) => continue,
                Some(Ok(true)) => self.send(commit, &loaded.subscription.queue_arn, content),
                Some(Err(error)) => Err(error),
                None => Err("the attributeFilter has not been evaluated".to_owned()),
            };
            note(commit, &loaded.subscription.id, outcome);
        }
    }

    /// The active subscriptions whose event types name this event.
    fn wanting(&self, content: &EventContent) -> Vec<Arc<CompiledSubscription>> {
        let event_type = subscription::event_type(content);
        let wants = |loaded: &&Arc<CompiledSubscription>| {
            let subscription = &loaded.subscription;
            subscription.is_active && event_types::names_one(&subscription.event_types, &event_type)
        };
        self.loaded.load().iter().filter(wants).cloned().collect()
    }

    fn send(&self, commit: &mut Commit<'_>, arn: &Arn, content: &EventContent) -> Result<(), String> {
        let queue = name_in_arn(arn, &self.scope.account, &self.scope.region)
            .and_then(|name| self.queues.find(&mut commit.tx, &name));
        let queue = queue.ok_or_else(|| format!("the queue {arn} does not exist any more"))?;
        let body = subscription::render(content).to_string();
        let most = queue.attributes.size_bytes_max;
        if body.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(format!("the event has {} bytes, and {arn} takes at most {most}", body.len()));
        }
        let delay = std::time::Duration::from_secs(u64::from(queue.attributes.delay_s));
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body,
            sender: self.scope.account.to_string(),
            now: commit.now,
            not_before: commit.now.plus(delay),
            ..NewMessage::default()
        };
        self.queues.send(commit, queue.engine, message);
        Ok(())
    }

    /// Puts a subscription in the place of the one with its id, if there is one.
    fn put(&self, tx: &mut Tx<'_>, subscription: Subscription) {
        tx.put(&SUBSCRIPTIONS, &subscription.id, &subscription);
        self.change(tx, move |all| {
            all.retain(|loaded| loaded.subscription.id != subscription.id);
            all.push(Arc::new(CompiledSubscription::of(subscription)));
        });
    }

    fn remove(&self, tx: &mut Tx<'_>, id: &str) {
        tx.remove(&SUBSCRIPTIONS, &id.to_owned());
        tx.remove(&OUTCOMES, &id.to_owned());
        let id = id.to_owned();
        self.change(tx, move |all| all.retain(|loaded| loaded.subscription.id != id));
    }

    /// Only the writer's thread comes here: nothing is lost between load and store.
    fn change(
        &self,
        tx: &mut Tx<'_>,
        change: impl FnOnce(&mut Vec<Arc<CompiledSubscription>>) + Send + 'static,
    ) {
        let loaded = Arc::clone(&self.loaded);
        tx.after_commit(move || {
            let mut all = Vec::clone(&loaded.load());
            change(&mut all);
            loaded.store(Arc::new(all));
        });
    }
}

fn note(commit: &mut Commit<'_>, id: &str, result: Result<(), String>) {
    let id = id.to_owned();
    let mut outcome = commit.get(&OUTCOMES, &id).unwrap_or_default();
    match result {
        Ok(()) => outcome.delivered += 1,
        Err(error) => {
            outcome.failed += 1;
            outcome.last_error = Some(error);
            outcome.last_error_at = Some(commit.now);
        }
    }
    commit.put(&OUTCOMES, &id, &outcome);
}
