//! Signature Version 4: how a call of an AWS service proves who sent it.
//!
//! Source: "Create a signed AWS API request" in the IAM User Guide; the cases of the test are from AWS's own test suite.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::Timestamp;
use crate::secret::Secret;

/// The algorithm's name, as requests carry it.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// For example `AKIAIOSFODNN7EXAMPLE`.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: Secret,
    /// What comes with credentials that end.
    pub session_token: Option<Secret>,
}

/// For whom and when a signature is made.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// Who signs.
    pub credentials: &'a Credentials,
    /// For example `eu-central-1`.
    pub region: &'a str,
    /// The service as signatures name it: `sqs`, `events`.
    pub service: &'a str,
    /// The time of the request; services refuse one that is more than five minutes off.
    pub now: Timestamp,
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// In capitals.
    pub method: &'a str,
    /// The path, encoded as it is sent, with its slash.
    pub path: &'a str,
    /// Headers that are signed, names in lower case; `host` is among them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// The headers that a request needs beside its own: `x-amz-date`, `authorization`, and for credentials that end
/// `x-amz-security-token`. The request has no query.
#[must_use]
pub fn headers(signing: Signing<'_>, signed: Signed<'_>) -> Vec<(&'static str, String)> {
    let at: String = signing.now.to_iso_seconds().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let day = at.get(..8).unwrap_or_default();
    let token = signing.credentials.session_token.as_ref();
    let mut named: Vec<(&str, &str)> = signed.headers.to_vec();
    named.push(("x-amz-date", &at));
    named.extend(token.map(|token| ("x-amz-security-token", token.reveal())));
    named.sort_unstable();
    let lines: String = named.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = named.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let Signed { method, path, body, .. } = signed;
    let request = format!("{method}\n{path}\n\n{lines}\n{names}\n{}", hex(&Sha256::digest(body)));
    let Signing { region, service, credentials, .. } = signing;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!("{ALGORITHM}\n{at}\n{scope}\n{}", hex(&Sha256::digest(request.as_bytes())));
    let first = format!("AWS4{}", credentials.secret_access_key.reveal()).into_bytes();
    let key = [day, region, service, "aws4_request"].iter().fold(first, |key, part| mac(&key, part));
    let signature = hex(&mac(&key, &text));
    let id = &credentials.access_key_id;
    let authorization =
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
    let token = token.map(|token| ("x-amz-security-token", token.reveal().to_owned()));
    let mut out = vec![("authorization", authorization)];
    out.extend(token);
    out.push(("x-amz-date", at));
    out
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is one for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Signed, Signing, headers};
    use crate::Timestamp;
    use crate::secret::Secret;

    fn signature(method: &str, session_token: Option<Secret>, extra: &[(&str, &str)]) -> String {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token,
        };
        let now = Timestamp::parse_iso("2015-08-30T12:36:00Z").unwrap();
        let signing = Signing { credentials: &credentials, region: "us-east-1", service: "service", now };
        let all: Vec<_> =
            [("host", "example.amazonaws.com")].into_iter().chain(extra.iter().copied()).collect();
        let made = headers(signing, Signed { method, path: "/", headers: &all, body: b"" });
        let found = made.iter().find(|(name, _)| *name == "authorization").unwrap();
        found.1.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    /// The cases `get-vanilla`, `post-vanilla` and `post-header-key-sort` of aws-sig-v4-test-suite.
    #[test]
    fn signatures_are_those_of_the_test_suite() {
        let get = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        assert_eq!(signature("GET", None, &[]), get);
        let post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        assert_eq!(signature("POST", None, &[]), post);
        let sorted = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c";
        assert_eq!(signature("POST", None, &[("my-header1", "value1")]), sorted);
        assert_ne!(signature("POST", Some(Secret::new("t")), &[]), post);
    }
}
