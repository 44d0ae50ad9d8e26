//! Connections of the door: accepted up to a limit, given up when they say nothing, closed in order at the end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
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
    let in_flight = GracefulShutdown::new();
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
                let connection = in_flight.watch(connection(stream, routes.clone()));
                tokio::spawn(async move {
                    // A connection that breaks is the caller's affair: the request was answered, or it was not.
                    drop(connection.await);
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
    if timeout(CLOSING_TIME, in_flight.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off at the end");
    }
}

type Connection = http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, routes: Router) -> Connection {
    // Answers are small and wanted at once; a socket that cannot be told so still works.
    drop(stream.set_nodelay(true));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
}
