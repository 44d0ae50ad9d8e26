//! A server without sockets and threads: for a simulation, which brings its own disk, network, clock and random source.
//!
//! It has the rooms, the door's whole router and the loops of every component but those that need the machine: functions are
//! processes, and tables are a file of an engine that is not ours.

use std::convert::Infallible;
use std::fmt;

use aws::Clock;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_client::Client;
use store::{Options, Store};
use tokio::sync::watch;
use tower_service::Service as _;

use crate::clock;
use crate::component::Loop;
use crate::config::{Config, StartError};
use crate::door::router;
use crate::rooms::Rooms;
use crate::scopes::Scopes;
use crate::server::own_credentials;
use crate::works::Works;

/// What a server has of the world around it.
#[derive(Debug)]
pub struct Surroundings {
    /// On a disk of the caller's.
    pub store: Store,
    /// The way out.
    pub client: Client,
}

/// A server without sockets.
pub struct Indoors {
    router: Router,
    loops: Vec<Loop>,
    close: watch::Sender<bool>,
    rooms: Rooms,
}

impl fmt::Debug for Indoors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indoors").field("loops", &self.loops.len()).finish_non_exhaustive()
    }
}

impl Indoors {
    /// Puts a clock and a source of identifiers in the place of the machine's, for all that this thread opens and runs.
    pub fn set_clock(clock: Clock) {
        clock::stand_in(clock);
    }

    /// How the store of such a server is opened.
    pub fn store_options(config: &Config) -> Options {
        Rooms::options(config)
    }

    /// Opens the rooms. Waits for the store, so not inside a runtime.
    ///
    /// # Errors
    /// [`StartError`]: what is stored, or the folders of what is not simulated.
    pub fn open(config: &Config, surroundings: Surroundings) -> Result<Self, StartError> {
        let Surroundings { store, client } = surroundings;
        let stopped = store.stopped();
        let scopes = Scopes::beside(Rooms::open_in(store, config)?, config)?;
        let rooms = scopes.home().clone();
        let (close, closing) = watch::channel(false);
        let works = Works::new(scopes, client, config, closing);
        let door = works.door(config.listen, &own_credentials(), stopped);
        let loops = works.loops(|component| !component.needs_the_machine());
        Ok(Self { router: router(door), loops, close, rooms })
    }

    /// The open rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// What goes on beside the door, to be run until [`Indoors::close`]; given once.
    pub fn take_loops(&mut self) -> Vec<Loop> {
        std::mem::take(&mut self.loops)
    }

    /// The door, which answers requests.
    pub fn door(&self) -> IndoorsDoor {
        IndoorsDoor(self.router.clone())
    }

    /// Lets the loops end.
    pub fn close(&self) {
        self.close.send_replace(true);
    }
}

/// The door of a server without sockets. Clones are the same door.
#[derive(Clone, Debug)]
pub struct IndoorsDoor(Router);

impl IndoorsDoor {
    /// Answers a request, as it would have come over a socket.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        let answered: Result<Response, Infallible> = self.0.clone().call(request).await;
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
