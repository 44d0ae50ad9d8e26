//! The simulated org: reproducible to the byte, valid against the catalogue, causal, and as varied as its parameters say.

mod causes;
mod history;
mod reproducible;
mod scenarios;
mod schema;
mod trouble;

use std::sync::OnceLock;

use genesys_org::simulator::{Config, Families, SimulatedEvent, Simulator};
use serde::Deserialize;
use serde_json::Value;

const START_MS: u64 = 1_773_900_000_000;
const MINUTE_MS: u64 = 60_000;

fn config() -> Config {
    Config { seed: 42, start_ms: START_MS, families: Families::Agents, ..Config::default() }
}

/// Everything that happens when arrivals stop after so many minutes.
fn run(minutes: u64, config: Config) -> Vec<SimulatedEvent> {
    Simulator::new(Config { until_ms: Some(config.start_ms + minutes * MINUTE_MS), ..config }).collect()
}

/// Three hours, shared by the checks that only read.
fn morning() -> &'static [SimulatedEvent] {
    static MORNING: OnceLock<Vec<SimulatedEvent>> = OnceLock::new();
    MORNING.get_or_init(|| run(180, config()))
}

/// What the checks read of an event; nearly all of them need no more, and a whole tree would cost most of their time.
#[derive(Deserialize, Default)]
struct Event<'a> {
    #[serde(rename = "detail-type")]
    detail_type: &'a str,
    #[serde(borrow)]
    detail: Detail<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow)]
    event_body: Body<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Body<'a> {
    event_time: u64,
    conversation_id: &'a str,
    session_id: &'a str,
    user_id: &'a str,
    media_type: &'a str,
    direction: &'a str,
    disconnect_type: &'a str,
    acd_outcome: &'a str,
    current_state: &'a str,
    wrapup_code: &'a str,
    interacting_duration_ms: u64,
    held_duration_ms: u64,
    alerting_duration_ms: u64,
    wrapup_duration_ms: u64,
    #[serde(borrow)]
    routing_status: Option<RoutingStatus<'a>>,
    #[serde(borrow)]
    presence_definition: Option<PresenceDefinition<'a>>,
    id: &'a str,
    #[serde(borrow)]
    presence: Option<Presence<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Presence<'a> {
    #[serde(borrow)]
    presence_definition: PresenceDefinition<'a>,
}

impl<'a> Body<'a> {
    fn presence_in_activity(&self) -> &'a str {
        self.presence.as_ref().map_or("", |presence| presence.presence_definition.system_presence)
    }
}

#[derive(Deserialize)]
struct RoutingStatus<'a> {
    status: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PresenceDefinition<'a> {
    system_presence: &'a str,
}

impl<'a> Event<'a> {
    fn of(event: &'a SimulatedEvent) -> Self {
        let parsed = serde_json::from_str(&event.text);
        assert!(parsed.is_ok(), "{:?} {}", parsed.err(), event.text);
        parsed.unwrap_or_default()
    }

    fn body(&self) -> &Body<'a> {
        &self.detail.event_body
    }

    fn short(&self) -> &'a str {
        self.detail_type.strip_prefix("v2.detail.events.conversation.{id}.").unwrap_or(self.detail_type)
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
