//! `targets:` of a rule: where a matched event goes, and what of it.

mod http;
mod input;

use std::fmt;

use aws::Arn;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::http::Http;
pub use self::input::Input;
use crate::api::{Api, ApiError, Request, found};
use crate::change::Change;
use crate::fields::Fields;
use crate::maker::Maker;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::names::Names;
use crate::resource::{Resource, Settings, Verbs, Wanted, api_destination, arn_of};
use crate::role_user::RoleUser;
use crate::table::{Choice, Kind, NameRule, Section, may};

/// One target of a rule.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id within the rule.
    pub id: Marked<String>,
    /// Where events go.
    pub destination: Destination,
    /// What of the event goes there.
    pub input: Input,
    /// The name of the queue for events that cannot be delivered.
    pub dead_letter: Option<Marked<String>>,
    /// How often and how long delivery is tried.
    pub retry: Retry,
    /// The ARN of the role in which it is reached; `None`: one of the pipeline's, where its kind asks for one.
    pub role: Option<Marked<String>>,
    /// What the request to an API destination gets in addition.
    pub http: Option<Http>,
    /// So many deliveries to it are under way at a time, at most.
    pub concurrency: Option<u64>,
    /// How long it may take to answer, in ms.
    pub timeout_ms: Option<u64>,
    /// Where it stands.
    pub span: Span,
}

/// Where events go.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// A queue of this file, by name.
    Queue(Marked<String>),
    /// A function of this file, by name.
    Function(Marked<String>),
    /// A state machine of this file, by name.
    StateMachine(Marked<String>),
    /// A log group of this file, by name.
    LogGroup(Marked<String>),
    /// Another event bus of the account, by name.
    Bus(Marked<String>),
    /// An API destination of this file, by name.
    ApiDestination(Marked<String>),
    /// Anything else, by its full name.
    Arn(Marked<String>),
}

/// A target's retry policy; AWS's default where a part is absent (185 attempts, 24 hours).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Most attempts after the first.
    pub attempts: Option<u64>,
    /// The oldest event that is still tried, in seconds.
    pub max_age_s: Option<u64>,
}

/// Source: the shape `TargetId` of the EventBridge API.
const ID: NameRule = NameRule { noun: "a target", signs: ".-_", chars_max: 64 };
/// Limits: the shapes of PutTargets in the EventBridge API reference.
pub(crate) const SECTION: Section = Section {
    noun: "a target",
    keys: &[
        may("id", "The target's id within the rule. Default: made from its name.", Kind::Name(&ID)),
        may("queue", "Send to this queue, one of `queues`.", Kind::Text { chars_max: 80 }),
        may("function", "Call this function, one of `functions`.", Kind::Text { chars_max: 64 }),
        may(
            "stateMachine",
            "Start an execution of this state machine, one of `stateMachines`.",
            Kind::Text { chars_max: 80 },
        ),
        may("logGroup", "Write to this log group, one of `logGroups`.", Kind::Text { chars_max: 512 }),
        may("lambda", "Call the Lambda function with this ARN.", Kind::Text { chars_max: 1600 }),
        may("bus", "Put on the event bus with this name.", Kind::Text { chars_max: 256 }),
        may(
            "apiDestination",
            "Call this API destination, one of `apiDestinations`.",
            Kind::Text { chars_max: 64 },
        ),
        may("arn", "Send to whatever has this ARN.", Kind::Text { chars_max: 1600 }),
        may("input", "Send this instead of the event: any value.", Kind::Json),
        may(
            "inputPath",
            "Send only this part of the event, for example `$.detail`.",
            Kind::Text { chars_max: 256 },
        ),
        may("inputTransformer", "Send a template filled from the event.", Kind::Object(&input::TRANSFORMER)),
        may(
            "deadLetter",
            "The queue, one of `queues`, for events that could not be delivered.",
            Kind::Text { chars_max: 80 },
        ),
        may(
            "role",
            "The ARN of the role in which the target is reached. Default: one that the file makes, where the target needs one.",
            Kind::Text { chars_max: 1600 },
        ),
        may(
            "http",
            "What the request to the API destination gets in addition.",
            Kind::Object(&http::SECTION),
        ),
        may("retry", "How often and how long delivery is tried again.", Kind::Object(&RETRY)),
        may(
            "concurrency",
            "Maximum concurrent deliveries to the target, across all events and rules, 1 to 1000.",
            Kind::Integer { min: 1, max: 1000 },
        ),
        may(
            "timeoutMs",
            "Maximum time the target may take to answer, in ms, 50 to 5000. Default 5000.",
            Kind::Integer { min: 50, max: 5000 },
        ),
    ],
    choices: &[
        Choice {
            among: &[
                "queue",
                "function",
                "stateMachine",
                "logGroup",
                "lambda",
                "bus",
                "apiDestination",
                "arn",
            ],
            is_required: true,
        },
        Choice { among: &["input", "inputPath", "inputTransformer"], is_required: false },
    ],
    later: &[],
};

const RETRY: Section = Section {
    noun: "a retry policy",
    keys: &[
        may(
            "attempts",
            "Maximum number of retries, 0 to 185. Default 185.",
            Kind::Integer { min: 0, max: 185 },
        ),
        may(
            "maxAge",
            "Maximum age of an event that is still retried, 60s to 24h. Default 24h.",
            Kind::Duration { seconds_min: 60, seconds_max: 86_400 },
        ),
    ],
    choices: &[],
    later: &[],
};

/// The targets of a rule, each with an id.
pub(crate) fn read_all<'a>(targets: impl Iterator<Item = Fields<'a>>) -> Vec<Target> {
    let mut taken: Vec<String> = Vec::new();
    targets.map(|fields| read(fields, &mut taken)).collect()
}

/// Makes the destination that a key of a target names.
type ByName = fn(Marked<String>) -> Destination;

fn read(fields: Fields<'_>, taken: &mut Vec<String>) -> Target {
    let kinds: [(&str, ByName); 7] = [
        ("queue", Destination::Queue),
        ("function", Destination::Function),
        ("stateMachine", Destination::StateMachine),
        ("logGroup", Destination::LogGroup),
        ("bus", Destination::Bus),
        ("lambda", Destination::Arn),
        ("apiDestination", Destination::ApiDestination),
    ];
    let named = kinds.into_iter().find_map(|(key, kind)| fields.text(key).map(kind));
    let destination = named.unwrap_or_else(|| Destination::Arn(fields.name("arn")));
    let id = fields.text("id").unwrap_or_else(|| Marked::new(free_id(&destination, taken), fields.span()));
    taken.push(id.value.clone());
    Target {
        id,
        destination,
        input: input::read(fields),
        dead_letter: fields.text("deadLetter"),
        retry: fields.object("retry").map_or_else(Retry::default, |fields| Retry {
            attempts: fields.integer("attempts"),
            max_age_s: fields.seconds("maxAge"),
        }),
        role: fields.text("role"),
        http: fields.object("http").map(Http::read),
        concurrency: fields.integer("concurrency"),
        timeout_ms: fields.integer("timeoutMs"),
        span: fields.span(),
    }
}

impl Destination {
    /// The name or ARN that the file gives.
    pub fn name(&self) -> &Marked<String> {
        match self {
            Self::Queue(name)
            | Self::Function(name)
            | Self::StateMachine(name)
            | Self::LogGroup(name)
            | Self::Bus(name)
            | Self::ApiDestination(name)
            | Self::Arn(name) => name,
        }
    }
}

/// An id made from the last part of the destination's name, so that it stays when targets change places.
pub(crate) fn free_id(destination: &Destination, taken: &[String]) -> String {
    let last = destination.name().value.rsplit([':', '/']).next().unwrap_or_default();
    // Room for a number.
    let base: String = ID.corrected(last).chars().take(ID.chars_max - 4).collect();
    let mut id = base.clone();
    let mut number = 2;
    while taken.contains(&id) {
        id = format!("{base}-{number}");
        number += 1;
    }
    id
}

pub(crate) fn check(target: &Target, names: &Names<'_>, out: &mut Vec<Mistake>) {
    match &target.destination {
        Destination::Queue(name) => {
            names.check_queue(name, out);
            check_unlimited(target, out);
        }
        Destination::Bus(name) if name.value == names.bus => {
            let sentence =
                format!("the rule is on the bus `{}` itself: its events would go round for ever", name.value);
            out.push(Mistake::new(kind::TARGET, name.span, sentence).with_suggestion("name another bus"));
        }
        Destination::Bus(_) => {}
        Destination::Function(name) => names.check_function(name, out),
        Destination::StateMachine(name) => names.check_state_machine(name, out),
        Destination::LogGroup(name) => names.check_log_group(name, out),
        Destination::ApiDestination(name) => {
            if let Some(wildcards) = names.wildcards(name, out) {
                http::check_wildcards(target, &name.value, wildcards, out);
            }
        }
        Destination::Arn(arn) => check_arn(arn, out),
    }
    if let Some(http) = &target.http {
        http::check(http, &target.destination, out);
    }
    if let Some(dead_letter) = &target.dead_letter {
        names.check_queue(dead_letter, out);
    }
    input::check(&target.input, out);
}

/// A queue of the file is never called: it has its message with the commit that accepts the event.
fn check_unlimited(target: &Target, out: &mut Vec<Mistake>) {
    let (key, instead) = match (target.concurrency, target.timeout_ms) {
        (Some(_), _) => ("concurrency", "limit who receives from the queue instead"),
        (None, Some(_)) => ("timeoutMs", "leave it out"),
        (None, None) => return,
    };
    let sentence =
        format!("a queue gets its message when the event is accepted: `{key}` has no effect on it");
    out.push(Mistake::new(kind::TARGET, target.span, sentence).with_suggestion(instead));
}

fn check_arn(arn: &Marked<String>, out: &mut Vec<Mistake>) {
    if arn.value.is_empty() {
        return;
    }
    match arn.value.parse::<Arn>() {
        Ok(_) => {}
        Err(error) => out.push(
            Mistake::new(kind::TARGET, arn.span, error.to_string())
                .with_suggestion("for example arn:aws:lambda:us-east-1:000000000000:function:name"),
        ),
    }
}

/// Which target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// The bus's name.
    pub bus: String,
    /// The rule's name.
    pub rule: String,
    /// The target's id.
    pub id: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target {} of rule {}", self.id, self.rule)
    }
}

impl Target {
    /// Whether it is reached in a role that the pipeline makes. Source: EventBridge user guide, "Permissions".
    pub(crate) fn needs_role(&self) -> bool {
        let asks = matches!(self.destination, Destination::StateMachine(_) | Destination::ApiDestination(_));
        asks && self.role.is_none()
    }

    /// The target of a rule.
    ///
    /// # Errors
    /// The mistake, where a Genesys queue has no id.
    pub(crate) fn wanted(&self, rule: &str, maker: &Maker<'_>) -> Result<Resource, Box<Mistake>> {
        let arn = match &self.destination {
            Destination::Queue(queue) => json!(maker.queue_arn(&queue.value)),
            Destination::Function(name) => json!(maker.arn("lambda", format!("function:{}", name.value))),
            Destination::StateMachine(name) => {
                json!(maker.arn("states", format!("stateMachine:{}", name.value)))
            }
            Destination::LogGroup(name) => json!(maker.arn("logs", format!("log-group:{}", name.value))),
            Destination::Bus(bus) => json!(maker.arn("events", format!("event-bus/{}", bus.value))),
            Destination::ApiDestination(named) => arn_of(api_destination::Id { name: named.value.clone() }),
            Destination::Arn(arn) => json!(arn.value),
        };
        let mut settings = Settings::from([("Arn".to_owned(), arn)]);
        self.input.put(&mut settings, maker, self.span)?;
        let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        if let Some(Marked { value, .. }) = &self.dead_letter {
            set("DeadLetterConfig", json!({"Arn": maker.queue_arn(value)}));
        }
        match &self.role {
            Some(role) => {
                set("RoleArn", json!(role.value));
            }
            None if self.needs_role() => {
                set("RoleArn", json!(maker.role_arn(RoleUser::Rules)));
            }
            None => {}
        }
        if let Some(http) = &self.http {
            set("HttpParameters", http.wanted(maker, self.span)?);
        }
        let retry = [
            ("MaximumRetryAttempts", self.retry.attempts),
            ("MaximumEventAgeInSeconds", self.retry.max_age_s),
        ];
        let retry: serde_json::Map<String, Value> =
            retry.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
        if !retry.is_empty() {
            set("RetryPolicy", Value::Object(retry));
        }
        let id = Id { bus: maker.bus.to_owned(), rule: rule.to_owned(), id: self.id.value.clone() };
        Ok(Resource::new(id, settings))
    }
}

impl Id {
    async fn put(&self, api: &impl Api, settings: &Settings) -> Result<(), ApiError> {
        let mut target = settings.clone();
        target.insert("Id".to_owned(), json!(self.id));
        let body = json!({"Rule": self.rule, "EventBusName": self.bus, "Targets": [target]});
        entries(&api.call(Request::events("PutTargets", body)).await?)
    }
}

impl Verbs for Id {
    const REMOVAL_RANK: u8 = 0;

    /// A rule has few targets, so that each is looked for in the list of all.
    async fn look(&self, api: &impl Api) -> Result<Option<Settings>, ApiError> {
        let mut token: Option<Value> = None;
        loop {
            let mut body = json!({"Rule": self.rule, "EventBusName": self.bus});
            if let (Some(token), Some(members)) = (token.take(), body.as_object_mut()) {
                members.insert("NextToken".to_owned(), token);
            }
            let Some(answer) = found(api.call(Request::events("ListTargetsByRule", body)).await)? else {
                return Ok(None);
            };
            let mut targets = answer.get("Targets").and_then(Value::as_array).into_iter().flatten();
            let mine = targets.find(|target| target.get("Id").and_then(Value::as_str) == Some(&self.id));
            if let Some(target) = mine {
                let members = target.as_object().into_iter().flatten();
                let is_set = members.filter(|(name, value)| *name != "Id" && !value.is_null());
                return Ok(Some(is_set.map(|(name, value)| (name.clone(), value.clone())).collect()));
            }
            token = answer.get("NextToken").filter(|token| token.is_string()).cloned();
            if token.is_none() {
                return Ok(None);
            }
        }
    }

    async fn create(&self, api: &impl Api, wanted: Wanted<'_>) -> Result<(), ApiError> {
        self.put(api, wanted.settings).await
    }

    /// PutTargets replaces what is there.
    async fn update(&self, api: &impl Api, wanted: Wanted<'_>, _: &[Change]) -> Result<(), ApiError> {
        self.put(api, wanted.settings).await
    }

    async fn delete(&self, api: &impl Api) -> Result<(), ApiError> {
        let body = json!({"Rule": self.rule, "EventBusName": self.bus, "Ids": [self.id]});
        entries(&api.call(Request::events("RemoveTargets", body)).await?)
    }
}

/// PutTargets and RemoveTargets succeed as a whole while entries fail.
fn entries(answer: &Value) -> Result<(), ApiError> {
    let failed = answer.get("FailedEntries").and_then(Value::as_array);
    let Some(entry) = failed.and_then(|entries| entries.first()) else { return Ok(()) };
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(ApiError { code: text("ErrorCode"), message: text("ErrorMessage"), status: 200 })
}
