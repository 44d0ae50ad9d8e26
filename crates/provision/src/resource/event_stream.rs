//! `eventStreams:` derived events, posted to an HTTPS address.

use aws::secret::Secret;
use serde_json::{Map, Value, json};

use crate::api::{Api, ApiError, Request};
use crate::change::Change;
use crate::fields::Fields;
use crate::mistake::{Marked, Mistake};
use crate::names::{self, Names};
use crate::resource::platform::{check_types, find, with};
use crate::resource::{Resource, Settings, Verbs, Wanted, decided};
use crate::table::{Kind, NameRule, Section, may, must};

/// An event stream.
#[derive(Clone, Debug, PartialEq)]
pub struct EventStream {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// Where events are posted.
    pub url: Marked<String>,
    /// Headers of each post.
    pub headers: Vec<(Marked<String>, Secret)>,
    /// The types of events; all where there are none.
    pub event_types: Vec<Marked<String>>,
    /// Whether it posts anything.
    pub is_enabled: bool,
}

const NAME: NameRule = NameRule { noun: "an event stream", signs: ".-_ ", chars_max: 256 };
/// Source: docs/event-streams.md.
const TYPES: &[&str] =
    &["conversation:start", "conversation:update", "conversation:end", "user:state:change"];

pub(crate) const SECTION: Section = Section {
    noun: "an event stream",
    keys: &[
        must("name", "The stream's name.", Kind::Name(&NAME)),
        may("description", "What it is for.", Kind::Text { chars_max: 1024 }),
        must(
            "url",
            "The HTTPS address that events are posted to; it answers a handshake when the stream is made.",
            Kind::Text { chars_max: 2048 },
        ),
        may(
            "headers",
            "Headers of each post; their values are shown to nobody.",
            Kind::Texts { chars_max: 2048 },
        ),
        may(
            "eventTypes",
            "Which events: `conversation:start`, `conversation:update`, `conversation:end`, `user:state:change`; `*` at the end stands for any ending. Default: all.",
            Kind::List(&Kind::Text { chars_max: 128 }),
        ),
        may("enabled", "Whether it posts anything. Default true.", Kind::Flag),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> EventStream {
    let headers = fields.pairs("headers").into_iter();
    EventStream {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        url: fields.name("url"),
        headers: headers.map(|(name, value)| (name, Secret::new(value.value))).collect(),
        event_types: fields.texts("eventTypes"),
        is_enabled: fields.flag("enabled").unwrap_or(true),
    }
}

pub(crate) fn check(streams: &[EventStream], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("event stream", streams.iter().map(|one| &one.name), out);
    for one in streams {
        names.check_endpoint(&one.url, out);
        check_types(&one.event_types, TYPES, out);
    }
}

named_id!("An event stream.", "event stream ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] = &["description", "enabled", "destinations", "eventTypes"];
/// What is shown instead of a header's value.
const HIDDEN: &str = "********";

impl EventStream {
    /// The value of a header is not shown, so that a change of one alone is not seen.
    pub(crate) fn wanted(&self) -> Resource {
        let types: Vec<&str> = match self.event_types.as_slice() {
            [] => TYPES.to_vec(),
            types => types.iter().map(|one| one.value.as_str()).collect(),
        };
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, _)| (name.value.clone(), json!(HIDDEN))).collect();
        let destination = json!({"protocol": "https", "url": self.url.value, "headers": headers});
        let mut settings = Settings::from([
            ("enabled".to_owned(), json!(self.is_enabled)),
            ("destinations".to_owned(), json!([destination])),
            ("eventTypes".to_owned(), json!(types)),
        ]);
        if !self.description.is_empty() {
            settings.insert("description".to_owned(), json!(self.description));
        }
        let mut resource = Resource::new(Id { name: self.name.value.clone() }, settings);
        for (name, value) in &self.headers {
            resource.secrets.put(format!("/destinations/0/headers/{}", name.value), value);
        }
        resource
    }
}

impl Id {
    async fn find(&self, api: &impl Api) -> Result<Option<Value>, ApiError> {
        find(api, "ListEventStreams", &self.name).await
    }

    async fn id(&self, api: &impl Api) -> Result<Value, ApiError> {
        let found = self.find(api).await?.and_then(|one| one.get("id").cloned());
        found.ok_or_else(|| ApiError::gone(&self.to_string()))
    }

    fn body(&self, wanted: Wanted<'_>) -> Value {
        with(wanted.secrets.fill(json!(wanted.settings)), "name", json!(self.name))
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 5;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        Ok(self.find(api).await?.map(|one| decided(&one, SETTINGS)))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        api.call(Request::platform("CreateEventStream", self.body(wanted))).await.map(drop)
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        let body = with(self.body(wanted), "id", self.id(api).await?);
        api.call(Request::platform("ReplaceEventStream", body)).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"id": self.id(api).await?});
        api.call(Request::platform("DeleteEventStream", body)).await.map(drop)
    }
}
