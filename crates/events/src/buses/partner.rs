//! A partner event source: what a partner offers to an account, and what the account makes of it by a bus of the same name.

use std::time::Duration;

use aws::{Arn, Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Read, Table, Tx};

use crate::buses::bus::{BUSES, BusName};
use crate::error;
use crate::events::Events;

/// All sources, by name and by the account that they are offered to.
pub(crate) const SOURCES: Table<(String, String), PartnerSource> = Table::new(32, "partner event sources");

/// How long a source waits for its bus (user guide, "Receiving events from a SaaS partner": it is deleted after two weeks).
const PENDING_MAX: Duration = Duration::from_secs(14 * 86_400);

/// How far a source has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SourceState {
    /// Offered, or deactivated: its events are dropped.
    #[serde(rename = "PENDING")]
    Pending,
    /// Its events go to its bus.
    #[serde(rename = "ACTIVE")]
    Active,
    /// The partner has taken it back; the bus is still there.
    #[serde(rename = "DELETED")]
    Deleted,
}

/// A source as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartnerSource {
    pub(crate) name: BusName,
    pub(crate) account: String,
    pub(crate) state: SourceState,
    pub(crate) created: Timestamp,
    /// When it goes by itself, where it waits for a bus.
    pub(crate) expires: Option<Timestamp>,
}

store::record!(PartnerSource, version 1);

impl PartnerSource {
    /// A source that was offered just now.
    pub(crate) fn new(name: BusName, account: String, now: Timestamp) -> Self {
        let expires = Some(now.plus(PENDING_MAX));
        Self { name, account, state: SourceState::Pending, created: now, expires }
    }

    /// Where it is stored.
    pub(crate) fn key(&self) -> (String, String) {
        (self.name.as_str().to_owned(), self.account.clone())
    }

    /// Its full name; the account is the partner's, which the account's own view leaves out, as AWS does.
    pub(crate) fn arn(&self, region: &str) -> Arn {
        Arn::new("events", region, "", format!("event-source/{}", self.name))
    }

    /// Whether it waited too long for its bus.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The same in another state.
    pub(crate) fn turned(self, state: SourceState, now: Timestamp) -> Self {
        let expires = (state == SourceState::Pending).then(|| now.plus(PENDING_MAX));
        Self { state, expires, ..self }
    }
}

impl Events {
    /// Makes a bus named like a partner event source, such as `aws.partner/genesys.com/cloud/{org}/{suffix}`, where it
    /// is missing: what `CreateEventBus` with the source's name does.
    ///
    /// # Errors
    /// `ValidationException` where the name is not of that form.
    pub fn ensure_partner_bus(&self, tx: &mut Tx<'_>, name: &str, now: Timestamp) -> Result<BusName, Error> {
        let bus =
            BusName::parse(name).filter(|bus| bus.as_str().starts_with("aws.partner/")).ok_or_else(|| {
                Error::validation(format!(
                    "'{name}' is not the name of a partner event source: aws.partner/partner/name."
                ))
            })?;
        self.ensure_bus(tx, &bus, now);
        let source = PartnerSource::new(bus.clone(), self.account().to_owned(), now);
        let key = source.key();
        if Self::source(tx, &key, now).is_none() {
            tx.put(&SOURCES, &key, &source.turned(SourceState::Active, now));
        }
        Ok(bus)
    }

    /// A source that is offered to this account, if it has not expired.
    pub(crate) fn source(
        read: &mut impl Read,
        key: &(String, String),
        now: Timestamp,
    ) -> Option<PartnerSource> {
        read.get(&SOURCES, key).filter(|source| !source.has_expired(now))
    }

    /// Whether a source of this name waits for a bus: without one there is nothing that a partner's bus could take (API
    /// reference, CreateEventBus: `ResourceNotFoundException`).
    pub(crate) fn check_offered(
        &self,
        read: &mut impl Read,
        name: &BusName,
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = (name.as_str().to_owned(), self.account().to_owned());
        let offered = Self::source(read, &key, now).filter(|source| source.state != SourceState::Deleted);
        offered.map(|_| ()).ok_or_else(|| error::source_not_found(name))
    }

    /// The bus that a source is associated with has been made or deleted: the source becomes active, waits again, or,
    /// where the partner has taken it back, is forgotten. Where no partner has offered one, nothing happens.
    pub(crate) fn associate_source(&self, tx: &mut Tx<'_>, bus: &BusName, now: Timestamp) {
        let key = (bus.as_str().to_owned(), self.account().to_owned());
        let Some(source) = tx.get(&SOURCES, &key) else { return };
        let state = match (tx.contains(&BUSES, &key.0), source.state) {
            (false, SourceState::Deleted) => return tx.remove(&SOURCES, &key),
            (true, SourceState::Deleted) => return,
            (true, SourceState::Pending | SourceState::Active) => SourceState::Active,
            (false, SourceState::Pending | SourceState::Active) => SourceState::Pending,
        };
        tx.put(&SOURCES, &key, &source.turned(state, now));
    }
}
