//! A server that says what it is told to each request, and remembers what it was sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

#[derive(Debug, Default)]
struct Notes {
    seen: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    Stays,
    Closes,
}

/// The server; it ends with the test's runtime.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) port: u16,
    notes: Arc<Notes>,
    task: JoinHandle<()>,
}

/// A self-signed certificate for a name, and its key, in PEM form.
pub(crate) fn certificate(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

impl Server {
    pub(crate) async fn start(answer: &str) -> Self {
        Self::serve(answer, None, After::Stays).await
    }

    /// Closes each connection after its answer.
    pub(crate) async fn start_closing(answer: &str) -> Self {
        Self::serve(answer, None, After::Closes).await
    }

    pub(crate) async fn start_tls(answer: &str, certificate: &str, key: &str) -> Self {
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        Self::serve(answer, Some(TlsAcceptor::from(Arc::new(config))), After::Stays).await
    }

    async fn serve(answer: &str, tls: Option<TlsAcceptor>, after: After) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let notes = Arc::new(Notes::default());
        let (kept, answer) = (Arc::clone(&notes), answer.to_owned());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                kept.connections.fetch_add(1, Ordering::Relaxed);
                let (notes, answer, tls) = (Arc::clone(&kept), answer.clone(), tls.clone());
                tokio::spawn(async move { talk(stream, tls, &answer, (&notes, after)).await });
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), port, notes, task }
    }

    /// The requests, as text.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.notes.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.notes.connections.load(Ordering::Relaxed)
    }

    /// The address of a server that has gone.
    pub(crate) async fn closed(self) -> String {
        self.task.abort();
        self.task.await.expect_err("it was ended");
        self.url
    }
}

async fn talk(stream: TcpStream, tls: Option<TlsAcceptor>, answer: &str, (notes, after): (&Notes, After)) {
    let Some(tls) = tls else { return answer_each(stream, answer, notes, after).await };
    if let Ok(stream) = tls.accept(stream).await {
        answer_each(stream, answer, notes, after).await;
    }
}

async fn answer_each(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &str,
    notes: &Notes,
    after: After,
) {
    let mut waiting = Vec::new();
    let mut buffer = [0_u8; 4096];
    while let Ok(size @ 1..) = stream.read(&mut buffer).await {
        waiting.extend_from_slice(buffer.get(..size).unwrap_or_default());
        let text = String::from_utf8_lossy(&waiting).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            continue;
        }
        notes.seen.lock().unwrap().push(text);
        waiting.clear();
        if stream.write_all(answer.as_bytes()).await.is_err() || after == After::Closes {
            return;
        }
    }
}
