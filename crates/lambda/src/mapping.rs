//! An event source mapping: which queue's messages a function gets, and how they are gathered into batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws::{Arn, Error, Scope, Timestamp};
use queue::{Arrival, Queue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::error::of_store;
use crate::name::FunctionName;
use crate::{Functions, limits};

/// By UUID.
pub(crate) const MAPPINGS: Table<String, Mapping> = Table::new(76, "Lambda event source mappings");

/// A mapping as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The function's name.
    pub function: String,
    /// A version or an alias of it.
    pub qualifier: Option<String>,
    /// The queue's ARN.
    pub source: String,
    pub is_enabled: bool,
    /// Messages of a batch at most.
    pub batch_size: u64,
    /// How long messages are gathered for a batch.
    pub window_seconds: u64,
    /// Event patterns on records; a message that none matches is deleted. Without any all are taken.
    pub filters: Vec<String>,
    /// Whether the function says which messages of a batch failed.
    pub reports_failures: bool,
    /// `MaximumConcurrency`: batches at a time.
    pub concurrency_max: Option<u64>,
    pub modified: Timestamp,
    pub tags: BTreeMap<String, String>,
}

store::record!(Mapping, version 1);

/// What a poller sees of a mapping at a moment.
#[derive(Clone, Debug)]
pub struct Sight {
    pub mapping: Mapping,
    /// The function as an invocation names it.
    pub function: FunctionName,
    /// The queue; none where it is gone.
    pub queue: Option<QueueSight>,
}

/// What a poller sees of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSight {
    pub engine: queue::QueueId,
    /// Whether a message can be received.
    pub is_due: bool,
    /// When the next one can; none where it is empty.
    pub due_at: Option<Timestamp>,
    /// How many can be received.
    pub visible: u64,
}

impl Mapping {
    pub(crate) fn find(read: &mut impl Read, uuid: &str) -> Option<Self> {
        read.get(&MAPPINGS, &uuid.to_owned())
    }

    /// All, by UUID.
    pub(crate) fn all(read: &mut impl Read) -> Vec<(String, Self)> {
        read.list(&MAPPINGS, &KeyRange::all(), limits::LISTED_MAX)
    }

    /// The function as an invocation names it.
    pub fn function_name(&self) -> FunctionName {
        FunctionName { name: self.function.clone(), qualifier: self.qualifier.clone() }
    }

    /// As answers have it; `state` where it is not the lasting one.
    pub(crate) fn shown(&self, home: &Scope, uuid: &str, state: Option<&str>) -> Value {
        let lasting = if self.is_enabled { "Enabled" } else { "Disabled" };
        let types: &[&str] = if self.reports_failures { &["ReportBatchItemFailures"] } else { &[] };
        let mut shown = json!({
            "UUID": uuid,
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window_seconds,
            "EventSourceArn": self.source,
            "FunctionArn": self.function_name().arn(home).to_string(),
            "LastModified": self.modified.unix_seconds(),
            "State": state.unwrap_or(lasting),
            "StateTransitionReason": "USER_INITIATED",
            "FunctionResponseTypes": types,
            "EventSourceMappingArn": home.arn("lambda", format!("event-source-mapping:{uuid}")).to_string(),
        });
        let Some(members) = shown.as_object_mut() else { return shown };
        if !self.filters.is_empty() {
            let filters: Vec<Value> = self.filters.iter().map(|text| json!({"Pattern": text})).collect();
            members.insert("FilterCriteria".to_owned(), json!({"Filters": filters}));
        }
        if let Some(max) = self.concurrency_max {
            members.insert("ScalingConfig".to_owned(), json!({"MaximumConcurrency": max}));
        }
        shown
    }
}

impl Functions {
    /// The UUIDs of all mappings.
    ///
    /// # Errors
    /// The store's.
    pub fn mappings(&self) -> Result<Vec<String>, Error> {
        let all = self.store.read(Mapping::all).map_err(of_store)?;
        Ok(all.into_iter().map(|(uuid, _)| uuid).collect())
    }

    /// Completes when mappings have changed after it was asked for.
    pub fn mappings_change(&self) -> Arrival {
        let mut changed = Box::pin(Arc::clone(&self.mappings_bell).notified_owned());
        changed.as_mut().enable();
        changed
    }

    pub(crate) fn ring_mappings(&self, tx: &mut Tx<'_>) {
        let bell = Arc::clone(&self.mappings_bell);
        tx.after_commit(move || bell.notify_waiters());
    }

    /// Completes when a message has come to an engine queue.
    pub fn queue_arrival(&self, engine: queue::QueueId) -> Arrival {
        self.queues.arrival(engine)
    }

    /// How a mapping and its queue stand; `None` where there is no such mapping.
    ///
    /// # Errors
    /// The store's.
    pub fn see_mapping(&self, uuid: &str, now: Timestamp) -> Result<Option<Sight>, Error> {
        let seen = self.store.read(|read| {
            let mapping = Mapping::find(read, uuid)?;
            let queue = self.queue_of(read, &mapping).map(|queue| QueueSight {
                engine: queue.engine,
                is_due: self.queues.is_due(read, queue.engine, now),
                due_at: self.queues.due_at(read, queue.engine),
                visible: self.queues.counts(read, queue.engine, now).visible,
            });
            Some(Sight { function: mapping.function_name(), mapping, queue })
        });
        seen.map_err(of_store)
    }

    /// The queue of a mapping, if it is here.
    pub(crate) fn queue_of(&self, read: &mut impl Read, mapping: &Mapping) -> Option<Queue> {
        let arn: Arn = mapping.source.parse().ok()?;
        (arn.service == "sqs" && self.store.scope().holds(&arn)).then_some(())?;
        self.queues.find(read, &arn.resource)
    }
}
