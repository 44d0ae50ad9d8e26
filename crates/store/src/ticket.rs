//! A ticket: the promise of an answer that is released by the sync of what it acknowledges.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::error::Error;

/// The answer to a write, once what it wrote is on disk. Await it, or [`Ticket::wait`] for it on a plain thread.
/// Dropping it does not undo the write.
#[derive(Debug)]
pub struct Ticket<T, E> {
    answer: oneshot::Receiver<Result<T, E>>,
    on_failure: fn(Error) -> E,
}

impl<T, E> Ticket<T, E> {
    pub(crate) fn new(answer: oneshot::Receiver<Result<T, E>>, on_failure: fn(Error) -> E) -> Self {
        Self { answer, on_failure }
    }

    /// A ticket that is released already.
    pub fn ready(answer: Result<T, E>, on_failure: fn(Error) -> E) -> Self {
        let (sender, receiver) = oneshot::channel();
        // The receiver is alive: it is in the next line.
        let _ = sender.send(answer);
        Self::new(receiver, on_failure)
    }

    /// Waits on this thread. Not for async code: there, await the ticket.
    ///
    /// # Errors
    /// The closure's refusal, or the store's failure.
    pub fn wait(self) -> Result<T, E> {
        let gone = self.on_failure;
        self.answer.blocking_recv().unwrap_or_else(|_| Err(gone(closed())))
    }
}

impl<T, E> Future for Ticket<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let gone = self.on_failure;
        Pin::new(&mut self.answer).poll(context).map(|answer| answer.unwrap_or_else(|_| Err(gone(closed()))))
    }
}

fn closed() -> Error {
    Error::Stopped { cause: "the store was closed".to_owned() }
}
