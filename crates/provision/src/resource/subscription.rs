//! `subscriptions:` the derived events that a filter lets through, each as a message of a queue.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request};
use crate::change::Change;
use crate::fields::Fields;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake};
use crate::names::{self, Names};
use crate::resource::platform::{check_types, find, with};
use crate::resource::{Resource, Settings, Verbs, Wanted, decided};
use crate::table::{Kind, NameRule, Section, may, must};

/// A subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// The types of events.
    pub event_types: Vec<Marked<String>>,
    /// JSONata over the message's attributes.
    pub filter: Option<Marked<String>>,
    /// The queue, by name.
    pub queue: Marked<String>,
    /// Whether it sends anything.
    pub is_enabled: bool,
}

const NAME: NameRule = NameRule { noun: "a subscription", signs: ".-_ ", chars_max: 256 };
/// Source: docs/subscriptions.md.
const TYPES: &[&str] = &[
    "event:conversation:start",
    "event:conversation:update",
    "event:conversation:end",
    "event:user:state:change",
];

pub(crate) const SECTION: Section = Section {
    noun: "a subscription",
    keys: &[
        must("name", "The subscription's name.", Kind::Name(&NAME)),
        may("description", "What it is for.", Kind::Text { chars_max: 1024 }),
        must(
            "eventTypes",
            "Which events: `event:conversation:start`, `event:conversation:update`, `event:conversation:end`, `event:user:state:change`; `*` at the end stands for any ending.",
            Kind::List(&Kind::Text { chars_max: 128 }),
        ),
        may(
            "filter",
            "Only events for which this JSONata over `attributes` is true.",
            Kind::Text { chars_max: 4096 },
        ),
        must("queue", "The queue, one of `queues`.", Kind::Text { chars_max: 80 }),
        may("enabled", "Whether it sends anything. Default true.", Kind::Flag),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Subscription {
    Subscription {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        event_types: fields.texts("eventTypes"),
        filter: fields.text("filter"),
        queue: fields.name("queue"),
        is_enabled: fields.flag("enabled").unwrap_or(true),
    }
}

pub(crate) fn check(subscriptions: &[Subscription], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("subscription", subscriptions.iter().map(|one| &one.name), out);
    for one in subscriptions {
        names.check_queue(&one.queue, out);
        check_types(&one.event_types, TYPES, out);
    }
}

named_id!("A subscription.", "subscription ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] = &["description", "eventTypes", "attributeFilter", "destination", "status"];

impl Subscription {
    pub(crate) fn wanted(&self, maker: &Maker<'_>) -> Resource {
        let types: Vec<&str> = self.event_types.iter().map(|one| one.value.as_str()).collect();
        let queue = json!({"arn": maker.queue_arn(&self.queue.value), "region": maker.place.region});
        let mut settings = Settings::from([
            ("eventTypes".to_owned(), json!(types)),
            ("destination".to_owned(), json!({"type": "aws_sqs", "awsSqs": queue})),
            ("status".to_owned(), json!(if self.is_enabled { "active" } else { "inactive" })),
        ]);
        if !self.description.is_empty() {
            settings.insert("description".to_owned(), json!(self.description));
        }
        if let Some(filter) = &self.filter {
            settings.insert("attributeFilter".to_owned(), json!(filter.value));
        }
        Resource::new(Id { name: self.name.value.clone() }, settings)
    }
}

impl Id {
    async fn find(&self, api: &impl Api) -> Result<Option<Value>, ApiError> {
        find(api, "ListSubscriptions", &self.name).await
    }

    async fn id(&self, api: &impl Api) -> Result<Value, ApiError> {
        let found = self.find(api).await?.and_then(|one| one.get("id").cloned());
        found.ok_or_else(|| ApiError::gone(&self.to_string()))
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 5;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        Ok(self.find(api).await?.map(|one| decided(&one, SETTINGS)))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let body = with(json!(wanted.settings), "name", json!(self.name));
        api.call(Request::platform("CreateSubscription", body)).await.map(drop)
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        let body = with(json!(wanted.settings), "name", json!(self.name));
        let body = with(body, "id", self.id(api).await?);
        api.call(Request::platform("ReplaceSubscription", body)).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"id": self.id(api).await?});
        api.call(Request::platform("DeleteSubscription", body)).await.map(drop)
    }
}
