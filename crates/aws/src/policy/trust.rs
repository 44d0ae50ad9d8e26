//! What is asked of documents with a principal: roles' trust policies, and the policies of queues, buses and functions.
//!
//! The words: "This policy contains invalid Json", "Has prohibited field Resource" and "AssumeRole policy may only specify STS
//! AssumeRole actions." as LocalStack recorded them from AWS (tests/aws/services/iam/test_iam_roles.snapshot.json); the others as
//! Versity's gateway found them (iamapi/policy/trust.go).

use std::collections::BTreeSet;

use crate::policy::Scope;
use crate::policy::draft::{Draft, DraftPolicy, Fault, PolicyFault};
use crate::policy::principal::{Principal, PrincipalType, Principals};

/// The actions by which a role is assumed.
const ASSUMING: [&str; 6] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
];

pub(crate) fn words_of(fault: Fault) -> PolicyFault {
    PolicyFault::new(match fault {
        Fault::Json => "This policy contains invalid Json",
        Fault::Version => "The policy must contain a valid version string",
        Fault::NoStatement => "Could not parse the policy: Statement is empty!",
        Fault::Syntax => "Syntax error in policy.",
    })
}

/// What a role's trust policy must be.
pub(crate) fn check(draft: &DraftPolicy) -> Result<(), PolicyFault> {
    draft.statements.iter().try_for_each(|statement| {
        check_common(statement)?;
        let actions = statement.actions.as_ref().map(Scope::named);
        let is_assuming = |action: &String| ASSUMING.contains(&action.to_ascii_lowercase().as_str());
        if !actions.is_some_and(|actions| actions.iter().all(is_assuming)) {
            return Err(PolicyFault::new("AssumeRole policy may only specify STS AssumeRole actions."));
        }
        match &statement.resources {
            None => Ok(()),
            Some(Scope::Only(_)) => Err(PolicyFault::new("Has prohibited field Resource")),
            Some(Scope::Except(_)) => Err(PolicyFault::new("AssumeRole policy must not contain resources.")),
        }
    })?;
    check_sids(draft)
}

/// What the policy of a queue, a bus or a function must be.
pub(crate) fn check_resource_policy(draft: &DraftPolicy) -> Result<(), PolicyFault> {
    draft.statements.iter().try_for_each(check_common)?;
    check_sids(draft)
}

fn check_sids(draft: &DraftPolicy) -> Result<(), PolicyFault> {
    let mut seen = BTreeSet::new();
    let sids = draft.statements.iter().filter_map(|statement| statement.sid.as_deref());
    if sids.filter(|sid| !sid.is_empty()).all(|sid| seen.insert(sid)) {
        return Ok(());
    }
    Err(PolicyFault::new("The Statement Ids in the policy are not unique"))
}

fn check_common(statement: &Draft) -> Result<(), PolicyFault> {
    match statement.effect.as_deref() {
        None => return Err(PolicyFault::new("Missing required field Effect")),
        Some("Allow" | "Deny") => {}
        Some(other) => return Err(PolicyFault::new(format!("Invalid effect: {other}"))),
    }
    let Some(scope) = &statement.principals else {
        return Err(PolicyFault::new("Missing required field Principal"));
    };
    if let Principals::Listed(listed) = scope.named() {
        if listed.is_empty() {
            return Err(PolicyFault::new("Missing required field Principal cannot be empty!"));
        }
        if let Some(wrong) = listed.iter().find(|principal| !has_form(principal)) {
            let kind = wrong.kind.name().to_uppercase();
            return Err(PolicyFault::new(format!(
                "Invalid principal in policy: \"{kind}\":\"{}\"",
                wrong.id
            )));
        }
    }
    if statement.actions.as_ref().is_none_or(|actions| actions.named().is_empty()) {
        return Err(PolicyFault::new("Missing required field Action"));
    }
    Ok(())
}

/// Whether it can be the name of a principal of its kind. AWS also knows which there are.
fn has_form(principal: &Principal) -> bool {
    let id = principal.id.as_str();
    match principal.kind {
        PrincipalType::Aws => {
            // A principal that was deleted shows as its id: "the principal ID appears in resource-based policies".
            let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            id == "*" || is_id || (id.starts_with("arn:") && (id.contains(":iam::") || id.contains(":sts::")))
        }
        PrincipalType::Service => id.contains('.') && !id.contains(['*', '/', ' ']),
        PrincipalType::Federated | PrincipalType::CanonicalUser => !id.is_empty(),
    }
}
