//! AWS's Signature Version 4 over the head and body of a request without a query.
//!
//! Source: AWS General Reference, "Create a signed AWS API request"; the published test suite is the test at the foot. Own code
//! over `hmac` and `sha2`, which are here anyway: `aws-sigv4` brings a dozen crates for these hundred lines.

pub mod verify;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::Timestamp;
use crate::encoding::{ALL_BUT_PATH, hex, percent_encoded};
use crate::secret::Secret;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who calls AWS.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// Where the credentials are temporary.
    pub session_token: Option<Secret>,
}

/// Whom a signature is for.
#[derive(Clone, Copy, Debug)]
pub struct SigningScope<'s> {
    /// The region.
    pub region: &'s str,
    /// The service, as scopes name it: `sqs`, `events`.
    pub service: &'s str,
}

/// What is signed.
#[derive(Debug)]
pub struct UnsignedRequest<'r> {
    /// In capitals.
    pub method: &'r str,
    /// As the `host` header says it.
    pub host: &'r str,
    /// As it is sent: what is encoded there is encoded once more for the signature, as every service but S3 wants it.
    pub path: &'r str,
    /// The request's own headers, without `host`.
    pub headers: &'r [(String, String)],
    /// The body.
    pub body: &'r [u8],
}

/// The headers that a request is to be sent with besides its own. Services refuse a `now` that is more than five minutes off.
#[must_use]
pub fn sign(
    request: &UnsignedRequest<'_>,
    credentials: &Credentials,
    scope: SigningScope<'_>,
    now: Timestamp,
) -> Vec<(String, String)> {
    let time = amz_date(now);
    let day = time.split('T').next().unwrap_or_default();
    let mut added = vec![("x-amz-date".to_owned(), time.clone())];
    if let Some(token) = &credentials.session_token {
        added.push(("x-amz-security-token".to_owned(), token.reveal().to_owned()));
    }
    let headers = canonical_headers(request, &added);
    let names: Vec<&str> = headers.keys().map(String::as_str).collect();
    let names = names.join(";");
    let mut canonical = format!("{}\n{}\n\n", request.method, percent_encoded(request.path, ALL_BUT_PATH));
    for (name, value) in &headers {
        // Writing to a String cannot fail.
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(canonical, "\n{names}\n{}", hex(&Sha256::digest(request.body)));
    let key = signing_key(&credentials.secret_access_key, day, scope);
    let scope = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let signature = hex(&hmac(&key, to_sign.as_bytes()));
    let id = &credentials.access_key_id;
    let authorization =
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
    added.push(("authorization".to_owned(), authorization));
    added
}

/// Names in lower case and in order, values without spaces that do not count, several of one name joined.
fn canonical_headers(request: &UnsignedRequest<'_>, added: &[(String, String)]) -> BTreeMap<String, String> {
    let host = ("host".to_owned(), request.host.to_owned());
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in request.headers.iter().chain(added).chain([&host]) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = headers.entry(name.to_ascii_lowercase());
        known.and_modify(|all| all.extend([",", &value])).or_insert(value.clone());
    }
    headers
}

/// The key that a secret gives for a day, a region and a service.
fn signing_key(secret: &Secret, day: &str, scope: SigningScope<'_>) -> Vec<u8> {
    let SigningScope { region, service } = scope;
    let first = format!("AWS4{}", secret.reveal());
    [day, region, service, "aws4_request"]
        .into_iter()
        .fold(first.into_bytes(), |key, part| hmac(&key, part.as_bytes()))
}

/// `20150830T123600Z`.
fn amz_date(now: Timestamp) -> String {
    now.to_iso_seconds().replace(['-', ':'], "")
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Credentials, SigningScope, UnsignedRequest, sign};
    use crate::Timestamp;
    use crate::secret::Secret;

    #[test]
    fn requests_are_signed_as_the_published_suite_says() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../tests/data/sigv4.json")).unwrap();
        assert!(cases.len() >= 10, "the cases are gone");
        for case in cases {
            let text = |member: &str| case[member].as_str().unwrap();
            let credentials = Credentials {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                session_token: case["token"].as_str().map(Secret::new),
            };
            let pairs: Vec<(String, String)> = serde_json::from_value(case["headers"].clone()).unwrap();
            let request = UnsignedRequest {
                method: text("method"),
                host: "example.amazonaws.com",
                path: text("path"),
                headers: &pairs,
                body: text("body").as_bytes(),
            };
            let now = Timestamp::parse_iso("2015-08-30T12:36:00Z").unwrap();
            let headers =
                sign(&request, &credentials, SigningScope { region: "us-east-1", service: "service" }, now);
            let (name, authorization) = headers.last().unwrap();
            assert_eq!(name, "authorization");
            let (rest, signature) = authorization.split_once(" Signature=").unwrap();
            assert!(
                rest.starts_with(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
                ),
                "{rest}"
            );
            assert_eq!(signature, text("signature"), "{}", text("name"));
            assert!(!format!("{credentials:?}").contains("wJalr"));
        }
    }
}
