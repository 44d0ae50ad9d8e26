//! The loop that fetches the first token of each connection that needs one, so that it is known whether it can be used.

use std::time::Duration;

use aws::Timestamp;
use events::{Connection, Events};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::tokens::{NoToken, Tokens};

/// A connection whose authorization server did not answer is tried again after so long.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// The longest pause, should a signal be missed.
const PAUSE: Duration = Duration::from_secs(60);

/// Runs until `closing` turns true.
pub(crate) async fn run(
    events: Events,
    tokens: Tokens,
    now: fn() -> Timestamp,
    mut closing: watch::Receiver<bool>,
) {
    while !*closing.borrow() {
        let changed = events.connections_changed();
        let waiting = events.store().read(|read| events.connections_to_authorize(read)).unwrap_or_default();
        // All at once: an authorization server that hangs holds up nobody else.
        let mut asked = JoinSet::new();
        for connection in waiting {
            let (events, tokens) = (events.clone(), tokens.clone());
            asked.spawn(async move { authorize(&events, &tokens, now, &connection).await });
        }
        let all_known = asked.join_all().await.into_iter().all(|is_known| is_known);
        let pause = if all_known { PAUSE } else { AFTER_FAILURE };
        tokio::select! {
            biased;
            () = changed => {}
            () = sleep(pause) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }
}

/// Asks for a connection's token and notes what came of it. `false`: nothing is known yet.
async fn authorize(
    events: &Events,
    tokens: &Tokens,
    now: fn() -> Timestamp,
    connection: &Connection,
) -> bool {
    let Some(call) = connection.token_call() else { return true };
    let outcome = match tokens.header(&call, now).await {
        Ok(_) => Ok(()),
        Err(NoToken::Refused(reason)) => Err(reason),
        Err(NoToken::Failed(reason) | NoToken::Held(reason)) => {
            tracing::warn!(connection = connection.name, reason, "no token yet; it is asked for again");
            return false;
        }
    };
    settle(events, &connection.name, connection.generation, outcome, now()).await;
    true
}

/// Notes what came of asking for a connection's token.
pub(crate) async fn settle(
    events: &Events,
    name: &str,
    generation: u64,
    outcome: Result<(), String>,
    now: Timestamp,
) {
    if let Err(reason) = &outcome {
        tracing::warn!(connection = name, reason, "the connection is deauthorized");
    }
    let key = name.to_owned();
    let job = events.store().write_reserved(
        |error| error,
        move |tx| {
            Events::settle_authorization(tx, &key, generation, outcome, now);
            Ok(())
        },
    );
    if let Err(error) = job.await {
        tracing::error!(%error, connection = name, "a connection's state could not be noted");
    }
}
