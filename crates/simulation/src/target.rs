//! The scripted target: an HTTP endpoint that answers, refuses, hangs and breaks off as the seed says.

use std::io;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use http_client::Dial;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::time::sleep;

use crate::clock::now_ms;
use crate::dice::Dice;
use crate::judge::{CALL_TIME_MS, CallEnd, CallPlace};
use crate::world::World;

/// The host that the API destination names.
pub(crate) const HOST: &str = "target.sim";
/// The first stream of the dice of calls, beyond those of clients.
const STREAMS: u64 = 1 << 32;
/// What can be sent before anybody reads it, in bytes.
const PIPE_BYTES: usize = 64 << 10;

/// Connects to the scripted target, whatever the host.
pub(crate) fn dial(world: World) -> Dial {
    Dial::new(move |_host| {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        tokio::spawn(serve(theirs, world.clone()));
        ours
    })
}

async fn serve(stream: DuplexStream, world: World) {
    let service = service_fn(move |request| answer(world.clone(), request));
    // A connection that breaks off is part of the script.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// What the target does with a call.
#[derive(Clone, Copy, Debug)]
struct Script {
    after_ms: u64,
    /// `None`: it breaks off.
    status: Option<u16>,
}

impl Script {
    /// A seventh of the events is never taken; the others are, in the end.
    fn draw(dice: &mut Dice, number: Option<u64>) -> Self {
        let after_ms = dice.below(300);
        let status = match dice.below(100) {
            _ if number.is_some_and(|n| n % 7 == 3) => Some(if dice.chance(50) { 500 } else { 400 }),
            0..60 => Some(200),
            60..75 => Some(500),
            75..82 => Some(429),
            82..85 => Some(400),
            85..92 => return Self { after_ms: CALL_TIME_MS * 2, status: Some(200) },
            _ => None,
        };
        Self { after_ms, status }
    }
}

async fn answer(world: World, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, io::Error> {
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let number = body["detail"]["n"].as_u64();
    let (script, mut work) = begin(&world, number, &body);
    sleep(Duration::from_millis(script.after_ms)).await;
    let Some(status) = script.status else {
        work.end = Some(CallEnd::Broken);
        return Err(io::Error::other("the script says so"));
    };
    work.end = Some(CallEnd::Answered(status));
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    if status == 429 {
        let seconds = hyper::header::HeaderValue::from_static("2");
        response.headers_mut().insert(hyper::header::RETRY_AFTER, seconds);
    }
    Ok(response)
}

fn begin(world: &World, number: Option<u64>, body: &Value) -> (Script, AtWork) {
    let mut known = world.lock();
    let call = known.judge.tally.calls;
    let script = Script::draw(&mut Dice::new(known.seed, STREAMS + call), number);
    known.trace.say(format_args!("target called with {number:?}: {script:?}"));
    let (now, life) = (now_ms(), known.life);
    let wrong = number.filter(|n| known.judge.content(*n) != body["detail"]);
    if let Some(number) = wrong {
        known.judge.broken(format!("changed: #{number} reached the target as {body}"));
    }
    let place = known.judge.calling(number, life, now);
    drop(known);
    (script, AtWork { world: world.clone(), place, began_ms: now, script, end: None })
}

/// The target at work on a call, also when whoever called it is gone.
struct AtWork {
    world: World,
    place: Option<CallPlace>,
    began_ms: u64,
    script: Script,
    end: Option<CallEnd>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut known = self.world.lock();
        let works_until = self.began_ms + self.script.after_ms.min(CALL_TIME_MS);
        // Where the caller's process has died nobody hangs up: the target works on to its end.
        let ended_ms = if known.is_dying { works_until } else { now_ms() };
        let end = self.end.unwrap_or(CallEnd::Broken);
        // In which order a runtime lets go of its tasks is nobody's business.
        if !known.is_dying {
            known.trace.say(format_args!("target ended {end:?} at {ended_ms} ms"));
        }
        if let Some(place) = self.place {
            known.judge.called(place, end, ended_ms);
        }
    }
}
