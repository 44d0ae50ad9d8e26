//! Runs an operation of a service's table and drives its reply to an answer.

use std::time::Duration;

use aws::{Body, Call, Error, LongPoll, Operation, Reply};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock;

/// Looks `name` up in `operations` and runs it.
pub(crate) fn run<S>(
    operations: &[Operation<S>],
    (service_name, name): (&str, &str),
    service: &S,
    call: Call,
    body: &[u8],
) -> Reply {
    match operations.iter().find(|operation| operation.name == name) {
        Some(operation) => (operation.run)(service, call, body),
        None => Reply::Now(Err(Error::unknown_operation(service_name, name))),
    }
}

/// Waits for the answer. When `closing` turns true, a long poll makes its last attempt at once.
pub(crate) async fn drive(reply: Reply, closing: watch::Receiver<bool>) -> Result<Body, Error> {
    match reply {
        Reply::Now(answer) => answer,
        Reply::Later(answer) => answer.await,
        Reply::Poll(poll) => drive_poll(poll, closing).await,
    }
}

async fn drive_poll(mut poll: Box<dyn LongPoll>, mut closing: watch::Receiver<bool>) -> Result<Body, Error> {
    loop {
        // Asked for before the attempt, so that what arrives between the two is not missed.
        let arrival = poll.arrival();
        if let Some(body) = poll.attempt(clock::now()).await? {
            return Ok(body);
        }
        let now = clock::now();
        if now >= poll.until() || *closing.borrow() {
            return Ok(poll.nothing());
        }
        let wake_at = poll.wake_at().unwrap_or(poll.until()).min(poll.until());
        // One millisecond more than the difference, so that the clock has passed the moment when we look again.
        let patience = wake_at.since(now) + Duration::from_millis(1);
        tokio::select! {
            () = arrival => {}
            () = sleep(patience) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }
}
