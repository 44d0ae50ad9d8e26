//! The queues: how much waits and for how long, what is in them without receiving it, and sending.

use aws::{Error, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::answer::Visit;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::parts::{
    Figure, Section, Table, Tone, day_moment, figures, filter, grouped, live, note, nothing, span_of,
};
use crate::payload::{line, payload};
use crate::pipeline::{Queue, name_of, queue, queues};
use crate::series::{Kept, Stretch, kept};
use crate::source::{Question, Source, ask, find};
use crate::value::{items, number, text};
use crate::verb;

/// Messages that are shown.
const LOOKED_AT_MAX: usize = 25;
/// Queues whose oldest message is looked for.
const AGES_MAX: usize = 100;

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let queues = queues(source).await?;
    let hour = kept(source, Stretch::Hour, &["queue."]).await;
    let mut rows = Vec::new();
    for (at, queue) in queues.iter().enumerate() {
        let oldest = if at < AGES_MAX { oldest(source, queue).await } else { None };
        rows.push(row(queue, oldest.as_deref(), &hour));
    }
    Ok(Sheet::new("Queues", list(rows)))
}

fn list(rows: Vec<Vec<Markup>>) -> Markup {
    if rows.is_empty() {
        return nothing(
            html! { "There are no queues yet: " code { "aws sqs create-queue --queue-name orders" } " makes one." },
        );
    }
    let columns = &[
        "queue",
        "#waiting",
        "#in flight",
        "#delayed",
        "oldest since",
        "came, last hour",
        "went, last hour",
        "dead letters to",
    ];
    let body = html! { (filter("queues")) (Table { caption: "Queues", columns, rows }) };
    html! { (Section { title: "All queues", command: "trunkline queue list".to_owned(), body }) }
}

/// When the oldest message that waits was sent.
async fn oldest(source: &Source, queue: &Queue) -> Option<String> {
    if queue.visible == 0 {
        return None;
    }
    let body = json!({"QueueName": queue.name, "WithoutPayload": true, "Max": 1});
    let answer = find(source, Question::trunkline("ListDeadLetters", body)).await?;
    items(&answer, "Letters").first().map(|letter| text(letter, "Sent").to_owned())
}

fn row(queue: &Queue, oldest: Option<&str>, hour: &Kept) -> Vec<Markup> {
    let figure = |what: &str, count| live(&format!("queue.{}.{what}", queue.name), &grouped(count));
    let dead = name_of(&queue.dead_letter_arn);
    vec![
        html! { a href=(href(&["queues", &queue.name])) { (line(&queue.name)) } },
        figure("visible", queue.visible),
        figure("flight", queue.in_flight),
        figure("delayed", queue.delayed),
        oldest.map(day_moment).unwrap_or_default(),
        hour.drawing(&format!("queue.{}.came", queue.name)),
        hour.drawing(&format!("queue.{}.went", queue.name)),
        html! { @if !dead.is_empty() { a href=(href(&["dead-letters", &dead])) { (line(&dead)) } } },
    ]
}

/// Reads and writes the page of a queue.
pub(crate) async fn one(source: &Source, visit: &Visit, name: &str) -> Result<Sheet, Error> {
    let queue = queue(source, name).await.map_err(|error| match &*error.code {
        "QueueDoesNotExist" => Error { status: 404, ..error },
        _ => error,
    })?;
    let body = json!({"QueueName": name, "Max": LOOKED_AT_MAX});
    let looked = ask(source, Question::trunkline("ListDeadLetters", body)).await?;
    let sources =
        find(source, Question::sqs("ListDeadLetterSourceQueues", json!({"QueueUrl": queue.url}))).await;
    let is_dead_letters = sources.is_some_and(|sources| !items(&sources, "queueUrls").is_empty());
    let prefix = format!("queue.{name}.");
    let mut past = Vec::new();
    for stretch in Stretch::ALL {
        past.push(kept(source, stretch, &[&prefix]).await);
    }
    let body = html! {
        (written(&queue, items(&looked, "Letters"), (visit.now, is_dead_letters)))
        (Section { title: "Over time", command: String::new(), body: over_time(name, &past) })
    };
    Ok(Sheet::new(name, body).below("Queues", &["queues"]))
}

fn over_time(name: &str, past: &[Kept]) -> Markup {
    let row = |label: &'static str, what: &str| {
        let name = format!("queue.{name}.{what}");
        let drawings = past.iter().map(|kept| kept.drawing(&name));
        std::iter::once(html! { (label) }).chain(drawings).collect()
    };
    let columns = &["", Stretch::Hour.words(), Stretch::Day.words(), Stretch::Month.words()];
    let rows =
        vec![row("came", "came"), row("went", "went"), row("waiting", "visible"), row("in flight", "flight")];
    html! {
        (Table { caption: "Messages over time", columns, rows })
        (note("Counted each minute and kept over restarts; of what waits and is in flight the greatest."))
    }
}

fn written(queue: &Queue, messages: &[Value], (now, is_dead_letters): (Timestamp, bool)) -> Markup {
    let show = trunkline(&["queue", "show", &queue.name]);
    let figure = |name: &'static str, what: &str, count| Figure {
        name,
        value: grouped(count),
        key: format!("queue.{}.{what}", queue.name),
        href: String::new(),
        command: &show,
        tone: Tone::Plain,
    };
    let oldest = messages.first().and_then(|message| Timestamp::parse_iso(text(message, "Sent")));
    let age = Figure {
        name: "oldest waits",
        value: oldest.map_or_else(
            || "–".to_owned(),
            |sent| span_of(u64::try_from(now.since(sent).as_millis()).unwrap_or(u64::MAX)),
        ),
        key: String::new(),
        ..figure("", "", 0)
    };
    let numbers = [
        figure("waiting", "visible", queue.visible),
        figure("in flight", "flight", queue.in_flight),
        figure("delayed", "delayed", queue.delayed),
        age,
    ];
    html! {
        (figures(&numbers))
        (Section { title: "What waits, without receiving it", command: trunkline(&["dlq", "show", &queue.name]), body: looked_at(messages) })
        @if is_dead_letters {
            (Section { title: "Send back to where they came from", command: format!("aws sqs start-message-move-task --source-arn {}", queue.arn), body: redriving(queue) })
        }
        (Section { title: "Send a message", command: format!("aws sqs send-message --queue-url {}", queue.url), body: sending(queue) })
        (Section { title: "Attributes", command: show.clone(), body: attributes(queue) })
    }
}

fn looked_at(messages: &[Value]) -> Markup {
    if messages.is_empty() {
        return nothing("Nothing waits. Messages that a consumer holds, or that are delayed, are not shown.");
    }
    html! {
        @for message in messages {
            details.message data-row="" {
                summary {
                    (day_moment(text(message, "Sent"))) " " span.mono { (line(text(message, "Id"))) }
                    " " span.faint { "received " (number(message, "Received")) " times" }
                    " " span.peek { (line(text(message, "Payload"))) }
                }
                (payload(text(message, "Payload")))
            }
        }
        (note(html! { "The oldest " (LOOKED_AT_MAX) " at most. Looking counts as no receive, and hides nothing from consumers." }))
    }
}

fn sending(queue: &Queue) -> Markup {
    let is_fifo = queue.name.ends_with(".fifo");
    let fields = html! {
        (verb::area("MessageBody", "Body", "{\"hello\": \"world\"}"))
        @if is_fifo {
            (verb::field("MessageGroupId", "Message group", "group-1"))
            (verb::field("MessageDeduplicationId", "Deduplication id; empty where it is by content", ""))
        }
    };
    html! { details { summary { "Send to " (line(&queue.name)) } (verb::form("queue.send", &json!({"QueueUrl": queue.url}), "Send", &fields)) } }
}

fn redriving(queue: &Queue) -> Markup {
    let fields = verb::field("Rate", "Messages a second, 1 to 500; empty: as fast as it goes", "");
    html! {
        details.verb { summary { "Redrive " (line(&queue.name)) } (verb::form("queue.redrive", &json!({"SourceArn": queue.arn}), "Redrive", &fields)) }
        p { a href=(href(&["dead-letters", &queue.name])) { "One by one, mended, or undone" } }
    }
}

fn attributes(queue: &Queue) -> Markup {
    let members = queue.attributes.as_object().into_iter().flatten();
    html! {
        dl.facts { @for (name, value) in members { dt { (line(name)) } dd.mono { (line(value.as_str().unwrap_or_default())) } } }
    }
}
