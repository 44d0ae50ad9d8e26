//! `rules:` which events go where.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::json::JsonText;
use crate::maker::{Maker, no_id};
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::names::{self, Names};
use crate::reference::{self, QueueIds};
use crate::resource::target::{self, Target};
use crate::resource::{Resource, Settings, Verbs, Wanted, as_value, bus, decided, describe};
use crate::table::{Choice, Kind, NameRule, Section, may, must};

/// A rule on the pipeline's bus.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Marked<String>,
    /// What it is for; empty where nothing is said.
    pub description: String,
    /// Which events it matches.
    pub matching: Matching,
    /// Whether it matches at all.
    pub is_enabled: bool,
    /// Where a matched event goes.
    pub targets: Vec<Target>,
    /// Where it stands.
    pub span: Span,
}

/// Which events a rule matches.
#[derive(Clone, Debug)]
pub enum Matching {
    /// Those that match an event pattern.
    Pattern(JsonText),
    /// The `conversation.end` of the conversations that ended in this Genesys queue.
    EndedIn(Marked<String>),
    /// None: it is run by the clock, `rate(5 minutes)` or `cron(0 8 * * ? *)`.
    Schedule(Marked<String>),
}

/// Source: the shape `RuleName` of the EventBridge API.
const NAME: NameRule = NameRule { noun: "a rule", signs: ".-_", chars_max: 64 };
/// Targets of one rule. Source: EventBridge quotas, "Targets per rule".
const TARGETS_MAX: usize = 5;
/// Rules of one bus. Source: EventBridge quotas, "Rules".
const RULES_MAX: usize = 300;

pub(crate) const SECTION: Section = Section {
    noun: "a rule",
    keys: &[
        must("name", "The rule's name: letters, digits, `.`, `-` and `_`, at most 64.", Kind::Name(&NAME)),
        may("description", "What the rule is for.", Kind::Text { chars_max: 512 }),
        may(
            "queue",
            "Match `conversation.end` of the Genesys queue with this name, one of `genesys.queues`.",
            Kind::Text { chars_max: 256 },
        ),
        may(
            "pattern",
            "Match events by this EventBridge event pattern: a mapping, or JSON text.",
            Kind::Pattern,
        ),
        may(
            "schedule",
            "Run by the clock instead: `rate(5 minutes)` or `cron(0 8 * * ? *)`, in UTC.",
            Kind::Text { chars_max: 256 },
        ),
        may("enabled", "Whether the rule matches at all. Default true.", Kind::Flag),
        must(
            "targets",
            "Where a matching event is sent, at most 5 targets.",
            Kind::List(&Kind::Object(&target::SECTION)),
        ),
    ],
    choices: &[Choice { among: &["queue", "pattern", "schedule"], is_required: true }],
    later: &[("state", "write `enabled: false` for a rule that is disabled")],
};

pub(crate) fn read(fields: Fields<'_>) -> Rule {
    let matching = match (fields.text("queue"), fields.text("schedule"), fields.json_or_text("pattern")) {
        (Some(queue), _, _) => Matching::EndedIn(queue),
        (None, Some(schedule), _) => Matching::Schedule(schedule),
        (None, None, pattern) => Matching::Pattern(pattern.unwrap_or_default()),
    };
    Rule {
        name: fields.name("name"),
        description: fields.text("description").map(|text| text.value).unwrap_or_default(),
        matching,
        is_enabled: fields.flag("enabled").unwrap_or(true),
        targets: target::read_all(fields.list("targets")),
        span: fields.span(),
    }
}

impl Rule {
    /// The event pattern as JSON text, with the ids of the Genesys queues in it; one that nothing matches where the clock runs
    /// the rule.
    ///
    /// # Errors
    /// The name of a Genesys queue that has no id.
    pub fn pattern(&self, ids: QueueIds<'_>) -> Result<String, String> {
        match &self.matching {
            Matching::Schedule(_) => Ok(r#"{"source": [{"exists": false}]}"#.to_owned()),
            Matching::Pattern(json) => reference::settle_queues(&json.text, ids),
            Matching::EndedIn(queue) => {
                let id = ids(&queue.value).ok_or_else(|| queue.value.clone())?;
                let pattern = json!({
                    "source": ["genesys.cloud"],
                    "detail-type": ["conversation.end"],
                    "detail": {"routing": {"queueId": [id]}},
                });
                Ok(pattern.to_string())
            }
        }
    }
}

pub(crate) fn check(rules: &[Rule], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("rule", rules.iter().map(|rule| &rule.name), out);
    if let Some(rule) = rules.get(RULES_MAX) {
        out.push(Mistake::new(kind::LIMIT, rule.span, format!("a bus has at most {RULES_MAX} rules")));
    }
    for rule in rules {
        match &rule.matching {
            Matching::EndedIn(queue) => names.check_routing_queue(queue, out),
            Matching::Pattern(json) => names.check_pattern(json, out),
            Matching::Schedule(expression) => check_schedule(expression, names, out),
        }
        if let Some(target) = rule.targets.get(TARGETS_MAX) {
            let sentence = format!("a rule has at most {TARGETS_MAX} targets; this is one more");
            out.push(
                Mistake::new(kind::LIMIT, target.span, sentence)
                    .with_suggestion("a second rule with the same pattern can have the rest"),
            );
        }
        names::unique("target", rule.targets.iter().map(|target| &target.id), out);
        for target in &rule.targets {
            target::check(target, names, out);
        }
    }
}

/// Which rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// The bus's name.
    pub bus: String,
    /// The rule's name.
    pub name: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { bus, name } if bus == bus::DEFAULT => write!(f, "rule {name}"),
            Self { bus, name } => write!(f, "rule {name} on {bus}"),
        }
    }
}

/// The settings that a pipeline decides, besides the tags.
const SETTINGS: &[&str] = &["EventPattern", "ScheduleExpression", "State", "Description"];
/// The setting that holds a rule's tags, by key: those alone that a pipeline decides.
const TAGS: &str = "Tags";
/// What the keys of those tags begin with.
const TAG_PREFIX: &str = "trunkline:";

/// The form of a schedule; what stands in it, the service reads. Source: EventBridge user guide, "Creating a rule that runs on a
/// schedule".
fn check_schedule(expression: &Marked<String>, names: &Names<'_>, out: &mut Vec<Mistake>) {
    let text = expression.value.trim();
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    let told = match (inside("rate"), inside("cron")) {
        (Some(rate), _) => check_rate(rate).err(),
        (None, Some(cron)) if cron.split_whitespace().count() == 6 => None,
        (None, Some(_)) => Some("cron has six fields: minutes, hours, day, month, weekday, year".to_owned()),
        (None, None) => Some(format!("`{text}` is no schedule")),
    };
    if let Some(sentence) = told {
        let mistake = Mistake::new(kind::SCHEDULE, expression.span, sentence);
        out.push(mistake.with_suggestion("for example rate(5 minutes) or cron(0 8 * * ? *)"));
    }
    if names.bus != bus::DEFAULT {
        let mistake = Mistake::new(
            kind::SCHEDULE,
            expression.span,
            "a rule that the clock runs is on the default bus only",
        );
        out.push(mistake.with_suggestion("a file of its own without `bus:` can have it"));
    }
}

fn check_rate(rate: &str) -> Result<(), String> {
    let (number, unit) = rate.split_once(' ').ok_or("a rate is a number and a unit")?;
    let number: u64 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    let singular = ["minute", "hour", "day"];
    let fits = match number {
        0 => return Err("a rate is at least 1".to_owned()),
        1 => singular.contains(&unit),
        _ => unit.strip_suffix('s').is_some_and(|unit| singular.contains(&unit)),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("`{number} {unit}` is no rate: 1 minute, 2 minutes, hours or days"))
    }
}

impl Rule {
    /// Whether a target of it is reached in a role that the pipeline makes.
    pub(crate) fn needs_role(&self) -> bool {
        self.targets.iter().any(Target::needs_role)
    }

    /// The rule and its targets.
    ///
    /// # Errors
    /// The mistake, where a Genesys queue has no id.
    pub(crate) fn wanted(&self, maker: &Maker<'_>) -> Result<Vec<Resource>, Box<Mistake>> {
        let by = match &self.matching {
            Matching::Schedule(expression) => ("ScheduleExpression".to_owned(), json!(expression.value)),
            Matching::EndedIn(Marked { span, .. }) | Matching::Pattern(JsonText { span, .. }) => {
                let wrong = |sentence: String| Box::new(Mistake::new(kind::EVENT_PATTERN, *span, sentence));
                let pattern = self.pattern(maker.ids).map_err(|name| Box::new(no_id(*span, &name)))?;
                let pattern: Value = serde_json::from_str(&pattern)
                    .map_err(|error| wrong(format!("the pattern is not JSON: {error}")))?;
                ("EventPattern".to_owned(), pattern)
            }
        };
        let mut settings = Settings::from([
            by,
            ("State".to_owned(), json!(if self.is_enabled { "ENABLED" } else { "DISABLED" })),
        ]);
        describe(&mut settings, &self.description);
        let tags = self.tags();
        if !tags.is_empty() {
            settings.insert(TAGS.to_owned(), Value::Object(tags));
        }
        let id = Id { bus: maker.bus.to_owned(), name: self.name.value.clone() };
        let mut out = vec![Resource::new(id, settings)];
        for target in &self.targets {
            out.push(target.wanted(&self.name.value, maker)?);
        }
        Ok(out)
    }

    /// What its targets ask for that AWS's targets have no members for: tags of the rule, each for one target's id.
    fn tags(&self) -> Map<String, Value> {
        let asked = self.targets.iter().flat_map(|target| {
            let named = [("concurrency", target.concurrency), ("timeout-ms", target.timeout_ms)];
            named.map(|(name, number)| {
                Some((format!("{TAG_PREFIX}{name}:{}", target.id.value), json!(number?.to_string())))
            })
        });
        asked.flatten().collect()
    }
}

impl Id {
    /// Puts the rule; its ARN. The tags count where the rule is new.
    async fn put(&self, api: &impl Api, settings: &Settings) -> Result<Value, ApiError> {
        let mut body = settings.clone();
        body.insert("Name".to_owned(), json!(self.name));
        body.insert("EventBusName".to_owned(), json!(self.bus));
        if let Some(pattern) = body.get_mut("EventPattern") {
            *pattern = Value::String(pattern.to_string());
        }
        if let Some(tags) = body.get_mut(TAGS) {
            *tags = listed(tags);
        }
        let answer = api.call(Request::events("PutRule", json!(body))).await?;
        answer.get("RuleArn").cloned().ok_or_else(|| ApiError::strange("PutRule", "RuleArn"))
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 10;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let body = json!({"Name": self.name, "EventBusName": self.bus});
        let Some(answer) = found(api.call(Request::events("DescribeRule", body)).await)? else {
            return Ok(None);
        };
        let arn = answer.get("Arn").ok_or_else(|| ApiError::strange("DescribeRule", "Arn"))?;
        let asked = Request::events("ListTagsForResource", json!({"ResourceARN": arn}));
        let tags = decided_tags(&found(api.call(asked).await)?.unwrap_or_default());
        let mut settings = decided(&answer, SETTINGS);
        as_value(&mut settings, "EventPattern");
        if !tags.is_empty() {
            settings.insert(TAGS.to_owned(), Value::Object(tags));
        }
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        self.put(api, wanted.settings).await.map(drop)
    }

    /// PutRule replaces what is there, but for the tags.
    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        let arn = self.put(api, wanted.settings).await?;
        match changes.iter().find(|change| change.field == TAGS) {
            Some(change) => retag(api, &arn, change).await,
            None => Ok(()),
        }
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"Name": self.name, "EventBusName": self.bus});
        api.call(Request::events("DeleteRule", body)).await.map(drop)
    }
}

/// The tags that a pipeline decides, by key; the others are left as they are.
fn decided_tags(answer: &Value) -> Map<String, Value> {
    let tags = answer.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let pairs =
        tags.filter_map(|tag| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.clone())));
    pairs.filter(|(key, _)| key.starts_with(TAG_PREFIX)).collect()
}

/// Gives a rule the tags of a change, and takes those away that only were.
async fn retag(api: &impl Api, arn: &Value, change: &Change) -> Result<(), ApiError> {
    let keys = |tags: &Option<Value>| -> Vec<String> {
        tags.as_ref().and_then(Value::as_object).into_iter().flat_map(|tags| tags.keys().cloned()).collect()
    };
    let kept = keys(&change.to);
    let gone: Vec<String> = keys(&change.from).into_iter().filter(|key| !kept.contains(key)).collect();
    if !gone.is_empty() {
        let body = json!({"ResourceARN": arn, "TagKeys": gone});
        api.call(Request::events("UntagResource", body)).await?;
    }
    if let Some(tags) = &change.to {
        let body = json!({"ResourceARN": arn, "Tags": listed(tags)});
        api.call(Request::events("TagResource", body)).await?;
    }
    Ok(())
}

/// Tags by key in the form that requests have.
fn listed(tags: &Value) -> Value {
    let pairs = tags.as_object().into_iter().flatten();
    pairs.map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
