//! The four ways in which Genesys Cloud pages its lists.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;
use crate::client::fault::Fault;

/// Maximum number of pages of one list: a list that never ends is a mistake on the other side.
const PAGES_MAX: usize = 10_000;
/// The size of numbered pages.
const PAGE_SIZE: usize = 100;
/// How often a job is polled, and how many times.
const JOB_EVERY: Duration = Duration::from_secs(2);
const JOB_ASKED_MAX: usize = 300;

/// Where the items of an answer are.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    /// The answer's member that lists them.
    pub list: &'a str,
    /// The member of each that identifies it.
    pub id: &'a str,
}

impl Client {
    /// Pages by number: `entities`, `pageNumber`, `pageCount`. `path` has no query of its own.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn numbered(&self, path: &str) -> Result<Vec<Value>, Fault> {
        let mut all = Vec::new();
        for number in 1..=PAGES_MAX {
            let mut page = self.get(&format!("{path}?pageSize={PAGE_SIZE}&pageNumber={number}")).await?;
            let pages = page.get("pageCount").and_then(Value::as_u64);
            let entities = take_list(&mut page, "entities");
            let is_last = match pages {
                Some(pages) => u64::try_from(number).is_ok_and(|number| number >= pages),
                None => page.get("nextUri").is_none_or(Value::is_null),
            };
            let is_empty = entities.is_empty();
            all.extend(entities);
            if is_last || is_empty {
                break;
            }
        }
        Ok(all)
    }

    /// Pages by cursor: `entities`, and `after` in the next page's query (process automation), or a whole `nextUri`.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn by_cursor(&self, path: &str) -> Result<Vec<Value>, Fault> {
        let mut all = Vec::new();
        let mut next = format!("{path}?pageSize={PAGE_SIZE}");
        for _ in 0..PAGES_MAX {
            let mut page = self.get(&next).await?;
            all.extend(take_list(&mut page, "entities"));
            let text = |name: &str| page.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            next = match (text("nextUri"), text("after")) {
                (Some(uri), _) => uri.to_owned(),
                (None, Some(after)) => format!("{path}?pageSize={PAGE_SIZE}&after={after}"),
                (None, None) => break,
            };
        }
        Ok(all)
    }

    /// Pages of an analytics query: `paging` in the body, `totalHits` in the answer. Pages shift while conversations come in,
    /// so what comes twice is taken once.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn queried(&self, path: &str, query: &Value, items: Items<'_>) -> Result<Vec<Value>, Fault> {
        let (mut all, mut seen, mut heard) = (Vec::new(), HashSet::new(), 0);
        for number in 1..=PAGES_MAX {
            let mut query = query.clone();
            if let Value::Object(members) = &mut query {
                members.insert("paging".to_owned(), json!({"pageSize": PAGE_SIZE, "pageNumber": number}));
            }
            let mut page = self.send("POST", path, &query).await?;
            let total = page.get("totalHits").and_then(Value::as_u64).unwrap_or(0);
            let found = take_list(&mut page, items.list);
            heard += found.len();
            let is_empty = found.is_empty();
            all.extend(found.into_iter().filter(|item| {
                seen.insert(item.get(items.id).and_then(Value::as_str).unwrap_or_default().to_owned())
            }));
            if is_empty || u64::try_from(heard).is_ok_and(|heard| heard >= total) {
                break;
            }
        }
        Ok(all)
    }

    /// An analytics job: started, awaited, read by its cursor. Its data may lag behind; `dataAvailabilityDate` in the
    /// answer says up to when it is whole.
    ///
    /// # Errors
    /// As [`Client::call`]; and where the job fails or does not end.
    pub async fn by_job(&self, path: &str, query: &Value, list: &str) -> Result<Vec<Value>, Fault> {
        let made = self.send("POST", path, query).await?;
        let id = made.get("jobId").and_then(Value::as_str).unwrap_or_default().to_owned();
        for asked in 0.. {
            let job = self.get(&format!("{path}/{id}")).await?;
            match job.get("state").and_then(Value::as_str).unwrap_or_default() {
                "FULFILLED" => break,
                state @ ("FAILED" | "CANCELLED" | "EXPIRED") => {
                    return Err(Fault::strange(format!("the job {id} at {path} ended as {state}")));
                }
                _ if asked == JOB_ASKED_MAX => {
                    return Err(Fault::strange(format!("the job {id} at {path} does not end")));
                }
                _ => sleep(JOB_EVERY).await,
            }
        }
        let mut all = Vec::new();
        let mut next = format!("{path}/{id}/results?pageSize=1000");
        for _ in 0..PAGES_MAX {
            let mut page = self.get(&next).await?;
            all.extend(take_list(&mut page, list));
            let Some(cursor) = page.get("cursor").and_then(Value::as_str).filter(|cursor| !cursor.is_empty())
            else {
                break;
            };
            next = format!("{path}/{id}/results?pageSize=1000&cursor={cursor}");
        }
        Ok(all)
    }
}

/// The items of a list member, taken out of the page.
fn take_list(page: &mut Value, list: &str) -> Vec<Value> {
    match page.get_mut(list).map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
