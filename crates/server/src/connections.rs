//! Connections of the door: accepted up to a limit, given up when they say nothing, closed in order at the end.
//!
//! A head that does not come to its end costs its sender nothing, so those have few places, and the oldest goes first: whoever
//! sends a request in one piece is served however many others dawdle. Where all places are taken, the connection that has been
//! idle for longest goes.

mod seats;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

pub(crate) use crate::connections::seats::ConnectionPermit;
use crate::connections::seats::{Row, Seat, Stage, WatchedStream};

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
    let (places, row) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Row::default());
    let mut refused = false;
    loop {
        // The semaphore is never closed.
        let Some(place) = place(&places, &row).await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                refused = false;
                let seat = row.seat(ConnectionPermit::new(place));
                tokio::spawn(serve_one(stream, routes.clone(), seat, closing.clone()));
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

/// A place for one more connection: the oldest idle one makes room.
async fn place(places: &Arc<Semaphore>, row: &Row) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    row.close_oldest_idle();
    Arc::clone(places).acquire_owned().await.ok()
}

/// Serves a connection to its end: its own, that of its seat, or, once `closing` has turned true, that of the request in flight.
async fn serve_one(stream: TcpStream, routes: Router, seat: Arc<Seat>, mut closing: watch::Receiver<bool>) {
    // Answers are small and wanted at once; a socket that cannot be told so still works.
    drop(stream.set_nodelay(true));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let routes = TowerToHyperService::new(routes);
    let served = Arc::clone(&seat);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let seat = Arc::clone(&served);
        seat.go(Stage::Busy);
        request.extensions_mut().insert(seat.place.clone());
        let answer = routes.call(request);
        async move {
            let answer = answer.await;
            // What is upgraded speaks no HTTP any more.
            if !answer.as_ref().is_ok_and(|answer| answer.status() == hyper::StatusCode::SWITCHING_PROTOCOLS)
            {
                seat.go(Stage::Idle);
            }
            answer
        }
    });
    let io = TokioIo::new(WatchedStream { stream, seat: Arc::clone(&seat) });
    // A WebSocket begins as a request.
    let mut connection = pin!(http.serve_connection(io, service).with_upgrades());
    let is_over = tokio::select! {
        // A connection that breaks is the caller's affair: the request was answered, or it was not.
        _ = connection.as_mut() => true,
        () = seat.is_taken() => true,
        () = closed(&mut closing) => false,
    };
    if !is_over {
        connection.as_mut().graceful_shutdown();
        drop(connection.await);
    }
    seat.go(Stage::Busy);
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // A sender that is gone closes as well.
    drop(closing.wait_for(|closing| *closing).await);
}
