//! The Lambda Runtime API of one environment, over loopback HTTP.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::invocation::StreamPart;
use crate::launcher::Exit;
use crate::output::Output;

/// An answer, whole or streamed into a whole one, may be so long: 6 MB and what AWS adds.
pub(crate) const ANSWER_BYTES_MAX: usize = 6_291_556;
/// What is read on of a longer body, so that its sender hears the refusal.
const REFUSED_BYTES_MAX: usize = 64 << 20;
/// A streamed answer may be so long (AWS: 200 MB).
const STREAM_BYTES_MAX: usize = 200 << 20;
/// An error is a type, a message and a stack.
const ERROR_BYTES_MAX: usize = 1 << 20;
/// Connections of one environment at a time.
const CONNECTIONS_MAX: usize = 64;
const HEADERS_READ_MAX: Duration = Duration::from_secs(10);
const API: &str = "/2018-06-01/runtime/";

/// What is asked of the runtime.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) id: Arc<str>,
    pub(crate) version: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
    pub(crate) stream: Option<mpsc::Sender<StreamPart>>,
}

/// What the runtime said or did.
#[derive(Debug)]
pub(crate) enum ApiEvent {
    /// It asked for the next invocation.
    Waiting,
    /// It has got it.
    Begun(Instant),
    Answer(Answer),
    /// The answer was longer than is allowed.
    TooLarge,
    Error(RuntimeError),
    InitError(RuntimeError),
    /// All its processes are gone.
    Exited(Option<Exit>),
}

#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Empty where it was streamed.
    pub(crate) payload: Bytes,
    pub(crate) content_type: Option<String>,
    /// The trailers of a stream that failed on its way.
    pub(crate) error_type: Option<String>,
}

/// An error in the runtime's own bytes.
#[derive(Debug)]
pub(crate) struct RuntimeError {
    pub(crate) payload: Bytes,
    pub(crate) error_type: String,
}

/// The invocation that is being answered.
#[derive(Debug)]
struct Current {
    id: Arc<str>,
    stream: Option<mpsc::Sender<StreamPart>>,
}

/// What the requests of one environment share.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) events: mpsc::Sender<ApiEvent>,
    pub(crate) assignments: tokio::sync::Mutex<mpsc::Receiver<Assignment>>,
    pub(crate) output: Arc<Output>,
    current: Mutex<Option<Current>>,
}

/// The listener of an environment, before anybody is served.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Serves until `done` resolves, and then on until what was being read has been read or half a second is over.
    pub(crate) async fn serve(self, api: Arc<Api>, done: impl Future<Output = ()> + Send) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        tokio::pin!(done);
        loop {
            tokio::select! {
                () = &mut done => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept() => {
                    let Ok((socket, _)) = accepted else { continue };
                    // A connection too many is closed at once.
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                    let api = Arc::clone(&api);
                    connections.spawn(async move {
                        connection(socket, api).await;
                        drop(place);
                    });
                }
            }
        }
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_millis(500), all).await;
    }
}

async fn connection(socket: TcpStream, api: Arc<Api>) {
    // Without it a head and a body in two segments cost 40 ms an invocation.
    let _ = socket.set_nodelay(true);
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { Ok::<_, Infallible>(api.serve(request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_READ_MAX)
        .serve_connection(TokioIo::new(socket), service);
    // Garbage is answered by hyper; what breaks off has nobody to be told.
    let _ = served.await;
}

type Reply = Response<Full<Bytes>>;

impl Api {
    pub(crate) fn new(
        events: mpsc::Sender<ApiEvent>,
        assignments: mpsc::Receiver<Assignment>,
        output: Arc<Output>,
    ) -> Self {
        let assignments = tokio::sync::Mutex::new(assignments);
        Self { events, assignments, output, current: Mutex::new(None) }
    }

    async fn serve(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let Some(call) = path.strip_prefix(API) else {
            return refusal(StatusCode::NOT_FOUND, "InvalidRequest");
        };
        let parts: Vec<&str> = call.split('/').collect();
        match (request.method().clone(), parts.as_slice()) {
            (Method::GET, ["invocation", "next"]) => self.next().await,
            (Method::POST, ["invocation", id, "response"]) => self.response(id, request).await,
            (Method::POST, ["invocation", id, "error"]) => self.error(id, request).await,
            (Method::POST, ["init", "error"]) => {
                let error = runtime_error(request).await;
                // One is enough: a second one finds the channel full or is not read.
                let _ = self.events.try_send(ApiEvent::InitError(error));
                accepted()
            }
            _ => refusal(StatusCode::NOT_FOUND, "InvalidRequest"),
        }
    }

    async fn next(&self) -> Reply {
        let _ = self.events.try_send(ApiEvent::Waiting);
        let next = self.assignments.lock().await.recv().await;
        let Some(assignment) = next else { return refusal(StatusCode::GONE, "Runtime.Ended") };
        let current = Current { id: Arc::clone(&assignment.id), stream: assignment.stream };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
        self.output.journal().start(assignment.id, &assignment.version);
        let _ = self.events.try_send(ApiEvent::Begun(Instant::now()));
        let mut reply = Response::new(Full::new(assignment.payload));
        *reply.headers_mut() = assignment.headers;
        reply
    }

    /// Takes the invocation that is being answered, if it has this id: the first answer counts.
    fn take(&self, id: &str) -> Option<Current> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|current| &*current.id == id)
    }

    async fn response(&self, id: &str, request: Request<Incoming>) -> Reply {
        let Some(current) = self.take(id) else {
            return refusal(StatusCode::BAD_REQUEST, "InvalidRequestID");
        };
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let is_stream = header("lambda-runtime-function-response-mode")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("streaming"));
        let content_type = header("content-type").map(str::to_owned);
        let sink = current.stream.filter(|_| is_stream);
        let body = match read(request.into_body(), sink, content_type.as_deref()).await {
            Ok(body) => body,
            Err(ReadError::TooLarge) => {
                let _ = self.events.try_send(ApiEvent::TooLarge);
                return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge");
            }
            Err(ReadError::Broken) => return refusal(StatusCode::BAD_REQUEST, "InvalidRequest"),
        };
        let trailer = |name: &str| body.trailers.get(name).and_then(|value| value.to_str().ok());
        let error_type = trailer("lambda-runtime-function-error-type").map(str::to_owned);
        let error = trailer("lambda-runtime-function-error-body").and_then(|text| STANDARD.decode(text).ok());
        let payload = error.map_or(body.bytes, Bytes::from);
        let _ = self.events.try_send(ApiEvent::Answer(Answer { payload, content_type, error_type }));
        accepted()
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> Reply {
        if self.take(id).is_none() {
            return refusal(StatusCode::BAD_REQUEST, "InvalidRequestID");
        }
        let error = runtime_error(request).await;
        let _ = self.events.try_send(ApiEvent::Error(error));
        accepted()
    }
}

async fn runtime_error(request: Request<Incoming>) -> RuntimeError {
    let name = HeaderName::from_static("lambda-runtime-function-error-type");
    let named = request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let payload = match read(request.into_body(), None, None).await {
        Ok(body) if body.bytes.len() <= ERROR_BYTES_MAX => body.bytes,
        _ => Bytes::from_static(b"{}"),
    };
    let told = || {
        let value: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        value.get("errorType")?.as_str().map(str::to_owned)
    };
    let error_type =
        named.filter(|name| !name.is_empty()).or_else(told).unwrap_or_else(|| "Unknown".to_owned());
    RuntimeError { payload, error_type }
}

enum ReadError {
    TooLarge,
    Broken,
}

struct Body {
    bytes: Bytes,
    trailers: HeaderMap,
}

/// Reads a body: into `sink` as it comes, or whole and no longer than an answer may be.
async fn read(
    mut body: Incoming,
    sink: Option<mpsc::Sender<StreamPart>>,
    content_type: Option<&str>,
) -> Result<Body, ReadError> {
    let mut bytes = BytesMut::new();
    let mut trailers = HeaderMap::new();
    let mut length = 0_usize;
    if let Some(sink) = &sink {
        // A reader who is gone changes nothing for the function.
        let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
        let _ = sink.send(StreamPart::ContentType(content_type)).await;
    }
    let most = if sink.is_some() { STREAM_BYTES_MAX } else { ANSWER_BYTES_MAX };
    while let Some(frame) = body.frame().await {
        let data = match frame.map_err(|_| ReadError::Broken)?.into_data() {
            Ok(data) => data,
            Err(frame) => {
                trailers.extend(frame.into_trailers().unwrap_or_default());
                continue;
            }
        };
        length = length.saturating_add(data.len());
        match &sink {
            _ if length > most.saturating_add(REFUSED_BYTES_MAX) => return Err(ReadError::TooLarge),
            _ if length > most => {}
            Some(sink) => {
                let _ = sink.send(StreamPart::Data(data)).await;
            }
            None => bytes.extend_from_slice(&data),
        }
    }
    if length > most { Err(ReadError::TooLarge) } else { Ok(Body { bytes: bytes.freeze(), trailers }) }
}

fn accepted() -> Reply {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".to_owned())
}

fn refusal(status: StatusCode, error_type: &str) -> Reply {
    let message = match error_type {
        "InvalidRequestID" => "Invalid request ID".to_owned(),
        "RequestEntityTooLarge" => {
            format!("Exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes).")
        }
        _ => "The Runtime API has no such call.".to_owned(),
    };
    json(status, format!("{{\"errorMessage\":\"{message}\",\"errorType\":\"{error_type}\"}}\n"))
}

fn json(status: StatusCode, text: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(text)));
    *reply.status_mut() = status;
    let content_type = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
    reply
}
