//! The whole trip of one event: accepted where, matched by which rules and why not by others, each attempt of each delivery.

use aws::{Error, Reply, operation};
use serde::{Deserialize, Serialize};
use store::{Read, Snapshot};

use crate::buses::bus::BusName;
use crate::events::Events;
use crate::own::records::EventView;
use crate::records::history::Era;
use crate::records::place::EventPlace;
use crate::records::record::{DeliveryRecord, EventRecord, MatchedRule, Step};
use crate::trip::attempts::{AttemptRecord, Attempts, Fate};

/// Which of these rules, that did not match an event, came nearest, and why they did not.
pub type Explain = dyn Fn(&[Era], &str) -> Vec<RuleMiss>;

/// What an event's trip tells beyond the buses, by rooms that this one does not know.
#[derive(Clone, Copy)]
pub struct Beyond<'s> {
    /// Which rules came near.
    pub explain: &'s Explain,
    /// The posts of event streams.
    pub posts: &'s Posts<'s>,
}

impl std::fmt::Debug for Beyond<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beyond").finish_non_exhaustive()
    }
}

/// What the parts of an answer are made with.
#[derive(Clone, Copy)]
struct Service<'s> {
    events: &'s Events,
    explain: &'s Explain,
}

/// The posts of an event, by its id.
pub type Posts<'s> = dyn Fn(&mut Snapshot, &str) -> Vec<StreamPost> + 's;

/// An event stream's post of the event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StreamPost {
    /// The stream's id.
    pub stream_id: String,
    /// Its name; none where it was deleted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_name: Option<String>,
    /// Where it posts now; none where it was deleted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The same at every attempt.
    pub post_id: String,
    /// What became of it.
    pub state: State,
    /// How many attempts ended.
    pub attempts_made: u32,
    /// When the newest attempt ended, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<String>,
    /// Why the newest attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The next attempt is not made before this, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    event_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeEventAnswer {
    event_id: String,
    /// On each bus that it was accepted on, as often as it was: a replay accepts it again.
    places: Vec<BusTrip>,
    /// What event streams made of it.
    posts: Vec<StreamPost>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BusTrip {
    #[serde(flatten)]
    shown: EventView,
    /// The rules that matched when it was accepted.
    rules: Vec<RuleTrip>,
    /// The other rules that the bus had then, the nearest first.
    not_matched: Vec<RuleMiss>,
    /// How many rules with a pattern the bus had then.
    rules_in_all: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleTrip {
    rule: String,
    /// One for each target that the rule had.
    deliveries: Vec<Delivery>,
}

/// A rule that did not match.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleMiss {
    /// Its name.
    pub rule: String,
    /// The field that the reason is about; empty where it is about none.
    pub path: String,
    /// Why it did not match, in a sentence.
    pub reason: String,
}

/// `DELIVERED`, `OWED`, `DEAD_LETTERED` or `LOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Its target took it.
    Delivered,
    /// It is tried, again or for the first time.
    Owed,
    /// It is in a dead-letter queue.
    DeadLettered,
    /// It was given up, and no dead-letter queue took it.
    Lost,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Delivery {
    target_id: String,
    target_arn: String,
    state: State,
    /// The same at every attempt; none where it was delivered or given up in the commit that accepted the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<String>,
    attempts_made: u32,
    /// The first and the newest.
    attempts: Vec<Attempt>,
    /// The next attempt is not made before this, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_queue_arn: Option<String>,
    /// Why AWS would not have delivered it, as policies and roles are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attempt {
    number: u32,
    /// ISO 8601 in ms.
    started: String,
    took_ms: u64,
    /// The HTTP status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The answer's first bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

impl Attempt {
    fn of(tried: AttemptRecord) -> Self {
        let AttemptRecord { number, started, took_ms, status, answer, error } = tried;
        let (error_code, error_message) = error.unzip();
        Self { number, started: started.to_iso_millis(), took_ms, status, answer, error_code, error_message }
    }
}

impl Delivery {
    fn of(events: &Events, read: &mut impl Read, made: DeliveryRecord, kept: &EventRecord) -> Self {
        let delivery = Self {
            target_id: made.target,
            target_arn: made.arn.to_string(),
            state: State::Owed,
            delivery_id: None,
            attempts_made: 0,
            attempts: Vec::new(),
            next_attempt: None,
            dead_letter_queue_arn: None,
            refusal: None,
        };
        // Paid or given up in the commit that accepted the event: one attempt, which took no time.
        let in_commit = |error| {
            let (started, answer) = (kept.accepted, String::new());
            vec![Attempt::of(AttemptRecord { number: 1, started, took_ms: 0, status: None, answer, error })]
        };
        match made.step {
            Step::Paid => {
                Self { state: State::Delivered, attempts_made: 1, attempts: in_commit(None), ..delivery }
            }
            Step::GivenUp { code, message, queue } => Self {
                state: if queue.is_some() { State::DeadLettered } else { State::Lost },
                attempts_made: 1,
                attempts: in_commit(Some((code, message))),
                dead_letter_queue_arn: queue.map(|queue| queue.to_string()),
                ..delivery
            },
            Step::Owed { id } => {
                let attempts = events.attempts(read, &id);
                Self { delivery_id: Some(id), ..delivery }.with(attempts, kept)
            }
        }
    }

    /// What is known of its attempts; without one it is due since it was accepted.
    fn with(self, attempts: Option<Attempts>, kept: &EventRecord) -> Self {
        let none = Attempts { made: 0, kept: Vec::new(), fate: Fate::Owed { next: kept.accepted } };
        let Attempts { made, kept: tried, fate } = attempts.unwrap_or(none);
        let delivery =
            Self { attempts_made: made, attempts: tried.into_iter().map(Attempt::of).collect(), ..self };
        match fate {
            Fate::Owed { next } => {
                Self { state: State::Owed, next_attempt: Some(next.to_iso_millis()), ..delivery }
            }
            Fate::Delivered => Self { state: State::Delivered, ..delivery },
            Fate::DeadLettered { queue } => Self {
                state: State::DeadLettered,
                dead_letter_queue_arn: Some(queue.to_string()),
                ..delivery
            },
            Fate::Lost => Self { state: State::Lost, ..delivery },
        }
    }
}

impl BusTrip {
    fn of(
        service: Service<'_>,
        read: &mut impl Read,
        place: EventPlace<'_>,
        mut kept: EventRecord,
    ) -> Option<Self> {
        let matched = std::mem::take(&mut kept.matched);
        let mut eras = service.events.rule_history(read, place.bus);
        eras.retain(|era| era.met(place.position));
        let rules_in_all = eras.len();
        eras.retain(|era| !matched.iter().any(|matched| matched.rule == era.rule));
        let not_matched = (service.explain)(&eras, &kept.json);
        let mut rules = Vec::new();
        for MatchedRule { rule, deliveries } in matched {
            let deliveries = deliveries.into_iter().map(|made| {
                let refusal = service.events.objection_to(read, place.bus, &rule, &made.target);
                Delivery { refusal, ..Delivery::of(service.events, read, made, &kept) }
            });
            let deliveries = deliveries.collect();
            rules.push(RuleTrip { rule: rule.as_str().to_owned(), deliveries });
        }
        Some(Self { shown: EventView::of(place.bus, None, kept)?, rules, not_matched, rules_in_all })
    }
}

/// How much of an id says which it is, at least.
const PREFIX_LENGTH_MIN: usize = 4;

/// The id that `given` is, or is the only one to begin with; as it is where there is none.
fn whole_id(events: &Events, read: &mut impl Read, given: &str) -> Result<String, Error> {
    if given.len() < PREFIX_LENGTH_MIN {
        return Ok(given.to_owned());
    }
    let mut ids = events.event_ids(read, given, 4);
    if ids.len() > 1 && !ids.iter().any(|id| id == given) {
        return Err(Error::validation(format!(
            "Several events begin with {given}: {}. Write more of the id.",
            ids.join(", ")
        )));
    }
    let only = ids.pop().filter(|_| ids.is_empty());
    Ok(only.unwrap_or_else(|| given.to_owned()))
}

/// One event by its id, or by the beginning of its id where no other begins so, on every bus that it was accepted on.
pub fn describe_event(events: &Events, body: &[u8], beyond: Beyond<'_>) -> Reply {
    let service = Service { events, explain: beyond.explain };
    operation::answer(body, |request: Request| {
        let read = events.store().read(|snapshot| {
            let event_id = whole_id(events, snapshot, &request.event_id)?;
            let found = events.event(snapshot, &event_id);
            let trip = |(bus, position, kept): (BusName, u64, EventRecord)| {
                BusTrip::of(service, snapshot, EventPlace { bus: &bus, position }, kept)
            };
            let places: Vec<_> = found.into_iter().filter_map(trip).collect();
            let posts = (beyond.posts)(snapshot, &event_id);
            Ok((event_id, places, posts))
        });
        let (event_id, places, posts) = read.map_err(queue::error::of_store)??;
        if places.is_empty() && posts.is_empty() {
            return Err(Error::sender(
                "ResourceNotFoundException",
                format!("Event {} is not kept: it never came, or it has grown too old.", request.event_id),
            ));
        }
        Ok(DescribeEventAnswer { event_id, places, posts })
    })
}
