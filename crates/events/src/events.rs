//! The room itself: what it stands on, and what it keeps in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use ::queue::{Arrival, Queues};
use aws::trace::Spans;
use aws::{Error, Scope, Timestamp};
use store::{KeyRange, Read, Store, Tx};
use tokio::sync::{Notify, watch};

use crate::archives::archive::Archivers;
use crate::buses::bus::{BUSES, Bus, BusName};
use crate::buses::routing::{BusRoutes, Route, Routes};
use crate::buses::rule::{RULES, Rule, RuleName};
use crate::error;
use crate::limits::rate::Rates;
use crate::permissions::Gate;
use crate::target::queue::{self, QueueHook};
use crate::trip::books::Counts;
use crate::trip::delivery::DELIVERIES;
use crate::trip::pay_hook::PayHooks;

/// How long event records are kept: whichever ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How old a record grows.
    pub age_max: Duration,
    /// How much all records take, in bytes.
    pub size_bytes_max: u64,
}

impl Default for Retention {
    /// A day, or a GiB.
    fn default() -> Self {
        Self { age_max: Duration::from_secs(86_400), size_bytes_max: 1 << 30 }
    }
}

/// All event buses of a store. Clones share it.
#[derive(Clone, Debug)]
pub struct Events {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    store: Store,
    queues: Queues,
    retention: Retention,
    routes: Routes,
    pay_hooks: PayHooks,
    gate: Gate,
    archivers: Archivers,
    /// Changes of rules, buses and archives since the start.
    routing_version: AtomicU64,
    /// A replay was started or cancelled.
    replays_changed: Notify,
    /// A connection has come to need a token.
    connections_changed: Notify,
    /// The rates of API destinations.
    rates: Rates,
    /// Other accounts and regions that are served here.
    neighbours: Neighbours,
    /// Whether endpoints may be reached without TLS, where the guard lets them.
    plain_http: AtomicBool,
    /// Whether secrets are shown to callers: their signatures are verified.
    shows_secrets: AtomicBool,
    /// Where the spans of events' trips go, where they are wanted.
    spans: OnceLock<Spans>,
    /// The position of the newest event that is committed.
    newest: watch::Sender<u64>,
}

/// Whom an [`Events`] knows. Weak: neighbours know each other, and none may keep the others open.
#[derive(Debug, Default)]
pub(crate) struct Neighbours(pub(crate) OnceLock<Vec<Weak<Shared>>>);

/// Buses that are not kept open: for a room that these buses keep open themselves, by a hook.
#[derive(Clone, Debug)]
pub struct WeakEvents(Weak<Shared>);

impl WeakEvents {
    /// The buses, while somebody else keeps them open.
    pub fn get(&self) -> Option<Events> {
        Events::upgrade(&self.0)
    }
}

impl Events {
    /// The same buses, not kept open.
    pub fn weak(&self) -> WeakEvents {
        WeakEvents(self.downgrade())
    }

    /// The buses, rules and targets of `store`, compiled. Makes the default bus where it is missing. Blocks on the
    /// store; not for async code that has begun to serve.
    ///
    /// # Errors
    /// The store's.
    pub fn open(store: Store, queues: Queues, now: Timestamp) -> Result<Self, store::Error> {
        Self::open_with(store, queues, Retention::default(), now)
    }

    /// As [`Events::open`], keeping event records as long as said.
    ///
    /// # Errors
    /// The store's.
    pub fn open_with(
        store: Store,
        queues: Queues,
        retention: Retention,
        now: Timestamp,
    ) -> Result<Self, store::Error> {
        let shared = Shared {
            store,
            queues,
            retention,
            routes: Routes::default(),
            pay_hooks: PayHooks::default(),
            gate: Gate::default(),
            archivers: Archivers::default(),
            routing_version: AtomicU64::new(0),
            replays_changed: Notify::new(),
            connections_changed: Notify::new(),
            rates: Rates::default(),
            neighbours: Neighbours::default(),
            plain_http: AtomicBool::new(false),
            shows_secrets: AtomicBool::new(false),
            spans: OnceLock::new(),
            newest: watch::Sender::new(0),
        };
        let events = Self { shared: Arc::new(shared) };
        events.register(&queue::KIND, Arc::new(QueueHook(events.queues().clone())));
        let made = events.clone();
        let default_bus = |e| e;
        events
            .store()
            // It is there already at every start but the first, and a full disk must not keep a server from starting.
            .write_reserved(default_bus, move |tx| {
                made.ensure_bus(tx, &BusName::default_bus(), now);
                Ok(())
            })
            .wait()?;
        events.store().read(|read| {
            events.load_routes(read);
            events.load_archives(read);
        })?;
        Ok(events)
    }

    pub(crate) fn neighbours(&self) -> &Neighbours {
        &self.shared.neighbours
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(crate) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.shared)
    }

    pub(crate) fn upgrade(shared: &Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(|shared| Self { shared })
    }

    /// Makes a bus where it is missing.
    pub fn ensure_bus(&self, tx: &mut Tx<'_>, bus: &BusName, now: Timestamp) {
        let key = bus.as_str().to_owned();
        if !tx.contains(&BUSES, &key) {
            tx.put(&BUSES, &key, &Bus::new(bus.clone(), now));
            self.route_bus(tx, bus);
        }
    }

    /// The books as they stand.
    pub fn counts(&self, read: &mut impl Read) -> Counts {
        Counts::read(read)
    }

    /// Holds the position of the newest committed event, and changes with it: what a live tail waits for before it asks
    /// [`Events::events_after`]. 0 until the first event since the start.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.newest.subscribe()
    }

    /// Completes when a delivery has come to be owed or has changed its time. To be asked for before the look
    /// ([`Events::due`]) whose failure it follows.
    pub fn arrival(&self) -> Arrival {
        self.queues().arrival_of_kind(DELIVERIES)
    }

    /// The store it is in.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The queues in which what is owed waits.
    pub fn queues(&self) -> &Queues {
        &self.shared.queues
    }

    /// The account and region that the buses are in.
    pub fn scope(&self) -> &Scope {
        self.store().scope()
    }

    /// Twelve digits.
    pub fn account(&self) -> &str {
        &self.scope().account
    }

    /// For example `us-east-1`.
    pub fn region(&self) -> &str {
        &self.scope().region
    }

    /// How long event records are kept.
    pub fn retention(&self) -> Retention {
        self.shared.retention
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.shared.routes
    }

    pub(crate) fn pay_hooks(&self) -> &PayHooks {
        &self.shared.pay_hooks
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    pub(crate) fn archivers(&self) -> &Archivers {
        &self.shared.archivers
    }

    /// Changes with every change of rules, buses and archives, within the commit that makes it: what was matched holds in a
    /// transaction as long as this is what it was before.
    pub fn routing_version(&self) -> u64 {
        self.shared.routing_version.load(Ordering::Acquire)
    }

    pub(crate) fn note_routing_change(&self) {
        self.shared.routing_version.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn replays_changed(&self) -> &Notify {
        &self.shared.replays_changed
    }

    pub(crate) fn connections_signal(&self) -> &Notify {
        &self.shared.connections_changed
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.shared.rates
    }

    /// Lets endpoints of API destinations and authorization servers begin with `http://` from now on. Whether one is
    /// reached is another question: whoever calls out asks its own guard.
    pub fn allow_plain_http(&self) {
        self.shared.plain_http.store(true, Ordering::Relaxed);
    }

    /// Lets GetSecretValue answer from now on: whoever calls has been verified before.
    pub fn show_secrets(&self) {
        self.shared.shows_secrets.store(true, Ordering::Relaxed);
    }

    pub(crate) fn shows_secrets(&self) -> bool {
        self.shared.shows_secrets.load(Ordering::Relaxed)
    }

    pub(crate) fn has_plain_http(&self) -> bool {
        self.shared.plain_http.load(Ordering::Relaxed)
    }

    /// Makes spans of every event's trip from now on.
    pub fn trace_to(&self, spans: Spans) {
        // A second wish is the first one again.
        drop(self.shared.spans.set(spans));
    }

    /// Where spans go; `None`: they are not wanted.
    pub fn spans(&self) -> Option<&Spans> {
        self.shared.spans.get()
    }

    pub(crate) fn announce(&self, position: u64) {
        self.shared.newest.send_if_modified(|newest| {
            let later = position > *newest;
            *newest = position.max(*newest);
            later
        });
    }

    /// Whether there is such a bus.
    pub fn has_bus(read: &mut impl Read, bus: &BusName) -> bool {
        read.contains(&BUSES, &bus.as_str().to_owned())
    }

    /// The bus's record.
    pub(crate) fn bus(read: &mut impl Read, bus: &BusName) -> Result<Bus, Error> {
        read.get(&BUSES, &bus.as_str().to_owned()).ok_or_else(|| error::bus_not_found(bus))
    }
}

impl Events {
    /// After this commit, the snapshot has the bus.
    pub(crate) fn route_bus(&self, tx: &mut Tx<'_>, bus: &BusName) {
        let (events, bus) = (self.clone(), bus.clone());
        tx.after_commit(move || {
            events.routes().change(|buses| {
                buses.entry(bus).or_default();
            });
            events.note_routing_change();
        });
    }

    /// After this commit, the snapshot no longer has the bus.
    pub(crate) fn unroute_bus(&self, tx: &mut Tx<'_>, bus: &BusName) {
        let (events, bus) = (self.clone(), bus.clone());
        tx.after_commit(move || {
            events.routes().change(|buses| {
                buses.remove(&bus);
            });
            events.note_routing_change();
        });
    }

    /// After this commit, the snapshot has the rule as this transaction sees it.
    pub(crate) fn route_rule(&self, tx: &mut Tx<'_>, bus: &BusName, rule: &RuleName) {
        Self::note_version(tx, bus, rule);
        let route =
            tx.get(&RULES, &Rule::key(bus, rule)).and_then(|record| Route::of(tx, &record, self.scope()));
        let (events, bus, rule) = (self.clone(), bus.clone(), rule.clone());
        tx.after_commit(move || {
            if let Some(routes) = events.routes().of_bus(&bus) {
                routes.set(&rule, route);
            }
            events.note_routing_change();
        });
    }

    /// Fills the snapshot from what is stored.
    pub(crate) fn load_routes(&self, read: &mut impl Read) {
        let mut buses = HashMap::new();
        for (_, bus) in read.list(&BUSES, &KeyRange::all(), usize::MAX) {
            let prefix = KeyRange::prefix(&bus.name.as_str().to_owned());
            let rules = read.list(&RULES, &prefix, usize::MAX);
            let routes = rules.iter().filter_map(|(_, rule)| Route::of(read, rule, self.scope())).collect();
            buses.insert(bus.name, Arc::new(BusRoutes::of(routes)));
        }
        self.routes().change(|all| all.extend(buses));
    }
}
