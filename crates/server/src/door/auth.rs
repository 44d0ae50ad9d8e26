//! Who may call: whoever reaches the door, whoever signs with a known key, or whoever has a token.
//!
//! Webhooks, the Platform API and its sockets have ways of their own to tell who calls; `/health` tells nothing.

use std::collections::HashMap;

use aws::Error;
use aws::secret::Secret;
use aws::sigv4::verify::{Claim, SignedRequest, is_normalized, is_same};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::clock;

/// What callers have to show.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Nothing.
    #[default]
    Any,
    /// A signature (SigV4) by one of these access keys.
    SigV4(HashMap<String, Secret>),
    /// One of these, as `Authorization: Bearer` or, as AWS's SDKs send it, as the session token.
    Token(Vec<Secret>),
}

/// A request whose head was judged and whose body is still to come.
#[derive(Debug)]
pub(crate) struct Admission<'a>(Option<(Claim, &'a Secret)>);

impl Auth {
    /// Reads a file of keys: `ACCESS_KEY_ID SECRET_ACCESS_KEY` a line, lines with `#` left out.
    ///
    /// # Errors
    /// A sentence that shows no secret.
    pub fn keys(text: &str) -> Result<Self, String> {
        let mut keys = HashMap::new();
        for (number, line) in lines(text) {
            let mut words = line.split_whitespace();
            let (Some(id), Some(secret), None) = (words.next(), words.next(), words.next()) else {
                return Err(format!("line {number} is no access key id and secret access key"));
            };
            keys.insert(id.to_owned(), Secret::new(secret));
        }
        if keys.is_empty() { Err("there is no key in it".to_owned()) } else { Ok(Self::SigV4(keys)) }
    }

    /// Reads a file of tokens, one a line.
    ///
    /// # Errors
    /// A sentence that shows no secret.
    pub fn tokens(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        for (number, line) in lines(text) {
            if line.len() < TOKEN_LENGTH_MIN || line.contains(char::is_whitespace) {
                return Err(format!(
                    "line {number} is no token of {TOKEN_LENGTH_MIN} characters or more, without spaces"
                ));
            }
            tokens.push(Secret::new(line));
        }
        if tokens.is_empty() { Err("there is no token in it".to_owned()) } else { Ok(Self::Token(tokens)) }
    }

    /// The same, and whoever calls with these too: what we start ourselves.
    #[must_use]
    pub(crate) fn with(mut self, own: &aws::sigv4::Credentials) -> Self {
        match &mut self {
            Self::Any => {}
            Self::SigV4(keys) => drop(keys.insert(own.access_key_id.clone(), own.secret_access_key.clone())),
            Self::Token(tokens) => tokens.extend(own.session_token.clone()),
        }
        self
    }

    /// Judges a request's head, before its body is read.
    ///
    /// # Errors
    /// AWS's: nothing was shown, an unknown key, a signature of another time, a wrong token.
    pub(crate) fn admit(&self, parts: &Parts) -> Result<Admission<'_>, Error> {
        match self {
            Self::Any => Ok(Admission(None)),
            Self::Token(tokens) => {
                let shown = token_of(&parts.headers).ok_or_else(missing)?;
                // Each is compared, so that the time does not tell which came close.
                let found = tokens.iter().filter(|token| is_same(shown, token.reveal())).count();
                if found > 0 { Ok(Admission(None)) } else { Err(unknown()) }
            }
            Self::SigV4(keys) => {
                let claim = Claim::of(&headers_of(&parts.headers), parts.uri.query())?;
                let secret = keys.get(&claim.access_key_id).ok_or_else(unknown)?;
                claim.check_time(clock::wall())?;
                // What is signed is the path without its dots, and what is acted on is the path as it came.
                if !is_normalized(parts.uri.path()) {
                    return Err(Error::validation("The path has parts that are empty, '.' or '..'."));
                }
                Ok(Admission(Some((claim, secret))))
            }
        }
    }
}

impl Admission<'_> {
    /// Judges the whole request.
    ///
    /// # Errors
    /// `InvalidSignatureException`: it is not the one that was signed.
    pub(crate) fn check(&self, parts: &Parts, body: &[u8]) -> Result<(), Error> {
        let Some((claim, secret)) = &self.0 else { return Ok(()) };
        let headers = headers_of(&parts.headers);
        let request = SignedRequest {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query(),
            headers: &headers,
            body,
        };
        claim.verify(&request, secret)
    }
}

/// A shorter token could be guessed.
const TOKEN_LENGTH_MIN: usize = 16;

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().map(str::trim).enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name)?.to_str().ok();
    text("authorization")
        .and_then(|text| text.strip_prefix("Bearer "))
        .or_else(|| text("x-amz-security-token"))
}

/// Names and values as texts; a value that is none is of no signature of ours.
fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn missing() -> Error {
    Error {
        status: 403,
        ..Error::sender("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    }
    .with_query_code("MissingAuthenticationToken")
}

fn unknown() -> Error {
    let words = "The security token included in the request is invalid.";
    Error { status: 403, ..Error::sender("UnrecognizedClientException", words) }
        .with_query_code("InvalidClientTokenId")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use axum::http::request::Parts;

    use super::Auth;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::post("/").header("host", "127.0.0.1:4566");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_token_is_shown_in_either_header_and_nothing_else_is_let_in() {
        let auth = Auth::tokens("# ours\n0123456789abcdef\n\nfedcba9876543210\n").unwrap();
        let code = |headers: &[(&str, &str)]| match auth.admit(&parts(headers)) {
            Ok(_) => "in".to_owned(),
            Err(error) => format!("{} {}", error.status, error.code),
        };
        assert_eq!(code(&[("authorization", "Bearer 0123456789abcdef")]), "in");
        assert_eq!(
            code(&[("x-amz-security-token", "fedcba9876543210"), ("authorization", "AWS4-HMAC-SHA256 x")]),
            "in"
        );
        assert_eq!(code(&[]), "403 MissingAuthenticationTokenException");
        for wrong in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0", "# ours"] {
            assert_eq!(
                code(&[("x-amz-security-token", wrong)]),
                "403 UnrecognizedClientException",
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_signature_is_asked_of_everybody() {
        let auth = Auth::keys("AKIDEXAMPLE  secret\n").unwrap();
        let code = |headers: &[(&str, &str)]| auth.admit(&parts(headers)).unwrap_err().code.into_owned();
        assert_eq!(code(&[]), "MissingAuthenticationTokenException");
        assert_eq!(code(&[("authorization", "Bearer secret")]), "IncompleteSignatureException");
        let signed = |key: &str, day: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential={key}/{day}/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=0"
            )
        };
        let old = [("x-amz-date", "20150830T123600Z"), ("authorization", &signed("AKIDEXAMPLE", "20150830"))];
        assert_eq!(code(&old), "InvalidSignatureException");
        let other = [("x-amz-date", "20150830T123600Z"), ("authorization", &signed("AKIDOTHER", "20150830"))];
        assert_eq!(code(&other), "UnrecognizedClientException");
    }

    #[test]
    fn files_are_read_and_their_secrets_not_shown() {
        for text in ["", "# nothing", "one", "a b c"] {
            let error = Auth::keys(text).unwrap_err();
            assert!(!error.contains("a b"), "{error}");
        }
        for text in ["", "short", "two words that are long"] {
            assert!(Auth::tokens(text).is_err(), "{text}");
        }
        assert!(!format!("{:?}", Auth::keys("id hidden").unwrap()).contains("hidden"));
    }
}
