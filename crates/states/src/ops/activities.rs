//! CreateActivity, DeleteActivity, DescribeActivity, ListActivities, GetActivityTask.

use std::time::Duration;

use aws::operation::Later;
use aws::{Body, Call, Error, Ids, LongPoll, Reply, Timestamp};
use queue::{Arrival, Receive, Settings};
use serde::Deserialize;
use serde_json::json;
use store::{Commit, Read, Tx};

use crate::activity::{Activity, Waiting, queue_name};
use crate::error::of_store;
use crate::ops::{Item, Moment, Nothing, Paging, Tag, look, write};
use crate::owed::Owed;
use crate::token::OPEN_TASKS;
use crate::{States, limits, name};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRequest {
    name: String,
    #[serde(default, deserialize_with = "aws::operation::null_is_absent")]
    tags: Vec<Tag>,
}

/// CreateActivity: idempotent.
pub(super) fn create(states: &States, call: Call, body: &[u8]) -> Reply {
    let (room, call) = (states.clone(), Moment::of(call));
    write(states, body, |request: CreateRequest| {
        name::check(&request.name)?;
        if request.tags.len() > limits::TAGS_MAX {
            return Err(Error::sender("TooManyTags", "A resource has at most 50 tags."));
        }
        let tags = request.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let name = request.name;
        Ok(move |tx: &mut Tx<'_>| {
            let activity = Activity::find(tx, &name).unwrap_or(Activity { created: call.now, tags });
            activity.put(tx, &name);
            // There from now on, so that a poller has something to wait for.
            room.queues().internal(tx, &queue_name(&name), Settings::default());
            Ok(json!({
                "activityArn": name::activity_arn(room.home(), &name),
                "creationDate": activity.created.to_unix_seconds_f64(),
            }))
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    activity_arn: String,
    worker_name: Option<String>,
}

/// DeleteActivity.
pub(super) fn delete(states: &States, _: Call, body: &[u8]) -> Reply {
    let room = states.clone();
    write(states, body, |request: Named| {
        let name = match name::activity(&request.activity_arn, states.home()) {
            Err(error) if error.code == "ActivityDoesNotExist" => None,
            name => Some(name?),
        };
        Ok(move |tx: &mut Tx<'_>| {
            if let Some(name) = name {
                room.delete_activity(tx, &name);
            }
            Ok(Nothing {})
        })
    })
}

/// DescribeActivity.
pub(super) fn describe(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: Named| {
        let name = name::activity(&request.activity_arn, states.home())?;
        let activity = Activity::require(read, &name, &request.activity_arn)?;
        Ok(json!({
            "activityArn": request.activity_arn,
            "name": name,
            "creationDate": activity.created.to_unix_seconds_f64(),
        }))
    })
}

/// ListActivities.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, paging: Paging| {
        let items = Activity::all(read).into_iter().map(|(name, activity)| Item {
            shown: json!({
                "activityArn": name::activity_arn(states.home(), &name),
                "name": name,
                "creationDate": activity.created.to_unix_seconds_f64(),
            }),
            name,
        });
        let items = items.collect();
        paging.answer("activities", items)
    })
}

/// GetActivityTask: waits for a task.
pub(super) fn poll(states: &States, call: Call, body: &[u8]) -> Reply {
    match prepare(states, &Moment::of(call), body) {
        Ok(poll) => Reply::Poll(Box::new(poll)),
        Err(error) => Reply::Now(Err(error)),
    }
}

fn prepare(states: &States, call: &Moment, body: &[u8]) -> Result<Poll, Error> {
    let request: Named = aws::operation::parse(body)?;
    let name = name::activity(&request.activity_arn, states.home())?;
    let found = states.store().read(|read| {
        Activity::require(read, &name, &request.activity_arn)?;
        Ok(states.queues().find_internal(read, &queue_name(&name)))
    });
    let queue = found.map_err(of_store)??;
    let queue = queue.ok_or_else(|| crate::error::no_activity(&request.activity_arn))?;
    Ok(Poll {
        states: states.clone(),
        queue,
        worker_name: request.worker_name,
        until: call.now.plus(Duration::from_secs(limits::ACTIVITY_POLL_SECONDS)),
        seed: call.ids.next_u128(),
    })
}

/// A worker that waits for a task.
struct Poll {
    states: States,
    queue: queue::QueueId,
    worker_name: Option<String>,
    until: Timestamp,
    seed: u128,
}

impl LongPoll for Poll {
    fn attempt(&mut self, now: Timestamp) -> Later<Option<Body>> {
        let due = self.states.store().read(|read| self.states.queues().is_due(read, self.queue, now));
        match due.map_err(of_store) {
            Err(error) => return Box::pin(std::future::ready(Err(error))),
            Ok(false) => return Box::pin(std::future::ready(Ok(None))),
            Ok(true) => {}
        }
        let (states, queue, worker_name) = (self.states.clone(), self.queue, self.worker_name.clone());
        self.seed = self.seed.wrapping_add(1);
        let ids = Ids::from_seed(self.seed);
        let taken = self.states.store().write_reserved(of_store, move |tx| {
            Ok(states.take_for_worker(&mut Commit::new(tx, now, &ids), queue, worker_name))
        });
        Box::pin(async move {
            let taken = taken.await?;
            taken
                .map(|task| aws::operation::print(&json!({"taskToken": task.token, "input": task.input})))
                .transpose()
        })
    }

    fn arrival(&self) -> Arrival {
        self.states.queues().arrival(self.queue)
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.states.store().read(|read| self.states.queues().due_at(read, self.queue)).ok().flatten()
    }

    fn until(&self) -> Timestamp {
        self.until
    }

    fn nothing(&self) -> Body {
        b"{\"taskToken\":null}".to_vec()
    }
}

impl States {
    /// The next task that an execution still waits for; the worker has it from this commit on.
    fn take_for_worker(
        &self,
        commit: &mut Commit<'_>,
        queue: queue::QueueId,
        worker_name: Option<String>,
    ) -> Option<Waiting> {
        let now = commit.now;
        loop {
            let receive = Receive { max: 1, until: now.plus(Duration::from_secs(60)), now, redrive: None };
            let received = self.queues().receive(&mut commit.tx, queue, &receive).pop()?;
            self.queues().delete(&mut commit.tx, &received.handle);
            let Ok(waiting) = serde_json::from_str::<Waiting>(&received.body) else { continue };
            if commit.tx.get(&OPEN_TASKS, &(waiting.execution, waiting.task)).is_none() {
                continue;
            }
            let owed = Owed::ActivityStarted { task: waiting.task, worker_name };
            self.owe(commit, waiting.execution, owed);
            return Some(waiting);
        }
    }
}
