//! The clock of scheduled rules: runs those whose ticks have fallen due.

use std::time::Duration;

use events::Events;
use tokio::time::sleep;

use crate::clock;
use crate::ticking::{Next, Tick};

/// Ticks that one commit takes, so that nothing else waits long for it.
const TICKS_PER_COMMIT_MAX: usize = 100;
/// The shortest pause between two looks that find nothing.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause, should a signal be missed or the wall clock be set.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The clock of these buses' scheduled rules.
#[derive(Debug)]
pub(crate) struct Schedules(pub(crate) Events);

impl Tick for Schedules {
    const NAME: &'static str = "schedules";
    const PAUSE: Duration = PAUSE_MAX;

    async fn tick(&mut self) -> Result<Next, store::Error> {
        let taken = take_due(&self.0).await?;
        Ok(if taken == TICKS_PER_COMMIT_MAX { Next::Again } else { Next::Pause })
    }

    async fn wait(&self) {
        // Asked for before the look, so that what comes between the two is not missed.
        let arrival = self.0.tick_arrival();
        let pause = self.0.next_tick().map_or(PAUSE_MAX, |at| at.since(clock::now()));
        tokio::select! {
            biased;
            () = arrival => {}
            () = sleep(pause.clamp(PAUSE_MIN, PAUSE_MAX)) => {}
        }
    }
}

/// One commit of ticks; how many it took. Costs nothing where none is due.
async fn take_due(events: &Events) -> Result<usize, store::Error> {
    let now = clock::now();
    if events.next_tick().is_none_or(|at| at > now) {
        return Ok(0);
    }
    let (buses, ids) = (events.clone(), clock::ids());
    let take = move |tx: &mut store::Tx<'_>| {
        Ok(buses.tick_schedules(&mut store::Commit::new(tx, now, &ids), TICKS_PER_COMMIT_MAX))
    };
    events.store().write_reserved(|error| error, take).await
}
