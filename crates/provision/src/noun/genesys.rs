//! `genesys:` where the conversations come from.

use crate::fields::Fields;
use crate::mistake::{Marked, Mistake, Span, kind};
use crate::names;
use crate::noun::org::{self, Org, PartnerQueue};
use crate::noun::trouble::{self, Trouble};
use crate::table::{Kind, Section, may, must};

/// The source of Genesys Cloud events.
#[derive(Clone, Debug, PartialEq)]
pub struct Genesys {
    /// Where they come from.
    pub source: Source,
    /// The names of the org's routing queues.
    pub queues: Vec<Marked<String>>,
    /// How long the tracker waits, by medium (one of [`MEDIA`]) or `default`; what is not named keeps its own.
    pub grace: Vec<(&'static str, Grace)>,
    /// Keys that only another source has, which are mistakes of the file.
    pub strays: Vec<Stray>,
}

/// A key that says nothing, as it belongs to another source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Where it stands.
    pub key: Marked<&'static str>,
    /// The source that the file names.
    pub source: String,
    /// Those that the key belongs to.
    pub owners: &'static [&'static str],
}

/// The keys that not every source has, with those that have them.
const OWNERS: [(&str, &[&str]); 12] = [
    ("seed", &["simulate"]),
    ("agents", &["simulate"]),
    ("speed", &["simulate"]),
    ("load", &["simulate"]),
    ("trouble", &["simulate"]),
    ("org", &["notifications", "sqs"]),
    ("clientId", &["notifications", "sqs"]),
    ("clientSecret", &["notifications", "sqs"]),
    ("topics", &["notifications", "sqs"]),
    ("queueUrl", &["sqs"]),
    ("suffix", &["sqs"]),
    ("region", &["sqs"]),
];

/// How long the conversation tracker waits, in seconds; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grace {
    /// After the last that was heard of a conversation that has ended, for its wrap-up.
    pub wrap_up_s: Option<u64>,
    /// Until a conversation that does not end is closed.
    pub max_age_s: Option<u64>,
    /// Where it stands.
    pub span: Span,
}

/// What a grace is for: the media types, in lower case, and what goes for all that are not named.
pub const MEDIA: [&str; 6] = ["default", "voice", "callback", "chat", "message", "email"];

const GRACE: Section = Section {
    noun: "a grace setting",
    keys: &[
        may("default", "For every medium that is not named here.", Kind::Object(&MEDIA_GRACE)),
        may("voice", "For calls.", Kind::Object(&MEDIA_GRACE)),
        may("callback", "For callbacks.", Kind::Object(&MEDIA_GRACE)),
        may("chat", "For web chats.", Kind::Object(&MEDIA_GRACE)),
        may("message", "For messages.", Kind::Object(&MEDIA_GRACE)),
        may("email", "For emails.", Kind::Object(&MEDIA_GRACE)),
    ],
    choices: &[],
    later: &[],
};

const MEDIA_GRACE: Section = Section {
    noun: "the grace of a medium",
    keys: &[
        may(
            "wrapUp",
            "How long an ended conversation waits for its wrap-up after its last event, 0s to 7d; a later wrap-up is sent as \
             `conversation.wrapup`. Default 60s.",
            Kind::Duration { seconds_min: 0, seconds_max: 604_800 },
        ),
        may(
            "maxAge",
            "After how long without events an unfinished conversation is closed with status `expired`, 60s to 90d. \
             Default 1d; 30d for messages, emails and callbacks.",
            Kind::Duration { seconds_min: 60, seconds_max: 7_776_000 },
        ),
    ],
    choices: &[],
    later: &[],
};

/// What can be a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// An org that Trunkline simulates.
    Simulate {
        /// The same seed gives the same org and the same conversations.
        seed: u64,
        /// How many agents it has.
        agents: u32,
        /// Simulated seconds per second; `None` leaves it to the command.
        speed: Option<f64>,
        /// How arrivals and agents follow the hour.
        load: Load,
        /// What goes wrong on demand.
        trouble: Trouble,
    },
    /// A real org, heard over its notifications.
    Notifications(Org),
    /// The SQS queue that a rule on the org's partner bus fills.
    PartnerQueue(PartnerQueue),
}

/// How the simulated org's arrivals and agents follow the hour of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// The same at all times.
    #[default]
    Flat,
    /// Shifts, and a busy morning, by the hour in UTC.
    Day,
}

/// The seed where none is given.
pub const SEED_DEFAULT: u64 = 1;
/// The agents where their number is not given.
pub const AGENTS_DEFAULT: u32 = 50;

pub(crate) const SECTION: Section = Section {
    noun: "the Genesys source",
    keys: &[
        must(
            "source",
            "Where conversations come from: `simulate` is a simulated org, `notifications` a real org's notification channels, \
             `sqs` a queue that a rule on a real org's partner event bus fills.",
            Kind::OneOf(&["simulate", "notifications", "sqs"]),
        ),
        may(
            "seed",
            "The same seed gives the same org and the same conversations. Default 1.",
            Kind::Integer { min: 0, max: u64::MAX },
        ),
        may(
            "agents",
            "Number of agents in the simulated org. Default 50.",
            Kind::Integer { min: 1, max: 20_000 },
        ),
        may(
            "speed",
            "Simulated seconds per second; 1 is real time. Default: chosen by the command.",
            Kind::Number { max: 10_000.0 },
        ),
        may(
            "load",
            "How load and staffing depend on the hour (UTC): `flat`, or `day` with shifts and a busy morning. Default flat.",
            Kind::OneOf(&["flat", "day"]),
        ),
        may(
            "trouble",
            "Simulated trouble on the way to Trunkline; the same for the same seed.",
            Kind::Object(&trouble::SECTION),
        ),
        may(
            "org",
            "For `notifications`, and for `sqs` to know the names of queues: the org's region (`eu-central-1`), its domain \
             (`mypurecloud.de`), or the address of a simulated org.",
            Kind::Text { chars_max: 256 },
        ),
        may(
            "clientId",
            "With `org`: the id of an OAuth client with the grant type Client Credentials.",
            Kind::Text { chars_max: 256 },
        ),
        may(
            "clientSecret",
            "With `org`: the client's secret; write `${env:GENESYS_CLIENT_SECRET}` rather than the secret itself.",
            Kind::Text { chars_max: 1_024 },
        ),
        may(
            "topics",
            "For `notifications`, and for `sqs` with `suffix`: the topics to follow, with `{id}` for an entity. Default: those that the conversation \
             tracker needs.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
        may(
            "queueUrl",
            "For `sqs`: the URL of the queue. Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.",
            Kind::Text { chars_max: 1_024 },
        ),
        may(
            "suffix",
            "For `sqs`, instead of `queueUrl`: the end of the partner event source's name. `trunkline apply --to aws` then makes the org's integration \
             with EventBridge, its bus, and the queue.",
            Kind::Text { chars_max: 64 },
        ),
        may(
            "region",
            "For `sqs`: the queue's AWS region, if its URL does not contain it.",
            Kind::Text { chars_max: 64 },
        ),
        must(
            "queues",
            "The names of the org's routing queues that the file uses.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
        may(
            "grace",
            "How long the conversation tracker waits for a wrap-up and for an end, by medium.",
            Kind::Object(&GRACE),
        ),
    ],
    choices: &[],
    later: &[(
        "orgs",
        "this version listens to one real org; say `source: notifications` and name it by `org`",
    )],
};

pub(crate) fn read(fields: Fields<'_>) -> Genesys {
    let agents = fields.integer("agents").and_then(|agents| u32::try_from(agents).ok());
    let word = fields.text("source").map(|source| source.value).unwrap_or_default();
    let source = match word.as_str() {
        "notifications" => Source::Notifications(org::read(fields)),
        "sqs" => Source::PartnerQueue(org::read_queue(fields)),
        _ => Source::Simulate {
            seed: fields.integer("seed").unwrap_or(SEED_DEFAULT),
            agents: agents.unwrap_or(AGENTS_DEFAULT),
            speed: fields.number("speed"),
            load: match fields.text("load") {
                Some(load) if load.value == "day" => Load::Day,
                _ => Load::Flat,
            },
            trouble: fields.object("trouble").map(trouble::read).unwrap_or_default(),
        },
    };
    let strays = OWNERS.iter().filter(|(_, owners)| !owners.contains(&word.as_str()));
    Genesys {
        source,
        queues: fields.texts("queues"),
        grace: fields.object("grace").map(read_grace).unwrap_or_default(),
        strays: strays
            .filter_map(|(key, owners)| {
                let key = Marked::new(*key, fields.key_span(key)?);
                Some(Stray { key, source: word.clone(), owners })
            })
            .collect(),
    }
}

fn read_grace(fields: Fields<'_>) -> Vec<(&'static str, Grace)> {
    let of = |grace: Fields<'_>| Grace {
        wrap_up_s: grace.seconds("wrapUp"),
        max_age_s: grace.seconds("maxAge"),
        span: grace.span(),
    };
    MEDIA.iter().filter_map(|media| Some((*media, of(fields.object(media)?)))).collect()
}

pub(crate) fn check(genesys: &Genesys, out: &mut Vec<Mistake>) {
    names::unique("routing queue", &genesys.queues, out);
    for Stray { key, source, owners } in &genesys.strays {
        let sentence = format!("`{}` says nothing with `source: {source}`", key.value);
        let owners: Vec<String> = owners.iter().map(|owner| format!("`source: {owner}`")).collect();
        // A line is shown whole, and a secret is not, also where the mapping is written on one line.
        let hides_line = genesys
            .strays
            .iter()
            .any(|stray| stray.key.value == "clientSecret" && stray.key.span.line == key.span.line);
        let mistake = Mistake { hides_line, ..Mistake::new(kind::EXCLUDED_KEY, key.span, sentence) };
        out.push(mistake.with_suggestion(format!("it belongs to {}; take it out", owners.join(" and "))));
    }
    match &genesys.source {
        Source::Simulate { .. } => {}
        Source::Notifications(org) => org::check(org, out),
        Source::PartnerQueue(queue) => org::check_queue(queue, out),
    }
    for (media, grace) in &genesys.grace {
        if let (Some(wrap_up_s), Some(max_age_s)) = (grace.wrap_up_s, grace.max_age_s)
            && wrap_up_s > max_age_s
        {
            let sentence = format!(
                "`{media}` waits {wrap_up_s} s for a wrap-up, but closes a conversation that does not end after {max_age_s} s"
            );
            let mistake = Mistake::new(kind::WRONG_VALUE, grace.span, sentence);
            out.push(mistake.with_suggestion("`maxAge` is at least as long as `wrapUp`"));
        }
    }
}
