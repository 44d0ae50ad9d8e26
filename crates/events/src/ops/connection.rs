//! CreateConnection, UpdateConnection, DescribeConnection, ListConnections, DeauthorizeConnection, DeleteConnection.

mod wire;

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Call, Error, Ids, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Tx};

use crate::api_destinations::connection::{
    Authorization, AuthorizationKind, CONNECTIONS, Connection, ConnectionState,
};
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{CONNECTION_NAME, DESCRIPTION, Faults, KMS_KEY, page_size};
use crate::ops::connection::wire::{AuthParameters, Shown};

/// What CreateConnection and UpdateConnection lack.
pub const MISSING: &str = "Private connectivity (a resource configuration of VPC Lattice) is refused. KmsKeyIdentifier is kept and encrypts nothing.";

/// What a filter by state may ask for.
const STATES: [&str; 9] = [
    "CREATING",
    "UPDATING",
    "DELETING",
    "AUTHORIZED",
    "DEAUTHORIZED",
    "AUTHORIZING",
    "DEAUTHORIZING",
    "ACTIVE",
    "FAILED_CONNECTIVITY",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    name: Option<String>,
    description: Option<String>,
    authorization_type: Option<String>,
    auth_parameters: Option<AuthParameters>,
    invocation_connectivity_parameters: Option<serde_json::Value>,
    kms_key_identifier: Option<String>,
}

impl PutRequest {
    fn check(&self, mut faults: Faults, events: &Events) -> Result<Option<AuthorizationKind>, Error> {
        faults.required("name", self.name.as_deref(), &CONNECTION_NAME);
        faults.text("description", self.description.as_deref(), &DESCRIPTION);
        let kind = self.authorization_type.as_deref();
        faults.one_of("authorizationType", kind, &AuthorizationKind::WORDS);
        faults.text("kmsKeyIdentifier", self.kms_key_identifier.as_deref(), &KMS_KEY);
        if let Some(parameters) = &self.auth_parameters {
            parameters.check(&mut faults);
        }
        faults.result()?;
        let is_private = self.auth_parameters.as_ref().is_some_and(AuthParameters::is_private);
        if is_private || self.invocation_connectivity_parameters.is_some() {
            return Err(Error::validation(
                "Private connectivity is not served by Trunkline. A host with a private address is reached where it is named to it: --allow-private HOST.",
            ));
        }
        if let Some(parameters) = &self.auth_parameters {
            parameters.check_endpoint(events)?;
        }
        Ok(kind.and_then(AuthorizationKind::parse))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StateAnswer {
    connection_arn: String,
    connection_state: &'static str,
    creation_time: f64,
    last_modified_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_authorized_time: Option<f64>,
}

impl StateAnswer {
    fn of(connection: &Connection, events: &Events) -> Self {
        Self {
            connection_arn: connection.arn(events.scope()).to_string(),
            connection_state: connection.state.word(),
            creation_time: connection.created.to_unix_seconds_f64(),
            last_modified_time: connection.modified.to_unix_seconds_f64(),
            last_authorized_time: Some(connection.authorized.to_unix_seconds_f64()),
        }
    }
}

/// CreateConnection. One that needs a token is `AUTHORIZING` until the first has come.
pub fn create(events: &Events, Call { now, ids, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        let mut faults = Faults::default();
        if request.authorization_type.is_none() {
            faults.missing("authorizationType");
        }
        if request.auth_parameters.is_none() {
            faults.missing("authParameters");
        }
        let kind = request.check(faults, events)?.unwrap_or(AuthorizationKind::Basic);
        let parameters = request.auth_parameters.unwrap_or_default();
        let authorization = parameters.authorization(kind, None)?;
        let connection = Connection {
            name: request.name.unwrap_or_default(),
            id: ids.next_uuid(),
            secret_id: secret_id(&ids),
            generation: 0,
            description: request.description,
            kind,
            state: first_state(&authorization),
            authorization: Some(authorization),
            invocation: parameters.invocation(),
            kms_key: request.kms_key_identifier,
            state_reason: None,
            created: now,
            modified: now,
            authorized: now,
        };
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            if tx.contains(&CONNECTIONS, &connection.name) {
                return Err(error::connection_exists(&connection.name));
            }
            if tx.list(&CONNECTIONS, &KeyRange::all(), usize::MAX).len() >= quotas::CONNECTIONS_MAX {
                return Err(error::limit_exceeded());
            }
            let connection = service.put_connection(tx, connection);
            Ok(StateAnswer { last_authorized_time: None, ..StateAnswer::of(&connection, &service) })
        }))
    })
}

/// UpdateConnection: members that are absent stay as they are, while the type of authorization stays.
pub fn update(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        let kind = request.check(Faults::default(), events)?;
        let name = request.name.clone().unwrap_or_default();
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            let old = Events::connection(tx, &name, "update")?;
            let connection = updated(old, request, kind, now)?;
            Ok(StateAnswer::of(&service.put_connection(tx, connection), &service))
        }))
    })
}

fn updated(
    old: Connection,
    request: PutRequest,
    kind: Option<AuthorizationKind>,
    now: Timestamp,
) -> Result<Connection, Error> {
    let kind = kind.unwrap_or(old.kind);
    let mut new = Connection {
        description: request.description.or(old.description),
        kms_key: request.kms_key_identifier.or(old.kms_key),
        modified: now,
        ..old
    };
    if kind == new.kind && request.auth_parameters.is_none() {
        return Ok(new);
    }
    let parameters = request.auth_parameters.unwrap_or_default();
    let known = new.authorization.as_ref().filter(|_| kind == new.kind);
    let authorization = parameters.authorization(kind, known)?;
    new.kind = kind;
    new.state = first_state(&authorization);
    new.state_reason = None;
    new.authorization = Some(authorization);
    new.invocation = parameters.invocation().or(new.invocation);
    new.authorized = now;
    Ok(new)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CompareAnswer {
    is_same: bool,
}

/// Trunkline's own CompareConnection: whether a connection is authorized by exactly what UpdateConnection would set, secrets
/// included, which no operation shows. One that is deauthorized is not.
pub fn compare(events: &Events, body: &[u8]) -> Reply {
    answer(body, |request: PutRequest| {
        let kind = request.check(Faults::default(), events)?;
        let name = request.name.unwrap_or_default();
        let read = events.store().read(|read| Events::connection(read, &name, "compare"));
        let connection = read.map_err(error::of_store)??;
        let parameters = request.auth_parameters.unwrap_or_default();
        let authorization = parameters.authorization(kind.unwrap_or(connection.kind), None)?;
        Ok(CompareAnswer {
            is_same: connection.state != ConnectionState::Deauthorized
                && connection.authorization == Some(authorization)
                && connection.invocation == parameters.invocation(),
        })
    })
}

/// Without a token to fetch, there is nothing to find out.
fn first_state(authorization: &Authorization) -> ConnectionState {
    match authorization {
        Authorization::Basic { .. } | Authorization::ApiKey { .. } => ConnectionState::Authorized,
        Authorization::OAuth(_) => ConnectionState::Authorizing,
    }
}

/// A UUID, and the six characters that Secrets Manager puts after each name.
fn secret_id(ids: &Ids) -> String {
    let suffix: String = ids.next_uuid().chars().filter(|c| *c != '-').take(6).collect();
    format!("{}-{suffix}", ids.next_uuid())
}

impl Events {
    fn put_connection(&self, tx: &mut Tx<'_>, connection: Connection) -> Connection {
        let connection = Connection { generation: tx.next_number(), ..connection };
        tx.put(&CONNECTIONS, &connection.name, &connection);
        let events = self.clone();
        tx.after_commit(move || events.connections_signal().notify_one());
        connection
    }
}

#[derive(Deserialize)]
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeAnswer {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    authorization_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_parameters: Option<Shown>,
    #[serde(flatten)]
    state: StateAnswer,
}

/// DescribeConnection: everything but the secrets.
pub fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NameRequest| {
        let name = request.name()?;
        let read = events.store().read(|read| Events::connection(read, &name, "describe"));
        let connection = read.map_err(error::of_store)??;
        let secret_arn = connection.secret_arn(events.scope()).to_string();
        Ok(DescribeAnswer {
            state: StateAnswer::of(&connection, events),
            secret_arn: connection.authorization.is_some().then_some(secret_arn),
            auth_parameters: Shown::of(&connection),
            authorization_type: connection.kind.word(),
            name: connection.name,
            description: connection.description,
            state_reason: connection.state_reason,
            kms_key_identifier: connection.kms_key,
        })
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    name_prefix: Option<String>,
    connection_state: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConnectionSummary {
    name: String,
    authorization_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<String>,
    #[serde(flatten)]
    state: StateAnswer,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    connections: Vec<ConnectionSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListConnections.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &CONNECTION_NAME);
        faults.one_of("connectionState", request.connection_state.as_deref(), &STATES);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let read = events.store().read(|read| read.list(&CONNECTIONS, &KeyRange::all(), usize::MAX));
        let all = read.map_err(error::of_store)?.into_iter().map(|(_, connection)| connection);
        let wanted = all.filter(|connection| {
            request.name_prefix.as_ref().is_none_or(|prefix| connection.name.starts_with(prefix))
                && request.connection_state.as_ref().is_none_or(|state| connection.state.word() == state)
        });
        let size = page_size(request.limit);
        let page = page(wanted, |connection| &connection.name, request.next_token.as_deref(), size)?;
        let listed = page.items.into_iter().map(|connection| ConnectionSummary {
            state: StateAnswer::of(&connection, events),
            authorization_type: connection.kind.word(),
            name: connection.name,
            state_reason: connection.state_reason,
        });
        Ok(ListAnswer { connections: listed.collect(), next_token: page.next_token })
    })
}

/// DeauthorizeConnection: forgets its secrets at once, where AWS takes a moment.
pub fn deauthorize(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: NameRequest| {
        let name = request.name()?;
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            let old = Events::connection(tx, &name, "deauthorize")?;
            let connection = Connection {
                authorization: None,
                invocation: None,
                state: ConnectionState::Deauthorized,
                state_reason: None,
                modified: now,
                ..old
            };
            let connection = service.put_connection(tx, connection);
            Ok(StateAnswer { connection_state: "DEAUTHORIZING", ..StateAnswer::of(&connection, &service) })
        }))
    })
}

/// DeleteConnection. API destinations that name it become inactive; AWS's model knows no error for that.
pub fn delete(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: NameRequest| {
        let name = request.name()?;
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            let connection = Events::connection(tx, &name, "delete")?;
            tx.remove(&CONNECTIONS, &name);
            Ok(StateAnswer { connection_state: "DELETING", ..StateAnswer::of(&connection, &service) })
        }))
    })
}
