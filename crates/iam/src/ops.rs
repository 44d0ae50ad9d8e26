//! The operations of IAM: for each noun a file with its requests, responses and functions, and the table of all.

mod attachments;
mod policies;
mod role_policies;
mod roles;
mod tags;
mod versions;
mod wire;

use aws::api::IAM;
use aws::page::Page;
use aws::service::Query;
use aws::{Error, Operation, Reply, Service, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Ticket, Tx};

use crate::Iam;
use crate::check::Faults;
use crate::error::{self, STORAGE_ERRORS};

/// IAM as a service: the query protocol, for all regions.
pub static SERVICE: Service<Iam> = Service::new(
    IAM.name,
    &[IAM.scope],
    &[Wire::Query(Query::new(IAM.namespace, wire::ACTIONS))],
    OPERATIONS,
)
.with_storage_errors(STORAGE_ERRORS);

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Iam>] = &[
    Operation::whole("AttachRolePolicy", attachments::attach),
    Operation::whole("CreatePolicy", policies::create),
    Operation::whole("CreatePolicyVersion", versions::create),
    Operation::whole("CreateRole", roles::create),
    Operation::whole("DeletePolicy", policies::delete),
    Operation::whole("DeletePolicyVersion", versions::delete),
    Operation::whole("DeleteRole", roles::delete),
    Operation::whole("DeleteRolePermissionsBoundary", attachments::delete_boundary),
    Operation::whole("DeleteRolePolicy", role_policies::delete),
    Operation::whole("DetachRolePolicy", attachments::detach),
    Operation::partly(
        "GetPolicy",
        "Of AWS's own policies all exist; descriptions, dates and versions are not AWS's.",
        policies::get,
    ),
    Operation::partly(
        "GetPolicyVersion",
        "Of AWS's own policies five documents are known; the others are refused.",
        versions::get,
    ),
    Operation::partly("GetRole", "When a role was last used is not kept.", roles::get),
    Operation::whole("GetRolePolicy", role_policies::get),
    Operation::whole("ListAttachedRolePolicies", attachments::list),
    Operation::partly(
        "ListEntitiesForPolicy",
        "Roles only: there are no users and groups.",
        attachments::entities,
    ),
    Operation::partly(
        "ListInstanceProfilesForRole",
        "There are no instance profiles.",
        roles::instance_profiles,
    ),
    Operation::partly(
        "ListPolicies",
        "Of AWS's own policies, those whose documents are known and those that roles use.",
        policies::list,
    ),
    Operation::whole("ListPolicyTags", tags::list_of_policy),
    Operation::whole("ListPolicyVersions", versions::list),
    Operation::whole("ListRolePolicies", role_policies::list),
    Operation::whole("ListRoleTags", tags::list_of_role),
    Operation::whole("ListRoles", roles::list),
    Operation::whole("PutRolePermissionsBoundary", attachments::put_boundary),
    Operation::whole("PutRolePolicy", role_policies::put),
    Operation::whole("SetDefaultPolicyVersion", versions::set_default),
    Operation::whole("TagPolicy", tags::tag_policy),
    Operation::whole("TagRole", tags::tag_role),
    Operation::whole("UntagPolicy", tags::untag_policy),
    Operation::whole("UntagRole", tags::untag_role),
    Operation::whole("UpdateAssumeRolePolicy", roles::update_trust),
    Operation::whole("UpdateRole", roles::update),
    Operation::whole("UpdateRoleDescription", roles::update_description),
];

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
struct Nothing {}

/// Serves an operation that changes something.
fn write<Q, A, F>(iam: &Iam, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize + Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<A, Error> + Send + 'static,
{
    aws::operation::commit(body, |request: Q| -> Result<Ticket<A, Error>, Error> {
        let (change, changed) = (prepare(request)?, iam.clone());
        Ok(iam.store().write(error::of_store, move |tx| {
            changed.note_change(tx);
            change(tx)
        }))
    })
}

/// Where a list begins and how long its page is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Paging {
    marker: Option<String>,
    max_items: Option<i64>,
}

impl Paging {
    /// Cuts the page out of items, by their names.
    fn cut<T>(
        &self,
        mut items: Vec<T>,
        name: impl Fn(&T) -> &str,
        mut faults: Faults,
    ) -> Result<Page<T>, Error> {
        let limit = faults.max_items(self.max_items);
        faults.result()?;
        items.sort_by(|a, b| name(a).cmp(name(b)));
        aws::page::page(items, name, self.marker.as_deref(), limit)
            .map_err(|_| error::validation("Invalid Marker."))
    }
}

/// How a list's answer ends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rest {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Rest {
    fn after<T>(page: &Page<T>) -> Self {
        Self { is_truncated: page.next_token.is_some(), marker: page.next_token.clone() }
    }
}

/// A document as answers have it: "The returned policy is URL-encoded according to RFC 3986".
fn encoded(document: &str) -> String {
    aws::encoding::percent_encoded(document, aws::encoding::ALL_BUT_UNRESERVED)
}
