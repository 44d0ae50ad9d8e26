//! An activity: a name whose workers poll for tasks.

use std::collections::BTreeMap;

use aws::{Error, Timestamp};
use queue::{NewMessage, Settings};
use serde::{Deserialize, Serialize};
use store::{Commit, KeyRange, Read, Table, Tx};

use crate::States;
use crate::{error, limits};

pub(crate) const ACTIVITIES: Table<String, Activity> = Table::new(121, "activities");
/// The kind of internal queue in which its tasks wait.
const KIND: &str = "activity";

/// An activity as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub(crate) created: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
}

store::record!(Activity, version 1);

/// A task as it waits for a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) execution: u64,
    pub(crate) task: u64,
    pub(crate) token: String,
    /// JSON text.
    pub(crate) input: String,
}

impl Activity {
    pub(crate) fn find(read: &mut impl Read, name: &str) -> Option<Self> {
        read.get(&ACTIVITIES, &name.to_owned())
    }

    pub(crate) fn require(read: &mut impl Read, name: &str, arn: &str) -> Result<Self, Error> {
        Self::find(read, name).ok_or_else(|| error::no_activity(arn))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, name: &str) {
        tx.put(&ACTIVITIES, &name.to_owned(), self);
    }

    pub(crate) fn all(read: &mut impl Read) -> Vec<(String, Self)> {
        read.list(&ACTIVITIES, &KeyRange::all(), limits::LISTED_MAX)
    }
}

/// The internal queue of an activity.
pub(crate) fn queue_name(name: &str) -> String {
    format!("{KIND}:{name}")
}

impl States {
    /// The activities of a machine that are not there.
    pub(crate) fn missing_activities(&self, read: &mut impl Read, machine: &asl::Machine) -> Vec<String> {
        let mut is_missing = |arn: &str| {
            let name = crate::name::activity(arn, self.home());
            name.is_ok_and(|name| Activity::find(read, &name).is_none())
        };
        machine.activities().filter(|arn| is_missing(arn)).map(str::to_owned).collect()
    }

    /// Lets a task wait for a worker.
    pub(crate) fn await_worker(&self, commit: &mut Commit<'_>, name: &str, waiting: &Waiting) {
        let queue = self.queues().internal(commit, &queue_name(name), Settings::default());
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: serde_json::to_string(waiting).unwrap_or_default(),
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues().send(commit, queue, message);
    }

    /// Forgets an activity and what waits for its workers.
    pub(crate) fn delete_activity(&self, tx: &mut Tx<'_>, name: &str) {
        tx.remove(&ACTIVITIES, &name.to_owned());
        if let Some(queue) = self.queues().find_internal(tx, &queue_name(name)) {
            self.queues().drop_queue(tx, queue);
        }
    }
}
