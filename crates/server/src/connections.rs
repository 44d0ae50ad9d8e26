//! Connections of the door: accepted up to a limit, given up when they say nothing, closed in order at the end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

/// Connections open at a time; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 4_096;
/// So long a connection may take to send a request's head, or say nothing between two requests.
const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// After the system refused a connection (no file handle is free, say), the next is tried after so long.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);
/// So long requests in flight may take when the door closes.
const CLOSING_TIME: Duration = Duration::from_secs(4);

/// Serves `routes` until `closing` turns true, and then what is in flight.
pub(crate) async fn serve(listener: TcpListener, routes: Router, mut closing: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut refused = false;
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                refused = false;
                let connection = until_closed(connection(stream, routes.clone()), closing.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                if !refused {
                    tracing::warn!(%error, "the system refuses connections");
                }
                refused = true;
                sleep(AFTER_REFUSAL).await;
            }
        }
    }
    drop(listener);
    // Every place given back: nothing is in flight any more.
    let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    if timeout(CLOSING_TIME, places.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests were cut off at the end");
    }
}

/// Serves a connection to its end, which comes after the request in flight once `closing` has turned true.
async fn until_closed(connection: Connection, mut closing: watch::Receiver<bool>) {
    let mut connection = pin!(connection);
    tokio::select! {
        // A connection that breaks is the caller's affair: the request was answered, or it was not.
        _ = connection.as_mut() => return,
        () = closed(&mut closing) => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(connection.await);
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // A sender that is gone closes as well.
    drop(closing.wait_for(|closing| *closing).await);
}

type Connection = http1::UpgradeableConnection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, routes: Router) -> Connection {
    // Answers are small and wanted at once; a socket that cannot be told so still works.
    drop(stream.set_nodelay(true));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    // A WebSocket begins as a request.
    http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)).with_upgrades()
}
