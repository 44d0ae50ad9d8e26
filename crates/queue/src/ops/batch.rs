//! What the batch operations share: their entries' ids, and answers of which some parts failed.

use std::collections::HashSet;

use aws::Error;
use serde::Serialize;

use crate::error;
use crate::limits;
use crate::ops::required;

/// The answer of a batch operation. AWS leaves out what is empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchAnswer<A> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<A>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failure>,
}

/// `BatchResultErrorEntry`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Failure {
    id: String,
    sender_fault: bool,
    code: String,
    message: String,
}

/// The part of a batch answer that only names the entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EntryName {
    pub(super) id: String,
}

impl<A> BatchAnswer<A> {
    pub(super) fn of(outcomes: impl IntoIterator<Item = (String, Result<A, Error>)>) -> Self {
        let mut answer = Self { successful: Vec::new(), failed: Vec::new() };
        for (id, outcome) in outcomes {
            match outcome {
                Ok(success) => answer.successful.push(success),
                Err(error) => answer.failed.push(Failure::of(id, error)),
            }
        }
        answer
    }
}

impl Failure {
    fn of(id: String, error: Error) -> Self {
        // Entries carry the code of the query protocol, as before JSON.
        let code = error.query_code.map_or_else(|| error.code.into_owned(), str::to_owned);
        Self { id, sender_fault: error.status < 500, code, message: error.message }
    }
}

/// Checks the number of entries and their ids. `entry` is the name of an entry's shape.
///
/// # Errors
/// `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId`, `BatchEntryIdsNotDistinct`.
pub(super) fn check<E>(
    entries: Option<Vec<E>>,
    entry: &str,
    id: impl Fn(&E) -> Option<String>,
) -> Result<Vec<(String, E)>, Error> {
    let entries = entries.filter(|entries| !entries.is_empty()).ok_or_else(|| error::empty_batch(entry))?;
    if entries.len() > limits::BATCH_MAX {
        return Err(error::too_many_entries(entries.len(), limits::BATCH_MAX));
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(entries.len());
    for (at, one) in entries.into_iter().enumerate() {
        let id = required(id(&one), &format!("{entry}.{}.Id", at + 1))?;
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > limits::NAME_MAX || !id.chars().all(letters) {
            return Err(error::invalid_batch_id());
        }
        if !seen.insert(id.clone()) {
            return Err(error::ids_not_distinct(&id));
        }
        checked.push((id, one));
    }
    Ok(checked)
}
