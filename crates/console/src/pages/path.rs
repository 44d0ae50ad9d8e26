//! The first page: the whole path drawn from what is there, with live rates, and the same as a table.

mod drawing;

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::layout::Sheet;
use crate::live::{Row, last_events};
use crate::pages::link::{book, state, target_link};
use crate::pages::path::drawing::{Drawing, RULES_DRAWN_MAX};
use crate::parts::{Figure, Section, Table, Tone, figures, filter, grouped, live, note, nothing};
use crate::payload::line;
use crate::pipeline::{Kind, Pipeline, Rule, Target};
use crate::series::{Kept, Stretch, kept};
use crate::source::{Question, Source, ask};
use crate::standing::{self, Standing};

/// The source of derived events.
const DERIVED: &str = "genesys.cloud";
/// How the buses of partners' events begin.
const PARTNER: &str = "aws.partner/genesys.com/";

/// Rules that the table lists: the page Rules has the others.
const RULES_LISTED_MAX: usize = 100;

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let pipeline = Pipeline::read(source).await?;
    let books = ask(source, Question::trunkline("GetBooks", json!({}))).await?;
    let standing = with_tracker(source, &pipeline, standing::read(source).await).await;
    let mut past = Vec::new();
    for stretch in Stretch::ALL {
        past.push(kept(source, stretch, &["books.events.", "books.deliveries."]).await);
    }
    let body = html! {
        (body(&pipeline, &books, &standing))
        (Section { title: "Over time", command: "trunkline audit".to_owned(), body: over_time(&past) })
    };
    Ok(Sheet::new("Pipeline", body))
}

/// Events of the newest on a bus that are looked at for the tracker's.
const NEWEST: usize = 20;

/// The bus on which derived events are seen, where the server does not name it: a simulated feed is no setting of its.
async fn with_tracker(source: &Source, pipeline: &Pipeline, standing: Standing) -> Standing {
    if standing.feed_bus.is_some() || !pipeline.buses.iter().any(|bus| bus.name.starts_with(PARTNER)) {
        return standing;
    }
    for bus in pipeline.buses.iter().filter(|bus| !bus.name.starts_with(PARTNER)) {
        let newest = last_events(source, &bus.name, NEWEST).await;
        if newest.is_ok_and(|newest| newest.events.iter().any(|event| Row::of(event).source == DERIVED)) {
            return Standing { feed_bus: Some(bus.name.clone()), ..standing };
        }
    }
    standing
}

fn body(pipeline: &Pipeline, books: &Value, standing: &Standing) -> Markup {
    html! {
        (totals(books))
        (Section { title: "The path", command: "trunkline rule list".to_owned(), body: path(pipeline, standing) })
        (Section { title: "The same as a table", command: "trunkline rule list".to_owned(), body: table(pipeline) })
    }
}

fn over_time(past: &[Kept]) -> Markup {
    let row = |label: &'static str, series: &str| {
        let drawings = past.iter().map(|kept| kept.drawing(series));
        std::iter::once(html! { (label) }).chain(drawings).collect()
    };
    let columns = &["", Stretch::Hour.words(), Stretch::Day.words(), Stretch::Month.words()];
    let rows = vec![
        row("events accepted", "books.events.accepted"),
        row("matched no rule", "books.events.unmatched"),
        row("delivered", "books.deliveries.delivered"),
        row("owed", "books.deliveries.owed"),
        row("dead-lettered", "books.deliveries.dead-lettered"),
    ];
    html! {
        (Table { caption: "The pipeline over time", columns, rows })
        (note("Counted each minute, with or without a page that is open, and kept over restarts."))
    }
}

fn totals(books: &Value) -> Markup {
    let figure = |name: &'static str, page: &str, label: &str, tone: Tone| {
        let value = book(books, page, label);
        let tone = if value == 0 && tone != Tone::Good { Tone::Plain } else { tone };
        let href = match label {
            "accepted" => href(&["live"]),
            "unmatched" => href_with(&["live"], &[("unmatched", "1")]),
            "dead-lettered" => href(&["dead-letters"]),
            _ => href(&["health"]),
        };
        Figure {
            name,
            value: grouped(value),
            key: format!("books.{page}.{label}"),
            href,
            command: "trunkline audit",
            tone,
        }
    };
    figures(&[
        figure("events accepted", "events", "accepted", Tone::Plain),
        figure("matched no rule", "events", "unmatched", Tone::Plain),
        figure("delivered", "deliveries", "delivered", Tone::Good),
        figure("owed", "deliveries", "owed", Tone::Wait),
        figure("dead-lettered", "deliveries", "dead-lettered", Tone::Bad),
        figure("lost", "deliveries", "expired", Tone::Bad),
    ])
}

fn path(pipeline: &Pipeline, standing: &Standing) -> Markup {
    if pipeline.rules().next().is_none() {
        return nothing(html! {
            "There are no rules yet. " code { "trunkline dev" } " brings up the sample pipeline, "
            code { "trunkline apply -f trunkline.yaml" } " yours, and " code { "aws events put-rule" } " makes a single one."
        });
    }
    let rules = pipeline.rules().count();
    html! {
        div.scroll.drawing tabindex="0" role="region" aria-label="Drawing of the path" { (Drawing::of(pipeline, standing).svg()) }
        @if rules > RULES_DRAWN_MAX || pipeline.more {
            (note(html! { "The first " (RULES_DRAWN_MAX) " of " (rules) " rules are drawn; the table has the others." }))
        }
        (note("Rates are of the last ten seconds, counted while this page is open: what is sent over a line, what failed there (✕), and how long the oldest has been waiting at its end."))
    }
}

fn table(pipeline: &Pipeline) -> Markup {
    let rules = pipeline.rules().count();
    let listed = pipeline.rules().take(RULES_LISTED_MAX);
    let rows: Vec<Vec<Markup>> = listed.flat_map(|rule| rows_of(pipeline, rule)).collect();
    if rows.is_empty() {
        return html! {};
    }
    html! {
        (filter("rules"))
        @if rules > RULES_LISTED_MAX {
            (note(html! { "The first " (RULES_LISTED_MAX) " of " (rules) " rules; " a href=(href(&["rules"])) { "all of them" } "." }))
        }
        (Table { caption: "Rules and their targets", columns: &["bus", "rule", "#matched", "target", "kind", "#sent", "#failed", "#behind", "#waiting"], rows })
    }
}

fn rows_of(pipeline: &Pipeline, rule: &Rule) -> Vec<Vec<Markup>> {
    let about = || {
        vec![
            line(&rule.bus),
            html! { a href=(href(&["rules", &rule.bus, &rule.name])) { (line(&rule.name)) } " " (state(rule)) },
            live(&format!("rule.{}/{}.rate", rule.bus, rule.name), "–"),
        ]
    };
    if rule.targets.is_empty() {
        return vec![
            [about(), vec![html! { "no target" }, html! {}, html! {}, html! {}, html! {}, html! {}]].concat(),
        ];
    }
    let row = |target: &Target| {
        let key = format!("target.{}/{}/{}", rule.bus, rule.name, target.id);
        let rest = vec![
            target_link(target),
            html! { (Kind::of(&target.arn).word()) },
            live(&format!("{key}.rate"), "–"),
            live(&format!("{key}.failed.rate"), "–"),
            live(&format!("{key}.lag"), "–"),
            waiting(pipeline, target),
        ];
        [about(), rest].concat()
    };
    rule.targets.iter().map(row).collect()
}

fn waiting(pipeline: &Pipeline, target: &Target) -> Markup {
    match pipeline.queue_of_arn(&target.arn) {
        Some(queue) => live(&format!("queue.{}.visible", queue.name), &grouped(queue.visible)),
        None => html! {},
    }
}
