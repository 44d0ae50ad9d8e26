//! The sweep: what nobody needs any more goes, and what is to be moved moves, a bounded piece at a time.

use std::time::Duration;

use genesys::intake::seen;

use crate::clock;
use crate::rooms::Rooms;
use crate::ticking::{Next, Tick};

/// How often the sweep looks: message move tasks have rates in messages a second.
const TICK: Duration = Duration::from_secs(1);
/// Records that one commit removes, so that nothing else waits long for it.
const REMOVED_PER_COMMIT_MAX: usize = 1_000;

/// The sweep of these rooms.
#[derive(Debug)]
pub(crate) struct Sweep(pub(crate) Rooms);

impl Tick for Sweep {
    const NAME: &'static str = "sweep";
    const PAUSE: Duration = TICK;

    async fn tick(&mut self) -> Result<Next, store::Error> {
        sweep(&self.0).await
    }
}

/// One commit of sweeping.
async fn sweep(rooms: &Rooms) -> Result<Next, store::Error> {
    let (now, swept) = (clock::now(), rooms.clone());
    let commit = rooms.store.write_reserved(
        |error| error,
        move |tx| {
            let messages = swept.queues.sweep(tx, now, REMOVED_PER_COMMIT_MAX);
            let events = swept.events.sweep(tx, now, REMOVED_PER_COMMIT_MAX);
            let seen = seen::forget(tx, now, REMOVED_PER_COMMIT_MAX);
            let moved = swept.queues.step_move_tasks(tx, now);
            let more = messages >= REMOVED_PER_COMMIT_MAX
                || events.more
                || seen >= REMOVED_PER_COMMIT_MAX
                || moved > 0;
            Ok(if more { Next::Again } else { Next::Pause })
        },
    );
    commit.await
}
