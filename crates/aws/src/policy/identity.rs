//! What IAM asks of a role's permissions and of managed policies.
//!
//! The words and the order in which mistakes are found: IAM's answers as moto's tests have recorded them
//! (tests/test_iam/test_iam_policies.py).

use std::collections::BTreeSet;

use crate::policy::draft::{Draft, DraftPolicy, PolicyFault};
use crate::policy::operator::{Comparison, moment};
use crate::policy::{Scope, Version};

pub(crate) fn syntax() -> PolicyFault {
    PolicyFault::new("Syntax errors in policy.")
}

/// What such a document must be.
pub(crate) fn check(draft: &DraftPolicy) -> Result<(), PolicyFault> {
    if draft.statements.iter().any(|statement| statement.effect.is_none()) {
        return Err(syntax());
    }
    if draft.statements.iter().any(|statement| statement.principals.is_some()) {
        return Err(PolicyFault::new("Policy document should not specify a principal."));
    }
    if draft.version != Some(Version::V2012) {
        return Err(PolicyFault::new("Policy document must be version 2012-10-17 or greater."));
    }
    let resources: Vec<Result<(), PolicyFault>> =
        draft.statements.iter().map(check_resources).collect::<Result<_, PolicyFault>>()?;
    check_sids(draft)?;
    let is_missing = |scope: Option<&Scope<Vec<String>>>| scope.is_none_or(|scope| scope.named().is_empty());
    if draft.statements.iter().any(|statement| is_missing(statement.actions.as_ref())) {
        return Err(PolicyFault::new("Policy statement must contain actions."));
    }
    let actions = draft.statements.iter().filter_map(|statement| statement.actions.as_ref());
    let actions: Vec<&String> = actions.flat_map(|scope| scope.named()).collect();
    if draft.statements.iter().any(|statement| is_missing(statement.resources.as_ref())) {
        actions.iter().try_for_each(|action| check_action(action))?;
        return Err(PolicyFault::new("Policy statement must contain resources."));
    }
    resources.into_iter().collect::<Result<(), PolicyFault>>()?;
    actions.iter().try_for_each(|action| check_action(action))
}

fn check_sids(draft: &DraftPolicy) -> Result<(), PolicyFault> {
    let mut seen = BTreeSet::new();
    for sid in draft.statements.iter().filter_map(|statement| statement.sid.as_deref()) {
        if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(PolicyFault::new(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
            ));
        }
        if !sid.is_empty() && !seen.insert(sid) {
            return Err(PolicyFault::new("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

/// The older parser's checks, which come before all others, and what is wrong with the resources otherwise, which comes after.
fn check_resources(statement: &Draft) -> Result<Result<(), PolicyFault>, PolicyFault> {
    let legacy = || PolicyFault::new("The policy failed legacy parsing");
    let is_known = matches!(statement.effect.as_deref(), Some("Allow" | "Deny"));
    let dates =
        statement.conditions.iter().filter(|it| matches!(it.operator.comparison, Comparison::Date(_)));
    if !is_known || dates.flat_map(|it| &it.values).any(|value| !is_legacy_date(value)) {
        return Err(legacy());
    }
    let Some(scope) = &statement.resources else { return Ok(Ok(())) };
    let mut named: Vec<&String> = scope.named().iter().collect();
    named.sort();
    if let Some(error) = named.iter().find_map(|resource| resource_fault(resource)) {
        return Ok(Err(error));
    }
    let is_cut = |resource: &str| {
        resource != "*"
            && ((resource.matches(':').count() < 5 && resource.contains("::"))
                || resource.split(':').nth(2) == Some(""))
    };
    if named.iter().any(|resource| is_cut(resource)) { Err(legacy()) } else { Ok(Ok(())) }
}

fn is_legacy_date(text: &str) -> bool {
    let is_civil = text.contains(['t', 'T', '-']);
    if is_civil { moment(text).is_some() } else { text.parse::<i64>().is_ok_and(|seconds| seconds >= 0) }
}

/// Where IAM's resources begin.
const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

fn resource_fault(resource: &str) -> Option<PolicyFault> {
    if resource == "*" {
        return None;
    }
    let mut parts = resource.splitn(6, ':');
    let (_, partition) = (parts.next(), parts.next());
    let Some(partition) = partition else {
        return Some(PolicyFault::new(format!("Resource {resource} must be in ARN format or \"*\".")));
    };
    let rest: Vec<&str> = parts.collect();
    if !matches!(partition, "aws" | "aws-cn" | "aws-us-gov" | "*") {
        let completed: Vec<&str> = (0..4).map(|part| rest.get(part).copied().unwrap_or("*")).collect();
        let completed = completed.join(":");
        return Some(PolicyFault::new(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{completed}\"."
        )));
    }
    match rest.as_slice() {
        [] => Some(PolicyFault::new("Resource vendor must be fully qualified and cannot contain regexes.")),
        ["iam", region, ..] if !region.is_empty() => {
            Some(PolicyFault::new(format!("IAM resource {resource} cannot contain region information.")))
        }
        ["s3", region, ..] if !region.is_empty() => {
            Some(PolicyFault::new(format!("Resource {resource} can not contain region information.")))
        }
        ["iam", _, _, path] if *path != "*" && !IAM_PATHS.iter().any(|start| path.starts_with(start)) => {
            Some(PolicyFault::new(format!(
                "IAM resource path must either be \"*\" or start with {}.",
                IAM_PATHS.join(", ")
            )))
        }
        _ => None,
    }
}

fn check_action(action: &str) -> Result<(), PolicyFault> {
    if action == "*" {
        return Ok(());
    }
    let parts: Vec<&str> = action.split(':').collect();
    let words = match parts.as_slice() {
        [vendor, _] => {
            let is_vendor = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            if *vendor == "*" || vendor.chars().all(is_vendor) {
                return Ok(());
            }
            format!("Vendor {vendor} is not valid")
        }
        [_] => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned(),
        _ => "Actions/Condition can contain only one colon.".to_owned(),
    };
    Err(PolicyFault::new(words))
}
