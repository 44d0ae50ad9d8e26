//! `apiDestinations:` the HTTP endpoints that targets call.

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake};
use crate::names::{self, Names};
use crate::noun::connection::ENDPOINT;
use crate::table::{Kind, NameRule, Section, may, must};

/// An API destination of EventBridge.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiDestination {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// The name of its connection.
    pub connection: Marked<String>,
    /// The URL; a target fills each `*` of its path.
    pub endpoint: Marked<String>,
    /// The method in capitals.
    pub method: String,
    /// Requests a second, at most.
    pub rate_limit_per_second: u64,
}

/// Source: the shape `ApiDestinationName` of the EventBridge API.
const NAME: NameRule = NameRule { noun: "an API destination", signs: ".-_", chars_max: 64 };
/// The shape `ApiDestinationHttpMethod`.
const METHODS: &[&str] = &["POST", "PUT", "PATCH", "GET", "HEAD", "OPTIONS", "DELETE"];
/// Source: CreateApiDestination in the EventBridge API reference.
const RATE_DEFAULT: u64 = 300;

pub(crate) const SECTION: Section = Section {
    noun: "an API destination",
    keys: &[
        must("name", "Its name: letters, digits, `.`, `-` and `_`, at most 64.", Kind::Name(&NAME)),
        may("description", "What it is for.", Kind::Text { chars_max: 512 }),
        must(
            "connection",
            "How requests are authorized, one of `connections`.",
            Kind::Text { chars_max: 64 },
        ),
        must(
            "endpoint",
            "The URL to call; each `*` in its path is filled by `http.path` of the target.",
            ENDPOINT,
        ),
        must("method", "The method of the request.", Kind::OneOf(METHODS)),
        may(
            "rateLimitPerSecond",
            "Maximum requests per second; further ones wait. Default 300.",
            Kind::Integer { min: 1, max: i32::MAX as u64 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> ApiDestination {
    ApiDestination {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        connection: fields.name("connection"),
        endpoint: fields.name("endpoint"),
        method: fields.name("method").value,
        rate_limit_per_second: fields.integer("rateLimitPerSecond").unwrap_or(RATE_DEFAULT),
    }
}

impl ApiDestination {
    /// How many `*` of its path a target has to fill.
    pub(crate) fn wildcards(&self) -> usize {
        let path = self.endpoint.value.split('?').next().unwrap_or_default();
        path.matches('*').count()
    }
}

pub(crate) fn check(destinations: &[ApiDestination], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("API destination", destinations.iter().map(|destination| &destination.name), out);
    for destination in destinations {
        names.check_connection(&destination.connection, out);
        names.check_endpoint(&destination.endpoint, out);
    }
}
