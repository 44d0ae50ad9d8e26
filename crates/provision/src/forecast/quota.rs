//! AWS's default quotas that a pipeline uses, and what is left of them.

use crate::cloudformation::{RESOURCES_MAX, TEMPLATE_BYTES_MAX};
use crate::forecast::flow::{Flow, Stop};
use crate::forecast::{CALL_S, Size};
use crate::pipeline::Pipeline;
use crate::resource::rule::Matching;

/// A quota, and how much of it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Headroom {
    /// What is bounded.
    pub what: String,
    /// So much is used.
    pub used: f64,
    /// So much there may be.
    pub limit: f64,
    /// What happens beyond it.
    pub beyond: &'static str,
    /// Whether AWS raises it on request.
    pub is_adjustable: bool,
}

impl Headroom {
    /// The used part: 1 is all.
    pub fn part(&self) -> f64 {
        self.used / self.limit
    }

    /// Whether it is used up, or nearly.
    pub fn bites(&self) -> bool {
        self.part() > NEAR
    }
}

/// From here on a quota is told as one that would bite: a busy hour is half as much again as an average one.
const NEAR: f64 = 2.0 / 3.0;

/// Quotas of a region. Source: "Amazon EventBridge quotas" in the user guide, as of November 2026.
#[derive(Clone, Copy, Debug)]
struct Regional {
    regions: &'static [&'static str],
    put_events: f64,
    invocations: f64,
}

const REGIONAL: &[Regional] = &[
    Regional {
        regions: &["us-east-1", "us-west-2", "eu-west-1"],
        put_events: 10_000.0,
        invocations: 18_750.0,
    },
    Regional {
        regions: &["us-east-2", "eu-central-1", "eu-south-2"],
        put_events: 2_400.0,
        invocations: 4_500.0,
    },
    Regional {
        regions: &["us-west-1", "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-2"],
        put_events: 1_200.0,
        invocations: 2_250.0,
    },
    Regional {
        regions: &[
            "ap-east-1",
            "ap-northeast-2",
            "ap-south-1",
            "ca-central-1",
            "eu-north-1",
            "eu-west-3",
            "sa-east-1",
        ],
        put_events: 600.0,
        invocations: 1_100.0,
    },
];
/// Of every other region.
const ELSEWHERE: Regional = Regional { regions: &[], put_events: 400.0, invocations: 750.0 };

/// Starts a second of Standard executions that last, in the three largest regions and elsewhere. Source: "Quotas related to API action
/// throttling" in the Step Functions developer guide.
const STARTS_LARGE: f64 = 300.0;
const STARTS: f64 = 150.0;
/// Starts a second of Express executions. Source: the same.
const STARTS_EXPRESS: f64 = 6_000.0;
/// Concurrent executions of all functions of an account. Source: "Lambda quotas"; new accounts have fewer.
const CONCURRENCY: f64 = 1_000.0;
/// Rules of a bus that have wildcards. Source: "Amazon EventBridge quotas".
const WILDCARD_RULES: f64 = 30.0;
const TARGETS: f64 = 5.0;
const API_CALLS: f64 = 300.0;
/// Sends a second to a FIFO queue without batches and high throughput. Source: "Amazon SQS FIFO queue quotas".
const FIFO_SENDS: f64 = 300.0;

struct Quotas(Vec<Headroom>);

impl Quotas {
    fn add(
        &mut self,
        what: impl Into<String>,
        (used, limit): (f64, f64),
        (beyond, is_adjustable): (&'static str, Adjustable),
    ) {
        if used > 0.0 {
            let is_adjustable = is_adjustable == Yes;
            self.0.push(Headroom { what: what.into(), used, limit, beyond, is_adjustable });
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Adjustable {
    Yes,
    No,
}

use Adjustable::{No, Yes};

/// The quotas; those of rates only where one is stated.
pub(super) fn quotas(
    pipeline: &Pipeline,
    region: &str,
    (size, flow): (Size, &Flow),
    rate: Option<f64>,
) -> Vec<Headroom> {
    let mut out = Quotas(Vec::new());
    out.add(
        "bytes of the template",
        (number(size.bytes), number(TEMPLATE_BYTES_MAX)),
        ("it goes by a bucket (--bucket)", No),
    );
    out.add(
        "resources of the stack",
        (number(size.resources), number(RESOURCES_MAX)),
        ("the file must be split", No),
    );
    let rules_max = if ["af-south-1", "eu-south-1"].contains(&region) { 100.0 } else { 300.0 };
    out.add(
        format!("rules on the bus {}", pipeline.bus.value),
        (number(pipeline.rules.len()), rules_max),
        ("the stack fails", Yes),
    );
    let wildcards = pipeline.rules.iter().filter(|rule| has_wildcard(&rule.matching)).count();
    out.add("rules with wildcards", (number(wildcards), WILDCARD_RULES), ("the stack fails", No));
    let most = pipeline.rules.iter().max_by_key(|rule| rule.targets.len());
    if let Some(rule) = most {
        out.add(
            format!("targets of the rule {}", rule.name.value),
            (number(rule.targets.len()), TARGETS),
            ("the stack fails", No),
        );
    }
    let reserved: u64 = pipeline.functions.iter().filter_map(|function| function.concurrency).sum();
    // A hundred stay unreserved, always.
    out.add(
        "reserved concurrency",
        (number(usize::try_from(reserved).unwrap_or(usize::MAX)), CONCURRENCY - 100.0),
        ("the stack fails", Yes),
    );
    if rate.is_some() {
        rates(&mut out, pipeline, (region, flow));
    }
    let mut out = out.0;
    out.sort_by(|one, other| other.part().total_cmp(&one.part()));
    out
}

fn rates(out: &mut Quotas, pipeline: &Pipeline, (region, flow): (&str, &Flow)) {
    let regional = REGIONAL.iter().find(|one| one.regions.contains(&region)).unwrap_or(&ELSEWHERE);
    out.add(
        "PutEvents requests a second",
        (flow.events, regional.put_events),
        ("requests are throttled", Yes),
    );
    out.add(
        "deliveries of rules a second",
        (flow.deliveries, regional.invocations),
        ("deliveries are delayed", Yes),
    );
    let is_large = REGIONAL.first().is_some_and(|one| one.regions.contains(&region));
    let mut running = 0.0;
    for (stop, rate) in flow.iter() {
        match stop {
            Stop::Function(_) => running += rate * CALL_S,
            Stop::ApiDestination(name) => {
                let own = pipeline.api_destinations.iter().find(|one| one.name.value == *name);
                let own = own.map_or(API_CALLS, |one| {
                    number(usize::try_from(one.rate_limit_per_second).unwrap_or(usize::MAX))
                });
                let what = format!("calls of {name} a second");
                out.add(what, (rate, own.min(API_CALLS)), ("calls are delayed, up to 24 h", Yes));
            }
            Stop::StateMachine(name) => {
                let kind = pipeline
                    .state_machines
                    .iter()
                    .find(|one| one.name.value == *name)
                    .map(|one| one.kind.as_str());
                let limit = match kind {
                    Some("EXPRESS") => STARTS_EXPRESS,
                    _ if is_large => STARTS_LARGE,
                    _ => STARTS,
                };
                out.add(
                    format!("starts of {name} a second"),
                    (rate, limit),
                    ("starts are throttled, tried again", Yes),
                );
            }
            Stop::Other(arn) if arn.contains(":sqs:") && arn.ends_with(".fifo") => {
                let name = arn.rsplit(':').next().unwrap_or(arn);
                out.add(
                    format!("sends to {name} a second"),
                    (rate, FIFO_SENDS),
                    ("sends are throttled, tried again", Yes),
                );
            }
            _ => {}
        }
    }
    out.add("functions running at a time", (running, CONCURRENCY), ("calls are throttled, tried again", Yes));
}

fn has_wildcard(matching: &Matching) -> bool {
    matches!(matching, Matching::Pattern(pattern) if pattern.text.contains("\"wildcard\""))
}

fn number(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
