//! Events of the feed in, derived events out: one commit for both.

use aws::{Event, Timestamp};
use events::{BusName, Events, MatchedEvent};
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
use crate::rooms::Rooms;

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
pub(crate) struct Committed<T> {
    /// What was saved with it.
    pub(crate) saved: T,
    /// How many timers rang.
    pub(crate) rung: usize,
}

/// Why a commit did not take place.
#[derive(Debug)]
enum Rollback {
    Failed(store::Error),
    Undecided(Box<Undecided>),
}

/// A batch that needs decisions of filters before it can be taken in.
#[derive(Debug)]
struct Undecided {
    batch: Batch,
    questions: Vec<Question>,
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
        BusName::parse(&event.source).and_then(|bus| self.events.match_event(&bus, event, now))
    }

    /// Takes a batch in, puts on the buses what is new and what follows from it and from the timers that have rung, and saves with
    /// it what `save` does: one commit. Filters of subscriptions decide outside of it, on a thread that may block; the commit
    /// holds only if it needs no other decisions than those, else it is rolled back and tried again.
    pub(crate) async fn commit<T: Send + 'static>(
        &self,
        mut batch: Batch,
        save: impl Fn(&mut Tx<'_>) -> T + Clone + Send + 'static,
    ) -> Result<Committed<T>, store::Error> {
        let mut decisions = Decisions::default();
        loop {
            let (ingest, save, ids) = (self.clone(), save.clone(), clock::ids());
            let known = decisions.clone();
            let written = self.events.store().write(Rollback::Failed, move |tx| {
                let saved = save(tx);
                let mut commit = Commit::new(tx, batch.moment.wall, &ids);
                let rung = ingest.take(&mut commit, batch, &known)?;
                Ok(Committed { saved, rung })
            });
            let undecided = match written.await {
                Ok(committed) => return Ok(committed),
                Err(Rollback::Failed(error)) => return Err(error),
                Err(Rollback::Undecided(undecided)) => *undecided,
            };
            let decided = tokio::task::spawn_blocking(move || decide(undecided.questions));
            decisions
                .extend(decided.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())));
            batch = undecided.batch;
        }
    }

    /// How many timers rang, or what filters have to decide first.
    fn take(&self, commit: &mut Commit<'_>, batch: Batch, known: &Decisions) -> Result<usize, Rollback> {
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
        let questions = self.undecided(&followed, &rings, commit.now, known);
        if !questions.is_empty() {
            return Err(Rollback::Undecided(Box::new(Undecided { batch, questions })));
        }
        for (PreparedEvent { matched, is_homeless, .. }, outcome) in batch.prepared.into_iter().zip(followed)
        {
            let IntakeOutcome::New(derived) = outcome else { continue };
            if is_homeless {
                // Deleted since it was looked for: counted as for every other sender.
                self.events.note_missing_bus(commit, 1);
            }
            for matched in matched {
                self.events.accept(commit, matched);
            }
            self.put(commit, derived, known);
        }
        self.put(commit, rings.derived, known);
        Ok(rings.count)
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

    fn put(&self, commit: &mut Commit<'_>, derived: Vec<DerivedEvent>, known: &Decisions) {
        let buses: Vec<BusName> =
            self.platform.buses().iter().filter_map(|name| BusName::parse(name)).collect();
        let is_told = !(self.subscriptions.is_empty() && self.streams.is_empty() && buses.is_empty());
        for derived in derived {
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
            if let Some(content) = content {
                self.subscriptions.pay(commit, &content, known);
                self.streams.owe(commit, &content);
                self.put_updated(commit, &buses, &content, &event);
            }
            self.put_on(commit, &self.bus, &event);
        }
    }

    /// Puts an event on the buses of integrations in the tutorial's form, in the words that it has for it.
    fn put_updated(&self, commit: &mut Commit<'_>, buses: &[BusName], content: &EventContent, event: &Event) {
        let updated = if buses.is_empty() { None } else { interaction_updated::render(content) };
        let Some(InteractionUpdate { detail_type, detail }) = updated else { return };
        for bus in buses {
            let event = Event {
                // Its own: the derived event may lie on the same bus.
                id: commit.ids.next_uuid(),
                detail_type: detail_type.to_owned(),
                detail: detail.to_string(),
                ..event.clone()
            };
            self.put_on(commit, bus, &event);
        }
    }

    fn put_on(&self, commit: &mut Commit<'_>, bus: &BusName, event: &Event) {
        match self.events.match_event(bus, event, commit.now) {
            Some(matched) => {
                self.events.accept(commit, matched);
            }
            // Somebody deleted the bus while it was fed: counted as for every other sender.
            None => self.events.note_missing_bus(commit, 1),
        }
    }
}
