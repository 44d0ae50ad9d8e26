//! The pipeline: what a file says, and whether that can be made.

use http_client::Allowed;

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, Span};
use crate::names::Names;
use crate::noun::genesys::{self, Genesys};
use crate::noun::test::{self, Test};
use crate::noun::webhook::{self, Webhook};
use crate::noun::worker::{self, Worker};
use crate::owner::Owner;
use crate::reference::Env;
use crate::resource::api_destination::{self, ApiDestination};
use crate::resource::bus;
use crate::resource::connection::{self, Connection};
use crate::resource::queue::{self, Queue};
use crate::resource::rule::{self, Rule};
use crate::table::{Kind, NameRule, Section, may, must};
use crate::{shape, tree};

/// A pipeline file that has been read.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// The name under which it owns what it creates.
    pub owner: Owner,
    /// Where conversations come from; `None`: only from PutEvents.
    pub genesys: Option<Genesys>,
    /// The event bus that derived events are put on and rules are on.
    pub bus: Marked<String>,
    /// The SQS queues.
    pub queues: Vec<Queue>,
    /// How endpoints are authorized against.
    pub connections: Vec<Connection>,
    /// The HTTP endpoints that targets call.
    pub api_destinations: Vec<ApiDestination>,
    /// The private addresses and hosts that may be called, as the file names them.
    pub allow_private: Vec<Marked<String>>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The built-in workers.
    pub workers: Vec<Worker>,
    /// What others post, as events on the bus.
    pub webhooks: Vec<Webhook>,
    /// The tests.
    pub tests: Vec<Test>,
}

/// The version of the file that this Trunkline reads.
pub const VERSION: u64 = 1;
/// The owner of what files without a name create.
pub const OWNER_DEFAULT: &str = "default";
const OWNER: NameRule = NameRule { noun: "a pipeline", signs: ".-_", chars_max: 64 };

pub(crate) const SECTION: Section = Section {
    noun: "a pipeline",
    keys: &[
        must("version", "The version of the file format: 1.", Kind::Version(VERSION)),
        may(
            "name",
            "The name under which the file owns what it creates; files applied to one server need different names. Default \
             `default`.",
            Kind::Name(&OWNER),
        ),
        may(
            "genesys",
            "Where conversations come from. Default: nowhere; events are sent with PutEvents.",
            Kind::Object(&genesys::SECTION),
        ),
        may(
            "bus",
            "The event bus of derived events and of the rules. Default `default`.",
            Kind::Name(&bus::NAME),
        ),
        may("queues", "The SQS queues.", Kind::List(&Kind::Object(&queue::SECTION))),
        may(
            "connections",
            "How requests to API destinations are authorized.",
            Kind::List(&Kind::Object(&connection::SECTION)),
        ),
        may(
            "apiDestinations",
            "The HTTP endpoints that targets call.",
            Kind::List(&Kind::Object(&api_destination::SECTION)),
        ),
        may(
            "allowPrivate",
            "Private addresses, networks and hosts that may be called, also without TLS: `localhost`, `10.0.0.0/8`, \
             `crm.internal`. Default: none; only `trunkline dev` reads this.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
        may("rules", "Which events are sent where.", Kind::List(&Kind::Object(&rule::SECTION))),
        may(
            "workers",
            "Built-in workers that receive the messages of a queue.",
            Kind::List(&Kind::Object(&worker::SECTION)),
        ),
        may(
            "webhooks",
            "Webhooks: posts to /webhooks/NAME become events on the bus.",
            Kind::List(&Kind::Object(&webhook::SECTION)),
        ),
        may("tests", "Tests: which rules match the given events.", Kind::List(&Kind::Object(&test::SECTION))),
    ],
    choices: &[],
    later: &[
        ("functions", "this version runs no functions; a rule can name one by `lambda` and its ARN"),
        ("stateMachines", "this version runs no state machines; a rule can name one by `arn`"),
        ("tables", "this version has no tables"),
        ("limits", "set `concurrency` in a target of a rule"),
        ("subscriptions", "this version has no subscriptions; a rule with a queue as target does the same"),
        ("eventStreams", "this version has no event streams"),
        ("archives", "this version has no archives"),
        ("schedules", "this version has no schedules"),
    ],
};

impl Pipeline {
    /// The private addresses and hosts that may be called.
    pub fn allowed(&self) -> Vec<Allowed> {
        self.allow_private.iter().filter_map(|allowed| allowed.value.parse().ok()).collect()
    }

    /// A queue of the file by its name.
    pub fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.name.value == name)
    }
}

/// Reads a file: its form, not yet whether its names fit together (see [`check`]).
///
/// # Errors
/// All mistakes of form, in the order of the file. Text that is no YAML is one mistake, at the first place where
/// it cannot be read.
pub fn parse(text: &str, env: Env<'_>) -> Result<Pipeline, Vec<Mistake>> {
    match read(text, env) {
        (Some(pipeline), mistakes) if mistakes.is_empty() => Ok(pipeline),
        (_, mistakes) => Err(sorted(mistakes)),
    }
}

/// What cannot be made: names that are taken twice or lead nowhere, invalid patterns, limits of AWS. In the order of
/// the file; empty where all is well.
pub fn check(pipeline: &Pipeline) -> Vec<Mistake> {
    let mut out = Vec::new();
    if let Some(genesys) = &pipeline.genesys {
        genesys::check(genesys, &mut out);
    }
    let connections = pipeline.connections.iter().map(|connection| connection.name.value.as_str());
    let names = Names {
        bus: &pipeline.bus.value,
        queues: pipeline.queues.iter().map(|queue| queue.name.value.as_str()).collect(),
        connections: connections.collect(),
        api_destinations: pipeline
            .api_destinations
            .iter()
            .map(|destination| (destination.name.value.as_str(), destination.wildcards()))
            .collect(),
        allows_private: !pipeline.allow_private.is_empty(),
        routing_queues: pipeline
            .genesys
            .as_ref()
            .map(|genesys| genesys.queues.iter().map(|queue| queue.value.as_str()).collect()),
    };
    queue::check(&pipeline.queues, &names, &mut out);
    connection::check(&pipeline.connections, &names, &mut out);
    api_destination::check(&pipeline.api_destinations, &names, &mut out);
    for allowed in &pipeline.allow_private {
        if let Err(sentence) = allowed.value.parse::<Allowed>() {
            out.push(Mistake::new(allowed.span, sentence));
        }
    }
    rule::check(&pipeline.rules, &names, &mut out);
    worker::check(&pipeline.workers, &names, &mut out);
    webhook::check(&pipeline.webhooks, &mut out);
    test::check(&pipeline.tests, &pipeline.rules, &names, &mut out);
    sorted(out)
}

/// Reads and checks a file.
///
/// # Errors
/// All mistakes at once, those of form and those that [`check`] finds in what can be read in spite of them.
pub fn load(text: &str, env: Env<'_>) -> Result<Pipeline, Vec<Mistake>> {
    let (pipeline, mut mistakes) = read(text, env);
    if let Some(pipeline) = &pipeline {
        // A value whose form is wrong has been told; what follows from it is noise.
        let told: Vec<Span> = mistakes.iter().map(|mistake| mistake.span).collect();
        mistakes.extend(check(pipeline).into_iter().filter(|mistake| !told.contains(&mistake.span)));
    }
    match pipeline {
        Some(pipeline) if mistakes.is_empty() => Ok(pipeline),
        _ => Err(sorted(mistakes)),
    }
}

fn read(text: &str, env: Env<'_>) -> (Option<Pipeline>, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let Some(root) = tree::read(text, env, &mut mistakes) else { return (None, mistakes) };
    shape::check(&root, &Kind::Object(&SECTION), &mut mistakes);
    let fields = Fields { node: &root, source: text };
    let bus = fields.text("bus").unwrap_or_else(|| Marked::new(bus::DEFAULT.to_owned(), fields.span()));
    let owner = fields.text("name").map_or_else(|| OWNER_DEFAULT.to_owned(), |name| name.value);
    let pipeline = Pipeline {
        owner: Owner(owner),
        genesys: fields.object("genesys").map(genesys::read),
        bus,
        queues: fields.list("queues").map(queue::read).collect(),
        connections: fields.list("connections").map(connection::read).collect(),
        api_destinations: fields.list("apiDestinations").map(api_destination::read).collect(),
        allow_private: fields.texts("allowPrivate"),
        rules: fields.list("rules").map(rule::read).collect(),
        workers: fields.list("workers").map(worker::read).collect(),
        webhooks: fields.list("webhooks").map(webhook::read).collect(),
        tests: fields.list("tests").map(test::read).collect(),
    };
    (Some(pipeline), mistakes)
}

fn sorted(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| (mistake.span.line, mistake.span.column));
    mistakes
}

/// The commented pipeline that a new user begins with: `trunkline init` writes it, and `trunkline dev` runs it where no
/// file is named.
pub fn sample() -> &'static str {
    include_str!("../assets/trunkline.yaml")
}
