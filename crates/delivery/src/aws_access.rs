//! How targets that are real AWS resources are reached: who calls, and where.

use std::collections::BTreeMap;

use aws::Arn;
use aws::secret::Secret;
use aws::sigv4::Credentials;

/// Credentials and endpoints. The default has neither credentials nor endpoints other than AWS's own.
#[derive(Clone, Debug, Default)]
pub struct AwsAccess {
    credentials: Option<Credentials>,
    /// By service: `sqs`, `lambda`, `states`.
    endpoints: BTreeMap<&'static str, String>,
}

/// The services, and the variables that name another endpoint of theirs. Source: AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints".
const ENDPOINTS: &[(&str, &str)] = &[
    ("sqs", "AWS_ENDPOINT_URL_SQS"),
    ("lambda", "AWS_ENDPOINT_URL_LAMBDA"),
    ("states", "AWS_ENDPOINT_URL_SFN"),
];

impl AwsAccess {
    /// What the environment says, as AWS's SDKs read it. `AWS_ENDPOINT_URL` alone is not taken: it usually names this
    /// Trunkline.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|text| !text.is_empty());
        let credentials = || {
            Some(Credentials {
                access_key_id: set("AWS_ACCESS_KEY_ID")?,
                secret_access_key: Secret::new(set("AWS_SECRET_ACCESS_KEY")?),
                session_token: set("AWS_SESSION_TOKEN").map(Secret::new),
            })
        };
        let endpoints = ENDPOINTS.iter().filter_map(|(service, name)| Some((*service, set(name)?)));
        Self { credentials: credentials(), endpoints: endpoints.collect() }
    }

    /// Who calls, if anybody may.
    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The endpoint of the service that a resource is of, without a slash at its end.
    pub(crate) fn endpoint(&self, arn: &Arn) -> String {
        let named = self.endpoints.get(arn.service.as_str());
        named.map_or_else(|| official(arn), |url| url.trim_end_matches('/').to_owned())
    }
}

/// AWS's own endpoint.
pub(crate) fn official(arn: &Arn) -> String {
    let suffix = if arn.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{}.{}.{suffix}", arn.service, arn.region)
}

#[cfg(test)]
mod tests {
    use super::AwsAccess;

    #[test]
    fn the_environment_is_read_as_the_sdks_do() {
        let access = AwsAccess::from_environment(|name| match name {
            "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("hidden".to_owned()),
            "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_SQS" => Some("http://127.0.0.1:1/".to_owned()),
            _ => Some(String::new()),
        });
        let credentials = access.credentials().unwrap();
        assert_eq!(
            (credentials.access_key_id.as_str(), credentials.session_token.is_none()),
            ("AKIDEXAMPLE", true)
        );
        assert!(!format!("{access:?}").contains("hidden"));
        let endpoint = |arn: &str| access.endpoint(&arn.parse().unwrap());
        assert_eq!(endpoint("arn:aws:sqs:eu-west-1:123456789012:q"), "http://127.0.0.1:1");
        assert_eq!(
            endpoint("arn:aws:lambda:eu-west-1:123456789012:function:f"),
            "https://lambda.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            endpoint("arn:aws-cn:states:cn-north-1:123456789012:stateMachine:m"),
            "https://states.cn-north-1.amazonaws.com.cn"
        );
        let nobody =
            AwsAccess::from_environment(|name| (name == "AWS_ACCESS_KEY_ID").then(|| "A".to_owned()));
        assert!(nobody.credentials().is_none(), "half of them are none");
    }
}
