//! Request bodies: read whole, within a limit for each, a limit for all of them together, and a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws::Error;
use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Bytes of all bodies that are being read at a time: memory stays bounded however many connections send.
const ALL_BYTES_MAX: usize = 128 << 20;
/// So much of a body that is too large is read before the door closes the connection.
const DRAINED_BYTES_MAX: usize = 64 << 20;
/// So long a body may take to arrive.
const WITHIN: Duration = Duration::from_secs(60);

/// The bodies that are being read, counted together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies {
    bytes: Arc<AtomicUsize>,
}

/// The bytes of one body among all of them, given back when it has been read.
#[derive(Debug)]
struct Share<'a> {
    of: &'a AtomicUsize,
    bytes: usize,
}

impl Bodies {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// `RequestEntityTooLargeException` (413), `RequestTimeout` (408), `ServiceUnavailable` (503) where too much is being
    /// read already, which SDKs try again, and `SerializationException` where the body breaks off.
    pub(crate) async fn read(&self, body: Body, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let Ok(read) = timeout(WITHIN, self.read_all(body, bytes_max)).await else {
            let words = format!("The request body did not arrive within {} seconds.", WITHIN.as_secs());
            return Err(Error { status: 408, ..Error::sender("RequestTimeout", words) });
        };
        read
    }

    /// Reads a body and throws it away: a client that is still sending would otherwise see a broken connection instead of the
    /// answer.
    pub(crate) async fn pass_over(&self, body: Body) {
        // Whatever becomes of it, there is nothing to say about it.
        drop(self.read(body, 0).await);
    }

    /// One that is too large is read to its end all the same and thrown away, up to a bound: a client that is still
    /// sending would otherwise see a broken connection instead of the answer.
    async fn read_all(&self, mut body: Body, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let promised = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
        // A promise is not a body: little is set aside for what may never come.
        let mut kept = Vec::with_capacity(promised.unwrap_or(0).min(64 << 10));
        let mut share = Share { of: &self.bytes, bytes: 0 };
        let mut seen: usize = 0;
        let mut crowded = false;
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|e| Error::serialization(format!("The request body broke off: {e}.")))?;
            let Some(bytes) = frame.data_ref() else { continue };
            seen = seen.saturating_add(bytes.len());
            crowded = crowded || !share.grow(bytes.len().min(bytes_max));
            if crowded || seen > bytes_max {
                kept = Vec::new();
                share.give_back();
            } else {
                kept.extend_from_slice(bytes);
            }
            if seen > DRAINED_BYTES_MAX {
                break;
            }
        }
        if seen > bytes_max {
            let words = format!("The request body is larger than {bytes_max} bytes, the most that is read.");
            return Err(Error { status: 413, ..Error::sender("RequestEntityTooLargeException", words) });
        }
        if crowded {
            let words = "Too many large requests are being read at this moment; try again.";
            return Err(Error { status: 503, ..Error::sender("ServiceUnavailable", words) });
        }
        Ok(kept)
    }
}

impl Share<'_> {
    /// Takes `bytes` more of what all bodies may take together; `false`, and nothing taken, where that is too much.
    fn grow(&mut self, bytes: usize) -> bool {
        let room = |all: usize| all.checked_add(bytes).filter(|all| *all <= ALL_BYTES_MAX);
        let grown = self.of.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        if grown {
            self.bytes += bytes;
        }
        grown
    }

    fn give_back(&mut self) {
        self.of.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Body, Bytes, HttpBody};
    use hyper::body::Frame;
    use tokio::time::pause;

    use aws::service::BODY_BYTES_MAX;

    use super::{ALL_BYTES_MAX, Bodies, Ordering, Share};

    /// The body of a client that says nothing more.
    struct Silent;

    impl HttpBody for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_and_leaves_nothing_counted() {
        let bodies = Bodies::default();
        assert_eq!(bodies.read(Body::from("{}"), BODY_BYTES_MAX).await.unwrap(), b"{}");
        let error = bodies.read(Body::from(vec![0; BODY_BYTES_MAX + 1]), BODY_BYTES_MAX).await.unwrap_err();
        assert_eq!((error.status, &*error.code), (413, "RequestEntityTooLargeException"));
        assert_eq!(bodies.bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn bodies_share_one_limit() {
        let bodies = Bodies::default();
        let mut others = Share { of: &bodies.bytes, bytes: 0 };
        assert!(others.grow(ALL_BYTES_MAX - 1));
        let error = bodies.read(Body::from("{}"), BODY_BYTES_MAX).await.unwrap_err();
        assert_eq!((error.status, &*error.code), (503, "ServiceUnavailable"));
        drop(others);
        assert_eq!(bodies.read(Body::from("{}"), BODY_BYTES_MAX).await.unwrap(), b"{}");
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        // Time stands still and jumps to the next timer.
        pause();
        let error = Bodies::default().read(Body::new(Silent), BODY_BYTES_MAX).await.unwrap_err();
        assert_eq!((error.status, &*error.code), (408, "RequestTimeout"));
    }
}
