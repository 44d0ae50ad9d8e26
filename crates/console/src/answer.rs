//! What is asked of the console, and what it answers.

use aws::Timestamp;
use maud::Markup;

/// A request for a page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The path below `/console/`, in its segments, each decoded.
    pub path: Vec<String>,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// When it came.
    pub now: Timestamp,
    /// What a page's requests that act have to bring back; it is this process's.
    pub token: String,
}

impl Visit {
    /// A member of the query; empty where it is not there.
    pub fn param(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's.
    pub status: u16,
    /// The document.
    pub html: String,
}

impl Answer {
    pub(crate) fn page(status: u16, html: Markup) -> Self {
        Self { status, html: html.into_string() }
    }
}
