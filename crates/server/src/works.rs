//! All of a server but its sockets: the open rooms, the door, the loops.

use std::net::SocketAddr;
use std::sync::Arc;

use aws::trace::Spans;
use delivery::{Answers, DiskFolders, Invokers, Porter, Runs, Waiters};
use genesys_org::platform::Platform;
use http_client::Client;
use tokio::sync::watch;

use crate::clock::OWN_CLOCK;
use crate::component::{Component, Hands, Loop, components};
use crate::config::Config;
use crate::door::auth::Auth;
use crate::door::console::{Console, Reach};
use crate::door::visitor::Visitors;
use crate::door::{Bodies, Door, DoorParts};
use crate::machines;
use crate::roles;
use crate::rooms::Rooms;
use crate::scopes::Scopes;
use crate::sweep::Sweep;
use crate::ticking::ticking;

/// Which components' loops are started.
type Chosen = fn(&dyn Component) -> bool;

/// What runs on the open rooms.
pub(crate) struct Works<'c> {
    scopes: Scopes,
    client: Client,
    config: &'c Config,
    porter: Porter,
    invokers: Arc<Invokers>,
    /// Who runs the Express executions of each scope.
    runs: Vec<Runs>,
    /// Where spans go, where any are made.
    spans: Option<Spans>,
    closing: watch::Receiver<bool>,
}

impl<'c> Works<'c> {
    /// Tells the rooms of each other and of how the server was started.
    pub(crate) fn new(
        scopes: Scopes,
        client: Client,
        config: &'c Config,
        closing: watch::Receiver<bool>,
    ) -> Self {
        if config.calls_out.guard.names_any() {
            scopes.all().for_each(|served| served.rooms.events.allow_plain_http());
        }
        scopes.all().for_each(|served| served.rooms.states.set_served(machines::serves));
        if matches!(config.auth, Auth::SigV4(_)) {
            scopes.all().for_each(|served| served.rooms.events.show_secrets());
        }
        let folders = Arc::new(DiskFolders::new(config.buckets.clone()));
        scopes.all().for_each(|served| served.rooms.states.set_folders(folders.clone()));
        if let Some(mocks) = &config.mocks {
            scopes.all().for_each(|served| served.rooms.states.set_mocks(Arc::clone(mocks)));
        }
        scopes.all().for_each(|served| roles::ask(&served.rooms, config.permissions));
        let invokers = Arc::new(Invokers(scopes.all().map(|s| s.rooms.workshop.invoker()).collect()));
        let runs = machines::runs(&scopes, invokers.clone(), &client, &closing);
        Self { scopes, client, config, porter: Porter::new(OWN_CLOCK), invokers, runs, spans: None, closing }
    }

    /// The same, making spans of what is carried.
    pub(crate) fn with_spans(self, spans: Option<Spans>) -> Self {
        Self { porter: self.porter.with_spans(spans.clone()), spans, ..self }
    }

    /// The door, open at an address.
    pub(crate) fn door(
        &self,
        address: SocketAddr,
        own: &aws::sigv4::Credentials,
        stopped: watch::Receiver<Option<String>>,
    ) -> Door {
        let config = self.config;
        let reach = if address.ip().is_loopback() { Reach::Loopback } else { Reach::Beyond };
        Door::from(DoorParts {
            meters: self.porter.meters().clone(),
            spans: self.spans.clone(),
            bodies: Bodies::default(),
            scopes: self.scopes.clone(),
            answers: Answers::new(vec![self.invokers.clone(), Arc::new(Waiters(self.runs.clone()))]),
            rooms: self.scopes.home().clone(),
            client: self.client.clone(),
            platform: Platform::new(),
            account: Arc::from(config.account.as_str()),
            region: Arc::from(config.region.as_str()),
            address: Arc::from(address.to_string()),
            auth: Arc::new(config.auth.clone().with(own)),
            visitors: Arc::new(Visitors {
                listen: Some(address),
                hosts: config.allowed_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
                origins: config.allowed_origins.clone(),
            }),
            console: Arc::new(Console::new(reach, config)),
            webhooks: Arc::from(config.webhooks.as_slice()),
            closing: self.closing.clone(),
            stopped,
        })
    }

    /// What goes on beside the door until the server closes: the loops of the chosen components, the sweep over all of them,
    /// and executions.
    pub(crate) fn loops(self, chosen: Chosen) -> Vec<Loop> {
        let hands =
            Hands { porter: &self.porter, client: &self.client, config: self.config, closing: &self.closing };
        let of_scopes = self.scopes.all().flat_map(|served| of_rooms(&served.rooms, &hands, chosen));
        let mut loops: Vec<Loop> = of_scopes.collect();
        for runs in self.runs {
            loops.extend(machines::loops(runs, &self.porter, &self.closing));
        }
        loops
    }
}

/// The loops of one scope's components, and the sweep over them.
fn of_rooms(rooms: &Rooms, hands: &Hands<'_>, chosen: Chosen) -> Vec<Loop> {
    let components = components(rooms);
    let of_components = components
        .iter()
        .filter(|component| chosen(&***component))
        .flat_map(|component| component.loops(hands));
    let mut loops: Vec<Loop> = of_components.collect();
    loops.push(Box::pin(ticking(Sweep::new(rooms.store.clone(), components), hands.closing.clone())));
    loops
}
