//! Carries what event streams owe: each post to its address, tried again until it is answered with 2xx.

use std::time::Duration;

use genesys::platform::event_stream::owed::{Post, Settlement};
use genesys::platform::event_stream::{Header, Streams};
use http_client::{Answer, Client, Request};
use serde_json::{Value, json};
use store::Commit;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::porter::Surroundings;

/// Posts under way at a time, over all streams.
const UNDER_WAY_MAX: usize = 200;
/// So long an address may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// What of an answer is read: only a handshake's matters.
const KEPT_BYTES: usize = 4 << 10;
/// The shortest pause between two looks that find nothing, where what is due waits for a permit.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause, should a signal be missed.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Carries what event streams owe.
#[derive(Clone, Debug)]
pub struct StreamPorter {
    streams: Streams,
    client: Client,
    surroundings: Surroundings,
}

impl StreamPorter {
    /// A porter for these streams.
    pub fn new(streams: Streams, client: Client, surroundings: Surroundings) -> Self {
        Self { streams, client, surroundings }
    }

    /// Runs until `closing` turns true, then lets what is under way end.
    pub async fn run(self, mut closing: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*closing.borrow() {
            while under_way.try_join_next().is_some() {}
            // Asked for before the look, so that what comes between the two is not missed.
            let arrival = self.streams.arrival();
            let posts = self.take_due(UNDER_WAY_MAX.saturating_sub(under_way.len())).await;
            let found = !posts.is_empty();
            for post in posts {
                under_way.spawn(self.clone().carry(post));
            }
            if found && under_way.len() < UNDER_WAY_MAX {
                continue;
            }
            tokio::select! {
                () = arrival => {}
                // A post that ended has given its permit back.
                Some(_) = under_way.join_next() => {}
                () = sleep(self.pause()) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    fn pause(&self) -> Duration {
        let now = (self.surroundings.now)();
        self.streams.next_due_at().map_or(PAUSE_MAX, |at| at.since(now).clamp(PAUSE_MIN, PAUSE_MAX))
    }

    /// Leases what has fallen due. Costs nothing where nothing has.
    async fn take_due(&self, max: usize) -> Vec<Post> {
        let now = (self.surroundings.now)();
        if max == 0 || self.streams.next_due_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let streams = self.streams.clone();
        let lease =
            self.streams.store().write_reserved(|error| error, move |tx| Ok(streams.due(tx, now, max)));
        lease.await.unwrap_or_else(|error| {
            tracing::error!(%error, "could not take what event streams owe");
            Vec::new()
        })
    }

    /// One attempt, and its settlement.
    async fn carry(self, post: Post) {
        let result = send(&self.client, (&post.url, &post.headers), &post.body).await.and_then(|answer| {
            let told = format!("the address answered with status {}, not 2xx", answer.status);
            if (200..300).contains(&answer.status) { Ok(()) } else { Err(told) }
        });
        let (id, stream) = (post.id.clone(), post.stream_id.clone());
        let (now, ids, streams) =
            ((self.surroundings.now)(), (self.surroundings.ids)(), self.streams.clone());
        let settled = self.streams.store().write_reserved(
            |error| error,
            move |tx| Ok(streams.settle(&mut Commit::new(tx, now, &ids), &post, &result)),
        );
        match settled.await {
            Ok(Settlement::Lost) => {
                tracing::warn!(id, stream, "a post was given up and there is no dead-letter queue to keep it")
            }
            Ok(_) => {}
            // The lease ends by itself and the post is carried again.
            Err(error) => tracing::error!(%error, id, stream, "an attempt could not be settled"),
        }
    }
}

/// Makes sure that somebody is at an address who wants posts: it must answer `{"verification_token": "..."}` with the same.
///
/// # Errors
/// What came instead, in a sentence without a full stop.
pub async fn handshake(client: &Client, url: &str, headers: &[Header], token: &str) -> Result<(), String> {
    let wanted = json!({"verification_token": token});
    let answer = send(client, (url, headers), &wanted.to_string()).await?;
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

async fn send(client: &Client, (url, headers): (&str, &[Header]), body: &str) -> Result<Answer, String> {
    let request = || {
        let mut request = Request::new("POST", url)?.header("content-type", "application/json")?;
        for header in headers {
            request = request.header(&header.name, &header.value)?;
        }
        Ok(request.body(body.to_owned()).keep(KEPT_BYTES))
    };
    let request = request().map_err(|failure: http_client::Failure| failure.text)?;
    client.send(request, DEADLINE).await.map_err(|failure| failure.text)
}
