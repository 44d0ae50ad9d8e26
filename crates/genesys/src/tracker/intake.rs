//! Intake: passes each event of the feed to the tracker once, in one transaction of the caller.
//!
//! The caller (floor 5) puts on the buses what comes back, in the same transaction, so that an event, the state of its
//! conversation, and what is derived from both are one commit.

pub mod feed_clock;
pub mod seen;
mod timer;

use std::sync::Arc;
use std::time::Duration;

use aws::Timestamp;
use aws::books::{Page, Row};
use queue::{NewMessage, Queues, Receive, ReceivedMessage, Settings};
use serde::{Deserialize, Serialize};
use store::record::{from_postcard, to_postcard};
use store::{Commit, Found, KeyRange, Read, Record, Table, Tx};

use crate::envelope::detail::DetailEvent;
use crate::envelope::semantic_key::EventIdentity;
use crate::envelope::{EnvelopeError, PartnerEvent};
use crate::tracker::conversation::{Context, Conversation};
use crate::tracker::derived::{DerivedEvent, QueueNames};
use crate::tracker::grace::Grace;
use crate::tracker::intake::feed_clock::FeedMoment;
use crate::tracker::intake::timer::{Ring, Timer};
use crate::tracker::user::user_state_change;

const CONVERSATIONS: Table<String, TrackerState> = Table::new(42, "conversations");
const COUNTS: Table<(), IntakeCounts> = Table::new(43, "intake counts");

/// The internal queue of the tracker's timers.
const TIMERS: &str = "timer:conversation";
/// A timer taken and not put back (a crash between) rings again after this.
const TIMER_LEASE: Duration = Duration::from_secs(30);
/// A wait longer than this is a conversation's far timer: the one that closes or forgets it.
const FAR: Duration = Duration::from_secs(600);

/// Counts since the store was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IntakeCounts {
    /// Events that the feed delivered.
    pub received: u64,
    /// Those of them that had arrived before: dropped.
    pub duplicates: u64,
    /// Events derived.
    pub derived: u64,
    /// New events whose body lacks what the tracker needs: a detail event that names neither
    /// its conversation nor its time, an agent's state without a state. They are on the partner bus unchanged, and nothing was
    /// derived from them. A high count means that Genesys has changed its formats.
    pub unreadable: u64,
    /// Events that were derived again, as from a conversation that was forgotten and repaired: dropped.
    pub told_before: u64,
    /// Conversations that never ended and were closed because of their age.
    pub expired: u64,
}

impl IntakeCounts {
    /// The counts as a page of the books; without rows before the first event.
    pub fn page(&self) -> Page {
        let rows = vec![
            Row::aside("received", self.received)
                .counter("trunkline_feed_events_total", "Events that the feed delivered."),
            Row::aside("of them known", self.duplicates)
                .note("had come before, and were dropped")
                .counter("trunkline_feed_duplicates_total", "Events of the feed that had come before."),
            Row::aside("unreadable", self.unreadable)
                .note("new, but without what the conversation tracker needs")
                .counter(
                    "trunkline_feed_unreadable_total",
                    "Events of the feed that cannot be read as what they say they are.",
                ),
            Row::aside("derived", self.derived)
                .counter("trunkline_feed_derived_events_total", "Events derived from the feed's."),
            Row::aside("derived again", self.told_before)
                .note("derived once more, and dropped")
                .counter("trunkline_feed_told_before_total", "Derived events that had been told before."),
            Row::aside("expired", self.expired)
                .note("conversations that never ended, closed for their age")
                .counter(
                    "trunkline_feed_expired_conversations_total",
                    "Conversations that never ended and were closed for their age.",
                ),
        ];
        Page { name: "feed", rows }
    }
}

/// Version 2 lacks `told_before` and `expired`; version 1 lacks `unreadable` as well.
#[derive(Deserialize)]
struct CountsOfVersion1 {
    received: u64,
    duplicates: u64,
    derived: u64,
}

impl Record for IntakeCounts {
    const VERSION: u8 = 3;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            1 => {
                let CountsOfVersion1 { received, duplicates, derived } = from_postcard(bytes)?;
                Some(Self { received, duplicates, derived, ..Self::default() })
            }
            2 => {
                let (CountsOfVersion1 { received, duplicates, derived }, unreadable) = from_postcard(bytes)?;
                Some(Self { received, duplicates, derived, unreadable, ..Self::default() })
            }
            3 => from_postcard(bytes),
            _ => None,
        }
    }
}

/// A conversation and its timers. It has at most two: a near one, and a far one that survives the near ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TrackerState {
    conversation: Conversation,
    near_at_ms: Option<u64>,
    far_at_ms: Option<u64>,
}

store::record!(TrackerState, version 1);

/// The result of taking an event in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntakeOutcome {
    /// It arrived before, within the seven days: nothing was done.
    Duplicate,
    /// It is new; these events follow from it now.
    New(Vec<DerivedEvent>),
}

/// What the timers that have rung come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rings {
    /// What is due of their conversations now.
    pub derived: Vec<DerivedEvent>,
    /// How many rang.
    pub count: usize,
}

/// What a look for silent conversations found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// Their ids.
    pub conversations: Vec<String>,
    /// Where to go on; `None`: that were all.
    pub last: Option<String>,
}

/// The intake. Clones share the queues.
#[derive(Clone, Debug)]
pub struct Intake {
    queues: Queues,
    grace: Arc<Grace>,
    names: Arc<QueueNames>,
}

impl Intake {
    /// An intake for the org whose queues have these names.
    pub fn new(queues: Queues, grace: Grace, names: QueueNames) -> Self {
        Self { queues, grace: Arc::new(grace), names: Arc::new(names) }
    }

    /// The same intake, for an org whose queues have these names.
    #[must_use]
    pub fn with_names(self, names: QueueNames) -> Self {
        Self { names: Arc::new(names), ..self }
    }

    /// Whether an event with the same content has arrived within the seven days.
    pub fn knows(read: &mut impl Read, event: &PartnerEvent, now: Timestamp) -> bool {
        seen::is_known(read, EventIdentity::of(event), now)
    }

    /// Takes one event in, unless it has arrived before.
    pub fn take(&self, commit: &mut Commit<'_>, event: &PartnerEvent, moment: FeedMoment) -> IntakeOutcome {
        let envelope_id =
            event.envelope.as_ref().map(|envelope| envelope.id.as_str()).filter(|id| !id.is_empty());
        let key = EventIdentity::of(event);
        let is_new = seen::note(commit, envelope_id, key, moment.wall);
        let outcome = if is_new { self.derive(commit, event, moment) } else { Ok(Vec::new()) };
        let unreadable = outcome.is_err();
        let news = News::of(commit, outcome.unwrap_or_default(), moment);
        count(commit, |counts| {
            counts.received += 1;
            counts.unreadable += u64::from(unreadable);
            counts.duplicates += u64::from(!is_new);
            news.count(counts);
        });
        let derived = news.derived;
        if is_new { IntakeOutcome::New(derived) } else { IntakeOutcome::Duplicate }
    }

    /// Looks at the conversations whose timers have rung, at most `max`.
    pub fn wake(&self, commit: &mut Commit<'_>, moment: FeedMoment, max: usize) -> Rings {
        let Some(timers) = self.queues.find_internal(&mut commit.tx, TIMERS) else { return Rings::default() };
        let receive = Receive { max, until: moment.wall.plus(TIMER_LEASE), now: moment.wall, redrive: None };
        let rung = self.queues.receive(commit, timers, &receive);
        let mut derived = Vec::new();
        for received in &rung {
            derived.extend(self.ring(commit, received, moment));
        }
        let news = News::of(commit, derived, moment);
        if !rung.is_empty() {
            count(commit, |counts| news.count(counts));
        }
        Rings { count: rung.len(), derived: news.derived }
    }

    /// Conversations that go on, and of which nothing was heard since `before`: of the next `looked_at` behind `after`, which is
    /// where the look before ended.
    pub fn silent(read: &mut impl Read, after: Option<&str>, before: Timestamp, looked_at: usize) -> Silence {
        // No id continues with this sign.
        let range = match after {
            Some(after) => KeyRange::from_within(&format!("{after}\u{1}"), &()),
            None => KeyRange::all(),
        };
        let found = read.list(&CONVERSATIONS, &range, looked_at);
        let last = found.last().map(|(id, _)| id.clone()).filter(|_| found.len() >= looked_at);
        let is_silent = |tracked: &TrackerState| {
            tracked.conversation.is_open() && tracked.conversation.heard_ms() < before.unix_ms()
        };
        let silent = found.into_iter().filter(|(_, tracked)| is_silent(tracked)).map(|(id, _)| id);
        Silence { conversations: silent.collect(), last }
    }

    /// When the next timer rings, rounded down to the second; `None` where none is set.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.queues.next_due(TIMERS)
    }

    /// The counts so far.
    pub fn counts(read: &mut impl Read) -> IntakeCounts {
        read.get(&COUNTS, &()).unwrap_or_default()
    }

    fn derive(
        &self,
        commit: &mut Commit<'_>,
        event: &PartnerEvent,
        moment: FeedMoment,
    ) -> Result<Vec<DerivedEvent>, EnvelopeError> {
        if let Some(change) = user_state_change(event)? {
            return Ok(vec![change]);
        }
        let Some(detail) = DetailEvent::from_partner(event)? else { return Ok(Vec::new()) };
        let id = detail.conversation_id.clone();
        let mut tracked = tracked(commit, &id).unwrap_or_else(|| TrackerState {
            conversation: Conversation::new(&id),
            near_at_ms: None,
            far_at_ms: None,
        });
        if !tracked.conversation.observe(&detail, moment.feed.unix_ms()) {
            return Ok(Vec::new());
        }
        let derived = self.due(&mut tracked, moment);
        self.set_timer(commit, &mut tracked, moment);
        commit.put(&CONVERSATIONS, &id, &tracked);
        Ok(derived)
    }

    /// One timer has rung: what is due of its conversation, and the timer's next ring, if any.
    fn ring(
        &self,
        commit: &mut Commit<'_>,
        received: &ReceivedMessage,
        moment: FeedMoment,
    ) -> Vec<DerivedEvent> {
        self.queues.delete(commit, &received.handle);
        let Some(Ring { timer, conversation: id }) = Ring::of_body(&received.body) else { return Vec::new() };
        let Some(mut tracked) = tracked(commit, &id) else { return Vec::new() };
        *tracked.timer(timer) = None;
        let derived = self.due(&mut tracked, moment);
        if tracked.conversation.may_forget(moment.feed.unix_ms(), &self.grace) {
            commit.remove(&CONVERSATIONS, &id);
            return derived;
        }
        self.set_timer(commit, &mut tracked, moment);
        commit.put(&CONVERSATIONS, &id, &tracked);
        derived
    }

    fn due(&self, tracked: &mut TrackerState, moment: FeedMoment) -> Vec<DerivedEvent> {
        let context = Context { grace: &self.grace, names: &self.names };
        tracked.conversation.due(moment.feed.unix_ms(), context)
    }

    /// Makes sure that a timer rings no later than the conversation has to be looked at. A timer that rings earlier than
    /// needed is set again then, so an event that only moves the wait costs nothing.
    fn set_timer(&self, commit: &mut Commit<'_>, tracked: &mut TrackerState, moment: FeedMoment) {
        let wake = Timestamp::from_unix_ms(tracked.conversation.wake_at(&self.grace));
        let wake_ms = wake.unix_ms();
        if [tracked.near_at_ms, tracked.far_at_ms].into_iter().flatten().any(|set| set <= wake_ms) {
            return;
        }
        let far = wake.since(moment.feed) > FAR;
        let timer = if far { Timer::Far } else { Timer::Near };
        *tracked.timer(timer) = Some(wake_ms);
        let queue = match self.queues.find_internal(&mut commit.tx, TIMERS) {
            Some(queue) => queue,
            None => self.queues.internal(commit, TIMERS, Settings::default()),
        };
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: Ring { timer, conversation: tracked.conversation.id().to_owned() }.to_body(),
            now: moment.wall,
            not_before: moment.wall_at(wake),
            ..NewMessage::default()
        };
        self.queues.send(commit, queue, message);
    }
}

impl TrackerState {
    fn timer(&mut self, timer: Timer) -> &mut Option<u64> {
        match timer {
            Timer::Near => &mut self.near_at_ms,
            Timer::Far => &mut self.far_at_ms,
        }
    }
}

/// Derived events without those that were published before.
struct News {
    derived: Vec<DerivedEvent>,
    told_before: usize,
}

impl News {
    /// Drops what was published before. Known as long as the tracker remembers a conversation, on the feed's clock: from
    /// then on the same id is another episode's.
    fn of(tx: &mut Tx<'_>, mut derived: Vec<DerivedEvent>, moment: FeedMoment) -> Self {
        let all = derived.len();
        let known_for = seen::KNOWN_FOR / moment.speed.max(1);
        derived.retain(|derived| seen::note_derived(tx, &derived.id, moment.wall, known_for));
        Self { told_before: all - derived.len(), derived }
    }

    fn count(&self, counts: &mut IntakeCounts) {
        let number = |count: usize| u64::try_from(count).unwrap_or_default();
        counts.derived += number(self.derived.len());
        counts.told_before += number(self.told_before);
        counts.expired += number(self.derived.iter().filter(|derived| derived.is_expired).count());
    }
}

/// What is known of a conversation. One that is damaged is forgotten, so that the feed and the other timers go on: what
/// comes of it later is taken for a conversation that was already in progress.
fn tracked(tx: &mut Tx<'_>, id: &String) -> Option<TrackerState> {
    match tx.find(&CONVERSATIONS, id) {
        Found::Value(tracked) => Some(tracked),
        Found::Nothing => None,
        Found::Damaged => {
            tx.pass_over(&CONVERSATIONS, id);
            tx.remove(&CONVERSATIONS, id);
            None
        }
    }
}

fn count(tx: &mut Tx<'_>, change: impl FnOnce(&mut IntakeCounts)) {
    let mut counts = match tx.find(&COUNTS, &()) {
        Found::Value(counts) => counts,
        Found::Nothing => IntakeCounts::default(),
        Found::Damaged => {
            tx.pass_over(&COUNTS, &());
            IntakeCounts::default()
        }
    };
    change(&mut counts);
    tx.put(&COUNTS, &(), &counts);
}

#[cfg(test)]
mod tests {
    use store::Record;

    use super::IntakeCounts;

    #[test]
    fn counts_of_earlier_versions_are_read() {
        // Numbers as postcard writes them: a byte each where they are below 128.
        let old = IntakeCounts { received: 7, duplicates: 2, derived: 5, ..IntakeCounts::default() };
        assert_eq!(IntakeCounts::decode(1, &[7, 2, 5]), Some(old));
        assert_eq!(IntakeCounts::decode(2, &[7, 2, 5, 1]), Some(IntakeCounts { unreadable: 1, ..old }));
        let counts = IntakeCounts { received: 300, unreadable: 1, told_before: 3, expired: 4, ..old };
        let bytes = counts.encode(Vec::new()).unwrap();
        assert_eq!(IntakeCounts::decode(IntakeCounts::VERSION, &bytes), Some(counts));
        assert_eq!(IntakeCounts::decode(4, &bytes), None);
    }
}
