//! A simulated day through the tracker: what it derives is what the catalogue says, and each conversation ends once.

use std::collections::{BTreeMap, BTreeSet};

use genesys::catalogue::{Field, Kind, topic};
use genesys::envelope::PartnerEvent;
use genesys::envelope::detail::DetailEvent;
use genesys::tracker::conversation::{Context, Conversation};
use genesys::tracker::derived::{DerivedEvent, QueueNames};
use genesys::tracker::grace::Grace;
use genesys::tracker::user::user_state_change;
use genesys_org::simulator::{Config, Simulator, Trouble};
use serde_json::Value;

const START_MS: u64 = 1_773_900_000_000;
/// Long after any grace.
const LATER_MS: u64 = 40 * 86_400_000;

struct Day {
    derived: Vec<DerivedEvent>,
    /// Ids of conversations that had an answered queue entry.
    answered: BTreeSet<String>,
    conversations: usize,
}

fn day(config: Config) -> Day {
    let mut simulator =
        Simulator::new(Config { start_ms: START_MS, until_ms: Some(START_MS + 1_800_000), ..config });
    let queues = simulator.org().queues().iter().map(|queue| (queue.id.to_string(), queue.name.clone()));
    let (names, grace) = (QueueNames(queues.collect()), Grace::default());
    let context = Context { grace: &grace, names: &names };
    let mut open: BTreeMap<String, Conversation> = BTreeMap::new();
    let mut day = Day { derived: Vec::new(), answered: BTreeSet::new(), conversations: 0 };
    for event in simulator.by_ref() {
        let partner = PartnerEvent::parse(event.text.as_bytes());
        assert!(partner.is_ok(), "{}", event.text);
        let Ok(partner) = partner else { continue };
        day.derived.extend(user_state_change(&partner).ok().flatten());
        let Ok(Some(detail)) = DetailEvent::from_partner(&partner) else { continue };
        let id = partner.topic.id().unwrap_or_default().to_owned();
        if event.text.contains("\"acdOutcome\":\"ANSWERED\"") {
            day.answered.insert(id.clone());
        }
        let conversation = open.entry(id.clone()).or_insert_with(|| Conversation::new(&id));
        // What fell due before this event came, as the loop that wakes conversations would have told it.
        day.derived.extend(conversation.due(event.due_ms, context));
        conversation.observe(&detail, event.due_ms);
        day.derived.extend(conversation.due(event.due_ms, context));
    }
    day.conversations = open.len();
    for conversation in open.values_mut() {
        day.derived.extend(conversation.due(START_MS + LATER_MS, context));
    }
    day
}

fn check<'a>(value: &'a Value, path: &mut Vec<&'a str>, field_at: &dyn Fn(&[&str]) -> Option<Field>) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        path.push(key);
        let field = field_at(path);
        assert!(field.is_some(), "no {path:?}");
        let Some(field) = field else { return };
        assert_eq!(field.is_array, inner.is_array(), "{path:?}");
        for element in inner.as_array().map_or(std::slice::from_ref(inner), Vec::as_slice) {
            let fits = match field.kind {
                Kind::Text => element
                    .as_str()
                    .is_some_and(|text| field.values.is_empty() || field.values.contains(&text)),
                Kind::Time => element.as_str().is_some_and(|text| text.ends_with('Z')),
                Kind::Integer => element.is_u64(),
                Kind::Boolean => element.is_boolean(),
                Kind::Object => element.is_object(),
                Kind::Number | Kind::Any => true,
            };
            assert!(fits, "{path:?}: {element} is not {field:?}");
            check(element, path, field_at);
        }
        path.pop();
    }
}

#[test]
fn derived_events_have_the_fields_of_the_catalogue() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    // Late wrap-ups, so that there are events of them.
    let trouble = Trouble { late_wrapup: 0.2, ..Trouble::default() };
    for derived in day(Config { seed: 5, trouble, ..Config::default() }).derived {
        let count = seen.entry(derived.detail_type).or_default();
        *count += 1;
        if *count > 100 {
            continue;
        }
        let known = topic(derived.detail_type);
        let detail: Value = serde_json::from_str(&derived.detail).unwrap();
        check(&detail, &mut vec!["detail"], &|path| known?.field_at(path));
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
}

#[test]
fn each_conversation_ends_once_with_its_queue() {
    let day = day(Config { seed: 6, ..Config::default() });
    let ends: Vec<Value> = day
        .derived
        .iter()
        .filter(|derived| derived.detail_type == "conversation.end")
        .map(|derived| serde_json::from_str(&derived.detail).unwrap())
        .collect();
    let ids: BTreeSet<&str> = ends.iter().filter_map(|end| end["id"].as_str()).collect();
    assert_eq!(ids.len(), day.conversations);
    // A message thread that opens again ends again, as another episode.
    let first_ends = ends.iter().filter(|end| end["episode"].is_null()).count();
    assert_eq!(first_ends, day.conversations);
    for end in &ends {
        assert!(end["partial"].is_null(), "everything was seen: {end}");
        assert_eq!(end["status"], "completed");
        if end["episode"].is_null() && day.answered.contains(end["id"].as_str().unwrap_or_default()) {
            assert!(end["routing"]["queueName"].is_string(), "{end}");
            assert!(end["segments"]["talkMs"].as_u64() > Some(0), "{end}");
        }
    }
    // After-call work longer than the grace comes as an event of its own.
    let late = day.derived.iter().filter(|derived| derived.detail_type == "conversation.wrapup").count();
    let in_time = ends.iter().filter(|end| end["wrapUpCode"].is_string()).count();
    let (wrapped, answered) = (late + in_time, day.answered.len());
    assert!(wrapped * 10 > answered * 9, "{in_time} and {late} of {answered} have a wrap-up");
}
