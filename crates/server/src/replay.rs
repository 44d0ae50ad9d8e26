//! Replays: those under way go on, a bounded step at a time, each event not before its moment.

use std::time::Duration;

use aws::Timestamp;
use events::Events;
use tokio::time::sleep;

use crate::clock;
use crate::ticking::{Next, Tick};

/// Events that one commit replays, so that nothing else waits long for it.
const EVENTS_PER_COMMIT_MAX: usize = 100;
/// The longest pause, should a signal be missed.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The replays of these buses.
#[derive(Debug)]
pub(crate) struct Replays {
    events: Events,
    /// When the next event falls due, where one is waited for.
    next: Option<Timestamp>,
}

impl Replays {
    pub(crate) fn new(events: Events) -> Self {
        Self { events, next: None }
    }
}

impl Tick for Replays {
    const NAME: &'static str = "replays";
    const PAUSE: Duration = PAUSE_MAX;

    async fn tick(&mut self) -> Result<Next, store::Error> {
        let events = &self.events;
        let now = clock::now();
        self.next = events.store().read(|read| events.next_replay_step(read))?;
        if self.next.is_none_or(|next| next > now) {
            return Ok(Next::Pause);
        }
        let (events, ids) = (events.clone(), clock::ids());
        let step = move |tx: &mut store::Tx<'_>| {
            events.step_replays(&mut store::Commit::new(tx, now, &ids), EVENTS_PER_COMMIT_MAX);
            Ok(())
        };
        self.events.store().write(|error| error, step).await?;
        Ok(Next::Again)
    }

    async fn wait(&self) {
        let pause = self.next.map_or(PAUSE_MAX, |next| next.since(clock::now()).min(PAUSE_MAX));
        // A start between the look and this wait has left its mark: the wait ends at once.
        tokio::select! {
            biased;
            () = self.events.replay_arrival() => {}
            () = sleep(pause + Duration::from_millis(1)) => {}
        }
    }
}
