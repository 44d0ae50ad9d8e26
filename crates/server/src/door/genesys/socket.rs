//! The WebSocket of a notification channel: notifications, heartbeats, and its end.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use genesys_org::platform::Platform;
use genesys_org::platform::channel::{Connection, Frame};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval_at, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};

use crate::clock;
use crate::connections::ConnectionPermit;
use crate::door::Door;

/// How often a socket is told that it lives.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// The longest message that a client may send.
const MESSAGE_BYTES_MAX: usize = 16 << 10;
/// From the word that a socket will close until it does.
const LAST_WORD: Duration = Duration::from_secs(2);
/// A life so long that it is none: for a socket whose end nobody has asked for.
const EVER: Duration = Duration::from_secs(365 * 24 * 3_600);

/// `GET /channels/{channelId}`: the `connectUri` of a channel.
pub(crate) async fn open(State(door): State<Door>, Path(id): Path<String>, mut request: Request) -> Response {
    let Some(accept) = accept_key(request.headers()) else {
        return (StatusCode::BAD_REQUEST, "This address is a WebSocket: connect to it as one.\n")
            .into_response();
    };
    let now = clock::now();
    let Some(Connection { frames, expires }) = door.platform.connect(&id, now) else {
        return (StatusCode::NOT_FOUND, "There is no such channel, or its 24 hours are over.\n")
            .into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let life = door.platform.socket_life_ms().map_or(EVER, Duration::from_millis);
    let place = request.extensions().get::<ConnectionPermit>().cloned();
    let socket = Socket {
        frames,
        closing: door.closing.clone(),
        life,
        expires_after: expires.since(now),
        _place: place,
    };
    tokio::spawn(socket.run(upgrade));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// The answer to a WebSocket handshake; `None` where the request is none. RFC 6455, section 4.2.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: header::HeaderName, word: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let is_handshake = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_handshake)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

type Stream = WebSocketStream<TokioIo<Upgraded>>;

struct Socket {
    frames: mpsc::Receiver<Frame>,
    closing: watch::Receiver<bool>,
    life: Duration,
    expires_after: Duration,
    /// It keeps its connection's place among all.
    _place: Option<ConnectionPermit>,
}

impl Socket {
    async fn run(self, upgrade: OnUpgrade) {
        let Ok(upgraded) = upgrade.await else { return };
        // Clients send a ping, and little else: an unfinished message of 16 MiB would be kept whole.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let io = TokioIo::new(upgraded);
        let mut stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let why = self.pump(&mut stream).await;
        // The other side may be gone already; there is nobody to tell then.
        drop(stream.close(why).await);
    }

    /// Sends until something ends it; the reason, where it is ours to tell.
    async fn pump(mut self, stream: &mut Stream) -> Option<CloseFrame> {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let life = sleep(self.life);
        let expiry = sleep(self.expires_after);
        tokio::pin!(life, expiry);
        loop {
            let sent = tokio::select! {
                frame = self.frames.recv() => match frame {
                    Some(frame) => stream.send(Message::text(frame.as_ref())).await,
                    // Another socket has taken the channel, the channel is gone, or this reader is too slow.
                    None => return Some(because(CloseCode::Policy, "the channel has no place for this socket")),
                },
                message = stream.next() => match message {
                    Some(Ok(Message::Text(text))) => answer(stream, &text).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    // Pings of the protocol itself are answered below us.
                    Some(Ok(_)) => Ok(()),
                },
                _ = heartbeat.tick() => stream.send(note("channel.metadata", "WebSocket Heartbeat")).await,
                () = &mut life => {
                    drop(stream.send(note("v2.system.socket_closing", "The socket closes; connect to the channel again.")).await);
                    sleep(LAST_WORD).await;
                    return Some(because(CloseCode::Restart, "maintenance"));
                }
                () = &mut expiry => return Some(because(CloseCode::Normal, "the channel's 24 hours are over")),
                () = closed(&mut self.closing) => {
                    return Some(because(CloseCode::Away, "the server is going down"));
                }
            };
            if sent.is_err() {
                return None;
            }
        }
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // A sender that is gone closes as well.
    drop(closing.wait_for(|closing| *closing).await);
}

/// A client may ask whether anybody is there: `{"message": "ping"}`.
async fn answer(stream: &mut Stream, text: &str) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let request: Value = serde_json::from_str(text).unwrap_or_default();
    if request.get("message").and_then(Value::as_str) != Some("ping") {
        return Ok(());
    }
    stream.send(note("channel.metadata", "pong")).await
}

fn note(topic: &str, message: &str) -> Message {
    Message::text(json!({"topicName": topic, "eventBody": {"message": message}}).to_string())
}

fn because(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}

/// Tells the sockets of the channels what has happened: `frames` are events with their envelopes.
pub(crate) fn publish<'a>(platform: &Platform, texts: impl Iterator<Item = &'a str>) {
    if !platform.is_listened_to() {
        return;
    }
    for text in texts {
        let event: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(Value::Object(detail)) = event.get("detail") else { continue };
        let name = detail.get("topicName").and_then(Value::as_str).unwrap_or_default();
        let topic = genesys::envelope::topic::Topic::from_name(name);
        let mut frame = detail.clone();
        // A frame is the detail without the time of its publication.
        frame.remove("timestamp");
        platform.publish(&topic, &Value::Object(frame));
    }
}
