//! Answers of functions that come in parts: as messages of AWS's event stream encoding, or as the function's own bytes.

use aws::porter_call::NextChunk;
use aws::{Chunks, Error, Response, ResponseBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda::StreamForm;
use runner::Outcome;
use runner::invocation::StreamPart;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use crate::event_stream::{Header, message};

/// Parts that wait to be read: a function that writes faster than its caller reads waits for it.
pub(crate) const PARTS_WAITING_MAX: usize = 16;
/// What a browser or an SDK is told that messages are.
const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";

/// An invocation whose parts come while it runs.
#[derive(Debug)]
pub(crate) struct Running {
    parts: Receiver<StreamPart>,
    ending: JoinHandle<Result<Outcome, Error>>,
    ended: Option<Result<Outcome, Error>>,
}

/// How an answer is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) form: StreamForm,
    pub(crate) version: String,
    /// Whether the last 4 KB of the log are wanted.
    pub(crate) wants_log: bool,
}

impl Running {
    /// An invocation that `ending` waits for, and whose parts come over `parts`.
    pub(crate) const fn new(parts: Receiver<StreamPart>, ending: JoinHandle<Result<Outcome, Error>>) -> Self {
        Self { parts, ending, ended: None }
    }

    /// The next part; none after its end.
    async fn next(&mut self) -> Option<StreamPart> {
        if self.ended.is_none() {
            tokio::select! {
                biased;
                Some(part) = self.parts.recv() => return Some(part),
                outcome = &mut self.ending => {
                    let stopped = |_| Err(Error::receiver("ServiceException", 500, "Trunkline is stopping."));
                    self.ended = Some(outcome.unwrap_or_else(stopped));
                }
            }
        }
        // What was sent before the end is read before the end is told.
        self.parts.try_recv().ok()
    }
}

/// The answer of an invocation, as soon as it is known how it begins.
///
/// # Errors
/// Where the function could not be run at all.
pub(crate) async fn response(mut running: Running, manner: Manner) -> Result<Answer, Error> {
    let mut content_type = None;
    let mut first = None;
    while let Some(part) = running.next().await {
        match part {
            StreamPart::ContentType(told) => content_type = Some(told),
            StreamPart::Data(data) => {
                first = Some(Vec::from(data));
                break;
            }
        }
    }
    if first.is_none() {
        running.ended = match running.ended.take().transpose()? {
            // Nothing was streamed: for bytes it is an answer like any other.
            Some(outcome)
                if manner.form == StreamForm::Bytes && is_whole(&outcome, content_type.as_deref()) =>
            {
                return Ok(Answer::Whole(outcome));
            }
            ended => ended.map(Ok),
        };
    }
    let shown = match manner.form {
        StreamForm::Events => MEDIA_TYPE.to_owned(),
        StreamForm::Bytes => content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
    };
    let headers = vec![("content-type", shown), ("x-amz-executed-version", manner.version.clone())];
    let pieces = Pieces { running: Some(running), first, manner };
    Ok(Answer::Streamed(Response { status: 200, headers, body: ResponseBody::Chunks(Box::new(pieces)) }))
}

/// Whether a handler did not stream, or failed before it had said anything.
const fn is_whole(outcome: &Outcome, content_type: Option<&str>) -> bool {
    content_type.is_none() || outcome.error_type.is_some()
}

/// What an invocation that may stream has come to.
#[derive(Debug)]
pub(crate) enum Answer {
    Streamed(Response),
    Whole(Outcome),
}

/// The body of a streamed answer.
struct Pieces {
    /// None after the end.
    running: Option<Running>,
    first: Option<Vec<u8>>,
    manner: Manner,
}

impl Chunks for Pieces {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(self.piece())
    }
}

impl Pieces {
    async fn piece(&mut self) -> Option<Result<Vec<u8>, Error>> {
        if let Some(first) = self.first.take() {
            return Some(self.data(first));
        }
        let running = self.running.as_mut()?;
        while let Some(part) = running.next().await {
            if let StreamPart::Data(data) = part {
                return Some(self.data(Vec::from(data)));
            }
        }
        let ended = self.running.take()?.ended?;
        self.last(ended)
    }

    fn data(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        match self.manner.form {
            StreamForm::Bytes => Ok(bytes),
            StreamForm::Events => event("PayloadChunk", "application/octet-stream", &bytes),
        }
    }

    fn last(&self, outcome: Result<Outcome, Error>) -> Option<Result<Vec<u8>, Error>> {
        match (self.manner.form, outcome) {
            (_, Err(error)) => Some(Err(error)),
            (StreamForm::Bytes, Ok(outcome)) => outcome.error_type.map(|error_type| {
                Err(Error::receiver("ServiceException", 502, format!("the function ended with {error_type}")))
            }),
            (StreamForm::Events, Ok(outcome)) => Some(self.complete(&outcome)),
        }
    }

    /// What was not streamed, and how it ended.
    fn complete(&self, outcome: &Outcome) -> Result<Vec<u8>, Error> {
        let mut members = Map::new();
        let mut messages = Vec::new();
        match outcome.function_error() {
            Some(error) => {
                members.insert("ErrorCode".to_owned(), json!(error));
                let details = String::from_utf8_lossy(&outcome.payload);
                members.insert("ErrorDetails".to_owned(), json!(details));
            }
            None if !outcome.payload.is_empty() => messages = self.data(outcome.payload.to_vec())?,
            None => {}
        }
        if self.manner.wants_log {
            members.insert("LogResult".to_owned(), json!(STANDARD.encode(&outcome.log_tail)));
        }
        let ended = Value::Object(members).to_string();
        messages.append(&mut event("InvokeComplete", "application/json", ended.as_bytes())?);
        Ok(messages)
    }
}

/// A message that is an event of the operation's stream.
fn event(name: &str, content_type: &str, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let headers = [
        Header { name: ":event-type", value: name },
        Header { name: ":content-type", value: content_type },
        Header { name: ":message-type", value: "event" },
    ];
    let words = "a part of the answer is too long";
    message(&headers, payload).ok_or_else(|| Error::receiver("ServiceException", 500, words))
}
