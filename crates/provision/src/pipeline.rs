//! The pipeline: what a file says, and whether that can be made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http_client::AllowedHost;

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, kind};
use crate::names::Names;
use crate::noun::genesys::{self, Genesys};
use crate::noun::test::{self, Test};
use crate::noun::webhook::{self, Webhook};
use crate::noun::worker::{self, Worker};
use crate::owner::Owner;
use crate::resource::api_destination::{self, ApiDestination};
use crate::resource::archive::{self, Archive};
use crate::resource::bus;
use crate::resource::connection::{self, Connection};
use crate::resource::event_stream::{self, EventStream};
use crate::resource::function::{self, Function};
use crate::resource::layer::{self, Layer};
use crate::resource::log_group::{self, LogGroup};
use crate::resource::queue::{self, Queue};
use crate::resource::rule::{self, Rule};
use crate::resource::state_machine::{self, StateMachine};
use crate::resource::subscription::{self, Subscription};
use crate::resource::table::{self, Table};
use crate::resource::target::Destination;
use crate::table::{Kind, NameRule, Section, may, must};

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
    /// Folders that stand for S3's buckets.
    pub buckets: Vec<Bucket>,
    /// The layers of functions.
    pub layers: Vec<Layer>,
    /// The functions.
    pub functions: Vec<Function>,
    /// Whether a function is refused whose version of node or python is not installed.
    pub has_strict_runtimes: bool,
    /// The state machines.
    pub state_machines: Vec<StateMachine>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The log groups.
    pub log_groups: Vec<LogGroup>,
    /// The archives.
    pub archives: Vec<Archive>,
    /// The subscriptions to derived events.
    pub subscriptions: Vec<Subscription>,
    /// The event streams.
    pub event_streams: Vec<EventStream>,
    /// The folder that the file stands in; `None` where it is not known, and what the file names is not looked for.
    pub folder: Option<PathBuf>,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The built-in workers.
    pub workers: Vec<Worker>,
    /// What others post, as events on the bus.
    pub webhooks: Vec<Webhook>,
    /// The tests.
    pub tests: Vec<Test>,
}

/// A folder that stands for an S3 bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: Marked<String>,
    /// The folder, from the one that the file stands in.
    pub folder: Marked<String>,
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
            "include",
            "Other files, from the folder of this one: their lists are added to those of this file.",
            Kind::List(&Kind::Text { chars_max: 4096 }),
        ),
        may(
            "profiles",
            "What a name changes in the file: `trunkline apply --profile NAME`. Entries of lists are found by their `name`.",
            Kind::Profiles,
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
        may(
            "buckets",
            "Folders that stand for S3's buckets in readers and writers of distributed Maps, by the buckets' names: \
             `{ orders: ./orders }`. Only `trunkline dev` and `serve -f` read this.",
            Kind::Texts { chars_max: 4096 },
        ),
        may("layers", "The layers of functions.", Kind::List(&Kind::Object(&layer::SECTION))),
        may("functions", "The Lambda functions.", Kind::List(&Kind::Object(&function::SECTION))),
        may(
            "strictRuntimes",
            "Whether functions are refused whose version of node or python is not installed, instead of running with the nearest \
             one. Default false; `dev`, `serve -f` and `test` read this.",
            Kind::Flag,
        ),
        may(
            "stateMachines",
            "The state machines of Step Functions.",
            Kind::List(&Kind::Object(&state_machine::SECTION)),
        ),
        may("tables", "The DynamoDB tables.", Kind::List(&Kind::Object(&table::SECTION))),
        may("logGroups", "The log groups.", Kind::List(&Kind::Object(&log_group::SECTION))),
        may("archives", "The archives of the bus.", Kind::List(&Kind::Object(&archive::SECTION))),
        may(
            "subscriptions",
            "Derived events as messages of a queue, through a filter.",
            Kind::List(&Kind::Object(&subscription::SECTION)),
        ),
        may(
            "eventStreams",
            "Derived events, posted to an HTTPS address.",
            Kind::List(&Kind::Object(&event_stream::SECTION)),
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
        ("limits", "set `concurrency` in a target of a rule, or in a function"),
        ("schedules", "write a rule with `schedule:`"),
    ],
};

impl Pipeline {
    /// The private addresses and hosts that may be called.
    pub fn allowed(&self) -> Vec<AllowedHost> {
        self.allow_private.iter().filter_map(|allowed| allowed.value.parse().ok()).collect()
    }

    /// The folders that stand for buckets, by the buckets' names.
    pub fn bucket_folders(&self) -> BTreeMap<String, PathBuf> {
        let base = self.folder.as_deref().unwrap_or(Path::new("."));
        self.buckets
            .iter()
            .map(|bucket| (bucket.name.value.clone(), base.join(&bucket.folder.value)))
            .collect()
    }

    /// The pipeline without some functions, and without the targets that call them.
    #[must_use]
    pub fn without_functions(&self, names: &[String]) -> Self {
        let mut out = self.clone();
        out.functions.retain(|function| !names.contains(&function.name.value));
        for rule in &mut out.rules {
            rule.targets.retain(|target| match &target.destination {
                Destination::Function(name) => !names.contains(&name.value),
                _ => true,
            });
        }
        out
    }

    /// A queue of the file by its name.
    pub fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.name.value == name)
    }
}

fn check_buckets(pipeline: &Pipeline, out: &mut Vec<Mistake>) {
    let Some(base) = &pipeline.folder else { return };
    for bucket in &pipeline.buckets {
        if !base.join(&bucket.folder.value).is_dir() {
            let sentence = format!("there is no folder `{}`", bucket.folder.value);
            let mistake = Mistake::new(kind::WRONG_VALUE, bucket.folder.span, sentence);
            out.push(mistake.with_suggestion("make it, or correct its path"));
        }
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
        layers: pipeline.layers.iter().map(|one| one.name.value.as_str()).collect(),
        functions: pipeline.functions.iter().map(|one| one.name.value.as_str()).collect(),
        state_machines: pipeline.state_machines.iter().map(|one| one.name.value.as_str()).collect(),
        tables: pipeline.tables.iter().map(|one| one.name.value.as_str()).collect(),
        log_groups: pipeline.log_groups.iter().map(|one| one.name.value.as_str()).collect(),
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
    check_buckets(pipeline, &mut out);
    queue::check(&pipeline.queues, &names, &mut out);
    connection::check(&pipeline.connections, &names, &mut out);
    api_destination::check(&pipeline.api_destinations, &names, &mut out);
    for allowed in &pipeline.allow_private {
        if let Err(sentence) = allowed.value.parse::<AllowedHost>() {
            out.push(Mistake::new(kind::ENDPOINT, allowed.span, sentence));
        }
    }
    let folder = pipeline.folder.as_deref();
    layer::check(&pipeline.layers, folder, &mut out);
    function::check(&pipeline.functions, folder, &names, &mut out);
    state_machine::check(&pipeline.state_machines, folder, &names, &mut out);
    table::check(&pipeline.tables, &mut out);
    log_group::check(&pipeline.log_groups, &mut out);
    archive::check(&pipeline.archives, &names, &mut out);
    subscription::check(&pipeline.subscriptions, &names, &mut out);
    event_stream::check(&pipeline.event_streams, &names, &mut out);
    rule::check(&pipeline.rules, &names, &mut out);
    worker::check(&pipeline.workers, &names, &mut out);
    webhook::check(&pipeline.webhooks, &mut out);
    test::check(&pipeline.tests, &pipeline.rules, &names, &mut out);
    sorted(out)
}

/// What a file of the right form says.
pub(crate) fn read(fields: Fields<'_>) -> Pipeline {
    let bus = fields.text("bus").unwrap_or_else(|| Marked::new(bus::DEFAULT.to_owned(), fields.span()));
    let owner = fields.text("name").map_or_else(|| OWNER_DEFAULT.to_owned(), |name| name.value);
    Pipeline {
        owner: Owner(owner),
        genesys: fields.object("genesys").map(genesys::read),
        bus,
        queues: fields.list("queues").map(queue::read).collect(),
        connections: fields.list("connections").map(connection::read).collect(),
        api_destinations: fields.list("apiDestinations").map(api_destination::read).collect(),
        allow_private: fields.texts("allowPrivate"),
        buckets: fields.pairs("buckets").into_iter().map(|(name, folder)| Bucket { name, folder }).collect(),
        layers: fields.list("layers").map(layer::read).collect(),
        has_strict_runtimes: fields.flag("strictRuntimes").unwrap_or_default(),
        functions: fields.list("functions").map(function::read).collect(),
        state_machines: fields.list("stateMachines").map(state_machine::read).collect(),
        tables: fields.list("tables").map(table::read).collect(),
        log_groups: fields.list("logGroups").map(log_group::read).collect(),
        archives: fields.list("archives").map(archive::read).collect(),
        subscriptions: fields.list("subscriptions").map(subscription::read).collect(),
        event_streams: fields.list("eventStreams").map(event_stream::read).collect(),
        folder: None,
        rules: fields.list("rules").map(rule::read).collect(),
        workers: fields.list("workers").map(worker::read).collect(),
        webhooks: fields.list("webhooks").map(webhook::read).collect(),
        tests: fields.list("tests").map(test::read).collect(),
    }
}

/// In the order of the texts.
pub(crate) fn sorted(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| mistake.span.start);
    mistakes
}

/// The commented pipeline that a new user begins with: `trunkline init` writes it, and `trunkline dev` runs it where no
/// file is named.
pub fn sample() -> &'static str {
    include_str!("../assets/trunkline.yaml")
}
