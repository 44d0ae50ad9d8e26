//! `queues:` the SQS queues.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake, kind};
use crate::names::{self, Names};
use crate::resource::{Resource, Settings, Verbs, Wanted, as_value, decided};
use crate::table::{Kind, NameRule, Section, may, must};

/// An SQS queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: Marked<String>,
    /// How long a received message stays hidden, in seconds.
    pub visibility_timeout_s: u64,
    /// How long a message is kept, in seconds.
    pub retention_s: u64,
    /// How long a new message waits before it can be received, in seconds.
    pub delay_s: u64,
    /// Where messages go that were received too often.
    pub dead_letter: Option<DeadLetter>,
}

/// A queue's redrive policy.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// The name of the dead-letter queue.
    pub queue: Marked<String>,
    /// After how many receptions without a deletion a message goes there.
    pub max_receive_count: u64,
}

/// SQS's defaults. Source: SetQueueAttributes in the SQS API reference.
const VISIBILITY_TIMEOUT_S: u64 = 30;
const RETENTION_S: u64 = 4 * 86_400;

/// Source: CreateQueue in the SQS API reference.
const NAME: NameRule = NameRule { noun: "a queue", signs: "-_", chars_max: 80 };

/// Ranges: SetQueueAttributes in the SQS API reference.
pub(crate) const SECTION: Section = Section {
    noun: "a queue",
    keys: &[
        must("name", "The queue's name: letters, digits, `-` and `_`, at most 80.", Kind::Name(&NAME)),
        may(
            "visibilityTimeout",
            "How long a received message stays hidden from other receivers, 0s to 12h. Default 30s.",
            Kind::Duration { seconds_min: 0, seconds_max: 43_200 },
        ),
        may(
            "retention",
            "How long a message is kept, 60s to 14d. Default 4d.",
            Kind::Duration { seconds_min: 60, seconds_max: 1_209_600 },
        ),
        may(
            "delay",
            "How long a new message waits before it can be received, 0s to 15m. Default 0s.",
            Kind::Duration { seconds_min: 0, seconds_max: 900 },
        ),
        may(
            "deadLetter",
            "Where messages go that were received too often without being deleted.",
            Kind::Object(&DEAD_LETTER),
        ),
    ],
    choices: &[],
    later: &[
        ("fifo", "this version makes standard queues only"),
        ("tags", "this version makes queues without tags"),
    ],
};

const DEAD_LETTER: Section = Section {
    noun: "a dead-letter setting",
    keys: &[
        must("queue", "The name of the dead-letter queue, one of `queues`.", Kind::Text { chars_max: 80 }),
        must(
            "maxReceiveCount",
            "After how many receives without a delete a message is moved there, 1 to 1000.",
            Kind::Integer { min: 1, max: 1000 },
        ),
    ],
    choices: &[],
    later: &[],
};

pub(crate) fn read(fields: Fields<'_>) -> Queue {
    let dead_letter = fields.object("deadLetter").map(|fields| DeadLetter {
        queue: fields.name("queue"),
        max_receive_count: fields.integer("maxReceiveCount").unwrap_or(1),
    });
    Queue {
        name: fields.name("name"),
        visibility_timeout_s: fields.seconds("visibilityTimeout").unwrap_or(VISIBILITY_TIMEOUT_S),
        retention_s: fields.seconds("retention").unwrap_or(RETENTION_S),
        delay_s: fields.seconds("delay").unwrap_or_default(),
        dead_letter,
    }
}

pub(crate) fn check(queues: &[Queue], names: &Names<'_>, out: &mut Vec<Mistake>) {
    names::unique("queue", queues.iter().map(|queue| &queue.name), out);
    for queue in queues {
        let Some(dead_letter) = &queue.dead_letter else { continue };
        let wanted = &dead_letter.queue;
        if wanted.value == queue.name.value && !wanted.value.is_empty() {
            let sentence =
                format!("`{}` is its own dead-letter queue: a message would go round for ever", wanted.value);
            out.push(
                Mistake::new(kind::DEAD_LETTER_CIRCLE, wanted.span, sentence)
                    .with_suggestion("name another queue of `queues`"),
            );
            continue;
        }
        names.check_queue(wanted, out);
        if leads_back(queue, queues) {
            let sentence = format!("the dead-letter queues of `{}` lead back to it", queue.name.value);
            out.push(
                Mistake::new(kind::DEAD_LETTER_CIRCLE, wanted.span, sentence)
                    .with_suggestion("let one of them have no dead-letter queue"),
            );
        }
    }
}

/// Whether following dead-letter queues from `queue` ends at `queue` again, after at least one other.
fn leads_back(queue: &Queue, queues: &[Queue]) -> bool {
    let mut at = queue;
    for _ in 0..queues.len() {
        let Some(dead_letter) = &at.dead_letter else { return false };
        let Some(next) = queues.iter().find(|queue| queue.name.value == dead_letter.queue.value) else {
            return false;
        };
        if next.name.value == queue.name.value {
            return at.name.value != queue.name.value;
        }
        at = next;
    }
    false
}

named_id!("Which queue.", "queue ");

/// The settings that a pipeline decides; the others are left as they are.
const SETTINGS: &[&str] = &["VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "RedrivePolicy"];

/// The setting that holds a queue's policy: those of its statements alone that a pipeline makes.
const POLICY: &str = "Policy";
/// The statement's id.
const STATEMENT: &str = "trunkline-rules";

/// Lets rules send to a queue. Source: EventBridge user guide, "Amazon SQS permissions".
fn policy(queue_arn: &str, rules: &BTreeSet<String>) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": STATEMENT, "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        }],
    })
}

/// The queues, each after its dead-letter queue. [`check`] has refused circles; in one, the rest keeps its order.
pub(crate) fn wanted(
    queues: &[Queue],
    senders: &BTreeMap<String, BTreeSet<String>>,
    maker: &Maker<'_>,
) -> Vec<Resource> {
    let mut waiting: Vec<&Queue> = queues.iter().collect();
    let mut out: Vec<&Queue> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_blocked = |queue: &Queue| {
            let wanted = queue.dead_letter.as_ref().map(|dead_letter| &dead_letter.queue.value);
            wanted.is_some_and(|wanted| waiting.iter().any(|other| other.name.value == *wanted))
        };
        let (blocked, ready): (Vec<&Queue>, Vec<&Queue>) =
            waiting.iter().copied().partition(|queue| is_blocked(queue));
        if ready.is_empty() {
            out.extend(blocked);
            break;
        }
        out.extend(ready);
        waiting = blocked;
    }
    out.into_iter().map(|queue| queue.wanted(senders.get(&queue.name.value), maker)).collect()
}

impl Queue {
    fn wanted(&self, senders: Option<&BTreeSet<String>>, maker: &Maker<'_>) -> Resource {
        let mut settings = Settings::from([
            ("VisibilityTimeout".to_owned(), json!(self.visibility_timeout_s.to_string())),
            ("MessageRetentionPeriod".to_owned(), json!(self.retention_s.to_string())),
            ("DelaySeconds".to_owned(), json!(self.delay_s.to_string())),
        ]);
        if let Some(dead_letter) = &self.dead_letter {
            let policy = json!({
                "deadLetterTargetArn": maker.queue_arn(&dead_letter.queue.value),
                "maxReceiveCount": dead_letter.max_receive_count,
            });
            settings.insert("RedrivePolicy".to_owned(), policy);
        }
        if let Some(rules) = senders {
            settings.insert(POLICY.to_owned(), policy(&maker.queue_arn(&self.name.value), rules));
        }
        Resource::new(Id { name: self.name.value.clone() }, settings)
    }
}

impl Id {
    /// The URL by which SQS wants the queue named; `None` where there is no such queue.
    async fn find_url(&self, api: &impl Api) -> Result<Option<String>, ApiError> {
        let answer = api.call(Request::sqs("GetQueueUrl", json!({"QueueName": self.name}))).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        let url = answer.get("QueueUrl").and_then(Value::as_str).map(str::to_owned);
        url.map(Some).ok_or_else(|| ApiError::strange("GetQueueUrl", "QueueUrl"))
    }

    async fn url(&self, api: &impl Api) -> Result<String, ApiError> {
        self.find_url(api).await?.ok_or_else(|| ApiError {
            code: "QueueDoesNotExist".to_owned(),
            message: format!("the queue {} was deleted after the plan was made", self.name),
            status: 400,
        })
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 50;

    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let Some(url) = self.find_url(api).await? else { return Ok(None) };
        let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        let Some(answer) = found(api.call(Request::sqs("GetQueueAttributes", body)).await)? else {
            return Ok(None);
        };
        let attributes = answer.get("Attributes").unwrap_or(&Value::Null);
        let mut settings = decided(attributes, SETTINGS);
        if let Some(policy) = own_policy(attributes) {
            settings.insert(POLICY.to_owned(), policy);
        }
        as_value(&mut settings, "RedrivePolicy");
        if let Some(policy) = settings.get_mut("RedrivePolicy") {
            with_number(policy);
        }
        Ok(Some(settings))
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        let attributes: Settings =
            wanted.settings.iter().map(|(name, value)| attribute(name, Some(value))).collect();
        let body = json!({"QueueName": self.name, "Attributes": attributes});
        api.call(Request::sqs("CreateQueue", body)).await.map(drop)
    }

    async fn update(&self, api: &impl Api, _wanted: Wanted<'_>, changes: &[Change]) -> Result<(), ApiError> {
        let url = self.url(api).await?;
        let mut attributes: Settings =
            changes.iter().map(|change| attribute(&change.field, change.to.as_ref())).collect();
        if let Some(change) = changes.iter().find(|change| change.field == POLICY) {
            let body = json!({"QueueUrl": url, "AttributeNames": [POLICY]});
            let answer = api.call(Request::sqs("GetQueueAttributes", body)).await?;
            let policy = merged(answer.get("Attributes").unwrap_or(&Value::Null), change.to.as_ref());
            attributes.extend([attribute(POLICY, policy.as_ref())]);
        }
        let body = json!({"QueueUrl": url, "Attributes": attributes});
        api.call(Request::sqs("SetQueueAttributes", body)).await.map(drop)
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let url = self.url(api).await?;
        api.call(Request::sqs("DeleteQueue", json!({"QueueUrl": url}))).await.map(drop)
    }
}

/// A queue's attribute on the wire: all are text, and an empty redrive policy takes the policy away (as AWS does;
/// see the pull request 11385 of localstack, which was checked against AWS).
fn attribute(name: &str, value: Option<&Value>) -> (String, Value) {
    let text = match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    (name.to_owned(), Value::String(text))
}

/// SQS takes `maxReceiveCount` as a number and as text, and gives back what it took.
fn with_number(policy: &mut Value) {
    let Some(count) = policy.get_mut("maxReceiveCount") else { return };
    if let Some(number) = count.as_str().and_then(|text| text.parse::<u64>().ok()) {
        *count = json!(number);
    }
}

fn policy_of(attributes: &Value) -> Option<Value> {
    serde_json::from_str(attributes.get(POLICY)?.as_str()?).ok()
}

fn is_own(statement: &Value) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(STATEMENT)
}

/// What pipelines have put into a queue's policy.
fn own_policy(attributes: &Value) -> Option<Value> {
    let mut policy = policy_of(attributes)?;
    let statements = policy.get_mut("Statement")?.as_array_mut()?;
    statements.retain(is_own);
    (!statements.is_empty()).then_some(policy)
}

/// A queue's policy with other statements of ours; what others put into it stays.
fn merged(attributes: &Value, wanted: Option<&Value>) -> Option<Value> {
    let ours = wanted.and_then(|policy| policy.get("Statement")).and_then(Value::as_array);
    let ours = ours.cloned().unwrap_or_default();
    let mut policy =
        policy_of(attributes).unwrap_or_else(|| json!({"Version": "2012-10-17", "Statement": []}));
    let statements = policy.get_mut("Statement")?.as_array_mut()?;
    statements.retain(|statement| !is_own(statement));
    statements.extend(ours);
    (!statements.is_empty()).then_some(policy)
}
