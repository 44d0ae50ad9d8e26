//! `logGroups:` the log groups of CloudWatch Logs.

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request};
use crate::change::Change;
use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, kind};
use crate::names;
use crate::resource::{Resource, Settings, Verbs, Wanted, decided};
use crate::table::{Kind, NameRule, Section, may, must};

/// A log group.
#[derive(Clone, Debug, PartialEq)]
pub struct LogGroup {
    /// Its name.
    pub name: Marked<String>,
    /// How long its events are kept, in days; `None`: for ever.
    pub retention_days: Option<Marked<u64>>,
}

/// Source: the shape `LogGroupName` of the CloudWatch Logs API.
const NAME: NameRule = NameRule { noun: "a log group", signs: ".-_/#", chars_max: 512 };
/// Source: PutRetentionPolicy in the CloudWatch Logs API reference.
const RETENTION: &[u64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

pub(crate) const SECTION: Section = Section {
    noun: "a log group",
    keys: &[
        must(
            "name",
            "The group's name: letters, digits, `.`, `-`, `_`, `/` and `#`, at most 512; those of rules begin with `/aws/events/`.",
            Kind::Name(&NAME),
        ),
        may(
            "retentionDays",
            "How long its events are kept, in days: 1, 3, 5, 7, 14, 30, 60, 90 and so on. Default: for ever.",
            Kind::Integer { min: 1, max: 3653 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> LogGroup {
    LogGroup { name: fields.name("name"), retention_days: fields.marked_integer("retentionDays") }
}

pub(crate) fn check(groups: &[LogGroup], out: &mut Vec<Mistake>) {
    names::unique("log group", groups.iter().map(|group| &group.name), out);
    for days in groups.iter().filter_map(|group| group.retention_days.as_ref()) {
        if !RETENTION.contains(&days.value) {
            let nearest = RETENTION.iter().copied().find(|known| *known > days.value).unwrap_or(3653);
            let sentence = format!("AWS keeps no log group for {} days", days.value);
            out.push(
                Mistake::new(kind::WRONG_VALUE, days.span, sentence)
                    .with_suggestion(format!("the next longer is {nearest}")),
            );
        }
    }
}

named_id!("A log group.", "log group ");

const RETENTION_SETTING: &str = "retentionInDays";

impl LogGroup {
    pub(crate) fn wanted(&self) -> Resource {
        let mut settings = Settings::new();
        if let Some(days) = &self.retention_days {
            settings.insert(RETENTION_SETTING.to_owned(), json!(days.value));
        }
        Resource::new(Id { name: self.name.value.clone() }, settings)
    }
}

impl Id {
    async fn keep(&self, api: &impl Api, days: Option<&Value>) -> Result<(), ApiError> {
        let request = match days {
            Some(days) => Request::logs(
                "PutRetentionPolicy",
                json!({"logGroupName": self.name, "retentionInDays": days}),
            ),
            None => Request::logs("DeleteRetentionPolicy", json!({"logGroupName": self.name})),
        };
        api.call(request).await.map(drop)
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 48;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        // The group itself comes first among those whose names begin with its own.
        let body = json!({"logGroupNamePrefix": self.name, "limit": 1});
        let answer = api.call(Request::logs("DescribeLogGroups", body)).await?;
        let mut groups = answer.get("logGroups").and_then(Value::as_array).into_iter().flatten();
        let mine = groups.find(|group| group.get("logGroupName").and_then(Value::as_str) == Some(&self.name));
        Ok(mine.map(|group| decided(group, &[RETENTION_SETTING])))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        api.call(Request::logs("CreateLogGroup", json!({"logGroupName": self.name}))).await?;
        match wanted.settings.get(RETENTION_SETTING) {
            Some(days) => self.keep(api, Some(days)).await,
            None => Ok(()),
        }
    }

    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        self.keep(api, wanted.settings.get(RETENTION_SETTING)).await
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        api.call(Request::logs("DeleteLogGroup", json!({"logGroupName": self.name}))).await.map(drop)
    }
}
