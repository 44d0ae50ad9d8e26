//! A scope: the account and the region that a resource belongs to.

use std::fmt;
use std::sync::Arc;

use crate::arn::Arn;

/// An account and a region. Clones share their texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Twelve digits.
    pub account: Arc<str>,
    /// For example `us-east-1`.
    pub region: Arc<str>,
}

impl Scope {
    /// The scope of `account` and `region`.
    pub fn new(account: &str, region: &str) -> Self {
        Self { account: Arc::from(account), region: Arc::from(region) }
    }

    /// The ARN of a resource in this scope, in the partition `aws`.
    pub fn arn(&self, service: &str, resource: impl Into<String>) -> Arn {
        Arn::new(service, &self.region, &self.account, resource)
    }

    /// Whether an ARN names a resource of this scope, whatever its service.
    pub fn holds(&self, arn: &Arn) -> bool {
        *self.account == *arn.account && *self.region == *arn.region
    }
}

/// What Trunkline is unless it is told otherwise.
impl Default for Scope {
    fn default() -> Self {
        Self::new("000000000000", "us-east-1")
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn an_arn_of_a_scope_is_held_by_it_and_by_no_other() {
        let scope = Scope::new("123456789012", "eu-west-1");
        let arn = scope.arn("sqs", "orders");
        assert_eq!(arn.to_string(), "arn:aws:sqs:eu-west-1:123456789012:orders");
        assert!(scope.holds(&arn));
        assert!(!Scope::new("123456789012", "us-east-1").holds(&arn));
        assert!(!Scope::new("999999999999", "eu-west-1").holds(&arn));
        assert_eq!(scope.to_string(), "123456789012/eu-west-1");
    }
}
