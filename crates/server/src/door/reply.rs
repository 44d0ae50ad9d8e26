//! Drives an operation's reply to an answer.

use std::time::Duration;

use aws::{Body, Error, LongPoll, Reply, Response};
use delivery::Answers;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock;
use crate::door::long;

/// The answer of an operation.
#[derive(Debug)]
pub(crate) enum OperationAnswer {
    /// Its JSON, which the request's wire writes.
    Json(Body),
    /// What the porter gave, which is written as it is.
    Whole(Response),
}

/// What driving a reply needs.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    /// Who answers calls that wait.
    pub(crate) answers: Answers,
    /// Turns true when the server is going down: a long poll makes its last attempt at once.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Driver {
    /// Waits for the answer.
    pub(crate) async fn drive(&self, reply: Reply) -> Result<OperationAnswer, Error> {
        match reply {
            Reply::Now(answer) => answer.map(OperationAnswer::Json),
            Reply::Later(answer) => answer.await.map(OperationAnswer::Json),
            Reply::Poll(poll) => drive_poll(poll, self.closing.clone()).await.map(OperationAnswer::Json),
            Reply::Long(work) => {
                let reply = long::run(work).await;
                Box::pin(self.drive(reply)).await
            }
            Reply::Call(call) => self.answers.answer(call).await.map(OperationAnswer::Whole),
        }
    }

    /// As [`Driver::drive`], for an operation that no porter answers.
    ///
    /// # Errors
    /// The operation's; `InternalFailure` where a porter would have to answer after all.
    pub(crate) async fn drive_json(&self, reply: Reply) -> Result<Body, Error> {
        match self.drive(reply).await? {
            OperationAnswer::Json(body) => Ok(body),
            OperationAnswer::Whole(_) => {
                Err(Error::receiver("InternalFailure", 500, "The answer is no JSON."))
            }
        }
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
            biased;
            () = arrival => {}
            () = sleep(patience) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }
}
