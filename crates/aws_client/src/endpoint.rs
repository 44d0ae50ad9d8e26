//! Where a service is: AWS's own endpoint, or the one that the environment names.

use std::collections::BTreeMap;

use aws::api;
use http_client::{AllowedHost, Request};

use crate::settings::Settings;

/// Where requests to a service go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme and host, and the port where there is one.
    pub origin: String,
    /// As the `host` header says it, which is signed: without the scheme's own port.
    pub host: String,
    /// What stands before the path of each request: empty, or a slash and more without a slash at its end.
    pub prefix: String,
}

impl Endpoint {
    /// The endpoint at this URL, `http` or `https`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn at(url: &str) -> Result<Self, String> {
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

    /// AWS's own endpoint of a service in a region.
    pub fn official(service: &str, region: &str) -> Self {
        let host = format!("{service}.{region}.{}", suffix(region));
        Self { origin: format!("https://{host}"), host, prefix: String::new() }
    }

    /// The host as a guard names it, so that a private address that somebody named is reached.
    pub fn allowed(&self) -> Option<AllowedHost> {
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let name = match self.host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            _ => &self.host,
        };
        name.parse().ok()
    }
}

/// The suffix of a region's partition. Source: `partitions.json` of botocore.
fn suffix(region: &str) -> &'static str {
    const SUFFIXES: &[(&str, &str)] = &[
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
    ];
    SUFFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("amazonaws.com", |(_, suffix)| suffix)
}

/// The services, and the variables that name another endpoint of theirs. Source: AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints".
const VARIABLES: &[(&str, &str)] = &[
    (api::SQS.scope, "AWS_ENDPOINT_URL_SQS"),
    (api::LAMBDA.scope, "AWS_ENDPOINT_URL_LAMBDA"),
    (api::STATES.scope, "AWS_ENDPOINT_URL_SFN"),
    (api::CLOUDFORMATION.scope, "AWS_ENDPOINT_URL_CLOUDFORMATION"),
    (api::DYNAMODB.scope, "AWS_ENDPOINT_URL_DYNAMODB"),
    (api::EVENTS.scope, "AWS_ENDPOINT_URL_EVENTBRIDGE"),
    (api::STS.scope, "AWS_ENDPOINT_URL_STS"),
    ("portal.sso", "AWS_ENDPOINT_URL_SSO"),
];

/// The endpoints that the environment names, by service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints(BTreeMap<&'static str, Endpoint>);

impl Endpoints {
    /// Those of the environment. `AWS_ENDPOINT_URL` alone is not taken: it usually names this Trunkline.
    ///
    /// # Errors
    /// A sentence that names the variable whose endpoint is no URL.
    pub(crate) fn read(settings: &Settings) -> Result<Self, String> {
        let mut endpoints = BTreeMap::new();
        for (service, name) in VARIABLES {
            if let Some(url) = settings.variable(name) {
                let endpoint = Endpoint::at(&url).map_err(|reason| {
                    format!("{name} is no endpoint, such as https://sqs.example.com: {reason}")
                })?;
                endpoints.insert(*service, endpoint);
            }
        }
        Ok(Self(endpoints))
    }

    /// The endpoint of a service: as signatures name it, but `portal.sso`.
    pub(crate) fn of(&self, service: &str, region: &str) -> Endpoint {
        self.0.get(service).cloned().unwrap_or_else(|| Endpoint::official(service, region))
    }

    /// All that are named.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Endpoint> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Endpoints};
    use crate::settings::Settings;

    #[test]
    fn the_environment_names_endpoints_service_by_service() {
        let settings = Settings::new(|name| match name {
            "AWS_ENDPOINT_URL" | "AWS_ENDPOINT_URL_SQS" => Some("http://127.0.0.1:1/".to_owned()),
            _ => Some(String::new()),
        });
        let endpoints = Endpoints::read(&settings).unwrap();
        let origin = |service: &str, region: &str| endpoints.of(service, region).origin;
        assert_eq!(origin("sqs", "eu-west-1"), "http://127.0.0.1:1");
        assert_eq!(origin("lambda", "eu-west-1"), "https://lambda.eu-west-1.amazonaws.com");
        assert_eq!(origin("states", "cn-north-1"), "https://states.cn-north-1.amazonaws.com.cn");
        let wrong = Settings::new(|name| (name == "AWS_ENDPOINT_URL_SFN").then(|| "x".to_owned()));
        assert!(Endpoints::read(&wrong).unwrap_err().starts_with("AWS_ENDPOINT_URL_SFN is no endpoint"));
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
        let allowed = |url: &str| Endpoint::at(url).unwrap().allowed().map(|allowed| allowed.to_string());
        assert_eq!(allowed("http://localhost:4566").as_deref(), Some("localhost"));
        assert_eq!(allowed("http://[::1]:4566").as_deref(), Some("::1/128"));
    }
}
