//! GetQueueAttributes, SetQueueAttributes.

use std::collections::BTreeMap;

use aws::operation::null_is_absent;
use aws::{Call, Reply, Scope};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::dead_letter::check_redrive;
use crate::engine::Queues;
use crate::engine::memory::Counts;
use crate::error;
use crate::ops::{Nothing, required, write};
use crate::queue::{Queue, is_attribute, name_in_url, require, settable};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueAttributes {
    queue_url: Option<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    attribute_names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueueAttributes {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

pub(super) fn get(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: GetQueueAttributes| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let names = request.attribute_names;
        if let Some(unknown) = names.iter().find(|name| *name != "All" && !is_attribute(name)) {
            return Err(error::unknown_attribute(unknown));
        }
        let found = queues.store().read(|read| {
            let queue = require(read, &name)?;
            let counts = queues.counts(read, queue.engine, call.now);
            Ok((queue, counts))
        });
        let (queue, counts) = found.map_err(error::of_store)??;
        let mut attributes = all(&queue, counts, queues.scope());
        attributes.retain(|name, _| names.iter().any(|wanted| wanted == "All" || wanted == name));
        Ok(QueueAttributes { attributes })
    })
}

fn all(queue: &Queue, counts: Counts, scope: &Scope) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        settable().filter_map(|name| Some((name.to_owned(), queue.attributes.get(name)?))).collect();
    let ours = [
        ("QueueArn", queue.arn(scope).to_string()),
        ("CreatedTimestamp", queue.created_at.unix_seconds().to_string()),
        ("LastModifiedTimestamp", queue.modified_at.unix_seconds().to_string()),
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
    ];
    all.extend(ours.map(|(name, value)| (name.to_owned(), value)));
    all
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetQueueAttributes {
    queue_url: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
}

pub(super) fn set(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    let (queues_in_job, now) = (queues.clone(), call.now);
    write(queues, body, |request: SetQueueAttributes| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let attributes = required(request.attributes, "Attributes")?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut queue = require(tx, &name)?;
            for (name, value) in &attributes {
                queue.attributes.set(name, value)?;
            }
            if let Some(policy) =
                queue.attributes.redrive.as_ref().filter(|_| attributes.contains_key("RedrivePolicy"))
            {
                check_redrive(tx, policy, &queue, queues_in_job.scope())?;
            }
            queue.modified_at = now;
            queues_in_job.configure(tx, queue.engine, queue.attributes.settings());
            queue.put(tx);
            Ok(Nothing {})
        })
    })
}
