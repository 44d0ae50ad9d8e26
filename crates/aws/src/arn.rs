//! Amazon Resource Names: `arn:partition:service:region:account:resource`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A resource's full name. Parsed once; the parts cannot be missing, though region and account may be empty.
/// Source of the form: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// For example `sqs`.
    pub service: String,
    /// For example `us-east-1`; empty for global services.
    pub region: String,
    /// Twelve digits; empty where the service has none.
    pub account: String,
    /// All the rest, colons and slashes included.
    pub resource: String,
}

impl Arn {
    /// A name in the partition `aws`.
    pub fn new(service: &str, region: &str, account: &str, resource: impl Into<String>) -> Self {
        Self {
            partition: "aws".to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.into(),
        }
    }

    /// Whether partition, region and account have the forms that AWS gives those of a resource in a region. Any text may stand
    /// there otherwise, and in a service's address a region that is none leads elsewhere.
    pub fn is_of_aws(&self) -> bool {
        let is_of_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        matches!(self.partition.as_str(), "aws" | "aws-cn" | "aws-us-gov")
            && (1..=32).contains(&self.region.len())
            && self.region.bytes().all(is_of_region)
            && self.account.len() == 12
            && self.account.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// Why a text is no ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidArn(String);

impl fmt::Display for InvalidArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not an ARN: expected arn:partition:service:region:account:resource", self.0)
    }
}

impl std::error::Error for InvalidArn {}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let invalid = || InvalidArn(text.to_owned());
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, service, region, account, resource] = parts.as_slice() else {
            return Err(invalid());
        };
        if partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err(invalid());
        }
        Ok(Self {
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        })
    }
}

impl TryFrom<String> for Arn {
    type Error = InvalidArn;

    fn try_from(text: String) -> Result<Self, InvalidArn> {
        text.parse()
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::Arn;

    #[test]
    fn there_and_back() {
        for text in [
            "arn:aws:sqs:us-east-1:123456789012:dlq",
            "arn:aws:events:eu-west-1:000000000000:rule/bus/name",
            "arn:aws:lambda:us-east-1:123456789012:function:f:alias",
            "arn:aws:s3:::bucket",
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_arn_is_named() {
        for text in ["", "queue", "arn:aws:sqs", "arn::sqs:r:a:q", "arn:aws:sqs:r:a:", "urn:aws:sqs:r:a:q"] {
            assert!(text.parse::<Arn>().unwrap_err().to_string().contains("is not an ARN"));
        }
    }
}
