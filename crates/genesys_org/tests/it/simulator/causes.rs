//! What happens is possible: causes before effects, no agent in two calls, everything ends.

use std::collections::{BTreeMap, HashMap, HashSet};

use genesys_org::simulator::{Config, Opening, Simulator};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use crate::simulator::{Event, config, morning, run};

/// Opening events of a session, each with what closes it.
const PAIRS: [(&str, &str); 5] = [
    ("customer.start", "customer.end"),
    ("flow.start", "flow.end"),
    ("acd.start", "acd.end"),
    ("user.start", "user.end"),
    ("voicemail.start", "voicemail.end"),
];

#[test]
fn without_trouble_causes_come_before_effects_and_everything_ends() {
    let events = morning();
    assert!(events.windows(2).all(|pair| pair[0].due_ms <= pair[1].due_ms));
    let mut open: HashMap<(String, usize), u64> = HashMap::new();
    let mut closed: HashSet<(String, usize)> = HashSet::new();
    let mut started: HashSet<String> = HashSet::new();
    for event in events {
        let event = Event::of(event);
        let (name, at_ms) = (event.short(), event.body().event_time);
        let (conversation, session) =
            (event.body().conversation_id.to_owned(), event.body().session_id.to_owned());
        if event.detail_type.contains("events.conversation") {
            let is_first = started.insert(conversation);
            assert!(!is_first || matches!(name, "customer.start" | "outbound"), "{name} comes first");
        }
        for (at, (opening, closing)) in PAIRS.into_iter().enumerate() {
            let key = (session.clone(), at);
            if name == opening {
                assert!(open.insert(key, at_ms).is_none(), "{name} twice");
            } else if name == closing {
                let since_ms = open.remove(&key);
                assert!(since_ms.is_some_and(|since_ms| since_ms <= at_ms), "{name} after {opening}");
                closed.insert(key);
            }
        }
        if name == "acw" {
            assert!(closed.contains(&(session, 3)), "acw after user.end");
        }
    }
    assert!(open.is_empty(), "{} sessions never end", open.len());
}

#[test]
fn no_agent_has_two_calls_at_once() {
    let mut changes: Vec<(u64, bool, &str, &str)> = Vec::new();
    for event in morning().iter().map(Event::of) {
        let body = event.body();
        if matches!(body.media_type, "VOICE" | "CALLBACK")
            && matches!(event.short(), "user.start" | "user.end")
        {
            // In the order of what happened, an end before a start of the same millisecond.
            changes.push((
                body.event_time,
                event.short() == "user.start",
                body.user_id,
                body.conversation_id,
            ));
        }
    }
    changes.sort();
    let mut busy: HashMap<&str, BTreeMap<&str, u32>> = HashMap::new();
    for (at_ms, is_start, user, conversation) in changes {
        let calls = busy.entry(user).or_default();
        // Sessions of a callback and of its call are of one conversation.
        let sessions = calls.entry(conversation).or_default();
        if is_start {
            *sessions += 1;
        } else {
            *sessions -= 1;
            if *sessions == 0 {
                calls.remove(conversation);
            }
        }
        assert!(calls.len() <= 1, "{user} at {at_ms}: {calls:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever the org: events come in the order of their delivery, and every session that begins ends.
    #[test]
    fn any_org_is_in_order_and_comes_to_an_end(seed: u64, agents in 1_usize..12, queues in 1_usize..5, number: u64, is_cold: bool) {
        let queues = (0..queues).map(|number| format!("Queue {number}")).collect();
        let opening = if is_cold { Opening::Cold } else { Opening::Warm };
        let events = run(20, Config { seed, agents, queues, run: number, opening, ..config() });
        prop_assert!(events.windows(2).all(|pair| pair[0].due_ms <= pair[1].due_ms));
        let mut open: HashSet<&str> = HashSet::new();
        for event in events.iter().map(Event::of) {
            match event.short() {
                "customer.start" | "user.start" => prop_assert!(open.insert(event.body().session_id)),
                "customer.end" | "user.end" => prop_assert!(open.remove(event.body().session_id)),
                _ => {}
            }
        }
        prop_assert!(open.is_empty(), "{:?}", open);
    }
}

#[test]
fn odd_sizes_work() {
    for (agents, queues) in
        [(0, vec![]), (1, vec!["Only"]), (3, vec!["A", "B", "C", "D", "E"]), (2_000, vec!["A", "B"])]
    {
        let queues = queues.into_iter().map(str::to_owned).collect();
        let events: Vec<_> = Simulator::new(Config { agents, queues, ..config() }).take(1_000).collect();
        assert_eq!(events.len(), 1_000);
    }
}
