//! The principals that a statement names. Source: IAM User Guide, "AWS JSON policy elements: Principal".

use std::fmt;

use crate::arn::Arn;
use crate::policy::request::Caller;

/// The key under which a principal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalType {
    /// An account, a user, a role, a session.
    Aws,
    /// A service.
    Service,
    /// An identity provider.
    Federated,
    /// S3's old name of an account.
    CanonicalUser,
}

impl PrincipalType {
    /// The four of them, in AWS's order.
    pub const ALL: [Self; 4] = [Self::Aws, Self::Service, Self::Federated, Self::CanonicalUser];

    /// As it is written in a document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Service => "Service",
            Self::Federated => "Federated",
            Self::CanonicalUser => "CanonicalUser",
        }
    }
}

/// One principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its kind.
    pub kind: PrincipalType,
    /// `*`, twelve digits, an ARN, or a service's name.
    pub id: String,
}

/// The principals of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principals {
    /// `"*"`: everybody, services and strangers included.
    Everyone,
    /// A map of kinds and names.
    Listed(Vec<Principal>),
}

impl Principals {
    /// Whether the caller is among them.
    pub(crate) fn include(&self, caller: &Caller) -> bool {
        match self {
            Self::Everyone => true,
            Self::Listed(listed) => listed.iter().any(|principal| principal.is(caller)),
        }
    }
}

impl Principal {
    fn is(&self, caller: &Caller) -> bool {
        match (self.kind, caller) {
            // "the following elements are equivalent: "Principal": "*" and "Principal": {"AWS": "*"}"; senders are services as
            // often as not, as in the policies of queues behind a topic.
            (PrincipalType::Aws, _) if self.id == "*" => true,
            (PrincipalType::Aws, Caller::Identity(arn)) => is_identity(&self.id, arn),
            (PrincipalType::Service, Caller::Service(name)) => self.id.eq_ignore_ascii_case(name),
            _ => false,
        }
    }
}

/// Whether the name in a document is that of the caller, of its account or of its role. No wildcards: "You cannot use a wildcard
/// to match part of a principal name or ARN."
fn is_identity(id: &str, caller: &Arn) -> bool {
    if id == caller.account && !id.is_empty() {
        return true;
    }
    let Ok(named) = id.parse::<Arn>() else { return false };
    if named.account != caller.account || named.partition != caller.partition {
        return false;
    }
    // "Using the account ARN in the Principal element does not limit permissions to only the root user of the account."
    named.resource == "root"
        || named == *caller
        || role_name(&named).is_some_and(|role| session_role(caller) == Some(role))
}

/// The name of a role without its path, which a session's ARN does not have.
fn role_name(arn: &Arn) -> Option<&str> {
    arn.resource.strip_prefix("role/").and_then(|path| path.rsplit('/').next())
}

/// The role whose session this is.
fn session_role(arn: &Arn) -> Option<&str> {
    arn.resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next())
}

impl fmt::Display for Principals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::Listed(listed) => {
                let ids: Vec<&str> = listed.iter().map(|principal| principal.id.as_str()).collect();
                f.write_str(&ids.join(", "))
            }
        }
    }
}
