//! What a plan foretells: figures that were worked out by hand from AWS's price pages and quotas.

use provision::forecast::{Forecast, Headroom, Load, Size, carried, forecast};
use serde_json::json;

use crate::env;

/// 40 events a second are 105,120,000 in 730 hours. A conversation ends in one of two queues.
const FILE: &str = "
version: 1
name: crm
genesys: { source: simulate, queues: [Support, Sales] }
queues: [{ name: calls }, { name: tickets }]
functions:
  - { name: score, runtime: python3.13, memory: 512, timeout: 30s, concurrency: 5, inline: 'def handler(e, c): return 1' }
stateMachines:
  - name: after
    definition: { StartAt: A, States: { A: { Type: Pass, Next: B }, B: { Type: Pass, End: true } } }
rules:
  - { name: support, queue: Support, targets: [{ queue: calls }] }
  - { name: sales, queue: Sales, targets: [{ function: score }] }
  - { name: all, pattern: { source: [genesys.cloud] }, targets: [{ stateMachine: after }] }
  - { name: off, enabled: false, pattern: { source: [genesys.cloud] }, targets: [{ queue: tickets }] }
  - { name: nightly, schedule: rate(1 day), targets: [{ queue: tickets }] }
workers:
  - { queue: calls, url: 'https://crm.example.com/secret-path', concurrency: 4, rate: 20, timeoutMs: 1000 }
";

fn of(region: &str, load: Load) -> Forecast {
    let pipeline = provision::load(FILE, &env).unwrap();
    forecast(&pipeline, region, Size { bytes: 5_120, resources: 30 }, load)
}

fn quota<'f>(forecast: &'f Forecast, what: &str) -> &'f Headroom {
    forecast
        .quotas
        .iter()
        .find(|quota| quota.what.contains(what))
        .unwrap_or_else(|| panic!("{what}: {:?}", forecast.quotas))
}

#[test]
fn a_month_costs_what_the_price_pages_say() {
    let forecast = of("us-east-1", Load { rate: Some(40.0), backlog: None });
    let lines: Vec<(&str, String)> =
        forecast.cost.lines.iter().map(|line| (line.what.as_str(), format!("{:.2}", line.usd()))).collect();
    let wanted = [
        ("events on the bus", "105.12"),
        // Half of them, three requests each, $0.40 a million.
        ("queue calls", "63.07"),
        ("function score, calls", "10.51"),
        // 52,560,000 calls of 0.1 s with 0.5 GB.
        ("function score, time", "43.80"),
        // Two states each, $25 a million.
        ("state machine after", "5256.00"),
        // Two writes a message, $0.625 a million.
        ("worker of calls, records", "65.70"),
    ];
    assert_eq!(lines, wanted.map(|(what, usd)| (what, usd.to_owned())));
    assert_eq!(format!("{:.2}", forecast.cost.usd()), "5544.20");
}

#[test]
fn without_a_rate_a_million_events_are_priced_and_no_rate_is_judged() {
    let forecast = of("us-east-1", Load::default());
    assert_eq!(format!("{:.2}", forecast.cost.lines[0].usd()), "1.00");
    assert!(forecast.quotas.iter().all(|quota| !quota.what.contains("second")), "{:?}", forecast.quotas);
    assert!(forecast.drains.is_empty());
    assert_eq!(
        (quota(&forecast, "rules on the bus").used, quota(&forecast, "rules on the bus").limit),
        (5.0, 300.0)
    );
    assert_eq!(quota(&forecast, "bytes of the template").part(), 0.1);
}

#[test]
fn a_quota_that_would_bite_comes_first_and_depends_on_the_region() {
    let load = Load { rate: Some(160.0), backlog: None };
    let far = of("eu-north-1", load);
    let first = far.quotas.first().unwrap();
    assert_eq!((first.what.as_str(), first.used, first.limit), ("starts of after a second", 160.0, 150.0));
    assert!(first.bites() && first.part() > 1.0);
    assert_eq!(quota(&far, "PutEvents").limit, 600.0);
    let near = of("us-east-1", load);
    assert!(!quota(&near, "starts of after").bites());
    assert_eq!((quota(&near, "PutEvents").limit, quota(&near, "deliveries").limit), (10_000.0, 18_750.0));
    assert_eq!(
        of("eu-south-1", load).quotas.iter().find(|one| one.what.starts_with("rules on")).unwrap().limit,
        100.0
    );
}

#[test]
fn a_backlog_drains_as_fast_as_its_narrowest_place() {
    let forecast = of("us-east-1", Load { rate: None, backlog: Some(36_000.0) });
    let drains: Vec<(&str, f64, f64)> = forecast
        .drains
        .iter()
        .map(|one| (one.what.as_str(), one.seconds().unwrap(), one.seconds_worst().unwrap()))
        .collect();
    // Paced at 20 a second, 4 a second where each of 4 calls takes its 1,000 ms; 5 calls of 100 ms or of 30 s at a time.
    let wanted = [
        ("queue calls -> POST https://crm.example.com", 1_800.0, 9_000.0),
        ("function score", 720.0, 216_000.0),
    ];
    assert_eq!(drains, wanted);
    // Twenty come a second while twenty leave.
    let never = of("us-east-1", Load { rate: Some(40.0), backlog: Some(1.0) });
    assert_eq!((never.drains[0].seconds(), never.drains[0].arriving), (None, 20.0));
}

#[test]
fn what_only_a_worker_carries_is_told_with_what_it_may_do_and_without_secrets() {
    let pipeline = provision::load(FILE, &env).unwrap();
    let forecast = of("us-east-1", Load::default());
    assert_eq!(
        forecast.carried.by_worker,
        ["queue calls -> POST https://crm.example.com, at most 4 at a time, 20 a second"]
    );
    let arn = |service: &str, resource: &str| json!(format!("{service}/{resource}"));
    let statements = carried::statements(&pipeline, ("t", "crm"), &arn);
    let text = json!(statements).to_string();
    assert!(
        text.contains("dynamodb/table/t") && text.contains("sqs/calls") && text.matches('*').count() == 1,
        "{text}"
    );
    assert!(text.contains("cloudformation/stack/crm/*"), "{text}");
    assert!(!text.contains("tickets") && !text.contains("lambda"), "{text}");
    assert!(carried::needs_worker(&pipeline));
}
