//! A connection: the name resolved, each address shown to the guard, the first that answers taken, TLS spoken over it.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use crate::exchange::place;
use crate::failure::{Failure, FailureKind};
use crate::guard::{Guard, Scheme};

/// How long one of several addresses may take before the next is tried.
const ADDRESS_PATIENCE: Duration = Duration::from_millis(1_500);

/// Makes guarded connections.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) guard: Arc<Guard>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) names: Names,
    /// Where there is one, nothing else is connected to.
    pub(crate) dial: Option<Dial>,
}

/// The other end of a connection, in this process.
type Answering = Arc<dyn Fn(&str) -> DuplexStream + Send + Sync>;

/// Stands in for the network: makes each connection in memory, to somebody in this process. For a simulation, whose targets are
/// scripted and whose order of events is its own.
#[derive(Clone)]
pub struct Dial(Answering);

impl Dial {
    /// Connects to whoever `answer` gives for a host.
    pub fn new(answer: impl Fn(&str) -> DuplexStream + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dial")
    }
}

/// Who says which addresses a name has.
#[derive(Clone, Debug)]
pub(crate) enum Names {
    /// The system's resolver.
    System,
    /// What a test has written: one answer a question.
    #[cfg(test)]
    Script(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<SocketAddr>>>>),
}

impl Names {
    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(lookup_host((host, port)).await?.collect()),
            #[cfg(test)]
            Self::Script(answers) => {
                answers.lock().unwrap().pop_front().ok_or(io::ErrorKind::NotFound.into())
            }
        }
    }
}

impl Connector {
    /// A connection to the URL's host and port, with TLS where its scheme is `https` or `wss`.
    pub(crate) async fn connect(&self, url: &Uri) -> Result<Stream, Failure> {
        let is_secure = matches!(url.scheme_str(), Some("https" | "wss"));
        let (scheme, usual_port) = if is_secure { (Scheme::Tls, 443) } else { (Scheme::Plain, 80) };
        let host = url.host().unwrap_or_default();
        if let (Some(Dial(answer)), Scheme::Plain) = (&self.dial, scheme) {
            return Ok(Stream::Memory(answer(host)));
        }
        let port = url.port_u16().unwrap_or(usual_port);
        let addresses = self.addresses(scheme, host, port).await?;
        let tcp = reach(&addresses, url).await?;
        // Requests are written whole: waiting for more to fill a packet only delays them.
        tcp.set_nodelay(true).map_err(|error| Failure::new(FailureKind::Connect, error.to_string()))?;
        if scheme == Scheme::Plain {
            return Ok(Stream::Plain(tcp));
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let untrusted = |why: &dyn fmt::Display| {
            Failure::new(FailureKind::Tls, format!("no TLS with {}: {why}", place(url)))
        };
        let name = ServerName::try_from(bare.to_owned()).map_err(|error| untrusted(&error))?;
        let tls = TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp).await;
        Ok(Stream::Tls(Box::new(tls.map_err(|error| untrusted(&error))?)))
    }

    /// The addresses that the guard lets through; its refusal where there are others only. The name is asked for once: what is
    /// connected to is what was looked at, whatever the name says a moment later.
    async fn addresses(&self, scheme: Scheme, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let resolved = self.names.look_up(bare, port).await;
        let unresolved =
            |why: &str| Failure::new(FailureKind::Unresolved, format!("{host} has no address: {why}"));
        let found = resolved.map_err(|error| unresolved(&error.to_string()))?;
        let mut refusal = None;
        let mut allowed = Vec::new();
        for address in found {
            match self.guard.check(scheme, host, address.ip()) {
                Ok(()) => allowed.push(address),
                Err(refused) => refusal = Some(refused),
            }
        }
        if allowed.is_empty() {
            return Err(refusal.unwrap_or_else(|| unresolved("the resolver answered with none")));
        }
        Ok(allowed)
    }
}

/// The first address that answers.
async fn reach(addresses: &[SocketAddr], url: &Uri) -> Result<TcpStream, Failure> {
    let mut last = String::new();
    for (at, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let answer = if at.saturating_add(1) == addresses.len() {
            connecting.await
        } else {
            timeout(ADDRESS_PATIENCE, connecting)
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        };
        match answer {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.to_string(),
        }
    }
    Err(Failure::new(FailureKind::Connect, format!("no connection to {}: {last}", place(url))))
}

/// A connection that the guard has let through.
#[derive(Debug)]
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS; boxed, as it is large.
    Tls(Box<TlsStream<TcpStream>>),
    /// To somebody in this process ([`Dial`]).
    Memory(DuplexStream),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Memory(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Memory(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Memory(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// A [`Stream`] as the pool of `hyper-util` wants it.
#[derive(Debug)]
pub(crate) struct PooledStream(TokioIo<Stream>);

impl Connection for PooledStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for PooledStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl Write for PooledStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

impl Service<Uri> for Connector {
    type Response = PooledStream;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<PooledStream, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { Ok(PooledStream(TokioIo::new(connector.connect(&url).await?))) })
    }
}

#[cfg(all(test, target_os = "linux"))]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]
mod tests {
    use std::collections::VecDeque;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::{Connector, Names, Stream};
    use crate::failure::FailureKind;
    use crate::guard::Guard;
    use crate::trust;

    /// 127.0.0.2 stands for the address that may be reached, 127.0.0.1 for the one that may not.
    fn connector(script: Vec<Vec<SocketAddr>>) -> Connector {
        Connector {
            guard: Arc::new(Guard::new(vec!["127.0.0.2".parse().unwrap()])),
            tls: trust::config(b"").unwrap(),
            names: Names::Script(Arc::new(Mutex::new(VecDeque::from(script)))),
            dial: None,
        }
    }

    fn left(connector: &Connector) -> usize {
        let Names::Script(answers) = &connector.names else { panic!("no script") };
        answers.lock().unwrap().len()
    }

    /// A name that points to an allowed address while it is looked at, and to a forbidden one a moment later (DNS rebinding).
    #[tokio::test]
    async fn an_address_that_changes_between_look_and_use_is_not_reached() {
        let allowed = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).await.unwrap();
        let good = allowed.local_addr().unwrap();
        let forbidden = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let bad = forbidden.local_addr().unwrap();
        let url = format!("http://rebound.example:{}/", good.port()).parse().unwrap();

        let connector = connector(vec![vec![good], vec![bad], vec![bad, good], vec![]]);
        let stream = connector.connect(&url).await.unwrap();
        let Stream::Plain(stream) = stream else { panic!("no TLS was asked for") };
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert_eq!(left(&connector), 3, "the name was asked for more than once");

        assert_eq!(connector.connect(&url).await.unwrap_err().kind, FailureKind::Refused);
        let Stream::Plain(stream) = connector.connect(&url).await.unwrap() else { panic!() };
        assert_eq!(stream.peer_addr().unwrap(), good, "of several addresses only those that may be reached");
        assert_eq!(connector.connect(&url).await.unwrap_err().kind, FailureKind::Unresolved);
        // Nobody ever knocked at the other door.
        let knocked = tokio::time::timeout(Duration::ZERO, forbidden.accept()).await;
        assert!(knocked.is_err());
    }
}
