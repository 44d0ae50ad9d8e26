//! A running server: the store, the rooms above it, the loops, the door.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use events::BusName;
use genesys_org::platform::Platform;
use http_client::Client;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::clock;
use crate::config::{Config, Credentials, OpenWebhook, StartError};
use crate::connections;
use crate::door::auth::Auth;
use crate::door::console::Console;
use crate::door::router;
use crate::feed::{RunningFeed, SimulatedFeed};
use crate::listen::{self, NotificationsFeed, PartnerQueueFeed};
use crate::port_user::port_user;
use crate::rooms::Rooms;
use crate::scopes::Scopes;
use crate::ticking::ticking;
use crate::traces;
use crate::worker::{Worker, WorkerMessage};
use crate::works::Works;

/// So long the door waits for requests in flight when it closes.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// A running server. Ends through [`Server::until_stopped`].
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    own: aws::sigv4::Credentials,
    config: Config,
    rooms: Rooms,
    platform: Platform,
    console: Arc<Console>,
    stopped: watch::Receiver<Option<String>>,
    close: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// A server's door, and what this process calls it with.
#[derive(Clone, Debug)]
pub struct OwnDoor {
    /// Where it is.
    pub address: SocketAddr,
    /// Good at this door alone, until the server ends.
    pub credentials: aws::sigv4::Credentials,
}

/// Why a server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It was asked to.
    Requested,
    /// A sync failed; nothing was acknowledged after it (contract C8).
    StoreStopped {
        /// The system's words.
        cause: String,
    },
}

impl Server {
    /// Opens the data folder and the door, and starts the loops.
    ///
    /// # Errors
    /// [`StartError`]: the folder, the address, or what is stored.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let is_open = config.credentials == Credentials::AnyOnLoopback && matches!(config.auth, Auth::Any);
        if is_open && !config.listen.ip().is_loopback() {
            return Err(StartError::Unprotected { address: config.listen });
        }
        let client = Client::new(config.calls_out.clone()).map_err(|why| StartError::Authorities { why })?;
        // The address first: somebody who starts a second Trunkline in one folder should hear of the port or of the
        // folder, and the port is what the first one printed.
        let listener = listen(config.listen).await?;
        let address =
            listener.local_addr().map_err(|source| StartError::Listen { address: config.listen, source })?;
        // Functions call the door where it is really open.
        let own = own_credentials();
        let opened = Config { listen: address, own: Some(own.clone()), ..config.clone() };
        // Opening reads the store and waits for its first commit: work for a thread that may block.
        let scopes = tokio::task::spawn_blocking(move || Scopes::open(&opened)).await;
        let scopes = scopes.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let rooms = scopes.home().clone();
        ensure_buses(&rooms, &config.webhooks).await.map_err(StartError::Stored)?;
        let stopped = stopped_of(&scopes);
        let (close, closing) = watch::channel(false);
        let exporter = traces::prepare(&config, &scopes)?;
        let spans = exporter.as_ref().map(|exporter| exporter.spans().clone());
        let works = Works::new(scopes, client, &config, closing.clone()).with_spans(spans);
        let door = works.door(address, &own, stopped.clone());
        let (platform, console) = (door.platform.clone(), Arc::clone(&door.console));
        let loops = works.loops(|_| true).into_iter().map(tokio::spawn);
        let mut tasks = vec![tokio::spawn(connections::serve(listener, router(door), closing.clone()))];
        tasks.extend(loops);
        tasks.extend(exporter.map(|exporter| tokio::spawn(exporter.run(closing))));
        Ok(Self { address, own, config, rooms, platform, console, stopped, close, tasks })
    }

    /// Where the door is open.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The door as this process calls it.
    pub fn own_door(&self) -> OwnDoor {
        OwnDoor { address: self.address, credentials: self.own.clone() }
    }

    /// The address of the console, with the key that signs a browser in where others than this machine can reach it.
    pub fn console_address(&self) -> String {
        format!("http://{}{}", self.address, self.console.path())
    }

    /// The open rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The Genesys side of the door.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Starts the feed of a simulated org; it goes on where it was in this data folder.
    ///
    /// # Errors
    /// The store's.
    pub async fn start_feed(&mut self, feed: SimulatedFeed) -> Result<(), store::Error> {
        let running = RunningFeed::prepare(feed, self.rooms.clone(), &self.platform).await?;
        self.tasks.push(tokio::spawn(ticking(running, self.close.subscribe())));
        Ok(())
    }

    /// Starts listening to a real org.
    ///
    /// # Errors
    /// The store's.
    pub async fn start_listening(&mut self, feed: NotificationsFeed) -> Result<(), store::Error> {
        let closing = self.close.subscribe();
        let listening = listen::notifications::start(feed, self.rooms.clone(), closing.clone()).await?;
        self.tasks.push(tokio::spawn(ticking(listening, closing)));
        Ok(())
    }

    /// Starts reading the queue that a rule on an org's partner bus fills.
    ///
    /// # Errors
    /// The store's.
    pub async fn start_reading(&mut self, feed: PartnerQueueFeed) -> Result<(), store::Error> {
        let closing = self.close.subscribe();
        let listening = listen::partner_queue::start(feed, self.rooms.clone(), closing.clone()).await?;
        self.tasks.push(tokio::spawn(ticking(listening, closing)));
        Ok(())
    }

    /// The time and identifiers as this server reads them, for a client of a real org.
    pub fn surroundings() -> genesys::client::Environment {
        genesys::client::Environment { now: clock::now, ids: clock::ids }
    }

    /// Starts a built-in worker on an SQS queue; what it takes is sent to `shown`, and deleted after that.
    pub fn start_worker(&mut self, queue: &str, shown: mpsc::Sender<WorkerMessage>) {
        let worker = Worker {
            rooms: self.rooms.clone(),
            account: self.config.account.clone(),
            region: self.config.region.clone(),
            queue: queue.to_owned(),
            shown,
        };
        self.tasks.push(tokio::spawn(worker.run(self.close.subscribe())));
    }

    /// Runs until `asked` completes or a sync fails, then closes the door, waits for what is in flight and ends.
    pub async fn until_stopped(mut self, asked: impl Future<Output = ()>) -> StopReason {
        let ended = tokio::select! {
            () = asked => StopReason::Requested,
            cause = stopped(&mut self.stopped) => StopReason::StoreStopped { cause },
        };
        self.close.send_replace(true);
        for task in self.tasks {
            // A task that does not end in time, or that panicked, must not keep the process alive.
            drop(tokio::time::timeout(CLOSING_TIME, task).await);
        }
        ended
    }
}

/// What our own functions and our own pipeline file call us with.
pub(crate) fn own_credentials() -> aws::sigv4::Credentials {
    let secret = || aws::secret::Secret::new(clock::secret());
    aws::sigv4::Credentials {
        access_key_id: "TRUNKLINEFUNCTION".to_owned(),
        secret_access_key: secret(),
        session_token: Some(secret()),
    }
}

/// Turns to the cause when the store or a file of tables stops: after that nothing is acknowledged.
fn stopped_of(scopes: &Scopes) -> watch::Receiver<Option<String>> {
    let (stop, any) = watch::channel(None);
    let tables = scopes.all().map(|served| served.rooms.tables.stopped());
    for mut one in std::iter::once(scopes.home().store.stopped()).chain(tables) {
        let stop = stop.clone();
        tokio::spawn(async move { stop.send_replace(Some(stopped(&mut one).await)) });
    }
    any
}

async fn stopped(store: &mut watch::Receiver<Option<String>>) -> String {
    match store.wait_for(Option::is_some).await {
        Ok(cause) => cause.clone().unwrap_or_default(),
        // The writer thread is gone without a word: a panic there.
        Err(_) => "the writer ended unexpectedly".to_owned(),
    }
}

/// Makes the buses of the webhooks where they are missing.
async fn ensure_buses(rooms: &Rooms, webhooks: &[OpenWebhook]) -> Result<(), store::Error> {
    let buses: Vec<BusName> = webhooks.iter().map(|webhook| webhook.bus.clone()).collect();
    if buses.is_empty() {
        return Ok(());
    }
    let (events, now) = (rooms.events.clone(), clock::now());
    // Only moves what is there once the buses exist, so it may use the disk's reserve: on a full disk the rest still starts.
    let made = rooms.store.write_reserved(
        |error| error,
        move |tx| {
            buses.iter().for_each(|bus| events.ensure_bus(tx, bus, now));
            Ok(())
        },
    );
    made.await
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::AddressInUse { address, user: port_user(address) },
        _ => StartError::Listen { address, source },
    })
}
