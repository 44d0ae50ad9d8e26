//! An HTTP target that misbehaves as it is told: one act for each request, the last one for all that follow.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// An answer.
    Answer {
        /// Status and reason, as `200 OK`.
        status: &'static str,
        /// Lines that end with CR LF.
        headers: String,
        /// The body.
        body: String,
    },
    /// These bytes, and the connection is closed.
    Raw(String),
    /// Nothing, ever.
    Hang,
    /// A byte a second, for ever.
    Slow,
}

impl Act {
    pub(crate) fn answer(status: &'static str) -> Self {
        Self::Answer { status, headers: String::new(), body: String::new() }
    }

    pub(crate) fn with_header(status: &'static str, header: &str) -> Self {
        Self::Answer { status, headers: format!("{header}\r\n"), body: String::new() }
    }

    pub(crate) fn json(status: &'static str, body: &str) -> Self {
        Self::Answer {
            status,
            headers: "Content-Type: application/json\r\n".to_owned(),
            body: body.to_owned(),
        }
    }
}

#[derive(Debug, Default)]
struct Script {
    acts: Vec<Act>,
    next: usize,
    requests: Vec<String>,
}

/// The target. It ends with the test's runtime.
#[derive(Debug)]
pub(crate) struct FaultTarget {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    count: watch::Receiver<usize>,
}

impl FaultTarget {
    pub(crate) async fn start(acts: impl Into<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script { acts: acts.into(), ..Script::default() }));
        let (counter, count) = watch::channel(0);
        let (kept, counter) = (Arc::clone(&script), Arc::new(counter));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&kept), Arc::clone(&counter)));
            }
        });
        Self { url, script, count }
    }

    /// The requests so far, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.lock().unwrap().requests.clone()
    }

    /// Completes when so many requests have come.
    pub(crate) async fn has_seen(&self, requests: usize) {
        self.count.clone().wait_for(|count| *count >= requests).await.unwrap();
    }
}

async fn talk(mut stream: TcpStream, script: Arc<Mutex<Script>>, counter: Arc<watch::Sender<usize>>) {
    let mut waiting = Vec::new();
    let mut buffer = [0_u8; 4096];
    while let Ok(size @ 1..) = stream.read(&mut buffer).await {
        waiting.extend_from_slice(&buffer[..size]);
        let text = String::from_utf8_lossy(&waiting).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            continue;
        }
        waiting.clear();
        let act = {
            let mut script = script.lock().unwrap();
            let act = script.acts[script.next.min(script.acts.len() - 1)].clone();
            script.next += 1;
            script.requests.push(text.clone());
            act
        };
        counter.send_modify(|count| *count += 1);
        if perform(&mut stream, act).await.is_err() {
            return;
        }
    }
}

async fn perform(stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
    match act {
        Act::Answer { status, headers, body } => answer(stream, status, (&headers, &body)).await,
        Act::Raw(bytes) => {
            stream.write_all(bytes.as_bytes()).await?;
            Err(std::io::ErrorKind::ConnectionAborted.into())
        }
        Act::Hang => std::future::pending().await,
        Act::Slow => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await?;
            loop {
                stream.write_all(b"x").await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(stream: &mut TcpStream, status: &str, (headers, body): (&str, &str)) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}
