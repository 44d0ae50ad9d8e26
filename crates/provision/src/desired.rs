//! What a pipeline wants to exist, as AWS names it.

use std::collections::BTreeMap;
use std::fmt;

use aws::Arn;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::Place;
use crate::authorizing::authorization;
use crate::mistake::{Marked, Mistake};
use crate::noun::api_destination::ApiDestination;
use crate::noun::connection::Connection;
use crate::noun::queue::Queue;
use crate::noun::rule::{Matching, Rule};
use crate::noun::target::{Destination, Http, Input, Target};
use crate::pipeline::{BUS_DEFAULT, Pipeline};
use crate::reference::{self, QueueIds};
use crate::secrets::Secrets;

/// Which resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Id {
    /// An SQS queue.
    Queue {
        /// Its name.
        name: String,
    },
    /// An event bus.
    Bus {
        /// Its name.
        name: String,
    },
    /// A connection.
    Connection {
        /// Its name.
        name: String,
    },
    /// An API destination.
    ApiDestination {
        /// Its name.
        name: String,
    },
    /// A rule on a bus.
    Rule {
        /// The bus's name.
        bus: String,
        /// The rule's name.
        name: String,
    },
    /// A target of a rule.
    Target {
        /// The bus's name.
        bus: String,
        /// The rule's name.
        rule: String,
        /// The target's id.
        id: String,
    },
}

/// What the words for an ARN begin with that a service makes up the end of; the resource follows.
const ARN_OF: &str = "the ARN of ";
const CONNECTION: &str = "connection ";
const API_DESTINATION: &str = "API destination ";

impl Id {
    /// What stands for its ARN where that is not known before it is made.
    fn arn(&self) -> Value {
        json!(format!("{ARN_OF}{self}"))
    }

    /// What goes away first has the lowest: a target before its rule, a rule before its bus, an API destination before its
    /// connection.
    pub(crate) fn removal_rank(&self) -> u8 {
        match self {
            Self::Target { .. } => 0,
            Self::Rule { .. } => 1,
            Self::ApiDestination { .. } => 2,
            Self::Connection { .. } => 3,
            Self::Bus { .. } => 4,
            Self::Queue { .. } => 5,
        }
    }

    /// The resource whose ARN a value stands for.
    pub(crate) fn of_arn(value: &Value) -> Option<Self> {
        let resource = value.as_str()?.strip_prefix(ARN_OF)?;
        let connection =
            resource.strip_prefix(CONNECTION).map(|name| Self::Connection { name: name.to_owned() });
        connection.or_else(|| {
            resource.strip_prefix(API_DESTINATION).map(|name| Self::ApiDestination { name: name.to_owned() })
        })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue { name } => write!(f, "queue {name}"),
            Self::Bus { name } => write!(f, "event bus {name}"),
            Self::Connection { name } => write!(f, "{CONNECTION}{name}"),
            Self::ApiDestination { name } => write!(f, "{API_DESTINATION}{name}"),
            Self::Rule { bus, name } if bus == BUS_DEFAULT => write!(f, "rule {name}"),
            Self::Rule { bus, name } => write!(f, "rule {name} on {bus}"),
            Self::Target { rule, id, .. } => write!(f, "target {id} of rule {rule}"),
        }
    }
}

/// What can be set of a resource, under AWS's names. JSON inside text (`EventPattern`, `RedrivePolicy`) is here as a
/// value, so that two ways to write the same are the same.
pub type Settings = BTreeMap<String, Value>;

/// The setting of a rule that holds its tags, by key: those alone that a pipeline decides.
pub(crate) const TAGS: &str = "Tags";
/// What the keys of those tags begin with.
pub(crate) const TAG_PREFIX: &str = "trunkline:";

/// The setting of a connection that says whose its secrets are, instead of the secrets.
pub(crate) const SECRETS: &str = "Secrets";
/// Its value where they are those of the file.
pub(crate) const SECRETS_OF_FILE: &str = "as in the pipeline file";

/// A resource and how it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Which.
    pub id: Id,
    /// How.
    pub settings: Settings,
    /// The secrets that belong into the settings.
    pub secrets: Secrets,
}

impl Resource {
    fn new(id: Id, settings: Settings) -> Self {
        Self { id, settings, secrets: Secrets::default() }
    }
}

/// All that a pipeline wants to exist, in the order in which it can be made: each thing after what it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Queues (dead-letter queues first), the bus, connections, API destinations, then each rule and its targets.
    pub resources: Vec<Resource>,
}

/// Works out what a pipeline wants to exist at a place. `ids` knows the ids of the Genesys queues.
///
/// # Errors
/// A mistake for each Genesys queue that has no id there.
pub fn desired(pipeline: &Pipeline, place: &Place, ids: QueueIds<'_>) -> Result<Desired, Vec<Mistake>> {
    let maker = Maker { pipeline, place, ids };
    let mut resources: Vec<Resource> =
        ordered(pipeline).into_iter().map(|queue| maker.queue(queue)).collect();
    if pipeline.bus.value != BUS_DEFAULT {
        let id = Id::Bus { name: pipeline.bus.value.clone() };
        resources.push(Resource::new(id, Settings::new()));
    }
    resources.extend(pipeline.connections.iter().map(connection));
    resources.extend(pipeline.api_destinations.iter().map(api_destination));
    let mut mistakes = Vec::new();
    for rule in &pipeline.rules {
        match maker.rule(rule) {
            Ok(made) => resources.extend(made),
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    if mistakes.is_empty() { Ok(Desired { resources }) } else { Err(mistakes) }
}

/// The queues, each after its dead-letter queue. [`crate::check`] has refused circles; in one, the rest keeps its order.
fn ordered(pipeline: &Pipeline) -> Vec<&Queue> {
    let mut waiting: Vec<&Queue> = pipeline.queues.iter().collect();
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
    out
}

struct Maker<'a> {
    pipeline: &'a Pipeline,
    place: &'a Place,
    ids: QueueIds<'a>,
}

impl Maker<'_> {
    fn arn(&self, service: &str, resource: String) -> String {
        Arn::new(service, &self.place.region, &self.place.account, resource).to_string()
    }

    fn queue_arn(&self, name: &str) -> String {
        self.arn("sqs", name.to_owned())
    }

    fn queue(&self, queue: &Queue) -> Resource {
        let mut settings = Settings::from([
            ("VisibilityTimeout".to_owned(), json!(queue.visibility_timeout_s.to_string())),
            ("MessageRetentionPeriod".to_owned(), json!(queue.retention_s.to_string())),
            ("DelaySeconds".to_owned(), json!(queue.delay_s.to_string())),
        ]);
        if let Some(dead_letter) = &queue.dead_letter {
            let policy = json!({
                "deadLetterTargetArn": self.queue_arn(&dead_letter.queue.value),
                "maxReceiveCount": dead_letter.max_receive_count,
            });
            settings.insert("RedrivePolicy".to_owned(), policy);
        }
        Resource::new(Id::Queue { name: queue.name.value.clone() }, settings)
    }

    fn rule(&self, rule: &Rule) -> Result<Vec<Resource>, Box<Mistake>> {
        let at = match &rule.matching {
            Matching::EndedIn(queue) => queue.span,
            Matching::Pattern(json) => json.span,
        };
        let pattern = rule.pattern(self.ids).map_err(|name| Box::new(no_id(at, &name)))?;
        let pattern: Value = serde_json::from_str(&pattern)
            .map_err(|error| Box::new(Mistake::new(at, format!("the pattern is not JSON: {error}"))))?;
        let mut settings = Settings::from([
            ("EventPattern".to_owned(), pattern),
            ("State".to_owned(), json!(if rule.is_enabled { "ENABLED" } else { "DISABLED" })),
        ]);
        describe(&mut settings, &rule.description);
        let tags = tags(rule);
        if !tags.is_empty() {
            settings.insert(TAGS.to_owned(), Value::Object(tags));
        }
        let bus = &self.pipeline.bus.value;
        let id = Id::Rule { bus: bus.clone(), name: rule.name.value.clone() };
        let mut out = vec![Resource::new(id, settings)];
        for target in &rule.targets {
            let id =
                Id::Target { bus: bus.clone(), rule: rule.name.value.clone(), id: target.id.value.clone() };
            out.push(Resource::new(id, self.target(target)?));
        }
        Ok(out)
    }

    fn target(&self, target: &Target) -> Result<Settings, Box<Mistake>> {
        let arn = match &target.destination {
            Destination::Queue(queue) => json!(self.queue_arn(&queue.value)),
            Destination::Bus(bus) => json!(self.arn("events", format!("event-bus/{}", bus.value))),
            Destination::ApiDestination(named) => Id::ApiDestination { name: named.value.clone() }.arn(),
            Destination::Arn(arn) => json!(arn.value),
        };
        let mut settings = Settings::from([("Arn".to_owned(), arn)]);
        let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        match &target.input {
            Input::Event => {}
            Input::Constant(input) => {
                set("Input", json!(self.settle(&input.text, target)?));
            }
            Input::Path(path) => {
                set("InputPath", json!(path.value));
            }
            Input::Transformer { paths, template } => {
                let template = self.settle(&template.value, target)?;
                let mut transformer = json!({"InputTemplate": template});
                let map = paths.iter().map(|(name, path)| (name.value.clone(), json!(path.value)));
                if let (false, Some(members)) = (paths.is_empty(), transformer.as_object_mut()) {
                    members.insert("InputPathsMap".to_owned(), Value::Object(map.collect()));
                }
                set("InputTransformer", transformer);
            }
        }
        if let Some(Marked { value, .. }) = &target.dead_letter {
            set("DeadLetterConfig", json!({"Arn": self.queue_arn(value)}));
        }
        if let Some(http) = &target.http {
            set("HttpParameters", self.http_parameters(http, target)?);
        }
        let retry = [
            ("MaximumRetryAttempts", target.retry.attempts),
            ("MaximumEventAgeInSeconds", target.retry.max_age_s),
        ];
        let retry: serde_json::Map<String, Value> =
            retry.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
        if !retry.is_empty() {
            set("RetryPolicy", Value::Object(retry));
        }
        Ok(settings)
    }

    fn http_parameters(&self, http: &Http, target: &Target) -> Result<Value, Box<Mistake>> {
        let mut members = serde_json::Map::new();
        if !http.path.is_empty() {
            let path = http.path.iter().map(|value| self.settle(&value.value, target));
            members.insert("PathParameterValues".to_owned(), json!(path.collect::<Result<Vec<_>, _>>()?));
        }
        for (name, pairs) in [("QueryStringParameters", &http.query), ("HeaderParameters", &http.headers)] {
            let map = pairs
                .iter()
                .map(|(key, value)| Ok((key.value.clone(), json!(self.settle(&value.value, target)?))));
            let map = map.collect::<Result<serde_json::Map<_, _>, Box<Mistake>>>()?;
            if !map.is_empty() {
                members.insert(name.to_owned(), Value::Object(map));
            }
        }
        Ok(Value::Object(members))
    }

    fn settle(&self, text: &str, target: &Target) -> Result<String, Box<Mistake>> {
        reference::settle(text, self.ids).map_err(|name| Box::new(no_id(target.span, &name)))
    }
}

fn connection(connection: &Connection) -> Resource {
    let (kind, parameters, secrets) = authorization(connection);
    let mut settings = Settings::from([
        ("AuthorizationType".to_owned(), json!(kind)),
        ("AuthParameters".to_owned(), parameters),
        (SECRETS.to_owned(), json!(SECRETS_OF_FILE)),
    ]);
    describe(&mut settings, &connection.description);
    Resource { id: Id::Connection { name: connection.name.value.clone() }, settings, secrets }
}

fn api_destination(destination: &ApiDestination) -> Resource {
    let connection = Id::Connection { name: destination.connection.value.clone() };
    let mut settings = Settings::from([
        ("ConnectionArn".to_owned(), connection.arn()),
        ("InvocationEndpoint".to_owned(), json!(destination.endpoint.value)),
        ("HttpMethod".to_owned(), json!(destination.method)),
        ("InvocationRateLimitPerSecond".to_owned(), json!(destination.rate_limit_per_second)),
    ]);
    describe(&mut settings, &destination.description);
    Resource::new(Id::ApiDestination { name: destination.name.value.clone() }, settings)
}

fn describe(settings: &mut Settings, description: &str) {
    if !description.is_empty() {
        settings.insert("Description".to_owned(), json!(description));
    }
}

/// What a rule's targets ask for that AWS's targets have no members for: tags of the rule, each for one target's id.
fn tags(rule: &Rule) -> serde_json::Map<String, Value> {
    let asked = rule.targets.iter().flat_map(|target| {
        let named = [("concurrency", target.concurrency), ("timeout-ms", target.timeout_ms)];
        named.map(|(name, number)| {
            Some((format!("{TAG_PREFIX}{name}:{}", target.id.value), json!(number?.to_string())))
        })
    });
    asked.flatten().collect()
}

fn no_id(span: crate::mistake::Span, name: &str) -> Mistake {
    Mistake::new(span, format!("the Genesys org has no queue `{name}`"))
        .with_suggestion("name it in `genesys.queues`")
}
