//! Event subscriptions: whose messages go into which queue, and why an event was not one of them.

use aws::Error;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::answer::Visit;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::live::last_events;
use crate::pages::link::page_of;
use crate::parts::{
    Figure, Section, Table, Tone, badge, day_moment, figures, filter, grouped, note, nothing,
};
use crate::payload::{line, reason};
use crate::pipeline::{bus_names, name_of};
use crate::source::{Question, Source, ask};
use crate::value::{is, items, number, text};
use crate::verb::{Button, Grave};

/// Events of a bus among which derived ones are looked for, and those that a filter is tried on: each may take a quarter of a second.
const LOOKED_AT_MAX: usize = 500;
const TRIED_MAX: usize = 20;

/// Reads and writes the list.
pub(crate) async fn sheet(source: &Source) -> Result<Sheet, Error> {
    let answer = ask(source, Question::platform("List", "subscriptions", "")).await?;
    let body = list(items(&answer, "entities"));
    let command = "curl ADDRESS/api/v2/events/subscriptions".to_owned();
    Ok(Sheet::new("Subscriptions", html! { (Section { title: "Event subscriptions", command, body }) }))
}

fn list(all: &[Value]) -> Markup {
    if all.is_empty() {
        return nothing(html! {
            "There are none. A subscription puts derived events into an SQS queue; "
            code { "POST /api/v2/events/subscriptions" } " makes one."
        });
    }
    let row = |one: &Value| {
        let arn = queue_arn(one);
        vec![
            html! { a href=(href(&["subscriptions", text(one, "id")])) { (line(text(one, "name"))) } },
            state(one),
            html! { span.long { (line(&event_types(one))) } },
            html! { @if let Some(href) = page_of(arn) { a href=(href) { (line(&name_of(arn))) } } },
            html! { (grouped(number(one, "deliveredCount"))) },
            html! { (grouped(number(one, "failedCount"))) },
            html! { span.long { (line(text(one, "lastError"))) } },
        ]
    };
    let columns = &["name", "state", "event types", "queue", "#delivered", "#failed", "last error"];
    html! { (filter("subscriptions")) (Table { caption: "Event subscriptions", columns, rows: all.iter().map(row).collect() }) }
}

fn state(one: &Value) -> Markup {
    match text(one, "status") {
        "active" => badge(Tone::Good, "active"),
        other => badge(Tone::Wait, other),
    }
}

fn queue_arn(one: &Value) -> &str {
    one.pointer("/destination/awsSqs/arn").and_then(Value::as_str).unwrap_or_default()
}

fn event_types(one: &Value) -> String {
    let names: Vec<&str> = items(one, "eventTypes").iter().filter_map(Value::as_str).collect();
    names.join(", ")
}

/// Reads and writes the page of one.
pub(crate) async fn one(source: &Source, visit: &Visit, id: &str) -> Result<Sheet, Error> {
    let found = ask(source, Question::platform("Get", "subscriptions", id)).await?;
    let tried =
        if visit.param("tried").is_empty() { None } else { Some(tried(source, text(&found, "name")).await?) };
    let title = text(&found, "name");
    Ok(Sheet::new(title, written(&found, tried.as_deref())).below("Subscriptions", &["subscriptions"]))
}

/// What the subscription says of the newest derived events, the newest first.
async fn tried(source: &Source, name: &str) -> Result<Vec<Value>, Error> {
    let mut derived: Vec<(String, String)> = Vec::new();
    for bus in bus_names(source).await? {
        let listing = last_events(source, &bus, LOOKED_AT_MAX).await?;
        let is_derived = |json: &str| {
            serde_json::from_str::<Value>(json).is_ok_and(|event| text(&event, "source") == "genesys.cloud")
        };
        let found = listing.events.iter().filter(|listed| is_derived(listed.json()));
        derived.extend(found.map(|listed| (listed.accepted.clone(), listed.json().to_owned())));
    }
    derived.sort_by(|one, other| other.cmp(one));
    let events: Vec<&str> = derived.iter().take(TRIED_MAX).map(|(_, json)| json.as_str()).collect();
    let question = Question::trunkline("ExplainSubscription", json!({"Name": name, "Events": events}));
    let answer = ask(source, question).await?;
    Ok(items(&answer, "Events").to_vec())
}

fn written(one: &Value, tried: Option<&[Value]>) -> Markup {
    let is_active = text(one, "status") == "active";
    let failed = number(one, "failedCount");
    let figure = |name: &'static str, value: u64, tone: Tone| Figure {
        name,
        value: grouped(value),
        key: String::new(),
        href: String::new(),
        command: "trunkline audit",
        tone,
    };
    let (id, name) = (text(one, "id"), text(one, "name"));
    let body = json!({"Id": id, "Name": name});
    let (verb, label) =
        if is_active { ("subscription.pause", "Pause") } else { ("subscription.resume", "Resume") };
    let numbers = [
        figure("delivered", number(one, "deliveredCount"), Tone::Plain),
        figure("failed", failed, if failed == 0 { Tone::Plain } else { Tone::Bad }),
    ];
    html! {
        p.bar {
            (state(one)) " "
            (Button { verb, label, body: body.clone(), ask: String::new(), is_grave: Grave::No }.markup())
            (Button { verb: "subscription.delete", label: "Delete", body, ask: format!("Delete the subscription {name}? Its counts go with it; the queue and what is in it stay."), is_grave: Grave::Yes }.markup())
        }
        (figures(&numbers))
        (Section { title: "What it is", command: format!("curl ADDRESS/api/v2/events/subscriptions/{id}"), body: facts(one) })
        (Section { title: "What it takes", command: trunkline(&["explain", "--subscription", name]), body: verdicts(id, tried) })
    }
}

fn facts(one: &Value) -> Markup {
    let arn = queue_arn(one);
    html! {
        dl.facts {
            dt { "event types" } dd.mono { (line(&event_types(one))) }
            dt { "filter" } dd.mono { @if text(one, "attributeFilter").is_empty() { "none: every event of these types" } @else { (line(text(one, "attributeFilter"))) } }
            dt { "queue" } dd { @if let Some(href) = page_of(arn) { a href=(href) { (line(&name_of(arn))) } } " " span.faint.mono { (line(arn)) } }
            @if !text(one, "description").is_empty() { dt { "description" } dd { (line(text(one, "description"))) } }
            dt { "made" } dd { (day_moment(text(one, "dateCreated"))) }
            dt { "changed" } dd { (day_moment(text(one, "dateModified"))) }
            dt { "last error" } dd {
                @if text(one, "lastError").is_empty() { "none" } @else {
                    (reason(text(one, "lastError"))) " " span.faint { (day_moment(text(one, "lastErrorDate"))) }
                }
            }
        }
    }
}

fn verdicts(id: &str, tried: Option<&[Value]>) -> Markup {
    let Some(tried) = tried else {
        let href = href_with(&["subscriptions", id], &[("tried", "1")]);
        return html! { p { a href=(href) { "Try it on the newest derived events" } } };
    };
    if tried.is_empty() {
        return nothing("No derived event is among the newest events of any bus.");
    }
    let row = |event: &Value| {
        let verdict =
            if is(event, "Takes") { badge(Tone::Good, "takes it") } else { badge(Tone::Bad, "does not") };
        vec![
            html! { a href=(href(&["events", text(event, "Id")])) { (line(text(event, "EventType"))) } },
            verdict,
            html! { span.long { (line(&why(event))) } },
        ]
    };
    html! {
        (Table { caption: "The newest derived events", columns: &["event", "verdict", "why"], rows: tried.iter().map(row).collect() })
        (note(html! { "The newest " (TRIED_MAX) " derived events at most. Whether it was active when they came is not asked." }))
    }
}

/// Why an event is taken or not: its type, the filter's failure, the comparisons that do not hold.
fn why(event: &Value) -> String {
    if !is(event, "Wanted") {
        return "it does not ask for this type".to_owned();
    }
    let failure = text(event, "Failure");
    if !failure.is_empty() {
        return failure.to_owned();
    }
    let comparison = |made: &Value| {
        let holds = if is(made, "Holds") { "holds" } else { "does not hold" };
        let found = made.pointer("/Sides/0").map(|left| format!(" (it is {left})")).unwrap_or_default();
        format!("{} {holds}{found}", text(made, "Expression"))
    };
    let said: Vec<String> = items(event, "Comparisons").iter().map(comparison).collect();
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{list, why, written};

    #[test]
    fn texts_of_strangers_are_texts() {
        let one = json!({"id": "a/b", "name": "<script>x</script>", "status": "inactive", "eventTypes": ["event:conversation:end"],
            "lastError": "<b>no</b> \u{202e}x", "failedCount": 2, "destination": {"awsSqs": {"arn": "arn:aws:sqs:us-east-1:000000000000:q"}}});
        for html in [list(std::slice::from_ref(&one)).into_string(), written(&one, None).into_string()] {
            assert!(
                !html.contains("<script>") && !html.contains("<b>no") && !html.contains('\u{202e}'),
                "{html}"
            );
            assert!(html.contains("/console/queues/q"), "{html}");
        }
        assert!(written(&one, None).into_string().contains("subscription.resume"));
    }

    #[test]
    fn a_verdict_has_its_reason() {
        assert_eq!(why(&json!({"Wanted": false})), "it does not ask for this type");
        let event = json!({"Wanted": true, "Comparisons": [{"Expression": "a = 1", "Holds": false, "Sides": [2, 1]}]});
        assert_eq!(why(&event), "a = 1 does not hold (it is 2)");
        assert_eq!(why(&json!({"Wanted": true, "Failure": "too slow"})), "too slow");
    }
}
