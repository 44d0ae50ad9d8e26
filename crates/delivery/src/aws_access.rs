//! How targets that are real AWS resources are reached: who calls, and where.

use std::collections::BTreeMap;

use aws::Arn;
use aws::secret::Secret;
use aws::sigv4::Credentials;
use http_client::Request;

/// Credentials and endpoints. The default has neither credentials nor endpoints other than AWS's own.
#[derive(Clone, Debug, Default)]
pub struct AwsAccess {
    credentials: Option<Credentials>,
    /// By service: `sqs`, `lambda`, `states`.
    endpoints: BTreeMap<&'static str, Endpoint>,
}

/// Where requests to a service go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Scheme and host, and the port where there is one.
    pub(crate) origin: String,
    /// As the `host` header says it, which is signed: without the scheme's own port.
    pub(crate) host: String,
    /// What stands before the path of each request: empty, or a slash and more without a slash at its end.
    pub(crate) prefix: String,
}

impl Endpoint {
    /// The endpoint at this URL, `http` or `https`.
    fn at(url: &str) -> Result<Self, String> {
        Request::new("POST", url).map_err(|failure| failure.text)?;
        if url.contains(['?', '#']) {
            return Err("an endpoint has no query and no fragment".to_owned());
        }
        let (scheme, rest) = url.split_once("://").ok_or("it has no scheme")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let own_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
        let host = authority.strip_suffix(own_port).unwrap_or(authority);
        if host.ends_with(':') {
            return Err("the port is no number".to_owned());
        }
        Ok(Self {
            origin: format!("{scheme}://{authority}"),
            host: host.to_owned(),
            prefix: path.trim_end_matches('/').to_owned(),
        })
    }
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
    ///
    /// # Errors
    /// A sentence that names the variable whose endpoint is no URL.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| variable(name).filter(|text| !text.is_empty());
        let credentials = || {
            Some(Credentials {
                access_key_id: set("AWS_ACCESS_KEY_ID")?,
                secret_access_key: Secret::new(set("AWS_SECRET_ACCESS_KEY")?),
                session_token: set("AWS_SESSION_TOKEN").map(Secret::new),
            })
        };
        let mut endpoints = BTreeMap::new();
        for (service, name) in ENDPOINTS {
            if let Some(url) = set(name) {
                let endpoint = Endpoint::at(&url).map_err(|reason| {
                    format!("{name} is no endpoint, such as https://sqs.example.com: {reason}")
                })?;
                endpoints.insert(*service, endpoint);
            }
        }
        Ok(Self { credentials: credentials(), endpoints })
    }

    /// Who calls, if anybody may.
    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The endpoint of the service that a resource is of.
    pub(crate) fn endpoint(&self, arn: &Arn) -> Endpoint {
        self.endpoints.get(arn.service.as_str()).cloned().unwrap_or_else(|| {
            let host = official_host(arn);
            Endpoint { origin: format!("https://{host}"), host, prefix: String::new() }
        })
    }
}

/// AWS's own endpoint.
pub(crate) fn official(arn: &Arn) -> String {
    format!("https://{}", official_host(arn))
}

fn official_host(arn: &Arn) -> String {
    let suffix = if arn.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("{}.{}.{suffix}", arn.service, arn.region)
}

#[cfg(test)]
mod tests {
    use super::{AwsAccess, Endpoint};

    #[test]
    fn the_environment_is_read_as_the_sdks_do() {
        let access = AwsAccess::from_environment(|name| match name {
            "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("hidden".to_owned()),
            "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_SQS" => Some("http://127.0.0.1:1/".to_owned()),
            _ => Some(String::new()),
        })
        .unwrap();
        let credentials = access.credentials().unwrap();
        assert_eq!(
            (credentials.access_key_id.as_str(), credentials.session_token.is_none()),
            ("AKIDEXAMPLE", true)
        );
        assert!(!format!("{access:?}").contains("hidden"));
        let endpoint = |arn: &str| access.endpoint(&arn.parse().unwrap()).origin;
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
            AwsAccess::from_environment(|name| (name == "AWS_ACCESS_KEY_ID").then(|| "A".to_owned()))
                .unwrap();
        assert!(nobody.credentials().is_none(), "half of them are none");
    }

    #[test]
    fn endpoints_are_urls_with_a_path_or_none() {
        let cases = [
            ("http://127.0.0.1:1/", Some(("http://127.0.0.1:1", "127.0.0.1:1", ""))),
            ("https://q.example.com", Some(("https://q.example.com", "q.example.com", ""))),
            ("https://q.example.com:443/a/b/", Some(("https://q.example.com:443", "q.example.com", "/a/b"))),
            ("https://q.example.com:80/a", Some(("https://q.example.com:80", "q.example.com:80", "/a"))),
            ("http://[::1]:80", Some(("http://[::1]:80", "[::1]", ""))),
            ("q.example.com", None),
            ("ftp://q.example.com", None),
            ("https://", None),
            ("https://user@q.example.com", None),
            ("https://q.example.com:", None),
            ("https://q.example.com/?a=b", None),
            ("https://q.example.com/#a", None),
            ("https://q example.com", None),
        ];
        for (url, wanted) in cases {
            let told = Endpoint::at(url);
            let parts = |told: &Endpoint| (told.origin.clone(), told.host.clone(), told.prefix.clone());
            let wanted = wanted.map(|(origin, host, prefix): (&str, &str, &str)| {
                (origin.to_owned(), host.to_owned(), prefix.to_owned())
            });
            assert_eq!(told.as_ref().ok().map(parts), wanted, "{url}: {told:?}");
        }
        let wrong =
            AwsAccess::from_environment(|name| (name == "AWS_ENDPOINT_URL_SFN").then(|| "x".to_owned()));
        assert!(wrong.unwrap_err().starts_with("AWS_ENDPOINT_URL_SFN is no endpoint"));
    }
}
