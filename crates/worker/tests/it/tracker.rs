//! The tracker on AWS against the tracker on one machine, over the very cases of the latter: any order, any duplication, any split over
//! workers, workers that are killed between any two steps.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use genesys::envelope::PartnerEvent;
use genesys::envelope::detail::DetailEvent;
use genesys::tracker::conversation::{Context, Conversation};
use genesys::tracker::derived::QueueNames;
use genesys::tracker::grace::Grace;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use serde::Deserialize;
use serde_json::{Value, json};
use worker::intake::SETTLE_MS;
use worker::tracker::errand::{Came, Errand, Next};
use worker::tracker::item::{Item, Outgoing};
use worker::tracker::message::{Arrival, Heard, Timer};

use crate::fleet::Dice;

const BASE_MS: u64 = 1_704_067_200_000;
const WAY_MS: u64 = 200;
/// How long the messages of a worker that was killed are hidden.
const HIDDEN_MS: u64 = 10_000;
/// How long one step of an errand takes.
const STEP_MS: u64 = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    conversation_id: String,
    #[serde(default)]
    queue_names: BTreeMap<String, String>,
    events: Vec<Told>,
    expect: Vec<Value>,
}

#[derive(Deserialize, Clone)]
struct Told {
    at: u64,
    topic: String,
    body: Value,
    arrives: Option<u64>,
}

/// The cases of the tracker on one machine.
fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../genesys/tests/data/tracker");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &Path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(path))).collect()
}

/// The message as a rule on the partner bus sends it.
fn message(conversation_id: &str, told: &Told) -> String {
    let mut body = told.body.clone();
    body["eventTime"] = json!(BASE_MS + told.at);
    body["conversationId"] = json!(conversation_id);
    json!({
        "version": "0", "id": "e", "source": "aws.partner/genesys.com/cloud/o/s", "account": "123456789012",
        "detail-type": format!("v2.detail.events.conversation.{{id}}.{}", told.topic),
        "time": "2024-01-01T00:00:00Z", "region": "us-east-1", "resources": [],
        "detail": {
            "topicName": format!("v2.detail.events.conversation.{conversation_id}.{}", told.topic),
            "version": "2", "eventBody": body, "metadata": {}, "timestamp": "2024-01-01T00:00:00.000Z"
        }
    })
    .to_string()
}

/// What one machine tells of messages that arrive at these moments.
fn one_machine(case: &Case, grace: &Grace, arrivals: &[(u64, String)]) -> Vec<Outgoing> {
    let names = QueueNames(case.queue_names.clone());
    let context = Context { grace, names: &names };
    let mut conversation = Conversation::new(&case.conversation_id);
    let mut told = Vec::new();
    let until = |conversation: &mut Conversation, now_ms: u64, told: &mut Vec<Outgoing>| {
        loop {
            let wake_ms = conversation.wake_at(grace);
            if wake_ms > now_ms || conversation.may_forget(wake_ms, grace) {
                return;
            }
            told.extend(conversation.due(wake_ms, context).into_iter().map(Outgoing::from));
        }
    };
    let mut arrivals = arrivals.to_vec();
    arrivals.sort();
    for (now_ms, body) in &arrivals {
        until(&mut conversation, *now_ms, &mut told);
        let partner = PartnerEvent::parse(body.as_bytes()).unwrap();
        let event = DetailEvent::from_partner(&partner).unwrap().unwrap();
        conversation.observe(&event, *now_ms);
        told.extend(conversation.due(*now_ms, context).into_iter().map(Outgoing::from));
    }
    until(&mut conversation, u64::MAX - 1, &mut told);
    told.sort();
    told
}

/// A message in the queue.
#[derive(Clone)]
struct Queued {
    body: String,
    sent_ms: u64,
    visible_ms: u64,
    /// A worker that had it in hand was killed.
    came_back: bool,
}

/// A worker at work.
struct Busy {
    errand: Errand,
    messages: Vec<Queued>,
    acts_at: u64,
}

/// A queue, an item, a bus, and workers.
struct World<'w> {
    now: u64,
    context: Context<'w>,
    dice: Dice,
    queue: Vec<Queued>,
    /// As the table has it: written and read as JSON each time.
    item: Option<Value>,
    published: BTreeMap<String, Outgoing>,
    publications: usize,
    workers: Vec<Option<Busy>>,
    /// One step in so many kills its worker; 0: none.
    kills_one_in: u64,
    kills: usize,
    lost_races: usize,
}

impl<'w> World<'w> {
    fn new(context: Context<'w>, workers: usize, seed: u64) -> Self {
        Self {
            now: BASE_MS,
            context,
            dice: Dice(seed),
            queue: Vec::new(),
            item: None,
            published: BTreeMap::new(),
            publications: 0,
            workers: (0..workers).map(|_| None).collect(),
            kills_one_in: 0,
            kills: 0,
            lost_races: 0,
        }
    }

    /// Everything that is in the queue and will be, to the end.
    fn run(&mut self) -> Vec<Outgoing> {
        for _ in 0..2_000_000 {
            let visible = self.queue.iter().map(|queued| queued.visible_ms).min();
            let acts = self.workers.iter().flatten().map(|busy| busy.acts_at).min();
            let is_free = self.workers.iter().any(Option::is_none);
            let receives = visible.filter(|_| is_free).map(|at| at.max(self.now));
            match (receives, acts) {
                (None, None) => {
                    let mut told: Vec<Outgoing> = self.published.values().cloned().collect();
                    told.sort();
                    return told;
                }
                (Some(at), acts) if acts.is_none_or(|acts| at <= acts) => {
                    self.now = at;
                    self.receive();
                }
                (_, Some(at)) => {
                    self.now = self.now.max(at);
                    self.act();
                }
                (Some(_), None) => panic!("a message is received before nothing"),
            }
        }
        panic!("the world does not come to rest");
    }

    /// Somebody free receives one to three messages that are visible, in any order.
    fn receive(&mut self) {
        let at = self.workers.iter().position(Option::is_none).unwrap();
        let mut messages = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let visible: Vec<usize> =
                (0..self.queue.len()).filter(|at| self.queue[*at].visible_ms <= self.now).collect();
            if visible.is_empty() {
                break;
            }
            let pick = self.dice.below(u64::try_from(visible.len()).unwrap());
            messages.push(self.queue.remove(visible[usize::try_from(pick).unwrap()]));
        }
        let read = |queued: &Queued| Arrival::read(&queued.body, queued.sent_ms).unwrap();
        let arrivals: Vec<Arrival> = messages.iter().map(read).collect();
        let conversation = arrivals[0].conversation().unwrap().to_owned();
        let errand = Errand::new(&conversation, arrivals);
        self.workers[at] = Some(Busy { errand, messages, acts_at: self.now + STEP_MS });
    }

    /// The next worker does one thing, or dies before or after it.
    fn act(&mut self) {
        let now = self.now;
        let due = |busy: &Option<Busy>| busy.as_ref().is_some_and(|busy| busy.acts_at <= now);
        let ready: Vec<usize> = (0..self.workers.len()).filter(|at| due(&self.workers[*at])).collect();
        let pick = self.dice.below(u64::try_from(ready.len()).unwrap());
        let at = ready[usize::try_from(pick).unwrap()];
        let mut busy = self.workers[at].take().unwrap();
        // A message whose worker is killed twice is late by two time-outs, and no longer within the promise.
        let may_die = !busy.messages.iter().any(|queued| queued.came_back);
        let dies = self.kills_one_in > 0 && may_die && self.dice.below(self.kills_one_in) == 0;
        if dies && self.dice.below(2) == 0 {
            return self.give_up(busy);
        }
        let came = match busy.errand.next().clone() {
            Next::Nothing => return,
            Next::Read => {
                let item = self.item.as_ref().map(|item| Box::new(Item::of_item(item).unwrap()));
                Came::Item(item)
            }
            Next::Send(timer) => {
                let visible_ms = self.now + timer.delay_s * 1_000;
                self.queue.push(Queued {
                    body: timer.to_body(),
                    sent_ms: self.now,
                    visible_ms,
                    came_back: false,
                });
                Came::Done
            }
            Next::Write(item) => self.write(&item),
            Next::Publish(events) => {
                for event in events {
                    self.publications += 1;
                    let id = event.id.clone();
                    let before = self.published.insert(id, event.clone());
                    assert!(before.is_none_or(|before| before == event), "an id stands for two events");
                }
                Came::Done
            }
        };
        if dies {
            return self.give_up(busy);
        }
        busy.errand.came(came, self.context);
        busy.acts_at = self.now + STEP_MS * (1 + self.dice.below(3));
        self.workers[at] = Some(busy);
    }

    fn write(&mut self, item: &Item) -> Came {
        let version = self.item.as_ref().map_or(0, |item| Item::of_item(item).unwrap().version);
        let put = item.to_put("t");
        let wanted =
            put["ExpressionAttributeValues"][":version"]["N"].as_str().map_or(0, |n| n.parse().unwrap());
        if wanted != version {
            self.lost_races += 1;
            return Came::Lost;
        }
        self.item = Some(put["Item"].clone());
        Came::Done
    }

    fn give_up(&mut self, busy: Busy) {
        self.kills += 1;
        let visible_ms = self.now + HIDDEN_MS;
        self.queue.extend(busy.messages.into_iter().map(|queued| Queued {
            visible_ms,
            came_back: true,
            ..queued
        }));
    }

    fn put(&mut self, sent_ms: u64, body: String) {
        self.queue.push(Queued { body, sent_ms, visible_ms: sent_ms, came_back: false });
    }
}

fn live(case: &Case) -> Vec<(u64, String)> {
    let arrives = |told: &Told| BASE_MS + told.arrives.unwrap_or(told.at + WAY_MS);
    case.events.iter().map(|told| (arrives(told), message(&case.conversation_id, told))).collect()
}

/// Each case live, by three workers: what is published is what the case expects, by the words of its own file.
#[test]
fn workers_tell_what_the_cases_expect() {
    let grace = Grace::default();
    let mut seen = 0;
    for (name, case) in cases() {
        let names = QueueNames(case.queue_names.clone());
        let mut world = World::new(Context { grace: &grace, names: &names }, 3, 17);
        for (sent_ms, body) in live(&case) {
            world.put(sent_ms, body.clone());
            world.put(sent_ms, body);
        }
        let told = world.run();
        let shown = told.iter().map(|event| (event.time_ms - BASE_MS, event.detail_type.clone()));
        let mut shown: Vec<_> = shown.collect();
        let mut expected: Vec<_> = case
            .expect
            .iter()
            .map(|event| (event["at"].as_u64().unwrap(), event["type"].as_str().unwrap().to_owned()))
            .collect();
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected, "{name}");
        assert_eq!(told, one_machine(&case, &grace, &live(&case)), "{name}");
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} cases were found");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 50, failure_persistence: None, ..ProptestConfig::default() })]

    /// A case in any order and duplication, by one to five workers, one step in ten killing its worker, though not
    /// twice with the same message: what one machine tells.
    #[test]
    fn any_order_duplication_split_and_kill_tell_what_one_machine_tells(
        seed in any::<u64>(),
        workers in 1_usize..6,
        kills in any::<bool>(),
    ) {
        let grace = Grace { settle_ms: SETTLE_MS, ..Grace::default() };
        let mut dice = Dice(seed);
        let cases: Vec<_> =
            cases().into_iter().filter(|(_, case)| case.events.iter().all(|told| told.arrives.is_none())).collect();
        let at = usize::try_from(dice.below(u64::try_from(cases.len()).unwrap())).unwrap();
        let (name, case) = &cases[at];
        let names = QueueNames(case.queue_names.clone());
        let mut world = World::new(Context { grace: &grace, names: &names }, workers, seed);
        world.kills_one_in = if kills { 10 } else { 0 };
        let mut once = Vec::new();
        let mut sent_ms = BASE_MS;
        let mut order: Vec<&Told> = case.events.iter().collect();
        for at in (1..order.len()).rev() {
            order.swap(at, usize::try_from(dice.below(u64::try_from(at).unwrap() + 1)).unwrap());
        }
        for told in order {
            sent_ms += dice.below(1_500);
            let body = message(&case.conversation_id, told);
            once.push((BASE_MS, body.clone()));
            for _ in 0..=dice.below(2) {
                world.put(sent_ms, body.clone());
            }
        }
        let expected = one_machine(case, &grace, &once);
        prop_assert_eq!(world.run(), expected, "{}", name);
        // Everything once more, a day and an hour later: nothing new.
        let (told, later_ms) = (world.published.len(), world.now + 90_000_000);
        for (_, body) in once {
            world.put(later_ms, body);
        }
        world.run();
        prop_assert_eq!(world.published.len(), told, "{}", name);
        if !kills && workers == 1 {
            prop_assert_eq!(world.publications, world.published.len(), "{}", name);
        }
    }
}

#[test]
fn what_is_no_event_is_told_and_what_nobody_needs_is_not() {
    Arrival::read("no JSON", 1).unwrap_err();
    let timer = Timer::new("c", 1_000, 1_000_000_000);
    assert_eq!((timer.delay_s, timer.at_ms), (900, 901_000));
    let read = Arrival::read(&timer.to_body(), 5_000).unwrap();
    assert_eq!((read.at_ms, read.heard), (905_000, Heard::Timer(timer)));
    assert_eq!(Timer::new("c", 1_000, 1_001).delay_s, 1);
    assert_eq!(Timer::new("c", 1_000, 900).delay_s, 0);
}
