//! What analytics tells and what the events told are one: events made from a record are those that were sent.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};

use genesys::analytics::synthesis;
use genesys::envelope::PartnerEvent;
use genesys::envelope::semantic_key::semantic_key;
use genesys_org::platform::{Platform, Simulation};
use genesys_org::simulator::trouble::ApiTrouble;
use genesys_org::simulator::{Config, Simulator, Trouble};

/// Events by conversation, each as its key and what a person reads in a failure.
type Keys = BTreeMap<String, BTreeSet<Key>>;
type Key = ([u8; 16], String);

fn key(event: &PartnerEvent) -> Key {
    let body: serde_json::Value = serde_json::from_str(event.body.get()).unwrap();
    let said = ["eventTime", "participantId", "sessionId", "flowId", "wrapupCode"]
        .map(|name| body[name].to_string());
    (semantic_key(event), format!("{} {}", event.topic.template(), said.join(" ")))
}

/// Not told by analytics: see `synthesis`.
const UNTOLD: [&str; 5] = ["attributes", "contact", "flow.outcome", "outbound", "wrapup"];

/// The events of an hour by conversation, without what analytics does not tell, and the platform that answers afterwards.
fn an_hour(seed: u64, trouble: Trouble) -> (Keys, Keys, Platform) {
    let config = Config {
        seed,
        agents: 12,
        until_ms: Some(3_600_000),
        history: usize::MAX,
        trouble,
        ..Config::default()
    };
    let mut simulator = Simulator::new(config);
    let (mut told, mut all) = (Keys::new(), Keys::new());
    while let Some(event) = simulator.next_event() {
        let event = PartnerEvent::parse(event.text.as_bytes()).unwrap();
        let template = event.topic.template();
        let Some(suffix) = template.strip_prefix("v2.detail.events.conversation.{id}.") else { continue };
        let id = event.topic.id().unwrap().to_owned();
        all.entry(id.clone()).or_default().insert(key(&event));
        // The flow of a queue is not told apart from the queue.
        let is_queues = event.body.get().contains("\"flowType\":\"INQUEUE");
        if !(UNTOLD.contains(&suffix) || suffix.starts_with("flow.") && is_queues) {
            told.entry(id).or_default().insert(key(&event));
        }
    }
    let platform = Platform::new();
    let simulation = Simulation {
        org: simulator.org().clone(),
        history: simulator.history(),
        trouble: ApiTrouble::default(),
        seed,
        calls: 0,
    };
    platform.open(simulation);
    (told, all, platform)
}

fn made(platform: &Platform, id: &str) -> BTreeSet<Key> {
    let record = platform.conversation(id).unwrap().unwrap();
    let frames = synthesis::detail_events(&record);
    frames.iter().map(|frame| key(&PartnerEvent::parse(frame.to_string().as_bytes()).unwrap())).collect()
}

#[test]
fn events_made_from_analytics_are_those_that_were_sent() {
    for seed in 1..=3 {
        let (told, all, platform) = an_hour(seed, Trouble::default());
        assert!(told.len() > 50, "{} conversations", told.len());
        for (id, sent) in &told {
            let made = made(&platform, id);
            let unknown: Vec<_> = made.difference(&all[id]).map(|(_, said)| said).collect();
            let missing: Vec<_> = sent.difference(&made).map(|(_, said)| said).collect();
            assert!(unknown.is_empty() && missing.is_empty(), "conversation {id}: {unknown:#?} {missing:#?}");
        }
    }
}

#[test]
fn what_was_dropped_on_the_way_is_made_up_for() {
    let (whole, _, _) = an_hour(5, Trouble::default());
    let (told, _, platform) = an_hour(5, Trouble { drop: 0.3, ..Trouble::default() });
    let mut made_up = 0;
    for (id, sent) in &told {
        let made = made(&platform, id);
        let missing: Vec<_> = sent.difference(&made).map(|(_, said)| said).collect();
        assert!(missing.is_empty(), "conversation {id}: {missing:#?}");
        assert_eq!(&made, &whole[id], "conversation {id}");
        made_up += made.len() - sent.len();
    }
    assert!(made_up > 100, "{made_up} events were dropped");
}
