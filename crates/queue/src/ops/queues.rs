//! CreateQueue, DeleteQueue, GetQueueUrl, ListQueues, ListDeadLetterSourceQueues, PurgeQueue.

use std::collections::BTreeMap;
use std::time::Duration;

use aws::operation::null_is_absent;
use aws::{Call, Error, Reply, Scope};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Tx};

use crate::dead_letter::{check_redrive, sources_of};
use crate::deleted;
use crate::engine::Queues;
use crate::error;
use crate::limits;
use crate::ops::{Nothing, OfQueue, between, required, write, write_reserved};
use crate::queue::{
    Attributes, Fifo, Queue, SQS_QUEUES, boolean, find, is_attribute, name_in_url, require, url,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    attributes: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_absent", rename = "tags", alias = "Tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrl {
    queue_url: String,
}

pub(super) fn create(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write(queues, body, |request: CreateQueue| {
        let name = required(request.queue_name.filter(|name| !name.is_empty()), "QueueName")?;
        let fifo = match request.attributes.get("FifoQueue") {
            Some(text) => boolean(text).ok_or_else(|| error::invalid_attribute("FifoQueue"))?,
            None => false,
        };
        if fifo { Queue::check_fifo_name(&name) } else { Queue::check_name(&name) }?;
        let mut wanted = Attributes { fifo: fifo.then(Fifo::default), ..Attributes::default() };
        // `false` is no value that AWS knows: a standard queue has no attribute of this name (aws/aws-sdk-php issue 1331).
        let set = request.attributes;
        for (name, value) in &set {
            wanted.set(name, value)?;
        }
        if request.tags.len() > limits::TAGS_MAX {
            return Err(error::invalid_parameter(
                "Too many tags added for queue. Maximum number of tags allowed is 50.",
            ));
        }
        let tags = request.tags;
        Ok(move |tx: &mut Tx<'_>| {
            if let Some(queue) = find(tx, &name) {
                check_same(&queue, &wanted, &set)?;
                return Ok(QueueUrl { queue_url: queue.url(tx.scope(), &call) });
            }
            if queues_in_job.keeps_waiting_times() {
                deleted::check(tx, &name, call.now)?;
            }
            let engine = queues_in_job.create(tx, wanted.settings());
            let (created_at, modified_at) = (call.now, call.now);
            let purged_at = None;
            let queue = Queue {
                name,
                engine,
                former: None,
                created_at,
                modified_at,
                purged_at,
                attributes: wanted,
                tags,
            };
            if let Some(policy) = &queue.attributes.redrive {
                check_redrive(tx, policy, &queue, queues_in_job.scope())?;
            }
            queue.put(tx);
            Ok(QueueUrl { queue_url: queue.url(tx.scope(), &call) })
        })
    })
}

/// A queue that is there already will do, if it has every attribute that was asked for.
fn check_same(queue: &Queue, wanted: &Attributes, set: &BTreeMap<String, String>) -> Result<(), Error> {
    match set.keys().find(|name| queue.attributes.get(name) != wanted.get(name)) {
        Some(name) if is_attribute(name) => Err(error::queue_name_exists(name)),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn delete(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    let (queues_in_job, now) = (queues.clone(), call.now);
    write_reserved(queues, body, |request: OfQueue| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            queues_in_job.drop_queue(tx, queue.engine);
            tx.remove(&SQS_QUEUES, &name);
            if queues_in_job.keeps_waiting_times() {
                deleted::note(tx, &name, now);
            }
            Ok(Nothing {})
        })
    })
}

pub(super) fn purge(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    let (queues_in_job, now) = (queues.clone(), call.now);
    write_reserved(queues, body, |request: OfQueue| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut queue = require(tx, &name)?;
            // A clock that went back does not keep a queue from being purged.
            let since = queue.purged_at.filter(|before| *before <= now).map(|before| now.since(before));
            if since.is_some_and(|since| since < Duration::from_secs(limits::PURGE_EVERY_S)) {
                return Err(error::purge_in_progress(&name));
            }
            // The messages are let go with the engine queue that holds them; sweeps remove them.
            queues_in_job.drop_queue(tx, queue.engine);
            queue.former = Some(queue.engine);
            queue.engine = queues_in_job.create(tx, queue.attributes.settings());
            queue.purged_at = Some(now);
            queue.put(tx);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrl {
    queue_name: Option<String>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

pub(super) fn get_url(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: GetQueueUrl| {
        let name = required(request.queue_name.filter(|name| !name.is_empty()), "QueueName")?;
        let owner = request.owner.as_deref().unwrap_or(&queues.scope().account);
        let scope = Scope::new(owner, &queues.scope().region);
        let queues = queues.sibling(&scope).ok_or_else(|| error::queue_does_not_exist(None))?;
        let queue = queues.store().read(|read| require(read, &name)).map_err(error::of_store)??;
        Ok(QueueUrl { queue_url: queue.url(&scope, call) })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListQueues {
    queue_name_prefix: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn list(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: ListQueues| {
        let max = page_size(request.max_results)?;
        let prefix = request.queue_name_prefix.unwrap_or_default();
        let all = queues.store().read(|read| read.list(&SQS_QUEUES, &KeyRange::all(), usize::MAX));
        let names = all.map_err(error::of_store)?.into_iter().map(|(name, _)| name);
        let names: Vec<String> = names.filter(|name| name.starts_with(&prefix)).collect();
        let page = page(names, request.next_token.as_deref(), max)?;
        // Without MaxResults there is no paging: AWS shows the first thousand.
        let next_token = page.next_token.filter(|_| request.max_results.is_some());
        Ok(QueueUrls {
            queue_urls: page.items.iter().map(|name| url(name, queues.scope(), call)).collect(),
            next_token,
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListDeadLetterSourceQueues {
    queue_url: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

/// The one answer of SQS whose list begins with a small letter.
#[derive(Debug, Serialize)]
struct DeadLetterSources {
    #[serde(rename = "queueUrls", skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn list_dead_letter_sources(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: ListDeadLetterSourceQueues| {
        let max = page_size(request.max_results)?;
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let sources = queues.store().read(|read| {
            let queue = require(read, &name)?;
            Ok(sources_of(read, &queue.arn(queues.scope())))
        });
        let names = sources.map_err(error::of_store)??.into_iter().map(|queue| queue.name).collect();
        let page = page(names, request.next_token.as_deref(), max)?;
        let next_token = page.next_token.filter(|_| request.max_results.is_some());
        Ok(DeadLetterSources {
            queue_urls: page.items.iter().map(|name| url(name, queues.scope(), call)).collect(),
            next_token,
        })
    })
}

fn page_size(max_results: Option<i64>) -> Result<usize, Error> {
    let most = u32::try_from(limits::PAGE_MAX).unwrap_or(u32::MAX);
    let size = between(max_results, "MaxResults", 1..=most)?;
    Ok(size.and_then(|size| usize::try_from(size).ok()).unwrap_or(limits::PAGE_MAX))
}

fn page(names: Vec<String>, token: Option<&str>, max: usize) -> Result<aws::page::Page<String>, Error> {
    aws::page::page(names, String::as_str, token, max)
        .map_err(|error| error::invalid_parameter(error.message))
}
