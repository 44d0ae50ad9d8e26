//! The rules: what each matches in words, where it sends, what came near among the last events, and a sandbox.

mod owner;

use aws::Error;
use maud::{Markup, html};
use pattern::explain::explain;
use pattern::{Event, EventPattern};
use serde_json::json;

use crate::address::{href, href_with};
use crate::answer::Visit;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::live::{Listed, Listing, Row, last_events, pattern_trouble};
use crate::pages::link::{rule_command, state, target_link};
use crate::parts::{Section, Table, Tone, badge, filter, live, moment, note, nothing};
use crate::payload::{line, payload, reason};
use crate::pipeline::{Kind, Pipeline, Rule, name_of, rule as read_rule};
use crate::source::Source;
use crate::value::text;
use crate::verb::{Button, Grave};
use crate::words::conditions;

/// Events that a pattern is tried on.
const TRIED_MAX: usize = 1_000;
/// Near misses that are told.
const NEAR_MAX: usize = 20;
/// Rules of a page.
const LISTED_MAX: usize = 200;
/// Conditions of a pattern that a row tells.
const CONDITIONS_IN_ROW: usize = 3;

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source, visit: &Visit) -> Result<Sheet, Error> {
    let pipeline = Pipeline::read(source).await?;
    Ok(Sheet::new("Rules", list(&pipeline, visit)))
}

fn list(pipeline: &Pipeline, visit: &Visit) -> Markup {
    let wanted = visit.param("text").to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let is_wanted = |rule: &&Rule| has(&rule.name) || has(&rule.bus) || has(&rule.pattern);
    let found: Vec<&Rule> = pipeline.rules().filter(is_wanted).collect();
    let from: usize = visit.param("from").parse().unwrap_or_default();
    let rows: Vec<Vec<Markup>> = found.iter().skip(from).take(LISTED_MAX).map(|rule| row(rule)).collect();
    if pipeline.rules().next().is_none() {
        return nothing(
            html! { "There are no rules yet: " code { "trunkline apply -f trunkline.yaml" } " makes those of a pipeline file." },
        );
    }
    let until = from + rows.len();
    let page =
        |from: usize| href_with(&["rules"], &[("text", visit.param("text")), ("from", &from.to_string())]);
    let table = Table {
        caption: "Rules of all event buses",
        columns: &["rule", "bus", "matches what", "targets", "#matched", "actions"],
        rows,
    };
    let body = html! {
        @if pipeline.rules().nth(LISTED_MAX).is_some() {
            form.query method="get" action=(href(&["rules"])) role="search" {
                label { span { "Text in a rule" } input type="search" name="text" value=(visit.param("text")) data-filter-server="" spellcheck="false" autocomplete="off"; }
                button.act type="submit" { "Filter" }
            }
        } @else { (filter("rules")) }
        (table)
        @if until < found.len() || from > 0 {
            p {
                (from + 1) " to " (until) " of " (found.len()) " "
                @if from > 0 { a href=(page(from.saturating_sub(LISTED_MAX))) { "Before" } " " }
                @if until < found.len() { a href=(page(until)) { "Next" } }
            }
        }
        @if pipeline.more { (note("There are more than 1,000 rules: the first are listed.")) }
    };
    html! { (Section { title: "All rules", command: "trunkline rule list".to_owned(), body }) }
}

fn row(rule: &Rule) -> Vec<Markup> {
    let wanted = conditions(&rule.pattern);
    let what = html! {
        @for condition in wanted.iter().take(CONDITIONS_IN_ROW) {
            span.condition { code { (line(&condition.path)) } " " (line(&condition.is)) }
        }
        @if wanted.len() > CONDITIONS_IN_ROW { span.faint { "and " (wanted.len() - CONDITIONS_IN_ROW) " more" } }
        @if !rule.schedule.is_empty() { code { (line(&rule.schedule)) } }
    };
    let targets = html! {
        @for target in &rule.targets { span.condition { (Kind::of(&target.arn).word()) " " (target_link(target)) } }
        @if rule.targets.is_empty() { span.faint { "none" } }
    };
    vec![
        html! { a href=(href(&["rules", &rule.bus, &rule.name])) { (line(&rule.name)) } " " (state(rule)) },
        line(&rule.bus),
        what,
        targets,
        live(&format!("rule.{}/{}.rate", rule.bus, rule.name), "–"),
        toggle(rule),
    ]
}

fn toggle(rule: &Rule) -> Markup {
    let body = json!({"Name": rule.name, "EventBusName": rule.bus});
    let (verb, label, ask) = if rule.is_enabled {
        (
            "rule.pause",
            "Pause",
            format!("Pause the rule {}? Events that come meanwhile do not match it.", rule.name),
        )
    } else {
        ("rule.resume", "Resume", String::new())
    };
    Button { verb, label, body, ask, is_grave: Grave::No }.markup()
}

/// Reads and writes the page of a rule.
pub(crate) async fn one(source: &Source, visit: &Visit, bus: &str, name: &str) -> Result<Sheet, Error> {
    let rule = read_rule(source, bus, name).await.map_err(|error| match &*error.code {
        "ResourceNotFoundException" => Error { status: 404, ..error },
        _ => error,
    })?;
    let listing = last_events(source, bus, TRIED_MAX).await?;
    let owner = owner::of_rule(source, &rule).await;
    let wanted = visit.param("pattern");
    let tried = if wanted.is_empty() { &rule.pattern } else { wanted };
    let body = html! {
        (about(&rule))
        (Section { title: "What it matches", command: rule_command(&rule), body: matches_what(&rule) })
        (Section {
            title: "On the last events",
            command: trunkline(&["explain", "--rule", name, "--bus", bus, "--last", "1000"]),
            body: sandbox(&rule, tried, (&listing, &owner)),
        })
    };
    Ok(Sheet::new(name, body).below("Rules", &["rules"]).below(bus, &["rules"]))
}

fn about(rule: &Rule) -> Markup {
    let target = |target: &crate::pipeline::Target| {
        let dead = &target.dead_letter_arn;
        vec![
            html! { (line(&target.id)) },
            html! { (Kind::of(&target.arn).word()) " " (target_link(target)) },
            live(&format!("target.{}/{}/{}.rate", rule.bus, rule.name, target.id), "–"),
            html! { @if dead.is_empty() { span.faint { "none" } } @else { a href=(href(&["dead-letters", &name_of(dead)])) { (line(&name_of(dead))) } } },
        ]
    };
    html! {
        div.bar {
            @if rule.is_enabled { (badge(Tone::Good, "enabled")) } @else { (badge(Tone::Wait, "paused")) }
            span { "matched " (live(&format!("rule.{}/{}.rate", rule.bus, rule.name), "–")) }
            (toggle(rule))
        }
        @if !rule.description.is_empty() { p { (line(&rule.description)) } }
        @if rule.targets.is_empty() {
            (nothing("The rule has no targets: what it matches goes nowhere."))
        } @else {
            (Table { caption: "Targets", columns: &["target", "resource", "#sent", "dead letters to"], rows: rule.targets.iter().map(target).collect() })
        }
    }
}

fn matches_what(rule: &Rule) -> Markup {
    if rule.pattern.is_empty() {
        return html! { p { "It has a schedule: " code { (line(&rule.schedule)) } } };
    }
    html! {
        dl.facts {
            @for condition in conditions(&rule.pattern) { dt.mono { (line(&condition.path)) } dd { (line(&condition.is)) } }
        }
        details { summary { "The pattern" } (payload(&rule.pattern)) }
    }
}

/// The pattern tried on the last events: what it takes, what comes near.
fn sandbox(rule: &Rule, tried: &str, (listing, owner): (&Listing, &str)) -> Markup {
    if rule.pattern.is_empty() && tried.is_empty() {
        return html! {};
    }
    let place = pattern_trouble(tried);
    html! {
        form.query method="get" action=(href(&["rules", &rule.bus, &rule.name])) {
            label.wide { span { "Pattern to try; the rule stays as it is" }
                textarea name="pattern" rows="4" data-pattern="" spellcheck="false" { (tried) }
            }
            button.act type="submit" { "Try on the last " (TRIED_MAX) " events" }
            div #trouble .trouble role="status" {
                @if !text(&place, "message").is_empty() {
                    p { (line(text(&place, "message"))) } pre { (text(&place, "line")) "\n" (text(&place, "caret")) }
                }
            }
        }
        @if let Ok(pattern) = EventPattern::parse(tried) { (outcome(&pattern, listing)) }
        @if tried != rule.pattern && text(&place, "message").is_empty() {
            (change(rule, tried, owner))
        }
    }
}

/// How the rule becomes what was tried: a patch where a pipeline file owns it, which would undo what a page changes.
fn change(rule: &Rule, tried: &str, owner: &str) -> Markup {
    let put = format!(
        "aws events put-rule --name {} --event-bus-name {} --event-pattern file://pattern.json",
        rule.name, rule.bus
    );
    html! {
        details open {
            @if owner.is_empty() {
                summary { "To change the rule, which no pipeline file owns" }
                (payload(tried))
                p { code { (put) } }
            } @else {
                @let patch = owner::patch(rule, tried);
                summary { "The patch for the file of the pipeline " (line(owner)) ", which owns the rule" }
                (payload(&patch))
                button.copy.verb type="button" data-copy=(patch) { "Copy" }
                (note(html! { "Nothing is written over the file: change it there, then " code { "trunkline apply -f trunkline.yaml" } "." }))
            }
        }
    }
}

/// An event that a pattern nearly took.
struct Near<'l> {
    listed: &'l Listed,
    failed: usize,
    fields: usize,
    reason: String,
    path: String,
}

fn outcome(pattern: &EventPattern, listing: &Listing) -> Markup {
    let (mut taken, mut near) = (0_usize, Vec::new());
    for listed in listing.events.iter().rev() {
        let Ok(event) = Event::parse(listed.json().as_bytes()) else { continue };
        let Ok(nearness) = pattern.nearness(&event) else { continue };
        if nearness.matched {
            taken += 1;
        } else {
            near.push(Near {
                listed,
                failed: nearness.failed,
                fields: nearness.fields,
                reason: String::new(),
                path: String::new(),
            });
        }
    }
    near.retain(|near| near.failed < near.fields);
    near.sort_by_key(|near| near.failed);
    near.truncate(NEAR_MAX);
    near.iter_mut().for_each(|near| explained(pattern, near));
    let row = |near: &Near<'_>| {
        let row = Row::of(near.listed);
        vec![
            moment(&row.accepted),
            html! { a href=(href(&["events", &row.id])) { (row.kind) } },
            html! { code { (line(&near.path)) } },
            reason(&near.reason),
        ]
    };
    html! {
        p { strong { (taken) } " of the last " (listing.events.len()) " events match." }
        @if !near.is_empty() {
            (Table { caption: "Near misses, the nearest first", columns: &["accepted", "event", "field", "why not"], rows: near.iter().map(row).collect() })
        }
    }
}

fn explained(pattern: &EventPattern, near: &mut Near<'_>) {
    let Ok(event) = Event::parse(near.listed.json().as_bytes()) else { return };
    let Ok(explanation) = explain(pattern, &event) else { return };
    if let Some(field) = explanation.blamed().first() {
        near.reason = field.reason.clone();
        near.path = field.path.clone();
    }
}
