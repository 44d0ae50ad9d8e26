//! Whether a request is signed by who it says: Signature Version 4, in the header `Authorization` or in the query.
//!
//! Everything that can change what a request does must be signed: the host and every header `x-amz-*` that it has, the method, the
//! path, the query, and the body by its digest. Source: AWS General Reference, "Create a signed AWS API request"; the cases at
//! `tests/data/sigv4_requests.txt` are the published suite's.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use super::{ALGORITHM, SigningScope, hmac, signing_key};
use crate::Timestamp;
use crate::encoding::{ALL_BUT_PATH, ALL_BUT_UNRESERVED, hex, percent_encoded};
use crate::error::Error;
use crate::secret::Secret;

/// How far the time of a signature may be from now: what AWS's services allow.
const TOLERANCE_MS: u64 = 5 * 60 * 1_000;
/// The longest life of a URL that was signed, in seconds: a week.
const EXPIRES_SECONDS_MAX: u64 = 7 * 86_400;

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'r> {
    /// In capitals.
    pub method: &'r str,
    /// As it came, encoded.
    pub path: &'r str,
    /// What follows the `?`, as it came.
    pub query: Option<&'r str>,
    /// Names in lower case and values, in the order in which they came.
    pub headers: &'r [(String, String)],
    /// The body.
    pub body: &'r [u8],
}

/// Who says to have signed a request, and over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The access key's id.
    pub access_key_id: String,
    day: String,
    region: String,
    service: String,
    time: String,
    signed: Vec<String>,
    signature: String,
    /// How long a signed URL is good, in seconds.
    expires: Option<u64>,
}

impl Claim {
    /// Reads what a request says of its signature, before anything is believed.
    ///
    /// # Errors
    /// `MissingAuthenticationTokenException` where it has none, `IncompleteSignatureException` where that is no whole one, in AWS's
    /// words; what it leaves unsigned and must not.
    pub fn of(headers: &[(String, String)], query: Option<&str>) -> Result<Self, Error> {
        let header =
            |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let claim = match header("authorization") {
            Some(authorization) => Self::of_header(authorization, header("x-amz-date")),
            None => Self::of_query(query.unwrap_or_default()).ok_or_else(missing)?,
        };
        let claim = claim.ok_or_else(|| refusal("IncompleteSignature", "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters and an X-Amz-Date."))?;
        let must_be_signed = headers
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name == "host" || name.starts_with("x-amz-"));
        for name in must_be_signed.chain(["host"]) {
            // Of a signed URL the date stands in the query, and the body has no digest of its own.
            let may_be_left =
                name == "x-amz-content-sha256" || (claim.expires.is_some() && name == "x-amz-date");
            if !claim.signed.iter().any(|signed| signed == name) && !may_be_left {
                let words = format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.");
                return Err(refusal("InvalidSignature", &words));
            }
        }
        Ok(claim)
    }

    fn of_header(authorization: &str, date: Option<&str>) -> Option<Self> {
        let parameters = authorization.strip_prefix(ALGORITHM)?;
        let mut parts = [None, None, None];
        for parameter in parameters.split(',') {
            let (name, value) = parameter.trim().split_once('=')?;
            let place =
                ["Credential", "SignedHeaders", "Signature"].iter().position(|known| *known == name)?;
            let part = parts.get_mut(place)?;
            if part.replace(value).is_some() {
                return None;
            }
        }
        let [credential, signed, signature] = parts;
        Self::read([credential?, date?, signed?, signature?], None)
    }

    /// `None`: the query says nothing of a signature; `Some(None)`: no whole one.
    fn of_query(query: &str) -> Option<Option<Self>> {
        let value = |name: &str| {
            let mut found = query.split('&').filter_map(|pair| pair.split_once('='));
            let (_, value) = found.find(|(key, _)| *key == name)?;
            percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        };
        value("X-Amz-Signature")?;
        let read = || {
            if value("X-Amz-Algorithm")? != ALGORITHM {
                return None;
            }
            let expires =
                value("X-Amz-Expires")?.parse().ok().filter(|seconds| *seconds <= EXPIRES_SECONDS_MAX)?;
            let parts =
                ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"].map(value);
            let [Some(credential), Some(date), Some(signed), Some(signature)] = parts else { return None };
            Self::read([&credential, &date, &signed, &signature], Some(expires))
        };
        Some(read())
    }

    fn read([credential, time, signed, signature]: [&str; 4], expires: Option<u64>) -> Option<Self> {
        let mut parts = credential.split('/').map(str::to_owned);
        let (access_key_id, day, region, service, end) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_whole =
            end == "aws4_request" && parts.next().is_none() && time.strip_prefix(&day)?.starts_with('T');
        let signed: Vec<String> = signed.split(';').map(str::to_owned).collect();
        let claim = Self {
            access_key_id,
            day,
            region,
            service,
            time: time.to_owned(),
            signed,
            signature: signature.to_owned(),
            expires,
        };
        (is_whole && claim.at().is_some()).then_some(claim)
    }

    /// When it says to have been signed: `20150830T123600Z`.
    fn at(&self) -> Option<Timestamp> {
        let digits: String = self.time.chars().filter(char::is_ascii_digit).collect();
        let part = |range: std::ops::Range<usize>| digits.get(range);
        let iso = format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(0..4)?,
            part(4..6)?,
            part(6..8)?,
            part(8..10)?,
            part(10..12)?,
            part(12..14)?
        );
        let is_form = self.time.len() == 16 && digits.len() == 14 && self.time.ends_with('Z');
        Timestamp::parse_iso(&iso).filter(|_| is_form)
    }

    /// Whether it is of now.
    ///
    /// # Errors
    /// `InvalidSignatureException` with AWS's words: signed too long ago, or in the future.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Error> {
        let at_ms = self.at().unwrap_or(Timestamp::ZERO).unix_ms();
        let life_ms = self.expires.map_or(TOLERANCE_MS, |seconds| seconds.saturating_mul(1_000));
        let now_ms = now.unix_ms();
        if now_ms > at_ms.saturating_add(life_ms) {
            let words = format!(
                "Signature expired: {} is now earlier than {} - 5 min.",
                self.time,
                super::amz_date(now)
            );
            return Err(refusal("InvalidSignature", &words));
        }
        if at_ms > now_ms.saturating_add(TOLERANCE_MS) {
            let words = format!(
                "Signature not yet current: {} is still later than {} + 5 min.",
                self.time,
                super::amz_date(now)
            );
            return Err(refusal("InvalidSignature", &words));
        }
        Ok(())
    }

    /// Whether the request is the one that was signed with this secret.
    ///
    /// # Errors
    /// `InvalidSignatureException` (`SignatureDoesNotMatch` in the query protocol).
    pub fn verify(&self, request: &SignedRequest<'_>, secret: &Secret) -> Result<(), Error> {
        let digest = hex(&Sha256::digest(request.body));
        let said = request.headers.iter().filter(|(name, _)| name == "x-amz-content-sha256");
        let mut is_right = said.clone().all(|(_, value)| *value == digest);
        let paths = [normalized(request.path), request.path.to_owned()];
        is_right &= request.path.starts_with('/');
        let matches = paths.iter().any(|path| self.matches(&self.canonical(request, path, &digest), secret));
        is_right &= matches;
        is_right.then_some(()).ok_or_else(|| {
            let words = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
            Error { status: 403, ..Error::sender("InvalidSignatureException", words) }
                .with_query_code("SignatureDoesNotMatch")
        })
    }

    fn canonical(&self, request: &SignedRequest<'_>, path: &str, digest: &str) -> String {
        let path = percent_encoded(path, ALL_BUT_PATH);
        let mut canonical = format!("{}\n{path}\n{}\n", request.method, canonical_query(request.query));
        for name in &self.signed {
            let values = request.headers.iter().filter(|(key, _)| key == name);
            let values: Vec<String> =
                values.map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(canonical, "{name}:{}", values.join(","));
        }
        let _ = write!(canonical, "\n{}\n{digest}", self.signed.join(";"));
        canonical
    }

    fn matches(&self, canonical: &str, secret: &Secret) -> bool {
        let scope = format!("{}/{}/{}/aws4_request", self.day, self.region, self.service);
        let digest = hex(&Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{digest}", self.time);
        let key =
            signing_key(secret, &self.day, SigningScope { region: &self.region, service: &self.service });
        let right = hex(&hmac(&key, to_sign.as_bytes()));
        is_same(&self.signature, &right)
    }
}

/// Whether two texts are the same, in a time that does not depend on how far they agree.
pub fn is_same(given: &str, right: &str) -> bool {
    let tag = hmac(b"compared", right.as_bytes());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(b"compared") else { return false };
    mac.update(given.as_bytes());
    mac.verify_slice(&tag).is_ok()
}

/// Whether a path is as it is signed. One that is not could be another than the one that was signed: who acts on a path asks this.
pub fn is_normalized(path: &str) -> bool {
    normalized(path) == path
}

/// A path without `.`, `..` and empty parts, as every service but S3 signs it.
fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let is_folder = !parts.is_empty() && (path.ends_with('/') || path.ends_with("/."));
    format!("/{}{}", parts.join("/"), if is_folder { "/" } else { "" })
}

/// Names and values in one encoding, in order, without the signature itself.
fn canonical_query(query: Option<&str>) -> String {
    let encoded = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&bytes, ALL_BUT_UNRESERVED).to_string()
    };
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn missing() -> Error {
    refusal("MissingAuthenticationToken", "Request is missing Authentication Token")
}

fn refusal(code: &'static str, words: &str) -> Error {
    let long = match code {
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        "IncompleteSignature" => "IncompleteSignatureException",
        _ => "InvalidSignatureException",
    };
    let short = if code == "InvalidSignature" { "SignatureDoesNotMatch" } else { code };
    Error { status: 403, ..Error::sender(long, words) }.with_query_code(short)
}

#[cfg(test)]
mod tests {
    use super::{Claim, SignedRequest, normalized};
    use crate::Timestamp;
    use crate::error::Error;
    use crate::secret::Secret;

    /// A request of the suite, taken apart.
    #[derive(Clone, Debug, PartialEq)]
    struct Case {
        method: String,
        path: String,
        query: Option<String>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    }

    impl Case {
        fn read(text: &str) -> Self {
            let (head, body) = text.split_once("\n\n").unwrap();
            let mut lines = head.lines();
            let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
            let target = rest.strip_suffix(" HTTP/1.1").unwrap();
            let (path, query) =
                target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let mut headers: Vec<(String, String)> = Vec::new();
            for line in lines {
                match line.split_once(':').filter(|_| !line.starts_with(' ')) {
                    Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
                    // A folded line: a receiver joins it.
                    None => headers.last_mut().unwrap().1.push_str(line),
                }
            }
            let query = query.map(str::to_owned);
            Self { method: method.to_owned(), path: path.to_owned(), query, headers, body: body.into() }
        }

        fn verify(&self) -> Result<(), Error> {
            let claim = Claim::of(&self.headers, self.query.as_deref())?;
            claim.check_time(Timestamp::parse_iso("2015-08-30T12:40:00Z").unwrap())?;
            let Self { method, path, query, headers, body } = self;
            let request = SignedRequest { method, path, query: query.as_deref(), headers, body };
            if claim.access_key_id != "AKIDEXAMPLE" {
                return Err(Error::sender("UnrecognizedClientException", "no such key"));
            }
            claim.verify(&request, &Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
        }
    }

    fn cases() -> Vec<(String, Case)> {
        let text = include_str!("../../tests/data/sigv4_requests.txt");
        let case = |text: &str| {
            let (name, request) = text.split_once('\n').unwrap();
            (name.trim().to_owned(), Case::read(request.strip_suffix('\n').unwrap_or(request)))
        };
        text.split("=== ").skip(1).map(case).collect()
    }

    #[test]
    fn the_requests_of_the_published_suite_are_taken() {
        let cases = cases();
        assert!(cases.len() >= 21, "{}", cases.len());
        for (name, case) in cases {
            assert_eq!(case.verify().map_err(|error| error.message), Ok(()), "{name}");
        }
    }

    /// Each byte of each text turned into another.
    fn mutations(text: &str) -> impl Iterator<Item = String> + '_ {
        (0..text.len()).filter_map(|at| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 1;
            String::from_utf8(bytes)
                .ok()
                .filter(|changed| changed.split_whitespace().ne(text.split_whitespace()))
        })
    }

    #[test]
    fn a_request_with_one_byte_changed_is_refused() {
        let mut changed = 0;
        let mut refused = |name: &str, case: Case| {
            changed += 1;
            assert!(case.verify().is_err(), "{name}: {case:?}");
        };
        for (name, case) in cases() {
            let signed = Claim::of(&case.headers, case.query.as_deref()).unwrap().signed;
            mutations(&case.method).for_each(|method| refused(&name, Case { method, ..case.clone() }));
            // What is signed is the path without its dots.
            let is_other =
                |path: &String| !path.starts_with('/') || normalized(path) != normalized(&case.path);
            mutations(&case.path)
                .filter(is_other)
                .for_each(|path| refused(&name, Case { path, ..case.clone() }));
            for query in case.query.iter().flat_map(|query| mutations(query)) {
                refused(&name, Case { query: Some(query), ..case.clone() });
            }
            for at in 0..case.headers.len() {
                let (key, value) = &case.headers[at];
                if key != "authorization" && key != "x-amz-content-sha256" && !signed.contains(key) {
                    continue;
                }
                for value in mutations(value) {
                    let mut case = case.clone();
                    case.headers[at].1 = value;
                    refused(&name, case);
                }
                let mut without = case.clone();
                without.headers.remove(at);
                // Of a signed URL the date stands in the query.
                let is_header = case.query.as_ref().is_none_or(|query| !query.contains("X-Amz-Expires"));
                let is_signed = key != "x-amz-content-sha256" || signed.contains(key);
                if is_signed && (is_header || key == "host") {
                    refused(&name, without);
                }
            }
            for at in 0..case.body.len() {
                let mut case = case.clone();
                case.body[at] ^= 1;
                refused(&name, case);
            }
            let mut more = case.clone();
            more.headers.push(("x-amz-target".to_owned(), "AWSEvents.DeleteRule".to_owned()));
            refused(&name, more);
            refused(&name, Case { body: [case.body.as_slice(), b" "].concat(), ..case });
        }
        assert!(changed > 5_000, "{changed}");
    }

    #[test]
    fn a_signature_is_of_now() {
        let (_, case) = cases().remove(0);
        let claim = Claim::of(&case.headers, None).unwrap();
        for (now, words) in [
            ("2015-08-30T12:31:00Z", ""),
            (
                "2015-08-30T12:30:59Z",
                "Signature not yet current: 20150830T123600Z is still later than 20150830T123059Z + 5 min.",
            ),
            ("2015-08-30T12:41:00Z", ""),
            (
                "2015-08-30T12:41:01Z",
                "Signature expired: 20150830T123600Z is now earlier than 20150830T124101Z - 5 min.",
            ),
        ] {
            let checked = claim.check_time(Timestamp::parse_iso(now).unwrap());
            assert_eq!(checked.err().map(|error| error.message).unwrap_or_default(), words, "{now}");
        }
        let unsigned = Claim::of(&[("host".to_owned(), "x".to_owned())], None).unwrap_err();
        assert_eq!(unsigned.message, "Request is missing Authentication Token");
    }
}
