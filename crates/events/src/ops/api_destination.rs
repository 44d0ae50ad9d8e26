//! CreateApiDestination, UpdateApiDestination, DescribeApiDestination, ListApiDestinations, DeleteApiDestination.

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::api_destinations::api_destination::{API_DESTINATIONS, ApiDestination, METHODS};
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{CONNECTION_ARN, CONNECTION_NAME, DESCRIPTION, ENDPOINT, Faults, Nothing, page_size};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    name: Option<String>,
    description: Option<String>,
    connection_arn: Option<String>,
    invocation_endpoint: Option<String>,
    http_method: Option<String>,
    invocation_rate_limit_per_second: Option<i64>,
}

impl PutRequest {
    fn check(&self, mut faults: Faults, events: &Events) -> Result<(), Error> {
        faults.required("name", self.name.as_deref(), &CONNECTION_NAME);
        faults.text("description", self.description.as_deref(), &DESCRIPTION);
        faults.text("connectionArn", self.connection_arn.as_deref(), &CONNECTION_ARN);
        faults.text("invocationEndpoint", self.invocation_endpoint.as_deref(), &ENDPOINT);
        faults.one_of("httpMethod", self.http_method.as_deref(), &METHODS);
        let rate = self.invocation_rate_limit_per_second;
        faults.number("invocationRateLimitPerSecond", rate, 1..=i64::from(i32::MAX));
        faults.result()?;
        match &self.invocation_endpoint {
            Some(endpoint) => events.check_https("InvocationEndpoint", endpoint),
            None => Ok(()),
        }
    }

    fn rate_per_second(&self) -> Option<u32> {
        self.invocation_rate_limit_per_second.and_then(|rate| u32::try_from(rate).ok())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StateAnswer {
    api_destination_arn: String,
    api_destination_state: &'static str,
    creation_time: f64,
    last_modified_time: f64,
}

impl StateAnswer {
    fn of(read: &mut impl Read, destination: &ApiDestination, events: &Events) -> Self {
        Self {
            api_destination_arn: destination.arn(events.scope()).to_string(),
            api_destination_state: destination.state(read),
            creation_time: destination.created.to_unix_seconds_f64(),
            last_modified_time: destination.modified.to_unix_seconds_f64(),
        }
    }
}

/// CreateApiDestination.
pub fn create(events: &Events, Call { now, ids, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        let mut faults = Faults::default();
        let needed = [
            ("connectionArn", &request.connection_arn),
            ("invocationEndpoint", &request.invocation_endpoint),
            ("httpMethod", &request.http_method),
        ];
        for (at, _) in needed.into_iter().filter(|(_, value)| value.is_none()) {
            faults.missing(at);
        }
        request.check(faults, events)?;
        let rate_per_second = request.rate_per_second().unwrap_or(quotas::INVOCATION_RATE_DEFAULT);
        let destination = ApiDestination {
            name: request.name.unwrap_or_default(),
            id: ids.next_uuid(),
            description: request.description,
            connection_arn: request.connection_arn.unwrap_or_default(),
            endpoint: request.invocation_endpoint.unwrap_or_default(),
            method: request.http_method.unwrap_or_default(),
            rate_per_second,
            created: now,
            modified: now,
        };
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            if tx.contains(&API_DESTINATIONS, &destination.name) {
                return Err(error::api_destination_exists(&destination.name));
            }
            if tx.list(&API_DESTINATIONS, &KeyRange::all(), usize::MAX).len() >= quotas::API_DESTINATIONS_MAX
            {
                return Err(error::limit_exceeded());
            }
            check_connection(tx, &destination.connection_arn)?;
            tx.put(&API_DESTINATIONS, &destination.name, &destination);
            Ok(StateAnswer::of(tx, &destination, &service))
        }))
    })
}

/// Words: by analogy to those of the name.
fn check_connection(read: &mut impl Read, arn: &str) -> Result<(), Error> {
    match Events::connection_at(read, arn) {
        Some(_) => Ok(()),
        None => {
            Err(Error::sender("ResourceNotFoundException", format!("Connection '{arn}' does not exist.")))
        }
    }
}

/// UpdateApiDestination: members that are absent stay as they are.
pub fn update(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        request.check(Faults::default(), events)?;
        let name = request.name.clone().unwrap_or_default();
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            let old = Events::api_destination(tx, &name, "update")?;
            if let Some(arn) = &request.connection_arn {
                check_connection(tx, arn)?;
            }
            let rate_per_second = request.rate_per_second().unwrap_or(old.rate_per_second);
            let destination = ApiDestination {
                description: request.description.or(old.description),
                connection_arn: request.connection_arn.unwrap_or(old.connection_arn),
                endpoint: request.invocation_endpoint.unwrap_or(old.endpoint),
                method: request.http_method.unwrap_or(old.method),
                rate_per_second,
                modified: now,
                ..old
            };
            tx.put(&API_DESTINATIONS, &name, &destination);
            Ok(StateAnswer::of(tx, &destination, &service))
        }))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameRequest {
    name: Option<String>,
}

impl NameRequest {
    fn name(self) -> Result<String, Error> {
        let mut faults = Faults::default();
        faults.required("name", self.name.as_deref(), &CONNECTION_NAME);
        faults.result()?;
        Ok(self.name.unwrap_or_default())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationAnswer {
    name: String,
    /// Only DescribeApiDestination tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    connection_arn: String,
    invocation_endpoint: String,
    http_method: String,
    invocation_rate_limit_per_second: u32,
    #[serde(flatten)]
    state: StateAnswer,
}

impl DestinationAnswer {
    fn of(read: &mut impl Read, destination: ApiDestination, events: &Events) -> Self {
        Self {
            state: StateAnswer::of(read, &destination, events),
            name: destination.name,
            description: destination.description,
            connection_arn: destination.connection_arn,
            invocation_endpoint: destination.endpoint,
            http_method: destination.method,
            invocation_rate_limit_per_second: destination.rate_per_second,
        }
    }
}

/// DescribeApiDestination.
pub fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NameRequest| {
        let name = request.name()?;
        let described = events.store().read(|read| {
            let destination = Events::api_destination(read, &name, "describe")?;
            Ok(DestinationAnswer::of(read, destination, events))
        });
        described.map_err(error::of_store)?
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    name_prefix: Option<String>,
    connection_arn: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    api_destinations: Vec<DestinationAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListApiDestinations.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &CONNECTION_NAME);
        faults.text("connectionArn", request.connection_arn.as_deref(), &CONNECTION_ARN);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let listed = events.store().read(|read| {
            let all = read.list(&API_DESTINATIONS, &KeyRange::all(), usize::MAX).into_iter();
            let wanted = all.map(|(_, destination)| destination).filter(|destination| {
                request.name_prefix.as_ref().is_none_or(|prefix| destination.name.starts_with(prefix))
                    && request.connection_arn.as_ref().is_none_or(|arn| destination.connection_arn == *arn)
            });
            let (token, size) = (request.next_token.as_deref(), page_size(request.limit));
            let page = page(wanted, |destination| &destination.name, token, size)?;
            let shown = page.items.into_iter().map(|destination| DestinationAnswer {
                description: None,
                ..DestinationAnswer::of(read, destination, events)
            });
            Ok(ListAnswer { api_destinations: shown.collect(), next_token: page.next_token })
        });
        listed.map_err(error::of_store)?
    })
}

/// DeleteApiDestination. What is owed to it goes to the dead-letter queue when it falls due.
pub fn delete(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: NameRequest| {
        let name = request.name()?;
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            Events::api_destination(tx, &name, "delete")?;
            tx.remove(&API_DESTINATIONS, &name);
            Ok(Nothing {})
        }))
    })
}

impl Events {
    /// An endpoint must be reached over TLS, unless the configuration lets some be reached without. The words are ours.
    pub(crate) fn check_https(&self, parameter: &str, endpoint: &str) -> Result<(), Error> {
        let is_plain = endpoint.starts_with("http://");
        let host = endpoint.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        let why = match host {
            "" => Some("It names no host."),
            // What stands there would come from events, and the secrets would go where an event says.
            _ if host.contains('*') => Some("A '*' may stand in the path only."),
            _ if host.contains('@') => {
                Some("It must have no user or password; they belong in the connection.")
            }
            _ => None,
        };
        if let Some(why) = why.filter(|_| is_plain || endpoint.starts_with("https://")) {
            return Err(Error::validation(format!("Parameter {parameter} is not valid. Reason: {why}")));
        }
        if endpoint.starts_with("https://") || (is_plain && self.has_plain_http()) {
            return Ok(());
        }
        let hint = if is_plain {
            " A host without TLS is reached where it is named to Trunkline: --allow-private HOST."
        } else {
            ""
        };
        Err(Error::validation(format!(
            "Parameter {parameter} is not valid. Reason: It must begin with https://.{hint}"
        )))
    }
}
