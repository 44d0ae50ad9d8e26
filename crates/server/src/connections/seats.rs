//! Which connections are waiting for a head, and which for nothing: those that make room for others.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// Heads that have not come to their end, at a time.
const HEADS_MAX: usize = 256;

/// A connection's place among all, for as long as a clone of it lives: also that of a socket that it has become.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionPermit(
    #[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>,
);

impl ConnectionPermit {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(permit))
    }
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It sends a head, or has just come and sent nothing.
    Head,
    /// It has been answered and says nothing.
    Idle,
    /// It is being answered, or speaks something else than HTTP.
    Busy,
}

/// All connections that may have to go. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    next: u64,
    /// By when they came to it.
    heads: BTreeMap<u64, Arc<Notify>>,
    idle: BTreeMap<u64, Arc<Notify>>,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Seat {
    row: Row,
    /// What it is at, and its number in that line.
    at: Mutex<(Stage, u64)>,
    taken: Arc<Notify>,
    pub(super) place: ConnectionPermit,
}

impl Row {
    /// A connection that has just come.
    pub(super) fn seat(&self, place: ConnectionPermit) -> Arc<Seat> {
        let at = Mutex::new((Stage::Busy, 0));
        let seat = Seat { row: self.clone(), at, taken: Arc::default(), place };
        seat.go(Stage::Head);
        Arc::new(seat)
    }

    /// Ends the connection that has said nothing for longest.
    pub(super) fn close_oldest_idle(&self) {
        if let Some((_, oldest)) = lock(&self.0).idle.pop_first() {
            oldest.notify_one();
        }
    }
}

impl Seat {
    /// The connection is at something else now. One head too many ends the oldest.
    pub(super) fn go(&self, to: Stage) {
        let mut at = lock(&self.at);
        let (stage, number) = *at;
        if stage == to {
            return;
        }
        let mut lines = lock(&self.row.0);
        match stage {
            Stage::Head => drop(lines.heads.remove(&number)),
            Stage::Idle => drop(lines.idle.remove(&number)),
            Stage::Busy => {}
        }
        lines.next += 1;
        let number = lines.next;
        *at = (to, number);
        match to {
            Stage::Head => drop(lines.heads.insert(number, Arc::clone(&self.taken))),
            Stage::Idle => drop(lines.idle.insert(number, Arc::clone(&self.taken))),
            Stage::Busy => {}
        }
        if lines.heads.len() > HEADS_MAX
            && let Some((_, oldest)) = lines.heads.pop_first()
        {
            oldest.notify_one();
        }
    }

    /// Completes when the connection must make room.
    pub(super) async fn is_taken(&self) {
        self.taken.notified().await;
    }

    /// Something has come: after an answer, it is the next head.
    fn has_sent(&self) {
        if lock(&self.at).0 == Stage::Idle {
            self.go(Stage::Head);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held left the lines whole: each change of them is one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream whose seat learns of what comes.
#[derive(Debug)]
pub(super) struct WatchedStream {
    pub(super) stream: TcpStream,
    pub(super) seat: Arc<Seat>,
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.seat.has_sent();
        }
        polled
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use tokio::sync::Semaphore;

    use super::{ConnectionPermit, HEADS_MAX, Row, Seat, Stage};

    /// 4,200 half heads shut everybody out for a minute.
    #[test]
    fn one_head_too_many_ends_the_oldest_and_answered_connections_stay() {
        let (row, all) = (Row::default(), Arc::new(Semaphore::new(5_000)));
        let come = || row.seat(ConnectionPermit::new(Arc::clone(&all).try_acquire_owned().unwrap()));
        let is_taken = |seat: &Seat| seat.is_taken().now_or_never().is_some();
        let answered = come();
        answered.go(Stage::Busy);
        let heads: Vec<_> = (0..HEADS_MAX).map(|_| come()).collect();
        assert!(heads.iter().all(|seat| !is_taken(seat)));
        let one_more = come();
        assert!(is_taken(&heads[0]) && !is_taken(&heads[1]) && !is_taken(&one_more) && !is_taken(&answered));
        // The half of a second head is a head as well.
        answered.go(Stage::Idle);
        answered.has_sent();
        assert!(is_taken(&heads[1]) && !is_taken(&answered));
        // Where all places are taken, who has been idle for longest goes.
        let idle = [come(), come()];
        idle.iter().for_each(|seat| seat.go(Stage::Idle));
        row.close_oldest_idle();
        assert!(is_taken(&idle[0]) && !is_taken(&idle[1]));
    }
}
