//! PutResourcePolicy, DescribeResourcePolicies, DeleteResourcePolicy.

use aws::operation::answer;
use aws::page::page;
use aws::{Call, Reply};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Tx};

use crate::check::Faults;
use crate::ops::{Nothing, write};
use crate::resource_policy::{RESOURCE_POLICIES, ResourcePolicy};
use crate::{Logs, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutRequest {
    policy_name: Option<String>,
    policy_document: Option<String>,
    resource_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutAnswer {
    resource_policy: PolicyAnswer,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyAnswer {
    policy_name: String,
    policy_document: String,
    last_updated_time: u64,
}

impl PolicyAnswer {
    fn of(name: String, policy: ResourcePolicy) -> Self {
        Self { policy_name: name, policy_document: policy.document, last_updated_time: policy.updated_ms }
    }
}

/// PutResourcePolicy: creates it, or replaces the document of the one with its name.
pub(super) fn put(logs: &Logs, call: &Call, body: &[u8]) -> Reply {
    let now = call.now;
    write(logs, body, |request: PutRequest| {
        let mut faults = Faults::default();
        let document = request.policy_document.unwrap_or_default();
        faults.length("policyDocument", &document, 1..=limits::POLICY_DOCUMENT_LENGTH_MAX);
        faults.result()?;
        let Some(name) = request.policy_name.filter(|name| !name.is_empty()) else {
            return Err(error::invalid_parameter("policyName must be given."));
        };
        if request.resource_arn.is_some() {
            return Err(error::invalid_parameter(
                "Policies of one log group (resourceArn) are not served by Trunkline; leave it out.",
            ));
        }
        let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&document);
        is_object.map_err(|_| error::invalid_parameter("The policy document is not a JSON object."))?;
        let policy = ResourcePolicy { document, updated_ms: now.unix_ms() };
        Ok(move |tx: &mut Tx<'_>| {
            Logs::put_resource_policy(tx, &name, &policy)?;
            Ok(PutAnswer { resource_policy: PolicyAnswer::of(name, policy) })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRequest {
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeAnswer {
    resource_policies: Vec<PolicyAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// DescribeResourcePolicies.
pub(super) fn describe(logs: &Logs, body: &[u8]) -> Reply {
    answer(body, |request: DescribeRequest| {
        let mut faults = Faults::default();
        let limit = faults.limit(request.limit, limits::PAGE_MAX);
        faults.result()?;
        let read = logs.store().read(|read| read.list(&RESOURCE_POLICIES, &KeyRange::all(), usize::MAX));
        let all = read.map_err(error::of_store)?;
        let all = all.into_iter().map(|(name, policy)| PolicyAnswer::of(name, policy));
        let page = page(all, |policy| &policy.policy_name, request.next_token.as_deref(), limit)?;
        Ok(DescribeAnswer { resource_policies: page.items, next_token: page.next_token })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeleteRequest {
    policy_name: Option<String>,
}

/// DeleteResourcePolicy.
pub(super) fn delete(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: DeleteRequest| {
        let name = request.policy_name.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| Logs::delete_resource_policy(tx, &name).map(|()| Nothing {}))
    })
}
