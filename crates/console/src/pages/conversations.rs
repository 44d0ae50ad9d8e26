//! One conversation: its detail events and what was derived of them, on a line of time.

use std::collections::BTreeSet;
use std::time::Duration;

use aws::{Error, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::address::href;
use crate::command::trunkline;
use crate::layout::Sheet;
use crate::live::{Listed, Listing, Row, conversation_of};
use crate::parts::{Section, Table, Tone, badge, moment, note, nothing, span_of};
use crate::payload::line;
use crate::pipeline::bus_names;
use crate::source::{Question, Source, find};
use crate::value::{items, text};
use crate::verb;

/// How far back events are looked through, in seconds, and how many answers of a thousand events for each bus.
const AGE_S_MAX: u64 = 3_600;
const ANSWERS_MAX: usize = 40;

/// An event of the conversation.
struct Step {
    bus: String,
    row: Row,
    at: Option<Timestamp>,
    says: String,
    is_derived: bool,
}

/// Reads and writes the page.
pub(crate) async fn sheet(source: &Source, id: &str) -> Result<Sheet, Error> {
    let mut steps = Vec::new();
    for bus in bus_names(source).await? {
        steps.extend(steps_on(source, &bus, id).await?);
    }
    steps.sort_by_key(|step| (step.at, step.is_derived));
    let ways = ways(source, &steps).await;
    let body = html! {
        (Section { title: "What came and what was made of it", command: trunkline(&["tail", "--since", "1h", "--field", &format!("detail.conversationId={id}")]), body: timeline(&steps) })
        @if let Some(stretch) = Stretch::of(&steps) { (again(&stretch, &ways)) }
    };
    Ok(Sheet { live: String::new(), ..Sheet::new(id, body).below("Live", &["live"]) })
}

/// A rule that could take its events again.
struct Way {
    bus: String,
    rule: String,
}

/// The rules of the buses that have events of it.
async fn ways(source: &Source, steps: &[Step]) -> Vec<Way> {
    let buses: BTreeSet<&str> = steps.iter().map(|step| step.bus.as_str()).collect();
    let mut ways = Vec::new();
    for bus in buses {
        let question = Question::events("ListRules", json!({"EventBusName": bus, "Limit": 100}));
        let answer = find(source, question).await.unwrap_or_default();
        let rules = items(&answer, "Rules").iter().map(|rule| text(rule, "Name").to_owned());
        ways.extend(rules.map(|rule| Way { bus: bus.to_owned(), rule }));
    }
    ways
}

/// The time from its first to its last event.
struct Stretch {
    from: Timestamp,
    /// Just after the last.
    to: Timestamp,
}

impl Stretch {
    fn of(steps: &[Step]) -> Option<Self> {
        let first = steps.iter().filter_map(|step| step.at).min()?;
        let last = steps.iter().filter_map(|step| step.at).max()?;
        Some(Self { from: first, to: last.plus(Duration::from_millis(1)) })
    }
}

/// Its time once more to a rule, and what compares it with the org.
fn again(stretch: &Stretch, ways: &[Way]) -> Markup {
    let [from, to] = [stretch.from, stretch.to].map(Timestamp::to_iso_millis);
    let replay = html! {
        @for bus in ways.iter().map(|way| way.bus.as_str()).collect::<BTreeSet<_>>() {
            @let fields = html! {
                label { span { "Rule of " (line(bus)) }
                    select name="RuleName" { @for way in ways.iter().filter(|way| way.bus == bus) { option value=(way.rule) { (way.rule) } } }
                }
            };
            (verb::form("event.replay", &json!({"EventBusName": bus, "StartTime": from, "EndTime": to}), "Replay", &fields))
        }
        @if ways.is_empty() { (nothing("No rule stands on its buses.")) }
        (note("A replay is of a stretch of time: whatever else the rule took from the conversation's first event to its last goes along."))
    };
    let reconcile = html! {
        p { "What the org's analytics knows of this time and what never arrived is told, and with " code { "--repair" } " put on the bus, by the command beside this heading: it needs the org's credentials, which no page has." }
    };
    html! {
        (Section { title: "Replay", command: trunkline(&["replay", "--since", &from, "--until", &to, "--rule", ways.first().map_or("NAME", |way| &way.rule)]), body: replay })
        (Section { title: "Reconcile", command: trunkline(&["genesys", "reconcile", "--from", &from, "--to", &to, "--repair"]), body: reconcile })
    }
}

/// What a bus has of it: the events of the last hour, the oldest first, as far as they are looked through.
async fn steps_on(source: &Source, bus: &str, id: &str) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut question =
        Question::trunkline("ListEvents", json!({"EventBusName": bus, "AgeSeconds": AGE_S_MAX}));
    for _ in 0..ANSWERS_MAX {
        let listing = Listing::read(&source(question).await?)?;
        if listing.is_empty() {
            break;
        }
        let speaking = listing.events.iter().filter(|listed| listed.json().contains(id));
        steps.extend(speaking.filter_map(|listed| step(bus, listed, id)));
        let body = json!({"EventBusName": bus, "After": listing.after, "WaitTimeSeconds": 0});
        question = Question::trunkline("WaitForEvents", body);
    }
    Ok(steps)
}

fn step(bus: &str, listed: &Listed, id: &str) -> Option<Step> {
    let event: Value = serde_json::from_str(listed.json()).ok()?;
    let row = Row::of(listed);
    let body = event.get("detail").and_then(|detail| detail.get("eventBody"));
    let own = body.map(|body| text(body, "id")).unwrap_or_default();
    if conversation_of(&event) != id && own != id {
        return None;
    }
    let is_derived = text(&event, "source") == "genesys.cloud";
    let says = if is_derived { derived(&event) } else { body.map(told).unwrap_or_default() };
    Some(Step { bus: bus.to_owned(), at: Timestamp::parse_iso(&row.accepted), row, says, is_derived })
}

/// Members that say most of a detail event and of a derived one.
const TOLD: [&str; 12] = [
    "queueId",
    "userId",
    "mediaType",
    "direction",
    "interactionState",
    "disconnectType",
    "wrapupCode",
    "wrapupDurationMs",
    "conversationDirection",
    "routingRequested",
    "sessionId",
    "participantId",
];

fn told(body: &Value) -> String {
    let said = TOLD.iter().filter_map(|name| Some((name, body.get(*name)?)));
    let said: Vec<String> = said.map(|(name, value)| format!("{name} {}", plain(value))).collect();
    said.join(", ")
}

fn derived(event: &Value) -> String {
    let detail = event.get("detail").unwrap_or(&Value::Null);
    let queue = detail.get("routing").map(|routing| text(routing, "queueName")).unwrap_or_default();
    let names = ["outcome", "wrapUpCode", "duration", "disconnectType", "queueName", "userId", "status"];
    let mut said: Vec<String> =
        names.iter().filter_map(|name| Some(format!("{name} {}", plain(detail.get(*name)?)))).collect();
    if !queue.is_empty() {
        said.insert(0, format!("queue {queue}"));
    }
    if detail.get("partial").and_then(Value::as_bool) == Some(true) {
        said.push("partial: it was under way when Trunkline began to listen".to_owned());
    }
    said.join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn timeline(steps: &[Step]) -> Markup {
    if steps.is_empty() {
        return nothing("No event of the last hour speaks of it.");
    }
    let first = steps.iter().find_map(|step| step.at);
    let row = |step: &Step| {
        let since = first
            .zip(step.at)
            .map(|(first, at)| u64::try_from(at.since(first).as_millis()).unwrap_or(u64::MAX));
        vec![
            moment(&step.row.accepted),
            html! { @if let Some(since) = since { "+" (span_of(since)) } },
            html! {
                a href=(href(&["events", &step.row.id])) { (step.row.kind) } " "
                @if step.is_derived { (badge(Tone::Good, "derived")) }
            },
            html! { span.long { (line(&step.says)) } },
            html! { @if step.row.rules == 0 { span.faint { "none" } } @else { (step.row.rules) } },
            html! { span.long.faint { (line(&step.bus)) } },
        ]
    };
    html! {
        (Table { caption: "Events of the conversation, the oldest first", columns: &["accepted", "#since the first", "event", "says", "#rules", "bus"], rows: steps.iter().map(row).collect() })
        (note("Of the events of the last hour, 40,000 of a bus at most. A derived event stands behind the detail event that completed it."))
    }
}
