//! Events of the feed in, derived events out: one commit for both.

use std::collections::HashMap;

use aws::{Event, Ids, Timestamp};
use events::{BusName, Events, LONG_WORK_MIN, MatchedEvent};
use genesys::envelope::{EnvelopeError, PartnerEvent};
use genesys::platform::event_stream::Streams;
use genesys::platform::rendering::EventContent;
use genesys::platform::rendering::interaction_updated::{self, InteractionUpdate};
use genesys::platform::subscription::Subscriptions;
use genesys::platform::subscription::verdict::{Decisions, Question, decide};
use genesys::tracker::derived::{DerivedEvent, SOURCE};
use genesys::tracker::intake::feed_clock::FeedMoment;
use genesys::tracker::intake::{Intake, IntakeOutcome, Rings};
use genesys_org::platform::Platform;
use store::{Commit, Tx};

use crate::clock;
use crate::door::long;
use crate::rooms::Rooms;

/// Less work than this is done within the commit, however many events there are: it is half a millisecond at worst, and far less
/// with the rules that people write.
const NOTABLE_WORK_MIN: usize = 100_000;

/// What an ingest writes to: the way in, and the buses.
#[derive(Clone, Debug)]
pub(crate) struct Ingest {
    pub(crate) intake: Intake,
    events: Events,
    subscriptions: Subscriptions,
    streams: Streams,
    /// Where derived events go.
    pub(crate) bus: BusName,
    /// Which integrations of the simulated org take an event as well.
    pub(crate) platform: Platform,
}

/// An event of the feed, read and matched against the rules of its own bus.
#[derive(Debug)]
pub(crate) struct PreparedEvent {
    partner: PartnerEvent,
    /// On the bus named like its source, and on those of enabled integrations.
    matched: Vec<MatchedEvent>,
    /// The bus named like its source is not there.
    is_homeless: bool,
    /// Made from analytics: where it has come by itself, it is no duplicate of the feed's.
    is_made_up: bool,
}

/// What one commit takes in.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) prepared: Vec<PreparedEvent>,
    pub(crate) moment: FeedMoment,
    /// The most timers whose conversations are looked at.
    pub(crate) timers_max: usize,
}

/// What a commit came to.
#[derive(Debug)]
pub(crate) struct IngestResult<T> {
    /// What was saved with it.
    pub(crate) saved: T,
    /// How many timers rang.
    pub(crate) rung: usize,
}

/// Why a commit did not take place.
#[derive(Debug)]
enum Rollback {
    Failed(store::Error),
    Undecided(Box<PendingBatch>),
}

/// A batch that needs decisions of filters before it can be taken in.
#[derive(Debug)]
struct PendingBatch {
    batch: Batch,
    questions: Vec<Question>,
    /// Events whose matching may take long.
    unmatched: Vec<BusEvent>,
}

/// What was worked out outside of a commit, for the commit.
#[derive(Debug, Default)]
struct Findings {
    decisions: Decisions,
    matches: Matches,
}

/// Events matched outside of the commit: they hold as long as no rule, bus or archive has changed.
#[derive(Debug, Default)]
struct Matches {
    routing_version: u64,
    found: HashMap<PlacedKey, Option<MatchedEvent>>,
}

/// An event, and the bus that it is put on.
#[derive(Clone, Debug)]
struct BusEvent {
    bus: BusName,
    event: Event,
}

/// What an event that is put on a bus is known by.
#[derive(Debug, PartialEq, Eq, Hash)]
struct PlacedKey {
    bus: BusName,
    event_id: String,
    detail: String,
}

impl BusEvent {
    fn key(&self) -> PlacedKey {
        let Self { bus, event } = self;
        PlacedKey { bus: bus.clone(), event_id: event.id.clone(), detail: event.detail.clone() }
    }
}

/// What one derived event puts where.
#[derive(Debug)]
struct Derivation {
    /// For subscriptions and event streams, where there are any.
    content: Option<EventContent>,
    placed: Vec<BusEvent>,
}

impl PreparedEvent {
    /// An event that was made from analytics, for when it has not come by itself.
    pub(crate) fn made_up(self) -> Self {
        Self { is_made_up: true, ..self }
    }

    /// Whether the bus named like its source is not there, so that it would come to nobody who waits for it there.
    pub(crate) fn is_homeless(&self) -> bool {
        self.is_homeless
    }
}

impl Ingest {
    /// An ingest into these rooms.
    pub(crate) fn new(rooms: &Rooms, intake: Intake, bus: BusName, platform: Platform) -> Self {
        Self {
            intake,
            events: rooms.events.clone(),
            subscriptions: rooms.subscriptions.clone(),
            streams: rooms.streams.clone(),
            bus,
            platform,
        }
    }

    /// What needs no transaction: reading the event, and matching it against the rules of the bus named like its source.
    pub(crate) fn prepare(&self, text: &str, now: Timestamp) -> Result<PreparedEvent, EnvelopeError> {
        let partner = PartnerEvent::parse(text.as_bytes())?;
        let event = Event::from_json(text, now).map_err(|message| EnvelopeError { message })?;
        let mut matched: Vec<MatchedEvent> = self.matched(&event, now).into_iter().collect();
        let is_homeless = matched.is_empty();
        for source in self.platform.sources_of(partner.topic.template()) {
            if source != event.source {
                let copy = Event { source, id: clock::ids().next_uuid(), ..event.clone() };
                matched.extend(self.matched(&copy, now));
            }
        }
        Ok(PreparedEvent { partner, matched, is_homeless, is_made_up: false })
    }

    /// Matched on the bus named like the event's source, where there is one.
    fn matched(&self, event: &Event, now: Timestamp) -> Option<MatchedEvent> {
        let bus = BusName::parse(&event.source)?;
        let match_it = || self.events.match_event(&bus, event, now);
        if self.events.is_long(&bus, event.detail.len()) { long::beside_others(match_it) } else { match_it() }
    }

    /// Takes a batch in, puts on the buses what is new and what follows from it and from the timers that have rung, and saves with
    /// it what `save` does: one commit. Filters of subscriptions decide outside of it, on a thread that may block, and there what
    /// may take long to match is matched; the commit holds only if it needs no more than that, and if rules and archives are
    /// what they were, else it is rolled back and tried again.
    pub(crate) async fn commit<T: Send + 'static>(
        &self,
        mut batch: Batch,
        save: impl Fn(&mut Tx<'_>) -> T + Clone + Send + 'static,
    ) -> Result<IngestResult<T>, store::Error> {
        // The same identifiers at each try, so that what was matched for one fits the next.
        let seed = clock::ids().next_u128();
        let (mut decisions, mut matches) = (Decisions::default(), Matches::default());
        loop {
            let (ingest, save, ids) = (self.clone(), save.clone(), Ids::from_seed(seed));
            let known = Findings { decisions: decisions.clone(), matches };
            let written = self.events.store().write(Rollback::Failed, move |tx| {
                let saved = save(tx);
                let mut commit = Commit::new(tx, batch.moment.wall, &ids);
                let rung = ingest.take(&mut commit, batch, known)?;
                Ok(IngestResult { saved, rung })
            });
            let undecided = match written.await {
                Ok(committed) => return Ok(committed),
                Err(Rollback::Failed(error)) => return Err(error),
                Err(Rollback::Undecided(undecided)) => *undecided,
            };
            let PendingBatch { batch: again, questions, unmatched } = undecided;
            let (ingest, now) = (self.clone(), again.moment.wall);
            let found = long::run(move || (decide(questions), ingest.match_all(unmatched, now))).await;
            decisions.extend(found.0);
            matches = found.1;
            batch = again;
        }
    }

    /// How many timers rang, or what filters have to decide first.
    fn take(&self, commit: &mut Commit<'_>, batch: Batch, known: Findings) -> Result<usize, Rollback> {
        let Findings { decisions, mut matches } = known;
        if matches.routing_version != self.events.routing_version() {
            matches = Matches::default();
        }
        let moment = batch.moment;
        let mut followed = Vec::with_capacity(batch.prepared.len());
        for PreparedEvent { partner, is_made_up, .. } in &batch.prepared {
            let is_known = *is_made_up && Intake::knows(&mut commit.tx, partner, moment.wall);
            followed.push(if is_known {
                IntakeOutcome::Duplicate
            } else {
                self.intake.take(commit, partner, moment)
            });
        }
        let rings = if batch.timers_max == 0 {
            Rings::default()
        } else {
            self.intake.wake(commit, moment, batch.timers_max)
        };
        let questions = self.undecided(&followed, &rings, commit.now, &decisions);
        let followed: Vec<Option<Vec<Derivation>>> =
            followed.into_iter().map(|outcome| self.derivations(commit, outcome)).collect();
        let rung = rings.count;
        let rang = self.derivations(commit, IntakeOutcome::New(rings.derived));
        let unmatched = self.unmatched(followed.iter().chain([&rang]).flatten().flatten(), &matches);
        if !questions.is_empty() || !unmatched.is_empty() {
            return Err(Rollback::Undecided(Box::new(PendingBatch { batch, questions, unmatched })));
        }
        let mut known = Findings { decisions, matches };
        for (PreparedEvent { matched, is_homeless, .. }, derived) in batch.prepared.into_iter().zip(followed)
        {
            let Some(derived) = derived else { continue };
            if is_homeless {
                // Deleted since it was looked for: counted as for every other sender.
                self.events.note_missing_bus(commit, 1);
            }
            for matched in matched {
                self.events.accept(commit, matched);
            }
            self.put(commit, derived, &mut known);
        }
        self.put(commit, rang.unwrap_or_default(), &mut known);
        Ok(rung)
    }

    /// The events that have not been matched yet, where matching all of them may take long: work that other writers need not
    /// wait for.
    fn unmatched<'d>(&self, derived: impl Iterator<Item = &'d Derivation>, known: &Matches) -> Vec<BusEvent> {
        let mut work = 0_usize;
        let mut unmatched = Vec::new();
        for placed in derived.flat_map(|derived| &derived.placed) {
            let of_this = self.events.match_work(&placed.bus, placed.event.detail.len());
            if of_this >= NOTABLE_WORK_MIN {
                if !known.found.contains_key(&placed.key()) {
                    work = work.saturating_add(of_this);
                }
                // What is known too: the next try knows only what is matched now.
                unmatched.push(placed);
            }
        }
        if work < LONG_WORK_MIN { Vec::new() } else { unmatched.into_iter().cloned().collect() }
    }

    /// Matches events for the next try of a commit.
    fn match_all(&self, placed: Vec<BusEvent>, now: Timestamp) -> Matches {
        let routing_version = self.events.routing_version();
        let matched = placed.into_iter().map(|placed| {
            let matched = self.events.match_event(&placed.bus, &placed.event, now);
            (placed.key(), matched)
        });
        Matches { routing_version, found: matched.collect() }
    }

    fn undecided(
        &self,
        followed: &[IntakeOutcome],
        rings: &Rings,
        now: Timestamp,
        known: &Decisions,
    ) -> Vec<Question> {
        if self.subscriptions.is_empty() {
            return Vec::new();
        }
        let of_events = followed.iter().filter_map(|outcome| match outcome {
            IntakeOutcome::New(derived) => Some(derived),
            IntakeOutcome::Duplicate => None,
        });
        let all = of_events.flatten().chain(&rings.derived).map(EventContent::of_derived);
        all.flat_map(|content| self.subscriptions.undecided(&content, now, known)).collect()
    }

    /// What follows from an event goes where; `None` for a duplicate.
    fn derivations(&self, commit: &Commit<'_>, outcome: IntakeOutcome) -> Option<Vec<Derivation>> {
        let IntakeOutcome::New(derived) = outcome else { return None };
        if derived.is_empty() {
            return Some(Vec::new());
        }
        let buses: Vec<BusName> =
            self.platform.buses().iter().filter_map(|name| BusName::parse(name)).collect();
        let is_told = !(self.subscriptions.is_empty() && self.streams.is_empty() && buses.is_empty());
        let derivation = |derived: DerivedEvent| {
            let content = is_told.then(|| EventContent::of_derived(&derived));
            let event = Event {
                id: derived.id,
                source: SOURCE.to_owned(),
                detail_type: derived.detail_type.to_owned(),
                account: self.events.account().to_owned(),
                time: Timestamp::from_unix_ms(derived.time_ms),
                region: self.events.region().to_owned(),
                resources: Vec::new(),
                detail: derived.detail,
            };
            let mut placed = match &content {
                Some(content) => updated(commit, &buses, content, &event),
                None => Vec::new(),
            };
            placed.push(BusEvent { bus: self.bus.clone(), event });
            Derivation { content, placed }
        };
        Some(derived.into_iter().map(derivation).collect())
    }

    fn put(&self, commit: &mut Commit<'_>, derived: Vec<Derivation>, known: &mut Findings) {
        for Derivation { content, placed } in derived {
            if let Some(content) = content {
                self.subscriptions.pay(commit, &content, &known.decisions);
                self.streams.owe(commit, &content);
            }
            for placed in placed {
                self.put_on(commit, &placed, &mut known.matches);
            }
        }
    }

    fn put_on(&self, commit: &mut Commit<'_>, placed: &BusEvent, known: &mut Matches) {
        let BusEvent { bus, event } = placed;
        let known = if known.found.is_empty() { None } else { known.found.remove(&placed.key()) };
        let matched = match known {
            Some(matched) => matched,
            None => self.events.match_event(bus, event, commit.now),
        };
        match matched {
            Some(matched) => {
                self.events.accept(commit, matched);
            }
            // Somebody deleted the bus while it was fed: counted as for every other sender.
            None => self.events.note_missing_bus(commit, 1),
        }
    }
}

/// An event for the buses of integrations, in the tutorial's form, in the words that it has for it.
fn updated(commit: &Commit<'_>, buses: &[BusName], content: &EventContent, event: &Event) -> Vec<BusEvent> {
    let updated = if buses.is_empty() { None } else { interaction_updated::render(content) };
    let Some(InteractionUpdate { detail_type, detail }) = updated else { return Vec::new() };
    let placed = |bus: &BusName| {
        let event = Event {
            // Its own: the derived event may lie on the same bus.
            id: commit.ids.next_uuid(),
            detail_type: detail_type.to_owned(),
            detail: detail.to_string(),
            ..event.clone()
        };
        BusEvent { bus: bus.clone(), event }
    };
    buses.iter().map(placed).collect()
}
