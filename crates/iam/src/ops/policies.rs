//! CreatePolicy, GetPolicy, ListPolicies, DeletePolicy.

use std::collections::BTreeMap;

use aws::operation::answer;
use aws::{Call, Error, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::aws_managed::AwsPolicy;
use crate::check::Faults;
use crate::ops::{Nothing, Paging, Rest, write};
use crate::policy::{ManagedPolicy, ManagedPolicyName, Uses, Version, aws_policies, check_document};
use crate::role::Role;
use crate::tags::{Keys, Tag};
use crate::{Iam, error, identifier, tags};

/// A policy as answers have it; what is absent is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyAnswer {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    create_date: String,
    update_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Tag>>,
}

/// The day on which IAM's managed policies began: of AWS's own, whose dates are not known here.
const AWS_CREATED: Timestamp = Timestamp::from_unix_ms(1_423_180_800_000);

impl PolicyAnswer {
    /// Without description and tags, as lists have it.
    fn of(policy: &ManagedPolicy, account: &str, roles: &[Role]) -> Self {
        let arn = policy.arn(account).to_string();
        let uses = Uses::of(roles, &arn);
        Self {
            policy_name: policy.name.clone(),
            policy_id: policy.id.clone(),
            arn,
            path: policy.path.clone(),
            default_version_id: format!("v{}", policy.default_version),
            attachment_count: uses.attachments,
            permissions_boundary_usage_count: uses.boundaries,
            is_attachable: true,
            description: None,
            create_date: policy.created.to_iso_seconds(),
            update_date: policy.updated.to_iso_seconds(),
            tags: None,
        }
    }

    fn of_aws(policy: &AwsPolicy, roles: &[Role]) -> Self {
        let arn = policy.arn().to_string();
        let uses = Uses::of(roles, &arn);
        Self {
            policy_name: policy.name.clone(),
            policy_id: policy.id(),
            arn,
            path: policy.path.clone(),
            default_version_id: "v1".to_owned(),
            attachment_count: uses.attachments,
            permissions_boundary_usage_count: uses.boundaries,
            is_attachable: true,
            description: None,
            create_date: AWS_CREATED.to_iso_seconds(),
            update_date: AWS_CREATED.to_iso_seconds(),
            tags: None,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OnePolicy {
    policy: PolicyAnswer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    policy_name: Option<String>,
    path: Option<String>,
    policy_document: Option<String>,
    description: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl CreateRequest {
    fn into_policy(self, id: String, now: Timestamp) -> Result<ManagedPolicy, Error> {
        let mut faults = Faults::default();
        faults.policy(self.policy_name.as_deref());
        faults.policy_path("path", self.path.as_deref());
        faults.document("policyDocument", self.policy_document.as_deref());
        faults.description(self.description.as_deref());
        let tags = tags::read(self.tags, Keys::AsWritten, faults)?;
        let document = self.policy_document.unwrap_or_default();
        check_document(&document)?;
        Ok(ManagedPolicy {
            name: self.policy_name.unwrap_or_default(),
            id,
            path: self.path.unwrap_or_else(|| "/".to_owned()),
            description: self.description,
            created: now,
            updated: now,
            versions: BTreeMap::from([(1, Version { document, created: now })]),
            default_version: 1,
            newest_version: 1,
            tags,
        })
    }
}

/// CreatePolicy.
pub(super) fn create(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: CreateRequest| {
        let policy = request.into_policy(identifier::of_policy(&call.ids), call.now)?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            policy.create(tx, &account)?;
            let mut answer = PolicyAnswer::of(&policy, &account, &[]);
            answer.tags = (!policy.tags.is_empty()).then(|| tags::shown(&policy.tags));
            Ok(OnePolicy { policy: answer })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedRequest {
    policy_arn: Option<String>,
}

impl NamedRequest {
    fn arn(self) -> Result<String, Error> {
        let mut faults = Faults::default();
        faults.arn("policyArn", self.policy_arn.as_deref());
        faults.result()?;
        Ok(self.policy_arn.unwrap_or_default())
    }
}

/// GetPolicy.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn get(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NamedRequest| {
        let arn = request.arn()?;
        let account = call.account.as_str();
        let read = iam.store().read(|read| {
            let named = ManagedPolicy::named(read, account, &arn)?.ok_or_else(|| error::no_policy(&arn))?;
            let roles = Role::all(read, account);
            Ok(match named {
                ManagedPolicyName::Own(policy) => PolicyAnswer {
                    description: policy.description.clone(),
                    tags: Some(tags::shown(&policy.tags)),
                    ..PolicyAnswer::of(&policy, account, &roles)
                },
                ManagedPolicyName::Aws(policy) => {
                    PolicyAnswer { tags: Some(Vec::new()), ..PolicyAnswer::of_aws(&policy, &roles) }
                }
            })
        });
        let policy = read.map_err(error::of_store)??;
        Ok(OnePolicy { policy })
    })
}

/// DeletePolicy.
pub(super) fn delete(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: NamedRequest| {
        let arn = request.arn()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            ManagedPolicy::own(tx, &account, &arn)?.delete(tx, &account)?;
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    scope: Option<String>,
    only_attached: Option<bool>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    policies: Vec<PolicyAnswer>,
    #[serde(flatten)]
    rest: Rest,
}

impl ListRequest {
    fn check(&self) -> Faults {
        let mut faults = Faults::default();
        faults.policy_path("pathPrefix", self.path_prefix.as_deref());
        if !matches!(self.scope.as_deref(), None | Some("All" | "AWS" | "Local")) {
            faults.add("scope", "Member must satisfy enum value set: [All, AWS, Local]");
        }
        let usage = self.policy_usage_filter.as_deref();
        if !matches!(usage, None | Some("PermissionsPolicy" | "PermissionsBoundary")) {
            let values = "Member must satisfy enum value set: [PermissionsPolicy, PermissionsBoundary]";
            faults.add("policyUsageFilter", values);
        }
        faults
    }

    fn keeps(&self, policy: &PolicyAnswer) -> bool {
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let (attached, bounds) = (policy.attachment_count > 0, policy.permissions_boundary_usage_count > 0);
        let is_used = match self.policy_usage_filter.as_deref() {
            Some("PermissionsPolicy") => attached,
            Some(_) => bounds,
            None => !self.only_attached.unwrap_or_default() || attached || bounds,
        };
        is_used && policy.path.starts_with(prefix)
    }
}

/// ListPolicies.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let faults = request.check();
        let account = call.account.as_str();
        let read = iam.store().read(|read| (Role::all(read, account), ManagedPolicy::all(read, account)));
        let (roles, own) = read.map_err(error::of_store)?;
        let mut policies = Vec::new();
        if request.scope.as_deref() != Some("AWS") {
            policies.extend(own.iter().map(|policy| PolicyAnswer::of(policy, account, &roles)));
        }
        if request.scope.as_deref() != Some("Local") {
            policies.extend(aws_policies(&roles).iter().map(|policy| PolicyAnswer::of_aws(policy, &roles)));
        }
        policies.retain(|policy| request.keeps(policy));
        let page = request.paging.cut(policies, |policy| &policy.arn, faults)?;
        let rest = Rest::after(&page);
        Ok(ListAnswer { policies: page.items, rest })
    })
}
