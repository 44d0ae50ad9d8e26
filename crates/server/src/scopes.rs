//! The accounts and regions that are served beside each other, each with rooms of its own over one store.
//!
//! Without `--accounts` and `--regions` there is one, the home scope, and all requests are its. With them, the access key of a
//! request is its account (twelve digits) and its credential scope names its region; feeds, webhooks and the pipeline file write to
//! the home scope.

use std::sync::Arc;

use aws::{Error, Scope};
use events::Events;

use crate::config::{Config, StartError};
use crate::door::wire::CredentialScope;
use crate::rooms::Rooms;
use crate::services::Services;

/// A scope that is served: its rooms, and the services bound to them.
#[derive(Debug)]
pub(crate) struct ServedScope {
    pub(crate) scope: Scope,
    pub(crate) rooms: Rooms,
    pub(crate) services: Services,
}

/// All scopes that are served, home first. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    home: Rooms,
    all: Arc<[ServedScope]>,
    /// Whether there are others than home, by the user's wish.
    are_separate: bool,
}

impl Scopes {
    /// Opens the data folder, and the rooms of every scope. Blocks on the store.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        Self::beside(Rooms::open(config)?, config)
    }

    /// The rooms of every scope beside those of the home scope. Blocks on the store.
    pub(crate) fn beside(home_rooms: Rooms, config: &Config) -> Result<Self, StartError> {
        let home = Scope::new(&config.account, &config.region);
        let (accounts, regions) =
            (with(&config.account, &config.accounts), with(&config.region, &config.regions));
        let pairs =
            accounts.iter().flat_map(|account| regions.iter().map(|region| Scope::new(account, region)));
        let others: Vec<Scope> = pairs.filter(|scope| *scope != home).collect();
        let mut rooms = vec![home_rooms.clone()];
        for scope in &others {
            let beside = rooms.iter().find(|rooms| rooms.store.scope().account == scope.account);
            let neighbour =
                beside.or(rooms.first()).map(|rooms| rooms.open_beside(scope, config)).transpose()?;
            rooms.extend(neighbour);
        }
        Events::introduce(&rooms.iter().map(|rooms| rooms.events.clone()).collect::<Vec<_>>());
        let scopes = std::iter::once(home).chain(others);
        let served = scopes.zip(rooms).map(|(scope, rooms)| {
            let services = Services::of(&rooms);
            ServedScope { scope, rooms, services }
        });
        let are_separate = !(config.accounts.is_empty() && config.regions.is_empty());
        Ok(Self { home: home_rooms, all: served.collect(), are_separate })
    }

    /// The rooms of the home scope: where feeds, webhooks and the pipeline file write.
    pub(crate) fn home(&self) -> &Rooms {
        &self.home
    }

    /// Every scope, home first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ServedScope> {
        self.all.iter()
    }

    /// The scope that a request is of, by what it was signed with; home where it says nothing of either.
    ///
    /// # Errors
    /// `UnrecognizedClientException` (403) naming the account or region that is not served.
    pub(crate) fn of(&self, signed: Option<&CredentialScope>) -> Result<&ServedScope, Error> {
        let home = || self.all.first().ok_or_else(nothing_served);
        let Some(signed) = signed.filter(|_| self.are_separate) else { return home() };
        let is_account =
            signed.access_key.len() == 12 && signed.access_key.bytes().all(|b| b.is_ascii_digit());
        let account = if is_account { signed.access_key.as_str() } else { &*home()?.scope.account };
        let wanted = Scope::new(account, &signed.region);
        // Global services (IAM) are signed for one region whoever calls.
        let is_global = matches!(signed.service.as_str(), "iam" | "sts");
        let found = self
            .all
            .iter()
            .find(|served| served.scope == wanted || (is_global && served.scope.account == wanted.account));
        found.ok_or_else(|| {
            let known: Vec<String> = self.all.iter().map(|served| served.scope.to_string()).collect();
            let words = format!(
                "Account {account}, region {} is not served here: {}. Name it with --accounts and --regions.",
                signed.region,
                known.join(", ")
            );
            Error { status: 403, ..Error::sender("UnrecognizedClientException", words) }
        })
    }
}

fn nothing_served() -> Error {
    Error::receiver("InternalFailure", 500, "No account is served.")
}

/// The home's own name first, then the others, each once.
fn with<'c>(home: &'c str, listed: &'c [String]) -> Vec<&'c str> {
    let mut all = vec![home];
    for name in listed {
        if !all.contains(&name.as_str()) {
            all.push(name);
        }
    }
    all
}
