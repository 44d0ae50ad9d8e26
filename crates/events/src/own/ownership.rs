//! What each pipeline file owns: written down before it is made, so that what a file no longer names can be removed, whoever
//! applies it next, and what others made is never touched.
//!
//! The server does not know what the resources are: a pipeline's texts for them come back as they were given.

use aws::{Error, Reply, operation};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table};

use crate::events::Events;

/// By the owner and the resource's text. The empty text stands for the owner, who may own nothing any more.
const OWNERSHIP: Table<(String, String), Ownership> = Table::new(80, "ownership");

/// The longest name of an owner, and the longest text for a resource, in characters.
const OWNER_CHARS_MAX: usize = 64;
const RESOURCE_CHARS_MAX: usize = 1_024;

/// That a pipeline owns a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ownership {
    /// Rises from one to the next: what was made later goes earlier.
    number: u64,
}

store::record!(Ownership, version 1);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OwnerRequest {
    owner: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceRequest {
    owner: String,
    resource: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    /// Whether this owner has ever owned anything here.
    is_known: bool,
    /// In the order in which they were made.
    resources: Vec<String>,
    /// What other pipelines own.
    others: Vec<OwnedByOther>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OwnedByOther {
    owner: String,
    resource: String,
}

#[derive(Debug, Serialize)]
struct Done {}

/// What an owner owns, and what others own.
pub(super) fn list(events: &Events, body: &[u8]) -> Reply {
    operation::answer(body, |request: OwnerRequest| {
        check(&request.owner, "r")?;
        let rows = events.store().read(|read| read.list(&OWNERSHIP, &KeyRange::all(), usize::MAX));
        let rows = rows.map_err(queue::error::of_store)?;
        let is_known = rows.iter().any(|((owner, _), _)| *owner == request.owner);
        let rows = rows.into_iter().filter(|((_, resource), _)| !resource.is_empty());
        let (mut own, others): (Vec<_>, Vec<_>) = rows.partition(|((owner, _), _)| *owner == request.owner);
        own.sort_by_key(|(_, ownership)| ownership.number);
        Ok(ListAnswer {
            is_known,
            resources: own.into_iter().map(|((_, resource), _)| resource).collect(),
            others: others
                .into_iter()
                .map(|((owner, resource), _)| OwnedByOther { owner, resource })
                .collect(),
        })
    })
}

/// Writes down that an owner owns a resource, or is about to make it. Again is as good as once.
pub(super) fn record(events: &Events, body: &[u8]) -> Reply {
    operation::commit(body, |request: ResourceRequest| {
        check(&request.owner, &request.resource)?;
        let ResourceRequest { owner, resource } = request;
        Ok(events.store().write(queue::error::of_store, move |tx| {
            let rows = tx.list(&OWNERSHIP, &KeyRange::all(), usize::MAX);
            let other = rows.iter().find(|((other, other_s), _)| *other != owner && *other_s == resource);
            if let Some(((other, _), _)) = other {
                let words = format!("{resource} is owned by the pipeline '{other}'.");
                return Err(Error::sender("ConflictException", words));
            }
            let known = (owner.clone(), String::new());
            if !tx.contains(&OWNERSHIP, &known) {
                tx.put(&OWNERSHIP, &known, &Ownership { number: 0 });
            }
            let key = (owner, resource);
            if !tx.contains(&OWNERSHIP, &key) {
                let number = tx.next_number();
                tx.put(&OWNERSHIP, &key, &Ownership { number });
            }
            Ok(Done {})
        }))
    })
}

/// Forgets that an owner owns a resource, which is gone.
pub(super) fn forget(events: &Events, body: &[u8]) -> Reply {
    operation::commit(body, |request: ResourceRequest| {
        check(&request.owner, &request.resource)?;
        Ok(events.store().write(queue::error::of_store, move |tx| {
            tx.remove(&OWNERSHIP, &(request.owner, request.resource));
            Ok::<_, Error>(Done {})
        }))
    })
}

fn check(owner: &str, resource: &str) -> Result<(), Error> {
    let within = |text: &str, max: usize| (1..=max).contains(&text.chars().count());
    if !within(owner, OWNER_CHARS_MAX) {
        return Err(Error::validation(format!("Owner must have 1 to {OWNER_CHARS_MAX} characters.")));
    }
    if !within(resource, RESOURCE_CHARS_MAX) {
        return Err(Error::validation(format!("Resource must have 1 to {RESOURCE_CHARS_MAX} characters.")));
    }
    Ok(())
}
