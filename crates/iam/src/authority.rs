//! What a service may do in a role's name: it must be trusted by the role, and the role must be allowed.

use aws::Arn;
use aws::policy::{Caller, Decision, Explanation, Kind, Policy, Request, explain};
use store::Read;

use crate::Iam;
use crate::policy::ManagedPolicy;
use crate::role::{Role, role_name};

/// What a service wants to do in a role's name.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// The role's ARN.
    pub role: &'a Arn,
    /// The service, for example `events.amazonaws.com`.
    pub service: &'a str,
    /// For example `states:StartExecution`.
    pub action: &'a str,
    /// What it is done to.
    pub resource: &'a Arn,
    /// On whose behalf: the rule's ARN, for example.
    pub source: &'a Arn,
}

/// What IAM would say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// It may.
    Allowed,
    /// The role has a policy of AWS's whose document is not known here, which may allow it.
    Unknown,
    /// There is no such role, it does not trust the service, or it is not allowed: why, in a sentence.
    Refused(String),
}

impl Iam {
    /// Whether a service may do something in a role's name.
    pub fn may(&self, read: &mut impl Read, errand: &Errand<'_>) -> Authority {
        let role = role_name(errand.role).and_then(|name| Role::find(read, &errand.role.account, name));
        let Some(role) = role.filter(|role| role.arn(&errand.role.account) == *errand.role) else {
            return Authority::Refused(format!("The role {} does not exist here.", errand.role));
        };
        let caller = Caller::Service(errand.service.to_owned());
        let assuming = Request::on_behalf(caller, ("sts:AssumeRole", errand.role), errand.source);
        let trust = Policy::parse(&role.trust, Kind::Trust);
        let trusting = explain(Kind::Trust, &trust.iter().collect::<Vec<_>>(), &assuming);
        if !trusting.decision.is_allowed() {
            return Authority::Refused(format!("The trust policy of {}: {trusting}.", errand.role));
        }
        role_may(read, &role, errand)
    }
}

fn role_may(read: &mut impl Read, role: &Role, errand: &Errand<'_>) -> Authority {
    let session = format!("assumed-role/{}/{}", role.name, errand.service);
    let session = Arn::new("sts", "", &errand.role.account, session);
    let mut request = Request::by(session, (errand.action, errand.resource));
    // "aws:PrincipalArn": of a role's session it is the role's ARN (IAM User Guide, "AWS global condition context keys").
    request.context = aws::policy::Context::default()
        .with("aws:PrincipalArn", errand.role.to_string())
        .with("aws:PrincipalAccount", errand.role.account.clone())
        .with("aws:PrincipalType", "AssumedRole");
    let documents = documents(read, role, &errand.role.account);
    let permitted = explain(Kind::Identity, &documents.known.iter().collect::<Vec<_>>(), &request);
    let verdict = verdict(errand, &permitted, &documents);
    let (Authority::Allowed | Authority::Unknown, Some(boundary)) = (&verdict, &role.boundary) else {
        return verdict;
    };
    match document(read, &errand.role.account, boundary) {
        Document::Known(policy) => {
            let bounded = explain(Kind::Identity, &[&policy], &request);
            if bounded.decision.is_allowed() {
                return verdict;
            }
            Authority::Refused(format!("The permissions boundary {boundary}: {bounded}."))
        }
        Document::Unknown => Authority::Unknown,
    }
}

fn verdict(errand: &Errand<'_>, permitted: &Explanation, documents: &Documents) -> Authority {
    match &permitted.decision {
        Decision::Allowed(_) => Authority::Allowed,
        Decision::ImplicitDeny if documents.lacks_one => Authority::Unknown,
        Decision::ImplicitDeny | Decision::ExplicitDeny(_) => {
            Authority::Refused(format!("The policies of {}: {permitted}.", errand.role))
        }
    }
}

/// The documents of a role.
struct Documents {
    known: Vec<Policy>,
    /// Whether there is one of AWS's that is not known here.
    lacks_one: bool,
}

enum Document {
    Known(Policy),
    Unknown,
}

fn documents(read: &mut impl Read, role: &Role, account: &str) -> Documents {
    let inline = role.inline.values().filter_map(|text| Policy::parse(text, Kind::Identity).ok());
    let mut documents = Documents { known: inline.collect(), lacks_one: false };
    for arn in &role.attached {
        match document(read, account, arn) {
            Document::Known(policy) => documents.known.push(policy),
            Document::Unknown => documents.lacks_one = true,
        }
    }
    documents
}

fn document(read: &mut impl Read, account: &str, arn: &str) -> Document {
    let named = ManagedPolicy::named(read, account, arn).ok().flatten();
    let text = named.as_ref().and_then(|named| named.document());
    text.and_then(|text| Policy::parse(text, Kind::Identity).ok()).map_or(Document::Unknown, Document::Known)
}
