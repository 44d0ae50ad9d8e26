//! `apiDestinations:` the HTTP endpoints that targets call.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::mistake::{Marked, Mistake};
use crate::names::{self, Names};
use crate::resource::connection::{self, ENDPOINT};
use crate::resource::{Resource, Settings, Verbs, Wanted, arn_in, arn_of, decided, describe, emptied, named};
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
    pub(crate) fn wanted(&self) -> Resource {
        let connection = connection::Id { name: self.connection.value.clone() };
        let mut settings = Settings::from([
            ("ConnectionArn".to_owned(), arn_of(connection)),
            ("InvocationEndpoint".to_owned(), json!(self.endpoint.value)),
            ("HttpMethod".to_owned(), json!(self.method)),
            ("InvocationRateLimitPerSecond".to_owned(), json!(self.rate_limit_per_second)),
        ]);
        describe(&mut settings, &self.description);
        Resource::new(Id { name: self.name.value.clone() }, settings)
    }

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

const WORD: &str = "API destination ";

named_id!("Which one.", "API destination ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] =
    &["ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond", "Description"];

impl Id {
    /// The API destination that is displayed like this.
    pub(crate) fn of_words(words: &str) -> Option<Self> {
        words.strip_prefix(WORD).map(|name| Self { name: name.to_owned() })
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 20;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::events("DescribeApiDestination", json!({"Name": self.name}))).await;
        Ok(found(answer)?.map(|answer| decided(&answer, SETTINGS)))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let body = named(wanted.settings, "Name", &self.name);
        api.call(Request::events("CreateApiDestination", body)).await.map(drop)
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        let body = named(&emptied(wanted.settings), "Name", &self.name);
        api.call(Request::events("UpdateApiDestination", body)).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::events("DeleteApiDestination", json!({"Name": self.name}))).await.map(drop)
    }

    async fn arn(&self, api: &impl Api) -> Result<Option<Value>, ApiError> {
        let answer = api.call(Request::events("DescribeApiDestination", json!({"Name": self.name}))).await;
        arn_in(answer, "ApiDestinationArn")
    }
}
