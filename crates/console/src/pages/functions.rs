//! The functions: what each is, what calls it, its newest log lines; and calling it.

mod figures;
mod saved;

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::answer::Visit;
use crate::layout::Sheet;
use crate::pages::logs::tail;
use crate::parts::{Section, Table, Tone, badge, bytes, filter, nothing};
use crate::payload::line;
use crate::pipeline::name_of;
use crate::source::{Listed, Question, Source, all, ask, find};
use crate::value::{items, number, text};
use crate::verb;

/// Functions that are listed.
const FUNCTIONS_MAX: usize = 1_000;

fn lambda(operation: &'static str, body: Value) -> Question {
    Question::of("lambda", operation, body)
}

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let list = Listed { member: "Functions", token: "NextMarker", next: "Marker", most: FUNCTIONS_MAX };
    let functions = all(source, lambda("ListFunctions", json!({})), list).await?;
    let rows: Vec<Vec<Markup>> = functions.items.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(Sheet::new(
            "Functions",
            nothing(
                html! { "There are no functions yet: " code { "aws lambda create-function" } " makes one." },
            ),
        ));
    }
    let columns = &["function", "runtime", "handler", "#timeout", "#memory", "#code", "changed"];
    let body = html! { (filter("functions")) (Table { caption: "Functions", columns, rows }) };
    let section = Section { title: "All functions", command: "aws lambda list-functions".to_owned(), body };
    Ok(Sheet::new("Functions", html! { (section) }))
}

fn row(function: &Value) -> Vec<Markup> {
    let name = text(function, "FunctionName");
    vec![
        html! { a href=(href(&["functions", name])) { (line(name)) } },
        line(text(function, "Runtime")),
        html! { code { (line(text(function, "Handler"))) } },
        html! { (number(function, "Timeout")) " s" },
        html! { (number(function, "MemorySize")) " MB" },
        html! { (bytes(number(function, "CodeSize"))) },
        line(text(function, "LastModified").get(..19).unwrap_or_default()),
    ]
}

/// Reads and writes the page of a function.
pub(crate) async fn one(source: &Source, visit: &Visit, name: &str) -> Result<Sheet, Error> {
    let now = visit.now;
    let about = ask(source, lambda("GetFunctionConfiguration", json!({"FunctionName": name}))).await?;
    let mappings = find(source, lambda("ListEventSourceMappings", json!({"FunctionName": name})))
        .await
        .unwrap_or_default();
    let group = match about.get("LoggingConfig").map(|config| text(config, "LogGroup")).unwrap_or_default() {
        "" => format!("/aws/lambda/{name}"),
        group => group.to_owned(),
    };
    let lines = tail(source, &group, now).await;
    let counted = figures::read(source, &group, now).await;
    let saved = saved::Saved::read(source, visit).await;
    let body = html! {
        (Section { title: "What it is", command: format!("aws lambda get-function-configuration --function-name {name}"), body: facts(&about) })
        (Section { title: "The last hour", command: format!("aws logs filter-log-events --log-group-name {group} --filter-pattern REPORT"), body: counted })
        (Section { title: "Call it", command: format!("aws lambda invoke --function-name {name} --payload file://event.json out.json"), body: call(name, &saved) })
        (Section { title: "Queues that it reads", command: format!("aws lambda list-event-source-mappings --function-name {name}"), body: mappings_of(items(&mappings, "EventSourceMappings")) })
        (Section { title: "Newest log lines", command: format!("aws logs filter-log-events --log-group-name {group}"), body: lines })
    };
    Ok(Sheet::new(name, body).below("Functions", &["functions"]))
}

fn facts(about: &Value) -> Markup {
    let names = about
        .get("Environment")
        .and_then(|environment| environment.get("Variables"))
        .and_then(Value::as_object);
    let names: Vec<&str> = names.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let is_active = matches!(text(about, "State"), "" | "Active");
    html! {
        dl.facts {
            dt { "state" } dd { @if is_active { (badge(Tone::Good, "Active")) } @else { (badge(Tone::Bad, text(about, "State"))) " " (line(text(about, "StateReason"))) } }
            @for member in ["FunctionArn", "Runtime", "Handler", "Role", "Description", "LastModified", "CodeSha256"] {
                @if !text(about, member).is_empty() { dt { (member) } dd.mono { (line(text(about, member))) } }
            }
            dt { "Timeout" } dd { (number(about, "Timeout")) " s" }
            dt { "MemorySize" } dd { (number(about, "MemorySize")) " MB" }
            @if !names.is_empty() { dt { "Environment" } dd.mono { (line(&names.join(", "))) " " span.faint { "names alone: values may be secrets" } } }
        }
    }
}

fn call(name: &str, saved: &saved::Saved) -> Markup {
    let fields = verb::area("Payload", "Event", saved.payload());
    html! { (saved.choice(name)) details.verb open[saved.is_chosen()] { summary { "Call " (line(name)) " and wait for its answer" } (verb::form("function.invoke", &json!({"FunctionName": name}), "Call", &fields)) } }
}

fn mappings_of(mappings: &[Value]) -> Markup {
    if mappings.is_empty() {
        return nothing("No queue feeds it.");
    }
    let row = |mapping: &Value| {
        let queue = name_of(text(mapping, "EventSourceArn"));
        vec![
            html! { a href=(href(&["queues", &queue])) { (line(&queue)) } },
            line(text(mapping, "State")),
            html! { (number(mapping, "BatchSize")) },
            line(text(mapping, "LastProcessingResult")),
        ]
    };
    html! { (Table { caption: "Event source mappings", columns: &["queue", "state", "#batch", "last result"], rows: mappings.iter().map(row).collect() }) }
}
