//! The feed of a simulated org: its events fall due by the wall clock, as fast as asked.

use std::collections::HashMap;
use std::time::Duration;

use aws::{Scope, Timestamp};
use events::BusName;
use genesys::tracker::derived::QueueNames;
use genesys::tracker::grace::Grace;
use genesys::tracker::intake::Intake;
use genesys::tracker::intake::feed_clock::FeedMoment;
use genesys_org::platform::integration::{self, Host};
use genesys_org::platform::{Platform, Simulation};
use genesys_org::position::{self, Position};
use genesys_org::simulator::{Config as OrgConfig, Org, SimulatedEvent, Simulator};

use crate::clock;
use crate::door::genesys::socket;
use crate::ingest::{Batch, Ingest};
use crate::rooms::Rooms;
use crate::ticking::{Next, Tick};

/// How often the feed looks for what has fallen due.
const TICK: Duration = Duration::from_millis(20);
/// Events that one commit takes in.
const EVENTS_PER_COMMIT_MAX: usize = 500;
/// Timers that one commit serves.
const TIMERS_PER_COMMIT_MAX: usize = 200;
/// The feed's clock follows the wall's by at most so much a tick: after a machine has slept, or while the disk is full, the
/// org has stood still too, instead of having hours to catch up on.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);
/// A restart goes on where the feed was unless it would have to skip more events than this, which takes some seconds;
/// then the org begins a new day.
const SKIPPED_MAX: u64 = 3_000_000;

/// Conversations that are over and still known to the org's analytics.
const REMEMBERED: usize = 20_000;

/// What is simulated, and where its derived events go.
#[derive(Clone, Debug)]
pub struct SimulatedFeed {
    /// The org. Its start is chosen by the feed: where it left off, or now.
    pub org: OrgConfig,
    /// Simulated seconds in a second.
    pub speed: u32,
    /// The bus of derived events.
    pub bus: BusName,
    /// How long the tracker waits.
    pub grace: Grace,
}

/// A feed that is ready to run.
#[derive(Debug)]
pub(crate) struct RunningFeed {
    ingest: Ingest,
    simulator: Simulator,
    position: Position,
    /// Both clocks at the last tick.
    clock: FeedMoment,
    /// Due and not committed yet: kept until the commit that takes them in, whatever fails before.
    batch: Vec<SimulatedEvent>,
    /// Taken from the simulator, and not due yet.
    next: Option<SimulatedEvent>,
}

/// What everything in the org is called, by id.
fn names_in(org: &Org) -> HashMap<String, String> {
    let entities = org.queues().iter().chain(org.wrap_up_codes());
    let users = org.users().iter().map(|user| (user.id.to_string(), user.name.clone()));
    entities.map(|entity| (entity.id.to_string(), entity.name.clone())).chain(users).collect()
}

impl RunningFeed {
    /// Begins, or goes on where the last run in this data folder was.
    pub(crate) async fn prepare(
        mut feed: SimulatedFeed,
        rooms: Rooms,
        platform: &Platform,
    ) -> Result<Self, store::Error> {
        let now = clock::now();
        feed.org.history = REMEMBERED;
        let (trouble, seed) = (feed.org.trouble.api, feed.org.seed);
        let org = feed.org.stream();
        let saved =
            rooms.store.read(position::load)?.filter(|saved| saved.org == org && saved.taken <= SKIPPED_MAX);
        let position = saved.unwrap_or_else(|| {
            // What a backlog holds back has happened already.
            let start_ms = now.unix_ms().saturating_sub(feed.org.trouble.backlog_ms);
            Position { org, start_ms, taken: 0, feed_ms: now.unix_ms() }
        });
        let simulator = simulator_at(feed.org, &position).await;
        platform.open(Simulation {
            org: simulator.org().clone(),
            history: simulator.history(),
            trouble,
            seed,
            calls: 0,
        });
        let names =
            simulator.org().queues().iter().map(|queue| (queue.id.to_string(), queue.name.clone())).collect();
        // Another feed of this process knows the same org.
        drop(rooms.names.set(names_in(simulator.org())));
        let intake = Intake::new(rooms.queues.clone(), feed.grace, QueueNames(names));
        let platform = platform.clone();
        let ingest = Ingest::new(&rooms, intake, feed.bus, platform.clone());
        let (events, source, bus) =
            (rooms.events.clone(), simulator.org().source().to_owned(), ingest.bus.clone());
        // Only moves what is there once both exist, so it may use the disk's reserve: on a full disk the rest still starts.
        let made = rooms.store.write_reserved(
            |error| error,
            move |tx| {
                events.ensure_bus(tx, &bus, now);
                if let Err(error) = events.ensure_partner_bus(tx, &source, now) {
                    tracing::error!(%error, "the simulated org's own bus was not made");
                }
                let scope = Scope::new(events.account(), events.region());
                integration::load(tx, Host { platform: &platform, scope: &scope });
                Ok(())
            },
        );
        made.await?;
        let clock = FeedMoment {
            wall: now,
            feed: Timestamp::from_unix_ms(position.feed_ms),
            speed: feed.speed.max(1),
        };
        Ok(Self { ingest, simulator, position, clock, batch: Vec::new(), next: None })
    }

    /// Takes in what has fallen due, at most one commit's worth.
    async fn take_due(&mut self, wall: Timestamp) -> Result<Next, store::Error> {
        self.clock = self.clock.after(wall.since(self.clock.wall).min(CATCH_UP_MAX));
        self.clock.wall = wall;
        self.fill_batch();
        let more = self.batch.len() == EVENTS_PER_COMMIT_MAX;
        // With more to come, the feed's clock stands at the last event taken, so that no conversation's wait runs out
        // before the events that would have ended it were heard.
        let last = self.batch.last().filter(|_| more).map(|event| Timestamp::from_unix_ms(event.due_ms));
        let moment = FeedMoment { feed: last.unwrap_or(self.clock.feed), ..self.clock };
        let nothing_rings = self.ingest.intake.next_wake().is_none_or(|at| at > wall);
        if self.batch.is_empty() && nothing_rings {
            return Ok(Next::Pause);
        }
        let taken = self.position.taken + u64::try_from(self.batch.len()).unwrap_or_default();
        let position = Position { taken, feed_ms: moment.feed.unix_ms(), ..self.position.clone() };
        let rung = self.commit(&position, moment).await?;
        socket::publish(&self.ingest.platform, self.batch.iter().map(|event| event.text.as_str()));
        self.position = position;
        self.batch.clear();
        Ok(if more || rung == TIMERS_PER_COMMIT_MAX { Next::Again } else { Next::Pause })
    }

    /// The batch, the timers that have rung, and the new position in one commit; how many timers rang.
    async fn commit(&self, position: &Position, moment: FeedMoment) -> Result<usize, store::Error> {
        let mut prepared = Vec::with_capacity(self.batch.len());
        for event in &self.batch {
            match self.ingest.prepare(&event.text, moment.wall) {
                Ok(event) => prepared.push(event),
                Err(error) => tracing::error!(%error, "an event of the feed cannot be read and is left out"),
            }
        }
        let batch = Batch { prepared, moment, timers_max: TIMERS_PER_COMMIT_MAX };
        let position = position.clone();
        let committed = self.ingest.commit(batch, move |tx| position::save(tx, &position)).await?;
        Ok(committed.rung)
    }

    /// Adds what has fallen due to the batch, as far as one commit takes it.
    fn fill_batch(&mut self) {
        while self.batch.len() < EVENTS_PER_COMMIT_MAX {
            let Some(event) = self.next.take().or_else(|| self.simulator.next_event()) else { return };
            if event.due_ms > self.clock.feed.unix_ms() {
                self.next = Some(event);
                return;
            }
            self.batch.push(event);
        }
    }
}

impl Tick for RunningFeed {
    const NAME: &'static str = "feed";
    const PAUSE: Duration = TICK;

    async fn tick(&mut self) -> Result<Next, store::Error> {
        self.take_due(clock::now()).await
    }
}

/// The org's stream from a position on. To skip millions of events takes seconds: work for a thread that may block.
async fn simulator_at(org: OrgConfig, position: &Position) -> Simulator {
    let (start_ms, taken) = (position.start_ms, position.taken);
    let skipped = tokio::task::spawn_blocking(move || {
        let mut simulator = Simulator::new(OrgConfig { start_ms, ..org });
        for _ in 0..taken {
            simulator.next_event();
        }
        simulator
    });
    skipped.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
