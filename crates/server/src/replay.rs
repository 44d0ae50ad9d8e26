//! Replays: those under way go on, a bounded step at a time.

use std::time::Duration;

use tokio::time::sleep;

use crate::clock;
use crate::rooms::Rooms;
use crate::ticking::{Next, Tick};

/// Events that one commit replays, so that nothing else waits long for it.
const EVENTS_PER_COMMIT_MAX: usize = 100;
/// The longest pause, should a signal be missed.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The replays of these rooms.
#[derive(Debug)]
pub(crate) struct Replays(pub(crate) Rooms);

impl Tick for Replays {
    const NAME: &'static str = "replays";
    const PAUSE: Duration = PAUSE_MAX;

    async fn tick(&mut self) -> Result<Next, store::Error> {
        Ok(if step(&self.0).await? { Next::Again } else { Next::Pause })
    }

    async fn wait(&self) {
        // A start between the look and this wait has left its mark: the wait ends at once.
        tokio::select! {
            () = self.0.events.replay_arrival() => {}
            () = sleep(PAUSE_MAX) => {}
        }
    }
}

/// One step of what is under way; whether there is more. Writes nothing where nothing is.
async fn step(rooms: &Rooms) -> Result<bool, store::Error> {
    let under_way = rooms.store.read(|read| rooms.events.replays_under_way(read))?;
    if under_way == 0 {
        return Ok(false);
    }
    let (events, now, ids) = (rooms.events.clone(), clock::now(), clock::ids());
    let next =
        move |tx: &mut store::Tx<'_, '_>| Ok(events.step_replays(tx, (now, EVENTS_PER_COMMIT_MAX), &ids));
    rooms.store.write(|error| error, next).await
}
