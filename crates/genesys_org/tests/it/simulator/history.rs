//! What the org remembers agrees with what it published.

use std::collections::{HashMap, HashSet};

use genesys_org::simulator::{Config, SimulatedEvent, Simulator};

use crate::simulator::{Event, MINUTE_MS, START_MS, config};

/// What the history tells is what the events tell: the same conversations, sessions, queues and agents.
#[test]
fn the_history_agrees_with_the_events() {
    let mut simulator =
        Simulator::new(Config { until_ms: Some(START_MS + 20 * MINUTE_MS), history: 100_000, ..config() });
    let events: Vec<SimulatedEvent> = simulator.by_ref().collect();
    let history = simulator.history();
    let all = history.between(0, u64::MAX);
    assert_eq!(all.len(), history.count());
    let mut sessions: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut wrapped: HashMap<&str, usize> = HashMap::new();
    for event in
        events.iter().map(Event::of).filter(|event| event.detail_type.contains("events.conversation"))
    {
        let body = event.body();
        if event.short().ends_with(".start") && !event.short().starts_with("flow") {
            sessions.entry(body.conversation_id).or_default().insert(body.session_id);
        }
        *wrapped.entry(body.conversation_id).or_default() += usize::from(event.short() == "acw");
    }
    assert_eq!(all.len(), sessions.len());
    for record in &all {
        let id = record.id.to_string();
        let told: Vec<_> = record.participants.iter().flat_map(|one| &one.sessions).collect();
        let ids: HashSet<String> = told.iter().map(|session| session.id.to_string()).collect();
        assert!(sessions[id.as_str()].iter().all(|session| ids.contains(*session)), "{id}");
        let segments: Vec<_> = told.iter().flat_map(|session| &session.segments).collect();
        assert!(
            segments.iter().all(|segment| segment.to_ms.is_some_and(|to_ms| segment.from_ms <= to_ms)),
            "{record:?}"
        );
        let codes = segments.iter().filter(|segment| segment.wrap_up_code.is_some()).count();
        assert_eq!(codes, wrapped[id.as_str()], "{record:?}");
        assert!(record.end_ms.is_some_and(|end_ms| end_ms >= record.start_ms), "{record:?}");
        assert_eq!(history.conversation(&id).as_ref(), Some(record));
    }
    let minute = |number: u64| (START_MS + number * MINUTE_MS, START_MS + (number + 1) * MINUTE_MS);
    let (from, to) = minute(10);
    for record in history.between(from, to) {
        assert!(record.start_ms < to && record.last_ms().is_some_and(|last_ms| last_ms >= from));
    }
    let kept = Simulator::new(Config { until_ms: Some(START_MS + 20 * MINUTE_MS), history: 10, ..config() });
    let history = kept.history();
    assert!(kept.count() == events.len() && history.count() == 10, "the last ten that were over are kept");
}
