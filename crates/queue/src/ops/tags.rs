//! TagQueue, UntagQueue, ListQueueTags.

use std::collections::BTreeMap;

use aws::Reply;
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::engine::Queues;
use crate::error;
use crate::limits;
use crate::ops::{Nothing, OfQueue, required, write};
use crate::queue::{name_in_url, require};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagQueue {
    queue_url: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

pub(super) fn tag(queues: &Queues, body: &[u8]) -> Reply {
    write(queues, body, |request: TagQueue| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let tags = required(request.tags.filter(|tags| !tags.is_empty()), "Tags")?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut queue = require(tx, &name)?;
            queue.tags.extend(tags);
            if queue.tags.len() > limits::TAGS_MAX {
                return Err(error::invalid_parameter(format!(
                    "Too many tags added for queue {name}. Maximum number of tags allowed is {}.",
                    limits::TAGS_MAX
                )));
            }
            queue.put(tx);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagQueue {
    queue_url: Option<String>,
    tag_keys: Option<Vec<String>>,
}

pub(super) fn untag(queues: &Queues, body: &[u8]) -> Reply {
    write(queues, body, |request: UntagQueue| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let keys = required(request.tag_keys.filter(|keys| !keys.is_empty()), "TagKeys")?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut queue = require(tx, &name)?;
            queue.tags.retain(|key, _| !keys.contains(key));
            queue.put(tx);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueueTags {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

pub(super) fn list(queues: &Queues, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: OfQueue| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let queue = queues.store().read(|read| require(read, &name)).map_err(error::of_store)??;
        Ok(QueueTags { tags: queue.tags })
    })
}
