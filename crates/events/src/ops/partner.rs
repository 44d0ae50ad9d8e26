//! Partner event sources: the partner's side (CreatePartnerEventSource, DescribePartnerEventSource,
//! DeletePartnerEventSource, ListPartnerEventSources, ListPartnerEventSourceAccounts) and the account's
//! (ActivateEventSource, DeactivateEventSource, DescribeEventSource, ListEventSources). One account is both here.

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Call, Error, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::buses::bus::{BUSES, BusName};
use crate::buses::partner::{PartnerSource, SOURCES, SourceState};
use crate::error;
use crate::events::Events;
use crate::ops::check::{
    ACCOUNT, BUS_NAME, EVENT_SOURCE_NAME, EVENT_SOURCE_PREFIX, Faults, Nothing, page_size,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(alias = "EventSourceName")]
    name: Option<String>,
    account: Option<String>,
    name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// A source's name, which is also its bus's.
fn source_of(text: Option<&str>) -> Result<BusName, Error> {
    let text = text.unwrap_or_default();
    BusName::parse(text)
        .ok_or_else(|| Error::validation(format!("Parameter {text} is not a valid event source name.")))
}

impl Request {
    /// The source that it names; `at` is the member that does.
    fn source(&self, at: &str) -> Result<BusName, Error> {
        let mut faults = Faults::default();
        faults.required(at, self.name.as_deref(), &EVENT_SOURCE_NAME);
        faults.paging(self.limit, self.next_token.as_deref());
        faults.result()?;
        source_of(self.name.as_deref())
    }

    /// The source and the account that it names.
    fn offer(self) -> Result<Offer, Error> {
        let mut faults = Faults::default();
        faults.required("name", self.name.as_deref(), &EVENT_SOURCE_NAME);
        faults.required("account", self.account.as_deref(), &ACCOUNT);
        faults.result()?;
        Ok(Offer { source: source_of(self.name.as_deref())?, account: self.account.unwrap_or_default() })
    }
}

/// A source, and the account that it is offered to.
struct Offer {
    source: BusName,
    account: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateAnswer {
    event_source_arn: String,
}

/// CreatePartnerEventSource: offers a source to an account.
pub fn create(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: Request| {
        let Offer { source: name, account } = request.offer()?;
        let source = PartnerSource::new(name, account, now);
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            if Events::source(tx, &source.key(), now).is_some() {
                return Err(error::source_exists(&source.name));
            }
            tx.put(&SOURCES, &source.key(), &source);
            Ok(CreateAnswer { event_source_arn: source.arn(service.region()).to_string() })
        }))
    })
}

/// DeletePartnerEventSource: one that has a bus stays to be seen as deleted until the bus goes. One that is not there is
/// gone already.
pub fn delete(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: Request| {
        let Offer { source: name, account } = request.offer()?;
        let ours = account == events.account();
        let key = (name.as_str().to_owned(), account);
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            match Events::source(tx, &key, now) {
                Some(source) if ours && tx.contains(&BUSES, &key.0) => {
                    tx.put(&SOURCES, &key, &source.turned(SourceState::Deleted, now));
                }
                _ => tx.remove(&SOURCES, &key),
            }
            Ok(Nothing {})
        }))
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SourceAnswer {
    arn: String,
    name: String,
    /// From here on: what the account sees, and the partner does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<SourceState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<f64>,
}

impl SourceAnswer {
    fn to_partner(source: &PartnerSource, events: &Events) -> Self {
        Self {
            arn: source.arn(events.region()).to_string(),
            name: source.name.to_string(),
            created_by: None,
            state: None,
            creation_time: None,
            expiration_time: None,
        }
    }

    fn to_account(source: &PartnerSource, events: &Events) -> Self {
        Self {
            // The partner, which is the part of the name after "aws.partner/".
            created_by: source.name.as_str().split('/').nth(1).map(str::to_owned),
            state: Some(source.state),
            creation_time: Some(source.created.to_unix_seconds_f64()),
            expiration_time: source.expires.map(Timestamp::to_unix_seconds_f64),
            ..Self::to_partner(source, events)
        }
    }
}

/// DescribePartnerEventSource: the partner's view.
pub fn describe_offered(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let name = request.source("name")?;
        let offers = events.store().read(|read| Events::offers(read, &name, now)).map_err(error::of_store)?;
        let source = offers.first().ok_or_else(|| error::source_not_found(&name))?;
        Ok(SourceAnswer::to_partner(source, events))
    })
}

/// DescribeEventSource: the account's view.
pub fn describe(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let name = request.source("name")?;
        let key = (name.as_str().to_owned(), events.account().to_owned());
        let source = events.store().read(|read| Events::source(read, &key, now)).map_err(error::of_store)?;
        let source = source.ok_or_else(|| error::source_not_found(&name))?;
        Ok(SourceAnswer::to_account(&source, events))
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListOfferedAnswer {
    partner_event_sources: Vec<SourceAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListPartnerEventSources: the partner's view, each source once.
pub fn list_offered(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let mut faults = Faults::default();
        faults.required("namePrefix", request.name_prefix.as_deref(), &EVENT_SOURCE_PREFIX);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let mut sources = events.sources(&request, now)?;
        sources.dedup_by(|one, other| one.name == other.name);
        let answers = sources.iter().map(|source| SourceAnswer::to_partner(source, events));
        let size = page_size(request.limit);
        let page = page(answers, |source| &source.name, request.next_token.as_deref(), size)?;
        Ok(ListOfferedAnswer { partner_event_sources: page.items, next_token: page.next_token })
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    event_sources: Vec<SourceAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListEventSources: the account's view.
pub fn list(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &BUS_NAME);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let sources = events.sources(&request, now)?;
        let ours = sources.iter().filter(|source| source.account == events.account());
        let answers = ours.map(|source| SourceAnswer::to_account(source, events));
        let size = page_size(request.limit);
        let page = page(answers, |source| &source.name, request.next_token.as_deref(), size)?;
        Ok(ListAnswer { event_sources: page.items, next_token: page.next_token })
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccountAnswer {
    account: String,
    state: SourceState,
    creation_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccountsAnswer {
    partner_event_source_accounts: Vec<AccountAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListPartnerEventSourceAccounts.
pub fn list_accounts(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let name = request.source("eventSourceName")?;
        let offers = events.store().read(|read| Events::offers(read, &name, now)).map_err(error::of_store)?;
        if offers.is_empty() {
            return Err(error::source_not_found(&name));
        }
        let answers = offers.into_iter().map(|source| AccountAnswer {
            account: source.account,
            state: source.state,
            creation_time: source.created.to_unix_seconds_f64(),
            expiration_time: source.expires.map(Timestamp::to_unix_seconds_f64),
        });
        let size = page_size(request.limit);
        let page = page(answers, |offer| &offer.account, request.next_token.as_deref(), size)?;
        Ok(AccountsAnswer { partner_event_source_accounts: page.items, next_token: page.next_token })
    })
}

/// ActivateEventSource: its events go to its bus again.
pub fn activate(events: &Events, call: Call, body: &[u8]) -> Reply {
    turn(events, call, body, SourceState::Active)
}

/// DeactivateEventSource: the source waits again, and its events are dropped (API reference).
pub fn deactivate(events: &Events, call: Call, body: &[u8]) -> Reply {
    turn(events, call, body, SourceState::Pending)
}

fn turn(events: &Events, Call { now, .. }: Call, body: &[u8], state: SourceState) -> Reply {
    commit(body, |request: Request| {
        let name = request.source("name")?;
        let key = (name.as_str().to_owned(), events.account().to_owned());
        Ok(events.store().write(error::of_store, move |tx| {
            let source = Events::source(tx, &key, now).ok_or_else(|| error::source_not_found(&name))?;
            // Without a bus there is nothing to activate, and what the partner took back stays so.
            if source.state == SourceState::Deleted || !tx.contains(&BUSES, &key.0) {
                return Err(error::source_in_wrong_state(&name));
            }
            if source.state != state {
                tx.put(&SOURCES, &key, &source.turned(state, now));
            }
            Ok(Nothing {})
        }))
    })
}

impl Events {
    /// One source, for each account that it is offered to.
    fn offers(read: &mut impl Read, name: &BusName, now: Timestamp) -> Vec<PartnerSource> {
        let offers = read.list(&SOURCES, &KeyRange::prefix(&name.as_str().to_owned()), usize::MAX);
        offers.into_iter().map(|(_, source)| source).filter(|source| !source.has_expired(now)).collect()
    }

    /// All sources whose names begin as asked, by name.
    fn sources(&self, request: &Request, now: Timestamp) -> Result<Vec<PartnerSource>, Error> {
        let all = self.store().read(|read| read.list(&SOURCES, &KeyRange::all(), usize::MAX));
        let prefix = request.name_prefix.as_deref().unwrap_or_default();
        let wanted = all.map_err(error::of_store)?.into_iter().map(|(_, source)| source);
        Ok(wanted.filter(|one| one.name.as_str().starts_with(prefix) && !one.has_expired(now)).collect())
    }
}
