//! The trip of one event: what it is, which rules took it and what became of it, why the others did not.

use aws::{Error, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::address::{href, href_with};
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::live::conversation_of;
use crate::pages::link::page_of;
use crate::parts::{Section, Table, Tone, badge, day_moment, moment, note, nothing};
use crate::payload::{SHOWN_BYTES_MAX, line, payload, reason};
use crate::pipeline::{Kind, name_of};
use crate::source::{Question, Source};
use crate::value::{items, number, text};
use crate::verb::{Button, Grave};

/// The answer of DescribeEvent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    event_id: String,
    places: Vec<Place>,
}

/// The event on a bus.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Place {
    event_bus_name: String,
    accepted: String,
    forwarded: bool,
    event: Option<Box<RawValue>>,
    event_text: Option<String>,
    rules: Vec<Value>,
    not_matched: Vec<Value>,
    rules_in_all: usize,
}

impl Place {
    fn json(&self) -> &str {
        self.event.as_ref().map(|raw| raw.get()).or(self.event_text.as_deref()).unwrap_or_default()
    }
}

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source, id: &str) -> Result<Sheet, Error> {
    let answer = source(Question::trunkline("DescribeEvent", json!({"EventId": id}))).await;
    let answer = answer.map_err(|error| match &*error.code {
        "ResourceNotFoundException" => Error { status: 404, ..error },
        _ => error,
    })?;
    let described: Described = serde_json::from_slice(&answer)
        .map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))?;
    Ok(written(&described))
}

fn written(described: &Described) -> Sheet {
    let first = described.places.first();
    let event: Value = first.and_then(|place| serde_json::from_str(place.json()).ok()).unwrap_or_default();
    let bus = first.map(|place| place.event_bus_name.as_str()).unwrap_or_default();
    let kind = match text(&event, "detail-type") {
        "" => "Event",
        kind => kind,
    };
    let body = html! {
        (facts(&described.event_id, &event))
        @for place in &described.places { (trip(place, &described.event_id)) }
        @if let Some(place) = first {
            (Section { title: "The event", command: String::new(), body: payload(place.json()) })
            @if place.json().len() <= SHOWN_BYTES_MAX { (test_case(place)) } @else {
                (note(html! { "The whole of it: " code { (trunkline(&["events", "show", &described.event_id, "--json"])) } }))
            }
        }
    };
    Sheet { live: String::new(), ..Sheet::new(kind, body).below("Live", &["live"]).below(bus, &["live"]) }
}

fn facts(id: &str, event: &Value) -> Markup {
    let conversation = conversation_of(event);
    html! {
        dl.facts {
            dt { "id" } dd.mono { (line(id)) }
            dt { "source" } dd { (line(text(event, "source"))) }
            @if !conversation.is_empty() {
                dt { "conversation" }
                dd.mono { a href=(href(&["conversations", conversation])) { (line(conversation)) } }
            }
        }
    }
}

/// What happened on one bus.
fn trip(place: &Place, id: &str) -> Markup {
    let body = html! {
        p {
            "Accepted " (day_moment(&place.accepted)) " on the bus "
            a href=(href_with(&["live"], &[("bus", &place.event_bus_name)])) { (line(&place.event_bus_name)) }
            @if place.forwarded { ", from another bus" }
            ". " (place.rules.len()) " of its " (place.rules_in_all) " rules matched."
        }
        @if place.rules.is_empty() { (nothing("No rule matched: the event reached nobody.")) }
        @for rule in &place.rules { (matched(place, rule)) }
        @if !place.not_matched.is_empty() { (reasons(place)) }
    };
    html! { (Section { title: "Its trip", command: trunkline(&["events", "show", id]), body }) }
}

fn matched(place: &Place, rule: &Value) -> Markup {
    let name = text(rule, "Rule");
    html! {
        article.rule {
            h3 { (badge(Tone::Good, "matched")) " " a href=(href(&["rules", &place.event_bus_name, name])) { (line(name)) } }
            @if items(rule, "Deliveries").is_empty() { p { "The rule had no targets." } }
            @for delivery in items(rule, "Deliveries") { (delivered(place, name, delivery)) }
        }
    }
}

fn delivered(place: &Place, rule: &str, delivery: &Value) -> Markup {
    let arn = text(delivery, "TargetArn");
    let attempts = items(delivery, "Attempts");
    let dead = text(delivery, "DeadLetterQueueArn");
    html! {
        div.delivery {
            div.head {
                p {
                    (verdict(delivery)) " to " (Kind::of(arn).word()) " "
                    @match page_of(arn) {
                        Some(page) => { a href=(page) title=(arn) { (line(&name_of(arn))) } }
                        None => { span title=(arn) { (line(&name_of(arn))) } }
                    }
                    " " span.faint { "as target " (line(text(delivery, "TargetId"))) }
                }
                (replay(place, rule, text(delivery, "TargetId")))
            }
            @if !dead.is_empty() {
                p { "Its letter is in " a href=(href(&["dead-letters", &name_of(dead)])) { (line(&name_of(dead))) } "." }
            }
            @if !text(delivery, "Refusal").is_empty() {
                p { (badge(Tone::Bad, "AWS would refuse it")) " " (reason(text(delivery, "Refusal"))) }
            }
            @if !attempts.is_empty() {
                (Table { caption: "Attempts", columns: &["#attempt", "started", "#took", "status", "answer"], rows: attempts.iter().map(attempt).collect() })
                @if number(delivery, "AttemptsMade") > attempts.len() as u64 {
                    (note(html! { (number(delivery, "AttemptsMade")) " attempts were made; the first and the newest are kept." }))
                }
            }
        }
    }
}

fn verdict(delivery: &Value) -> Markup {
    let made = number(delivery, "AttemptsMade");
    match text(delivery, "State") {
        "DELIVERED" => badge(Tone::Good, "delivered"),
        "OWED" if made == 0 => badge(Tone::Wait, "owed, waiting for its first attempt"),
        "OWED" => html! {
            (badge(Tone::Wait, &format!("owed, attempt {} not before", made + 1))) " " (moment(text(delivery, "NextAttempt")))
        },
        "DEAD_LETTERED" => badge(Tone::Bad, "given up, dead letter"),
        _ => badge(Tone::Bad, "given up and lost: no dead-letter queue took it"),
    }
}

fn attempt(attempt: &Value) -> Vec<Markup> {
    let code = text(attempt, "ErrorCode");
    let status = attempt.get("Status").map(Value::to_string).unwrap_or_default();
    vec![
        html! { (number(attempt, "Number")) },
        moment(text(attempt, "Started")),
        html! { (number(attempt, "TookMs")) " ms" },
        html! { (status) " " @if code.is_empty() { (badge(Tone::Good, "accepted")) } @else { (badge(Tone::Bad, code)) } },
        html! { (line(text(attempt, "ErrorMessage"))) @if !text(attempt, "Answer").is_empty() { " " code { (line(text(attempt, "Answer"))) } } },
    ]
}

/// Runs the event again to one target. A replay is of a stretch of time: what else was accepted in the same millisecond and
/// matched the rule goes along, and the question says so.
fn replay(place: &Place, rule: &str, target: &str) -> Markup {
    let Some(from) = Timestamp::parse_iso(&place.accepted) else { return html! {} };
    let to = from.plus(std::time::Duration::from_millis(1)).to_iso_millis();
    let body = json!({
        "EventBusName": place.event_bus_name, "StartTime": place.accepted, "EndTime": to, "RuleName": rule, "TargetId": target,
    });
    let ask = format!(
        "Send this event again to the target {target} of the rule {rule}? Whatever else the rule took in the same millisecond goes along."
    );
    Button { verb: "event.replay", label: "Replay to this target", body, ask, is_grave: Grave::No }.markup()
}

/// Why the other rules did not match, the nearest first.
fn reasons(place: &Place) -> Markup {
    let left = place.rules_in_all.saturating_sub(place.rules.len() + place.not_matched.len());
    html! {
        h3 { "Why the other rules did not match, the nearest first" }
        ol.reasons {
            @for rule in &place.not_matched {
                li data-row="" {
                    (badge(Tone::Plain, "no match")) " "
                    a href=(href(&["rules", &place.event_bus_name, text(rule, "Rule")])) { (line(text(rule, "Rule"))) }
                    @let (path, why) = (text(rule, "Path"), text(rule, "Reason"));
                    @if !path.is_empty() && !why.contains(path) { " " code { (line(path)) } }
                    " " (reason(why))
                }
            }
        }
        @if left > 0 { (note(html! { "And " (left) " more that did not match." })) }
    }
}

/// The event as a test of the pipeline file: JSON is YAML, so the event stands there as it came.
fn test_case(place: &Place) -> Markup {
    let event: Value = serde_json::from_str(place.json()).unwrap_or_default();
    let mut case = format!(
        "tests:\n  - name: {}\n    given:\n      - {}\n    expect:\n",
        json!(format!("{} of {}", text(&event, "detail-type"), place.accepted)),
        place.json()
    );
    let expected =
        place.rules.iter().map(|rule| (rule, true)).chain(place.not_matched.iter().map(|rule| (rule, false)));
    for (rule, matches) in expected {
        case.push_str(&format!("      - rule: {}\n        matches: {matches}\n", text(rule, "Rule")));
    }
    html! {
        section {
            details {
                summary { "As a test case for the pipeline file" }
                (payload(&case))
                button.copy.verb type="button" data-copy=(case) { "Copy" }
                (note(html! { "It expects what happened. Run it with " code { "trunkline test" } "." }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Described, written};
    use serde_json::json;

    fn page(event: &serde_json::Value) -> String {
        let described = json!({"EventId": "e-1", "Places": [{
            "EventBusName": "default", "Accepted": "2026-03-19T22:04:48.128Z", "Forwarded": false, "Event": event, "RulesMatched": 1,
            "Rules": [{"Rule": "large", "Deliveries": [{"TargetId": "t", "TargetArn": "arn:aws:sqs:us-east-1:000000000000:orders", "State": "DEAD_LETTERED",
                "AttemptsMade": 1, "DeadLetterQueueArn": "arn:aws:sqs:us-east-1:000000000000:dead",
                "Attempts": [{"Number": 1, "Started": "2026-03-19T22:04:48.128Z", "TookMs": 5, "Status": 503, "ErrorCode": "ERROR_FROM_TARGET", "ErrorMessage": "<b>no", "Answer": "<script>"}]}]}],
            "NotMatched": [{"Rule": "near", "Path": "detail.queueId", "Reason": "the event has \"q-2\""}], "RulesInAll": 5,
        }]});
        let described: Described = serde_json::from_value(described).unwrap();
        written(&described).body.into_string()
    }

    #[test]
    fn the_trip_tells_attempts_and_reasons_and_nothing_of_a_stranger_is_markup() {
        let hostile = json!({"id": "e-1", "source": "<img src=x onerror=alert(1)>", "detail-type": "\u{202e}evil", "detail": {"a": "</pre><script>alert(1)</script>"}});
        let page = page(&hostile);
        for part in [
            "503",
            "&lt;b&gt;no",
            "&lt;script&gt;",
            "detail.queueId",
            "And 3 more",
            "/console/dead-letters/dead",
            "\\u202eevil",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        for part in ["<script", "<img", "onerror=alert(1)>"] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn a_mebibyte_and_ten_thousand_keys_fit_a_page() {
        let keys: serde_json::Map<_, _> =
            (0..10_000).map(|n| (format!("key {n}"), json!({"n": n}))).collect();
        for detail in [json!({"text": "x".repeat(1 << 20)}), json!(keys)] {
            let page = page(&json!({"id": "e-1", "detail-type": "big", "detail": detail}));
            assert!(page.len() < 400 << 10, "{}", page.len());
        }
    }
}
