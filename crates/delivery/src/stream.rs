//! Event streams' posts as debts, each posted to its address until it is answered with 2xx; and the handshake before the first.

use std::time::Duration;

use aws::trace::{Span, SpanKind, TraceContext, span_id};
use events::{HELD_FOR, Slots};
use genesys::platform::event_stream::owed::{CALL_TIME, Post, Settlement};
use genesys::platform::event_stream::{Header, Streams};
use http_client::{Client, Failure, FailureKind, Request, Response};
use queue::Arrival;
use serde_json::{Value, json};
use store::{Commit, Store};
use tokio::time::timeout;

use crate::debts::{CallTime, Debts, Label, Terms, Verdict};

/// How much of an answer is read: only a handshake's matters.
const KEPT_BYTES: usize = 4 << 10;
/// Posts leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;

/// What event streams owe.
#[derive(Clone, Debug)]
pub struct Posts {
    streams: Streams,
    client: Client,
}

/// What came of posting.
#[derive(Debug)]
pub enum PostOutcome {
    /// The address answered with 2xx.
    Accepted,
    /// It did not, for this reason.
    Failed(String),
    /// Our own guard does not let us call it.
    Held(String),
    /// It did not answer in time.
    CutOff,
}

impl Posts {
    /// The posts of these streams, sent by `client`.
    pub fn new(streams: Streams, client: Client) -> Self {
        Self { streams, client }
    }
}

impl Debts for Posts {
    type Debt = Post;
    type Outcome = PostOutcome;

    fn store(&self) -> &Store {
        self.streams.store()
    }

    fn arrival(&self) -> Arrival {
        self.streams.arrival()
    }

    fn next_due_at(&self) -> Option<aws::Timestamp> {
        self.streams.next_due_at()
    }

    fn lease(&self, commit: &mut Commit<'_>, mut slots: Slots) -> Vec<Post> {
        let (now, mut left) = (commit.now, LEASED_AT_ONCE_MAX);
        self.streams.due(commit, now, |stream| {
            let max = slots.available(stream, now).min(left);
            left -= max;
            (0..max).for_each(|_| slots.take(stream));
            max
        })
    }

    fn lease_next(&self, commit: &mut Commit<'_>, payee: &str) -> Option<Post> {
        let now = commit.now;
        self.streams.next_due_of(commit, payee, now)
    }

    fn renew(&self, commit: &mut Commit<'_>, post: &mut Post, _spare: Duration) -> bool {
        let now = commit.now;
        self.streams.renew_lease(commit, post, now)
    }

    fn terms(post: &Post) -> Terms {
        Terms { payee: post.stream_id.clone(), call_time: CALL_TIME, call_until: post.call_until }
    }

    fn label(post: &Post) -> Label {
        Label {
            delivery_id: post.id.clone(),
            target_arn: format!("stream/{}", post.stream_id),
            attempt: post.attempt,
            ..Label::default()
        }
    }

    async fn call(&self, post: &Post, time: Duration) -> PostOutcome {
        let target = Target { url: &post.url, headers: &post.headers };
        match timeout(time, send(&self.client, &target, &post.body)).await {
            Ok(Ok(answer)) if (200..300).contains(&answer.status) => PostOutcome::Accepted,
            Ok(Ok(answer)) => {
                PostOutcome::Failed(format!("the address answered with status {}, not 2xx", answer.status))
            }
            Ok(Err(failure)) if failure.kind == FailureKind::Refused => PostOutcome::Held(failure.text),
            Ok(Err(failure)) => PostOutcome::Failed(failure.text),
            Err(_) => PostOutcome::CutOff,
        }
    }

    fn span(post: &Post, posted: &PostOutcome, time: CallTime) -> Option<Span> {
        // Streams take derived events, which come with no trace of others: theirs is their id's.
        let event_id = post.event_id.as_deref()?;
        let number = post.attempt.to_string();
        let error = match posted {
            PostOutcome::Accepted => None,
            PostOutcome::Failed(reason) | PostOutcome::Held(reason) => Some(reason.clone()),
            PostOutcome::CutOff => Some("the address did not answer in time".to_owned()),
        };
        Some(Span {
            context: TraceContext::of_event(event_id, None).at(span_id(&["post", &post.id, &number])),
            parent: 0,
            name: "post to event stream".to_owned(),
            kind: SpanKind::Client,
            start: time.began,
            end: time.ended,
            attributes: vec![
                ("trunkline.event.id", event_id.into()),
                ("trunkline.stream.id", post.stream_id.as_str().into()),
                ("trunkline.attempt", post.attempt.into()),
            ],
            error,
        })
    }

    fn was_cut_off(posted: &PostOutcome) -> bool {
        matches!(posted, PostOutcome::CutOff)
    }

    fn is_held(posted: &PostOutcome) -> Option<&str> {
        match posted {
            PostOutcome::Held(reason) => Some(reason),
            PostOutcome::Accepted | PostOutcome::Failed(_) | PostOutcome::CutOff => None,
        }
    }

    fn settle(&self, commit: &mut Commit<'_>, post: Post, posted: PostOutcome) -> Verdict {
        let result = match posted {
            PostOutcome::Held(_) => {
                let until = commit.now.plus(HELD_FOR);
                self.streams.hold(commit, &post, until);
                return Verdict::Settled;
            }
            PostOutcome::Accepted => Ok(()),
            PostOutcome::Failed(reason) => Err(reason),
            PostOutcome::CutOff => {
                Err(format!("the address did not answer within {} s", CALL_TIME.as_secs()))
            }
        };
        match self.streams.settle(commit, &post, &result) {
            Settlement::Lost => Verdict::Lost { reason: result.err().unwrap_or_default() },
            _ => Verdict::Settled,
        }
    }
}

/// Where something is posted to.
struct Target<'t> {
    url: &'t str,
    headers: &'t [Header],
}

/// Makes sure that somebody is at an address who wants posts: it must answer `{"verification_token": "..."}` with the same.
///
/// # Errors
/// What came instead, in a sentence without a full stop.
pub async fn handshake(client: &Client, url: &str, headers: &[Header], token: &str) -> Result<(), String> {
    let wanted = json!({"verification_token": token});
    let answer = send(client, &Target { url, headers }, &wanted.to_string()).await;
    let answer = answer.map_err(|failure| failure.text)?;
    if !(200..300).contains(&answer.status) {
        return Err(format!(
            "the address answered the verification_token with status {}, not 2xx",
            answer.status
        ));
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(given) if given == wanted => Ok(()),
        Ok(_) => {
            Err("the address did not answer with the same verification_token and nothing else".to_owned())
        }
        Err(_) => Err("the address did not answer the verification_token with JSON".to_owned()),
    }
}

async fn send(client: &Client, target: &Target<'_>, body: &str) -> Result<Response, Failure> {
    let request = || {
        let mut request = Request::new("POST", target.url)?.header("content-type", "application/json")?;
        for header in target.headers {
            request = request.header(&header.name, &header.value)?;
        }
        Ok(request.body(body.to_owned()).keep(KEPT_BYTES))
    };
    client.send(request()?, CALL_TIME).await
}
