//! Event streams: which address is posted what, and how that went.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::layout::Sheet;
use crate::parts::{
    Figure, Section, Table, Tone, badge, day_moment, figures, filter, grouped, note, nothing,
};
use crate::payload::{line, reason};
use crate::source::{Question, Source, ask, find};
use crate::value::{is, items, number, text};
use crate::verb::{Button, Grave};

/// The queue of posts that were given up.
const DEAD_LETTERS: &str = "eventstreams-dlq";

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let answer = ask(source, Question::platform("List", "streams", "")).await?;
    let command = "curl ADDRESS/api/v2/eventstreams".to_owned();
    let body = list(items(&answer, "entities"));
    Ok(Sheet::new("Event streams", html! { (Section { title: "Event streams", command, body }) }))
}

fn list(all: &[Value]) -> Markup {
    if all.is_empty() {
        return nothing(html! {
            "There are none. A stream posts derived events to an HTTPS address; "
            code { "POST /api/v2/eventstreams" } " makes one."
        });
    }
    let row = |one: &Value| {
        let status = status_of(one);
        vec![
            html! { a href=(href(&["streams", text(one, "id")])) { (line(text(one, "name"))) } },
            state(one),
            html! { span.long { (line(url(one))) } },
            html! { (grouped(number(status, "deliveredCount"))) },
            html! { (grouped(number(status, "owedCount"))) },
            html! { (grouped(number(status, "deadLetteredCount"))) },
            html! { span.long { (line(text(status, "lastError"))) } },
        ]
    };
    let columns = &["name", "state", "address", "#delivered", "#owed", "#dead letters", "last error"];
    html! { (filter("event streams")) (Table { caption: "Event streams", columns, rows: all.iter().map(row).collect() }) }
}

fn status_of(one: &Value) -> &Value {
    one.get("status").unwrap_or(&Value::Null)
}

fn url(one: &Value) -> &str {
    one.pointer("/destinations/0/url").and_then(Value::as_str).unwrap_or_default()
}

fn state(one: &Value) -> Markup {
    if is(one, "enabled") { badge(Tone::Good, "enabled") } else { badge(Tone::Wait, "paused") }
}

/// Reads and writes the page of one.
pub(crate) async fn one(source: &Source, id: &str) -> Result<Sheet, Error> {
    let found = ask(source, Question::platform("Get", "streams", id)).await?;
    let has_letters =
        find(source, Question::sqs("GetQueueUrl", json!({"QueueName": DEAD_LETTERS}))).await.is_some();
    let letters = if has_letters { href(&["dead-letters", DEAD_LETTERS]) } else { String::new() };
    Ok(Sheet::new(text(&found, "name"), written(&found, &letters)).below("Event streams", &["streams"]))
}

fn written(one: &Value, letters: &str) -> Markup {
    let (id, name) = (text(one, "id"), text(one, "name"));
    let body = json!({"Id": id, "Name": name});
    let (verb, label) =
        if is(one, "enabled") { ("stream.pause", "Pause") } else { ("stream.resume", "Resume") };
    let owed = number(status_of(one), "owedCount");
    html! {
        p.bar {
            (state(one)) " "
            (Button { verb, label, body: body.clone(), ask: String::new(), is_grave: Grave::No }.markup())
            (Button { verb: "stream.delete", label: "Delete", body, ask: format!("Delete the event stream {name}? The {owed} posts that it owes go with it."), is_grave: Grave::Yes }.markup())
        }
        (figures(&numbers(one, letters)))
        (Section { title: "What it is", command: format!("curl ADDRESS/api/v2/eventstreams/{id}"), body: facts(one) })
        (note("A post is tried again for 24 hours, then it is a dead letter. An event's page shows the posts of that event."))
    }
}

fn numbers(one: &Value, letters: &str) -> Vec<Figure<'static>> {
    let status = status_of(one);
    let figure = |name: &'static str, member: &str, is_bad: bool| {
        let value = number(status, member);
        Figure {
            name,
            value: grouped(value),
            key: String::new(),
            href: String::new(),
            command: "trunkline audit",
            tone: if is_bad && value > 0 { Tone::Bad } else { Tone::Plain },
        }
    };
    vec![
        figure("delivered", "deliveredCount", false),
        figure("owed", "owedCount", false),
        figure("attempts failed", "failedAttemptCount", true),
        Figure { href: letters.to_owned(), ..figure("dead letters", "deadLetteredCount", true) },
        figure("lost", "lostCount", true),
    ]
}

fn facts(one: &Value) -> Markup {
    let status = status_of(one);
    let types: Vec<&str> = items(one, "eventTypes").iter().filter_map(Value::as_str).collect();
    let headers = one.pointer("/destinations/0/headers").and_then(Value::as_object);
    let headers: Vec<&str> = headers.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    html! {
        dl.facts {
            dt { "address" } dd.mono { (line(url(one))) }
            dt { "event types" } dd.mono { (line(&types.join(", "))) }
            dt { "headers" } dd.mono { @if headers.is_empty() { "none" } @else { (line(&headers.join(", "))) } " " span.faint { "their values are shown to nobody" } }
            @if !text(one, "description").is_empty() { dt { "description" } dd { (line(text(one, "description"))) } }
            dt { "made" } dd { (day_moment(text(one, "dateCreated"))) }
            dt { "changed" } dd { (day_moment(text(one, "dateModified"))) }
            dt { "last delivered" } dd { @if text(status, "lastDeliveredDate").is_empty() { "never" } @else { (day_moment(text(status, "lastDeliveredDate"))) } }
            dt { "last error" } dd {
                @if text(status, "lastError").is_empty() { "none" } @else {
                    (reason(text(status, "lastError"))) " " span.faint { (day_moment(text(status, "lastErrorDate"))) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{list, written};

    #[test]
    fn a_headers_value_is_not_shown_and_texts_are_texts() {
        let one = json!({"id": "s-1", "name": "<i>crm</i>", "enabled": true, "eventTypes": ["*"],
            "destinations": [{"url": "https://crm.example/\u{202e}in", "headers": {"x-api-key": "********"}}],
            "status": {"deliveredCount": 3, "deadLetteredCount": 1, "lastError": "<b>503</b>"}});
        for html in [
            list(std::slice::from_ref(&one)).into_string(),
            written(&one, "/console/dead-letters/x").into_string(),
        ] {
            assert!(!html.contains("<i>") && !html.contains("<b>") && !html.contains('\u{202e}'), "{html}");
        }
        let html = written(&one, "/console/dead-letters/x").into_string();
        assert!(html.contains("x-api-key") && !html.contains("********"), "{html}");
        assert!(html.contains("stream.pause") && html.contains("href=\"/console/dead-letters/x\""), "{html}");
    }
}
