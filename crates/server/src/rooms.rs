//! The open rooms: the store, and what stands on it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws::Scope;
use delivery::{FunctionHook, MachineHook, give_back};
use events::target::function;
use events::target::log_group::{self, LogGroupHook};
use events::target::state_machine;
use events::{BusName, Events};
use genesys::platform::event_stream::Streams;
use genesys::platform::subscription::Subscriptions;
use genesys::tracker::intake::Intake;
use iam::Iam;
use logs::Logs;
use queue::Queues;
use states::{Hands, States};
use store::{Options, Read as _, Store};
use tables::{LongRead, Tables, Watch};

use crate::clock::{self, Resumption};
use crate::config::{ClockJump, Config, StartError};
use crate::functions::Workshop;
use crate::series::waiting::Waiting;

/// The open rooms, for what runs beside the door: loops, the built-in worker, the feed.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// The store.
    pub store: Store,
    /// Queues.
    pub queues: Queues,
    /// Event buses and rules.
    pub events: Events,
    /// DynamoDB tables.
    pub tables: Tables,
    /// Roles and policies.
    pub iam: Iam,
    /// Log groups.
    pub logs: Logs,
    /// Functions, and what runs them.
    pub(crate) workshop: Workshop,
    /// State machines.
    pub states: States,
    /// Event subscriptions.
    pub subscriptions: Subscriptions,
    /// Event streams.
    pub streams: Streams,
    /// The way in of the real org's feed and the bus of what it derives, from when one runs on: it wakes the timers of
    /// conversations.
    pub(crate) feed: Arc<OnceLock<(Intake, BusName)>>,
    /// What the org's queues, users and wrap-up codes are called, by id, from when a feed runs that knows.
    pub(crate) names: Arc<OnceLock<HashMap<String, String>>>,
    /// What was counted in minutes that are not stored yet.
    pub(crate) series: Waiting,
}

impl Rooms {
    /// Opens the data folder. Blocks on the store.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        let store = Store::open(&config.data_dir, &Self::options(config)).map_err(StartError::Store)?;
        if store.is_open_to_others() {
            tracing::warn!(
                folder = %config.data_dir.display(),
                "others than its owner may look into the data folder; its files are the owner's alone, and `chmod 700` closes the folder"
            );
        }
        Self::open_in(store, config)
    }

    /// How the store is opened.
    pub(crate) fn options(config: &Config) -> Options {
        Options {
            home: Scope::new(&config.account, &config.region),
            disk_reserve_bytes: config.disk_reserve_bytes,
            secret_key: config.secret_key.clone(),
            on_damage: |error| tracing::error!(%error, "a damaged record was passed over, and what it held is lost"),
            on_dropped_commit: || {
                tracing::warn!(
                    "the last commit was not whole and is left out: it was not acknowledged yet when the process ended, or the disk has lost what it had said was safe"
                );
            },
            ..Options::default()
        }
    }

    /// The rooms on an open store. Blocks on it.
    pub(crate) fn open_in(store: Store, config: &Config) -> Result<Self, StartError> {
        let queues = Queues::open(store.clone()).map_err(StartError::Stored)?;
        queues.set_waiting_times(config.waiting_times);
        resume_clock(&queues, config)?;
        let iam = Iam::new(store);
        Self::open_on(queues, iam, config)
    }

    /// Opens the rooms of another account or region beside these.
    pub(crate) fn open_beside(&self, scope: &Scope, config: &Config) -> Result<Self, StartError> {
        let queues = self.queues.in_scope(scope).map_err(StartError::Stored)?;
        clock::not_before(queues.newest());
        if self.queues.keeps_expired(clock::now()) {
            queues.keep_expired_until(clock::now().plus(GRACE));
        }
        // IAM knows no regions: its records are under their account, all of them in the home scope.
        Self::open_on(queues, self.iam.clone(), config)
    }

    fn open_on(queues: Queues, iam: Iam, config: &Config) -> Result<Self, StartError> {
        let store = queues.store().clone();
        let scope = store.scope().clone();
        let events = Events::open_with(store.clone(), queues.clone(), config.event_retention, clock::now())
            .map_err(StartError::Stored)?;
        let logs = Logs::new(store.clone(), scope.clone());
        events.register(&log_group::KIND, Arc::new(LogGroupHook(logs.clone())));
        let file = tables_file(&scope, config);
        // SQLite gives its files beside it the same mode. Where it cannot be made, opening it says why.
        drop(store::keep_private(&file));
        let tables = Tables::open(&file, scope.clone()).map_err(StartError::Tables)?;
        tables.watch(Watch { now: clock::since_start, tell: tell_long_read });
        let subscriptions = Subscriptions::open(queues.clone(), scope).map_err(StartError::Stored)?;
        let streams = Streams::open(queues.clone()).map_err(StartError::Stored)?;
        let workshop =
            Workshop::open(config, queues.clone(), (&events, iam.clone())).map_err(StartError::Functions)?;
        events.register(&function::KIND, Arc::new(FunctionHook(workshop.functions.clone())));
        // The buses keep the room of executions open, by its hook; it does not keep them.
        let (bus, listened, letters) = (events.weak(), events.weak(), events.weak());
        let hands = Hands {
            emit: Arc::new(move |commit, event| {
                if let Some(bus) = bus.get() {
                    bus.emit(commit, event);
                }
            }),
            hears: Arc::new(move || listened.get().is_some_and(|bus| bus.hears_emitted())),
            give_back: Arc::new(move |commit, debt, error| {
                if let Some(bus) = letters.get() {
                    give_back(&bus, commit, debt, error);
                }
            }),
        };
        let states = States::open(queues.clone(), logs.clone(), hands).map_err(StartError::Stored)?;
        events.register(&state_machine::KIND, Arc::new(MachineHook(states.clone())));
        Ok(Self {
            store,
            queues,
            events,
            states,
            logs,
            workshop,
            iam,
            tables,
            subscriptions,
            streams,
            feed: Arc::default(),
            names: Arc::default(),
            series: Waiting::default(),
        })
    }
}

/// So long nothing is dropped for its age after a start that is more than a day after the last.
const GRACE: Duration = Duration::from_secs(3_600);

/// Lets the clock go on where these queues were left. After a start that may be at a wrong time nothing ends by its age for an
/// hour, in which somebody can stop it.
fn resume_clock(queues: &Queues, config: &Config) -> Result<(), StartError> {
    let kept = queues.store().read(|read| read.get(&clock::CLOCK, &())).map_err(StartError::Stored)?;
    match clock::resume(kept, queues.newest()) {
        Resumption::Usual => {}
        Resumption::Back { behind_ms } => tracing::warn!(
            behind_ms,
            "the machine's clock is behind what is stored; time goes on from the newest stored moment"
        ),
        Resumption::Ahead { passed_ms } => {
            let days = passed_ms / 86_400_000;
            if config.clock_jump == ClockJump::Refuse {
                return Err(StartError::ClockJump { days });
            }
            tracing::warn!(
                days,
                "so long nothing was stored: nobody ran, or the machine's clock is wrong. For an hour nothing is swept or expires: messages past their retention, deliveries past their age, events and attempts past theirs. Stop before that if the clock is wrong; --clock-jump refuse stops every such start"
            );
            queues.keep_expired_until(clock::now().plus(GRACE));
            clock::keep_quiet(clock::now().plus(GRACE));
        }
    }
    Ok(())
}

/// Where the tables of an account and region are: the home scope's file has no name of its own, as its records have none.
fn tables_file(scope: &Scope, config: &Config) -> PathBuf {
    let is_home = *scope.account == *config.account && *scope.region == *config.region;
    let name = if is_home {
        "tables.sqlite".to_owned()
    } else {
        format!("tables-{}-{}.sqlite", scope.account, scope.region)
    };
    config.data_dir.join(name)
}

/// Says that a read of tables took long.
fn tell_long_read(read: &LongRead) {
    let LongRead { operation, took, others } = read;
    tracing::warn!(
        ms = took.as_millis(),
        others,
        "a {operation} took long, and what else is asked of these tables waits meanwhile: a smaller Limit, or a Query in place of a Scan, lets \
         others in between; said once a minute"
    );
}
