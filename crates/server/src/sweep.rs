//! The sweep: what nobody needs any more goes, and what is to be moved moves, a bounded piece at a time.

use std::time::Duration;

use genesys::tracker::intake::seen;
use store::{Ticket, Tx};

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

/// One piece of sweeping: a job for each thing to do, so that what stops one does not stop the others; they share a sync.
async fn sweep(rooms: &Rooms) -> Result<Next, store::Error> {
    let now = clock::now();
    let (queues, events, moving) = (rooms.queues.clone(), rooms.events.clone(), rooms.queues.clone());
    let logs = rooms.logs.clone();
    let jobs = [
        job(rooms, move |tx| logs.sweep(tx, now, REMOVED_PER_COMMIT_MAX) >= REMOVED_PER_COMMIT_MAX),
        job(rooms, move |tx| queues.sweep(tx, now, REMOVED_PER_COMMIT_MAX) >= REMOVED_PER_COMMIT_MAX),
        job(rooms, move |tx| events.sweep(tx, now, REMOVED_PER_COMMIT_MAX).more),
        job(rooms, move |tx| seen::forget(tx, now, REMOVED_PER_COMMIT_MAX) >= REMOVED_PER_COMMIT_MAX),
        job(rooms, move |tx| moving.step_move_tasks(tx, now) > 0),
    ];
    let (mut more, mut failure) = (false, None);
    for job in jobs {
        match job.await {
            Ok(again) => more |= again,
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(if more { Next::Again } else { Next::Pause }),
    }
}

/// Hands a job to the writer; it tells whether there is more to do.
fn job(rooms: &Rooms, act: impl FnOnce(&mut Tx<'_>) -> bool + Send + 'static) -> Ticket<bool, store::Error> {
    rooms.store.write_reserved(|error| error, move |tx| Ok(act(tx)))
}
