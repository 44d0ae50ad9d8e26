//! The limits that are kept to, each with what comes nearest to it.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::parts::{Table, Tone, badge, grouped, note};
use crate::payload::line;
use crate::pipeline::Pipeline;
use crate::source::{Question, Source, ask, find};
use crate::value::number;

/// Of a limit so many hundredths may be used before it is marked.
const NEAR_PERCENT: u64 = 80;

/// What comes nearest to a limit.
struct Use {
    limit: &'static str,
    of: u64,
    used: u64,
    /// Which bus, rule or queue uses so much, and its page; empty: it is of all together.
    by: String,
    href: String,
}

/// The limits as a table.
///
/// # Errors
/// An operation's.
pub(super) async fn used(source: &Source) -> Result<Markup, Error> {
    let limits = ask(source, Question::of("console", "ListLimits", json!({}))).await?;
    let pipeline = Pipeline::read(source).await?;
    let account = find(source, Question::of("lambda", "GetAccountSettings", json!({}))).await;
    let mut uses = of_pipeline(&pipeline, &limits);
    let code = account.as_ref().and_then(|account| account.get("AccountUsage"));
    uses.push(Use {
        limit: "bytes of all functions' code",
        of: number(&limits, "CodeBytes"),
        used: code.map(|code| number(code, "TotalCodeSize")).unwrap_or_default(),
        by: String::new(),
        href: href(&["functions"]),
    });
    let rows = uses.iter().map(row).collect();
    Ok(html! {
        (Table { caption: "Limits", columns: &["limit", "#of", "#used most", "by", ""], rows })
        (note("They are AWS's, refused as AWS refuses them; docs/coverage.md says what is served, and which limits are other than AWS's."))
    })
}

fn of_pipeline(pipeline: &Pipeline, limits: &Value) -> Vec<Use> {
    let of = |name: &str| number(limits, name);
    let bus = pipeline.buses.iter().max_by_key(|bus| bus.rules.len());
    let rule = pipeline.rules().max_by_key(|rule| rule.targets.len());
    let queue = pipeline.queues.iter().max_by_key(|queue| queue.in_flight);
    vec![
        Use {
            limit: "event buses",
            of: of("Buses"),
            used: pipeline.buses.len() as u64,
            by: String::new(),
            href: String::new(),
        },
        Use {
            limit: "rules of an event bus",
            of: of("RulesPerBus"),
            used: bus.map_or(0, |bus| bus.rules.len() as u64),
            by: bus.map(|bus| bus.name.clone()).unwrap_or_default(),
            href: href(&["rules"]),
        },
        Use {
            limit: "targets of a rule",
            of: of("TargetsPerRule"),
            used: rule.map_or(0, |rule| rule.targets.len() as u64),
            by: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            href: rule.map(|rule| href(&["rules", &rule.bus, &rule.name])).unwrap_or_default(),
        },
        Use {
            limit: "messages of a queue in flight",
            of: of("InFlightPerQueue"),
            used: queue.map_or(0, |queue| queue.in_flight),
            by: queue.filter(|queue| queue.in_flight > 0).map(|queue| queue.name.clone()).unwrap_or_default(),
            href: queue.map(|queue| href(&["queues", &queue.name])).unwrap_or_default(),
        },
    ]
}

fn row(of: &Use) -> Vec<Markup> {
    let is_near = of.used.saturating_mul(100) >= of.of.saturating_mul(NEAR_PERCENT);
    vec![
        line(of.limit),
        html! { (grouped(of.of)) },
        html! { (grouped(of.used)) },
        html! { @if of.href.is_empty() { (line(&of.by)) } @else if !of.by.is_empty() { a href=(of.href) { (line(&of.by)) } } },
        html! { @if is_near { (badge(Tone::Bad, "near its limit")) } @else { (badge(Tone::Good, "free")) } },
    ]
}
