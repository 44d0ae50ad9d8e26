//! Webhooks: who may post where, what came, and what was refused.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::layout::Sheet;
use crate::live::{Listed, Row, last_events};
use crate::parts::{Figure, Section, Table, Tone, badge, day_moment, figures, grouped, note, nothing};
use crate::payload::{line, reason};
use crate::source::Source;
use crate::standing::{self, Standing, Webhook};
use crate::value::text;

/// Events of the bus that are looked through.
const LOOKED_AT_MAX: usize = 500;
/// Events that are shown.
const SHOWN_MAX: usize = 25;

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let standing = standing::read(source).await;
    let body = list(&standing.webhooks);
    Ok(Sheet::new(
        "Webhooks",
        html! { (Section { title: "Webhooks", command: "trunkline audit".to_owned(), body }) },
    ))
}

fn list(all: &[Webhook]) -> Markup {
    if all.is_empty() {
        return nothing(html! {
            "None is open. " code { "webhooks" } " in the pipeline file opens them, with " code { "trunkline dev -f FILE" }
            " or " code { "trunkline serve --webhooks FILE" } "."
        });
    }
    let row = |one: &Webhook| {
        vec![
            html! { a href=(href(&["webhooks", &one.name])) { (line(&one.name)) } },
            html! { a href=(href_with(&["live"], &[("bus", &one.bus)])) { (line(&one.bus)) } },
            verified(one),
            html! { (grouped(one.received)) },
            html! { (grouped(one.duplicates)) },
            html! { (grouped(one.refused)) },
            html! { span.long { (line(&one.last_reason)) } },
        ]
    };
    let columns = &["name", "bus", "senders", "#received", "#of them known", "#refused", "last refusal"];
    html! { (Table { caption: "Webhooks", columns, rows: all.iter().map(row).collect() }) }
}

fn verified(one: &Webhook) -> Markup {
    if one.verified {
        badge(Tone::Good, &one.verified_by)
    } else {
        badge(Tone::Wait, "anybody who reaches the port")
    }
}

/// Reads and writes the page of one.
pub(crate) async fn one(source: &Source, name: &str) -> Result<Sheet, Error> {
    let standing = standing::read(source).await;
    let found = standing.webhooks.iter().find(|webhook| webhook.name == name).ok_or_else(|| {
        let words = format!("There is no webhook {name}.");
        Error { status: 404, ..Error::sender("ResourceNotFoundException", words) }
    })?;
    let listing = last_events(source, &found.bus, LOOKED_AT_MAX).await?;
    let is_its = |listed: &&Listed| {
        serde_json::from_str::<Value>(listed.json()).is_ok_and(|event| text(&event, "source") == found.source)
    };
    let rows: Vec<Row> = listing.events.iter().rev().filter(is_its).take(SHOWN_MAX).map(Row::of).collect();
    Ok(Sheet::new(name, written(&standing, found, &rows)).below("Webhooks", &["webhooks"]))
}

fn written(standing: &Standing, one: &Webhook, rows: &[Row]) -> Markup {
    let figure = |name: &'static str, value: u64, tone: Tone| Figure {
        name,
        value: grouped(value),
        key: String::new(),
        href: String::new(),
        command: "trunkline audit",
        tone,
    };
    let refused_tone = if one.refused == 0 { Tone::Plain } else { Tone::Bad };
    let numbers = [
        figure("received", one.received, Tone::Plain),
        figure("of them known", one.duplicates, Tone::Plain),
        figure("refused since the start", one.refused, refused_tone),
    ];
    let address = format!("{}/webhooks/{}", standing.address, one.name);
    html! {
        (figures(&numbers))
        (Section { title: "What it is", command: String::new(), body: facts(one, &address) })
        (Section { title: "What came last", command: format!("trunkline tail --bus {} --field source={}", one.bus, one.source), body: events(rows) })
    }
}

fn facts(one: &Webhook, address: &str) -> Markup {
    let example = json!({"id": "1", "type": "order.paid", "total": 250});
    html! {
        dl.facts {
            dt { "address" } dd.mono { (line(address)) }
            dt { "bus" } dd { a href=(href_with(&["live"], &[("bus", &one.bus)])) { (line(&one.bus)) } }
            dt { "source of its events" } dd.mono { (line(&one.source)) }
            dt { "senders" } dd { (verified(one)) }
            dt { "last refusal" } dd {
                @if let Some(at) = &one.last_refused {
                    (one.last_status) " " (reason(&one.last_reason)) " " span.faint { (day_moment(at)) }
                } @else { "none since the start" }
            }
        }
        @if !one.verified {
            p { "To try it: " code { "curl -H content-type:application/json -d '" (example.to_string()) "' " (line(address)) } }
        }
    }
}

fn events(rows: &[Row]) -> Markup {
    if rows.is_empty() {
        return nothing("No event of it is among the newest events of its bus.");
    }
    let row = |row: &Row| {
        let rules =
            if row.rules == 0 { badge(Tone::Bad, "none") } else { badge(Tone::Good, &row.rules.to_string()) };
        vec![day_moment(&row.accepted), html! { a href=(href(&["events", &row.id])) { (row.kind) } }, rules]
    };
    html! {
        (Table { caption: "Events of the webhook, newest first", columns: &["accepted", "type", "rules"], rows: rows.iter().map(row).collect() })
        (note(html! { "Of the last " (LOOKED_AT_MAX) " events of the bus, the newest " (SHOWN_MAX) " with this source." }))
    }
}

#[cfg(test)]
mod tests {
    use super::{list, written};
    use crate::live::Row;
    use crate::standing::{Standing, Webhook};

    #[test]
    fn what_was_refused_is_told_as_it_came() {
        let one = Webhook {
            name: "crm".to_owned(),
            bus: "default".to_owned(),
            refused: 2,
            last_status: 400,
            last_reason: "<b>no</b> \u{202e}".to_owned(),
            last_refused: Some("2026-03-19T22:04:48.000Z".to_owned()),
            ..Webhook::default()
        };
        let rows = [Row { id: "e-1".to_owned(), kind: "<i>".to_owned(), ..Row::default() }];
        let html = written(&Standing::default(), &one, &rows).into_string() + &list(&[one]).into_string();
        assert!(!html.contains("<b>") && !html.contains("<i>") && !html.contains('\u{202e}'), "{html}");
        assert!(html.contains("/console/events/e-1") && html.contains("400 "), "{html}");
    }
}
