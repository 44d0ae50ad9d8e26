//! `archives:` the archives of the pipeline's bus.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::json::JsonText;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake};
use crate::names::{self, Names};
use crate::resource::{Resource, Settings, Verbs, Wanted, as_value, decided, describe, emptied, named};
use crate::table::{Kind, NameRule, Section, may, must};

/// An archive.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// Which events it keeps; `None`: all of the bus.
    pub pattern: Option<JsonText>,
    /// How long it keeps them, in days; 0: for ever.
    pub retention_days: u64,
}

/// Source: the shape `ArchiveName` of the EventBridge API.
const NAME: NameRule = NameRule { noun: "an archive", signs: ".-_", chars_max: 48 };

pub(crate) const SECTION: Section = Section {
    noun: "an archive",
    keys: &[
        must("name", "The archive's name: letters, digits, `.`, `-` and `_`, at most 48.", Kind::Name(&NAME)),
        may("description", "What it is for.", Kind::Text { chars_max: 512 }),
        may("pattern", "Keep events that match this event pattern. Default: all of the bus.", Kind::Pattern),
        may(
            "retentionDays",
            "How long an event is kept, in days. Default 0: for ever.",
            Kind::Integer { min: 0, max: i32::MAX as u64 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Archive {
    Archive {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        pattern: fields.json_or_text("pattern"),
        retention_days: fields.integer("retentionDays").unwrap_or_default(),
    }
}

pub(crate) fn check(archives: &[Archive], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("archive", archives.iter().map(|archive| &archive.name), out);
    for pattern in archives.iter().filter_map(|archive| archive.pattern.as_ref()) {
        names.check_pattern(pattern, out);
    }
}

named_id!("An archive.", "archive ");

/// The settings that a pipeline decides.
const SETTINGS: &[&str] = &["EventSourceArn", "EventPattern", "RetentionDays", "Description"];

impl Archive {
    /// # Errors
    /// The mistake, where a Genesys queue has no id.
    pub(crate) fn wanted(&self, maker: &Maker<'_>) -> Result<Resource, Box<Mistake>> {
        let mut settings = Settings::from([
            ("EventSourceArn".to_owned(), json!(maker.arn("events", format!("event-bus/{}", maker.bus)))),
            ("RetentionDays".to_owned(), json!(self.retention_days)),
        ]);
        if let Some(pattern) = &self.pattern {
            settings.insert("EventPattern".to_owned(), maker.json(pattern)?);
        }
        describe(&mut settings, &self.description);
        Ok(Resource::new(Id { name: self.name.value.clone() }, settings))
    }
}

impl Id {
    fn body(&self, settings: &Settings) -> Value {
        let mut settings = settings.clone();
        if let Some(pattern) = settings.get_mut("EventPattern").filter(|pattern| pattern.is_object()) {
            *pattern = Value::String(pattern.to_string());
        }
        named(&settings, "ArchiveName", &self.name)
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 15;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let answer = api.call(Request::events("DescribeArchive", json!({"ArchiveName": self.name}))).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        let mut settings = decided(&answer, SETTINGS);
        as_value(&mut settings, "EventPattern");
        settings.entry("RetentionDays".to_owned()).or_insert_with(|| json!(0));
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        api.call(Request::events("CreateArchive", self.body(wanted.settings))).await.map(drop)
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        if changes.iter().any(|change| change.field == "EventSourceArn") {
            // What is archived of one bus does not become another's.
            self.delete(api).await?;
            return self.create(api, wanted).await;
        }
        let mut settings = emptied(wanted.settings);
        settings.remove("EventSourceArn");
        settings.entry("EventPattern".to_owned()).or_insert_with(|| json!(""));
        api.call(Request::events("UpdateArchive", self.body(&settings))).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::events("DeleteArchive", json!({"ArchiveName": self.name}))).await.map(drop)
    }
}
