//! The client: one request, one answer, within a deadline.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::Uri;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use crate::connect::{Connector, Dial, Names, Stream};
use crate::exchange::{Request, Response, place};
use crate::failure::{Failure, FailureKind};
use crate::guard::Guard;
use crate::trust;

/// How long an idle connection is kept for the next request: shorter than the minute after which most servers close theirs.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Idle connections kept for one host.
const IDLE_PER_HOST_MAX: usize = 32;
/// What of a body that is too long is read on and thrown away, so that the connection can be used again.
const THROWN_AWAY_BYTES_MAX: usize = 64 << 10;

/// What a client is made from.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which addresses may be connected to.
    pub guard: Guard,
    /// Certificates of authorities, in PEM form, that are trusted besides Mozilla's; may be empty.
    pub own_authorities: Vec<u8>,
}

/// Sends requests. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    connector: Connector,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("guard", &self.connector.guard).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with its own connections.
    ///
    /// # Errors
    /// A sentence where `own_authorities` holds something else than certificates.
    pub fn new(settings: Settings) -> Result<Self, String> {
        Self::dialling(settings, None)
    }

    /// As [`Client::new`], with connections over plain HTTP made in this process where `dial` makes them.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn dialling(settings: Settings, dial: Option<Dial>) -> Result<Self, String> {
        let tls = trust::config(&settings.own_authorities)?;
        let connector = Connector { guard: Arc::new(settings.guard), tls, names: Names::System, dial };
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .build(connector.clone());
        Ok(Self { pool, connector })
    }

    /// Sends a request and reads its answer, all within `deadline`. Redirects are not followed: they are the answer. The
    /// body is kept up to [`Request::keep`], and [`Response::is_cut`] says whether there was more.
    ///
    /// # Errors
    /// Where there is no complete answer: see [`FailureKind`].
    pub async fn send(&self, request: Request, deadline: Duration) -> Result<Response, Failure> {
        let at = place(&request.url);
        // Boxed: the pool's future is large, and callers hold many layers of it.
        let exchange = Box::pin(self.exchange(request));
        timeout(deadline, exchange).await.unwrap_or_else(|_| Err(late(&at, deadline)))
    }

    /// A bare connection for another protocol over the same guard and trust; `wss` and `https` speak TLS.
    ///
    /// # Errors
    /// Where there is no connection within `deadline`.
    pub async fn connect(&self, url: &str, deadline: Duration) -> Result<Stream, Failure> {
        let url: Uri =
            url.parse().map_err(|_| Failure::new(FailureKind::Invalid, "the address is no URL"))?;
        let connecting = Box::pin(self.connector.connect(&url));
        timeout(deadline, connecting).await.unwrap_or_else(|_| Err(late(&place(&url), deadline)))
    }

    async fn exchange(&self, request: Request) -> Result<Response, Failure> {
        let (at, kept_bytes_max) = (place(&request.url), request.kept_bytes_max);
        let mut sent = hyper::Request::new(Full::new(request.body));
        *sent.method_mut() = request.method;
        *sent.uri_mut() = request.url;
        sent.headers_mut().extend(request.headers);
        let answer = self.pool.request(sent).await.map_err(|error| failure(&error, &at))?;
        let (head, body) = answer.into_parts();
        let (body, is_cut) = first_bytes(body, kept_bytes_max).await.map_err(|error| cut(&error, &at))?;
        let headers = head.headers.iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        Ok(Response { status: head.status.as_u16(), headers: headers.collect(), body, is_cut })
    }
}

/// The first bytes of a body, and whether there were more.
async fn first_bytes(mut body: Incoming, max: usize) -> Result<(Bytes, bool), hyper::Error> {
    let mut kept = BytesMut::new();
    let mut thrown_away = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame?.into_data() else { continue };
        let fits = data.split_to(data.len().min(max.saturating_sub(kept.len())));
        kept.extend_from_slice(&fits);
        thrown_away = thrown_away.saturating_add(data.len());
        if thrown_away > THROWN_AWAY_BYTES_MAX {
            break;
        }
    }
    Ok((kept.freeze(), thrown_away > 0))
}

fn late(at: &str, deadline: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("no complete answer from {at} within {deadline:?}"))
}

/// The connector's own failure where there is one, or what became of the connection.
fn failure(error: &(dyn Error + 'static), at: &str) -> Failure {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return failure.clone();
        }
        cause = error.source();
    }
    cut(error, at)
}

fn cut(error: &(dyn Error + 'static), at: &str) -> Failure {
    // The innermost cause is the operating system's or the parser's word; the outer ones only say "client error".
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    Failure::new(
        FailureKind::Cut,
        format!("the connection to {at} broke before the answer was complete: {innermost}"),
    )
}
