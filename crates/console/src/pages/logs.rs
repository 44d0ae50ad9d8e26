//! Log groups, and the newest lines of one.

use std::time::Duration;

use aws::{Error, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::answer::Visit;
use crate::layout::Sheet;
use crate::parts::{Section, Table, bytes, filter, note, nothing, stamp};
use crate::payload::{line, log_line};
use crate::source::{Listed, Question, Source, all, ask};
use crate::value::{items, number, text};

/// Groups that are listed.
const GROUPS_MAX: usize = 1_000;
/// Lines that are shown.
const LINES_MAX: usize = 100;
/// Streams whose lines are read.
const STREAMS_MAX: u64 = 5;
/// How far back lines are looked for.
const LOOKED_BACK: Duration = Duration::from_secs(86_400);

fn logs(operation: &'static str, body: Value) -> Question {
    Question::of("logs", operation, body)
}

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let list = Listed { member: "logGroups", token: "nextToken", next: "nextToken", most: GROUPS_MAX };
    let groups = all(source, logs("DescribeLogGroups", json!({"limit": 50})), list).await?;
    let row = |group: &Value| {
        let days = number(group, "retentionInDays");
        vec![
            html! { a href=(href(&["logs", text(group, "logGroupName")])) { (line(text(group, "logGroupName"))) } },
            html! { (bytes(number(group, "storedBytes"))) },
            html! { @if days == 0 { "for ever" } @else { (days) " days" } },
        ]
    };
    let rows: Vec<Vec<Markup>> = groups.items.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(Sheet::new(
            "Logs",
            nothing("There are no log groups yet: a function makes its own when it is called."),
        ));
    }
    let body = html! { (filter("log groups")) (Table { caption: "Log groups", columns: &["log group", "#size", "kept"], rows }) };
    let section =
        Section { title: "All log groups", command: "aws logs describe-log-groups".to_owned(), body };
    Ok(Sheet::new("Logs", html! { (section) }))
}

/// Reads and writes the page of a group.
pub(crate) async fn one(source: &Source, visit: &Visit, group: &str) -> Result<Sheet, Error> {
    let body = tail(source, group, visit.now).await;
    let section = Section {
        title: "Newest lines",
        command: format!("aws logs filter-log-events --log-group-name {group}"),
        body,
    };
    Ok(Sheet::new(group, html! { (section) }).below("Logs", &["logs"]))
}

/// The newest lines of a group, of its newest streams, the newest first.
pub(crate) async fn tail(source: &Source, group: &str, now: Timestamp) -> Markup {
    match lines(source, group, now).await {
        Ok(lines) if lines.is_empty() => nothing("No line of the last day is kept."),
        Ok(lines) => {
            let row = |event: &Value| {
                vec![stamp(number(event, "timestamp")), log_line(text(event, "message").trim_end())]
            };
            html! {
                (Table { caption: "Log lines, newest first", columns: &["when", "line"], rows: lines.iter().map(row).collect() })
                (note(html! { "The newest " (LINES_MAX) " of the " (STREAMS_MAX) " newest streams." }))
            }
        }
        Err(error) if &*error.code == "ResourceNotFoundException" => {
            nothing("There is no such log group yet: it is made with the first line.")
        }
        Err(error) => nothing(line(&error.message)),
    }
}

async fn lines(source: &Source, group: &str, now: Timestamp) -> Result<Vec<Value>, Error> {
    let body =
        json!({"logGroupName": group, "orderBy": "LastEventTime", "descending": true, "limit": STREAMS_MAX});
    let streams = ask(source, logs("DescribeLogStreams", body)).await?;
    let mut lines = Vec::new();
    for stream in items(&streams, "logStreams") {
        let body = json!({
            "logGroupName": group, "logStreamName": text(stream, "logStreamName"), "startFromHead": false, "limit": LINES_MAX,
            "startTime": now.minus(LOOKED_BACK).unix_ms(),
        });
        let answer = ask(source, logs("GetLogEvents", body)).await?;
        lines.extend(items(&answer, "events").iter().rev().cloned());
    }
    lines.sort_by_key(|event| std::cmp::Reverse(number(event, "timestamp")));
    lines.truncate(LINES_MAX);
    Ok(lines)
}
