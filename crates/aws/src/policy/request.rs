//! A request as policies see it: who asks, what for, of which resource, in which circumstances.

use std::collections::BTreeMap;
use std::fmt;

use crate::arn::Arn;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A service of AWS on somebody's behalf, for example `events.amazonaws.com`.
    Service(String),
    /// A user, a role, a role's session or an account's root.
    Identity(Arn),
    /// Nobody who is known.
    Anonymous,
}

impl Caller {
    /// EventBridge: the caller of rules' targets.
    pub fn eventbridge() -> Self {
        Self::Service("events.amazonaws.com".to_owned())
    }

    /// An account as such.
    pub fn account(account: &str) -> Self {
        Self::Identity(Arn::new("iam", "", account, "root"))
    }

    /// The account that the caller belongs to; services and strangers have none.
    pub fn account_id(&self) -> Option<&str> {
        match self {
            Self::Identity(arn) => Some(&arn.account),
            Self::Service(_) | Self::Anonymous => None,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => f.write_str(name),
            Self::Identity(arn) => arn.fmt(f),
            Self::Anonymous => f.write_str("an anonymous caller"),
        }
    }
}

/// The condition keys of a request and their values. Names are the same whatever their case (IAM User Guide, "Variables and
/// tags": "Key names are case-insensitive").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// The same context with one more value of a key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.entry(key.to_ascii_lowercase()).or_default().push(value.into());
        self
    }

    /// A key's values; none where the key is absent.
    pub fn values(&self, key: &str) -> &[String] {
        self.0.get(&key.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }
}

/// A request to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// For example `sqs:SendMessage`.
    pub action: String,
    /// The ARN of what it is about.
    pub resource: String,
    /// The circumstances.
    pub context: Context,
}

impl Request {
    /// A service's request on behalf of a resource, a rule for example: `aws:SourceArn` and `aws:SourceAccount` say which.
    /// Source of the keys: IAM User Guide, "AWS global condition context keys".
    pub fn on_behalf(caller: Caller, (action, resource): (&str, &Arn), source: &Arn) -> Self {
        let mut context = Context::default()
            .with("aws:SourceArn", source.to_string())
            .with("aws:SourceAccount", source.account.clone())
            .with("aws:SecureTransport", "true");
        if let Caller::Service(name) = &caller {
            context =
                context.with("aws:PrincipalIsAWSService", "true").with("aws:PrincipalServiceName", name);
        }
        Self { caller, action: action.to_owned(), resource: resource.to_string(), context }
    }

    /// An identity's request; `aws:PrincipalArn`, `aws:PrincipalAccount` and `aws:PrincipalType` are set from it.
    pub fn by(arn: Arn, (action, resource): (&str, &Arn)) -> Self {
        let kind = match arn.resource.split(['/', ':']).next() {
            Some("root") => "Account",
            Some("assumed-role" | "role") => "AssumedRole",
            Some("federated-user") => "FederatedUser",
            _ => "User",
        };
        let context = Context::default()
            .with("aws:PrincipalArn", arn.to_string())
            .with("aws:PrincipalAccount", arn.account.clone())
            .with("aws:PrincipalType", kind);
        let resource = resource.to_string();
        Self { caller: Caller::Identity(arn), action: action.to_owned(), resource, context }
    }
}
