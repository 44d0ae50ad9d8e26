//! What is sent and what comes back.

use std::fmt;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Uri};

use crate::failure::{Failure, FailureKind};

/// The bytes of an answer that are kept where the request does not say.
const KEPT_BYTES: usize = 1 << 20;

/// One request. Its `Debug` shows neither path, query, headers nor body: they may hold secrets.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Uri,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) kept_bytes_max: usize,
}

impl Request {
    /// A request without headers or body; the method in capitals, the URL absolute, `http` or `https`.
    ///
    /// # Errors
    /// [`FailureKind::Invalid`] where the method or the URL is none.
    pub fn new(method: &str, url: &str) -> Result<Self, Failure> {
        let invalid = |text: &str| Failure::new(FailureKind::Invalid, text);
        let method: Method = method.parse().map_err(|_| invalid("the method is no HTTP method"))?;
        let url: Uri = url.parse().map_err(|_| invalid("the address is no URL"))?;
        let speaks_http = matches!(url.scheme_str(), Some("http" | "https"));
        if !speaks_http || url.host().is_none_or(str::is_empty) {
            return Err(invalid("the address is no URL that begins with https:// and a host"));
        }
        if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(invalid("the address names a user; credentials belong into the connection"));
        }
        Ok(Self { method, url, headers: Vec::new(), body: Bytes::new(), kept_bytes_max: KEPT_BYTES })
    }

    /// Adds a header.
    ///
    /// # Errors
    /// [`FailureKind::Invalid`], with the header's name and without its value.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Failure> {
        let wrong = || Failure::new(FailureKind::Invalid, format!("the header '{name}' cannot be sent"));
        let (key, value) = (name.parse().map_err(|_| wrong())?, value.parse().map_err(|_| wrong())?);
        self.headers.push((key, value));
        Ok(self)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets how many bytes of the answer's body are kept; the default is 1 MiB.
    #[must_use]
    pub fn keep(mut self, bytes_max: usize) -> Self {
        self.kept_bytes_max = bytes_max;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = place(&self.url);
        out.debug_struct("Request").field("method", &self.method).field("at", &url).finish_non_exhaustive()
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status, 100 to 999.
    pub status: u16,
    /// The headers, names in lower case; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body, or its first bytes.
    pub body: Bytes,
    /// Whether the body went on after what is kept.
    pub is_cut: bool,
}

impl Response {
    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Scheme, host and port: what a text may say of a URL.
pub(crate) fn place(url: &Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}", url.scheme_str().unwrap_or_default())
}
