//! The conversation tracker: cases as files, each played live and as a burst, and the property that order, duplication and
//! restarts change nothing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use genesys::envelope::PartnerEvent;
use genesys::envelope::detail::DetailEvent;
use genesys::tracker::conversation::{Context, Conversation};
use genesys::tracker::derived::{DerivedEvent, QueueNames};
use genesys::tracker::grace::Grace;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use serde::Deserialize;
use serde_json::{Value, json};

/// 2024-01-01T00:00:00Z: the offsets in the cases count from here.
const BASE_MS: u64 = 1_704_067_200_000;
/// How long an event is on its way, where a case says nothing else.
const WAY_MS: u64 = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    source: String,
    why: String,
    conversation_id: String,
    #[serde(default)]
    queue_names: BTreeMap<String, String>,
    events: Vec<Told>,
    expect: Vec<Expected>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
struct Told {
    /// The event's own time, in milliseconds from the base.
    at: u64,
    topic: String,
    body: Value,
    /// When it arrives, where that matters; such a case is not played as a burst.
    arrives: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    at: u64,
    r#type: String,
    /// Without `id` and `conversationId`, which are the conversation's.
    detail: Value,
}

/// The event as it comes over EventBridge, read as the product reads it.
fn event(conversation_id: &str, told: &Told) -> DetailEvent {
    let mut body = told.body.clone();
    body["eventTime"] = json!(BASE_MS + told.at);
    body["conversationId"] = json!(conversation_id);
    let envelope = json!({
        "version": "0", "id": "e", "source": "aws.partner/genesys.com/cloud/o/s", "account": "123456789012",
        "detail-type": format!("v2.detail.events.conversation.{{id}}.{}", told.topic),
        "time": "2024-01-01T00:00:00Z", "region": "us-east-1", "resources": [],
        "detail": {
            "topicName": format!("v2.detail.events.conversation.{conversation_id}.{}", told.topic),
            "version": "2", "eventBody": body, "metadata": {}, "timestamp": "2024-01-01T00:00:00.000Z"
        }
    });
    let partner = PartnerEvent::parse(envelope.to_string().as_bytes()).unwrap();
    DetailEvent::from_partner(&partner).unwrap().unwrap()
}

/// A tracker of one conversation with its clock and timer.
struct Play<'a> {
    conversation: Conversation,
    context: Context<'a>,
    told: Vec<DerivedEvent>,
}

impl Play<'_> {
    /// Lets time pass, waking whenever the conversation asks for it.
    fn until(&mut self, now_ms: u64) {
        loop {
            let wake_ms = self.conversation.wake_at(self.context.grace);
            if wake_ms > now_ms || self.conversation.may_forget(wake_ms, self.context.grace) {
                return;
            }
            self.told.extend(self.conversation.due(wake_ms, self.context));
            let next_ms = self.conversation.wake_at(self.context.grace);
            assert!(next_ms > wake_ms, "the timer would never rest");
        }
    }

    fn arrives(&mut self, event: &DetailEvent, now_ms: u64) {
        self.until(now_ms);
        self.conversation.observe(event, now_ms);
        self.told.extend(self.conversation.due(now_ms, self.context));
    }

    fn end(mut self) -> Vec<DerivedEvent> {
        self.until(u64::MAX - 1);
        self.told.sort();
        self.told
    }
}

fn play(conversation_id: &str, names: &QueueNames, arrivals: &[(u64, DetailEvent)]) -> Vec<DerivedEvent> {
    played(conversation_id, names, arrivals, &mut |_| {})
}

/// The same, with the state written and read back after every step.
fn play_with_restarts(
    conversation_id: &str,
    names: &QueueNames,
    arrivals: &[(u64, DetailEvent)],
) -> Vec<DerivedEvent> {
    played(conversation_id, names, arrivals, &mut |conversation| {
        let bytes = postcard::to_allocvec(conversation).unwrap();
        let back: Conversation = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back, *conversation);
        let text = serde_json::to_string(&back).unwrap();
        *conversation = serde_json::from_str(&text).unwrap();
    })
}

fn played(
    conversation_id: &str,
    names: &QueueNames,
    arrivals: &[(u64, DetailEvent)],
    after_step: &mut dyn FnMut(&mut Conversation),
) -> Vec<DerivedEvent> {
    let grace = Grace::default();
    let context = Context { grace: &grace, names };
    let conversation = Conversation::new(conversation_id);
    let mut play = Play { conversation, context, told: Vec::new() };
    for (now_ms, event) in arrivals {
        play.arrives(event, *now_ms);
        after_step(&mut play.conversation);
    }
    play.end()
}

/// Each event on its way for a moment, in the order of arrival.
fn live(conversation_id: &str, events: &[Told]) -> Vec<(u64, DetailEvent)> {
    let mut arrivals: Vec<_> = events
        .iter()
        .map(|told| (BASE_MS + told.arrives.unwrap_or(told.at + WAY_MS), event(conversation_id, told)))
        .collect();
    arrivals.sort_by_key(|(now_ms, _)| *now_ms);
    arrivals
}

/// All at once, the last first, each twice.
fn burst(conversation_id: &str, events: &[Told]) -> Vec<(u64, DetailEvent)> {
    let events = events.iter().rev().flat_map(|told| [told, told]);
    events.map(|told| (BASE_MS, event(conversation_id, told))).collect()
}

/// The same with the members of each object in the order of their names, so that two are compared as texts.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            members.into_iter().map(|(name, value)| (name, ordered(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(ordered).collect(),
        leaf => leaf,
    }
}

fn check(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let case: Case = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(!case.source.is_empty() && !case.why.is_empty());
    let names = QueueNames(case.queue_names.clone());
    let id = &case.conversation_id;
    let told = play_with_restarts(id, &names, &live(id, &case.events));
    let shown: Vec<Value> = told.iter().map(|event| ordered(shown(event))).collect();
    let expected = case.expect.into_iter().map(|event| ordered(expectation(id, event)));
    let mut expected: Vec<Value> = expected.collect();
    let key =
        |event: &Value| (event["time_ms"].as_u64(), event["detail-type"].to_string(), event.to_string());
    expected.sort_by_key(key);
    let pretty = |events: &[Value]| serde_json::to_string_pretty(events).unwrap();
    let mut sorted = shown;
    sorted.sort_by_key(key);
    assert_eq!(pretty(&sorted), pretty(&expected), "{}", path.display());
    let mut ids: Vec<&str> = told.iter().map(|event| event.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "{}: an id stands for two events", path.display());
    if case.events.iter().all(|event| event.arrives.is_none()) {
        assert_eq!(play(id, &names, &burst(id, &case.events)), told, "{}: as a burst", path.display());
    }
}

fn shown(event: &DerivedEvent) -> Value {
    let detail: Value = serde_json::from_str(&event.detail).unwrap();
    json!({"time_ms": event.time_ms, "detail-type": event.detail_type, "detail": detail})
}

fn expectation(conversation_id: &str, event: Expected) -> Value {
    let mut detail = event.detail;
    detail["id"] = json!(conversation_id);
    detail["conversationId"] = json!(conversation_id);
    json!({"time_ms": BASE_MS + event.at, "detail-type": event.r#type, "detail": detail})
}

#[test]
fn the_cases_hold_live_and_as_a_burst() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tracker");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        check(&entry.unwrap().path());
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} cases were found");
}

/// What may happen to a customer in one queue.
#[derive(Clone, Debug)]
struct Visit {
    queue: u8,
    /// An agent lets it ring first, and is given a wrap-up for that or not.
    missed: Option<bool>,
    talk_ms: u64,
    hold_ms: u64,
    /// How long the agent works afterwards, where they must.
    acw_ms: Option<u64>,
    /// A colleague joins for the second half, without a queue.
    consult: bool,
}

/// One episode: perhaps an IVR, visits that end in transfers, and a last queue that is abandoned or not.
#[derive(Clone, Debug)]
struct Story {
    ivr: bool,
    visits: Vec<Visit>,
    abandons: bool,
    /// Until the thread goes on.
    pause_ms: u64,
}

fn stories() -> impl Strategy<Value = (&'static str, Vec<Story>)> {
    let visit = (
        0..3_u8,
        option::of(any::<bool>()),
        1_000..90_000_u64,
        0..9_000_u64,
        option::of(500..50_000_u64),
        any::<bool>(),
    )
        .prop_map(|(queue, missed, talk_ms, hold_ms, acw_ms, consult)| Visit {
            queue,
            missed,
            talk_ms,
            hold_ms,
            acw_ms,
            consult,
        });
    let story = (any::<bool>(), vec(visit, 0..3), any::<bool>(), 3_000..200_000_u64)
        .prop_map(|(ivr, visits, abandons, pause_ms)| Story { ivr, visits, abandons, pause_ms });
    (any::<bool>(), vec(story, 1..4)).prop_map(|(voice, mut stories)| {
        if voice {
            stories.truncate(1);
        }
        (if voice { "VOICE" } else { "MESSAGE" }, stories)
    })
}

/// Writes the detail events of stories, in the order of their times.
struct Writer {
    events: Vec<Told>,
    media: &'static str,
    now: u64,
    sessions: u32,
}

impl Writer {
    fn write(&mut self, at: u64, topic: &str, session: u32, more: Value) {
        let mut body = more;
        body["participantId"] = json!(format!("p-{session}"));
        body["sessionId"] = json!(format!("s-{session}"));
        body["mediaType"] = json!(self.media);
        body["direction"] = json!("INBOUND");
        self.events.push(Told { at, topic: topic.to_owned(), body, arrives: None });
    }

    fn session(&mut self) -> u32 {
        self.sessions += 1;
        self.sessions
    }

    fn story(&mut self, story: &Story) {
        let began = self.now;
        self.write(began, "customer.start", 0, json!({}));
        if story.ivr {
            let flow = self.session();
            self.write(began + 10, "flow.start", flow, json!({"flowType": "INBOUNDCALL"}));
            self.now += 20_000;
            let end = json!({"flowType": "INBOUNDCALL", "disconnectType": "TRANSFER", "connectedDurationMs": 19_990});
            self.write(self.now, "flow.end", flow, end);
        }
        for visit in &story.visits {
            self.visit(visit);
        }
        if story.abandons {
            let acd = self.session();
            self.write(self.now + 5, "acd.start", acd, json!({"queueId": "q-last"}));
            self.now += 9_000;
            self.write(
                self.now,
                "acd.end",
                acd,
                json!({"queueId": "q-last", "acdOutcome": "ABANDON", "disconnectType": "PEER"}),
            );
        }
        let talk_ms = self.now - began;
        self.write(
            self.now + 3,
            "customer.end",
            0,
            json!({"disconnectType": "ENDPOINT", "interactingDurationMs": talk_ms}),
        );
        self.now += story.pause_ms;
    }

    fn visit(&mut self, visit: &Visit) {
        let queue = format!("q-{}", visit.queue);
        let (acd, agent) = (self.session(), self.session());
        let began = self.now + 5;
        self.write(began, "acd.start", acd, json!({"queueId": queue}));
        self.now += 1_000;
        if let Some(wrapped) = visit.missed {
            let missed = self.session();
            let user = json!({"userId": format!("u-{missed}"), "queueId": queue});
            self.write(self.now, "user.start", missed, user.clone());
            self.now += 8_000;
            let mut end = user.clone();
            end["alertingDurationMs"] = json!(8_000);
            end["interactingDurationMs"] = json!(0);
            self.write(self.now, "user.end", missed, end);
            let mut acw = user;
            acw["wrapupCode"] = json!("ININ-WRAP-UP-TIMEOUT");
            if wrapped {
                self.write(self.now + 300, "acw", missed, acw);
            }
        }
        let user = json!({"userId": format!("u-{agent}"), "queueId": queue});
        self.write(self.now + 400, "user.start", agent, user.clone());
        self.now += 2_400;
        self.write(self.now, "acd.end", acd, json!({
            "queueId": queue, "acdOutcome": "ANSWERED", "answeredUserId": user["userId"], "disconnectType": "TRANSFER"
        }));
        if visit.consult {
            let colleague = self.session();
            let consulted = json!({"userId": format!("u-{colleague}")});
            self.write(self.now + 100, "user.start", colleague, consulted);
            let end = json!({"userId": format!("u-{colleague}"), "interactingDurationMs": visit.talk_ms - 200, "disconnectType": "PEER"});
            self.write(self.now + visit.talk_ms, "user.end", colleague, end);
        }
        self.now += visit.talk_ms + visit.hold_ms;
        let mut end = user.clone();
        end["interactingDurationMs"] = json!(visit.talk_ms);
        end["heldDurationMs"] = json!(visit.hold_ms);
        end["disconnectType"] = json!("TRANSFER");
        self.write(self.now, "user.end", agent, end);
        if let Some(acw_ms) = visit.acw_ms {
            let mut acw = user;
            acw["wrapupCode"] = json!(format!("w-{agent}"));
            acw["wrapupDurationMs"] = json!(acw_ms);
            self.write(self.now + acw_ms, "acw", agent, acw);
        }
    }
}

const ANY: &str = "c0000000-0000-4000-8000-0000000000ff";

fn written(media: &'static str, stories: &[Story]) -> Vec<Told> {
    let mut writer = Writer { events: Vec::new(), media, now: 0, sessions: 0 };
    for story in stories {
        writer.story(story);
    }
    writer.events
}

fn ends(told: &[DerivedEvent]) -> usize {
    told.iter().filter(|event| event.detail_type == "conversation.end").count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any order, any duplication and any loss, at any pace below the settling time, with a restart after each step: the
    /// same derived events. And everything once more, an hour later, adds nothing.
    #[test]
    fn order_duplication_and_restarts_change_nothing(
        (media, stories) in stories(),
        keys in vec((any::<u32>(), any::<u32>(), 0..1_990_u64, 0..8_u8), 64),
    ) {
        let mut once = Vec::new();
        let mut shuffled = Vec::new();
        for (told, (first, second, gap_ms, fate)) in written(media, &stories).iter().zip(&keys) {
            if *fate == 0 {
                continue;
            }
            let event = event(ANY, told);
            once.push((BASE_MS, event.clone()));
            shuffled.push((*first, *gap_ms, event.clone()));
            if *fate < 4 {
                shuffled.push((*second, *gap_ms, event));
            }
        }
        shuffled.sort_by_key(|(key, ..)| *key);
        let mut now_ms = BASE_MS;
        let mut arrivals: Vec<(u64, DetailEvent)> = Vec::new();
        for (_, gap_ms, event) in shuffled {
            // What is heard again is no news and does not say that more is on its way.
            if !arrivals.iter().any(|(_, heard)| *heard == event) {
                now_ms += gap_ms;
            }
            arrivals.push((now_ms, event));
        }
        let names = QueueNames::default();
        let expected = play(ANY, &names, &once);
        prop_assert_eq!(&play_with_restarts(ANY, &names, &arrivals), &expected);
        let late_ms = now_ms + 3_600_000 * 24 * 2;
        let repeated: Vec<_> = once.iter().map(|(_, event)| (late_ms, event.clone())).collect();
        arrivals.extend(repeated);
        prop_assert_eq!(&play_with_restarts(ANY, &names, &arrivals), &expected);
    }

    /// Live, with a little jitter, and all at once after an outage: the same derived events, an end for each episode.
    #[test]
    fn live_and_a_burst_tell_the_same((media, stories) in stories(), ways in vec(50..900_u64, 64)) {
        let mut events = written(media, &stories);
        let names = QueueNames::default();
        let expected = play(ANY, &names, &burst(ANY, &events));
        for (told, way_ms) in events.iter_mut().zip(&ways) {
            told.arrives = Some(told.at + way_ms);
        }
        let told = play_with_restarts(ANY, &names, &live(ANY, &events));
        prop_assert_eq!(ends(&told), stories.len());
        prop_assert_eq!(told, expected);
    }

    /// However late anything comes, in whatever order: no event is told twice, and a call ends at most once.
    #[test]
    fn nothing_is_told_twice(
        (media, stories) in stories(),
        keys in vec((any::<u32>(), 0..400_000_u64), 64),
    ) {
        let mut keyed: Vec<_> = written(media, &stories).into_iter().zip(&keys).collect();
        keyed.sort_by_key(|(_, (key, _))| *key);
        let mut now_ms = BASE_MS;
        let mut arrivals = Vec::new();
        for (told, (_, gap_ms)) in &keyed {
            now_ms += gap_ms;
            arrivals.push((now_ms, event(ANY, told)));
        }
        let told = play_with_restarts(ANY, &QueueNames::default(), &arrivals);
        let mut ids: Vec<&str> = told.iter().map(|event| event.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), told.len());
        if media == "VOICE" {
            prop_assert_eq!(ends(&told), 1);
        }
    }
}
