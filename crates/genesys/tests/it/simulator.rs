//! The simulated org: reproducible to the byte, valid against the catalogue, causal, and as varied as its parameters say.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use genesys::catalogue::{Field, Kind, topic, topic_of};
use genesys::simulator::{
    Config, Families, LoadCurve, Opening, SimulatedEvent, Simulator, Trouble, WRAP_UP_TIMEOUT,
};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
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

/// Of any family: the times of some are texts.
#[derive(Deserialize)]
struct Kinded<'a> {
    #[serde(rename = "detail-type")]
    detail_type: &'a str,
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

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first: Vec<_> = Simulator::new(config()).take(3_000).collect();
    let second: Vec<_> = Simulator::new(config()).take(3_000).collect();
    assert!(first == second);
    let other: Vec<_> = Simulator::new(Config { seed: 43, ..config() }).take(3_000).collect();
    assert!(first.iter().zip(&other).all(|(a, b)| a.text != b.text));
}

#[test]
fn the_bytes_do_not_change_unnoticed() {
    // A change here changes every recorded simulation: mean it, and say so in the commit.
    let hash = Simulator::new(Config { families: Families::All, ..config() })
        .take(2_000)
        .flat_map(|event| event.text.into_bytes())
        .fold(0xcbf2_9ce4_8422_2325, fnv1a);
    assert_eq!(format!("{hash:016x}"), "b547e8e106dddb91");
}

fn fnv1a(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[test]
fn a_later_run_has_the_same_org_and_other_conversations() {
    let ids = |config: Config| {
        let mut simulator = Simulator::new(config);
        let org: Vec<String> =
            simulator.org().queues().iter().map(|queue| format!("{} {}", queue.name, queue.id)).collect();
        let events: Vec<_> = simulator.by_ref().take(3_000).collect();
        let conversations: HashSet<String> =
            events.iter().map(|event| Event::of(event).body().conversation_id.to_owned()).collect();
        (org, simulator.org().source().to_owned(), conversations)
    };
    let first = ids(config());
    for later in [Config { start_ms: START_MS + 1, ..config() }, Config { run: 1, ..config() }] {
        let later = ids(later);
        assert_eq!((&first.0, &first.1), (&later.0, &later.1));
        assert_eq!(first.2.intersection(&later.2).filter(|id| !id.is_empty()).count(), 0);
    }
    let org =
        Simulator::new(Config { agents: 7, queues: vec!["Billing".into(), "Support".into()], ..config() });
    let support = format!("Support {}", org.org().queue("Support").unwrap().id);
    assert!(first.0.contains(&support), "a queue's id follows from the seed and its name alone");
}

#[test]
fn every_field_is_in_the_catalogue_with_its_type_and_value() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for event in &run(90, Config { families: Families::All, ..config() }) {
        let kind: Kinded<'_> = serde_json::from_str(&event.text).unwrap();
        let count = seen.entry(kind.detail_type.to_owned()).or_default();
        *count += 1;
        // The first of each topic, and then some: all of them would say the same for a hundred times the work.
        if *count > 60 {
            continue;
        }
        let event: Value = serde_json::from_str(&event.text).unwrap();
        let detail_type = text(&event, "/detail-type");
        let known = topic(detail_type);
        assert!(known.is_some(), "no topic {detail_type}");
        assert_eq!(topic_of(text(&event, "/detail/topicName")).map(|topic| topic.name()), Some(detail_type));
        check(&event, &mut Vec::new(), &|path| known?.field_at(path), detail_type);
        let published = text(&event, "/detail/timestamp");
        assert_eq!(
            published.get(..19),
            text(&event, "/time").get(..19),
            "time is the timestamp in whole seconds"
        );
        assert_eq!(text(&event, "/time").len(), 20);
    }
    assert_eq!(seen.len(), 22, "{seen:?}");
}

type FieldAt<'a> = dyn Fn(&[&str]) -> Option<Field> + 'a;

/// Every field below `value`, which is an object.
fn check<'a>(value: &'a Value, path: &mut Vec<&'a str>, field_at: &FieldAt<'_>, name: &str) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        path.push(key);
        let field = field_at(path);
        assert!(field.is_some(), "{name} has no {path:?}");
        if let Some(field) = field {
            assert_eq!(field.is_array, inner.is_array(), "{name} {path:?}");
            for element in inner.as_array().map_or(std::slice::from_ref(inner), Vec::as_slice) {
                assert!(fits(element, &field), "{name} {path:?}: {element} is not {field:?}");
                check(element, path, field_at, name);
            }
        }
        path.pop();
    }
}

fn fits(value: &Value, field: &Field) -> bool {
    match field.kind {
        Kind::Text => {
            value.as_str().is_some_and(|text| field.values.is_empty() || field.values.contains(&text))
        }
        Kind::Time => value.as_str().is_some_and(|text| text.len() >= 20 && text.ends_with('Z')),
        Kind::Integer => value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object => value.is_object(),
        Kind::Any => true,
    }
}

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

#[test]
fn every_scenario_comes_up() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let simulator = Simulator::new(config());
    let org = simulator.org();
    for event in morning().iter().map(Event::of) {
        let (name, body) = (event.short(), event.body());
        let code = body.wrapup_code;
        assert!(code.is_empty() || org.wrap_up_name(code).is_some(), "{code} has a name");
        for word in [body.disconnect_type, body.acd_outcome, body.media_type, body.current_state] {
            seen.insert(format!("{name} {word}"));
        }
        if code == WRAP_UP_TIMEOUT {
            seen.insert(format!("wrap-up {code}"));
        }
        seen.extend(body.routing_status.iter().map(|routing| format!("status {}", routing.status)));
        seen.extend(
            body.presence_definition.iter().map(|presence| format!("presence {}", presence.system_presence)),
        );
    }
    let state = "v2.detail.events.agent.{id}.state";
    let expected = [
        "acd.end ANSWERED",
        "acd.end ABANDON",
        "acd.end FLOW_OUT",
        "user.end TRANSFER",
        "user.end CONSULT_TRANSFER",
        "user.end CLIENT",
        "user.end PEER",
        "customer.end ENDPOINT",
        "customer.end PEER",
        "customer.end INACTIVITY",
        "customer.end TIMEOUT",
        "customer.end UNCALLABLE",
        "user.start CALLBACK",
        "user.start VOICE",
        "user.start CHAT",
        "user.start MESSAGE",
        "user.start EMAIL",
        "voicemail.end PEER",
        "wrapup VOICE",
        "outbound VOICE",
        "contact VOICE",
        "wrap-up ININ-WRAP-UP-TIMEOUT",
        "status IDLE",
        "status INTERACTING",
        "status NOT_RESPONDING",
        "status OFF_QUEUE",
        "presence ON_QUEUE",
        "presence BREAK",
        "presence MEAL",
        "flow.outcome VOICE",
        "attributes ",
    ];
    for name in expected {
        assert!(seen.contains(name), "{name} is missing of {seen:?}");
    }
    for name in ["ALERT", "INTERACT", "HOLD", "WRAPUP", "PARKED", "DIALING", "TERMINATED"] {
        assert!(seen.contains(&format!("{state} {name}")), "{name}");
    }
}

#[test]
fn averages_are_those_of_the_parameters() {
    let quiet = Config { agents: 60, families: Families::Conversations, opening: Opening::Cold, ..config() };
    let events = run(150, quiet);
    let (mut handled_ms, mut talk_ms, mut calls, mut answered, mut abandoned) = (0, 0, 0, 0, 0);
    let (mut voice, mut of_voice) = (HashSet::new(), 0);
    for event in events.iter().map(Event::of) {
        let body = event.body();
        of_voice += usize::from(voice.contains(body.conversation_id));
        match event.short() {
            "customer.start" if body.media_type == "VOICE" && body.direction == "INBOUND" => {
                of_voice += usize::from(voice.insert(body.conversation_id));
            }
            // Not email: a parked one goes on for hours without taking up anybody.
            "user.end" | "acw" if body.media_type == "EMAIL" => {}
            "user.end" => {
                handled_ms +=
                    body.interacting_duration_ms + body.held_duration_ms + body.alerting_duration_ms;
                if body.interacting_duration_ms > 0 && body.media_type == "VOICE" {
                    talk_ms += body.interacting_duration_ms;
                    calls += 1;
                }
            }
            "acw" => handled_ms += body.wrapup_duration_ms,
            "acd.end" if body.acd_outcome == "ANSWERED" => answered += 1,
            "acd.end" if body.acd_outcome == "ABANDON" => abandoned += 1,
            _ => {}
        }
    }
    let bytes: usize = events.iter().map(|event| event.text.len()).sum();
    let within =
        |name: &str, value: f64, low: f64, high: f64| assert!(value > low && value < high, "{name}: {value}");
    within("talk of a call in s", talk_ms as f64 / calls as f64 / 1_000.0, 240.0, 330.0);
    within("abandoned", abandoned as f64 / (abandoned + answered) as f64, 0.02, 0.08);
    within("events a call", of_voice as f64 / voice.len() as f64, 13.0, 19.0);
    within("bytes an event", bytes as f64 / events.len() as f64, 950.0, 1_400.0);
    within("occupancy", handled_ms as f64 / (60.0 * 150.0 * MINUTE_MS as f64), 0.55, 0.82);
}

#[test]
fn a_warm_start_ends_a_support_conversation_within_a_minute() {
    for seed in 0..10 {
        let mut simulator = Simulator::new(Config { seed, ..config() });
        let support = simulator.org().queue("Support").unwrap().id.to_string();
        let wrapped =
            simulator.by_ref().find(|event| event.text.contains(".acw\"") && event.text.contains(&support));
        let due_ms = wrapped.unwrap().due_ms - START_MS;
        assert!(due_ms < 45_000, "seed {seed}: {due_ms}");
    }
}

#[test]
fn trouble_happens_on_the_way_and_changes_nothing_else() {
    let calm = run(15, config());
    let ids =
        |events: &[SimulatedEvent]| events.iter().map(|event| event.text.clone()).collect::<HashSet<_>>();
    let all = ids(&calm);
    let with = |trouble: Trouble| run(15, Config { trouble, ..config() });

    let doubled = with(Trouble { duplicate: 0.2, ..Trouble::default() });
    let extra = (doubled.len() - calm.len()) as f64 / calm.len() as f64;
    assert!((0.17..0.23).contains(&extra), "{extra}");
    assert!(ids(&doubled).is_superset(&all));
    assert!(ids(&doubled).len() > all.len(), "some copies have an id of their own");

    let dropped = with(Trouble { drop: 0.1, ..Trouble::default() });
    assert!((0.87..0.93).contains(&(dropped.len() as f64 / calm.len() as f64)));
    assert!(ids(&dropped).is_subset(&all));

    let shuffled = with(Trouble { reorder: 0.3, reorder_window_ms: 20_000, ..Trouble::default() });
    assert_eq!(ids(&shuffled), all);
    assert!(shuffled.iter().zip(&calm).any(|(a, b)| a.text != b.text));
    assert!(shuffled.windows(2).all(|pair| pair[0].due_ms <= pair[1].due_ms));

    let late = with(Trouble { late_wrapup: 1.0, ..Trouble::default() });
    assert_eq!(ids(&late), all);
    let due = |events: &[SimulatedEvent]| {
        events.iter().map(|event| (event.text.clone(), event.due_ms)).collect::<HashMap<_, _>>()
    };
    let (before, after) = (due(&calm), due(&late));
    for (event, due_ms) in before {
        let delay_ms = after[&event] - due_ms;
        assert_eq!(delay_ms >= 75_000, event.contains("{id}.acw\""), "{delay_ms} {event}");
    }
}

#[test]
fn the_load_follows_the_hour() {
    // From midnight: the busiest hour against the quietest.
    let midnight_ms = START_MS / 86_400_000 * 86_400_000;
    let quiet = Config { agents: 10, families: Families::Conversations, load: LoadCurve::Day, ..config() };
    let begun = |hour: u64| {
        let start_ms = midnight_ms + hour * 60 * MINUTE_MS;
        let config = Config { start_ms, opening: Opening::Cold, ..quiet.clone() };
        run(60, config).iter().filter(|event| event.text.contains("{id}.customer.start")).count()
    };
    let (night, day) = (begun(3), begun(10));
    assert!(day > 5 * night.max(1), "{night} at night, {day} by day");
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

/// Shifts: nobody but the first agent works round the clock, and the desks are filled when the load is there.
#[test]
fn agents_work_in_shifts_where_the_load_follows_the_day() {
    let midnight_ms = START_MS / 86_400_000 * 86_400_000;
    let day = Config {
        agents: 40,
        load: LoadCurve::Day,
        opening: Opening::Cold,
        start_ms: midnight_ms,
        families: Families::Agents,
        until_ms: Some(midnight_ms + 24 * 60 * MINUTE_MS),
        ..config()
    };
    let mut present: HashSet<&str> = HashSet::new();
    let mut by_hour: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut answered, mut abandoned) = (0, 0);
    let events: Vec<SimulatedEvent> = Simulator::new(day).collect();
    for (event, due_ms) in events.iter().map(|event| (Event::of(event), event.due_ms)) {
        let body = event.body();
        answered += usize::from(body.acd_outcome == "ANSWERED");
        abandoned += usize::from(body.acd_outcome == "ABANDON");
        if event.detail_type == "v2.users.{id}.activity" {
            match body.presence_in_activity() {
                "OFFLINE" => present.remove(body.id),
                _ => present.insert(body.id),
            };
        }
        let hour = (due_ms - midnight_ms) / 3_600_000;
        by_hour.entry(hour).and_modify(|most| *most = present.len().max(*most)).or_insert(present.len());
    }
    let at = |hour: u64| by_hour.get(&hour).copied().unwrap_or_default();
    assert!(at(3) < 8 && at(10) > 20 && at(18) < 25, "{by_hour:?}");
    assert!(abandoned * 6 < answered, "{abandoned} abandoned, {answered} answered");
}

/// A customer who asks for a skill gets an agent who has it, unless nobody else was free for a while.
#[test]
fn skills_decide_who_answers() {
    let org = Simulator::new(config()).org().clone();
    let skilled: HashMap<String, HashSet<String>> = org
        .users()
        .iter()
        .map(|user| {
            let skills = user.skills.iter().filter_map(|skill| org.skills().get(*skill));
            (user.id.to_string(), skills.map(|skill| skill.id.to_string()).collect())
        })
        .collect();
    let (mut with, mut without) = (0, 0);
    for event in morning().iter().filter(|event| event.text.contains("\"ANSWERED\"")) {
        let event: Value = serde_json::from_str(&event.text).unwrap();
        let body = &event["detail"]["eventBody"];
        let Some(skill) = body.pointer("/requestedRoutingSkillIds/0").and_then(Value::as_str) else {
            continue;
        };
        let has = skilled[text(body, "/answeredUserId")].contains(skill);
        (with, without) = (with + usize::from(has), without + usize::from(!has));
    }
    assert!(with > 2 * without && without > 0, "{with} with, {without} without");
}

#[test]
fn the_text_of_a_stream_names_what_decides_it() {
    let stream = |edit: fn(&mut Config)| {
        let mut config = config();
        edit(&mut config);
        config.stream()
    };
    let plain = config().stream();
    for same in [stream(|config| config.start_ms += 1), stream(|config| config.history = 7)] {
        assert_eq!(same, plain);
    }
    let others = [
        stream(|config| config.seed += 1),
        stream(|config| config.agents += 1),
        stream(|config| config.queues.push("More".to_owned())),
        stream(|config| config.families = Families::Conversations),
        stream(|config| config.load = LoadCurve::Day),
        stream(|config| config.opening = Opening::Cold),
        stream(|config| config.trouble.drop = 0.1),
        stream(|config| config.trouble.backlog_ms = 1),
    ];
    assert_eq!(others.iter().collect::<HashSet<_>>().len(), others.len());
    assert!(!others.contains(&plain));
}

#[test]
fn a_backlog_comes_at_once_and_in_order() {
    let calm = run(30, config());
    let backlog_ms = 20 * MINUTE_MS;
    let held = run(30, Config { trouble: Trouble { backlog_ms, ..Trouble::default() }, ..config() });
    assert_eq!(calm.len(), held.len());
    for (calm, held) in calm.iter().zip(&held) {
        assert_eq!(calm.text, held.text);
        assert_eq!(held.due_ms, calm.due_ms.max(START_MS + backlog_ms));
    }
}
