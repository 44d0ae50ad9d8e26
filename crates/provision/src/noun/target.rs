//! `targets:` of a rule: where a matched event goes, and what of it.

use aws::Arn;

use crate::fields::Fields;
use crate::json::JsonText;
use crate::mistake::{Marked, Mistake, Span};
use crate::names::Names;
use crate::noun::connection::PARAMETERS;
use crate::table::{Choice, Kind, NameRule, Section, may, must};

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
    /// Another event bus of the account, by name.
    Bus(Marked<String>),
    /// An API destination of this file, by name.
    ApiDestination(Marked<String>),
    /// Anything else, by its full name.
    Arn(Marked<String>),
}

/// What the request to an API destination gets in addition: text, or the value at a path of the event (`$.detail.id`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http {
    /// What fills the `*` of the path, in order.
    pub path: Vec<Marked<String>>,
    /// Parameters of the query.
    pub query: Vec<(Marked<String>, Marked<String>)>,
    /// Headers.
    pub headers: Vec<(Marked<String>, Marked<String>)>,
    /// Where it stands.
    pub span: Span,
}

/// What a target receives.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// The event as it is.
    #[default]
    Event,
    /// Always this JSON text.
    Constant(JsonText),
    /// The part of the event at this path.
    Path(Marked<String>),
    /// A template filled from the event.
    Transformer {
        /// Names and the paths of the event that they stand for.
        paths: Vec<(Marked<String>, Marked<String>)>,
        /// The text with `<name>` where a value goes.
        template: Marked<String>,
    },
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
/// The constant input and the template may have this many characters (EventBridge API, `TargetInput`, `TransformerInput`).
const INPUT_CHARS_MAX: usize = 8192;
/// Paths of one input transformer (EventBridge API, `TransformerPaths`).
const PATHS_MAX: usize = 100;

/// Limits: the shapes of PutTargets in the EventBridge API reference.
pub(crate) const SECTION: Section = Section {
    noun: "a target",
    keys: &[
        may("id", "The target's id within the rule. Default: made from its name.", Kind::Name(&ID)),
        may("queue", "Send to this queue, one of `queues`.", Kind::Text { chars_max: 80 }),
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
        may("inputTransformer", "Send a template filled from the event.", Kind::Object(&TRANSFORMER)),
        may(
            "deadLetter",
            "The queue, one of `queues`, for events that could not be delivered.",
            Kind::Text { chars_max: 80 },
        ),
        may("http", "What the request to the API destination gets in addition.", Kind::Object(&HTTP)),
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
        Choice { among: &["queue", "lambda", "bus", "apiDestination", "arn"], is_required: true },
        Choice { among: &["input", "inputPath", "inputTransformer"], is_required: false },
    ],
    later: &[
        ("function", "functions are not run by this version; name one that exists by `lambda` and its ARN"),
        ("stateMachine", "state machines are not run by this version; name one that exists by `arn`"),
        ("role", "the local door needs no role"),
    ],
};

const TRANSFORMER: Section = Section {
    noun: "an input transformer",
    keys: &[
        may(
            "paths",
            "Names, and the paths of the event they stand for: `id: $.detail.conversationId`.",
            Kind::Texts { chars_max: 256 },
        ),
        must(
            "template",
            "The text to send, with `<name>` where a value goes.",
            Kind::Text { chars_max: INPUT_CHARS_MAX },
        ),
    ],
    choices: &[],
    later: &[],
};

/// Source: the shape `HttpParameters` of the EventBridge API.
const HTTP: Section = Section {
    noun: "the HTTP parameters",
    keys: &[
        may(
            "path",
            "What fills each `*` of the endpoint's path, in order: text, or a path of the event.",
            Kind::List(&Kind::Text { chars_max: 256 }),
        ),
        may("query", "Parameters of the query: text, or a path of the event.", PARAMETERS),
        may("headers", "Headers: text, or a path of the event.", PARAMETERS),
    ],
    choices: &[],
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

fn read(fields: Fields<'_>, taken: &mut Vec<String>) -> Target {
    let destination = match (fields.text("queue"), fields.text("bus"), fields.text("lambda")) {
        (Some(queue), _, _) => Destination::Queue(queue),
        (_, Some(bus), _) => Destination::Bus(bus),
        (_, _, Some(arn)) => Destination::Arn(arn),
        _ => match fields.text("apiDestination") {
            Some(name) => Destination::ApiDestination(name),
            None => Destination::Arn(fields.name("arn")),
        },
    };
    let id = fields.text("id").unwrap_or_else(|| Marked::new(free_id(&destination, taken), fields.span()));
    taken.push(id.value.clone());
    Target {
        id,
        destination,
        input: input(fields),
        dead_letter: fields.text("deadLetter"),
        retry: fields.object("retry").map_or_else(Retry::default, |fields| Retry {
            attempts: fields.integer("attempts"),
            max_age_s: fields.seconds("maxAge"),
        }),
        http: fields.object("http").map(|fields| Http {
            path: fields.texts("path"),
            query: fields.pairs("query"),
            headers: fields.pairs("headers"),
            span: fields.span(),
        }),
        concurrency: fields.integer("concurrency"),
        timeout_ms: fields.integer("timeoutMs"),
        span: fields.span(),
    }
}

fn input(fields: Fields<'_>) -> Input {
    if let Some(constant) = fields.json("input") {
        Input::Constant(constant)
    } else if let Some(path) = fields.text("inputPath") {
        Input::Path(path)
    } else if let Some(fields) = fields.object("inputTransformer") {
        Input::Transformer { paths: fields.pairs("paths"), template: fields.name("template") }
    } else {
        Input::Event
    }
}

/// An id made from the last part of the destination's name, so that it stays when targets change places.
fn free_id(destination: &Destination, taken: &[String]) -> String {
    let (Destination::Queue(name)
    | Destination::Bus(name)
    | Destination::ApiDestination(name)
    | Destination::Arn(name)) = destination;
    let last = name.value.rsplit([':', '/']).next().unwrap_or_default();
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
            out.push(Mistake::new(name.span, sentence).with_suggestion("name another bus"));
        }
        Destination::Bus(_) => {}
        Destination::ApiDestination(name) => {
            if let Some(wildcards) = names.wildcards(name, out) {
                check_wildcards(target, &name.value, wildcards, out);
            }
        }
        Destination::Arn(arn) => check_arn(arn, out),
    }
    if let Some(http) = &target.http {
        check_http(http, &target.destination, out);
    }
    if let Some(dead_letter) = &target.dead_letter {
        names.check_queue(dead_letter, out);
    }
    check_input(&target.input, out);
}

/// AWS gives up each event whose request it has no path for.
fn check_wildcards(target: &Target, name: &str, wanted: usize, out: &mut Vec<Mistake>) {
    let given = target.http.as_ref().map_or(0, |http| http.path.len());
    if wanted != given {
        let sentence = format!(
            "the endpoint of `{name}` has {wanted} `*` to fill, but `http.path` of this target fills {given}"
        );
        out.push(Mistake::new(target.http.as_ref().map_or(target.span, |http| http.span), sentence));
    }
}

fn check_http(http: &Http, destination: &Destination, out: &mut Vec<Mistake>) {
    if !matches!(destination, Destination::ApiDestination(_) | Destination::Arn(_)) {
        let mistake = Mistake::new(http.span, "`http` is for a target that is an API destination");
        out.push(mistake.with_suggestion("leave it out"));
    }
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
    out.push(Mistake::new(target.span, sentence).with_suggestion(instead));
}

fn check_arn(arn: &Marked<String>, out: &mut Vec<Mistake>) {
    if arn.value.is_empty() {
        return;
    }
    match arn.value.parse::<Arn>() {
        Ok(_) => {}
        Err(error) => out.push(
            Mistake::new(arn.span, error.to_string())
                .with_suggestion("for example arn:aws:lambda:us-east-1:000000000000:function:name"),
        ),
    }
}

fn check_input(input: &Input, out: &mut Vec<Mistake>) {
    match input {
        Input::Event => {}
        Input::Constant(json) => {
            let chars = json.text.chars().count();
            if chars > INPUT_CHARS_MAX {
                let sentence = format!(
                    "this input has {chars} characters as JSON; AWS allows at most {INPUT_CHARS_MAX}"
                );
                out.push(Mistake::new(json.span, sentence));
            }
        }
        Input::Path(path) => check_path(path, out),
        Input::Transformer { paths, template } => {
            if let Some((name, _)) = paths.get(PATHS_MAX) {
                out.push(Mistake::new(
                    name.span,
                    format!("an input transformer has at most {PATHS_MAX} paths"),
                ));
            }
            for (name, path) in paths {
                check_variable(name, out);
                check_path(path, out);
            }
            check_template(template, paths, out);
        }
    }
}

fn check_path(path: &Marked<String>, out: &mut Vec<Mistake>) {
    if !path.value.starts_with('$') {
        let mistake = Mistake::new(path.span, format!("the path `{}` does not begin with `$`", path.value));
        out.push(mistake.with_suggestion(format!("write `$.{}`", path.value.trim_start_matches('.'))));
    }
}

/// Source: the shape `InputTransformerPathKey`; "AWS" at the beginning is kept for AWS (InputTransformer, API reference).
fn check_variable(name: &Marked<String>, out: &mut Vec<Mistake>) {
    let is_plain = name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !is_plain || name.value.is_empty() {
        let sentence =
            format!("`{}` is not a name for a value: use letters, digits, `-` and `_`", name.value);
        out.push(Mistake::new(name.span, sentence));
    } else if name.value.starts_with("AWS") {
        let sentence = format!("`{}` begins with AWS, which AWS keeps for itself", name.value);
        out.push(Mistake::new(name.span, sentence));
    }
}

/// Every `<name>` of the template must have a path; `aws.events...` are AWS's own.
fn check_template(
    template: &Marked<String>,
    paths: &[(Marked<String>, Marked<String>)],
    out: &mut Vec<Mistake>,
) {
    for piece in template.value.split('<').skip(1) {
        let Some((name, _)) = piece.split_once('>') else { continue };
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let is_known = name.starts_with("aws.events.") || paths.iter().any(|(known, _)| known.value == name);
        if is_name && !is_known {
            let mistake = Mistake::new(
                template.span,
                format!("the template has `<{name}>`, but `paths` has no `{name}`"),
            );
            out.push(mistake.with_near(name, paths.iter().map(|(known, _)| known.value.as_str())));
        }
    }
}
