//! The whole path as it stands: buses, rules, targets, queues, read by the operations that everybody has.

use std::collections::{BTreeMap, BTreeSet};

use aws::Error;
use serde_json::{Value, json};

use crate::source::{Listed, Question, Source, all, ask, find};
use crate::value::{is, items, last_part, number, text};

/// Event buses that are listed.
const BUSES_MAX: usize = 1_000;
/// Queues whose attributes are asked for.
const QUEUES_MAX: usize = 500;

/// The whole path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipeline {
    pub(crate) buses: Vec<Bus>,
    pub(crate) queues: Vec<Queue>,
    /// There are more rules or queues than these.
    pub(crate) more: bool,
}

/// An event bus.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bus {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) bus: String,
    pub(crate) name: String,
    pub(crate) is_enabled: bool,
    pub(crate) description: String,
    /// Empty where it has a schedule alone.
    pub(crate) pattern: String,
    pub(crate) schedule: String,
    pub(crate) targets: Vec<Target>,
}

/// A rule's target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) dead_letter_arn: String,
}

/// A queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) arn: String,
    pub(crate) visible: u64,
    pub(crate) in_flight: u64,
    pub(crate) delayed: u64,
    pub(crate) dead_letter_arn: String,
    /// The attributes as SQS names them.
    pub(crate) attributes: Value,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Queue,
    Function,
    StateMachine,
    Bus,
    ApiDestination,
    LogGroup,
    Other,
}

impl Kind {
    pub(crate) fn of(arn: &str) -> Self {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
        match service {
            "sqs" => Self::Queue,
            "lambda" => Self::Function,
            "states" => Self::StateMachine,
            "logs" => Self::LogGroup,
            "events" if resource.starts_with("api-destination/") => Self::ApiDestination,
            "events" => Self::Bus,
            _ => Self::Other,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Function => "function",
            Self::StateMachine => "state machine",
            Self::Bus => "event bus",
            Self::ApiDestination => "API destination",
            Self::LogGroup => "log group",
            Self::Other => "target",
        }
    }
}

/// The name of a target's resource.
pub(crate) fn name_of(arn: &str) -> String {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    match Kind::of(arn) {
        Kind::ApiDestination | Kind::Bus => resource.split('/').nth(1).unwrap_or(resource).to_owned(),
        Kind::Function => resource.trim_start_matches("function:").to_owned(),
        Kind::LogGroup => resource.trim_start_matches("log-group:").trim_end_matches(":*").to_owned(),
        _ => last_part(arn).to_owned(),
    }
}

impl Pipeline {
    /// Reads all of it.
    ///
    /// # Errors
    /// An operation's.
    pub(crate) async fn read(source: &Source) -> Result<Self, Error> {
        let listed = ask(source, Question::trunkline("ListRulesWithTargets", json!({}))).await?;
        let queues = queues(source).await?;
        let more = is(&listed, "More") || queues.len() >= QUEUES_MAX;
        let names = bus_names(source).await?;
        let mut buses: Vec<Bus> = names.into_iter().map(|name| Bus { name, rules: Vec::new() }).collect();
        for rule in items(&listed, "Rules") {
            let bus = text(rule, "EventBusName");
            // A bus may have come between the two answers.
            let Some(of) = buses.iter_mut().find(|known| known.name == bus) else { continue };
            of.rules.push(rule_of(bus, rule, items(rule, "Targets")));
        }
        Ok(Self { buses, queues, more })
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.buses.iter().flat_map(|bus| &bus.rules)
    }

    /// The dead-letter queues by ARN, each with who uses it: `rule NAME`, `queue NAME`.
    pub(crate) fn dead_letter_queues(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let of_queues =
            self.queues.iter().map(|queue| (&queue.dead_letter_arn, format!("queue {}", queue.name)));
        let of_rules = self.rules().flat_map(|rule| {
            rule.targets.iter().map(move |target| (&target.dead_letter_arn, format!("rule {}", rule.name)))
        });
        for (arn, user) in of_queues.chain(of_rules).filter(|(arn, _)| !arn.is_empty()) {
            users.entry(arn.clone()).or_default().insert(user);
        }
        users
    }

    pub(crate) fn queue_of_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.arn == arn)
    }
}

/// The names of all buses.
pub(crate) async fn bus_names(source: &Source) -> Result<Vec<String>, Error> {
    let question = Question::events("ListEventBuses", json!({}));
    let buses = all(source, question, Listed::of("EventBuses", BUSES_MAX)).await?;
    Ok(buses.items.iter().map(|bus| text(bus, "Name").to_owned()).collect())
}

/// A rule as an operation lists it, with its targets.
fn rule_of(bus: &str, listed: &Value, targets: &[Value]) -> Rule {
    let own = |name: &str| text(listed, name).to_owned();
    let target = |target: &Value| Target {
        id: text(target, "Id").to_owned(),
        arn: text(target, "Arn").to_owned(),
        dead_letter_arn: match target.get("DeadLetterConfig") {
            Some(config) => text(config, "Arn").to_owned(),
            None => text(target, "DeadLetterArn").to_owned(),
        },
    };
    Rule {
        bus: bus.to_owned(),
        name: own("Name"),
        is_enabled: text(listed, "State") != "DISABLED",
        description: own("Description"),
        pattern: own("EventPattern"),
        schedule: own("ScheduleExpression"),
        targets: targets.iter().map(target).collect(),
    }
}

/// One rule of a bus.
///
/// # Errors
/// The operation's: there is no such rule.
pub(crate) async fn rule(source: &Source, bus: &str, name: &str) -> Result<Rule, Error> {
    let question = Question::events("DescribeRule", json!({"Name": name, "EventBusName": bus}));
    let listed = ask(source, question).await?;
    let question = Question::events("ListTargetsByRule", json!({"Rule": name, "EventBusName": bus}));
    // It may go between the two answers.
    let targets = find(source, question).await.unwrap_or_default();
    Ok(rule_of(bus, &listed, items(&targets, "Targets")))
}

/// All queues, by name.
pub(crate) async fn queues(source: &Source) -> Result<Vec<Queue>, Error> {
    let question = Question::sqs("ListQueues", json!({"MaxResults": 1000}));
    let urls = all(source, question, Listed::of("QueueUrls", QUEUES_MAX)).await?;
    let mut queues = Vec::new();
    for url in urls.items.iter().filter_map(Value::as_str).take(QUEUES_MAX) {
        queues.extend(queue_at(source, url).await);
    }
    Ok(queues)
}

/// The queue with this URL; `None`: it has gone.
async fn queue_at(source: &Source, url: &str) -> Option<Queue> {
    let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
    let mut answer = find(source, Question::sqs("GetQueueAttributes", body)).await?;
    let attributes = answer.get_mut("Attributes").map(Value::take).unwrap_or_default();
    let policy: Value = serde_json::from_str(text(&attributes, "RedrivePolicy")).unwrap_or_default();
    Some(Queue {
        name: url.rsplit('/').next().unwrap_or_default().to_owned(),
        url: url.to_owned(),
        arn: text(&attributes, "QueueArn").to_owned(),
        visible: number(&attributes, "ApproximateNumberOfMessages"),
        in_flight: number(&attributes, "ApproximateNumberOfMessagesNotVisible"),
        delayed: number(&attributes, "ApproximateNumberOfMessagesDelayed"),
        dead_letter_arn: text(&policy, "deadLetterTargetArn").to_owned(),
        attributes,
    })
}

/// The queue of this name.
///
/// # Errors
/// `QueueDoesNotExist`.
pub(crate) async fn queue(source: &Source, name: &str) -> Result<Queue, Error> {
    let answer = ask(source, Question::sqs("GetQueueUrl", json!({"QueueName": name}))).await?;
    let gone =
        || Error { status: 404, ..Error::sender("QueueDoesNotExist", format!("The queue {name} has gone.")) };
    queue_at(source, text(&answer, "QueueUrl")).await.ok_or_else(gone)
}
